//! From packed content to the registry: one session, and what is said about it.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use longshore_image::Image;
use longshore_protocol::{
    Authentication, BlobActivity, BlobId, BlobProgress, BlobSpec, Config, Content, Credentials,
    CredentialsRequest, Descriptor, Digest, Event, ManifestSpec, Misuse, Phase, PushError,
    PushErrorKind, Reference, Report, Repository, Scheme,
};

use super::layer::Source;
use super::transport::Session;
use crate::console::{Console, Meter, plain, words};
use crate::credentials::{Finder, Login};
use crate::embedded::Embedded;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::plan::{Channel, PushPlan};

/// Where a push goes, how, and as whom.
pub(super) struct Target {
    pub(super) reference: Reference,
    channel: Channel,
    login: Login,
}

impl Target {
    /// The one that was asked for.
    pub(super) fn given(plan: &PushPlan) -> Self {
        let PushPlan {
            destination,
            channel,
            login,
            ..
        } = plan;
        Self {
            reference: destination.clone(),
            channel: channel.clone(),
            login: login.clone(),
        }
    }

    /// The same repository and tag in a registry of our own.
    pub(super) fn embedded(registry: &Embedded, plan: &PushPlan) -> Result<Self, Failure> {
        let reference = registry.reference(&plan.destination)?;
        let login = registry.login(&reference);
        Ok(Self {
            reference,
            channel: Channel {
                transport: plan.channel.transport,
                ..Channel::internal()
            },
            login,
        })
    }
}

/// A push in progress.
pub(super) struct Upload<'a> {
    session: Session<'a>,
    target: &'a Target,
    state: Shared<'a>,
    /// What could not be added, if anything.
    misuse: Option<Misuse>,
}

/// Why an upload failed.
pub(super) struct Unfinished {
    pub(super) failure: Failure,
    /// The registry refused bytes whose number it was not told: they can be sent another way.
    pub(super) is_about_streaming: bool,
}

impl Unfinished {
    fn of(target: &Target, state: &Shared<'_>, error: &PushError) -> Self {
        let state = state.lock();
        let is_streaming = state.blobs.iter().any(|blob| blob.streams);
        let is_refusal = error.kind() == PushErrorKind::Rejected && error.phase() == Phase::Upload;
        Self {
            failure: failure(target, &state.finder, error),
            is_about_streaming: is_streaming && is_refusal,
        }
    }
}

impl From<Failure> for Unfinished {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            is_about_streaming: false,
        }
    }
}

impl<'a> Upload<'a> {
    /// One that has sent nothing yet.
    pub(super) fn new(
        target: &'a Target,
        console: &'a Console,
        interrupt: &'a Interrupt,
    ) -> Result<Self, Failure> {
        let mut config = Config::new(target.reference.clone());
        config.scheme = target.channel.scheme;
        config.seed = seed();
        config.attempts = target.channel.attempts;
        let state = Shared(Arc::new(Mutex::new(State {
            finder: Finder::new(&target.login, console, interrupt),
            blobs: Vec::new(),
            meter: None,
        })));
        let teller = Teller {
            console,
            state: state.clone(),
        };
        let session = Session::new(&target.channel, config, teller, interrupt)?;
        Ok(Self {
            session,
            target,
            state,
            misuse: None,
        })
    }

    /// Waits until the registry has shown that one may push there.
    pub(super) fn ready(&mut self) -> Result<(), Failure> {
        self.session.ready().map_err(|error| self.failure(&error))
    }

    /// Adds a layer whose digest is known.
    pub(super) fn add_layer(
        &mut self,
        label: String,
        descriptor: Descriptor,
        mount_from: Option<Repository>,
        source: Source,
    ) {
        // Named before it is added: news of it may come at once.
        let (digest, size) = (descriptor.digest.clone(), descriptor.size);
        self.name(Blob::new(label, Some(digest), Some(size)));
        let mut spec = BlobSpec::known(descriptor);
        if let Some(repository) = mount_from {
            spec = spec.with_mount_from(repository);
        }
        let added = self
            .session
            .add_blob(spec, move |offset| source.open_at(offset));
        self.note(added);
    }

