//! What the tests across crates share.

pub mod bench;
pub mod fuzz;
pub mod real;
pub mod scenarios;
pub mod simulator;
