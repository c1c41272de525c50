//! Values of the types that are expected, or a notice.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::{Port, StopSignal, UnusedKey};
use crate::notice::Notice;
use crate::platform::Platform;
use crate::time;

/// Reads members of metadata. What has the wrong type is ignored and reported.
pub(crate) struct Fields<'a>(&'a mut dyn FnMut(Notice));

impl<'a> Fields<'a> {
    pub(crate) fn new(notices: &'a mut dyn FnMut(Notice)) -> Self {
        Self(notices)
    }

    /// Says something.
    pub(super) fn notice(&mut self, notice: Notice) {
        (self.0)(notice);
    }

    /// Says which keys of `file` nothing reads, if there are any. An empty name is `metadata.json`.
    pub(crate) fn unused(&mut self, file: &str, keys: Vec<UnusedKey>) {
        if !keys.is_empty() {
            let file = file.to_owned();
            (self.0)(Notice::UnusedKeys { file, keys });
        }
    }

    pub(crate) fn ignore(&mut self, field: &str, problem: &str) {
        let problem = format!("{problem}; ignored");
        (self.0)(Notice::Metadata {
            field: field.to_owned(),
            problem,
        });
    }

    pub(super) fn platform(&mut self, key: &str, value: &Value) -> Option<Platform> {
        let parsed = Platform::parse(&self.text(key, value)?);
        parsed
            .map_err(|error| self.ignore(key, &error.to_string()))
            .ok()
    }

    /// A string. An empty one says nothing, so it is none.
    pub(super) fn text(&mut self, key: &str, value: &Value) -> Option<String> {
        match value {
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            _ => {
                self.ignore(key, "not a string");
                None
            }
        }
    }

    /// A string that stands on one line. With a control character, it could only be a mistake, or
    /// show something else on a terminal.
    pub(super) fn line(&mut self, key: &str, value: &Value) -> Option<String> {
        let text = self.text(key, value)?;
        if text.contains(char::is_control) {
            self.ignore(key, "it has control characters");
            return None;
        }
        Some(text)
    }

    /// A user, who may be a number.
    pub(super) fn user(&mut self, key: &str, value: &Value) -> Option<String> {
        match number(value) {
            Some(number) => Some(number),
            None if value.is_string() => self.line(key, value),
            None => {
                self.ignore(key, "neither a string nor a number of a user");
                None
            }
        }
    }

    /// A signal's name or number.
    pub(super) fn signal(&mut self, key: &str, value: &Value) -> Option<StopSignal> {
        let text = match number(value) {
            Some(number) => number,
            None => self.text(key, value)?,
        };
        let parsed = StopSignal::parse(&text);
        parsed
            .map_err(|error| self.ignore(key, &error.to_string()))
            .ok()
    }

    /// A date.
    pub(super) fn date(&mut self, key: &str, value: &Value) -> Option<Timestamp> {
        let date = time::parse(&self.text(key, value)?);
        if date.is_none() {
            self.ignore(key, "not a date");
        }
        date
    }

    /// Ports: a list of strings and numbers, or an object for its keys.
    pub(super) fn ports(&mut self, key: &str, value: &Value) -> BTreeSet<Port> {
        let texts: Vec<Option<String>> = match value {
            Value::Array(items) => {
                let text = |item: &Value| number(item).or_else(|| item.as_str().map(str::to_owned));
                items.iter().map(text).collect()
            }
            Value::Object(members) => members.keys().cloned().map(Some).collect(),
            _ => {
                self.ignore(key, "not a list");
                return BTreeSet::new();
            }
        };
        let mut ports = BTreeSet::new();
        for (index, text) in texts.into_iter().enumerate() {
            let key = format!("{key}[{index}]");
            match text.as_deref().map(Port::parse) {
                Some(Ok(parsed)) => ports.extend(parsed),
                Some(Err(error)) => self.ignore(&key, &error.to_string()),
                None => self.ignore(&key, "neither a string nor a number"),
            }
        }
        ports
    }

    /// A list of strings, all of them or none: a command without one of its words is another one.
    pub(super) fn text_list(&mut self, key: &str, value: &Value) -> Option<Vec<String>> {
        let texts = value.as_array().and_then(|items| {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>()
        });
        let Some(texts) = texts else {
            self.ignore(key, "not a list of strings");
            return None;
        };
        if texts.iter().any(|text| text.contains('\0')) {
            self.ignore(key, NUL);
            return None;
        }
        Some(texts).filter(|texts| !texts.is_empty())
    }

    /// A list of paths, or an object for its keys, as configs have it for volumes.
    pub(super) fn paths(&mut self, key: &str, value: &Value) -> BTreeSet<String> {
        let items = match value {
            Value::Array(items) => items,
            Value::Object(members) => &members.keys().cloned().map(Value::String).collect(),
            _ => {
                self.ignore(key, "not a list");
                return BTreeSet::new();
            }
        };
        let mut set = BTreeSet::new();
        for (number, item) in items.iter().enumerate() {
            set.extend(self.line(&format!("{key}[{number}]"), item));
        }
        set
    }

    /// An object of strings. Quay answers 500 to a label that is something else.
    pub(super) fn text_map(&mut self, key: &str, value: &Value) -> BTreeMap<String, String> {
        let Value::Object(members) = value else {
            self.ignore(key, "not an object");
            return BTreeMap::new();
        };
        let mut map = BTreeMap::new();
        for (name, value) in members {
            match value {
                Value::String(text) if !name.contains('\0') && !text.contains('\0') => {
                    map.insert(name.clone(), text.clone());
                }
                Value::String(_) => self.ignore(&format!("{key}.{name}"), NUL),
                _ => self.ignore(&format!("{key}.{name}"), "not a string"),
            }
        }
        map
    }

    /// An object of strings whose names can be a process's environment, or a list of `NAME=VALUE`,
    /// as configs have it. The last of several with one name counts.
    pub(super) fn environment(&mut self, key: &str, value: &Value) -> BTreeMap<String, String> {
        let mut map = match value {
            Value::Array(items) => self.pairs(key, items),
            _ => self.text_map(key, value),
        };
        map.retain(|name, _| {
            let is_bad = name.is_empty() || name.contains('=');
            if is_bad {
                self.ignore(&format!("{key}.{name}"), "no possible environment variable");
            }
            !is_bad
        });
        map
    }

    fn pairs(&mut self, key: &str, items: &[Value]) -> BTreeMap<String, String> {
        let mut map = BTreeMap::new();
        for (number, item) in items.iter().enumerate() {
            match item.as_str().and_then(|text| text.split_once('=')) {
                Some((name, value)) if !name.contains('\0') && !value.contains('\0') => {
                    map.insert(name.to_owned(), value.to_owned());
                }
                _ => self.ignore(&format!("{key}[{number}]"), "not NAME=VALUE"),
            }
        }
        map
    }
}

/// A whole number that is not negative, as text.
fn number(value: &Value) -> Option<String> {
    let number = u32::try_from(value.as_u64()?).ok()?;
    Some(number.to_string())
}

/// No program can be given one, and databases of registries take none.
const NUL: &str = "it has the character U+0000";
