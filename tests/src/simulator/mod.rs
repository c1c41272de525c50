//! A push and a registry in one machine, without sockets, clocks or threads.
//!
//! [`run`] plays the [`Plan`] of a seed: the push machine on one side, the mock registry's core on
//! the other, and between them a network that loses, breaks, delays and doubles what the plan says.
//! Time jumps from one event to the next. After every step the machine's invariants are checked, at
//! the end what became of the push: whether it had to succeed, and whether what it says is true.

mod check;
mod front;
mod learning;
mod network;
mod plan;
mod random;
mod shrink;
mod source;
mod tell;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::time::Duration;

use bytes::Bytes;
use longshore_mock_registry::{Config as RegistryConfig, Core};
use longshore_protocol::{
    BlobId, BlobSpec, Config, Credentials, Descriptor, Event, Exchange, ManifestSpec, MediaType,
    Output, Push, PushError, Replay, Report, RequestId, Scheme, Ticket, Timestamp,
};

pub use plan::{Batches, BlobPlan, Fault, Login, Plan};
pub use random::Random;
pub use shrink::{shrink, shrink_while};
pub use source::Source;

/// What a simulation came to.
#[derive(Debug)]
pub struct Outcome {
    /// How the push ended.
    pub result: Result<Report, PushError>,
    /// What happened, a line each.
    pub trace: String,
    /// How much time passed in it.
    pub elapsed: Duration,
    /// How many outputs there were.
    pub polls: u64,
}

/// Something that must not be.
#[derive(Debug)]
pub struct Violation {
    /// What is violated.
    pub what: String,
    /// What happened until then, a line each.
    pub trace: String,
}

impl Violation {
    /// Which rule is violated, without what is particular to one push: two plans show the same
    /// mistake if this is the same.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.what.split(':').next().unwrap_or_default()
    }
}

/// Plays `plan` to its end.
///
/// # Errors
/// An invariant does not hold.
pub fn run(plan: &Plan) -> Result<Outcome, Violation> {
    let mut world = World::new(plan);
    let played = world.play().and_then(|()| {
        let spent = Push::new(World::config(plan), Timestamp::ZERO);
        let result = std::mem::replace(&mut world.push, spent).finish();
        world.judge(&result)?;
        Ok(result)
    });
    let World {
        trace, now, polls, ..
    } = world;
    match played {
        Ok(result) => Ok(Outcome {
            result,
            trace,
            elapsed: now.elapsed(),
            polls,
        }),
        Err(what) => Err(Violation { what, trace }),
    }
}

/// The two sides, and what is between them.
struct World<'a> {
    plan: &'a Plan,
    push: Push,
    registry: Core,
    sources: Vec<Source>,
    /// One that names every blob, the first as its config.
    manifest: Bytes,
    ids: Vec<BlobId>,
    now: Timestamp,
    /// Answers on their way, by when they arrive.
    arrivals: BTreeMap<(Timestamp, RequestId), Arrival>,
    air: BTreeMap<RequestId, Flying>,
    /// Paths of sessions that the registry no longer knows.
    lost: BTreeSet<String>,
    /// The push ended, in its own words.
    done: bool,
    cancelled: bool,
    manifest_set: bool,
    confirmed: BTreeSet<BlobId>,
    random: Random,
    /// When packers are done. Its chances are its own, so that other plans stay what they are.
    packer: Random,
    /// The blobs of which the push is told what they are later, or never.
    packed: Vec<usize>,
    sent: u64,
    /// How many manifests are still to be forgotten.
    lies_left: u64,
    /// How many bodies were too large for what is in front of the registry.
    too_large: usize,
    /// How many faults there were.
    faults: u64,
    polls: u64,
    secrets: check::Secrets,
    trace: String,
}

/// What the parts of an image are called in one format.
struct MediaTypes {
    manifest: MediaType,
    config: MediaType,
    layer: MediaType,
}

