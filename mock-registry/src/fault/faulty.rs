//! The layer around the registry.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_RANGE};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, Uri};

use super::memory::{Memory, Resolved};
use super::play::{Ask, Delivery, Made, Mark, Play, Wire};
use super::turn::{Hunger, Reply, Turn};
use super::{Fault, Scene, Step};
use crate::core::{Begun, Body, Config, Core, HangUp};
use crate::profile::Auth;
use crate::record::{Listener, Peer, Recorder, SecretKind};

/// A [`Core`] with faults around it, and a record of everything that it is asked.
///
/// It has the verbs of the core. Where a fault concerns bytes rather than messages, the caller gets
/// a [`Wire`] that says what to do to them; a caller without a socket may ignore it or play it in
/// its own way.
///
/// ```
/// use std::time::Duration;
///
/// use bytes::Bytes;
/// use http::Request;
/// use longshore_mock_registry::fault::Faulty;
/// use longshore_mock_registry::{Config, Profile};
///
/// let mut registry = Faulty::new(Config::new(Profile::builtin("oci")?))?;
/// registry.arm("5xx-burst:step=probe,status=502,times=1".parse()?);
/// let mut probe = || {
///     let request = Request::get("/v2/").body(Bytes::new()).expect("a request");
///     registry.handle(Duration::ZERO, request).0.expect("an answer").status().as_u16()
/// };
/// assert_eq!((probe(), probe()), (502, 200));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Faulty {
    core: Core,
    recorder: Recorder,
    armed: Vec<Armed>,
    memory: Memory,
    users: BTreeMap<String, String>,
    auth: Auth,
    origin: String,
    elsewhere: String,
    busy: u64,
}

struct Armed {
    fault: Fault,
    calls: u64,
}

