//! One HTTP exchange: a request sent once, as it is, and its answer or what went wrong.
//!
//! A [`Session`](crate::Session) does all of this by itself. It is public for drivers of other
//! machines, and for tests.

mod failure;
mod feed;
mod hashing;
mod outgoing;
mod watch;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

use bytes::{Bytes, BytesMut};
use http::header::{HOST, HeaderValue, PROXY_AUTHORIZATION, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use longshore_protocol::{Extent, Failure, FailureKind, Limits, Receipt};
use longshore_transport::failure::{Step, Trouble};
use longshore_transport::{Place, Proxy, Route, framing};

use self::feed::Feed;
use self::hashing::Tail;
pub(crate) use self::outgoing::Outgoing;
use self::watch::Course;
pub(crate) use self::watch::Watch;
use crate::client::Client;
use crate::connection::{Line, Line1, Line2};
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
        /// Up to where. What ends nobody knows where is sent with chunked transfer coding on
        /// HTTP/1.1.
        extent: Extent,
        /// How many bytes the source holds, where that is known.
        size: Option<u64>,
    },
}

/// How far a request's body is, to be seen from outside; and that it should end, to be seen from
/// inside.
#[derive(Debug, Default)]
pub struct Gauge {
    sent: AtomicU64,
    cut: AtomicBool,
    /// Of the task that sends the body.
    sender: Mutex<Option<Waker>>,
}

impl Client {
    /// Performs one exchange: sends `request` once, as it is, and reads the answer.
    ///
    /// There are no redirects, no retries, no decoding, no cookies and no header of its own but
    /// `Host`, those that frame the body, and, on HTTP/1.1, `Expect: 100-continue` before a body of
    /// a mebibyte or more, or of unknown length. A server that answers with the body half sent is
    /// heard: the rest is not sent, and the answer is returned.
    ///
    /// The answer's body is cut at [`Limits::response_body`]. `gauge` must not have been used
    /// before. Dropping the future closes the connection, or ends the stream on HTTP/2.
    ///
    /// # Errors
    /// Why there is no answer. `detail` names host and port, and never anything else of the
    /// request.
    pub async fn perform(
        &self,
        request: Request<Body>,
        limits: &Limits,
        gauge: &Arc<Gauge>,
    ) -> Outcome {
        let (parts, body) = request.into_parts();
        let place =
            Place::of_request(&parts).map_err(|why| Failure::new(FailureKind::Refused, why))?;
        self.dialer.nearness.check(&place)?;
        let expect = framing::expects(length(&body));
        let mut attempt = Attempt::new(limits, &place, gauge, expect);
        let mut result = self.once(&parts, &body, &attempt, limits).await;
        if expect
            && gauge.sent() == 0
            && matches!(&result, Ok(answer) if answer.status() == StatusCode::EXPECTATION_FAILED)
        {
            // Refused for the `Expect` alone, with nothing read from the source: RFC 9110, section
            // 10.1.1, has such a request repeated without it.
            attempt = Attempt::new(limits, &place, gauge, false);
            result = self.once(&parts, &body, &attempt, limits).await;
        }
        let mut receipt = Receipt {
            sent: gauge.sent(),
            end: attempt.tail.content().await,
        };
        if let Some(trouble) = attempt.tail.broken() {
            let headers = result.map(|answer| answer.headers().clone());
            let failure = Failure::from(trouble).with_headers(headers.unwrap_or_default());
            return Err(failure.with_receipt(receipt));
        }
        match result {
            Ok(answer) => Ok((answer, receipt)),
            Err(trouble) => {
                if trouble.kind != FailureKind::Source && attempt.tail.is_reading() {
                    // What the thread reads at this moment is lost to whoever reads next, though
                    // nobody can count it yet: the source is not untouched.
                    receipt.sent = receipt.sent.max(1);
                }
                Err(Failure::from(trouble).with_receipt(receipt))
            }
        }
    }

    async fn once(
        &self,
        parts: &Parts,
        body: &Body,
        attempt: &Attempt<'_>,
        limits: &Limits,
    ) -> Result<Response<Bytes>, Trouble> {
        let watch = &attempt.watch;
        let exchange = async {
            if let Some(line) = self.dialer.kept(watch.place()).await {
                match self.on(line, parts, body, attempt, limits).await {
                    Err(Unsent::Closed) => {}
                    Err(Unsent::Trouble(trouble)) => return Err(trouble),
                    Ok(answer) => return Ok(answer),
                }
            }
            watch.enter(Step::Connect);
            let line = self.dialer.dial(watch).await?;
            let result = self.on(line, parts, body, attempt, limits).await;
            result.map_err(|unsent| match unsent {
                Unsent::Trouble(trouble) => trouble,
                Unsent::Closed => {
                    let place = watch.place();
                    let detail = format!("{place} closed the connection before the request");
                    Trouble::new(FailureKind::Connect, detail)
                }
            })
        };
        let stop = Stop(watch);
        let result = watch.limit(exchange).await;
        drop(stop);
        result
    }

