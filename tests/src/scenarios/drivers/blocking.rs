//! `longshore-blocking` against a socket.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use longshore_blocking::{Client, Handler, Session, from_fn};
use longshore_protocol::{Credentials, CredentialsRequest};

use super::super::scenario::Scenario;
use super::super::server::Server;
use super::Played;

/// Plays `scenario`.
///
/// # Errors
/// There is no socket to be had.
pub fn play(scenario: &Scenario) -> io::Result<Played> {
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
        let source = from_fn(move |offset| Ok(blob.reader(offset)));
        let added = session.add_blob(spec, source);
        added.expect("the manifest is not set");
    }
    if session.set_manifest(scenario.image.manifest()).is_err() {
        session.cancel();
    }
    if scenario.is_cancelled() {
        while session.drive_for(PACE).is_ok() {
            if server.wants_cancel() {
                session.cancel();
                // Its end, if it comes at once, is for `finish` to tell.
                let _ = session.drive_for(Duration::ZERO);
                server.cancelled();
                break;
            }
        }
    }
    let result = session.finish();
    Ok(server.played(result))
}

/// Answers for the scenario's caller.
struct Caller(Arc<Scenario>);

impl Handler for Caller {
    fn credentials(&mut self, request: &CredentialsRequest) -> Option<Credentials> {
        self.0.credentials(request.reason)
    }
}

/// How often the script is asked whether it is time to cancel.
const PACE: Duration = Duration::from_millis(3);
