//! How to test a client with this crate.
//!
//! # A test that breaks things
//!
//! One line starts a registry, one lets something go wrong, one says what must have come of it:
//!
//! ```no_run
//! use longshore_mock_registry::MockRegistry;
//! # fn push_with_my_client(_registry: &str) {}
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let registry = MockRegistry::builder().profile("quay")?.user("alice", "secret").start()?;
//! registry.inject("reset-at-byte:step=upload,at=1048576,times=1")?;
//!
//! push_with_my_client(&registry.host());
//!
//! registry.assert_pushed("team/app", "1.0");
//! # Ok(())
//! # }
//! ```
//!
//! The registry has a thread and a runtime of its own, so that the same lines serve in a blocking
//! test and in a `#[tokio::test]`; there, what blocks belongs into `spawn_blocking` as ever.
//!
//! # What arrived
//!
//! ```
//! use longshore_mock_registry::MockRegistry;
//! use longshore_mock_registry::fault::Step;
//!
//! let registry = MockRegistry::builder().inject("429-seconds:step=probe,seconds=1")?.start()?;
//! # ureq::get(format!("{}/v2/", registry.url())).call().unwrap_err();
//! // … the client asks, and should ask again after a second …
//! let asked = registry.exchanges();
//! let refused = asked.step(Step::Probe).with_status(429);
//! assert_eq!(refused.count(), 1);
//! assert_eq!(refused.first().and_then(|x| x.answer_header("retry-after")), Some("1"));
//! assert!(asked.iter().all(|x| x.secrets.is_empty()), "nobody logged in");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Without sockets
//!
//! [`Faulty`](crate::Faulty) has the same faults and the same record, takes time as an argument and
//! opens nothing. What a fault does to bytes it says instead of doing it:
//!
//! ```
//! use std::time::Duration;
//!
//! use bytes::Bytes;
//! use http::Request;
//! use longshore_mock_registry::{Config, Faulty, Profile};
//!
//! let mut registry = Faulty::new(Config::new(Profile::builtin("oci")?))?;
//! registry.arm("stall:step=post,for=60000,what=answering".parse()?);
//! let open = Request::post("/v2/demo/app/blobs/uploads/").body(Bytes::new())?;
//! let (answer, wire) = registry.handle(Duration::ZERO, open);
//! assert_eq!(answer.map(|answer| answer.status().as_u16()), Some(202));
//! assert_eq!(wire.delay, Some(Duration::from_secs(60)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The same with `wiremock`
//!
//! `wiremock` answers what a test tells it to answer. For a registry, the test has to be one:
//!
//! ```text
//! let server = wiremock::MockServer::start().await;
//! Mock::given(method("GET")).and(path("/v2/"))
//!     .respond_with(ResponseTemplate::new(200)).mount(&server).await;
//! Mock::given(method("HEAD")).and(path_regex("^/v2/team/app/blobs/sha256:"))
//!     .respond_with(ResponseTemplate::new(404)).mount(&server).await;
//! Mock::given(method("POST")).and(path("/v2/team/app/blobs/uploads/"))
//!     .respond_with(ResponseTemplate::new(202)
//!         .insert_header("Location", format!("{}/v2/team/app/blobs/uploads/1", server.uri())))
//!     .mount(&server).await;
//! Mock::given(method("PUT")).and(path("/v2/team/app/blobs/uploads/1"))
//!     .respond_with(ResponseTemplate::new(500)).up_to_n_times(1).mount(&server).await;
//! Mock::given(method("PUT")).and(path("/v2/team/app/blobs/uploads/1"))
//!     .respond_with(ResponseTemplate::new(201)).mount(&server).await;
//! Mock::given(method("PUT")).and(path("/v2/team/app/manifests/1.0"))
//!     .respond_with(ResponseTemplate::new(201)).expect(1).mount(&server).await;
//! push_with_my_client(&server.address().to_string()).await;
//! ```
//!
//! That says nothing of whether the digests were right, whether the manifest's blobs had come, and
//! whether the session still lived after the failure: the fakes accept anything. It has no tokens,
//! and cannot reset a connection in the middle of a body. Where a client talks to something other
//! than a registry, `wiremock` is the right tool; here the five stubs are one line, and the fault
//! is another.
//!
//! # A whole client, from outside
//!
//! ```text
//! mock-registry judge --html report.html -- \
//!     skopeo copy --dest-tls-verify=false --dest-creds {user}:{password} \
//!     oci:{oci} docker://{registry}/{repo}:{tag}
//! ```
