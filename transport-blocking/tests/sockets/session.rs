//! Whole pushes to the mock registry.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use longshore_blocking::protocol::{
    BlobActivity, BlobId, BlobOutcome, BlobProgress, BlobSpec, Content, Credentials,
    CredentialsReason, CredentialsRequest, Descriptor, Digest, Event, MediaType, Misuse,
    PushErrorKind, Replay,
};
use longshore_blocking::{Client, Handler, Session, Source, from_fn, push};
use longshore_mock_registry::{Auth, MockRegistry};

use crate::suite::bytes;
use crate::suite::image::{Image, REPOSITORY, config, registry};

#[test]
fn every_profile_takes_a_push_with_every_authentication() {
    for profile in ["oci", "quay", "quay-3.3"] {
        for auth in [Auth::None, Auth::Basic, Auth::Bearer] {
            for tls in [false, true] {
                let case = format!("{profile}, {auth:?}, tls {tls}");
                let registry = registry(profile, auth, tls);
                let image = Image::new(300_000);
                let spy = Spy::default();
                let report = push(
                    &client(&registry),
                    config(&registry),
                    image.blobs(),
                    image.manifest.clone(),
                    spy.clone(),
                );
                let report = report.unwrap_or_else(|error| panic!("{case}: {error}"));
                assert_eq!(report.manifest, image.manifest.descriptor(), "{case}");
                let uploaded = |blob: &longshore_blocking::protocol::BlobReport| {
                    blob.outcome == BlobOutcome::Uploaded
                };
                assert!(report.blobs.iter().all(uploaded), "{case}: {report:?}");
                let asked = spy.asked.load(Ordering::SeqCst);
                assert_eq!(asked > 0, auth != Auth::None, "{case}");
                image.assert_at(&registry, &case);
            }
        }
    }
}

#[test]
fn what_is_there_is_not_sent_again() {
    let registry = registry("quay", Auth::Bearer, false);
    let image = Image::new(100_000);
    let client = client(&registry);
    let config = config(&registry);
    push(
        &client,
        config.clone(),
        image.blobs(),
        image.manifest.clone(),
        Spy::default(),
    )
    .unwrap();
    let manifest = image.manifest.clone();
    let report = push(&client, config, image.blobs(), manifest, Spy::default()).unwrap();
    assert!(
        report
            .blobs
            .iter()
            .all(|blob| blob.outcome == BlobOutcome::Existed),
        "{report:?}"
    );
}

#[test]
fn a_session_waits_for_a_streamed_layer_whose_digest_the_config_needs() {
    let registry = registry("quay", Auth::Bearer, true);
    let content = bytes(3_000_000);
    let packer = {
        let content = content.clone();
        from_fn(move |offset| {
            assert_eq!(offset, 0);
            Ok(io::Cursor::new(content.clone()))
        })
    };
    let spy = Spy::default();
    let mut session = Session::new(&client(&registry), config(&registry), spy.clone());
    session.ready().unwrap();
    assert!(
        registry.with(|core| core.open_sessions().len()) > 0,
        "the preflight opens one"
    );
    let spec = BlobSpec::unknown(MediaType::OCI_LAYER_GZIP, Replay::FromStart);
    let layer = session.add_blob(spec, packer).unwrap();
    let descriptor = session.blob_done(layer).unwrap();
    assert_eq!(descriptor.content(), Content::of(&content));
    assert_eq!(session.blob_done(layer).unwrap(), descriptor, "asked twice");
    let image = Image::of(vec![(descriptor, Bytes::from(content))]);
    let (spec, source) = image.config_blob();
    session.add_blob(spec, source).unwrap();
    session.set_manifest(image.manifest.clone()).unwrap();
    let again = session.set_manifest(image.manifest.clone());
    assert_eq!(again, Err(Misuse::ManifestSet));
    session.finish().unwrap();
    image.assert_at(&registry, "streamed");
    assert!(
        spy.seen.lock().unwrap().contains(&"ready"),
        "{:?}",
        spy.seen
    );
    assert!(spy.uploading.load(Ordering::SeqCst), "progress was shown");
}

#[test]
fn wrong_credentials_end_ready_and_everything_after_it_with_the_same_error() {
    let registry = registry("quay", Auth::Bearer, false);
    let handler = Spy {
        password: "wrong",
        ..Spy::default()
    };
    let mut session = Session::new(&client(&registry), config(&registry), handler);
    let error = session.ready().unwrap_err();
    assert_eq!(error.kind(), PushErrorKind::Unauthenticated, "{error}");
    assert_eq!(session.ready().unwrap_err(), error);
    assert_eq!(session.drive_for(Duration::ZERO).unwrap_err(), error);
    let spec = BlobSpec::unknown(MediaType::OCI_LAYER, Replay::Anywhere);
    assert!(session.add_blob(spec, Bytes::new()).is_err());
    assert_eq!(session.finish().unwrap_err(), error);
}

