//! What the benchmarks share.

pub mod delay;
pub mod layout;
pub mod measure;