impl Faulty {
    /// A registry of this configuration, without faults so far.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn new(config: Config) -> std::io::Result<Self> {
        let auth = config.effective_auth();
        let users = config.users.clone();
        let origin = config.origin.clone();
        let mut recorder = Recorder::default();
        for (name, password) in &users {
            recorder.know_user(name, password);
        }
        for token in config.identity_tokens.keys() {
            recorder.know(SecretKind::Refresh, token);
        }
        Ok(Self {
            core: Core::new(config)?,
            recorder,
            armed: Vec::new(),
            memory: Memory::default(),
            users,
            auth,
            elsewhere: "http://elsewhere.test".into(),
            origin,
            busy: 0,
        })
    }

    /// Adds a fault.
    pub fn arm(&mut self, fault: Fault) {
        self.armed.push(Armed { fault, calls: 0 });
    }

    /// Takes all faults away. What is lost stays lost.
    pub fn disarm(&mut self) {
        self.armed.clear();
    }

    /// The faults, and how many calls each of them matched.
    pub fn armed(&self) -> impl Iterator<Item = (&Fault, u64)> {
        self.armed.iter().map(|armed| (&armed.fault, armed.calls))
    }

    /// Says where the second origin is, as scheme and host.
    pub fn set_elsewhere(&mut self, origin: impl Into<String>) {
        self.elsewhere = origin.into();
    }

    /// The registry itself.
    #[must_use]
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// The registry itself, to be changed.
    pub fn core_mut(&mut self) -> &mut Core {
        &mut self.core
    }

    /// What was asked and answered.
    #[must_use]
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The record, to be configured or cleared.
    pub fn recorder_mut(&mut self) -> &mut Recorder {
        &mut self.recorder
    }

    /// A connection comes in.
    pub fn connect(&mut self, now: Duration) -> Wire {
        if self.armed.is_empty() {
            return Wire::default();
        }
        let uri = Uri::from_static("/");
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.uri = uri;
        let mut scene = self.scene(&parts);
        scene.step = Step::Connect;
        self.play(now, &mut scene).0.wire
    }

    /// Takes the head of a request.
    pub fn begin(&mut self, now: Duration, peer: Peer, parts: &Parts) -> Turn {
        self.busy += 1;
        let credentials = parts.headers.get(AUTHORIZATION);
        let credentials =
            credentials.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let mut parts = parts.clone();
        let asked = parts.clone();
        let resolved = self.memory.resolve(&target(&parts));
        if let Resolved::Real(real) = &resolved
            && let Ok(uri) = real.parse()
        {
            parts.uri = uri;
        }
        let mut scene = self.scene(&parts);
        scene.target = target(&asked);
        let (mut play, faults) = match peer.listener {
            Listener::Registry => self.play(now, &mut scene),
            Listener::Elsewhere => (Play::pass(), Vec::new()),
        };
        let (record, meter) = self
            .recorder
            .open(now, peer, &asked, &scene, faults, self.busy);
        let overruled = match resolved {
            Resolved::Refused(made) => Some(made),
            Resolved::Same | Resolved::Real(_) => self.memory.missing(&scene),
        };
        let overruled = overruled.or_else(|| self.foreign(peer, &scene, &mut parts));
        if let (Some(made), Ask::Core) = (overruled, &play.ask) {
            play.ask = Ask::Instead(made);
        }
        if self.memory.is_revoked(credentials.as_deref()) && matches!(play.ask, Ask::Core) {
            play.ask = Ask::Stripped;
        }
        if peer.listener == Listener::Elsewhere
            && let Some(value) = self.pass_for(now, &scene.repository)
        {
            parts.headers.insert(AUTHORIZATION, value);
        }
        if play.bare
            && let Ok(uri) = parts.uri.path().parse()
        {
            parts.uri = uri;
        }
        if play.keep.is_some() {
            parts.headers.remove(CONTENT_RANGE);
        }
        let mut turn = Turn {
            scene,
            call: None,
            answer: None,
            settled: false,
            despite: None,
            changes: play.changes,
            marks: play.marks,
            wire: play.wire,
            keep: play.keep,
            credentials,
            record,
            meter,
        };
        match play.ask {
            Ask::Instead(made) => {
                turn.answer = Some(made.into_response());
                return turn;
            }
            Ask::Despite(made) => turn.despite = Some(made),
            Ask::Stripped => {
                parts.headers.remove(AUTHORIZATION);
            }
            Ask::Core => {}
        }
        match self.core.begin(now, &parts) {
            Begun::Answer(response) => {
                turn.answer = Some(response);
                turn.settled = true;
            }
            Begun::Receive(call) => turn.call = Some(call),
        }
        turn
    }

    /// Answers a request whose body is complete, or of which enough was seen.
    pub fn end(&mut self, now: Duration, mut turn: Turn) -> Reply {
        self.busy = self.busy.saturating_sub(1);
        let refused = (turn.scene.step == Step::Manifest && self.memory.has_lost_blobs())
            .then(|| self.memory.refuses(turn.meter.kept()))
            .flatten();
        let mut response = match (refused, turn.call.take(), turn.answer.take()) {
            (Some(made), call, _) => {
                if let Some(call) = call {
                    self.core.drop_call(now, call);
                }
                made.into_response()
            }
            (None, Some(call), _) => self.core.end(now, call),
            (None, None, Some(answer)) => answer,
            (None, None, None) => Made::status(500).into_response(),
        };
        self.recall(&turn, response.status().is_success());
        if let Some(made) = turn.despite.take() {
            response = made.into_response();
        }
        for change in turn.changes.drain(..) {
            change(&turn.scene, &mut response);
        }
        for mark in turn.marks.drain(..) {
            match mark {
                Mark::LoseSession => {
                    self.cancel(now, &turn.scene);
                    self.memory.lose_session(&turn.scene);
                }
                Mark::RevokeToken => self.memory.revoke(turn.credentials.as_deref()),
                Mark::LoseBlob => self.memory.lose_blob(turn.scene.digest.as_deref()),
                Mark::Disguise(how) => self.memory.disguise(how, &turn.scene, &mut response),
            }
        }
        if matches!(turn.scene.step, Step::Token)
            && let Body::Bytes(bytes) = response.body()
        {
            self.recorder.know_tokens(bytes);
        }
        if response.extensions().get::<HangUp>().is_some() {
            turn.wire.delivery = Delivery::Lost;
        }
        let arrives = !matches!(turn.wire.delivery, Delivery::Lost | Delivery::Reset);
        let told = arrives.then_some(&response);
        self.recorder.close(now, turn.record, turn.meter, told);
        Reply {
            response,
            wire: turn.wire,
        }
    }

    /// Notes that the client vanished, or was cut off.
    pub fn drop_turn(&mut self, now: Duration, mut turn: Turn) {
        self.busy = self.busy.saturating_sub(1);
        if let Some(call) = turn.call.take() {
            self.core.drop_call(now, call);
        }
        self.recorder.close(now, turn.record, turn.meter, None);
    }

    /// Answers a whole request at once; `None` if the client would not hear of it.
    pub fn handle(
        &mut self,
        now: Duration,
        request: Request<Bytes>,
    ) -> (Option<Response<Bytes>>, Wire) {
        self.handle_as(now, Peer::default(), request)
    }

    /// The same for a request of this peer, which may come to the second origin.
    pub fn handle_as(
        &mut self,
        now: Duration,
        peer: Peer,
        request: Request<Bytes>,
    ) -> (Option<Response<Bytes>>, Wire) {
        let (parts, body) = request.into_parts();
        let mut turn = self.begin(now, peer, &parts);
        let mut hunger = turn.hunger();
        if hunger == Hunger::More {
            let early = turn.wire.early.unwrap_or(u64::MAX);
            let most = usize::try_from(early).unwrap_or(usize::MAX).min(body.len());
            hunger = turn.body(&body[..most]);
        }
        if hunger == Hunger::Cut {
            let wire = turn.wire.clone();
            self.drop_turn(now, turn);
            return (None, wire);
        }
        let Reply { response, wire } = self.end(now, turn);
        if matches!(wire.delivery, Delivery::Lost | Delivery::Reset) {
            return (None, wire);
        }
        let (parts, body) = response.into_parts();
        let body = self.collect(body);
        (Some(Response::from_parts(parts, body)), wire)
    }

    /// Asks the registry itself, past all faults and records, with every right.
    pub(crate) fn request(
        &mut self,
        method: Method,
        target: &str,
        repository: &str,
        body: &[u8],
    ) -> Option<Response<Bytes>> {
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header("content-length", body.len())
            .header("content-type", "application/vnd.oci.image.manifest.v1+json")
            .body(Bytes::copy_from_slice(body))
            .ok()?;
        if let Some(value) = self.pass_for(Duration::ZERO, repository) {
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        Some(self.core.handle(Duration::ZERO, request))
    }

    fn collect(&self, body: Body) -> Bytes {
        match body {
            Body::Empty => Bytes::new(),
            Body::Bytes(bytes) => bytes,
            Body::Stored { digest, range } => {
                let mut all = Vec::new();
                let mut at = range.start;
                if let Ok(Some(mut reader)) = self.core.open(&digest) {
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
                }
                all.into()
            }
        }
    }

    fn scene(&self, parts: &Parts) -> Scene {
        let token_path = &self.core.profile().auth.token_path;
        let mut scene = Scene::of(parts, token_path, &self.origin, &self.elsewhere);
        scene.busy = self.busy;
        scene
    }

    /// What all faults together do to this request, and their names.
    fn play(&mut self, now: Duration, scene: &mut Scene) -> (Play, Vec<String>) {
        let mut play = Play::pass();
        let mut names = Vec::new();
        for armed in &mut self.armed {
            if !armed.fault.matches(scene, now) {
                continue;
            }
            armed.calls += 1;
            if !armed.fault.plays_on(armed.calls) {
                continue;
            }
            scene.call = armed.calls;
            names.push(armed.fault.name().to_owned());
            play = play.and((armed.fault.entry.play)(scene, &armed.fault.params));
        }
        (play, names)
    }

    /// What the second origin answers, or a plain request on a TLS port. Requests without
    /// credentials that the registry itself sent there are served as by storage behind a registry.
    fn foreign(&self, peer: Peer, scene: &Scene, parts: &mut Parts) -> Option<Made> {
        if peer.listener == Listener::Registry {
            let clear = self.origin.starts_with("https://") && !peer.secure;
            return clear.then(|| {
                Made::status(400).body("text/plain", "this port speaks HTTPS; that was HTTP")
            });
        }
        if scene.authorized || scene.cookie {
            return Some(Made::error(
                403,
                "DENIED",
                "only one authentication mechanism allowed",
            ));
        }
        if parts.uri.path().starts_with("/redirect/") {
            let to = "http://169.254.169.254/latest/meta-data/";
            return Some(Made::status(307).header("location", to));
        }
        if scene.step == Step::Token {
            let body = r#"{"token":"from-elsewhere","access_token":"from-elsewhere"}"#;
            return Some(Made::status(200).body("application/json", body));
        }
        None
    }

    /// Whatever is lost is found again once it is uploaded.
    fn recall(&mut self, turn: &Turn, success: bool) {
        if success && turn.scene.step == Step::Put {
            self.memory.find_blob(turn.scene.digest.as_deref());
        }
    }

    /// Cancels the session of a request in the registry, so that it does not linger there.
    fn cancel(&mut self, now: Duration, scene: &Scene) {
        let target = match self.memory.resolve(&scene.target) {
            Resolved::Real(real) => real,
            _ => scene.target.clone(),
        };
        let Ok(mut request) = Request::delete(target).body(Bytes::new()) else {
            return;
        };
        if let Some(value) = self.pass_for(now, &scene.repository) {
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        self.core.handle(now, request);
    }

    /// Credentials with which the registry lets one do anything to a repository.
    fn pass_for(&mut self, now: Duration, repository: &str) -> Option<HeaderValue> {
        let (name, password) = self.users.first_key_value()?;
        let encoded =
            base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
        let basic = HeaderValue::from_str(&format!("Basic {encoded}")).ok()?;
        match self.auth {
            Auth::None => None,
            Auth::Basic => Some(basic),
            Auth::Bearer => {
                let path = &self.core.profile().auth.token_path;
                let target = format!("{path}?scope=repository:{repository}:pull,push,delete");
                let request = Request::builder()
                    .method(Method::GET)
                    .uri(target)
                    .header(AUTHORIZATION, basic)
                    .body(Bytes::new())
                    .ok()?;
                let answer = self.core.handle(now, request);
                let value: serde_json::Value = serde_json::from_slice(answer.body()).ok()?;
                let token = value.get("token").or_else(|| value.get("access_token"))?;
                HeaderValue::from_str(&format!("Bearer {}", token.as_str()?)).ok()
            }
        }
    }
}

impl std::fmt::Debug for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let faults: Vec<_> = self.armed.iter().map(|armed| &armed.fault).collect();
        f.debug_struct("Faulty")
            .field("core", &self.core)
            .field("faults", &faults)
            .finish_non_exhaustive()
    }
}

fn target(parts: &Parts) -> String {
    let path = parts.uri.path_and_query();
    path.map_or_else(
        || parts.uri.path().to_owned(),
        |path| path.as_str().to_owned(),
    )
}