#[test]
fn a_cancelled_upload_leaves_no_session_and_no_manifest() {
    for auth in [Auth::None, Auth::Bearer] {
        let registry = registry("quay", auth, false);
        let flag = Arc::new(AtomicBool::new(false));
        let source = Trickle {
            cancel_after: 200_000,
            flag: flag.clone(),
        };
        let mut session =
            Session::new(&client(&registry), config(&registry), Spy::default()).cancel_flag(flag);
        let size = 1 << 40;
        let digest = Digest::sha256(b"nobody will ever know");
        let descriptor = Descriptor::new(MediaType::OCI_LAYER, Content { digest, size });
        session
            .add_blob(BlobSpec::known(descriptor), source)
            .unwrap();
        session.set_manifest(Image::new(10).manifest).unwrap();
        let started = Instant::now();
        let error = session.finish().unwrap_err();
        assert_eq!(error.kind(), PushErrorKind::Cancelled, "{error}");
        assert!(started.elapsed() < Duration::from_secs(15));
        registry.with(|core| {
            // The registry may not have noticed yet that the body broke off: then it does not know
            // the session any more, and that is said.
            let left = core.open_sessions().len();
            assert!(left <= error.sessions_left(), "{left}");
            assert!(error.sessions_left() <= 1, "{error}");
            assert!(core.tags(REPOSITORY).is_empty());
            let deleted = core.requests().filter(|request| request.method == "DELETE");
            assert!(deleted.count() > 0);
        });
    }
}

#[test]
fn an_end_without_manifest_is_a_cancel() {
    let registry = registry("oci", Auth::None, false);
    let mut session = Session::new(&client(&registry), config(&registry), Spy::default());
    session.ready().unwrap();
    let error = session.finish().unwrap_err();
    assert_eq!(error.kind(), PushErrorKind::Cancelled);
    assert_eq!(registry.with(|core| core.open_sessions()), []);
}

#[test]
fn an_end_in_the_middle_of_a_failure_does_not_cut_the_cleaning_short() {
    let registry = registry("oci", Auth::None, false);
    let mut session = Session::new(&client(&registry), config(&registry), Spy::default());
    session.ready().unwrap();
    let broken = from_fn(|_| Err::<io::Empty, _>(io::Error::other("a broken disk")));
    let spec = BlobSpec::unknown(MediaType::OCI_LAYER, Replay::Never);
    session.add_blob(spec, broken).unwrap();
    let empty = Descriptor::new(MediaType::OCI_LAYER, Content::of(b""));
    let spec = BlobSpec::known(empty);
    while session.add_blob(spec.clone(), Bytes::new()).is_ok() {
        let _ = session.drive_for(Duration::ZERO);
    }
    let error = session.finish().unwrap_err();
    assert_eq!(error.kind(), PushErrorKind::Source);
    assert_eq!(error.sessions_left(), 0);
    assert_eq!(registry.with(|core| core.open_sessions()), []);
}

#[test]
fn a_worker_stuck_in_its_source_does_not_hold_up_the_end() {
    let registry = registry("oci", Auth::None, false);
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let opened = Arc::new(AtomicBool::new(false));
    let flag = opened.clone();
    let stuck = from_fn(move |_| {
        flag.store(true, Ordering::SeqCst);
        Ok(Stuck(released.clone()))
    });
    let mut session =
        Session::new(&client(&registry), config(&registry), Spy::default()).cancel_flag(opened);
    let spec = BlobSpec::unknown(MediaType::OCI_LAYER, Replay::Never);
    session.add_blob(spec, stuck).unwrap();
    session.set_manifest(Image::new(10).manifest).unwrap();
    let started = Instant::now();
    assert_eq!(
        session.finish().unwrap_err().kind(),
        PushErrorKind::Cancelled
    );
    assert!(
        started.elapsed() < Duration::from_secs(15),
        "{:?}",
        started.elapsed()
    );
    drop(release);
}

