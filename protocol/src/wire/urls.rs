//! The registry's own URLs (OCI distribution specification, "Endpoints").

use super::digest::Digest;
use super::origin::Origin;
use super::reference::Repository;
use super::url::{HttpUrl, encoded};

/// The API of one repository at one registry.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    origin: Origin,
    repository: Repository,
}

impl Api {
    pub(crate) fn new(origin: Origin, repository: Repository) -> Self {
        Self { origin, repository }
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The same API from now on at `origin`.
    pub(crate) fn move_to(&mut self, origin: Origin) {
        self.origin = origin;
    }

    pub(crate) fn probe(&self) -> HttpUrl {
        HttpUrl::new(self.origin.clone(), "/v2/".to_owned())
    }

    pub(crate) fn blob(&self, digest: &Digest) -> HttpUrl {
        self.under(&format!("blobs/{digest}"))
    }

    pub(crate) fn uploads(&self) -> HttpUrl {
        self.under("blobs/uploads/")
    }

    pub(crate) fn mount(&self, digest: &Digest, from: &Repository) -> HttpUrl {
        let from = encoded(from.as_str());
        self.uploads()
            .with_query_pair(&format!("mount={digest}&from={from}"))
    }

    /// The manifest that a tag or a digest names.
    pub(crate) fn manifest(&self, name: &str) -> HttpUrl {
        self.under(&format!("manifests/{name}"))
    }

    fn under(&self, rest: &str) -> HttpUrl {
        HttpUrl::new(
            self.origin.clone(),
            format!("/v2/{}/{rest}", self.repository),
        )
    }
}
