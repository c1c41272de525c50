//! The error codes of registries.

use std::fmt;

/// A registry's error code, upper-case with underscores by convention.
///
/// The constants are the ones of the OCI distribution specification ("Error Codes") and three that
/// CNCF distribution adds; registries send others too, and those are kept as they came.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ErrorCode(std::borrow::Cow<'static, str>);

impl ErrorCode {
    /// A blob is unknown to the registry.
    pub const BLOB_UNKNOWN: Self = Self::known("BLOB_UNKNOWN");
    /// An upload cannot go on.
    pub const BLOB_UPLOAD_INVALID: Self = Self::known("BLOB_UPLOAD_INVALID");
    /// There is no such upload session.
    pub const BLOB_UPLOAD_UNKNOWN: Self = Self::known("BLOB_UPLOAD_UNKNOWN");
    /// The digest does not match the content, or is not one.
    pub const DIGEST_INVALID: Self = Self::known("DIGEST_INVALID");
    /// The manifest names content that the registry does not have.
    pub const MANIFEST_BLOB_UNKNOWN: Self = Self::known("MANIFEST_BLOB_UNKNOWN");
    /// The manifest is invalid.
    pub const MANIFEST_INVALID: Self = Self::known("MANIFEST_INVALID");
    /// The manifest is unknown to the registry.
    pub const MANIFEST_UNKNOWN: Self = Self::known("MANIFEST_UNKNOWN");
    /// The repository name is invalid.
    pub const NAME_INVALID: Self = Self::known("NAME_INVALID");
    /// The repository is unknown to the registry.
    pub const NAME_UNKNOWN: Self = Self::known("NAME_UNKNOWN");
    /// The length given does not match the content.
    pub const SIZE_INVALID: Self = Self::known("SIZE_INVALID");
    /// Authentication is required.
    pub const UNAUTHORIZED: Self = Self::known("UNAUTHORIZED");
    /// Access is denied.
    pub const DENIED: Self = Self::known("DENIED");
    /// The operation is not supported.
    pub const UNSUPPORTED: Self = Self::known("UNSUPPORTED");
    /// Too many requests.
    pub const TOOMANYREQUESTS: Self = Self::known("TOOMANYREQUESTS");
    /// CNCF distribution: the range of a chunk is wrong.
    pub const RANGE_INVALID: Self = Self::known("RANGE_INVALID");
    /// CNCF distribution: the tag is invalid; ECR uses it for immutable tags.
    pub const TAG_INVALID: Self = Self::known("TAG_INVALID");
    /// CNCF distribution: anything else.
    pub const UNKNOWN: Self = Self::known("UNKNOWN");

    const fn known(text: &'static str) -> Self {
        Self(std::borrow::Cow::Borrowed(text))
    }

    /// A code by its text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(std::borrow::Cow::Owned(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
