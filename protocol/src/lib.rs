//! The push of a container image as a sans-IO state machine.
//!
//! The contract: *call [`poll(now)`](Push::poll) until it says [`Wait`](Output::Wait), then sleep
//! until that instant or until an exchange finishes, report what happened, and poll again; stop at
//! [`Done`](Output::Done).*
//!
//! [`Push`] decides everything that makes a push succeed or fail: which requests are sent, in which
//! order and how many at once; how the registry is authenticated with; what each status means; what
//! is tried again and when; where an interrupted upload goes on. It has no sockets, clock, threads
//! or randomness. A driver has nothing else: it sends each [`http::Request`] it is given, reads
//! blobs from their sources, and hands back answers. `longshore-blocking` is one; the program below
//! is another, with a registry that exists in its own imagination.
//!
//! ```text
//!  Push::new ─▶ probe ─▶ authenticate ─▶ preflight ─▶ Event::Ready
//!  add_blob  ─▶ check ─▶ start or mount ─▶ upload ─▶ commit ─▶ Event::BlobDone     (each blob)
//!  set_manifest ────────────────────────────────────▶ manifest ─▶ confirm ─▶ Output::Done
//! ```
//!
//! ```
//! use std::time::Duration;
//! use longshore_protocol::{
//!     BlobSpec, Config, Content, Descriptor, ManifestSpec, MediaType, Output, Payload, Push,
//!     Receipt, Timestamp,
//! };
//!
//! /// Answers one request as a registry without authentication would.
//! fn imagined_registry(request: &http::Request<Payload>) -> http::Response<bytes::Bytes> {
//!     let path = request.uri().path();
//!     let answer = http::Response::builder();
//!     match request.method().as_str() {
//!         "GET" => answer.status(200),
//!         "HEAD" => answer.status(404),
//!         "POST" => answer.status(202).header("location", format!("{path}1")),
//!         "PUT" if path.contains("/manifests/") => answer
//!             .status(201)
//!             .header("docker-content-digest", Content::of(b"{}").digest.to_string()),
//!         _ => answer.status(201),
//!     }
//!     .body(bytes::Bytes::new())
//!     .expect("the headers are sound")
//! }
//!
//! let mut now = Timestamp::ZERO;
//! let mut push = Push::new(Config::new("registry.example/app:1".parse()?), now);
//! let layer = b"a layer, packed elsewhere";
//! push.add_blob(BlobSpec::known(Descriptor::new(
//!     MediaType::OCI_LAYER_GZIP,
//!     Content::of(layer),
//! )))?;
//! push.set_manifest(ManifestSpec::new(MediaType::OCI_MANIFEST, &b"{}"[..]))?;
//!
//! loop {
//!     match push.poll(now) {
//!         Output::Send(exchange) => {
//!             let receipt = match exchange.request.body() {
//!                 // Here a driver opens the blob's source and sends from there.
//!                 Payload::Blob(_) => Receipt {
//!                     sent: layer.len() as u64,
//!                     end: Some(Content::of(layer)),
//!                 },
//!                 Payload::Empty | Payload::Bytes(_) => Receipt::default(),
//!             };
//!             let response = imagined_registry(&exchange.request);
//!             push.handle_response(now, exchange.ticket, response, receipt);
//!         }
//!         Output::Wait(Some(until)) => now = until,
//!         Output::Wait(None) => unreachable!("every request is answered at once"),
//!         Output::Ask(request) => push.handle_credentials(now, request.ticket, None),
//!         Output::Event(event) => println!("{event:?}"),
//!         Output::Abort(_) | Output::CutShort(_) => {}
//!         Output::Done => break,
//!     }
//! }
//! let report = push.finish()?;
//! assert_eq!(report.manifest.digest, Content::of(b"{}").digest);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Invariants
//!
//! Every one is asserted by tests, which cite them by number.
//!
//! 1. `Wait(t)` implies `t > now`.
//! 2. Polling again at the same `now` gives the same `Wait`.
//! 3. `Wait(None)` only while something is in the air or asked for, or before there is a manifest.
//! 4. The outputs between two waits are bounded.
//! 5. `Done` is reached within a bound of time once there is a manifest, and is then for ever.
//! 6. No more is in the air than there are lanes: [`Config::uploads`] bodies, [`Config::controls`]
//!    others, and one request for a token.
//! 7. The same seed, answers and times give the same requests at the same times.
//! 8. The manifest is sent only after all its blobs are confirmed.
//! 9. A source that can be read once is opened once.
//! 10. At most one request for a token is in the air.
//! 11. After [`Push::cancel`] only deletions are sent, and questions where a session to delete is, and
//!     every session that was opened is finished, deleted, or counted in the result.
//! 12. No secret is in any `Debug` or `Display` output, not even one that a server repeats: see
//!     [`redaction`].
//! 13. Handing in several answers before polling changes the order of requests, not the result.
//! 14. Credentials go to no origin that they are not meant for.
//! 15. [`Push::finish`] is `Ok` only if the registry has confirmed every blob and the manifest, and
//!     the manifest names every blob that was added without a digest.
#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod auth;
mod blob;
mod classify;
mod config;
mod credentials;
mod error;
mod event;
mod flights;
mod ids;
mod manifest;
mod output;
mod payload;
#[cfg(test)]
mod properties;
mod push;
pub mod redaction;
mod retry;
pub mod text;
mod time;
mod wire;

pub use config::Config;
pub use credentials::{Credentials, CredentialsReason, CredentialsRequest, Secret};
pub use error::{Misuse, PushError, PushErrorKind, RegistryAnswer};
pub use event::{
    Authentication, BlobActivity, BlobOutcome, BlobProgress, BlobReport, Event, Phase, Report,
};
pub use ids::{BlobId, CredentialsTicket, RequestId, Ticket};
pub use manifest::ManifestSpec;
pub use output::{Exchange, Limits, NamedBy, Output};
pub use payload::{
    BlobContent, BlobSlice, BlobSpec, Extent, Failure, FailureKind, Payload, Receipt, Replay,
};
pub use push::Push;
pub use time::Timestamp;
pub use wire::descriptor::Descriptor;
pub use wire::digest::{Algorithm, Content, Digest, DigestError};
pub use wire::error_code::ErrorCode;
pub use wire::media_type::MediaType;
pub use wire::origin::{Origin, Reach, Scheme};
pub use wire::reference::{
    Reference, ReferenceDefaults, ReferenceError, Registry, Repository, Tag,
};
