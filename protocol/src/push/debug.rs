//! `Debug` of a push: a trace is where secrets are found last.

use std::fmt;

use super::Push;
use crate::redaction::Redaction;

/// All of it, without the secrets that it knows: a registry may have put one into a path, a realm or a
/// scope, which are kept as they came.
impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let redaction = self.auth.redaction();
        let members: [(&str, &dyn fmt::Debug); 21] = [
            ("config", &self.config),
            ("api", &self.api),
            ("auth", &self.auth),
            ("blobs", &self.blobs),
            ("has_unsettled", &self.has_unsettled),
            ("manifest", &self.manifest),
            ("flights", &self.flights),
            ("opening", &self.opening),
            ("spares", &self.spares),
            ("looks_ahead", &self.looks_ahead),
            ("leftovers", &self.leftovers),
            ("sessions_left", &self.sessions_left),
            ("outbox", &self.outbox),
            ("warnings", &self.warnings),
            ("jitter", &self.jitter),
            ("hold", &self.hold),
            ("retries_left", &self.retries_left),
            ("last", &self.last),
            ("announced", &self.announced),
            ("stage", &self.stage),
            ("now", &self.now),
        ];
        let mut shown = f.debug_struct("Push");
        for (name, value) in members {
            shown.field(name, &Clean { value, redaction });
        }
        shown.finish()
    }
}

/// A value, without secrets.
struct Clean<'a> {
    value: &'a dyn fmt::Debug,
    redaction: &'a Redaction,
}

impl fmt::Debug for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if f.alternate() {
            format!("{:#?}", self.value)
        } else {
            format!("{:?}", self.value)
        };
        f.write_str(&self.redaction.without_known(&text, &[]))
    }
}