/// What comes back for a request.
enum Arrival {
    Answer(Ticket, http::Response<Bytes>, longshore_protocol::Receipt),
    Failure(Ticket, longshore_protocol::Failure),
    /// The driver lost it.
    Nothing,
}

/// A request in the air.
struct Flying {
    blob: Option<BlobId>,
    is_upload: bool,
    is_token: bool,
    /// How long its body is, as far as anybody knows; nothing of one that stalls will leave.
    length: u64,
    /// How much of it the push was told of.
    told: u64,
}

impl MediaTypes {
    fn of(plan: &Plan) -> Self {
        if plan.docker {
            Self {
                manifest: MediaType::DOCKER_MANIFEST,
                config: MediaType::DOCKER_CONFIG,
                layer: MediaType::DOCKER_LAYER_GZIP,
            }
        } else {
            Self {
                manifest: MediaType::OCI_MANIFEST,
                config: MediaType::OCI_CONFIG,
                layer: MediaType::OCI_LAYER_GZIP,
            }
        }
    }
}

impl<'a> World<'a> {
    fn new(plan: &'a Plan) -> Self {
        let mut registry = RegistryConfig::new(plan.profile.clone())
            .auth(plan.auth)
            .origin(format!("http://{HOST}"))
            .user(USER, PASSWORD)
            .repository(TARGET)
            .repository(Plan::SOURCE);
        registry.seed = plan.seed;
        let sources: Vec<Source> = (0..plan.blobs.len())
            .map(|index| Source::new(index, plan))
            .collect();
        let mut world = Self {
            plan,
            push: Push::new(Self::config(plan), Timestamp::ZERO),
            registry: Core::new(registry).expect("memory has nothing to recall"),
            manifest: manifest(plan, &sources),
            sources,
            ids: Vec::new(),
            now: Timestamp::ZERO,
            arrivals: BTreeMap::new(),
            air: BTreeMap::new(),
            lost: BTreeSet::new(),
            done: false,
            cancelled: false,
            manifest_set: false,
            confirmed: BTreeSet::new(),
            random: Random::new(plan.seed ^ 0xFACE),
            packer: Random::new(plan.seed ^ 0xBEAD),
            packed: (0..plan.blobs.len())
                .filter(|index| !plan.blobs[*index].known)
                .collect(),
            sent: 0,
            lies_left: plan.lies,
            too_large: 0,
            faults: 0,
            polls: 0,
            secrets: check::Secrets::default(),
            trace: String::new(),
        };
        world.furnish();
        world.add_blobs();
        world
    }

    fn config(plan: &Plan) -> Config {
        let reference = format!("{HOST}/{TARGET}:1");
        let mut config = Config::new(reference.parse().expect("it has the form"));
        config.scheme = Scheme::Http;
        config.seed = Some(plan.seed);
        config.uploads = plan.uploads;
        config.controls = plan.controls;
        config.preflight = plan.preflight;
        config.look_ahead = plan.look_ahead;
        config.chunk = plan.chunk;
        config.attempts = plan.attempts;
        config.sessions = plan.sessions;
        if plan.body_limit > 0 {
            config.smallest_chunk = Plan::SMALLEST_CHUNK;
        }
        config
    }

    /// Puts into the registry what the plan says is there.
    fn furnish(&mut self) {
        for source in &self.sources {
            let plan = source.plan();
            for (wanted, repository) in [(plan.there, TARGET), (plan.mountable, Plan::SOURCE)] {
                if wanted {
                    let added = self.registry.add_blob(repository, source.bytes().clone());
                    added.expect("memory takes every blob");
                }
            }
        }
        self.registry.clear_requests();
    }

