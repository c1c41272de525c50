//! Descriptors: how one piece of content names another.

use serde::{Deserialize, Serialize};

use super::digest::{Content, Digest};
use super::media_type::MediaType;

/// A content descriptor (OCI image specification, "OCI Content Descriptors"): media type, digest
/// and size. Members are written in the specification's order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the specification's required members"
)]
pub struct Descriptor {
    /// What the bytes are.
    #[serde(rename = "mediaType")]
    pub media_type: MediaType,
    /// The digest of the bytes.
    pub digest: Digest,
    /// How many bytes there are.
    pub size: u64,
}

impl Descriptor {
    /// A descriptor of `content` as `media_type`.
    #[must_use]
    pub fn new(media_type: MediaType, content: Content) -> Self {
        Self {
            media_type,
            digest: content.digest,
            size: content.size,
        }
    }

    /// Digest and size, without the media type.
    #[must_use]
    pub fn content(&self) -> Content {
        Content {
            digest: self.digest.clone(),
            size: self.size,
        }
    }
}
