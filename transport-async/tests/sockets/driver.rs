//! This transport, as the suite that all transports pass wants to see it.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Request;
pub(crate) use longshore_async::exchange::{Body, Gauge, Outcome};
use longshore_async::protocol::{
    Config, Credentials, CredentialsRequest, Event, Limits, ManifestSpec, MediaType, PushError,
    Report,
};
pub(crate) use longshore_async::{ClientBuilder, ClientError, FileSource, Source, protocol};
use longshore_async::{Handler, Reader, from_fn};

use crate::suite::image::Image;

/// Whether more may be read from a source than is counted.
pub(crate) const READS_AHEAD: bool = true;

/// A client and the runtime that its exchanges run on.
#[derive(Clone)]
pub(crate) struct Client {
    runtime: Arc<tokio::runtime::Runtime>,
    client: longshore_async::Client,
}

/// A client's settings, without surprises from the environment.
pub(crate) fn builder() -> ClientBuilder {
    longshore_async::Client::builder().proxy(None)
}

pub(crate) fn build(builder: ClientBuilder) -> Client {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    Client {
        runtime: Arc::new(runtime),
        client: builder.build().unwrap(),
    }
}

/// A whole push, by somebody who knows the password.
pub(crate) fn push(client: &Client, config: Config, image: &Image) -> Result<Report, PushError> {
    let (blobs, manifest) = (image.blobs(), image.manifest.clone());
    let push = longshore_async::push(&client.client, config, blobs, manifest, Alice);
    client.runtime.block_on(push)
}

/// A push of nothing but a manifest, and how long it paused.
pub(crate) fn pauses(
    client: &Client,
    config: Config,
) -> (Result<Report, PushError>, Vec<Duration>) {
    let pauses = Pauses::default();
    let manifest = ManifestSpec::new(MediaType::OCI_MANIFEST, "{}");
    let (client, runtime) = (&client.client, &client.runtime);
    let push = longshore_async::push(client, config, Vec::new(), manifest, pauses.clone());
    let result = runtime.block_on(push);
    let pauses = pauses.0.lock().unwrap_or_else(PoisonError::into_inner);
    (result, pauses.clone())
}

/// A source whose opening and reading block.
pub(crate) fn reading<F, R>(open: F) -> impl Source + 'static
where
    F: Fn(u64) -> io::Result<R> + Send + Sync + 'static,
    R: Read + Send + 'static,
{
    let open = Arc::new(open);
    from_fn(move |offset| {
        let open = Arc::clone(&open);
        async move { Ok(Reader::blocking_with(move || open(offset))) }
    })
}

impl Client {
    pub(crate) fn perform(
        &self,
        request: Request<Body>,
        limits: &Limits,
        gauge: &Arc<Gauge>,
    ) -> Outcome {
        self.runtime
            .block_on(self.client.perform(request, limits, gauge))
    }

    /// Begins an exchange, and drops it when `when` says so.
    pub(crate) fn perform_until(
        &self,
        request: Request<Body>,
        limits: &Limits,
        when: impl Fn() -> bool,
    ) {
        let gauge = Arc::default();
        self.runtime.block_on(async {
            let mut exchange = std::pin::pin!(self.client.perform(request, limits, &gauge));
            while !when() {
                let pause = tokio::time::sleep(Duration::from_millis(1));
                tokio::select! {
                    outcome = &mut exchange => panic!("it ended by itself: {outcome:?}"),
                    () = pause => {}
                }
            }
        });
    }
}

/// Knows the password.
pub(crate) struct Alice;

impl Handler for Alice {
    async fn credentials(&mut self, _: &CredentialsRequest) -> Option<Credentials> {
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
