//! The driver on real sockets.
#![allow(
    clippy::unwrap_used,
    reason = "what a test cannot go on without may panic"
)]

mod driver;
mod dropping;
mod http2;
mod http2_push;
mod session;
#[path = "../../../transport/suite/mod.rs"]
mod suite;
