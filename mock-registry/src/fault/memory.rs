//! What faults leave behind from one request to the next.

use std::collections::BTreeSet;

use http::Response;
use http::header::LOCATION;

use super::catalogue::path_of;
use super::play::{Disguise, Made};
use super::{Scene, Step};
use crate::core::Body;

/// What is lost, revoked, and disguised.
#[derive(Debug, Default)]
pub(super) struct Memory {
    sessions: BTreeSet<String>,
    credentials: BTreeSet<String>,
    blobs: BTreeSet<String>,
    issued: Vec<Issued>,
    serial: u64,
}

/// A URL of a session that stands for another.
#[derive(Debug)]
struct Issued {
    /// Path and query as they were given out.
    shown: String,
    /// Path and query as the registry gave them.
    real: String,
    stale: bool,
}

/// Where a request goes in the end.
pub(super) enum Resolved {
    /// Where it says.
    Same,
    /// There.
    Real(String),
    /// Nowhere.
    Refused(Made),
}

impl Memory {
    pub(super) fn lose_session(&mut self, scene: &Scene) {
        self.sessions.insert(scene.subject.clone());
    }

    pub(super) fn revoke(&mut self, credentials: Option<&str>) {
        self.credentials.extend(credentials.map(str::to_owned));
    }

    pub(super) fn is_revoked(&self, credentials: Option<&str>) -> bool {
        credentials.is_some_and(|value| self.credentials.contains(value))
    }

    pub(super) fn lose_blob(&mut self, digest: Option<&str>) {
        self.blobs.extend(digest.map(str::to_owned));
    }

    pub(super) fn find_blob(&mut self, digest: Option<&str>) {
        if let Some(digest) = digest {
            self.blobs.remove(digest);
        }
    }

    /// The answer to a request for what is lost.
    pub(super) fn missing(&self, scene: &Scene) -> Option<Made> {
        match scene.step {
            Step::Patch | Step::Put | Step::Status | Step::Cancel => {
                let message = "blob upload unknown to registry";
                self.sessions
                    .contains(&scene.subject)
                    .then(|| Made::error(404, "BLOB_UPLOAD_UNKNOWN", message))
            }
            Step::Head | Step::Get => {
                let gone = self.blobs.contains(&scene.subject);
                let made = || Made::error(404, "BLOB_UNKNOWN", "blob unknown to registry");
                gone.then(made)
                    .map(|made| if scene.head { Made::status(404) } else { made })
            }
            _ => None,
        }
    }

    /// The answer to a manifest that names what is lost.
    pub(super) fn refuses(&self, manifest: &[u8]) -> Option<Made> {
        let text = String::from_utf8_lossy(manifest);
        let digest = self
            .blobs
            .iter()
            .find(|digest| text.contains(digest.as_str()))?;
        let body = serde_json::json!({ "errors": [{
            "code": "MANIFEST_BLOB_UNKNOWN",
            "message": "blob unknown to registry",
            "detail": { "digest": digest },
        }] });
        Some(Made::status(400).body("application/json", body.to_string()))
    }

    /// Whether anything is lost that a manifest could name.
    pub(super) fn has_lost_blobs(&self) -> bool {
        !self.blobs.is_empty()
    }

    /// What a target stands for.
    pub(super) fn resolve(&self, target: &str) -> Resolved {
        let path = target.split('?').next().unwrap_or_default();
        let mut known = false;
        // The newest first: an older one may be its beginning.
        for issued in self.issued.iter().rev() {
            known |= issued.shown.split('?').next() == Some(path);
            let Some(rest) = target.strip_prefix(issued.shown.as_str()) else {
                continue;
            };
            if !(rest.is_empty() || rest.starts_with(['&', '?'])) {
                continue;
            }
            if issued.stale {
                return Resolved::Refused(Made::error(
                    404,
                    "BLOB_UPLOAD_UNKNOWN",
                    "this URL is not the newest of its session",
                ));
            }
            let real = &issued.real;
            let rest = rest.trim_start_matches(['&', '?']);
            return Resolved::Real(match (rest.is_empty(), real.contains('?')) {
                (true, _) => real.clone(),
                (false, true) => format!("{real}&{rest}"),
                (false, false) => format!("{real}?{rest}"),
            });
        }
        if known {
            return Resolved::Refused(Made::error(
                400,
                "BLOB_UPLOAD_INVALID",
                "the query of the session's URL did not come back as it was",
            ));
        }
        Resolved::Same
    }

    /// Replaces the `Location` of an answer.
    pub(super) fn disguise(&mut self, how: Disguise, scene: &Scene, response: &mut Response<Body>) {
        if !response.status().is_success() {
            return;
        }
        let Some(location) = response.headers().get(LOCATION) else {
            return;
        };
        let old = String::from_utf8_lossy(location.as_bytes()).into_owned();
        let real = path_of(&old).to_owned();
        if !real.contains("/blobs/uploads/") {
            return;
        }
        self.serial += 1;
        let glue = if real.contains('?') { '&' } else { '?' };
        let serial = self.serial;
        let shown = match how {
            Disguise::Rotating => format!("{real}{glue}_turn={serial}"),
            // Escapes of other case, signs that parsers re-encode, parameters out of order, one
            // without a value and one twice.
            Disguise::Critical => {
                format!(
                    "{real}{glue}z=%2fa%7E~b+c&_sig=x%2By%3d%3D,;:@!$'()*&flag&a=2&a=1&n={serial}"
                )
            }
            Disguise::OffPath => format!("/storage/bucket-{serial}/part"),
            Disguise::Huge => {
                format!("{real}{glue}_padding={serial}{}", "p".repeat(8 << 10))
            }
            Disguise::OffHost | Disguise::Downgrade | Disguise::Relative => real.clone(),
        };
        if shown != real {
            if how == Disguise::Rotating {
                let session = real.split('?').next().unwrap_or_default();
                for issued in &mut self.issued {
                    issued.stale |= issued.real.split('?').next() == Some(session);
                }
            }
            if self.issued.len() >= MOST_ISSUED {
                self.issued.remove(0);
            }
            self.issued.push(Issued {
                shown: shown.clone(),
                real,
                stale: false,
            });
        }
        let new = match how {
            Disguise::OffHost => format!("{}{shown}", scene.elsewhere),
            Disguise::Downgrade => {
                format!("{}{shown}", scene.origin.replacen("https://", "http://", 1))
            }
            Disguise::Relative => shown,
            _ if old.contains("://") => format!("{}{shown}", scene.origin),
            _ => shown,
        };
        if let Ok(value) = new.parse() {
            response.headers_mut().insert(LOCATION, value);
        }
    }
}

/// Enough for any push, and not for ever.
const MOST_ISSUED: usize = 4096;
