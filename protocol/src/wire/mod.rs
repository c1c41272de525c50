//! What stands on the wire: pure parsers and builders. Nothing here knows the machine.

pub(crate) mod descriptor;
pub(crate) mod digest;
pub(crate) mod error_code;
pub(crate) mod media_type;
