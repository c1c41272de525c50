//! Connections and requests.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, header};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::Shared;
use super::body::Outgoing;
use crate::core::{Appetite, Begun, Body, Call, HangUp};

/// Serves until told to stop, or until the other end of `stopped` is gone.
pub(super) async fn serve(
    shared: Arc<Shared>,
    listener: std::net::TcpListener,
    tls: Option<TlsAcceptor>,
    mut stopped: oneshot::Receiver<()>,
) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(Arc::clone(&shared), stream, tls.clone()));
                }
                // Out of file descriptors, most likely: let some connections end.
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
            _ = &mut stopped => break,
        }
    }
    connections.shutdown().await;
}

async fn connection(shared: Arc<Shared>, stream: TcpStream, tls: Option<TlsAcceptor>) {
    // Answers are small and waited for.
    let _ = stream.set_nodelay(true);
    match tls {
        None => converse(shared, stream).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                converse(shared, stream).await;
            }
        }
    }
}

async fn converse(
    shared: Arc<Shared>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move {
            let response = respond(&shared, request).await;
            match response.extensions().get::<HangUp>() {
                None => Ok(response),
                Some(HangUp) => Err(HungUp),
            }
        }
    });
    // How a connection ends is the client's business.
    let _ = builder
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn respond(shared: &Arc<Shared>, request: Request<Incoming>) -> Response<Outgoing> {
    let (parts, mut body) = request.into_parts();
    let begun = shared.core().begin(shared.now(), &parts);
    let call = match begun {
        Begun::Answer(response) => {
            // Whoever waits for a 100 must not get one by our reading; others may be sending
            // already, and a closed socket would cost them the answer.
            if !parts.headers.contains_key(header::EXPECT) {
                tokio::spawn(linger(body));
            }
            let response = outgoing(shared, response);
            return if parts.method == hyper::Method::HEAD {
                without_body(response)
            } else {
                response
            };
        }
        Begun::Receive(call) => call,
    };
    let mut guard = Guard {
        shared,
        call: Some(call),
    };
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            // The answer finds no reader; the guard notes that the client vanished.
            return Response::new(Outgoing::Bytes(bytes::Bytes::new()));
        };
        let Some(piece) = frame.data_ref() else {
            continue;
        };
        if guard.take(piece) == Appetite::Enough {
            tokio::spawn(linger(body));
            break;
        }
    }
    let response = guard.end();
    outgoing(shared, response)
}

/// Why a connection ends without an answer: the registry hangs up.
#[derive(Debug, thiserror::Error)]
#[error("the registry hangs up")]
struct HungUp;

/// A call that is dropped when the client vanishes and the request's future with it.
struct Guard<'a> {
    shared: &'a Arc<Shared>,
    call: Option<Call>,
}

impl Guard<'_> {
    fn take(&mut self, piece: &[u8]) -> Appetite {
        self.call
            .as_mut()
            .map_or(Appetite::Enough, |call| call.body(piece))
    }

    fn end(&mut self) -> Response<Body> {
        let call = self
            .call
            .take()
            .expect("a guard is ended once, by its only user");
        self.shared.core().end(self.shared.now(), call)
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            self.shared.core().drop_call(self.shared.now(), call);
        }
    }
}

fn outgoing(shared: &Shared, response: Response<Body>) -> Response<Outgoing> {
    let (mut parts, body) = response.into_parts();
    let body = match body {
        Body::Empty => Outgoing::Bytes(bytes::Bytes::new()),
        Body::Bytes(bytes) => Outgoing::Bytes(bytes),
        Body::Stored { digest, range } => match shared.core().open(&digest) {
            Ok(Some(reader)) => Outgoing::Stored {
                reader,
                at: range.start,
                end: range.end,
            },
            // Deleted between the answer and its body.
            Ok(None) | Err(_) => {
                parts.status = hyper::StatusCode::INTERNAL_SERVER_ERROR;
                parts.headers.clear();
                Outgoing::Bytes(bytes::Bytes::new())
            }
        },
    };
    Response::from_parts(parts, body)
}

/// The answer to a `HEAD`: its headers say how long the body would be, and there is none. HTTP/1.1
/// sees to that by itself; over HTTP/2 a body would be an error.
fn without_body(response: Response<Outgoing>) -> Response<Outgoing> {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = hyper::body::Body::size_hint(&body)
        .exact()
        .filter(|length| *length > 0)
    {
        let length = header::HeaderValue::from(length);
        parts
            .headers
            .entry(header::CONTENT_LENGTH)
            .or_insert(length);
    }
    Response::from_parts(parts, Outgoing::Bytes(bytes::Bytes::new()))
}

/// Reads on for a while after an early answer, as nginx does with `lingering_close`: closing a
/// socket with unread bytes resets it, and the client would see the reset instead of the answer.
async fn linger(mut body: Incoming) {
    let drain = async {
        let mut left = LINGER_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, bytes::Bytes::len);
            match left.checked_sub(length) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    let _ = tokio::time::timeout(LINGER_TIME, drain).await;
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(20);
const WINDOW: u32 = 4 << 20;
const LINGER_BYTES: usize = 4 << 20;
const LINGER_TIME: Duration = Duration::from_secs(2);
