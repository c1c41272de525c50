//! What stands on the wire: pure parsers and builders. Nothing here knows the machine.

pub(crate) mod descriptor;
pub(crate) mod digest;
pub(crate) mod error_body;
pub(crate) mod error_code;
pub(crate) mod location;
pub(crate) mod media_type;
pub(crate) mod origin;
pub(crate) mod range;
pub(crate) mod reference;
pub(crate) mod url;
pub(crate) mod urls;
pub(crate) mod warning;
