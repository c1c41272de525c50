//! Pushes container images with blocking sockets and a few threads.
//!
//! What a push does is decided by a machine without sockets, clock or threads,
//! [`longshore_protocol`]. This crate is one of its drivers: it sends the requests that the machine
//! wants sent, reads the sources of its blobs, keeps its time, and finds out what went wrong when
//! no answer comes. It decides nothing: every retry, redirect, pause and password question is the
//! machine's.
//!
//! ```
//! use longshore_blocking::protocol::{
//!     BlobSpec, Config, Content, Credentials, CredentialsRequest, Descriptor, ManifestSpec,
//!     MediaType, Reference, ReferenceDefaults, Scheme,
//! };
//! use longshore_blocking::{Client, Handler, Session};
//! use longshore_mock_registry::MockRegistry;
//!
//! struct Password;
//!
//! impl Handler for Password {
//!     fn credentials(&mut self, _: &CredentialsRequest) -> Option<Credentials> {
//!         Some(Credentials::password("alice", "secret"))
//!     }
//! }
//!
//! let registry = MockRegistry::builder().profile("oci")?.user("alice", "secret").start()?;
//! let name = format!("{}/demo/app:1.0", registry.host());
//! let mut config = Config::new(Reference::parse(&name, &ReferenceDefaults::default())?);
//! config.scheme = Scheme::Http;
//!
//! let layer = bytes::Bytes::from_static(b"not really a tar");
//! let image = bytes::Bytes::from_static(br#"{"architecture":"amd64","os":"linux"}"#);
//! let layer_is = Descriptor::new(MediaType::OCI_LAYER, Content::of(&layer));
//! let image_is = Descriptor::new(MediaType::OCI_CONFIG, Content::of(&image));
//! let manifest = serde_json::json!({
//!     "schemaVersion": 2,
//!     "mediaType": MediaType::OCI_MANIFEST,
//!     "config": image_is,
//!     "layers": [layer_is],
//! });
//!
//! let client = Client::builder().build()?;
//! let mut session = Session::new(&client, config, Password);
//! session.ready()?; // whoever may not push hears it now
//! session.add_blob(BlobSpec::known(layer_is), layer)?;
//! session.add_blob(BlobSpec::known(image_is), image)?;
//! session.set_manifest(ManifestSpec::new(MediaType::OCI_MANIFEST, manifest.to_string()))?;
//! let report = session.finish()?;
//! assert_eq!(report.blobs.len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Threads
//!
//! ```text
//! the caller's thread                                worker threads, one per request in the air
//! ┌───────────────────────────────────┐   jobs      ┌────────────────────────────────────────┐
//! │ Session ── Push (the machine)     │ ──────────▶ │ source ──▶ hash, count ──▶ connection  │
//! │    │                              │             │                              │         │
//! │    └─ Handler: news, progress,    │  answers    │ answer or failure, receipt ◀─┘         │
//! │       credentials                 │ ◀────────── │                                        │
//! └───────────────────────────────────┘             └────────────────────────────────────────┘
//!                 ▲    Gauge: bytes sent ◀──┬──▶ stop!         ▲
//!                 └────────────────────────┴──────────────────┘
//! ```
//!
//! The machine is touched by the thread that calls the session's methods and by no other. Workers
//! are started when they are needed, [`Config::uploads`](longshore_protocol::Config) plus
//! [`Config::controls`](longshore_protocol::Config) plus one at most, and are joined at the end. A
//! worker that an abort cannot reach, because it waits for a name server, for a connection to be
//! made or for a source to yield bytes, does not hold up the end: it is left to itself, with one
//! connection and one source, and goes when it gets what it waits for.
//!
//! # What is done on the wire
//!
//! HTTP/1.1, with connections that are kept and shared by all sessions of a [`Client`]; TLS 1.2 and
//! 1.3 with the system's certificates and those that were added; HTTP, HTTPS and SOCKS proxies. A body of a
//! mebibyte or more is announced with `Expect: 100-continue`, so that a registry can refuse it
//! unread. A registry that answers in the middle of a body is heard, and the rest is not sent.
//! Limits are on pauses and not on whole requests, so a large blob on a slow line never times out
//! while it moves. The [`exchange`] module does all of that for one request.
//!
//! # Logging
//!
//! This crate logs nothing. `ureq` and `ureq-proto`, which it is built on, write to the `log`
//! facade: at the level `trace` they write out whole requests, passwords and tokens included. A
//! program that installs a logger keeps those two below `trace`.

mod client;
mod connection;
pub mod exchange;
mod handler;
mod pool;
mod session;
mod source;

pub use client::{Client, ClientBuilder};
pub use handler::Handler;
pub use session::{Session, push};
pub use source::{FromFn, Source, from_fn};

pub use longshore_transport::{ClientError, FileSource};

/// The machine that this crate drives, and the types in its signatures.
pub use longshore_protocol as protocol;
