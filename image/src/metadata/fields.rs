//! Values of the types that are expected, or a notice.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::notice::Notice;
use crate::platform::Platform;

/// Reads members of metadata. What has the wrong type is ignored and reported.
pub(crate) struct Fields<'a>(&'a mut dyn FnMut(Notice));

impl<'a> Fields<'a> {
    pub(crate) fn new(notices: &'a mut dyn FnMut(Notice)) -> Self {
        Self(notices)
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

    /// A list of strings, all of them or none: a command without one of its words is another one.
    pub(super) fn text_list(&mut self, key: &str, value: &Value) -> Option<Vec<String>> {
        let texts = value.as_array().and_then(|items| {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>()
        });
        if texts.is_none() {
            self.ignore(key, "not a list of strings");
        }
        texts.filter(|texts| !texts.is_empty())
    }

    /// A list of strings, or an object for its keys, as configs have it for volumes.
    pub(super) fn text_set(&mut self, key: &str, value: &Value) -> BTreeSet<String> {
        let items = match value {
            Value::Array(items) => items,
            Value::Object(members) => return members.keys().cloned().collect(),
            _ => {
                self.ignore(key, "not a list");
                return BTreeSet::new();
            }
        };
        let mut set = BTreeSet::new();
        for (number, item) in items.iter().enumerate() {
            set.extend(self.text(&format!("{key}[{number}]"), item));
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
                Value::String(text) => {
                    map.insert(name.clone(), text.clone());
                }
                _ => self.ignore(&format!("{key}.{name}"), "not a string"),
            }
        }
        map
    }

    /// An object of strings whose names can be a process's environment.
    pub(super) fn environment(&mut self, key: &str, value: &Value) -> BTreeMap<String, String> {
        let mut map = self.text_map(key, value);
        let impossible = |name: &str, value: &str| {
            name.is_empty() || name.contains(['=', '\0']) || value.contains('\0')
        };
        map.retain(|name, value| {
            let is_bad = impossible(name, value);
            if is_bad {
                self.ignore(&format!("{key}.{name}"), "no possible environment variable");
            }
            !is_bad
        });
        map
    }
}
