//! What the command line says about the image's configuration.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use longshore_image::{Metadata, Notice, Port, StopSignal, parse_date};

use crate::args;
use crate::bounded;
use crate::console::plain;
use crate::environment;
use crate::failure::Failure;

/// What the image's configuration starts from, and what is changed of that.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// `--config`; without it, the image's own metadata.
    pub base: Option<Base>,
    /// What is changed.
    pub changes: Changes,
    /// `--created`
    pub created: Option<Timestamp>,
    /// `--history`
    pub history: Vec<String>,
}

/// A configuration from a file.
#[derive(Clone, Debug)]
pub struct Base {
    /// The file.
    pub path: PathBuf,
    /// What it says.
    pub metadata: Metadata,
    /// What there is to say about it.
    pub notices: Vec<Notice>,
}

/// Changes to metadata. An empty text, and an empty command, stand for none; in a map, `None` takes
/// something away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    env: BTreeMap<String, Option<String>>,
    user: Option<String>,
    working_dir: Option<String>,
    labels: BTreeMap<String, Option<String>>,
    exposed_ports: BTreeMap<Port, Option<()>>,
    stop_signal: Option<Option<StopSignal>>,
    volumes: BTreeMap<String, Option<()>>,
    author: Option<String>,
}

impl Changes {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Changes `metadata`, and says what is worth saying about that.
    #[must_use]
    pub fn apply(&self, metadata: &mut Metadata) -> Option<String> {
        let set = |place: &mut Option<String>, change: &Option<String>| {
            if let Some(text) = change {
                *place = Some(text.clone()).filter(|text| !text.is_empty());
            }
        };
        set(&mut metadata.user, &self.user);
        set(&mut metadata.working_dir, &self.working_dir);
        set(&mut metadata.author, &self.author);
        let edit = |map: &mut BTreeMap<String, String>, changes: &BTreeMap<_, Option<String>>| {
            for (name, value) in changes {
                match value {
                    Some(value) => map.insert(String::clone(name), value.clone()),
                    None => map.remove(name),
                };
            }
        };
        edit(&mut metadata.env, &self.env);
        edit(&mut metadata.labels, &self.labels);
        for (port, change) in &self.exposed_ports {
            match change {
                Some(()) => metadata.exposed_ports.insert(*port),
                None => metadata.exposed_ports.remove(port),
            };
        }
        for (path, change) in &self.volumes {
            match change {
                Some(()) => metadata.volumes.insert(path.clone()),
                None => metadata.volumes.remove(path),
            };
        }
        if let Some(signal) = &self.stop_signal {
            metadata.stop_signal.clone_from(signal);
        }
        self.command(metadata)
    }

    /// Arguments belong to a program: with another one, they go, as with a Dockerfile's `ENTRYPOINT`,
    /// `docker commit --change`, `podman run --entrypoint` and `crane mutate --entrypoint`.
    fn command(&self, metadata: &mut Metadata) -> Option<String> {
        let some = |words: &Vec<String>| Some(words.clone()).filter(|words| !words.is_empty());
        let mut news = None;
        if let Some(words) = &self.entrypoint {
            metadata.entrypoint = some(words);
            if let (None, Some(left)) = (&self.cmd, metadata.cmd.take()) {
                news = Some(format!(
                    "--entrypoint: the arguments {} of the image's metadata are left out; --cmd gives others",
                    serde_json::Value::from(left)
                ));
            }
        }
        if let Some(words) = &self.cmd {
            metadata.cmd = some(words);
        }
        news
    }
}

