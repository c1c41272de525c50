//! The registry from outside: through `Core::handle`, over sockets, and as a program.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod client;
mod limits;
mod oci;
mod program;
mod quay;
mod robust;
mod sockets;
mod tokens;
mod vectors;
