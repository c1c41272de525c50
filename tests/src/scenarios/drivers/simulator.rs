//! The machine and the registry's core in one thread, without sockets and clocks.

use std::collections::VecDeque;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING};
use http::{HeaderValue, Method, Request, Response};
use longshore_protocol::{
    Content, Exchange, Extent, Failure, FailureKind, Limits, Output, Payload, Push, Receipt,
    Ticket, Timestamp,
};

use super::super::image::TORN;
use super::super::registry::{Arrived, Reaction, Registry};
use super::super::scenario::Scenario;
use super::Played;

/// Plays `scenario`.
///
/// # Errors
/// The registry cannot be made.
pub fn play(scenario: &Scenario) -> std::io::Result<Played> {
    let mut world = World {
        scenario,
        registry: Registry::new(scenario, HOST)?,
        push: Push::new(scenario.config(HOST), Timestamp::ZERO),
        now: Timestamp::ZERO,
        air: VecDeque::new(),
    };
    for blob in &scenario.image.blobs {
        let added = world.push.add_blob(blob.spec());
        added.expect("the manifest is not set");
    }
    if world.push.set_manifest(scenario.image.manifest()).is_err() {
        world.push.cancel(world.now);
    }
    world.run();
    Ok(Played::new(world.push.finish(), &world.registry, HOST))
}

struct World<'a> {
    scenario: &'a Scenario,
    registry: Registry,
    push: Push,
    now: Timestamp,
    air: VecDeque<(Ticket, Coming)>,
}

/// What comes back for a request.
enum Coming {
    Answer(Response<Bytes>, Receipt),
    Failure(Failure),
    /// The limits run out.
    Nothing(Limits, Receipt),
    /// It is delivered if it has not been aborted by then.
    Late(Request<Bytes>, Receipt),
}

/// A body whose source failed.
struct Torn {
    /// What came before.
    read: Bytes,
    failure: Failure,
}

