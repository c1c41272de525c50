//! `longshore-async` against a socket.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use longshore_async::{Client, Handler, Reader, Session, from_fn};
use longshore_protocol::{Credentials, CredentialsRequest};
use tokio::runtime::Builder;

use super::super::image::Yield;
use super::super::scenario::Scenario;
use super::super::server::Server;
use super::Played;

/// Plays `scenario`.
///
/// # Errors
/// There is no socket or no runtime to be had.
pub fn play(scenario: &Scenario) -> io::Result<Played> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(push(scenario))
}

async fn push(scenario: &Scenario) -> io::Result<Played> {
    let server = Server::start(scenario)?;
    let client = Client::builder()
        .proxy(None)
        .build()
        .map_err(io::Error::other)?;
    let config = scenario.config(&server.client_host());
    let mut session = Session::new(&client, config, Caller(Arc::new(scenario.clone())));
    for blob in &scenario.image.blobs {
        let spec = blob.spec();
        let blob = blob.clone();
        let source = from_fn(move |offset| {
            let reader = match blob.source {
                Yield::All => Reader::bytes(blob.yields(offset).0),
                _ => Reader::blocking(blob.reader(offset)),
            };
            std::future::ready(Ok(reader))
        });
        let added = session.add_blob(spec, source);
        added.expect("the manifest is not set");
    }
    if session.set_manifest(scenario.image.manifest()).is_err() {
        session.cancel();
    }
    if scenario.is_cancelled() {
        while session.drive_for(PACE).await.is_ok() {
            if server.wants_cancel() {
                session.cancel();
                // Its end, if it comes at once, is for `finish` to tell.
                let _ = session.drive_for(Duration::ZERO).await;
                server.cancelled();
                break;
            }
        }
    }
    let result = session.finish().await;
    Ok(server.played(result))
}

/// Answers for the scenario's caller.
struct Caller(Arc<Scenario>);

impl Handler for Caller {
    async fn credentials(&mut self, request: &CredentialsRequest) -> Option<Credentials> {
        self.0.credentials(request.reason)
    }
}

/// How often the script is asked whether it is time to cancel.
const PACE: Duration = Duration::from_millis(3);
