//! This transport, as the suite that all transports pass wants to see it.

use std::io::{self, Read};

pub(crate) use longshore_blocking::exchange::{Body, Gauge, Outcome};
pub(crate) use longshore_blocking::{
    Client, ClientBuilder, ClientError, FileSource, Source, protocol,
};

/// Whether more may be read from a source than is counted.
pub(crate) const READS_AHEAD: bool = false;

/// A client's settings, without surprises from the environment.
pub(crate) fn builder() -> ClientBuilder {
    Client::builder().proxy(None)
}

pub(crate) fn build(builder: ClientBuilder) -> Client {
    builder.build().unwrap()
}

/// A source whose opening and reading block.
pub(crate) fn reading<F, R>(open: F) -> impl Source + 'static
where
    F: Fn(u64) -> io::Result<R> + Send + Sync + 'static,
    R: Read + Send + 'static,
{
    longshore_blocking::from_fn(open)
}
