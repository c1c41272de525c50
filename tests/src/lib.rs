//! What the tests across crates share.

pub mod real;
pub mod simulator;
