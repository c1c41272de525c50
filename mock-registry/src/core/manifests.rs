//! Manifests.

use bytes::Bytes;
use http::{HeaderName, Method, Response, header};
use longshore_protocol::{Algorithm, Digest, ErrorCode, MediaType};
use serde_json::json;

use super::auth::Need;
use super::blobs::pull;
use super::call::{ManifestPut, Purpose, Sink};
use super::errors::{CONTENT_DIGEST, HTML, Refusal, Reply};
use super::generic;
use super::route::is_tag;
use super::uploads::{content_length, push};
use super::{Body, Core, Head, Outcome, Step};
use crate::profile::{ManifestRules, MissingBlob, RoutingErrors, TypeCheck};
use crate::store::Change;

impl Core {
    /// `GET` and `HEAD` of a manifest.
    pub(super) fn get_manifest(
        &mut self,
        head: &Head<'_>,
        name: &str,
        reference: &str,
    ) -> Outcome<Response<Body>> {
        let name = self.canonical(name)?;
        self.authorize(head, &[pull(&name)])?;
        let knobs = &self.profile.manifest;
        let is_head = head.parts.method == Method::HEAD;
        if is_head && knobs.head_status != 200 {
            let message = "the operation is unsupported";
            let code = ErrorCode::UNSUPPORTED;
            return Err(Refusal::new(knobs.head_status, code, message));
        }
        let absent = || match knobs.absent_head_status {
            404 => unknown(),
            status if is_head => Refusal::new(status, ErrorCode::DENIED, "forbidden"),
            _ => unknown(),
        };
        let repository = self.repository(&name);
        let repository = repository.map_err(|refusal| match knobs.absent_head_status {
            404 => refusal,
            _ => absent(),
        })?;
        let digest = repository.resolve(reference).ok_or_else(absent)?;
        let manifest = repository.manifests.get(&digest).ok_or_else(absent)?;
        let quay = self.profile.manifest.rules != ManifestRules::Generic;
        if quay && is_tag(reference) && !accepts(head, &manifest.media_type) {
            return self.converted(head, &name, reference, &digest);
        }
        let named = knobs.digest_header.then(|| digest.to_string());
        let reply = Reply::new(200)
            .with_some(CONTENT_DIGEST, named)
            .with(header::ETAG, format!("\"{digest}\""))
            .with(header::CONTENT_LENGTH, manifest.bytes.len().to_string());
        if is_head {
            let media_type = manifest.media_type.as_str();
            return Ok(reply.with(header::CONTENT_TYPE, media_type).done());
        }
        Ok(reply
            .body(manifest.media_type.as_str(), manifest.bytes.clone())
            .done())
    }

    /// `PUT` of a manifest, as far as its head goes.
    pub(super) fn put_manifest(
        &mut self,
        head: &Head<'_>,
        name: &str,
        reference: &str,
    ) -> Outcome<Step> {
        let by_digest = reference.contains(':');
        if !by_digest && !is_tag(reference) {
            return Err(match self.profile.errors.routing {
                RoutingErrors::Html | RoutingErrors::Text => self.no_route(),
                RoutingErrors::Json => Refusal::new(400, ErrorCode::TAG_INVALID, "invalid tag"),
            });
        }
        let content_type = head.parts.headers.get(header::CONTENT_TYPE);
        let content_type =
            content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let type_first = self.profile.manifest.type_check == TypeCheck::BeforeAuth;
        if type_first {
            self.judge_type(content_type.as_deref())?;
        }
        let name = self.canonical(name)?;
        self.authorize(head, &[push(&name)])?;
        if !type_first {
            self.judge_type(content_type.as_deref())?;
        }
        self.judge_head(head)?;
        let limit = self.profile.manifest.limit;
        if content_length(head).is_some_and(|length| length > limit) {
            return Err(self.too_big());
        }
        let tags = self.asked_tags(head, by_digest)?;
        let put = ManifestPut {
            name,
            tags,
            now: head.now,
            reference: reference.to_owned(),
            content_type,
            base: self.base_of(head.parts),
        };
        let bytes = Vec::new();
        Ok(Step::Receive(
            Purpose::Manifest(put),
            Sink::Buffer { bytes, limit },
        ))
    }

    /// `PUT` of a manifest, its body complete.
    pub(super) fn end_manifest(
        &mut self,
        put: &ManifestPut,
        bytes: Bytes,
    ) -> Outcome<Response<Body>> {
        if bytes.len() as u64 > self.profile.manifest.limit {
            return Err(self.too_big());
        }
        match self.profile.manifest.rules {
            ManifestRules::Generic => self.put_generic(put, bytes),
            ManifestRules::QuayLazy | ManifestRules::QuayEager => self.put_to_quay(put, bytes),
        }
    }

