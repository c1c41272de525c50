//! What the tests across crates share.

pub mod bench;
pub mod real;
pub mod scenarios;
pub mod simulator;