    async fn on(
        &self,
        line: Line,
        parts: &Parts,
        body: &Body,
        attempt: &Attempt<'_>,
        limits: &Limits,
    ) -> Result<Response<Bytes>, Unsent> {
        match line {
            Line::One(line) => self.on_single(line, parts, body, attempt, limits).await,
            Line::Two(line) => self.on_shared(line, parts, body, attempt, limits).await,
        }
    }

    async fn on_single(
        &self,
        mut line: Box<Line1>,
        parts: &Parts,
        body: &Body,
        attempt: &Attempt<'_>,
        limits: &Limits,
    ) -> Result<Response<Bytes>, Unsent> {
        let watch = &attempt.watch;
        watch.measure(&line.meter);
        let mut request = attempt.request(parts, body, attempt.expect);
        let proxy = match self.dialer.proxies.route(watch.place()) {
            Route::Forward(proxy) => Some(proxy),
            Route::Direct | Route::Tunnel(_) => None,
        };
        *request.uri_mut() = match proxy {
            // A proxy is told where a request goes.
            Some(_) => parts.uri.clone(),
            // A request to the server itself names it in a header.
            None => {
                let path = parts.uri.path_and_query().cloned();
                Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")))
            }
        };
        let headers = request.headers_mut();
        if let Some(login) = proxy.and_then(Proxy::authorization) {
            headers.insert(PROXY_AUTHORIZATION, login);
        }
        if !headers.contains_key(HOST)
            && let Ok(host) = HeaderValue::from_str(watch.place().authority())
        {
            headers.insert(HOST, host);
        }
        let leave = Arc::clone(watch);
        hyper::ext::on_informational(&mut request, move |interim| {
            if interim.status() == StatusCode::CONTINUE {
                leave.permit();
            }
        });
        let (sender, driver) = line.parts();
        let sent = driver.during(sender.try_send_request(request)).await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(mut error) => {
                return Err(match error.take_message() {
                    Some(_) => Unsent::Closed,
                    None => attempt.trouble(&error.into_error()),
                });
            }
        };
        if let Some(proxy) = proxy
            && let Some(refusal) = proxy.refusal(watch.place(), answer.status(), answer.headers())
        {
            return Err(Unsent::Trouble(refusal));
        }
        let is_sent = watch.step() == Step::Answer;
        watch.steer(Course::Pause);
        watch.enter(Step::Receive);
        let (head, incoming) = answer.into_parts();
        let (body, is_over) = driver
            .during(receive(incoming, limits.response_body, watch))
            .await
            .map_err(|error| attempt.trouble(&error))?;
        if is_sent && is_over && line.is_reusable().await {
            self.dialer.pool.keep(watch.place(), line);
        }
        Ok(Response::from_parts(head, body))
    }

    async fn on_shared(
        &self,
        line: Line2,
        parts: &Parts,
        body: &Body,
        attempt: &Attempt<'_>,
        limits: &Limits,
    ) -> Result<Response<Bytes>, Unsent> {
        let watch = &attempt.watch;
        watch.measure_shared(&line.meter);
        let mut request = attempt.request(parts, body, false);
        *request.uri_mut() = parts.uri.clone();
        request.headers_mut().remove(TRANSFER_ENCODING);
        let mut suspect = Suspect {
            client: self,
            line,
            watch,
            is_bad: false,
        };
        let answer = match suspect.line.sender.try_send_request(request).await {
            Ok(answer) => answer,
            Err(mut error) => {
                suspect.is_bad = !is_about_stream(error.error());
                return match error.take_message() {
                    Some(_) => {
                        suspect.is_bad = true;
                        Err(Unsent::Closed)
                    }
                    None => Err(attempt.trouble(&error.into_error())),
                };
            }
        };
        watch.steer(Course::Pause);
        watch.enter(Step::Receive);
        let (head, incoming) = answer.into_parts();
        match receive(incoming, limits.response_body, watch).await {
            Ok((body, _)) => Ok(Response::from_parts(head, body)),
            Err(error) => {
                suspect.is_bad = !is_about_stream(&error);
                Err(attempt.trouble(&error))
            }
        }
    }
}

