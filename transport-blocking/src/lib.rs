//! Pushes container images with blocking sockets and a few threads.

pub mod client;
mod connection;
pub mod exchange;
mod handler;
mod pool;
mod session;
mod source;

pub use client::{Client, ClientBuilder, ClientError};
pub use handler::Handler;
pub use session::{Session, push};
pub use source::{FileSource, FromFn, Source, from_fn};

/// The machine that this crate drives, whose types are in every signature here.
pub use longshore_protocol as protocol;
