//! HTTP/2: streams that are refused, reset, answered early and dropped, and connections that go.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::{Method, Request, Response, StatusCode};
use longshore_async::exchange::{Body, Outcome};
use longshore_async::protocol::{Extent, FailureKind, Limits};
use longshore_async::{Client, Reader, from_fn};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::suite::certificates::issue;
use crate::suite::{gauge, limits, request, source, whole};

type Speaker = Connection<TlsStream<TcpStream>, Bytes>;

#[tokio::test]
async fn many_requests_share_one_connection() {
    let server = Server::start(|_, mut conn| async move {
        while let Some((_, respond)) = next(&mut conn).await {
            answer(respond, 200);
        }
    })
    .await;
    let client = server.client();
    // The first one finds out that the connection can be shared.
    assert_eq!(server.get(&client).await.unwrap().0.status(), 200);
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (client, get) = (client.clone(), server.request(Method::GET, Body::Empty));
        tasks.spawn(async move { client.perform(get, &limits(), &gauge()).await });
    }
    while let Some(outcome) = tasks.join_next().await {
        assert_eq!(outcome.unwrap().unwrap().0.status(), StatusCode::OK);
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn http2_is_spoken_through_a_tunnel_that_requests_share() {
    let server = Server::start(|_, mut conn| async move {
        while let Some((request, respond)) = next(&mut conn).await {
            let is_clean = !request.headers().contains_key("proxy-authorization");
            answer(respond, if is_clean { 200 } else { 500 });
        }
    })
    .await;
    let target = server.address;
    let proxy = crate::suite::Server::start(move |_, conn| {
        let head = conn.head()?;
        assert_eq!(head[0], "CONNECT registry.example:443 HTTP/1.1");
        conn.say("HTTP/1.1 200 OK\r\n\r\n")?;
        conn.join(std::net::TcpStream::connect(target)?)
    });
    let url = format!("http://me:secret@{}", proxy.address());
    let client = server.builder().proxy(Some(url)).build().unwrap();
    for _ in 0..3 {
        let get = request(Method::GET, "https://registry.example/v2/", Body::Empty);
        let (answer, _) = client.perform(get, &limits(), &gauge()).await.unwrap();
        assert_eq!(
            (answer.status(), answer.version()),
            (StatusCode::OK, http::Version::HTTP_2)
        );
    }
    assert_eq!((server.accepted(), proxy.accepted()), (1, 1));
}

#[tokio::test]
async fn a_request_has_its_length_and_its_authority_and_asks_for_no_leave() {
    let (heads, mut seen) = mpsc::channel(1);
    let server = Server::start(move |_, mut conn| {
        let heads = heads.clone();
        async move {
            let (request, respond) = next(&mut conn).await.unwrap();
            let (head, mut body) = request.into_parts();
            let reading = async move {
                let received = read(&mut body).await;
                heads.send((head, received)).await.unwrap();
                answer(respond, 201);
            };
            along(&mut conn, reading).await;
        }
    })
    .await;
    let put = server.request(Method::PUT, whole(vec![7; 3_000_000]));
    let (answer, receipt) = server
        .client()
        .perform(put, &limits(), &gauge())
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(receipt.sent, 3_000_000);
    assert!(receipt.end.is_some());
    let (head, received) = seen.recv().await.unwrap();
    assert_eq!(received, 3_000_000);
    assert_eq!(head.headers["content-length"], "3000000");
    assert!(!head.headers.contains_key("expect"), "{head:?}");
    assert!(!head.headers.contains_key("host"), "{head:?}");
    assert_eq!(
        head.uri.authority().unwrap().as_str(),
        format!("localhost:{}", server.address.port())
    );
}

#[tokio::test]
async fn reasons_for_a_reset_have_their_meanings() {
    for (reason, kind) in [
        (Reason::REFUSED_STREAM, FailureKind::Connect),
        (Reason::INTERNAL_ERROR, FailureKind::Interrupted),
        (Reason::ENHANCE_YOUR_CALM, FailureKind::Interrupted),
        (Reason::CANCEL, FailureKind::Interrupted),
        (Reason::PROTOCOL_ERROR, FailureKind::Protocol),
        (Reason::HTTP_1_1_REQUIRED, FailureKind::Protocol),
    ] {
        let server = Server::start(move |_, mut conn| async move {
            while let Some((_, mut respond)) = next(&mut conn).await {
                respond.send_reset(reason);
            }
        })
        .await;
        let client = server.client();
        let failure = server.get(&client).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{failure:?}");
        let place = format!("localhost:{} ended the request", server.address.port());
        assert!(failure.detail.starts_with(&place), "{failure:?}");
    }
}

#[tokio::test]
async fn a_refused_stream_whose_source_was_read_is_an_interruption() {
    let server = Server::start(|_, mut conn| async move {
        let (request, mut respond) = next(&mut conn).await.unwrap();
        let reading = async move {
            request.into_body().data().await.unwrap().unwrap();
            respond.send_reset(Reason::REFUSED_STREAM);
        };
        along(&mut conn, reading).await;
    })
    .await;
    let put = server.request(Method::PUT, endless());
    let outcome = server.client().perform(put, &limits(), &gauge()).await;
    let failure = outcome.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Interrupted, "{failure:?}");
    assert!(failure.receipt.sent > 0);
}

