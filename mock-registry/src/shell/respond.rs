//! One request on a socket, with all that may go wrong with it.

use std::sync::Arc;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::{Request, Response, Version, header};

use super::Shared;
use super::body::Outgoing;
use super::heads::TWO_LENGTHS;
use super::server::{linger, outgoing, without_body};
use super::socket::Control;
use crate::core::TwoLengths;
use crate::fault::{Delivery, H2Fault, Hunger, Reply, Turn, Wire};
use crate::record::Peer;

/// A request that gets no answer: its connection ends, or on HTTP/2 its stream.
#[derive(Debug, thiserror::Error)]
pub(super) enum Severed {
    /// The connection ends.
    #[error("the connection is cut, as the fault says")]
    Cut,
    /// The stream is reset with this.
    #[error("the stream is reset, as the fault says")]
    Stream(#[source] h2::Error),
}

/// Answers a request.
pub(super) async fn respond(
    shared: &Arc<Shared>,
    peer: Peer,
    control: &Control,
    request: Request<Incoming>,
) -> Result<Response<Outgoing>, Severed> {
    let (mut parts, body) = request.into_parts();
    if shared.live && parts.uri.path() == LIVE {
        return Ok(verdict(shared));
    }
    if parts.version != Version::HTTP_2 {
        let flaws = control.next_flaws();
        if flaws.0.contains(&TWO_LENGTHS) {
            parts.extensions.insert(TwoLengths);
        }
        parts.extensions.insert(flaws);
    }
    let turn = shared.registry().begin(shared.now(), peer, &parts);
    let wire = turn.wire().clone();
    let mut guard = Guard {
        shared,
        turn: Some(turn),
    };
    control.swallow_continue(wire.no_continue);
    if let Some(time) = wire.stall {
        tokio::time::sleep(time).await;
    }
    // Whoever waits for a 100 must not get one by our reading.
    let waits = parts.headers.contains_key(header::EXPECT);
    match receive(&mut guard, body, &wire, waits).await {
        Received::Enough => {}
        // The answer finds no reader; the guard notes that the client vanished.
        Received::Gone => return Ok(Response::new(Outgoing::Bytes(bytes::Bytes::new()))),
        Received::Cut => {
            if wire.cut.is_some_and(|cut| cut.reset) {
                control.reset();
            }
            return Err(Severed::Cut);
        }
    }
    if let Some(time) = wire.delay {
        tokio::time::sleep(time).await;
    }
    let Reply { response, wire } = guard.end();
    if let Some(time) = wire.refuse {
        // With the server gone there is no door to shut.
        let _ = shared.shut.send(time);
    }
    let http2 = parts.version == Version::HTTP_2;
    match wire.h2 {
        Some(H2Fault::GoAway) if http2 => control.goaway.notify_one(),
        Some(H2Fault::Refused) if http2 => {
            return Err(Severed::Stream(h2::Reason::REFUSED_STREAM.into()));
        }
        _ => {}
    }
    match wire.delivery {
        Delivery::Lost => return Err(Severed::Cut),
        Delivery::Reset => {
            control.reset();
            return Err(Severed::Cut);
        }
        Delivery::Whole | Delivery::Truncated(_) => {}
    }
    let mut response = outgoing(shared, response);
    if http2 {
        response.headers_mut().remove(header::CONNECTION);
    } else {
        if wire.close {
            let close = header::HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        control.arm(&wire);
    }
    if let Some(left) = wire.endless
        && let Outgoing::Bytes(piece) = response.body_mut()
    {
        let piece = std::mem::take(piece);
        *response.body_mut() = Outgoing::Repeated { piece, left };
    }
    if parts.method == hyper::Method::HEAD {
        response = without_body(response);
    }
    Ok(response)
}

/// How the clients do so far, as a page. It is not recorded.
fn verdict(shared: &Shared) -> Response<Outgoing> {
    let page = crate::judge::judge_record(&shared.registry()).html();
    let mut response = Response::new(Outgoing::Bytes(page.into()));
    let html = header::HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}

/// How the body of a request ended.
enum Received {
    /// It is complete, or enough is known.
    Enough,
    /// The client vanished.
    Gone,
    /// The connection is to be cut.
    Cut,
}

async fn receive(guard: &mut Guard<'_>, mut body: Incoming, wire: &Wire, waits: bool) -> Received {
    match guard.hunger() {
        Hunger::More => {}
        Hunger::Enough => {
            // Others may be sending already, and a closed socket would cost them the answer.
            if !waits && !wire.abrupt && wire.h2.is_none() {
                tokio::spawn(linger(body));
            }
            return Received::Enough;
        }
        Hunger::Cut => return Received::Cut,
    }
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Received::Gone;
        };
        let Some(data) = frame.data_ref() else {
            continue;
        };
        let at_once = wire.slow_read.map_or(data.len().max(1), |(bytes, _)| {
            usize::try_from(bytes).unwrap_or(usize::MAX)
        });
        for piece in data.chunks(at_once) {
            match guard.take(piece) {
                Hunger::More => {}
                Hunger::Enough => {
                    if !wire.abrupt {
                        tokio::spawn(linger(body));
                    }
                    return Received::Enough;
                }
                Hunger::Cut => return Received::Cut,
            }
            if let Some((_, pause)) = wire.slow_read {
                tokio::time::sleep(pause).await;
            }
        }
    }
    Received::Enough
}

/// A turn that is dropped when the client vanishes and the request's future with it.
struct Guard<'a> {
    shared: &'a Arc<Shared>,
    turn: Option<Turn>,
}

impl Guard<'_> {
    fn hunger(&self) -> Hunger {
        self.turn.as_ref().map_or(Hunger::Enough, Turn::hunger)
    }

    fn take(&mut self, piece: &[u8]) -> Hunger {
        self.turn
            .as_mut()
            .map_or(Hunger::Enough, |turn| turn.body(piece))
    }

    fn end(&mut self) -> Reply {
        let turn = self
            .turn
            .take()
            .expect("a guard is ended once, by its only user");
        self.shared.registry().end(self.shared.now(), turn)
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if let Some(turn) = self.turn.take() {
            self.shared.registry().drop_turn(self.shared.now(), turn);
        }
    }
}

/// Where the verdict is.
const LIVE: &str = "/_longshore/";
