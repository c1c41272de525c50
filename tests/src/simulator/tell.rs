//! A plan in words: what it differs in from the plainest push there is.

use std::fmt;

use longshore_mock_registry::Profile;
use serde_json::Value;

use super::plan::Plan;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}", self.seed)?;
        write!(f, "registry: {}", self.profile.name)?;
        for (knob, value) in knobs(&self.profile) {
            write!(f, ", {knob} = {value}")?;
        }
        writeln!(f, "\nlogin: {:?}, the user is {:?}", self.auth, self.login)?;
        writeln!(
            f,
            "settings: {} uploads, {} controls, preflight {}, look-ahead {}, chunk {:?}, \
             the manifest comes {}, blobs are {}",
            self.uploads,
            self.controls,
            self.preflight,
            self.look_ahead,
            self.chunk,
            if self.late_manifest {
                "late"
            } else {
                "at once"
            },
            if self.learns {
                "told of while they are sent"
            } else {
                "what they are from the start, or unknown"
            },
        )?;
        writeln!(
            f,
            "at most {} attempts, {} sessions; docker {}, progress {}, derives {}, batches {:?}",
            self.attempts, self.sessions, self.docker, self.progress, self.derives, self.batches,
        )?;
        for (index, blob) in self.blobs.iter().enumerate() {
            write!(f, "blob {index}: {} bytes", blob.size)?;
            let known = if blob.known { "known" } else { "not known" };
            write!(f, ", digest {known}, can be read {:?}", blob.replay)?;
            if blob.there {
                write!(f, ", is there already")?;
            }
            if blob.mountable {
                write!(f, ", can be mounted")?;
            }
            if let Some(reading) = blob.changes_at {
                write!(f, ", is another after {reading} readings")?;
            }
            writeln!(f)?;
        }
        for (request, fault) in &self.faults {
            writeln!(f, "request {request}: {fault:?}")?;
        }
        if self.lies > 0 {
            writeln!(
                f,
                "{} manifests are said to be taken and are not",
                self.lies
            )?;
        }
        if self.body_limit > 0 {
            writeln!(f, "bodies are at most {} bytes", self.body_limit)?;
        }
        if self.loops {
            writeln!(f, "questions for blobs are sent elsewhere, for ever")?;
        }
        for (from, until) in &self.outages {
            writeln!(f, "outage: {from:?} to {until:?}")?;
        }
        if let Some(at) = self.cancel {
            writeln!(f, "cancelled at {at:?}")?;
        }
        Ok(())
    }
}

/// The knobs in which a profile differs from the embedded one of its name.
fn knobs(profile: &Profile) -> Vec<(String, String)> {
    let value = |profile| serde_json::to_value(profile).expect("a profile is JSON");
    let mut found = Vec::new();
    if let Ok(embedded) = Profile::builtin(&profile.name) {
        compare("", &value(profile), &value(&embedded), &mut found);
    }
    found
}

fn compare(name: &str, value: &Value, usual: &Value, found: &mut Vec<(String, String)>) {
    match (value, usual) {
        (Value::Object(members), Value::Object(others)) => {
            for (key, member) in members {
                let name = format!("{name}{}{key}", if name.is_empty() { "" } else { "." });
                compare(&name, member, &others[key], found);
            }
        }
        _ if value != usual => found.push((name.to_owned(), value.to_string())),
        _ => {}
    }
}
