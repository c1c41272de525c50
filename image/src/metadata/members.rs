//! What was found in one or two files of metadata, before it is read.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::key::{Key, Place, UnusedKey};
use super::{Fields, Metadata, healthcheck};
use crate::history;
use crate::platform::Platform;

/// Values by what they say. None is `null`.
#[derive(Default)]
pub(super) struct Members(BTreeMap<Key, Member>);

struct Member {
    /// What it is called in its file, for notices.
    name: String,
    value: Value,
}

impl Members {
    /// The members of a `metadata.json`.
    pub(super) fn of_metadata(json: Map<String, Value>, fields: &mut Fields<'_>) -> Self {
        let mut members = Self::default();
        let mut unused = Vec::new();
        for (name, value) in json.into_iter().filter(|(_, value)| !value.is_null()) {
            match Key::of_metadata(&name) {
                Some(key) => members.insert(key, name, value),
                // Arguments of a build are over when the image is made.
                None if name == "arg" => {}
                None => unused.push(UnusedKey::of_metadata(&name)),
            }
        }
        fields.unused("", unused);
        members
    }

    /// The members of a config in `file`, but for its layers.
    pub(super) fn of_config(
        mut json: Map<String, Value>,
        file: &str,
        fields: &mut Fields<'_>,
    ) -> Self {
        let named = |name: &str| format!("{file}: {name}");
        let mut members = Self::default();
        let mut unused = Vec::new();
        match json.remove("config") {
            Some(Value::Object(config)) => {
                for (name, value) in config.into_iter().filter(|(_, value)| !value.is_null()) {
                    match Key::of_config(&name, Place::Config) {
                        Some(key) => members.insert(key, named(&format!("config.{name}")), value),
                        None if is_left_over(&name, &value) => {}
                        None => unused.push(UnusedKey::of_config(&name, Place::Config)),
                    }
                }
            }
            Some(Value::Null) | None => {}
            Some(_) => fields.ignore(&named("config"), "not an object"),
        }
        if let (Some(Value::String(architecture)), Some(Value::String(variant))) =
            (json.get("architecture"), json.get("variant"))
            && !variant.is_empty()
        {
            let both = format!("{architecture}/{variant}");
            match Platform::parse(&both) {
                Ok(_) => {
                    json.insert("architecture".to_owned(), both.into());
                }
                Err(error) => fields.ignore(&named("variant"), &error.to_string()),
            }
        }
        for (name, value) in json.into_iter().filter(|(_, value)| !value.is_null()) {
            match Key::of_config(&name, Place::Top) {
                Some(key) => members.insert(key, named(&name), value),
                None if is_left_over(&name, &value) => {}
                None => unused.push(UnusedKey::of_config(&name, Place::Top)),
            }
        }
        fields.unused(file, unused);
        members
    }

    /// Takes from `other` what these do not say, and says what that was, as configs call it.
    pub(super) fn fill(&mut self, other: Self) -> Vec<&'static str> {
        // Whoever gave another program did not mean the arguments of the one before: neither do
        // Dockerfiles, `docker commit` and `podman run`.
        let has_program = self.says(Key::Entrypoint);
        let mut filled = Vec::new();
        for (key, member) in other.0 {
            let is_missing = match key {
                Key::Cmd => !self.says(key) && !has_program,
                Key::Architecture => self.is_less_exact(&member),
                _ => !self.says(key),
            };
            if is_missing {
                if !is_empty(&member.value) {
                    filled.push(key.config_name());
                }
                self.0.insert(key, member);
            }
        }
        filled
    }

    /// Reads all of it.
    pub(super) fn read(&self, fields: &mut Fields<'_>) -> Metadata {
        let mut metadata = Metadata::default();
        for (key, Member { name, value }) in &self.0 {
            match key {
                Key::Architecture => metadata.platform = fields.platform(name, value),
                Key::Author => metadata.author = fields.line(name, value),
                Key::Cmd => metadata.cmd = fields.text_list(name, value),
                Key::Created => metadata.created = fields.date(name, value),
                Key::Entrypoint => metadata.entrypoint = fields.text_list(name, value),
                Key::Env => metadata.env = fields.environment(name, value),
                Key::ExposedPorts => metadata.exposed_ports = fields.ports(name, value),
                Key::Healthcheck => metadata.healthcheck = healthcheck::read(name, value, fields),
                Key::History => metadata.history = history::read(value, fields),
                Key::Labels => metadata.labels = fields.text_map(name, value),
                Key::OnBuild => metadata.on_build = fields.text_list(name, value),
                Key::Shell => metadata.shell = fields.text_list(name, value),
                Key::StopSignal => metadata.stop_signal = fields.signal(name, value),
                Key::User => metadata.user = fields.user(name, value),
                Key::Volumes => metadata.volumes = fields.paths(name, value),
                Key::WorkingDir => metadata.working_dir = fields.line(name, value),
            }
        }
        metadata
    }

    /// Whether there is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn says(&self, key: Key) -> bool {
        self.0.contains_key(&key)
    }

    pub(super) fn forget(&mut self, key: Key) {
        self.0.remove(&key);
    }

    fn insert(&mut self, key: Key, name: String, value: Value) {
        self.0.insert(key, Member { name, value });
    }

    /// Whether `other` is for the same architecture and says which variant, which Charliecloud does
    /// not write into `metadata.json`.
    fn is_less_exact(&self, other: &Member) -> bool {
        let parse = |member: &Member| Platform::parse(member.value.as_str()?).ok();
        let Some(own) = self.0.get(&Key::Architecture) else {
            return true;
        };
        match (parse(own), parse(other)) {
            (Some(own), Some(other)) => {
                own.architecture == other.architecture
                    && own.variant.is_none()
                    && other.variant.is_some()
            }
            _ => false,
        }
    }
}

/// Whether a value says nothing, as Go's programs write what was not given.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// Whether a config's key is about the container that the image was made in, about its layers, or
/// about how it was built, so that it means nothing for another image.
fn is_left_over(name: &str, value: &Value) -> bool {
    is_empty(value) || LEFT_OVER.contains(&name) || name.starts_with("moby.buildkit.")
}

const LEFT_OVER: [&str; 27] = [
    // Read by themselves, or replaced.
    "os",
    "rootfs",
    "variant",
    // Docker's, at the top.
    "checksum",
    "comment",
    "container",
    "container_config",
    "docker_version",
    "id",
    "parent",
    "parent_id",
    "Size",
    "throwaway",
    // Of Windows.
    "os.features",
    "os.version",
    "ArgsEscaped",
    // Charliecloud's own (ch-image push 0.31).
    "charliecloud_version",
    "weirdal",
    // Docker's, in `config`.
    "AttachStderr",
    "AttachStdin",
    "AttachStdout",
    "Domainname",
    "Hostname",
    "Image",
    "OpenStdin",
    "StdinOnce",
    "Tty",
];
