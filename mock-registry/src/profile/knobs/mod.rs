//! The knobs of a profile, section by section. `profiles/oci.toml` lists them with their values.

mod auth;
mod blobs;
mod check;
mod house;
mod manifests;
mod places;
mod uploads;

pub use auth::*;
pub use blobs::*;
pub use house::*;
pub use manifests::*;
pub use places::*;
pub use uploads::*;