pub(super) fn configuration(
    options: args::Config,
    source_date_epoch: Option<u64>,
) -> Result<Configuration, Failure> {
    let line = |option: &str, text: Option<String>| text.map(|text| line(option, text)).transpose();
    let directory =
        |option: &str, text: Option<String>| text.map(|text| absolute(option, text)).transpose();
    let mut changes = Changes {
        entrypoint: words("--entrypoint", options.entrypoint.as_deref())?,
        cmd: words("--cmd", options.cmd.as_deref())?,
        user: line("--user", options.user)?,
        working_dir: directory("--workdir", options.workdir)?,
        stop_signal: options.stop_signal.as_deref().map(signal).transpose()?,
        author: line("--author", options.author)?,
        ..Changes::default()
    };
    for text in options.env {
        let (name, value) = variable(&text)?;
        changes.env.insert(name, value);
    }
    for text in options.label {
        let (name, value) = label(&text)?;
        changes.labels.insert(name, value);
    }
    for text in options.expose {
        let (text, change) = removal(&text);
        let ports = Port::parse(text.trim())
            .map_err(|error| Failure::usage(format!("--expose: {error}")))?;
        changes
            .exposed_ports
            .extend(ports.map(|port| (port, change)));
    }
    for text in options.volume {
        let (text, change) = removal(&text);
        if text.contains(':') {
            return Err(Failure::usage(format!(
                "--volume: \"{}\" has a colon: an image names the directory in the container only",
                plain(text)
            )));
        }
        let path = absolute("--volume", text.to_owned())?;
        if path.is_empty() {
            return Err(Failure::usage("--volume: the directory is missing"));
        }
        changes.volumes.insert(path, change);
    }
    if options.history.iter().any(|text| text.trim().is_empty()) {
        return Err(Failure::usage("--history: the text is empty"));
    }
    let created = options.created.as_deref();
    Ok(Configuration {
        base: options.config.as_deref().map(base).transpose()?,
        changes,
        created: created
            .map(|text| date(text, source_date_epoch))
            .transpose()?,
        history: options.history,
    })
}

/// A command as buildah and podman take it, but that a text with spaces is no command: to `docker
/// run` it is the name of a program, to `buildah config` something for a shell.
fn words(option: &str, text: Option<&str>) -> Result<Option<Vec<String>>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(Some(Vec::new()));
    }
    if trimmed.starts_with('[') {
        let words: Vec<String> = serde_json::from_str(trimmed).map_err(|error| {
            Failure::usage(format!(
                "{option}: {} is not a list of strings",
                plain(text)
            ))
            .because(&error)
            .hinting(format!("it is JSON: {option} '[\"/app\", \"--serve\"]'"))
        })?;
        if words.iter().any(|word| word.contains('\0')) {
            return Err(Failure::usage(format!(
                "{option}: no program can be given the character U+0000"
            )));
        }
        return Ok(Some(words));
    }
    if trimmed.contains(char::is_whitespace) {
        let list: Vec<&str> = trimmed.split_whitespace().collect();
        let list = serde_json::Value::from(list);
        let shell = serde_json::json!(["/bin/sh", "-c", trimmed]);
        return Err(Failure::usage(format!(
            "{option}: \"{}\" has spaces, and may be a program with arguments or words for a shell",
            plain(text)
        ))
        .hinting(plain(&format!(
            "a program with arguments is '{list}', words for a shell are '{shell}'"
        ))));
    }
    Ok(Some(vec![trimmed.to_owned()]))
}

fn line(option: &str, text: String) -> Result<String, Failure> {
    if text.contains(char::is_control) {
        return Err(Failure::usage(format!(
            "{option}: \"{}\" has control characters",
            text.escape_debug()
        )));
    }
    Ok(text)
}

/// A path in the container. Runtimes take no other (OCI runtime specification, "cwd").
fn absolute(option: &str, text: String) -> Result<String, Failure> {
    let text = line(option, text)?;
    if text.is_empty() || text.starts_with('/') {
        return Ok(text);
    }
    Err(Failure::usage(format!(
        "{option}: \"{}\" is not an absolute path; in a container it begins with /",
        plain(&text)
    )))
}

fn signal(text: &str) -> Result<Option<StopSignal>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = StopSignal::parse(text);
    let signal = parsed.map_err(|error| Failure::usage(format!("--stop-signal: {error}")))?;
    Ok(Some(signal))
}

