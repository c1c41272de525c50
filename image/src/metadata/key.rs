//! What metadata can say, and what that is called in the two forms in which metadata come.

use crate::text::distance;

/// One thing that metadata say, in the order of the names in `metadata.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Architecture,
    Author,
    Cmd,
    Created,
    WorkingDir,
    Entrypoint,
    Env,
    ExposedPorts,
    Healthcheck,
    History,
    Labels,
    OnBuild,
    Shell,
    StopSignal,
    User,
    Volumes,
}

/// A key that nothing reads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnusedKey {
    /// The key, as it was found.
    pub key: String,
    /// The key that may have been meant.
    pub meant: Option<&'static str>,
}

impl Key {
    /// The key of this name in `metadata.json`.
    pub(super) fn of_metadata(name: &str) -> Option<Self> {
        let found = NAMES.iter().find(|names| names.metadata == name);
        found.map(|names| names.key)
    }

    /// The key of this name in a config's `config`, or beside that.
    pub(super) fn of_config(name: &str, place: Place) -> Option<Self> {
        let mut all = NAMES.iter();
        let found = all.find(|names| names.place == place && names.config == name);
        found.map(|names| names.key)
    }

    /// The name in a config.
    pub(super) fn config_name(self) -> &'static str {
        let found = NAMES.iter().find(|names| names.key == self);
        found.map_or("", |names| names.config)
    }
}

impl UnusedKey {
    /// A key of `metadata.json`.
    pub(super) fn of_metadata(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            meant: meant(key, |names| names.metadata),
        }
    }

    /// A key of a config.
    pub(super) fn of_config(key: &str, place: Place) -> Self {
        Self {
            key: match place {
                Place::Top => key.to_owned(),
                Place::Config => format!("config.{key}"),
            },
            meant: meant(key, |names| names.shown),
        }
    }
}

/// Where a config has a key (OCI image configuration, "Properties").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Among the members of the config itself.
    Top,
    /// Within `config`.
    Config,
}

/// What one thing is called.
struct Names {
    key: Key,
    /// In Charliecloud's `metadata.json`; those that Charliecloud does not write are ours.
    metadata: &'static str,
    place: Place,
    /// In a config (OCI image configuration).
    config: &'static str,
    /// The same for a person.
    shown: &'static str,
    /// What it is called elsewhere: in Dockerfiles, and by buildah's and crane's options.
    others: &'static [&'static str],
}

/// The key that is nearest to `key`, unless all are far: the same but for case, `_` and `-` under any
/// of its names, or up to two letters away from one.
fn meant(key: &str, shown: impl Fn(&'static Names) -> &'static str) -> Option<&'static str> {
    if key.len() > LONGEST_TYPO {
        return None;
    }
    let key = bare(key);
    let far = |names: &Names| {
        let own = [names.metadata, names.config].into_iter();
        let all = own.chain(names.others.iter().copied());
        let distances = all.map(|name| {
            let name = bare(name);
            let steps = distance(&key, &name);
            // Of a short name, two letters are most.
            let is_near = steps <= 2 && steps * 3 <= name.len();
            if is_near { steps } else { usize::MAX }
        });
        distances.min().unwrap_or(usize::MAX)
    };
    let nearest = NAMES.iter().min_by_key(|names| far(names));
    nearest.filter(|names| far(names) <= 2).map(shown)
}

fn bare(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// What is longer was not meant to be one of the keys.
const LONGEST_TYPO: usize = 40;

const NAMES: &[Names] = &[
    top(Key::Architecture, "arch", "architecture", &["platform"]),
    top(Key::Author, "author", "author", &["maintainer"]),
    top(Key::Created, "created", "created", &[]),
    top(Key::History, "history", "history", &[]),
    inner(Key::Cmd, "cmd", "Cmd", "config.Cmd", &["command"]),
    inner(
        Key::Entrypoint,
        "entrypoint",
        "Entrypoint",
        "config.Entrypoint",
        &[],
    ),
    inner(Key::Env, "env", "Env", "config.Env", &["environment"]),
    inner(
        Key::ExposedPorts,
        "exposed_ports",
        "ExposedPorts",
        "config.ExposedPorts",
        &["expose", "port", "ports"],
    ),
    inner(
        Key::Healthcheck,
        "healthcheck",
        "Healthcheck",
        "config.Healthcheck",
        &["health"],
    ),
    inner(Key::Labels, "labels", "Labels", "config.Labels", &[]),
    inner(Key::OnBuild, "on_build", "OnBuild", "config.OnBuild", &[]),
    inner(Key::Shell, "shell", "Shell", "config.Shell", &[]),
    inner(
        Key::StopSignal,
        "stop_signal",
        "StopSignal",
        "config.StopSignal",
        &["signal"],
    ),
    inner(Key::User, "user", "User", "config.User", &["username"]),
    inner(Key::Volumes, "volumes", "Volumes", "config.Volumes", &[]),
    inner(
        Key::WorkingDir,
        "cwd",
        "WorkingDir",
        "config.WorkingDir",
        &["workdir"],
    ),
];

const fn top(
    key: Key,
    metadata: &'static str,
    config: &'static str,
    others: &'static [&'static str],
) -> Names {
    Names {
        key,
        metadata,
        place: Place::Top,
        config,
        shown: config,
        others,
    }
}

const fn inner(
    key: Key,
    metadata: &'static str,
    config: &'static str,
    shown: &'static str,
    others: &'static [&'static str],
) -> Names {
    Names {
        key,
        metadata,
        place: Place::Config,
        config,
        shown,
        others,
    }
}
