//! What the environment says, read once: nothing else looks at it.

use std::env;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use longshore_protocol::Secret;

/// The environment variables that matter, and whether a person is there.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `CH_IMAGE_USERNAME`
    pub username: Option<String>,
    /// `CH_IMAGE_PASSWORD`
    pub password: Option<Secret>,
    /// `CH_REGY_DEFAULT_HOST`
    pub default_host: Option<String>,
    /// `CH_REGY_DEFAULT_PORT`
    pub default_port: Option<String>,
    /// `CH_REGY_PATH_PREFIX`
    pub path_prefix: Option<String>,
    /// `USER`
    pub user: Option<String>,
    /// Whose process this is.
    pub user_id: Option<u32>,
    /// `HOME`
    pub home: Option<PathBuf>,
    /// `DOCKER_CONFIG`
    pub docker_config: Option<PathBuf>,
    /// `REGISTRY_AUTH_FILE`
    pub registry_auth_file: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`
    pub runtime_dir: Option<PathBuf>,
    /// `XDG_CACHE_HOME`
    pub cache_home: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`
    pub config_home: Option<PathBuf>,
    /// `SOURCE_DATE_EPOCH`
    pub source_date_epoch: Option<String>,
    /// Whether standard error may be coloured.
    pub colours: bool,
    /// Whether somebody can be asked.
    pub interactive: bool,
    /// Whether a progress bar can be drawn.
    pub bars: bool,
}

impl Environment {
    /// Reads it.
    #[must_use]
    pub fn read() -> Self {
        let terminal = std::io::stderr().is_terminal();
        let dumb = text("TERM").is_none_or(|term| term == "dumb");
        Self {
            username: text("CH_IMAGE_USERNAME"),
            password: set("CH_IMAGE_PASSWORD").map(secret),
            default_host: text("CH_REGY_DEFAULT_HOST"),
            default_port: text("CH_REGY_DEFAULT_PORT"),
            path_prefix: text("CH_REGY_PATH_PREFIX"),
            user: text("USER"),
            user_id: Some(rustix::process::geteuid().as_raw()),
            home: path("HOME"),
            docker_config: path("DOCKER_CONFIG"),
            registry_auth_file: path("REGISTRY_AUTH_FILE"),
            runtime_dir: path("XDG_RUNTIME_DIR"),
            cache_home: path("XDG_CACHE_HOME"),
            config_home: path("XDG_CONFIG_HOME"),
            source_date_epoch: text("SOURCE_DATE_EPOCH"),
            colours: terminal && !dumb && set("NO_COLOR").is_none(),
            interactive: terminal && std::io::stdin().is_terminal(),
            bars: terminal && !dumb,
        }
    }
}

/// A variable that the command line names. It may be empty.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    // The system's own function panics at these.
    let is_possible = !name.is_empty() && !name.contains(['=', '\0']);
    is_possible.then(|| env::var_os(name)).flatten()
}

/// A variable that is set to something: an empty one counts as unset, as POSIX tools have it.
fn set(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// Whatever its bytes are: `Authorization` has them in base64.
fn secret(value: OsString) -> Secret {
    Secret::from(value.into_vec())
}

fn path(name: &str) -> Option<PathBuf> {
    set(name).map(PathBuf::from)
}

fn text(name: &str) -> Option<String> {
    set(name).map(|value| value.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests;
