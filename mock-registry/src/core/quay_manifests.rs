//! Manifests by Quay's rules.

use bytes::Bytes;
use http::Response;
use longshore_protocol::{Digest, ErrorCode};

use super::call::ManifestPut;
use super::errors::Refusal;
use super::{Body, Core, Head, Outcome};

impl Core {
    pub(super) fn put_to_quay(
        &mut self,
        _put: &ManifestPut,
        _bytes: Bytes,
    ) -> Outcome<Response<Body>> {
        Err(Refusal::new(500, ErrorCode::UNKNOWN, ""))
    }

    pub(super) fn converted(
        &mut self,
        _head: &Head<'_>,
        _name: &str,
        _tag: &str,
        _digest: &Digest,
    ) -> Outcome<Response<Body>> {
        Err(Refusal::new(500, ErrorCode::UNKNOWN, ""))
    }
}