    /// `DELETE` of a manifest or a tag.
    pub(super) fn delete_manifest(
        &mut self,
        head: &Head<'_>,
        name: &str,
        reference: &str,
    ) -> Outcome<Response<Body>> {
        let name = self.canonical(name)?;
        let need = Need {
            name: &name,
            action: self.deletion(),
        };
        self.authorize(head, &[need])?;
        let status = self.profile.manifest.delete;
        if status != 202 {
            let message = "the operation is unsupported";
            return Err(Refusal::new(status, ErrorCode::UNSUPPORTED, message));
        }
        let repository = self.repository(&name)?;
        let digest = repository.resolve(reference).ok_or_else(unknown)?;
        let change = if repository.tags.contains_key(reference) {
            Change::TagGone {
                name,
                tag: reference.to_owned(),
            }
        } else {
            Change::ManifestGone {
                name,
                digest: digest.clone(),
            }
        };
        self.withdraw(&change)
            .and_then(|()| self.sweep(&digest))
            .map_err(|e| Refusal::storage(&e))?;
        Ok(Reply::new(202).done())
    }

    /// `GET …/referrers/<digest>`.
    pub(super) fn referrers(
        &mut self,
        head: &Head<'_>,
        name: &str,
        digest: &str,
    ) -> Outcome<Response<Body>> {
        let name = self.canonical(name)?;
        self.authorize(head, &[pull(&name)])?;
        if digest.parse::<Digest>().is_err() {
            return Err(Refusal::new(400, ErrorCode::DIGEST_INVALID, "not a digest"));
        }
        let wanted = head.query.get("artifactType");
        let repository = self.catalog.get(&name);
        let manifests = repository.map(|repository| &repository.manifests);
        let referring: Vec<_> = manifests
            .into_iter()
            .flatten()
            .filter_map(|(own, manifest)| generic::referrer(own, manifest, digest))
            .filter(|entry| wanted.is_none_or(|wanted| entry["artifactType"] == wanted))
            .collect();
        let body = json!({
            "schemaVersion": 2,
            "mediaType": MediaType::OCI_INDEX.as_str(),
            "manifests": referring,
        });
        let filtered = wanted.map(|_| "artifactType");
        Ok(Reply::new(200)
            .with_some(FILTERS, filtered)
            .body(MediaType::OCI_INDEX.as_str(), body.to_string())
            .done())
    }

    pub(super) fn manifest_created(
        &self,
        put: &ManifestPut,
        digest: &Digest,
        subject: Option<&str>,
    ) -> Response<Body> {
        let text = digest.to_string();
        let knobs = &self.profile.manifest;
        let location = knobs
            .location
            .then(|| self.manifest_location(&put.base, &put.name, &text));
        let reply = Reply::new(201)
            .with_some(header::LOCATION, location)
            .with(CONTENT_DIGEST, text)
            .with_some(SUBJECT, subject);
        let reply = put
            .tags
            .iter()
            .fold(reply, |reply, tag| reply.with(TAG, tag));
        match self.profile.manifest.rules {
            ManifestRules::Generic => reply.done(),
            ManifestRules::QuayLazy | ManifestRules::QuayEager => reply.body(HTML, "OK").done(),
        }
    }

    fn put_generic(&mut self, put: &ManifestPut, bytes: Bytes) -> Outcome<Response<Body>> {
        self.for_push(&put.name)?;
        let digest = match put.reference.parse::<Digest>() {
            Ok(asked) => {
                check_digest(&asked, &bytes)?;
                asked
            }
            Err(_) if put.reference.contains(':') => {
                return Err(Refusal::new(400, ErrorCode::DIGEST_INVALID, "not a digest"));
            }
            Err(_) => Digest::sha256(&bytes),
        };
        let judged = generic::judge(put.content_type.as_deref(), &bytes)?;
        let rule = self.profile.manifest.missing_blob;
        if rule != MissingBlob::Accept {
            let repository = self.repository(&put.name)?;
            let missing = judged.missing(
                rule == MissingBlob::Sparse && self.sparse,
                |blob| {
                    let orphaned = self.is_orphaned(&put.name, blob, put.now);
                    self.shows_blob(&put.name, blob) && !orphaned
                },
                |manifest| repository.manifests.contains_key(manifest),
            );
            if !missing.is_empty() {
                let status = self.profile.manifest.missing_status;
                let code = ErrorCode::new(self.profile.manifest.missing_code.clone());
                let errors = missing.into_iter().map(|digest| {
                    let message = "manifest references content that is not there".to_owned();
                    (code.clone(), message, json!({ "digest": digest }))
                });
                return Err(Refusal::several(status, errors));
            }
        }
        self.judge_subject(put, judged.subject.as_deref())?;
        self.judge_tags(put)?;
        self.store_manifest(put, &digest, judged.media_type, bytes)
            .map_err(|e| Refusal::storage(&e))?;
        let subject = judged.subject.filter(|_| self.profile.manifest.oci_subject);
        Ok(self.manifest_created(put, &digest, subject.as_deref()))
    }

