//! What the tests across crates share.

pub mod real;
pub mod scenarios;
pub mod simulator;
