//! The registry itself: from requests to answers, without sockets, clocks, threads or randomness.

mod auth;
mod blobs;
mod call;
mod catalog;
mod challenge;
mod chunks;
mod config;
mod errors;
mod generic;
mod inspect;
mod log;
mod logins;
mod manifests;
mod mount;
mod places;
mod quay_manifests;
mod rate;
mod repositories;
mod route;
mod scopes;
mod sessions;
mod storage;
mod tags;
mod tokens;
mod uploads;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{Method, Request, Response, header};
use longshore_protocol::{Digest, ErrorCode};

pub use call::{Appetite, Call};
pub use config::{Config, Rights};
pub use inspect::OpenSession;
pub use log::LoggedRequest;

use crate::profile::{Auth, Profile, RoutingErrors};
use crate::store::{BlobReader, Store};
use crate::token::{HmacSigner, Signer};
pub(crate) use blobs::is_digest_like;
use call::{Purpose, Sink};
use catalog::Catalog;
use errors::{API_VERSION, Refusal, Reply, TEXT};
use log::{Log, LogIndex};
use route::{Pairs, Route};

/// A registry as a sans-IO machine.
///
/// Hand it the head of a request with [`begin`](Self::begin). Either the answer is there at once,
/// or a [`Call`] takes the pieces of the body and is handed back to [`end`](Self::end). Times are
/// durations since whatever instant the caller calls zero; they must not go backwards.
pub struct Core {
    profile: Profile,
    auth: Auth,
    users: BTreeMap<String, String>,
    rights: Rights,
    origin: String,
    storage_origin: Option<String>,
    sparse: bool,
    realm: Option<String>,
    service: String,
    issuer: String,
    token_only: bool,
    epoch: Duration,
    store: Box<dyn Store>,
    signer: Box<dyn Signer>,
    seed: u64,
    issued: u64,
    catalog: Catalog,
    sessions: BTreeMap<String, sessions::Session>,
    /// When each session is to be looked at, the earliest first. It may have been written to since,
    /// or be gone.
    expiries: BTreeSet<(Duration, String)>,
    backoff: BTreeMap<String, logins::Backoff>,
    passes: logins::Passes,
    rate: rate::Window,
    log: Log,
}

/// What becomes of a request once its head is known.
#[derive(Debug)]
pub enum Begun {
    /// It is answered, whatever its body.
    Answer(Response<Body>),
    /// Its body is wanted.
    Receive(Call),
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// None. On an answer to `HEAD` a `Content-Length` may stand beside it.
    Empty,
    /// These bytes.
    Bytes(Bytes),
    /// A part of a stored blob, to be read from [`Core::open`] piece by piece.
    Stored {
        /// The blob.
        digest: Digest,
        /// Which bytes of it.
        range: Range<u64>,
    },
}

/// Set as an extension of an answer that a server must not give: it closes the connection instead,
/// as some registries do. Whoever has no connection sees the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HangUp;

/// What a handler wants: an answer sent, or a body received.
enum Step {
    Done(Response<Body>),
    Receive(Purpose, Sink),
}

type Outcome<T> = Result<T, Refusal>;

/// A request's head, taken apart.
struct Head<'a> {
    now: Duration,
    parts: &'a Parts,
    query: Pairs,
}

/// In the extensions of a request that says twice where its body ends, and not the same.
#[derive(Clone, Copy)]
pub(crate) struct TwoLengths;

