//! Repositories: how they come to be, and what survives a restart.

use std::io;

use bytes::Bytes;
use longshore_protocol::{Digest, ErrorCode, MediaType};

use super::catalog::{Manifest, Repository};
use super::errors::Refusal;
use super::route::is_oci_name;
use super::{Core, Outcome, read_all};
use crate::profile::{Auth, Creation, Grammar};
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
        Ok(if repository.library_namespace && !name.contains('/') {
            format!("library/{name}")
        } else {
            name.to_owned()
        })
    }

    pub(super) fn for_push(&mut self, name: &str) -> Outcome<()> {
        let creates = match self.profile.repository.create {
            Creation::Auto => true,
            Creation::AtToken => self.auth != Auth::Bearer,
            Creation::Never => false,
        };
        if creates {
            return self
                .create_repository(name)
                .map_err(|e| Refusal::storage(&e));
        }
        self.repository(name).map(|_| ())
    }

    pub(super) fn repository(&self, name: &str) -> Outcome<&Repository> {
        self.catalog
            .get(name)
            .ok_or_else(|| Refusal::new(404, ErrorCode::NAME_UNKNOWN, "repository not found"))
    }

    /// Whether a repository shows a blob.
    pub(super) fn shows_blob(&self, name: &str, digest: &Digest) -> bool {
        let linked = self
            .catalog
            .get(name)
            .is_some_and(|repository| repository.blobs.contains(digest));
        let shared = self.profile.blob.shared_empty_layer && digest.to_string() == EMPTY_LAYER;
        (linked || shared) && self.store.size(digest).is_some()
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
            let manifest = Manifest { media_type, bytes };
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
                let manifest = Manifest { media_type, bytes };
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