impl World<'_> {
    fn run(&mut self) {
        loop {
            match self.push.poll(self.now) {
                Output::Send(exchange) => self.send(exchange),
                Output::Abort(id) => self.air.retain(|(ticket, _)| ticket.id() != id),
                // The rest of the body is on its way already.
                Output::CutShort(_) | Output::Event(_) => {}
                Output::Ask(request) => {
                    let credentials = self.scenario.credentials(request.reason);
                    self.push
                        .handle_credentials(self.now, request.ticket, credentials);
                }
                Output::Wait(until) => self.wait(until),
                Output::Done => return,
            }
        }
    }

    fn wait(&mut self, until: Option<Timestamp>) {
        // What takes for ever comes after everything else.
        let is_soon = |(_, coming): &(Ticket, Coming)| !matches!(coming, Coming::Nothing(..));
        let next = self.air.iter().position(is_soon).unwrap_or(0);
        let Some((ticket, coming)) = self.air.remove(next) else {
            self.now = until.expect("with nothing in the air, the machine knows what it waits for");
            return;
        };
        match coming {
            Coming::Answer(answer, receipt) => {
                self.push.handle_response(self.now, ticket, answer, receipt);
            }
            Coming::Failure(failure) => self.push.handle_failure(self.now, ticket, failure),
            Coming::Nothing(limits, receipt) => {
                self.now = self.now + limits.total.unwrap_or(limits.answer);
                let failure = Failure::new(FailureKind::TimedOut, "no answer");
                let failure = failure.with_receipt(receipt);
                self.push.handle_failure(self.now, ticket, failure);
            }
            Coming::Late(request, receipt) => {
                let answer = self.registry.deliver(self.now.elapsed(), request);
                self.push.handle_response(self.now, ticket, answer, receipt);
            }
        }
    }

    fn send(&mut self, exchange: Exchange) {
        let Exchange {
            ticket,
            request,
            limits,
        } = exchange;
        let coming = self.transmit(request, limits);
        self.air.push_back((ticket, coming));
    }

    fn transmit(&mut self, request: Request<Payload>, limits: Limits) -> Coming {
        if let Some(kind) = self.unreachable(&request) {
            return Coming::Failure(Failure::new(kind, "no connection"));
        }
        let (mut parts, payload) = request.into_parts();
        frame(&mut parts, &payload);
        let pending = match self.registry.arrive(&parts) {
            Arrived::Answered(answer) => return Coming::Answer(answer, Receipt::default()),
            Arrived::Wanted(pending) => pending,
        };
        let (body, receipt, torn) = match self.body(&payload) {
            Ok((body, receipt)) => (body, receipt, None),
            // Where its length was not announced, the body is ended there.
            Err(Torn { read, failure }) if payload.length().is_none() => {
                (read, Receipt::default(), Some(failure))
            }
            Err(Torn { failure, .. }) => return Coming::Failure(failure),
        };
        let request = Request::from_parts(parts, body);
        let late = request.clone();
        let coming = match self.registry.react(self.now.elapsed(), pending, request) {
            Reaction::Answer(answer) => Coming::Answer(answer, receipt),
            Reaction::Close => {
                let failure = Failure::new(FailureKind::Interrupted, "the connection broke");
                Coming::Failure(failure.with_receipt(receipt))
            }
            Reaction::Silence => Coming::Nothing(limits, receipt),
            Reaction::Cancel => {
                self.push.cancel(self.now);
                Coming::Late(late, receipt)
            }
        };
        match (torn, coming) {
            (None, coming) => coming,
            (Some(failure), Coming::Answer(answer, _)) => {
                Coming::Failure(failure.with_headers(answer.headers().clone()))
            }
            (Some(failure), _) => Coming::Failure(failure),
        }
    }

    /// Why the place that the request goes to cannot be reached.
    fn unreachable(&self, request: &Request<Payload>) -> Option<FailureKind> {
        let uri = request.uri();
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if self.scenario.nobody || authority.ends_with(":1") {
            return Some(FailureKind::Connect);
        }
        if uri.host().is_some_and(|host| host.ends_with(".invalid")) {
            return Some(FailureKind::Resolve);
        }
        (uri.scheme_str() == Some("https")).then_some(FailureKind::Tls)
    }

    /// What a driver reads for the body.
    fn body(&self, payload: &Payload) -> Result<(Bytes, Receipt), Torn> {
        let slice = match payload {
            Payload::Empty => return Ok((Bytes::new(), Receipt::default())),
            Payload::Bytes(bytes) => {
                let receipt = Receipt {
                    sent: bytes.len() as u64,
                    end: None,
                };
                return Ok((bytes.clone(), receipt));
            }
            Payload::Blob(slice) => slice,
        };
        let blob = &self.scenario.image.blobs[slice.blob.index()];
        let (mut bytes, fails) = blob.yields(slice.offset);
        let wanted = match slice.extent {
            Extent::Exact(length) => usize::try_from(length).expect("blobs are small"),
            Extent::ToEnd => bytes.len() + usize::from(fails),
        };
        let is_whole = slice.offset == 0 && (wanted == blob.bytes.len() || !blob.known);
        if bytes.len() < wanted {
            let receipt = Receipt {
                sent: bytes.len() as u64,
                end: None,
            };
            let failure = Failure::new(FailureKind::Source, TORN).with_receipt(receipt);
            return Err(Torn {
                read: bytes,
                failure,
            });
        }
        bytes.truncate(wanted);
        let receipt = Receipt {
            sent: wanted as u64,
            end: is_whole.then(|| Content::of(&bytes)),
        };
        Ok((bytes, receipt))
    }
}

/// Frames a request as drivers do.
fn frame(parts: &mut http::request::Parts, payload: &Payload) {
    let headers = &mut parts.headers;
    let has_body = matches!(
        parts.method,
        Method::POST | Method::PUT | Method::PATCH | Method::DELETE
    );
    match payload.length() {
        Some(0) if !has_body => {}
        Some(length) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        None => {
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            headers.insert(EXPECT, HeaderValue::from_static("100-continue"));
        }
    }
}

/// As long as those of the sockets: lengths of bodies depend on it.
const HOST: &str = "127.0.0.1:50000";
