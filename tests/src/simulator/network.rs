//! The way to the registry and back, and what can happen on it.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, RANGE, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request, Response};
use longshore_mock_registry::Begun;
use longshore_protocol::{
    Exchange, Extent, Failure, FailureKind, Payload, Receipt, RequestId, Ticket, Timestamp,
};

use super::plan::Fault;
use super::{Arrival, World};

/// When something arrives, and for which request.
type When = (Timestamp, RequestId);

impl World<'_> {
    /// Sends one request through the network. The registry sees it at once; what comes back is on
    /// its way.
    pub(super) fn transmit(&mut self, exchange: Exchange) -> Result<(When, Arrival), String> {
        let Exchange {
            ticket,
            request,
            limits,
        } = exchange;
        let id = ticket.id();
        let (mut parts, payload) = request.into_parts();
        // Drivers frame requests; the machine does not.
        if let Some(length) = payload.length() {
            parts
                .headers
                .insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        let is_manifest = parts.method == Method::PUT && parts.uri.path().contains("/manifests/");
        let fault = self.fault(is_manifest);
        let latency = Duration::from_millis(1 + self.random.below(200));
        let is_stuck = matches!(
            fault,
            Some(Fault::Refused | Fault::Stalled | Fault::Forgotten)
        );
        // There is no progress to tell of.
        if is_stuck && let Some(flying) = self.air.get_mut(&id) {
            flying.length = 0;
        }
        if fault == Some(Fault::Refused) {
            let failure = Failure::new(FailureKind::Connect, "connection refused");
            return Ok(((self.now + latency, id), Arrival::Failure(ticket, failure)));
        }
        let (body, receipt) = self.body(&payload);
        let carried = matches!(payload, Payload::Blob(_)).then_some(body.len());
        if let Some(response) = self.front(&mut parts, carried, fault)? {
            let arrival = answer(ticket, response, receipt);
            return Ok(((self.now + latency, id), arrival));
        }
        let path = parts.uri.path().to_owned();
        if fault == Some(Fault::SessionLost) && is_session(&path) {
            self.lost.insert(path.clone());
        }
        let timed_out = |kind| Failure::new(kind, "nothing moved").with_receipt(receipt.clone());
        let arrival = match fault {
            Some(Fault::Stalled) => {
                let failure = timed_out(FailureKind::TimedOut);
                let pause = limits.total.unwrap_or(limits.answer);
                return Ok(((self.now + pause, id), Arrival::Failure(ticket, failure)));
            }
            Some(Fault::Forgotten) => Arrival::Nothing,
            Some(Fault::CutAfter(percent)) => {
                let arrived = body.len() * usize::try_from(percent).unwrap_or(0) / 100;
                let request = Request::from_parts(parts, body.slice(..arrived));
                self.cut(request);
                self.broken(ticket, arrived, receipt)
            }
            Some(Fault::AnswerLost) => {
                self.deliver(Request::from_parts(parts, body));
                let failure = Failure::new(FailureKind::Interrupted, "the answer was lost");
                Arrival::Failure(ticket, failure.with_receipt(receipt))
            }
            Some(Fault::Pretended) => answer(ticket, plain(201), receipt),
            Some(Fault::Status(status)) => answer(ticket, plain(status), receipt),
            Some(Fault::Busy(seconds)) => {
                let mut response = plain(429);
                response
                    .headers_mut()
                    .insert("retry-after", HeaderValue::from(seconds));
                answer(ticket, response, receipt)
            }
            // From a token server it would mean that the password is wrong.
            Some(Fault::Unauthorized)
                if parts.headers.contains_key(AUTHORIZATION) && path != *self.token_path() =>
            {
                let mut response = plain(401);
                let challenge = HeaderValue::from_static("Basic realm=\"x\"");
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
                answer(ticket, response, receipt)
            }
            // Other words for "done" are used for what is put; elsewhere they mean something else.
            Some(Fault::DoneBut(status)) if status >= 500 || parts.method == Method::PUT => {
                let response = self.deliver(Request::from_parts(parts, body));
                // What it refuses it does not do, whatever it is to say of what it does.
                let is_done = response.status().is_success();
                let said = if is_done { plain(status) } else { response };
                answer(ticket, said, receipt)
            }
            Some(Fault::Doubled) => {
                let first = Request::from_parts(parts.clone(), body.clone());
                self.deliver(first);
                let response = self.deliver(Request::from_parts(parts, body));
                answer(ticket, response, receipt)
            }
            other => {
                let mut response = self.deliver(Request::from_parts(parts, body));
                distort(&mut response, other);
                answer(ticket, response, receipt)
            }
        };
        Ok(((self.now + latency, id), arrival))
    }

    fn token_path(&self) -> &str {
        &self.plan.profile.auth.token_path
    }

    /// What goes wrong with this request.
    fn fault(&mut self, is_manifest: bool) -> Option<Fault> {
        let now = self.now.elapsed();
        let in_outage = self
            .plan
            .outages
            .iter()
            .any(|(from, until)| (*from..*until).contains(&now));
        let planned = self.plan.faults.iter().find(|(n, _)| *n == self.sent);
        let fault = match planned {
            _ if in_outage => Some(Fault::Refused),
            Some((_, fault)) => Some(*fault),
            None if is_manifest && self.lies_left > 0 => {
                self.lies_left -= 1;
                Some(Fault::Pretended)
            }
            None => None,
        };
        if let Some(fault) = fault {
            self.faults += 1;
            self.note(format_args!("fault: {fault:?}"));
        }
        fault
    }

    /// The bytes of a body, as a driver would read them from the source.
    fn body(&mut self, payload: &Payload) -> (Bytes, Receipt) {
        let slice = match payload {
            Payload::Empty => return (Bytes::new(), Receipt::default()),
            Payload::Bytes(bytes) => return (bytes.clone(), Receipt::default()),
            Payload::Blob(slice) => slice,
        };
        let (all, content) = self.source_of(slice.blob).read();
        let start = usize::try_from(slice.offset).expect("simulated blobs are small");
        let end = match slice.extent {
            Extent::Exact(length) => start + usize::try_from(length).expect("as above"),
            Extent::ToEnd => all.len(),
        };
        let end = end.min(all.len());
        let is_whole = start == 0 && end == all.len();
        let receipt = Receipt {
            sent: (end - start) as u64,
            end: is_whole.then_some(content),
        };
        (all.slice(start..end), receipt)
    }

    fn deliver(&mut self, request: Request<Bytes>) -> Response<Bytes> {
        if self.lost.contains(request.uri().path()) {
            let body = r#"{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":"gone"}]}"#;
            let mut response = plain(404);
            *response.body_mut() = Bytes::from_static(body.as_bytes());
            return response;
        }
        self.registry.handle(self.now.elapsed(), request)
    }

    /// The connection breaks in mid-body.
    fn cut(&mut self, request: Request<Bytes>) {
        if self.lost.contains(request.uri().path()) {
            return;
        }
        let (parts, body) = request.into_parts();
        let now = self.now.elapsed();
        if let Begun::Receive(mut call) = self.registry.begin(now, &parts) {
            call.body(&body);
            self.registry.drop_call(now, call);
        }
    }

    /// A driver may have taken more from the source than arrived.
    fn broken(&mut self, ticket: Ticket, arrived: usize, whole: Receipt) -> Arrival {
        let rest = whole.sent.saturating_sub(arrived as u64);
        let sent = (arrived as u64).min(whole.sent) + self.random.below(rest + 1);
        let receipt = Receipt {
            end: whole.end.filter(|_| sent == whole.sent),
            sent,
        };
        let failure = Failure::new(FailureKind::Interrupted, "the connection broke");
        Arrival::Failure(ticket, failure.with_receipt(receipt))
    }
}

fn answer(ticket: Ticket, response: Response<Bytes>, receipt: Receipt) -> Arrival {
    Arrival::Answer(ticket, response, receipt)
}

fn plain(status: u16) -> Response<Bytes> {
    Response::builder()
        .status(status)
        .body(Bytes::new())
        .expect("the plan's statuses are ones")
}

/// Changes what the registry says of how much it has, or of what.
fn distort(response: &mut Response<Bytes>, fault: Option<Fault>) {
    let headers = response.headers_mut();
    match fault {
        Some(Fault::RangeMissing) => {
            headers.remove(RANGE);
        }
        Some(Fault::Unnamed) => {
            headers.remove("docker-content-digest");
        }
        Some(Fault::RangeOff(by)) => {
            let last = headers
                .get(RANGE)
                .and_then(|value| value.to_str().ok()?.rsplit('-').next()?.parse::<i64>().ok());
            if let Some(last) = last
                && let Ok(value) = HeaderValue::from_str(&format!("0-{}", (last + by).max(0)))
            {
                headers.insert(RANGE, value);
            }
        }
        _ => {}
    }
}

fn is_session(path: &str) -> bool {
    path.contains("/blobs/uploads/") && !path.ends_with('/')
}
