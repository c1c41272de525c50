//! Looking into a core, for tests.

use std::time::Duration;

use bytes::Bytes;
use longshore_protocol::{Digest, MediaType};

use super::log::LoggedRequest;
use super::{Body, Core};
use crate::profile::Profile;

/// An upload session that is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// Its identifier, as in its URL.
    pub id: String,
    /// The repository it uploads to.
    pub repository: String,
    /// How many bytes it has stored.
    pub stored: u64,
    /// When it was opened, since the caller's epoch.
    pub opened: Duration,
}

impl Core {
    /// The profile it plays.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The names of its repositories, sorted.
    #[must_use]
    pub fn repositories(&self) -> Vec<String> {
        self.catalog.keys().cloned().collect()
    }

    /// The tags of a repository, sorted; none if there is no such repository.
    #[must_use]
    pub fn tags(&self, repository: &str) -> Vec<String> {
        let repository = self.catalog.get(repository);
        repository.map_or_else(Vec::new, |found| found.tags.keys().cloned().collect())
    }

    /// The manifest that a tag or a digest names.
    #[must_use]
    pub fn manifest(
        &self,
        repository: &str,
        reference: &str,
    ) -> Option<(MediaType, Bytes, Digest)> {
        let repository = self.catalog.get(repository)?;
        let digest = repository.resolve(reference)?;
        let manifest = repository.manifests.get(&digest)?;
        Some((manifest.media_type.clone(), manifest.bytes.clone(), digest))
    }

    /// The digests of a repository's blobs, sorted.
    #[must_use]
    pub fn blobs(&self, repository: &str) -> Vec<Digest> {
        let repository = self.catalog.get(repository);
        repository.map_or_else(Vec::new, |found| found.blobs.iter().cloned().collect())
    }

    /// Whether a repository shows a blob.
    #[must_use]
    pub fn has_blob(&self, repository: &str, digest: &Digest) -> bool {
        self.shows_blob(repository, digest)
    }

    /// The bytes of a blob that a repository shows.
    #[must_use]
    pub fn blob(&self, repository: &str, digest: &Digest) -> Option<Bytes> {
        let size = self.store.size(digest)?;
        let body = Body::Stored {
            digest: digest.clone(),
            range: 0..size,
        };
        self.shows_blob(repository, digest)
            .then(|| self.collect(body))
    }

    /// The upload sessions that are not finished, by identifier.
    #[must_use]
    pub fn open_sessions(&self) -> Vec<OpenSession> {
        let sessions = self.sessions.iter();
        sessions
            .map(|(id, session)| OpenSession {
                id: id.clone(),
                repository: session.name.clone(),
                stored: session.stored,
                opened: session.opened,
            })
            .collect()
    }

    /// What was asked so far, oldest first.
    pub fn requests(&self) -> impl Iterator<Item = &LoggedRequest> {
        self.log.iter()
    }

    /// Forgets what was asked so far.
    pub fn clear_requests(&mut self) {
        self.log.clear();
    }
}