    fn add_blobs(&mut self) {
        let last = self.sources.len().saturating_sub(1);
        for (index, source) in self.sources.iter().enumerate() {
            let plan = source.plan();
            let media_type = MediaTypes::of(self.plan).layer;
            let mut spec = if plan.known {
                let descriptor = Descriptor::new(media_type, source.content().clone());
                BlobSpec::known(descriptor).with_replay(plan.replay)
            } else {
                BlobSpec::unknown(media_type, plan.replay)
            };
            if plan.mountable {
                spec = spec.with_mount_from(Plan::SOURCE.parse().expect("it has the form"));
            }
            if self.plan.derives && index == last {
                spec = spec.derived();
            }
            self.ids
                .push(self.push.add_blob(spec).expect("the manifest is not set"));
        }
        if !self.plan.late_manifest {
            self.set_manifest();
        }
    }

    fn set_manifest(&mut self) {
        self.manifest_set = true;
        let media_type = MediaTypes::of(self.plan).manifest;
        let manifest = ManifestSpec::new(media_type, self.manifest.clone());
        self.push.set_manifest(manifest).expect("it is the first");
    }

    fn play(&mut self) -> Result<(), String> {
        loop {
            let wake = self.drain()?;
            if self.done {
                return Ok(());
            }
            if self.polls > MAX_POLLS || self.now.elapsed() > MAX_TIME {
                return Err("invariant 5: the push does not end".to_owned());
            }
            self.pass_time(wake)?;
        }
    }

    /// Takes outputs until the push waits or has ended. Returns until when it waits.
    fn drain(&mut self) -> Result<Option<Timestamp>, String> {
        for _ in 0..MAX_OUTPUTS {
            self.polls += 1;
            match self.push.poll(self.now) {
                Output::Send(exchange) => self.send(exchange)?,
                Output::Abort(id) => {
                    self.note(format_args!("abort {id:?}"));
                    self.landed(id, u64::MAX);
                    self.arrivals.retain(|(_, other), _| *other != id);
                }
                // The rest of the body is on its way already.
                Output::CutShort(id) => self.note(format_args!("cut short {id:?}")),
                Output::Event(event) => self.news(event),
                Output::Ask(request) => {
                    self.note(format_args!("asked for credentials: {:?}", request.reason));
                    let credentials = self.credentials(request.reason);
                    self.push
                        .handle_credentials(self.now, request.ticket, credentials);
                }
                Output::Wait(until) => {
                    self.waits(until)?;
                    if self.sets_manifest_late() || self.tells_content() {
                        continue;
                    }
                    return Ok(until);
                }
                Output::Done => {
                    self.done = true;
                    return match self.push.poll(self.now) {
                        Output::Done => Ok(None),
                        other => Err(format!("invariant 5: after Done came {other:?}")),
                    };
                }
            }
        }
        Err("invariant 4: outputs without end".to_owned())
    }

    fn sets_manifest_late(&mut self) -> bool {
        let is_time = !self.manifest_set && self.confirmed.len() == self.sources.len();
        if is_time {
            self.set_manifest();
        }
        is_time
    }

    fn news(&mut self, event: Event) {
        self.note(format_args!("{event:?}"));
        if let Event::BlobDone(id, _) = event {
            self.confirmed.insert(id);
        }
    }

    fn credentials(&self, reason: longshore_protocol::CredentialsReason) -> Option<Credentials> {
        use longshore_protocol::CredentialsReason::Refused;
        match self.plan.login {
            Login::Nobody => None,
            Login::Right => Some(Credentials::password(USER, PASSWORD)),
            Login::Wrong if reason == Refused => None,
            Login::Wrong => Some(Credentials::password(USER, "another-canary")),
        }
    }

    fn send(&mut self, exchange: Exchange) -> Result<(), String> {
        self.sent += 1;
        self.check_exchange(&exchange)?;
        let id = exchange.ticket.id();
        let arrival = self.transmit(exchange)?;
        self.arrivals.insert(arrival.0, arrival.1);
        debug_assert!(
            self.air.contains_key(&id),
            "it was noted when it was checked"
        );
        Ok(())
    }

