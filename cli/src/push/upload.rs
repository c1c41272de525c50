//! From packed content to the registry: one session, and what is said about it.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use longshore_image::Image;
use longshore_protocol::{
    Authentication, BlobActivity, BlobId, BlobProgress, BlobSpec, Config, Content, Credentials,
    CredentialsRequest, Descriptor, Digest, Event, ManifestSpec, Misuse, PushError, Reference,
    Report, Repository,
};

use super::layer::{QUICK, Source};
use super::transport::Session;
use super::unfinished::{Unfinished, other_digest};
use crate::console::{Console, Meter, plain, words};
use crate::credentials::{Finder, Login};
use crate::embedded::Embedded;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::plan::{Channel, PushPlan};

/// Where a push goes, how, and as whom.
pub(super) struct Target {
    pub(super) reference: Reference,
    pub(super) channel: Channel,
    login: Login,
    /// Whether it is in this program, where permission takes no time.
    is_embedded: bool,
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
            is_embedded: false,
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
            is_embedded: true,
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
    /// How many bytes were packed, or are about to be, before the registry has given permission.
    hasty: u64,
}

impl<'a> Upload<'a> {
    /// One that has sent nothing yet, and sends no more than `chunk` bytes of a layer in one request.
    pub(super) fn new(
        target: &'a Target,
        chunk: Option<u64>,
        console: &'a Console,
        interrupt: &'a Interrupt,
    ) -> Result<Self, Failure> {
        let mut config = Config::new(target.reference.clone());
        config.scheme = target.channel.scheme;
        config.attempts = target.channel.attempts;
        config.chunk = chunk;
        let state = Shared(Arc::new(Mutex::new(State {
            finder: Finder::new(&target.login, console, interrupt),
            blobs: Vec::new(),
            meter: None,
            is_permitted: false,
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
            hasty: 0,
        })
    }

    /// Waits for permission as [`ready`](Self::ready) does, before `bytes` more are packed. What takes no longer to pack than permission takes to come need not wait for it.
    pub(super) fn permit(&mut self, bytes: u64) -> Result<(), Unfinished> {
        self.hasty = self.hasty.saturating_add(bytes);
        if self.hasty < QUICK && !self.target.is_embedded {
            return Ok(());
        }
        self.ready()
    }

    /// Waits until the registry has shown that one may push there.
    pub(super) fn ready(&mut self) -> Result<(), Unfinished> {
        let ready = self.session.ready();
        ready.map_err(|error| self.unfinished(&error))
    }

    /// Whether the registry has shown that one may push there.
    pub(super) fn is_permitted(&self) -> bool {
        self.state.lock().is_permitted
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

    /// Whether there is something to send while a layer is packed.
    pub(super) fn is_busy(&self) -> bool {
        let state = self.state.lock();
        !state.is_permitted || !state.blobs.is_empty()
    }

    /// Sends what is to be sent next, and takes in what comes for as long as that. What is in the air
    /// goes on without it.
    pub(super) fn drive(&mut self, time: Duration) -> Result<(), Unfinished> {
        let driven = self.session.drive_for(time);
        driven.map_err(|error| self.unfinished(&error))
    }

    /// Waits until the registry has that blob.
    pub(super) fn wait_for(&mut self, blob: BlobId) -> Result<(), Unfinished> {
        let done = self.session.blob_done(blob);
        done.map_err(|error| self.unfinished(&error))
    }

    /// Uploads what remains and waits until the registry holds the image. `is_expected` says that the
    /// registry is thought to have it already.
    pub(super) fn run(mut self, image: &Image, is_expected: bool) -> Result<Report, Unfinished> {
        let config = &image.config_descriptor;
        let label = words::CONFIG.to_owned();
        self.name(Blob::new(label, Some(config.digest.clone()), None));
        let mut spec = BlobSpec::known(config.clone());
        if !is_expected {
            spec = spec.derived();
        }
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
            ..
        } = self;
        // Without a manifest this ends the push, and says why if it has ended already.
        let result = session.finish();
        state.lock().meter = None;
        match (misuse, result) {
            (Some(Misuse::OtherDigest), _) => Err(other_digest(target).into()),
            (_, Err(error)) => Err(state.unfinished(target, &error)),
            (_, Ok(report)) => Ok(report),
        }
    }

    /// Gives the push up and deletes what it has begun at the registry. Returns how many upload
    /// sessions could not be deleted. The push has failed already, for a reason from which another
    /// error would distract.
    pub(super) fn abandon(self) -> usize {
        match self.session.finish() {
            Ok(report) => report.sessions_left,
            Err(error) => error.sessions_left(),
        }
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
        self.state.unfinished(self.target, error)
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

    fn unfinished(&self, target: &Target, error: &PushError) -> Unfinished {
        let state = self.lock();
        let is_streaming = state.blobs.iter().any(|blob| blob.streams);
        Unfinished::of(target, &state.finder, is_streaming, error)
    }
}

struct State<'a> {
    finder: Finder<'a>,
    /// By their number.
    blobs: Vec<Blob>,
    meter: Option<(BlobId, Meter<'a>)>,
    is_permitted: bool,
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
        let State {
            blobs,
            meter,
            is_permitted,
            ..
        } = &mut *self.state.lock();
        let console = self.console;
        let about = |id: &BlobId, words: &dyn Fn(&Blob) -> String| {
            let text = blobs.get(id.index()).map(words);
            text.unwrap_or_else(|| format!("{id:?}"))
        };
        match event {
            Event::Authenticated(how) => console.detail(authenticated(*how)),
            Event::Ready => {
                *is_permitted = true;
                console.detail("the registry allows this push");
            }
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