impl Gauge {
    /// How many bytes of the body have left its source.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Ends a body of unknown length where it is. The answer is waited for, and the receipt names no
    /// end.
    pub fn cut_short(&self) {
        self.cut.store(true, Ordering::Release);
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waker) = &*sender {
            waker.wake_by_ref();
        }
    }

    /// Whether the body is to end. Wakes the task of `cx` when that changes.
    fn is_cut_short(&self, cx: &Context<'_>) -> bool {
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        if !sender
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            *sender = Some(cx.waker().clone());
        }
        drop(sender);
        self.cut.load(Ordering::Acquire)
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

/// One sending of a request.
struct Attempt<'a> {
    watch: Arc<Watch>,
    gauge: &'a Arc<Gauge>,
    tail: Arc<Tail>,
    expect: bool,
}

impl<'a> Attempt<'a> {
    fn new(limits: &Limits, place: &Place, gauge: &'a Arc<Gauge>, expect: bool) -> Self {
        Self {
            watch: Arc::new(Watch::new(*limits, place.clone())),
            gauge,
            tail: Arc::default(),
            expect,
        }
    }

    /// The request with its framing.
    fn request(&self, parts: &Parts, body: &Body, expect: bool) -> Request<Outgoing> {
        let feed = Feed::new(body.clone(), self.gauge, &self.tail);
        let length = feed.left();
        let mut request = Request::new(Outgoing::new(feed, &self.watch, expect));
        *request.method_mut() = parts.method.clone();
        *request.headers_mut() = parts.headers.clone();
        let headers = request.headers_mut();
        framing::announce(headers, &parts.method, length, expect);
        if length == Some(0) {
            self.watch.enter(Step::Answer);
        } else {
            self.watch.enter(Step::Send);
        }
        request
    }

    fn trouble(&self, error: &hyper::Error) -> Unsent {
        let untouched = self.gauge.sent() == 0 && !self.tail.is_reading();
        Unsent::Trouble(failure::explain(error, &self.watch, untouched))
    }
}

/// Why there is no answer on a connection.
enum Unsent {
    /// It was closed before anything of the request was written.
    Closed,
    Trouble(Trouble),
}

/// Ends the sending of a body when the exchange ends, whichever way.
struct Stop<'a>(&'a Watch);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.steer(Course::Stop);
    }
}

/// A shared connection that is given up when it turns out not to work.
struct Suspect<'a> {
    client: &'a Client,
    line: Line2,
    watch: &'a Watch,
    is_bad: bool,
}

impl Drop for Suspect<'_> {
    fn drop(&mut self) {
        if self.is_bad || self.watch.is_timed_out() {
            self.client
                .dialer
                .pool
                .forget(self.watch.place(), &self.line);
        }
    }
}

/// Whether an error has ended one request and not its whole connection.
fn is_about_stream(error: &hyper::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if let Some(inner) = inner.downcast_ref::<h2::Error>() {
            return inner.is_reset();
        }
        cause = inner.source();
    }
    error.is_user()
}

/// At most `limit` bytes of an answer's body, and whether that is all of it.
async fn receive(
    mut incoming: Incoming,
    limit: usize,
    watch: &Watch,
) -> hyper::Result<(Bytes, bool)> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    let mut empty = 0;
    let is_over = loop {
        let Some(frame) = incoming.frame().await else {
            break true;
        };
        watch.touch();
        let Ok(piece) = frame?.into_data() else {
            continue;
        };
        if piece.is_empty() {
            // A frame without bytes (RFC 9113, section 6.1) costs a server nothing.
            empty += 1;
            if empty > EMPTY_FRAMES {
                break false;
            }
        }
        if all.is_empty() && first.is_empty() {
            first = piece;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&piece);
        }
        if first.len().max(all.len()) > limit {
            break false;
        }
    };
    let mut bytes = if all.is_empty() { first } else { all.freeze() };
    bytes.truncate(limit);
    Ok((bytes, is_over))
}

/// How many frames without bytes an answer may have.
const EMPTY_FRAMES: usize = 1024;

fn length(body: &Body) -> Option<u64> {
    match body {
        Body::Empty => Some(0),
        Body::Bytes(bytes) => Some(bytes.len() as u64),
        Body::Source { extent, .. } => match extent {
            Extent::Exact(length) => Some(*length),
            Extent::ToEnd => None,
        },
    }
}
