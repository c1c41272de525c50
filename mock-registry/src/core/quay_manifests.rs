//! Manifests by Quay's rules: the order of things around them.

use bytes::Bytes;
use http::{Method, Response, header};
use longshore_protocol::{Digest, ErrorCode, MediaType};
use serde_json::json;

use super::call::ManifestPut;
use super::errors::{CONTENT_DIGEST, Refusal, Reply};
use super::{Body, Core, Head, Outcome};
use crate::profile::ManifestRules;
use crate::quay::{self, Contents, Era, Rejection, Unconvertible};

impl Core {
    /// Parses, compares the digest, finds the repository, judges, stores, reads the labels, tags;
    /// in this order.
    pub(super) fn put_to_quay(
        &mut self,
        put: &ManifestPut,
        bytes: Bytes,
    ) -> Outcome<Response<Body>> {
        let era = self.era();
        let content_type = put.content_type.as_deref();
        let manifest = quay::parse(content_type, &bytes, era).map_err(|rejection| {
            refusal(
                rejection,
                |words| json!({ "message": format!("failed to parse manifest: {words}") }),
            )
        })?;
        let digest = Digest::sha256(&bytes);
        let by_digest = put.reference.contains(':');
        if by_digest && put.reference != digest.to_string() {
            let detail = json!({ "message": "manifest digest mismatch" });
            return Err(invalid(detail));
        }
        self.for_push(&put.name)?;
        let known = self.repository(&put.name)?.manifests.contains_key(&digest);
        let shelf = Shelf {
            core: self,
            name: &put.name,
        };
        if !known {
            // What goes wrong after the parsing is not explained to those who put by digest.
            let explain = |words: &str| {
                if by_digest {
                    json!({})
                } else {
                    json!({ "message": words })
                }
            };
            quay::check(&manifest, &shelf, era).map_err(|rejection| refusal(rejection, explain))?;
        }
        let labels = if known {
            Ok(())
        } else {
            quay::read_labels(&manifest, &shelf, era)
        };
        let media_type = MediaType::new(content_type.unwrap_or_default());
        if labels.is_err() {
            self.keep_manifest(&put.name, &digest, media_type, bytes)
                .map_err(|e| Refusal::storage(&e))?;
            return Err(Refusal::html(500));
        }
        self.judge_tags(put)?;
        self.store_manifest(put, &digest, media_type, bytes)
            .map_err(|e| Refusal::storage(&e))?;
        Ok(self.manifest_created(put, &digest, None))
    }

    /// The answer to a pull by tag that does not name the manifest's media type.
    pub(super) fn converted(
        &self,
        head: &Head<'_>,
        name: &str,
        tag: &str,
        digest: &Digest,
    ) -> Outcome<Response<Body>> {
        let unknown = |words: String| Refusal::new(404, ErrorCode::MANIFEST_UNKNOWN, words);
        let stored = self.repository(name)?.manifests.get(digest);
        let stored = stored.ok_or_else(|| unknown("manifest unknown".into()))?;
        let era = self.era();
        let shelf = Shelf { core: self, name };
        let old = quay::parse(Some(stored.media_type.as_str()), &stored.bytes, era)
            .map_err(Unconvertible::Rejected)
            .and_then(|manifest| quay::convert(&manifest, &shelf, (name, tag), era))
            .map_err(|reason| match reason {
                Unconvertible::Unsupported => unknown("manifest unknown".into()),
                Unconvertible::Rejected(Rejection::Invalid(words)) => unknown(words),
                Unconvertible::Rejected(Rejection::Crash) => Refusal::html(500),
            })?;
        let reply = Reply::new(200)
            .with(CONTENT_DIGEST, Digest::sha256(&old).to_string())
            .with(header::CONTENT_LENGTH, old.len().to_string());
        if head.parts.method == Method::HEAD {
            return Ok(reply.with(header::CONTENT_TYPE, SIGNED_SCHEMA_1).done());
        }
        Ok(reply.body(SIGNED_SCHEMA_1, old).done())
    }

    fn era(&self) -> Era {
        match self.profile.manifest.rules {
            ManifestRules::QuayEager => Era::Eager,
            ManifestRules::QuayLazy | ManifestRules::Generic => Era::Lazy,
        }
    }
}

/// What a repository shows to the rules.
struct Shelf<'a> {
    core: &'a Core,
    name: &'a str,
}

impl Contents for Shelf<'_> {
    fn blob_size(&self, digest: &str) -> Option<u64> {
        let digest: Digest = digest.parse().ok()?;
        let shown = self.core.shows_blob(self.name, &digest);
        shown.then(|| self.core.store.size(&digest)).flatten()
    }

    fn blob(&self, digest: &str) -> Option<Bytes> {
        self.core.blob(self.name, &digest.parse().ok()?)
    }

    fn manifest(&self, digest: &str) -> Option<Bytes> {
        let repository = self.core.catalog.get(self.name)?;
        let manifest = repository.manifests.get(&digest.parse().ok()?)?;
        Some(manifest.bytes.clone())
    }
}

fn refusal(rejection: Rejection, detail: impl FnOnce(&str) -> serde_json::Value) -> Refusal {
    match rejection {
        Rejection::Invalid(words) => invalid(detail(&words)),
        Rejection::Crash => Refusal::html(500),
    }
}

fn invalid(detail: serde_json::Value) -> Refusal {
    Refusal::detailed(400, ErrorCode::MANIFEST_INVALID, "manifest invalid", detail)
}

const SIGNED_SCHEMA_1: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";
