//! Options about what the image's configuration says.

use std::path::PathBuf;

use clap::Args;

/// What the image's configuration says, whatever its metadata say.
///
/// The names are those of `docker run`, `podman run` and `crane mutate`, those of buildah are taken
/// where they differ.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Config {
    /// Program to run: /app, or '["/app", "--serve"]'. Arguments that metadata name (--cmd) are
    /// left out then.
    #[arg(long, value_name = "COMMAND", allow_hyphen_values = true, help_heading = CONFIG)]
    pub(crate) entrypoint: Option<String>,

    /// Its arguments, or the program if there is no --entrypoint: serve, or '["serve", "--port=80"]'.
    #[arg(long, value_name = "COMMAND", allow_hyphen_values = true, help_heading = CONFIG)]
    pub(crate) cmd: Option<String>,

    /// Environment variable. NAME alone takes the value from this program's environment, NAME-
    /// removes it. May be given several times.
    #[arg(long, value_name = "NAME=VALUE", help_heading = CONFIG)]
    pub(crate) env: Vec<String>,

    /// User to run as: a name or a number, and a group: 1000, alice:users.
    #[arg(long, value_name = "USER[:GROUP]", help_heading = CONFIG)]
    pub(crate) user: Option<String>,

    /// Directory to run in.
    #[arg(long, value_name = "DIR", alias = "workingdir", help_heading = CONFIG)]
    pub(crate) workdir: Option<String>,

    /// Label. KEY- removes it. May be given several times.
    #[arg(long, value_name = "KEY=VALUE", help_heading = CONFIG)]
    pub(crate) label: Vec<String>,

    /// Port that the program listens on: 80, 53/udp, 8000-8010. PORT- removes it. May be given
    /// several times.
    #[arg(long, value_name = "PORT[/PROTOCOL]", aliases = ["exposed-ports", "port"], value_delimiter = ',', help_heading = CONFIG)]
    pub(crate) expose: Vec<String>,

    /// Signal that ends the program: TERM, SIGRTMIN+3, 15.
    #[arg(long, value_name = "SIGNAL", help_heading = CONFIG)]
    pub(crate) stop_signal: Option<String>,

    /// Mount point. DIR- removes it. May be given several times.
    #[arg(long, value_name = "DIR", help_heading = CONFIG)]
    pub(crate) volume: Vec<String>,

    /// Date of the image: 2026-01-31T12:00:00Z, @SECONDS since 1970, `now`, or `epoch` for 1970
    /// [default: the newest file's, or what its metadata say if that is newer, but not later than
    /// $SOURCE_DATE_EPOCH].
    #[arg(long, value_name = "TIME", help_heading = CONFIG)]
    pub(crate) created: Option<String>,

    /// Who made the image.
    #[arg(long, value_name = "TEXT", help_heading = CONFIG)]
    pub(crate) author: Option<String>,

    /// Step to add to the image's history. May be given several times.
    #[arg(long, value_name = "TEXT", help_heading = CONFIG)]
    pub(crate) history: Vec<String>,

    /// Start from the configuration in FILE (JSON, as `skopeo inspect --config` prints it), and not
    /// from the image's own metadata. Its layers and history are replaced.
    #[arg(long, value_name = "FILE", help_heading = CONFIG)]
    pub(crate) config: Option<PathBuf>,
}

const CONFIG: &str = "The image's configuration (an empty value removes what its metadata say)";