#[test]
fn a_source_that_panics_ends_the_push_and_not_the_program() {
    let registry = registry("oci", Auth::None, false);
    let image = Image::new(10);
    let broken = from_fn(|_| -> io::Result<io::Empty> { panic!("a bug in a packer") });
    let spec = BlobSpec::unknown(MediaType::OCI_LAYER, Replay::Never);
    let blobs: Vec<(BlobSpec, Box<dyn Source>)> = vec![(spec, Box::new(broken))];
    let manifest = image.manifest;
    let error = push(&client(&registry), config(&registry), blobs, manifest, ()).unwrap_err();
    assert_eq!(error.kind(), PushErrorKind::Source, "{error}");
    assert!(error.to_string().contains("panicked"), "{error}");
}

#[test]
fn a_file_that_changed_is_a_source_error() {
    let registry = registry("oci", Auth::None, false);
    let image = Image::new(1000);
    let mut blobs = image.blobs();
    blobs[0].1 = Box::new(vec![0; 1000]);
    let manifest = image.manifest;
    let error = push(&client(&registry), config(&registry), blobs, manifest, ()).unwrap_err();
    assert_eq!(error.kind(), PushErrorKind::Source, "{error}");
}

#[test]
fn an_unknown_authority_ends_the_push_as_tls() {
    let registry = registry("oci", Auth::None, true);
    let client = crate::suite::client();
    let mut session = Session::new(&client, config(&registry), ());
    let error = session.ready().unwrap_err();
    assert_eq!(error.kind(), PushErrorKind::Tls);
    assert!(error.to_string().contains("not trusted here"), "{error}");
}

#[test]
fn work_of_the_callers_own_fits_between_two_blobs() {
    let registry = registry("oci", Auth::None, false);
    let image = Image::new(50_000);
    let spy = Spy::default();
    let mut session = Session::new(&client(&registry), config(&registry), spy.clone());
    let mut held = 0;
    for (spec, source) in image.blobs() {
        session.add_blob(spec, source).unwrap();
        held += 1;
        while spy
            .seen
            .lock()
            .unwrap()
            .iter()
            .filter(|name| **name == "blob done")
            .count()
            < held
        {
            session.drive_for(Duration::from_millis(1)).unwrap();
        }
    }
    session.set_manifest(image.manifest.clone()).unwrap();
    session.finish().unwrap();
    image.assert_at(&registry, "one by one");
}

/// Knows the password, and remembers what it was told.
#[derive(Clone)]
struct Spy {
    password: &'static str,
    asked: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<&'static str>>>,
    uploading: Arc<AtomicBool>,
}

impl Default for Spy {
    fn default() -> Self {
        Self {
            password: "secret",
            asked: Arc::default(),
            seen: Arc::default(),
            uploading: Arc::default(),
        }
    }
}

impl Handler for Spy {
    fn credentials(&mut self, request: &CredentialsRequest) -> Option<Credentials> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let again = request.reason == CredentialsReason::Refused;
        (!again).then(|| Credentials::password("alice", self.password))
    }

    fn event(&mut self, event: &Event) {
        let name = match event {
            Event::Ready => "ready",
            Event::BlobDone(..) => "blob done",
            _ => return,
        };
        self.seen.lock().unwrap().push(name);
    }

    fn progress(&mut self, progress: &mut dyn Iterator<Item = BlobProgress>) {
        for blob in progress {
            let _: BlobId = blob.blob;
            if blob.activity == BlobActivity::Uploading {
                self.uploading.store(true, Ordering::SeqCst);
            }
        }
    }
}

/// Zeros without end, which cancel the push after a while.
struct Trickle {
    cancel_after: u64,
    flag: Arc<AtomicBool>,
}

impl Source for Trickle {
    fn open(&self, _: u64) -> io::Result<Box<dyn Read + Send>> {
        let flag = self.flag.clone();
        let rest = from_fn(move |_| {
            flag.store(true, Ordering::SeqCst);
            Ok(io::repeat(0))
        });
        Ok(Box::new(
            io::repeat(0)
                .take(self.cancel_after)
                .chain(Lazy(Some(Box::new(rest)), None)),
        ))
    }
}

/// Opens its source when it is read.
struct Lazy(Option<Box<dyn Source>>, Option<Box<dyn Read + Send>>);

impl Read for Lazy {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(source) = self.0.take() {
            self.1 = Some(source.open(0)?);
        }
        self.1.as_mut().map_or(Ok(0), |reader| reader.read(buffer))
    }
}

/// Yields nothing before it is released.
struct Stuck(Arc<Mutex<std::sync::mpsc::Receiver<()>>>);

impl Read for Stuck {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        let _ = self.0.lock().unwrap().recv();
        Ok(0)
    }
}

fn client(registry: &MockRegistry) -> Client {
    let mut builder = Client::builder().proxy(None);
    if let Some(pem) = registry.ca_pem() {
        builder = builder.ca_pem(pem);
    }
    builder.build().unwrap()
}