/// A variable and its value, as `buildah config --env` takes them.
fn variable(text: &str) -> Result<(String, Option<String>), Failure> {
    let (name, value) = match (text.split_once('='), text.strip_suffix('-')) {
        (Some((name, value)), _) => (name, Some(value.to_owned())),
        (None, Some(name)) => (name, None),
        (None, None) => (text, Some(inherited(text)?)),
    };
    if name.is_empty() {
        return Err(Failure::usage("--env: the name is missing").hinting("it is NAME=VALUE"));
    }
    Ok((name.to_owned(), value))
}

fn inherited(name: &str) -> Result<String, Failure> {
    if name.is_empty() {
        return Ok(String::new());
    }
    let shown = plain(name);
    let hint = format!("--env {shown}=VALUE gives a value, --env {shown}= an empty one");
    let failure = |what: &str| {
        let message = format!("--env {shown}: the variable {what} this program's environment");
        Err(Failure::usage(message).hinting(hint.clone()))
    };
    match environment::variable(name).map(|value| value.into_string()) {
        Some(Ok(value)) => Ok(value),
        Some(Err(_)) => failure("is not UTF-8 in"),
        None => failure("is not in"),
    }
}

/// A label and its value, as `docker build --label` and `buildah config --label` take them.
fn label(text: &str) -> Result<(String, Option<String>), Failure> {
    let (name, value) = match (text.split_once('='), text.strip_suffix('-')) {
        (Some((name, value)), _) => (name, Some(value.to_owned())),
        (None, Some(name)) => (name, None),
        (None, None) => (text, Some(String::new())),
    };
    if name.is_empty() {
        return Err(Failure::usage("--label: the key is missing").hinting("it is KEY=VALUE"));
    }
    Ok((name.to_owned(), value))
}

/// What is meant, and whether it is to be there.
fn removal(text: &str) -> (&str, Option<()>) {
    match text.strip_suffix('-') {
        Some(text) => (text, None),
        None => (text, Some(())),
    }
}

/// `now` is `SOURCE_DATE_EPOCH` where that is earlier: it stands for the time of the build.
fn date(text: &str, source_date_epoch: Option<u64>) -> Result<Timestamp, Failure> {
    let seconds = |text: &str| {
        let seconds = text.parse().ok()?;
        let timestamp = Timestamp::from_second(seconds).ok()?;
        // Years that all readers of configs take.
        parse_date(&timestamp.to_string())
    };
    let parsed = match (text.trim(), text.trim().strip_prefix('@')) {
        ("now", _) => {
            let now = Timestamp::try_from(SystemTime::now()).ok();
            let epoch = source_date_epoch.and_then(|epoch| seconds(&epoch.to_string()));
            now.map(|now| epoch.map_or(now, |epoch| epoch.min(now)))
        }
        ("epoch", _) => Some(Timestamp::UNIX_EPOCH),
        (_, Some(number)) => seconds(number),
        (text, None) => parse_date(text),
    };
    parsed.ok_or_else(|| {
        Failure::usage(format!("--created: \"{}\" is no date", plain(text)))
            .hinting("it is 2026-01-31T12:00:00Z, @SECONDS since 1970, now, or epoch")
    })
}

fn base(path: &Path) -> Result<Base, Failure> {
    let shown = plain(&path.display().to_string());
    let bytes = bounded::read(path, MOST_BYTES).map_err(|error| {
        if error.kind() == ErrorKind::FileTooLarge {
            return Failure::usage(format!(
                "--config {shown} is larger than {MOST_BYTES} bytes, too large for a configuration"
            ));
        }
        Failure::usage(format!("cannot read --config {shown}")).because(&error)
    })?;
    let mut notices = Vec::new();
    let metadata = Metadata::from_config(&bytes, path, &mut |notice| notices.push(notice));
    let metadata = metadata.map_err(|error| {
        Failure::usage(format!("--config: {}", plain(&error.to_string()))).hinting(
            "it is an image's configuration, as `skopeo inspect --config docker://IMAGE` prints it",
        )
    })?;
    Ok(Base {
        path: path.to_owned(),
        metadata,
        notices,
    })
}

/// As for metadata in an image.
const MOST_BYTES: u64 = 16 << 20;

#[cfg(test)]
mod tests;
