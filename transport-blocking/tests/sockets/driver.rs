//! This transport, as the suite that all transports pass wants to see it.

use std::io::{self, Read};

use longshore_blocking::Handler;
pub(crate) use longshore_blocking::exchange::{Body, Gauge, Outcome};
use longshore_blocking::protocol::{Config, Credentials, CredentialsRequest, PushError, Report};
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
