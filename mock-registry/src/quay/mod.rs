//! Quay's rules for manifests.

/// Whether Quay has a parser for this `Content-Type`.
pub(crate) fn takes_type(_content_type: Option<&str>) -> bool {
    true
}
