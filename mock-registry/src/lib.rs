//! A registry for testing clients that push container images.
//!
//! [`Core`] is the registry itself, a sans-IO machine: requests go in, answers come out, and the
//! time is told to it. A [`Profile`] says which registry it plays, as data. [`MockRegistry`] serves
//! a core on a loopback socket, plain or TLS, HTTP/1.1 and HTTP/2.
//!
//! # On a socket
//!
//! ```
//! use longshore_mock_registry::MockRegistry;
//!
//! let registry = MockRegistry::builder().profile("quay")?.user("alice", "secret").start()?;
//! assert!(registry.url().starts_with("http://127.0.0.1:"));
//! // … let a client push to registry.host() …
//! registry.with(|core| assert!(core.open_sessions().is_empty()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Without one
//!
//! ```
//! use std::time::Duration;
//!
//! use bytes::Bytes;
//! use http::{Request, StatusCode};
//! use longshore_mock_registry::{Config, Core, Profile};
//! use longshore_protocol::Digest;
//!
//! let mut core = Core::new(Config::new(Profile::builtin("oci")?))?;
//! let layer = Bytes::from_static(b"a layer");
//! let digest = Digest::sha256(&layer);
//!
//! let open = Request::post("/v2/demo/app/blobs/uploads/").body(Bytes::new())?;
//! let opened = core.handle(Duration::ZERO, open);
//! assert_eq!(opened.status(), StatusCode::ACCEPTED);
//!
//! let location = opened.headers()["location"].to_str()?;
//! let commit = Request::put(format!("{location}?digest={digest}")).body(layer.clone())?;
//! assert_eq!(core.handle(Duration::ZERO, commit).status(), StatusCode::CREATED);
//!
//! assert_eq!(core.blob("demo/app", &digest), Some(layer));
//! assert_eq!(core.requests().count(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How it is built
//!
//! `profiles/` holds the registries as data, `profile/` the knobs they turn; no code asks for a
//! profile's name. `core/` holds one file per subject of the protocol, `quay/` the rules by which
//! Quay judges manifests, `store/` where bytes go, `token/` who signs tokens, `shell/` the only part
//! that knows sockets, clocks and threads. It shares with the push protocol's crate nothing but
//! plain types
//! such as [`Digest`](longshore_protocol::Digest): what a client builds is read here by other code,
//! so that one mistake cannot hide on both sides.

pub mod core;
pub mod fault;
pub mod guide;
pub mod judge;
pub mod profile;
#[cfg(feature = "_tls")]
mod provider;
mod quay;
pub mod record;
mod redact;
pub mod shell;
pub mod store;
pub mod token;

pub use core::{
    Appetite, Begun, Body, Call, Config, Core, HangUp, LoggedRequest, OpenSession, Rights,
};
pub use fault::{Fault, Faulty};
pub use profile::{Auth, Profile, ProfileError};
pub use shell::{Builder, MockRegistry, StartError};
pub use store::{Directory, Discard, Memory, Store};
