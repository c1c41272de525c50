//! Pushes container images with tokio and hyper.
//!
//! What a push does is decided by a machine without sockets, clock or threads,
//! [`longshore_protocol`]. This crate is one of its drivers: it sends the requests that the machine
//! wants sent, reads the sources of its blobs, keeps its time, and finds out what went wrong when
//! no answer comes. It decides nothing: every retry, redirect, pause and password question is the
//! machine's. `longshore-blocking` is the same for programs without a runtime, with the same names.
//!
//! ```
//! use longshore_async::protocol::{
//!     BlobSpec, Config, Content, Credentials, CredentialsRequest, Descriptor, ManifestSpec,
//!     MediaType, Reference, ReferenceDefaults, Scheme,
//! };
//! use longshore_async::{Client, Handler, Session};
//! use longshore_mock_registry::MockRegistry;
//!
//! struct Password;
//!
//! impl Handler for Password {
//!     async fn credentials(&mut self, _: &CredentialsRequest) -> Option<Credentials> {
//!         Some(Credentials::password("alice", "secret"))
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
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
//! session.ready().await?; // whoever may not push hears it now
//! session.add_blob(BlobSpec::known(layer_is), layer)?;
//! session.add_blob(BlobSpec::known(image_is), image)?;
//! session.set_manifest(ManifestSpec::new(MediaType::OCI_MANIFEST, manifest.to_string()))?;
//! let report = session.finish().await?;
//! assert_eq!(report.blobs.len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Tasks and threads
//!
//! ```text
//! the future that drives                     tasks, one per request in the air
//! ┌──────────────────────────────┐  request ┌─────────────────────────────────────────┐
//! │ Session ── Push (the machine)│ ───────▶ │ source ──▶ hash, count ──▶ connection   │
//! │    │                         │          │    ▲                          │         │
//! │    └─ Handler: news, progress│  answer  │    │ pieces    answer ◀───────┘         │
//! │       credentials            │ ◀─────── │    │                                    │
//! └──────────────────────────────┘          └────┼────────────────────────────────────┘
//!                                      threads that may block: files, packers, hashing
//! ```
//!
//! The machine is touched by the future that drives and by nothing else. Every future is `Send`,
//! and both of tokio's runtimes will do. Nothing that blocks or takes long runs on a thread of the
//! runtime's: sources that block are read and hashed on threads of their own, and the rest is
//! hashed on the runtime's threads for such work. Dropping a [`Session`] ends its tasks, and what
//! they have in the air with them; a thread ends with the read that it is in.
//!
//! # What is done on the wire
//!
//! HTTP/1.1, and HTTP/2 where TLS offers it, with connections that are kept and shared by all
//! sessions of a [`Client`]; TLS 1.2 and 1.3 with the system's certificates and those that were
//! added; HTTP, HTTPS and SOCKS proxies. On HTTP/1.1 a body of a mebibyte or more is announced with `Expect:
//! 100-continue`, so that a registry can refuse it unread. A registry that answers in the middle of
//! a body is heard, and the rest is not sent. Limits are on pauses and not on whole requests, so a
//! large blob on a slow line never times out while it moves. The [`exchange`] module does all of
//! that for one request.
//!
//! An HTTP/2 server that refuses a stream unseen, or goes away before it looks at one, counts as
//! one that was not reached, unless a source was read already; any other end of a stream is an
//! interruption.

mod client;
mod connection;
pub mod exchange;
mod handler;
mod session;
mod source;

pub use client::{Client, ClientBuilder};
pub use handler::Handler;
pub use session::{Session, push};
pub use source::{FromFn, Opening, Reader, Source, from_fn};

pub use longshore_transport::{ClientError, FileSource};

/// The machine that this crate drives, and the types in its signatures.
pub use longshore_protocol as protocol;