    /// Keeps a manifest and, if it was put by tag, sets the tag.
    pub(super) fn store_manifest(
        &mut self,
        put: &ManifestPut,
        digest: &Digest,
        media_type: MediaType,
        bytes: Bytes,
    ) -> std::io::Result<()> {
        self.keep_manifest(&put.name, digest, media_type, bytes)?;
        let named = Some(&put.reference).filter(|reference| !reference.contains(':'));
        for tag in named.into_iter().chain(&put.tags) {
            self.set_tag(&put.name, tag, digest)?;
        }
        Ok(())
    }

    /// The tags asked for by `?tag=`, if this registry knows the parameter.
    fn asked_tags(&self, head: &Head<'_>, by_digest: bool) -> Outcome<Vec<String>> {
        let most = self.profile.manifest.tag_params;
        if most == 0 || !by_digest {
            return Ok(Vec::new());
        }
        let tags: Vec<String> = head.query.all("tag").map(str::to_owned).collect();
        if tags.len() > most {
            let message = format!("at most {most} tags are taken at once");
            return Err(Refusal::new(414, ErrorCode::TAG_INVALID, message));
        }
        if tags.iter().all(|tag| is_tag(tag)) {
            return Ok(tags);
        }
        Err(Refusal::new(400, ErrorCode::TAG_INVALID, "invalid tag"))
    }

    /// That no tag is moved that cannot be.
    pub(super) fn judge_tags(&self, put: &ManifestPut) -> Outcome<()> {
        let status = self.profile.manifest.immutable_status;
        if status == 0 || !self.rights.immutable.contains(&put.name) {
            return Ok(());
        }
        let repository = self.repository(&put.name)?;
        let mut wanted = put.tags.iter().chain([&put.reference]);
        let Some(tag) = wanted.find(|tag| repository.tags.contains_key(*tag)) else {
            return Ok(());
        };
        let code = ErrorCode::new(self.profile.manifest.immutable_code.clone());
        let message = format!("tag '{tag}' is immutable");
        Err(Refusal::new(status, code, message))
    }

    /// That the subject is there, where it must be.
    fn judge_subject(&self, put: &ManifestPut, subject: Option<&str>) -> Outcome<()> {
        let Some(subject) = subject.filter(|_| self.profile.manifest.subject_needed) else {
            return Ok(());
        };
        let repository = self.repository(&put.name)?;
        if repository.resolve(subject).is_some() {
            return Ok(());
        }
        let knobs = &self.profile.manifest;
        let code = ErrorCode::new(knobs.missing_code.clone());
        let message = "the subject is not there";
        Err(Refusal::new(knobs.missing_status, code, message))
    }

    /// Whether the head of a `PUT` has what it must have.
    fn judge_head(&self, head: &Head<'_>) -> Outcome<()> {
        let knobs = &self.profile.manifest;
        if knobs.type_needed && !head.parts.headers.contains_key(header::CONTENT_TYPE) {
            let code = ErrorCode::MANIFEST_INVALID;
            return Err(Refusal::new(400, code, "no Content-Type"));
        }
        if knobs.length_status != 0 && content_length(head).is_none() {
            let code = ErrorCode::MANIFEST_INVALID;
            return Err(Refusal::new(knobs.length_status, code, "no length"));
        }
        Ok(())
    }

    fn judge_type(&self, content_type: Option<&str>) -> Outcome<()> {
        let manifest = &self.profile.manifest;
        let taken = match manifest.rules {
            ManifestRules::Generic => generic::takes_type(manifest.media_types, content_type),
            ManifestRules::QuayLazy | ManifestRules::QuayEager => {
                crate::quay::takes_type(content_type)
            }
        };
        if taken {
            return Ok(());
        }
        let message = "manifest schema version not supported";
        let code = ErrorCode::MANIFEST_INVALID;
        Err(Refusal::new(manifest.bad_type_status, code, message))
    }

    fn too_big(&self) -> Refusal {
        let manifest = &self.profile.manifest;
        let code = ErrorCode::new(manifest.too_big_code.clone());
        Refusal::new(manifest.too_big_status, code, "manifest too large")
    }
}

/// That bytes have this digest.
fn check_digest(asked: &Digest, bytes: &[u8]) -> Outcome<()> {
    let right = match asked.algorithm() {
        Algorithm::Sha256 => Digest::sha256(bytes) == *asked,
        _ => super::call::sha512(bytes) == *asked,
    };
    if right {
        return Ok(());
    }
    Err(Refusal::new(
        400,
        ErrorCode::DIGEST_INVALID,
        "provided digest did not match uploaded content",
    ))
}

/// Whether the client names a media type among those it takes, in so many words.
fn accepts(head: &Head<'_>, media_type: &MediaType) -> bool {
    let values = head.parts.headers.get_all(header::ACCEPT).iter();
    let mut named = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|item| item.split(';').next().unwrap_or_default().trim());
    named.any(|item| item == media_type.as_str())
}

fn unknown() -> Refusal {
    Refusal::new(404, ErrorCode::MANIFEST_UNKNOWN, "manifest unknown")
}

const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const TAG: HeaderName = HeaderName::from_static("oci-tag");
const FILTERS: HeaderName = HeaderName::from_static("oci-filters-applied");
