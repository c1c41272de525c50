//! The push of a container image as a sans-IO state machine.
#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod wire;

pub use wire::descriptor::Descriptor;
pub use wire::digest::{Algorithm, Content, Digest, DigestError};
pub use wire::error_code::ErrorCode;
pub use wire::media_type::MediaType;
