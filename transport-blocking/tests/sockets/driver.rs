//! This transport, as the suite that all transports pass wants to see it.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use longshore_blocking::Handler;
pub(crate) use longshore_blocking::exchange::{Body, Gauge, Outcome};
use longshore_blocking::protocol::{
    Config, Credentials, CredentialsRequest, Event, ManifestSpec, MediaType, PushError, Report,
};
pub(crate) use longshore_blocking::{
    Client, ClientBuilder, ClientError, FileSource, Source, protocol,
};

use crate::suite::image::Image;

/// Whether more may be read from a source than is counted.
pub(crate) const READS_AHEAD: bool = false;

/// A client's settings, without surprises from the environment.
pub(crate) fn builder() -> ClientBuilder {
    Client::builder().proxy(None)
}

pub(crate) fn build(builder: ClientBuilder) -> Client {
    builder.build().unwrap()
}

/// A whole push, by somebody who knows the password.
pub(crate) fn push(client: &Client, config: Config, image: &Image) -> Result<Report, PushError> {
    let (blobs, manifest) = (image.blobs(), image.manifest.clone());
    longshore_blocking::push(client, config, blobs, manifest, Alice)
}

/// A push of nothing but a manifest, and how long it paused.
pub(crate) fn pauses(
    client: &Client,
    config: Config,
) -> (Result<Report, PushError>, Vec<Duration>) {
    let pauses = Pauses::default();
    let manifest = ManifestSpec::new(MediaType::OCI_MANIFEST, "{}");
    let result = longshore_blocking::push(client, config, Vec::new(), manifest, pauses.clone());
    let pauses = pauses.0.lock().unwrap_or_else(PoisonError::into_inner);
    (result, pauses.clone())
}

/// A source whose opening and reading block.
pub(crate) fn reading<F, R>(open: F) -> impl Source + 'static
where
    F: Fn(u64) -> io::Result<R> + Send + Sync + 'static,
    R: Read + Send + 'static,
{
    longshore_blocking::from_fn(open)
}

struct Alice;

impl Handler for Alice {
    fn credentials(&mut self, _: &CredentialsRequest) -> Option<Credentials> {
        Some(Credentials::password("alice", "secret"))
    }
}

/// Notes how long each pause is.
#[derive(Clone, Default)]
struct Pauses(Arc<Mutex<Vec<Duration>>>);

impl Handler for Pauses {
    fn event(&mut self, event: &Event) {
        if let Event::Retrying { after, .. } = event {
            let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            pauses.push(*after);
        }
    }
}
