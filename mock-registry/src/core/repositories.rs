//! Repositories: how they come to be, and what survives a restart.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header;
use longshore_protocol::{Digest, ErrorCode, MediaType};

use super::catalog::{Manifest, Repository};
use super::errors::Refusal;
use super::route::is_oci_name;
use super::{Core, Outcome, read_all};
use crate::profile::{Auth, Creation, Grammar, MissingChallenge, Sharing};
use crate::store::Change;

impl Core {
    /// Makes sure that a repository exists, as a push to a registry of this profile would find it.
    ///
    /// # Errors
    /// The storage is broken.
    pub fn create_repository(&mut self, name: &str) -> io::Result<()> {
        if !self.catalog.contains_key(name) {
            self.store.record(&Change::Repository {
                name: name.to_owned(),
            })?;
            self.catalog.insert(name.to_owned(), Repository::default());
        }
        Ok(())
    }

    /// Puts a blob into a repository, as if it had been pushed.
    ///
    /// # Errors
    /// The storage is broken.
    pub fn add_blob(&mut self, repository: &str, bytes: Bytes) -> io::Result<Digest> {
        let digest = Digest::sha256(&bytes);
        self.store.put(&digest, bytes)?;
        self.link_blob(repository, &digest)?;
        Ok(digest)
    }

    /// The name that a request's name stands for.
    pub(super) fn canonical(&self, name: &str) -> Outcome<String> {
        let repository = &self.profile.repository;
        if repository.grammar == Grammar::Oci && !is_oci_name(name) {
            return Err(Refusal::new(
                400,
                ErrorCode::NAME_INVALID,
                "invalid repository name",
            ));
        }
        let depth = name.split('/').count();
        let too_deep = repository.depth_max > 0 && depth > repository.depth_max;
        if depth < repository.depth_min || too_deep {
            let code = ErrorCode::new(repository.depth_code.clone());
            let message = "invalid number of path components";
            return Err(Refusal::new(repository.depth_status, code, message));
        }
        Ok(if repository.library_namespace && depth == 1 {
            format!("library/{name}")
        } else {
            name.to_owned()
        })
    }

    /// Makes sure that there is a repository to push to, if a push creates it.
    pub(super) fn for_push(&mut self, name: &str) -> Outcome<()> {
        self.parent_exists(name)?;
        let knobs = &self.profile.repository;
        let creates = match knobs.create {
            Creation::Auto | Creation::UnderParent => true,
            Creation::AtToken => self.auth != Auth::Bearer,
            Creation::Never => false,
        };
        if !creates || self.catalog.contains_key(name) {
            return self.repository(name).map(|_| ());
        }
        if knobs.most > 0 && self.catalog.len() >= knobs.most {
            let message = "there are as many repositories as there may be";
            return Err(Refusal::new(429, ErrorCode::TOOMANYREQUESTS, message));
        }
        self.create_repository(name)
            .map_err(|e| Refusal::storage(&e))
    }

    pub(super) fn repository(&self, name: &str) -> Outcome<&Repository> {
        self.parent_exists(name)?;
        self.catalog
            .get(name)
            .ok_or_else(|| Refusal::new(404, ErrorCode::NAME_UNKNOWN, "repository not found"))
    }

    /// That what a push does not create is there: the repository, or its parent.
    pub(super) fn parent_exists(&self, name: &str) -> Outcome<()> {
        let knobs = &self.profile.repository;
        let exists = match knobs.create {
            Creation::Auto | Creation::AtToken => true,
            Creation::Never => self.catalog.contains_key(name),
            Creation::UnderParent => {
                let depth = knobs.parent_depth;
                let parent = |name: &str| -> Vec<String> {
                    name.split('/').take(depth).map(str::to_owned).collect()
                };
                let wanted = parent(name);
                self.catalog.keys().any(|known| parent(known) == wanted)
            }
        };
        if exists {
            return Ok(());
        }
        let code = ErrorCode::new(knobs.missing_code.clone());
        let message = format!("the repository {name} does not exist");
        let refusal = Refusal::new(knobs.missing_status, code, message);
        Err(match knobs.missing_challenge {
            MissingChallenge::None => refusal,
            MissingChallenge::Empty => refusal.with(header::WWW_AUTHENTICATE, ""),
        })
    }

    /// The refusal of an upload to a repository that is not there.
    pub(super) fn hang_up(&self, refusal: Refusal) -> Refusal {
        if self.profile.repository.missing_hang_up {
            refusal.hanging_up()
        } else {
            refusal
        }
    }

    /// Whether a repository shows a blob.
    pub(super) fn shows_blob(&self, name: &str, digest: &Digest) -> bool {
        let linked = self
            .catalog
            .get(name)
            .is_some_and(|repository| repository.blobs.contains(digest));
        let empty = self.profile.blob.shared_empty_layer && digest.to_string() == EMPTY_LAYER;
        let mut all = self.catalog.values();
        let shared = match self.profile.blob.sharing {
            Sharing::Never => false,
            Sharing::AfterUpload => all.any(|repository| repository.blobs.contains(digest)),
            Sharing::AfterManifest => all.any(|repository| repository.names(digest)),
        };
        (linked || empty || shared) && self.store.size(digest).is_some()
    }

