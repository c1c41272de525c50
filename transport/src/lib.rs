//! What the transports of Longshore share, so that they cannot drift apart: whom a client trusts,
//! which proxy a host is reached through and what is said to it, where a request goes and how it is
//! framed, files as sources, what pauses are drawn from, and what went wrong, as a kind and in words.
//!
//! Nothing here opens a socket, starts a thread or knows a runtime. Programs use
//! `longshore-blocking` or `longshore-async`; this crate is for who writes a transport of their
//! own.

pub mod addresses;
mod calendar;
pub mod failure;
mod file;
pub mod framing;
mod nearness;
mod place;
mod proxy;
mod seed;
mod settings;
mod trust;
mod tunnel;
mod words;

pub use file::{FileReader, FileSource};
pub use nearness::Nearness;
pub use place::{Place, bare};
pub use proxy::{Proxies, Proxy, Route};
pub use seed::seeded;
pub use settings::{ClientError, Settings};
pub use trust::{Configs, Trust};
pub use tunnel::{Tunnel, Turn};