#[tokio::test]
async fn a_connection_that_goes_away_is_replaced() {
    let server = Server::start(|index, mut conn| async move {
        let (_, respond) = next(&mut conn).await.unwrap();
        if index == 0 {
            // What is under way is finished; nothing new is taken.
            conn.graceful_shutdown();
        }
        answer(respond, 200);
        while next(&mut conn).await.is_some() {}
    })
    .await;
    let client = server.client();
    for _ in 0..2 {
        assert_eq!(server.get(&client).await.unwrap().0.status(), 200);
    }
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn a_connection_that_ends_in_anger_interrupts() {
    let server = Server::start(|_, mut conn| async move {
        let _held = next(&mut conn).await.unwrap();
        conn.abrupt_shutdown(Reason::INTERNAL_ERROR);
        while next(&mut conn).await.is_some() {}
    })
    .await;
    let client = server.client();
    let failure = server.get(&client).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Interrupted, "{failure:?}");
}

#[tokio::test]
async fn an_early_answer_ends_the_body_and_not_the_connection() {
    let server = Server::start(|_, mut conn| async move {
        let mut held = Vec::new();
        while let Some((request, mut respond)) = next(&mut conn).await {
            let denied = request.method() == Method::PUT;
            // The body is left unread, so that the stream stays open.
            held.push(request.into_body());
            if denied {
                let head = Response::builder().status(401).body(()).unwrap();
                let mut body = respond.send_response(head, false).unwrap();
                body.send_data(Bytes::from_static(b"denied"), true).unwrap();
            } else {
                answer(respond, 200);
            }
        }
    })
    .await;
    let client = server.client();
    let put = server.request(Method::PUT, endless());
    let (answer, receipt) = client.perform(put, &limits(), &gauge()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(answer.body(), "denied");
    assert_eq!(receipt.end, None);
    assert_eq!(server.get(&client).await.unwrap().0.status(), 200);
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_dropped_exchange_resets_its_stream() {
    let (arrived, mut has_arrived) = mpsc::channel(1);
    let (reset, mut was_reset) = mpsc::channel(1);
    let server = Server::start(move |_, mut conn| {
        let (arrived, reset) = (arrived.clone(), reset.clone());
        async move {
            let (request, _respond) = next(&mut conn).await.unwrap();
            let reading = async move {
                let mut body = request.into_body();
                body.data().await.unwrap().unwrap();
                arrived.send(()).await.unwrap();
                while let Some(Ok(piece)) = body.data().await {
                    let _ = body.flow_control().release_capacity(piece.len());
                }
                reset.send(body.is_end_stream()).await.unwrap();
            };
            along(&mut conn, reading).await;
        }
    })
    .await;
    let client = server.client();
    let put = server.request(Method::PUT, endless());
    let (limits, gauge) = (limits(), gauge());
    {
        let mut exchange = std::pin::pin!(client.perform(put, &limits, &gauge));
        tokio::select! {
            outcome = &mut exchange => panic!("it ended by itself: {outcome:?}"),
            _ = has_arrived.recv() => {}
        }
    }
    assert_eq!(was_reset.recv().await, Some(false));
}

#[tokio::test]
async fn a_stream_that_takes_no_more_times_out_though_others_move() {
    let server = Server::start(|_, mut conn| async move {
        let mut held = Vec::new();
        while let Some((request, respond)) = next(&mut conn).await {
            if request.method() == Method::PUT {
                held.push((request, respond));
            } else {
                answer(respond, 200);
            }
        }
    })
    .await;
    let client = server.client();
    server.get(&client).await.unwrap();
    let tight = Limits {
        idle: Duration::from_millis(300),
        ..limits()
    };
    let put = server.request(Method::PUT, endless());
    let gauge = gauge();
    let mut exchange = std::pin::pin!(client.perform(put, &tight, &gauge));
    let failure = loop {
        tokio::select! {
            outcome = &mut exchange => break outcome.unwrap_err(),
            other = server.get(&client) => assert_eq!(other.unwrap().0.status(), 200),
        }
    };
    assert_eq!(failure.kind, FailureKind::TimedOut);
    assert!(
        failure.detail.starts_with("nothing could be sent to"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_client_that_wants_no_http2_gets_none() {
    let server = Server::start(|_, _| async { panic!("nobody offered HTTP/2") }).await;
    let client = server.builder().http2(false).build().unwrap();
    // The server speaks nothing else, so there is no answer; what counts is that it was not asked.
    assert!(server.get(&client).await.is_err());
}

/// A server on loopback that speaks HTTP/2 only, as its script says.
struct Server {
    address: SocketAddr,
    ca: String,
    accepted: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Server {
    async fn start<F, T>(script: F) -> Self
    where
        F: Fn(usize, Speaker) -> T + Send + Sync + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let (config, ca) = issue("localhost", |params| {
            let other = "registry.example".try_into().unwrap();
            params
                .subject_alt_names
                .push(rcgen::SanType::DnsName(other));
        });
        let mut config = Arc::unwrap_or_clone(config);
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = accepted.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let Ok(conn) = h2::server::handshake(stream).await else {
                    continue;
                };
                let index = count.fetch_add(1, Ordering::SeqCst);
                connections.spawn(script(index, conn));
            }
        });
        Self {
            address,
            ca,
            accepted,
            _tasks: tasks,
        }
    }

    fn builder(&self) -> longshore_async::ClientBuilder {
        Client::builder().proxy(None).ca_pem(self.ca.clone())
    }

    fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    fn request(&self, method: Method, body: Body) -> Request<Body> {
        let url = format!("https://localhost:{}/v2/", self.address.port());
        request(method, &url, body)
    }

    async fn get(&self, client: &Client) -> Outcome {
        let get = self.request(Method::GET, Body::Empty);
        client.perform(get, &limits(), &gauge()).await
    }
}

async fn next(conn: &mut Speaker) -> Option<(Request<RecvStream>, SendResponse<Bytes>)> {
    conn.accept().await?.ok()
}

/// Does `what` while the connection is driven, and goes on driving it until it ends.
async fn along(conn: &mut Speaker, what: impl Future<Output = ()>) {
    let mut what = std::pin::pin!(what);
    let mut done = false;
    loop {
        tokio::select! {
            () = &mut what, if !done => done = true,
            more = next(conn) => if more.is_none() { break },
        }
    }
    if !done {
        what.await;
    }
}

fn answer(mut respond: SendResponse<Bytes>, status: u16) {
    let head = Response::builder().status(status).body(()).unwrap();
    respond.send_response(head, true).unwrap();
}

/// Reads a whole body; how long it is.
async fn read(body: &mut RecvStream) -> usize {
    let mut total = 0;
    while let Some(piece) = body.data().await {
        let length = piece.unwrap().len();
        total += length;
        body.flow_control().release_capacity(length).unwrap();
    }
    total
}

/// Zeros without end, of which a tebibyte is announced.
fn endless() -> Body {
    let zeros = from_fn(|_| async { Ok(Reader::blocking(io::repeat(0))) });
    source(zeros, 0, Extent::Exact(1 << 40), None)
}

#[tokio::test]
async fn empty_frames_without_end_are_not_read_for_ever() {
    let server = Server::start(|_, mut conn| async move {
        while let Some((_, mut respond)) = next(&mut conn).await {
            let mut body = respond.send_response(Response::new(()), false).unwrap();
            for _ in 0..5000 {
                let _ = body.send_data(Bytes::new(), false);
            }
            // And no end.
            while next(&mut conn).await.is_some() {}
            drop(body);
        }
    })
    .await;
    let mut limits = limits();
    limits.idle = Duration::from_secs(600);
    let get = server.request(Method::GET, Body::Empty);
    let (client, gauge) = (server.client(), gauge());
    let exchange = client.perform(get, &limits, &gauge);
    let outcome = tokio::time::timeout(Duration::from_secs(60), exchange).await;
    // By us, or by h2 where they come all at once.
    assert!(outcome.is_ok(), "it is read on");
}
