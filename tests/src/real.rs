//! Real servers, real clients and real trees, for the interop tests.
//!
//! Everything here is for tests: it panics with the reason when the machine does not play along.

pub mod certificate;
pub mod clients;
pub mod docker_registry;
pub mod intended;
pub mod longshore;
pub mod programs;
pub mod scratch;
pub mod server;
pub mod specimen;
pub mod squid;
pub mod token_server;
pub mod tools;
pub mod tree;