    /// Adds a layer that is not packed yet: its bytes come out of `open` as they are made. Nothing
    /// if the push has ended; [`run`](Self::run) says why.
    pub(super) fn add_stream<R: Read + Send + 'static>(
        &mut self,
        label: String,
        spec: BlobSpec,
        open: impl Fn(u64) -> io::Result<R> + Send + Sync + 'static,
    ) -> Option<BlobId> {
        self.name(Blob::new(label, None, None));
        let added = self.session.add_blob(spec, open);
        self.note(added)
    }

    /// Says what a layer has become.
    pub(super) fn learn(&mut self, blob: BlobId, content: &Content) {
        {
            let state = &mut *self.state.lock();
            if let Some(blob) = state.blobs.get_mut(blob.index()) {
                blob.digest = Some(content.digest.clone());
                blob.metered = Some(content.size);
            }
        }
        self.session.learn(blob, content.clone());
    }

    /// Whether there is something to upload while a layer is packed.
    pub(super) fn is_busy(&self) -> bool {
        !self.state.lock().blobs.is_empty()
    }

    /// Sends what is to be sent next. What is in the air goes on without it.
    pub(super) fn drive(&mut self) -> Result<(), Unfinished> {
        let driven = self.session.drive_for(Duration::ZERO);
        driven.map_err(|error| self.unfinished(&error))
    }

    /// Waits until the registry has that blob.
    pub(super) fn wait_for(&mut self, blob: BlobId) -> Result<(), Unfinished> {
        let done = self.session.blob_done(blob);
        done.map_err(|error| self.unfinished(&error))
    }

    /// Uploads what remains and waits until the registry holds the image.
    pub(super) fn run(mut self, image: &Image) -> Result<Report, Unfinished> {
        let config = &image.config_descriptor;
        let label = words::CONFIG.to_owned();
        self.name(Blob::new(label, Some(config.digest.clone()), None));
        let spec = BlobSpec::known(config.clone());
        let added = self
            .session
            .add_bytes(spec, Bytes::from(image.config.clone()));
        self.note(added);
        let media_type = image.manifest_descriptor.media_type.clone();
        let manifest = ManifestSpec::new(media_type, image.manifest.clone());
        let set = self.session.set_manifest(manifest);
        self.note(set);
        let Self {
            session,
            target,
            state,
            misuse,
        } = self;
        // Without a manifest this ends the push, and says why if it has ended already.
        let result = session.finish();
        state.lock().meter = None;
        match (misuse, result) {
            (Some(Misuse::OtherDigest), _) => Err(other_digest(target).into()),
            (_, Err(error)) => Err(Unfinished::of(target, &state, &error)),
            (_, Ok(report)) => Ok(report),
        }
    }

    /// Gives the push up and leaves nothing at the registry. The push has failed already, for a
    /// reason from which whatever goes wrong here would only distract.
    pub(super) fn abandon(self) {
        let _ = self.session.finish();
    }

    fn name(&self, blob: Blob) {
        self.state.lock().blobs.push(blob);
    }

    /// Keeps the first thing that could not be done; the end of the push says why.
    fn note<T>(&mut self, done: Result<T, Misuse>) -> Option<T> {
        match done {
            Ok(value) => Some(value),
            Err(misuse) => {
                self.misuse.get_or_insert(misuse);
                None
            }
        }
    }

    fn unfinished(&self, error: &PushError) -> Unfinished {
        Unfinished::of(self.target, &self.state, error)
    }

    fn failure(&self, error: &PushError) -> Failure {
        failure(self.target, &self.state.lock().finder, error)
    }
}

/// Says what happens, and finds credentials.
pub(super) struct Teller<'a> {
    console: &'a Console,
    state: Shared<'a>,
}

/// What the session's handler and its owner share. Neither keeps it for longer than a line.
#[derive(Clone)]
struct Shared<'a>(Arc<Mutex<State<'a>>>);

impl<'a> Shared<'a> {
    fn lock(&self) -> MutexGuard<'_, State<'a>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct State<'a> {
    finder: Finder<'a>,
    /// By their number.
    blobs: Vec<Blob>,
    meter: Option<(BlobId, Meter<'a>)>,
}

struct Blob {
    label: String,
    /// Not known while it is packed.
    digest: Option<Digest>,
    /// The size, if it is known and large enough for a meter.
    metered: Option<u64>,
    /// It was added without its digest.
    streams: bool,
}

impl Blob {
    fn new(label: String, digest: Option<Digest>, metered: Option<u64>) -> Self {
        Self {
            label,
            streams: digest.is_none(),
            digest,
            metered,
        }
    }
}

impl longshore_blocking::Handler for Teller<'_> {
    fn credentials(&mut self, request: &CredentialsRequest) -> Option<Credentials> {
        self.state.lock().finder.find(request)
    }

    fn event(&mut self, event: &Event) {
        let State { blobs, meter, .. } = &mut *self.state.lock();
        let console = self.console;
        let about = |id: &BlobId, words: &dyn Fn(&Blob) -> String| {
            let text = blobs.get(id.index()).map(words);
            text.unwrap_or_else(|| format!("{id:?}"))
        };
        match event {
            Event::Authenticated(how) => console.detail(authenticated(*how)),
            Event::Ready => console.detail("the registry allows this push"),
            Event::BlobChecking(id) => {
                console.say(about(id, &|blob| {
                    words::checking(&blob.label, blob.digest.as_ref())
                }));
            }
            Event::BlobExists(id) => {
                console.say(about(id, &|blob| {
                    words::present(&blob.label, blob.digest.as_ref())
                }));
            }
            Event::BlobMounted(id, from) => {
                let from = from.as_str();
                console.say(about(id, &|blob| {
                    words::mounted(&blob.label, blob.digest.as_ref(), from)
                }));
            }
            Event::BlobUploading { blob: id, offset } => {
                let Some(blob) = blobs.get(id.index()) else {
                    return;
                };
                let is_first = meter.as_ref().is_none_or(|(metered, _)| metered != id);
                let digest = blob.digest.as_ref();
                let label = if digest.is_none() {
                    words::streaming(&blob.label)
                } else if *offset == 0 && (is_first || blob.metered.is_none()) {
                    words::uploading(&blob.label, digest)
                } else {
                    words::resuming(&blob.label, digest, *offset)
                };
                console.say(&label);
                if let Some(size) = blob.metered.filter(|_| is_first) {
                    let label = words::uploading(&blob.label, digest);
                    *meter = Some((*id, console.meter(label, Some(size))));
                }
            }
            Event::BlobDone(id, _) => {
                console.detail(about(id, &|blob| {
                    words::held(&blob.label, blob.digest.as_ref())
                }));
                meter.take_if(|(metered, _)| metered == id);
            }
            Event::ManifestExists => console.say(words::MANIFEST_EXISTS),
            Event::ManifestUploading => console.say(words::MANIFEST),
            Event::ManifestDone(manifest) => {
                console.detail(format!("manifest: {} is in the registry", manifest.digest));
            }
            Event::Retrying {
                phase,
                after,
                reason,
                ..
            } => console.say(format!(
                "{phase}: {}; trying again in {:.1} s",
                plain(reason),
                after.as_secs_f64()
            )),
            Event::Warning(text) => console.warn(format!("the registry says: {}", plain(text))),
            // News of a kind that this program does not know is no news for a person.
            _ => {}
        }
    }