    /// Jumps to the next thing that happens, and lets it happen.
    fn pass_time(&mut self, wake: Option<Timestamp>) -> Result<(), String> {
        let arrival = self.arrivals.keys().next().map(|(at, _)| *at);
        let cancel = self
            .plan
            .cancel
            .filter(|_| !self.cancelled)
            .map(Timestamp::since_epoch);
        let Some(next) = [wake, arrival, cancel].into_iter().flatten().min() else {
            return Err("invariant 3: nothing will ever happen".to_owned());
        };
        self.now = self.now.max(next);
        if self.plan.progress {
            self.tell_progress();
        }
        if cancel.is_some_and(|at| at <= self.now) {
            self.note(format_args!("cancel"));
            self.cancelled = true;
            self.push.cancel(self.now);
        }
        while let Some(entry) = self.arrivals.first_entry()
            && entry.key().0 <= self.now
        {
            let ((_, id), arrival) = entry.remove_entry();
            self.arrive(id, arrival);
            let is_alone = match self.plan.batches {
                Batches::Never => true,
                Batches::Sometimes => self.random.one_in(2),
                Batches::Always => false,
            };
            if is_alone {
                break;
            }
        }
        Ok(())
    }

    /// Says of every body in the air that another byte of it has left.
    fn tell_progress(&mut self) {
        for (id, flying) in &mut self.air {
            if flying.told < flying.length {
                flying.told += 1;
                self.push.handle_progress(self.now, *id, flying.told);
            }
        }
    }

    fn arrive(&mut self, id: RequestId, arrival: Arrival) {
        match arrival {
            Arrival::Answer(ticket, response, receipt) => {
                self.landed(id, receipt.sent);
                self.note(format_args!(
                    "{id:?} answered {}, {receipt:?}",
                    response.status()
                ));
                self.push
                    .handle_response(self.now, ticket, response, receipt);
            }
            Arrival::Failure(ticket, failure) => {
                self.landed(id, failure.receipt.sent);
                self.note(format_args!("{id:?} failed: {failure:?}"));
                self.push.handle_failure(self.now, ticket, failure);
            }
            Arrival::Nothing => self.note(format_args!("{id:?} is forgotten")),
        }
    }

    /// A request is no longer in the air, and the driver says how much it took from its source.
    fn landed(&mut self, id: RequestId, sent: u64) {
        let blob = self.air.remove(&id).and_then(|flying| flying.blob);
        if let Some(blob) = blob {
            self.source_of(blob).is_taken |= sent > 0;
        }
    }

    fn source_of(&mut self, id: BlobId) -> &mut Source {
        &mut self.sources[id.index()]
    }

    fn note(&mut self, what: fmt::Arguments<'_>) {
        writeln!(self.trace, "{:?} {what}", self.now).expect("a string takes everything");
    }

    fn is_once_only(&self, id: BlobId) -> bool {
        self.plan.blobs[id.index()].replay == Replay::Never
    }
}

/// A manifest that names every blob, the first one as its config.
fn manifest(plan: &Plan, sources: &[Source]) -> Bytes {
    let descriptor = |source: &Source, media_type: MediaType| {
        serde_json::to_value(Descriptor::new(media_type, source.content().clone()))
            .expect("a descriptor is JSON")
    };
    let types = MediaTypes::of(plan);
    let layer = |source| descriptor(source, types.layer.clone());
    let layers: Vec<_> = sources[1..].iter().map(layer).collect();
    let config = descriptor(&sources[0], types.config);
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": types.manifest.as_str(),
        "config": config,
        "layers": layers,
    });
    serde_json::to_vec(&manifest).expect("it is JSON").into()
}

const HOST: &str = "registry.test";
const TARGET: &str = "team/app";
const USER: &str = "alice";
const PASSWORD: &str = "password-canary";
const MAX_OUTPUTS: u32 = 500;
const MAX_POLLS: u64 = 50_000;
/// Every pause and every limit that a push may have, and a good deal more.
const MAX_TIME: Duration = Duration::from_secs(24 * 60 * 60);
