//! The storage behind a registry, to which requests for blobs may be sent.

use http::{Method, Response, header};
use longshore_protocol::{Digest, ErrorCode};
use sha2::{Digest as _, Sha256};

use super::errors::{Refusal, Reply};
use super::{Body, Core, Head, Outcome};
use crate::profile::Redirect;

impl Core {
    /// The answer that sends a request for a blob to the storage, if this registry does so.
    pub(super) fn sent_to_storage(
        &self,
        head: &Head<'_>,
        digest: &Digest,
    ) -> Option<Response<Body>> {
        let sent = match self.profile.blob.redirect {
            Redirect::None => false,
            Redirect::Get => head.parts.method == Method::GET,
            Redirect::All => true,
        };
        if !sent {
            return None;
        }
        let origin = self.storage_origin.clone();
        let origin = origin.unwrap_or_else(|| self.base_of(head.parts));
        let signature = self.signature(&head.parts.method, digest);
        let location = format!("{origin}/_storage/{digest}?X-Signature={signature}");
        let reply = Reply::new(self.profile.blob.redirect_status);
        Some(reply.with(header::LOCATION, location).done())
    }

    /// A blob by a signed URL, without any token. It says nothing of digests, and a signature is
    /// good for one method.
    pub(super) fn stored_blob(&mut self, head: &Head<'_>, digest: &str) -> Outcome<Response<Body>> {
        let refused = || Refusal::new(403, ErrorCode::new("AccessDenied"), "access denied");
        let digest: Digest = digest.parse().map_err(|_| refused())?;
        let signature = self.signature(&head.parts.method, &digest);
        if head.query.get("X-Signature") != Some(&signature) {
            return Err(refused());
        }
        let size = self.store.size(&digest).ok_or_else(refused)?;
        self.bytes_of(head, &digest, size).map(Reply::done)
    }

    fn signature(&self, method: &Method, digest: &Digest) -> String {
        let hash = Sha256::new()
            .chain_update(self.seed.to_be_bytes())
            .chain_update(format!("{method} {digest}"))
            .finalize();
        hash.iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