    /// Notes when a blob arrived, where it matters that no manifest names it.
    pub(super) fn note_upload(&mut self, name: &str, digest: &Digest, now: Duration) {
        if self.profile.manifest.orphan_lifetime == 0 {
            return;
        }
        if let Some(repository) = self.catalog.get_mut(name) {
            repository.orphans.insert(digest.clone(), now);
        }
    }

    /// Whether a blob has been collected because no manifest named it for too long.
    pub(super) fn is_orphaned(&self, name: &str, digest: &Digest, now: Duration) -> bool {
        let lifetime = self.profile.manifest.orphan_lifetime;
        let Some(repository) = self.catalog.get(name).filter(|_| lifetime > 0) else {
            return false;
        };
        let arrived = repository.orphans.get(digest);
        let old = arrived.is_some_and(|at| at.saturating_add(Duration::from_secs(lifetime)) <= now);
        old && !repository.names(digest)
    }

    pub(super) fn link_blob(&mut self, name: &str, digest: &Digest) -> io::Result<()> {
        self.create_repository(name)?;
        if let Some(repository) = self.catalog.get_mut(name)
            && repository.blobs.insert(digest.clone())
        {
            self.store.record(&Change::Blob {
                name: name.to_owned(),
                digest: digest.clone(),
            })?;
        }
        Ok(())
    }

    pub(super) fn keep_manifest(
        &mut self,
        name: &str,
        digest: &Digest,
        media_type: MediaType,
        bytes: Bytes,
    ) -> io::Result<()> {
        self.create_repository(name)?;
        self.store.put(digest, bytes.clone())?;
        self.store.record(&Change::Manifest {
            name: name.to_owned(),
            digest: digest.clone(),
            media_type: media_type.as_str().to_owned(),
        })?;
        if let Some(repository) = self.catalog.get_mut(name) {
            let manifest = Manifest::new(media_type, bytes);
            repository.manifests.insert(digest.clone(), manifest);
        }
        Ok(())
    }

    pub(super) fn set_tag(&mut self, name: &str, tag: &str, digest: &Digest) -> io::Result<()> {
        self.store.record(&Change::Tag {
            name: name.to_owned(),
            tag: tag.to_owned(),
            digest: digest.clone(),
        })?;
        if let Some(repository) = self.catalog.get_mut(name) {
            repository.tags.insert(tag.to_owned(), digest.clone());
        }
        Ok(())
    }

    /// Takes something away from the catalog and notes it.
    pub(super) fn withdraw(&mut self, change: &Change) -> io::Result<()> {
        self.store.record(change)?;
        self.apply(change.clone())
    }

    /// Forgets stored bytes that no repository names any more.
    pub(super) fn sweep(&mut self, digest: &Digest) -> io::Result<()> {
        let named = self.catalog.values().any(|repository| {
            repository.blobs.contains(digest) || repository.manifests.contains_key(digest)
        });
        if named {
            return Ok(());
        }
        self.store.remove(digest)
    }

    pub(super) fn recall(&mut self) -> io::Result<()> {
        for change in self.store.recall()? {
            self.apply(change)?;
        }
        Ok(())
    }

    fn apply(&mut self, change: Change) -> io::Result<()> {
        match change {
            Change::Repository { name } => {
                self.catalog.entry(name).or_default();
            }
            Change::Blob { name, digest } => {
                self.catalog.entry(name).or_default().blobs.insert(digest);
            }
            Change::BlobGone { name, digest } => {
                self.catalog.entry(name).or_default().blobs.remove(&digest);
            }
            Change::Manifest {
                name,
                digest,
                media_type,
            } => {
                let Some(size) = self.store.size(&digest) else {
                    return Ok(());
                };
                let reader = self.store.open(&digest)?;
                let bytes = reader.map_or_else(Bytes::new, |reader| read_all(reader, 0..size));
                let media_type = MediaType::new(media_type);
                let repository = self.catalog.entry(name).or_default();
                let manifest = Manifest::new(media_type, bytes);
                repository.manifests.insert(digest, manifest);
            }
            Change::ManifestGone { name, digest } => {
                let repository = self.catalog.entry(name).or_default();
                repository.manifests.remove(&digest);
                repository.tags.retain(|_, tagged| *tagged != digest);
            }
            Change::Tag { name, tag, digest } => {
                self.catalog
                    .entry(name)
                    .or_default()
                    .tags
                    .insert(tag, digest);
            }
            Change::TagGone { name, tag } => {
                self.catalog.entry(name).or_default().tags.remove(&tag);
            }
        }
        Ok(())
    }
}

/// The gzipped tar of nothing that old Docker clients push for every empty layer.
const EMPTY_LAYER: &str = "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4";