    fn progress(&mut self, progress: &mut dyn Iterator<Item = BlobProgress>) {
        let Some((id, meter)) = &mut self.state.lock().meter else {
            return;
        };
        for blob in progress.filter(|blob| blob.blob == *id) {
            if matches!(
                blob.activity,
                BlobActivity::Uploading | BlobActivity::Committing
            ) {
                meter.set(blob.sent);
            }
        }
    }
}

/// The same for the other transport. The question for a password blocks, but only the thread that
/// drives the push.
impl longshore_async::Handler for Teller<'_> {
    async fn credentials(&mut self, request: &CredentialsRequest) -> Option<Credentials> {
        longshore_blocking::Handler::credentials(self, request)
    }

    fn event(&mut self, event: &Event) {
        longshore_blocking::Handler::event(self, event);
    }

    fn progress(&mut self, progress: &mut dyn Iterator<Item = BlobProgress>) {
        longshore_blocking::Handler::progress(self, progress);
    }
}

fn authenticated(how: Authentication) -> &'static str {
    match how {
        Authentication::None => "authentication: the registry asks for none",
        Authentication::Basic => "authentication: user name and password",
        Authentication::Bearer => "authentication: bearer token",
        Authentication::Anonymous => "authentication: bearer token, anonymous",
        _ => "authentication: done",
    }
}

/// The failure that `error` is, with what helps to mend it: options of this program, which the
/// protocol knows nothing of.
fn failure(target: &Target, finder: &Finder<'_>, error: &PushError) -> Failure {
    // What fails after Ctrl-C failed because of it, whatever it says itself: nobody answers a
    // question for a password with Ctrl-C for another reason.
    let mut failure = match finder.interrupt().is_raised() {
        true => Failure::cancelled(error.phase().to_string()),
        false => Failure::push(&target.reference.to_string(), error),
    };
    let registry = target.reference.registry();
    let is_plain = target.channel.scheme == Scheme::Http;
    // What the driver says when the first bytes from the other side make no sense.
    let said = failure.to_string().to_ascii_lowercase();
    let is_no_tls = said.contains("not speak tls");
    let is_no_http = said.contains("not answer in http");
    // Go's and nginx's servers answer clear text on a TLS port with a 400 that says so.
    let wants_tls = error.kind() == PushErrorKind::Rejected && said.contains("https");
    let hint = match error.kind() {
        PushErrorKind::Unauthenticated | PushErrorKind::Denied => finder.hint(error),
        PushErrorKind::Tls if is_no_tls => Some(
            "--plain-http speaks HTTP; anybody on the way can read the password then".to_owned(),
        ),
        PushErrorKind::Tls => Some(
            "--ca-file FILE trusts the site's own authority; --tls-no-verify trusts anybody"
                .to_owned(),
        ),
        PushErrorKind::Unreachable | PushErrorKind::Rejected
            if is_plain && (is_no_http || wants_tls) =>
        {
            Some(format!(
                "if {registry} wants TLS, give --ca-file FILE or --tls-no-verify"
            ))
        }
        PushErrorKind::Unintelligible => Some(format!("is {registry} a registry?")),
        _ => None,
    };
    if let Some(hint) = hint.filter(|_| failure.exit() != Exit::Cancelled) {
        failure = failure.hinting(hint);
    }
    if error.sessions_left() > 0 {
        failure = failure.noting(format!(
            "{} upload sessions could not be deleted; the registry drops them in time",
            error.sessions_left()
        ));
    }
    failure
}

fn other_digest(target: &Target) -> Failure {
    let message = format!(
        "cannot push to {}: the image has another digest",
        target.reference
    );
    Failure::new(Exit::Usage, "preparing the manifest", message)
        .hinting("leave the digest out of DEST_REF")
}

/// Where the jitter of retries comes from. Programs started together should not retry together.
fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}