impl Core {
    /// A registry that holds what its store recalls from earlier runs.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn new(config: Config) -> std::io::Result<Self> {
        let host = config.origin.split("://").last().unwrap_or_default();
        let mut core = Self {
            auth: config.effective_auth(),
            service: config.service.unwrap_or_else(|| host.to_owned()),
            profile: config.profile,
            users: config.users,
            rights: config.rights,
            origin: config.origin,
            realm: config.realm,
            issuer: config.issuer,
            token_only: config.token_only,
            epoch: config.epoch,
            store: config.store,
            signer: config
                .signer
                .unwrap_or_else(|| Box::new(HmacSigner::new(b"longshore-mock-registry"))),
            seed: config.seed,
            issued: 0,
            catalog: Catalog::new(),
            sessions: BTreeMap::new(),
            expiries: BTreeSet::new(),
            backoff: BTreeMap::new(),
            passes: logins::Passes::of(config.identity_tokens),
            rate: rate::Window::default(),
            storage_origin: config.storage_origin,
            sparse: config.sparse,
            log: Log::new(config.log_limit),
        };
        core.recall()?;
        for name in config.repositories {
            core.create_repository(&name)?;
        }
        Ok(core)
    }

    /// Takes the head of a request.
    pub fn begin(&mut self, now: Duration, parts: &Parts) -> Begun {
        let logged = self.log.open(now, parts);
        let head = Head {
            now,
            parts,
            query: Pairs::of(parts.uri.query().unwrap_or_default()),
        };
        let outcome = match self.count(&head) {
            Ok(()) => self.step(&head),
            Err(refusal) => Err(refusal),
        };
        match outcome {
            Ok(Step::Receive(purpose, sink)) => Begun::Receive(Call {
                purpose,
                sink,
                received: 0,
                logged,
            }),
            Ok(Step::Done(response)) => Begun::Answer(self.answer(logged, 0, Ok(response))),
            Err(refusal) => {
                let target = parts.uri.path_and_query();
                let target = target.map_or("/", |target| target.as_str());
                let refusal = refusal.to(&format!("{}{target}", self.base_of(parts)));
                Begun::Answer(self.answer(logged, 0, Err(refusal)))
            }
        }
    }

    /// Answers a request whose body is complete, or of which the registry has seen enough.
    pub fn end(&mut self, now: Duration, call: Call) -> Response<Body> {
        let Call {
            purpose,
            sink,
            received,
            logged,
        } = call;
        let outcome = match (purpose, sink) {
            (Purpose::Patch { session, base }, Sink::Upload(intake)) => {
                self.end_patch(&session, &base, *intake)
            }
            (
                Purpose::Commit {
                    session,
                    digest,
                    base,
                },
                Sink::Upload(intake),
            ) => self.end_commit(&session, &digest, &base, *intake),
            (Purpose::Manifest(put), Sink::Buffer { bytes, .. }) => {
                self.end_manifest(&put, bytes.into())
            }
            (Purpose::TokenForm, Sink::Buffer { bytes, .. }) => self.end_token_form(now, &bytes),
            (Purpose::Patch { .. } | Purpose::Commit { .. }, Sink::Buffer { .. })
            | (Purpose::Manifest(_) | Purpose::TokenForm, Sink::Upload(_)) => {
                unreachable!("a purpose is made together with its sink")
            }
        };
        self.answer(logged, received, outcome)
    }

    /// Notes that the client vanished before its body was complete.
    pub fn drop_call(&mut self, now: Duration, call: Call) {
        let _ = now;
        self.log.close(call.logged, call.received, None);
        if let Sink::Upload(intake) = call.sink
            && let Purpose::Patch { session, .. } | Purpose::Commit { session, .. } = call.purpose
        {
            self.vanished(&session, *intake);
        }
    }

    /// Answers a whole request at once: for simulators and tests.
    pub fn handle(&mut self, now: Duration, request: Request<Bytes>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        let response = match self.begin(now, &parts) {
            Begun::Answer(response) => response,
            Begun::Receive(mut call) => {
                call.body(&body);
                self.end(now, call)
            }
        };
        let (parts, body) = response.into_parts();
        Response::from_parts(parts, self.collect(body))
    }

    /// A reader of a stored blob, which works without the core; `None` if it is gone.
    ///
    /// # Errors
    /// The storage is broken.
    pub fn open(&self, digest: &Digest) -> std::io::Result<Option<Box<dyn BlobReader>>> {
        self.store.open(digest)
    }

    fn step(&mut self, head: &Head<'_>) -> Outcome<Step> {
        if head.parts.extensions.get::<TwoLengths>().is_some() {
            let message = "Content-Length together with Transfer-Encoding (RFC 9112, section 6.3)";
            let refusal = Refusal::new(400, ErrorCode::new("BAD_REQUEST"), message);
            return Err(refusal.with(header::CONNECTION, "close"));
        }
        let method = &head.parts.method;
        let path = head.parts.uri.path();
        let route = self.route_of_session(path);
        let route = route.unwrap_or_else(|| Route::of(path, &self.profile.auth.token_path));
        match route {
            Route::Token => self.token(head),
            _ if self.token_only => Err(self.no_route()),
            Route::Storage { digest } => match *method {
                Method::GET | Method::HEAD => self.stored_blob(head, &digest).map(Step::Done),
                _ => Err(self.wrong_method()),
            },
            Route::Base => self.base(head).map(Step::Done),
            Route::BaseWithoutSlash => Ok(Step::Done(redirect(head, "/v2/"))),
            Route::Uploads { name, slash } => {
                if !slash && self.profile.errors.routing == RoutingErrors::Html {
                    let path = format!("{}/", head.parts.uri.path());
                    return Ok(Step::Done(redirect(head, &path)));
                }
                match *method {
                    Method::POST => self.open_upload(head, &name),
                    _ => Err(self.wrong_method()),
                }
            }
            Route::Upload { name, session } => {
                self.reap(head.now);
                match *method {
                    Method::PATCH => self.patch(head, &name, &session),
                    Method::PUT => self.commit(head, &name, &session),
                    Method::GET | Method::HEAD => {
                        self.upload_status(head, &name, &session).map(Step::Done)
                    }
                    Method::DELETE => self.cancel(head, &name, &session).map(Step::Done),
                    _ => Err(self.wrong_method()),
                }
            }
            Route::Blob { name, digest } => match *method {
                Method::GET | Method::HEAD => self.get_blob(head, &name, &digest).map(Step::Done),
                Method::DELETE => self.delete_blob(head, &name, &digest).map(Step::Done),
                _ => Err(self.wrong_method()),
            },
            Route::Manifest { name, reference } => match *method {
                Method::GET | Method::HEAD => {
                    self.get_manifest(head, &name, &reference).map(Step::Done)
                }
                Method::PUT => self.put_manifest(head, &name, &reference),
                Method::DELETE => self
                    .delete_manifest(head, &name, &reference)
                    .map(Step::Done),
                _ => Err(self.wrong_method()),
            },
            Route::Tags { name } => match *method {
                Method::GET | Method::HEAD => self.list_tags(head, &name).map(Step::Done),
                _ => Err(self.wrong_method()),
            },
            Route::Referrers { name, digest } if self.profile.manifest.referrers => match *method {
                Method::GET | Method::HEAD => self.referrers(head, &name, &digest).map(Step::Done),
                _ => Err(self.wrong_method()),
            },
            Route::Referrers { .. } | Route::Unknown => Err(self.no_route()),
        }
    }

    fn answer(
        &mut self,
        logged: LogIndex,
        received: u64,
        outcome: Outcome<Response<Body>>,
    ) -> Response<Body> {
        let errors = &self.profile.errors;
        let mut response = outcome.unwrap_or_else(|refusal| refusal.into_response(errors));
        self.tell_rate(&mut response);
        if self.profile.errors.headers_always {
            let version = http::HeaderValue::from_static("registry/2.0");
            response.headers_mut().entry(API_VERSION).or_insert(version);
        }
        self.log.close(logged, received, Some(response.status()));
        response
    }

    fn collect(&self, body: Body) -> Bytes {
        match body {
            Body::Empty => Bytes::new(),
            Body::Bytes(bytes) => bytes,
            Body::Stored { digest, range } => {
                let reader = self.store.open(&digest).ok().flatten();
                reader.map_or_else(Bytes::new, |reader| read_all(reader, range))
            }
        }
    }

    fn no_route(&self) -> Refusal {
        match self.profile.errors.routing {
            RoutingErrors::Html => Refusal::html(404),
            RoutingErrors::Text => Refusal::text(404, TEXT, "404 page not found\n"),
            RoutingErrors::Json => Refusal::new(404, ErrorCode::new("NOT_FOUND"), "no such path"),
        }
    }

    fn wrong_method(&self) -> Refusal {
        match self.profile.errors.routing {
            RoutingErrors::Html => Refusal::html(405),
            RoutingErrors::Json | RoutingErrors::Text => {
                Refusal::new(405, ErrorCode::UNSUPPORTED, "no such method for this path")
            }
        }
    }

    /// The time since the Unix epoch.
    fn wall_clock(&self, now: Duration) -> Duration {
        self.epoch.saturating_add(now)
    }
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core")
            .field("profile", &self.profile.name)
            .field("repositories", &self.catalog.keys())
            .field("sessions", &self.sessions.len())
            .finish_non_exhaustive()
    }
}

fn redirect(head: &Head<'_>, path: &str) -> Response<Body> {
    let location = match head.parts.uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    Reply::new(308).with(header::LOCATION, location).done()
}

fn read_all(mut reader: Box<dyn BlobReader>, range: Range<u64>) -> Bytes {
    let mut all = BytesMut::new();
    let mut at = range.start;
    while at < range.end {
        let most = usize::try_from(range.end - at).unwrap_or(usize::MAX);
        match reader.read(at, most) {
            Ok(piece) if !piece.is_empty() => {
                at += piece.len() as u64;
                all.extend_from_slice(&piece);
            }
            _ => break,
        }
    }
    all.freeze()
}
