//! One HTTP exchange: a request sent once, as it is, and its answer or what went wrong.
//!
//! A [`Session`](crate::Session) does all of this by itself. It is public for drivers of other
//! machines, and for tests.

mod body;
mod failure;
mod watch;

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use http::header::PROXY_AUTHORIZATION;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use longshore_protocol::{Extent, Failure, FailureKind, Limits, Receipt};
use longshore_transport::{Place, Proxy, Route, framing};
use ureq::SendBody;

use self::body::BodyReader;
pub(crate) use self::watch::Watch;
use crate::client::Client;
use crate::source::Source;

/// The answer and what was sent for it, or what went wrong and what was sent before.
pub type Outcome = Result<(Response<Bytes>, Receipt), Failure>;

/// The body of a request: a [`Payload`](longshore_protocol::Payload) with its source at hand.
#[derive(Clone)]
#[non_exhaustive]
pub enum Body {
    /// No body. `POST`, `PUT`, `PATCH` and `DELETE` carry `Content-Length: 0` all the same.
    Empty,
    /// These bytes, with their length.
    Bytes(Bytes),
    /// A part of what a source yields.
    Source {
        /// Opened when the first byte is about to be sent.
        source: Arc<dyn Source>,
        /// The first byte.
        offset: u64,
        /// Up to where. What ends nobody knows where is sent with chunked transfer coding.
        extent: Extent,
        /// How many bytes the source holds, where that is known.
        size: Option<u64>,
    },
}

/// How far a request's body is, to be seen from outside; and that it should stop, to be seen from
/// inside.
#[derive(Debug, Default)]
pub struct Gauge {
    sent: AtomicU64,
    abort: AtomicBool,
    cut: AtomicBool,
}

impl Client {
    /// Performs one exchange: sends `request` once, as it is, and reads the answer.
    ///
    /// There are no redirects, no retries, no decoding, no cookies and no header of its own but
    /// `Host`, those that frame the body, and `Expect: 100-continue` before a body of a mebibyte
    /// or more, or of unknown length. A server that answers with the body half sent is heard: the
    /// rest is not sent, and the answer is returned.
    ///
    /// The answer's body is cut at [`Limits::response_body`]. `gauge` must not have been used
    /// before.
    ///
    /// # Errors
    /// Why there is no answer. `detail` names host and port, and never anything else of the
    /// request.
    pub fn perform(&self, request: Request<Body>, limits: &Limits, gauge: &Arc<Gauge>) -> Outcome {
        let (parts, body) = request.into_parts();
        let place =
            Place::of_request(&parts).map_err(|why| Failure::new(FailureKind::Refused, why))?;
        self.nearness.check(&place)?;
        let (watch, _performing) = Watch::begin(*limits, gauge, place);
        let mut body = BodyReader::new(body, watch.clone(), Arc::clone(gauge));
        let expect = framing::expects(body.length());
        let mut result = self.once(&parts, &mut body, expect, limits, &watch);
        if expect
            && gauge.sent() == 0
            && matches!(&result, Ok(answer) if answer.status() == StatusCode::EXPECTATION_FAILED)
        {
            // Refused for the `Expect` alone, with nothing read from the source: RFC 9110, section
            // 10.1.1, has such a request repeated without it.
            watch.again();
            body.again();
            result = self.once(&parts, &mut body, false, limits, &watch);
        }
        match (result, body.broken()) {
            (answer, Some(trouble)) => {
                let headers = answer.map(|answer| answer.headers().clone());
                let failure = Failure::from(trouble).with_headers(headers.unwrap_or_default());
                Err(failure.with_receipt(body.receipt()))
            }
            (Ok(answer), None) => Ok((answer, body.receipt())),
            (Err(error), None) => {
                let failure = Failure::from(failure::explain(&error, &watch));
                Err(failure.with_receipt(body.receipt()))
            }
        }
    }

    fn once(
        &self,
        parts: &Parts,
        body: &mut BodyReader,
        expect: bool,
        limits: &Limits,
        watch: &Watch,
    ) -> Result<Response<Bytes>, ureq::Error> {
        let mut request = Request::new(());
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = parts.uri.clone();
        *request.headers_mut() = parts.headers.clone();
        let headers = request.headers_mut();
        let length = body.length();
        framing::announce(headers, &parts.method, length, expect);
        let proxy = match self.proxies.route(watch.place()) {
            Route::Forward(proxy) => Some(proxy),
            Route::Direct | Route::Tunnel(_) => None,
        };
        if let Some(login) = proxy.and_then(Proxy::authorization) {
            headers.insert(PROXY_AUTHORIZATION, login);
        }
        let answer = match length {
            Some(0) => self.agent.run(request),
            _ => self
                .agent
                .run(request.map(|()| SendBody::from_reader(body))),
        };
        let (parts, body) = answer?.into_parts();
        if let Some(proxy) = proxy
            && let Some(refusal) = proxy.refusal(watch.place(), parts.status, &parts.headers)
        {
            return Err(watch.fail(refusal).into());
        }
        let body = read(body, limits.response_body)?;
        let mut answer = Response::new(body);
        *answer.status_mut() = parts.status;
        *answer.version_mut() = parts.version;
        *answer.headers_mut() = parts.headers;
        Ok(answer)
    }
}

impl Gauge {
    /// How many bytes of the body have left its source.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Stops the exchange: within a tenth of a second while it waits for the network, and not
    /// before a name server, a connection that is being made, or a source lets go of it.
    pub fn abort(&self) {
        self.abort.store(true, Ordering::Relaxed);
    }

    /// Ends a body of unknown length where it is, before its source is read the next time. The answer
    /// is waited for, and the receipt names no end.
    pub fn cut_short(&self) {
        self.cut.store(true, Ordering::Relaxed);
    }

    fn is_cut_short(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.abort.load(Ordering::Relaxed)
    }

    fn count(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Source { offset, extent, .. } => write!(f, "Source({offset}, {extent:?})"),
        }
    }
}

/// At most `limit` bytes of an answer's body. Reading one byte more tells whether the answer is
/// over and the connection can be kept.
fn read(body: ureq::Body, limit: usize) -> Result<Bytes, ureq::Error> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    io::copy(&mut body.into_reader().take(most), &mut bytes)?;
    bytes.truncate(limit);
    Ok(bytes.into())
}
