//! Where podman and docker keep credentials.

use std::path::PathBuf;

use crate::console::plain;
use crate::environment::Environment;

/// A file that may hold credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Where it is.
    pub(super) path: PathBuf,
    /// A variable names this very file, so it should be there.
    pub(super) is_named: bool,
    /// How it is laid out.
    pub(super) format: Format,
}

/// How a file is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// `auth.json` and `config.json`: entries are in `auths`.
    Current,
    /// `.dockercfg`, which docker wrote before 1.7: the file has entries and nothing else.
    Legacy,
}

impl Place {
    /// Its path, for a person.
    pub(super) fn shown(&self) -> String {
        plain(&self.path.display().to_string())
    }
}

/// The files to look into, in order (containers-auth.json(5), `docker login --help`). podman and
/// skopeo look on in docker's files, and so is it done here.
pub(super) fn places(environment: &Environment) -> Vec<Place> {
    let usual = |path: PathBuf| Place {
        path,
        is_named: false,
        format: Format::Current,
    };
    let home = |path: &str| environment.home.as_ref().map(|home| home.join(path));
    let mut places = Vec::new();
    if let Some(path) = &environment.registry_auth_file {
        places.push(Place {
            is_named: true,
            ..usual(path.clone())
        });
    } else {
        let runtime = match (&environment.runtime_dir, environment.user_id) {
            (Some(directory), _) => Some(directory.join(AUTH_JSON)),
            (None, Some(user)) => Some(format!("/run/containers/{user}/auth.json").into()),
            (None, None) => None,
        };
        let config_home = environment.config_home.clone().or_else(|| home(".config"));
        let config_home = config_home.map(|directory| directory.join(AUTH_JSON));
        places.extend([runtime, config_home].into_iter().flatten().map(usual));
    }
    let docker = environment
        .docker_config
        .clone()
        .or_else(|| home(".docker"));
    places.extend(docker.map(|path| {
        // Meant for a directory; but it is plain what is meant by a file, a FIFO among them.
        if path.exists() && !path.is_dir() {
            usual(path)
        } else {
            usual(path.join("config.json"))
        }
    }));
    places.extend(home(".dockercfg").map(|path| Place {
        format: Format::Legacy,
        ..usual(path)
    }));
    places
}

const AUTH_JSON: &str = "containers/auth.json";

#[cfg(test)]
mod tests;
