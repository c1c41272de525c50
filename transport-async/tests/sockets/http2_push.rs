//! Whole pushes over HTTP/2: many streams on one connection, and servers that end some of them.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{Method, Request, Response};
use longshore_async::protocol::Config;
use longshore_async::{Client, push};
use longshore_mock_registry::record::Exchange;
use longshore_mock_registry::{Auth, Config as RegistryConfig, Core, MockRegistry, Profile};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::driver::Alice;
use crate::suite::certificates::issue;
use crate::suite::image::{Image, REPOSITORY, config, registry};

#[tokio::test]
async fn several_blobs_at_once_share_a_connection() {
    for auth in [Auth::None, Auth::Basic, Auth::Bearer] {
        let registry = registry("quay", auth, true);
        let image = Image::with_layers(8, 400_000);
        push_to(&registry, config(&registry), &image).await;
        image.assert_at(&registry, &format!("{auth:?}"));
        let asked = registry.exchanges();
        let seen = |look: fn(&Exchange) -> bool| asked.iter().filter(|one| look(one)).count();
        assert_eq!(seen(|one| one.protocol != "HTTP/2.0"), 0);
        let connections: BTreeSet<_> = asked.iter().map(|one| one.connection).collect();
        assert_eq!(connections.len(), 1, "one connection is enough");
        assert!(seen(|one| one.busy > 1) > 0, "several requests at a time");
    }
}

#[tokio::test]
async fn a_push_goes_on_after_refused_streams_and_goodbyes() {
    for fault in [
        "h2-refused:step=post,times=3",
        "h2-refused:step=put,times=1",
        "h2-refused:step=manifest,times=1",
        "h2-goaway:step=post,times=1",
        "h2-goaway:step=put,times=2",
        "h2-goaway:step=head,times=3",
    ] {
        let registry = registry("oci", Auth::Bearer, true);
        registry.inject(fault).unwrap();
        let image = Image::with_layers(4, 50_000);
        push_to(&registry, config(&registry), &image).await;
        image.assert_at(&registry, fault);
        let played = |one: &Exchange| !one.faults.is_empty();
        assert!(registry.exchanges().iter().any(played), "{fault}");
    }
}

#[tokio::test]
async fn requests_that_a_server_going_away_has_not_looked_at_are_sent_again() {
    let server = Server::start(|_| None).await;
    server.goes_away.lock().unwrap().replace(3);
    let image = Image::with_layers(3, 50_000);
    let report = push(
        &server.client(),
        server.config(),
        image.blobs(),
        image.manifest.clone(),
        (),
    )
    .await;
    let report = report.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(report.manifest, image.manifest.descriptor());
    assert!(
        report.retries > 0,
        "what was refused counts as sent again: {report:?}"
    );
    server.assert_holds(&image);
}

#[tokio::test]
async fn streams_that_end_by_an_error_of_the_servers_are_sent_again() {
    for reason in [
        Reason::INTERNAL_ERROR,
        Reason::REFUSED_STREAM,
        Reason::CANCEL,
    ] {
        for method in [Method::POST, Method::HEAD, Method::PUT] {
            let spoilt = method.clone();
            let left = AtomicUsize::new(2);
            let server = Server::start(move |request| {
                let is_due = request.method() == spoilt
                    && left
                        .fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1))
                        .is_ok();
                is_due.then_some(reason)
            })
            .await;
            let image = Image::with_layers(4, 200_000);
            let config = server.config();
            let client = server.client();
            let report = push(&client, config, image.blobs(), image.manifest.clone(), ()).await;
            if let Err(error) = report {
                panic!("{reason:?} {method}: {error}");
            }
            server.assert_holds(&image);
        }
    }
}

async fn push_to(registry: &MockRegistry, config: Config, image: &Image) {
    let pem = registry.ca_pem().unwrap();
    let client = Client::builder().proxy(None).ca_pem(pem).build().unwrap();
    let report = push(
        &client,
        config,
        image.blobs(),
        image.manifest.clone(),
        Alice,
    )
    .await;
    let report = report.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(report.manifest, image.manifest.descriptor());
}

/// A registry that speaks HTTP/2 only, and ends streams and connections as it is told.
struct Server {
    address: SocketAddr,
    ca: String,
    core: Arc<Mutex<Core>>,
    /// On the first connection, after how many requests; it has looked at the first one only.
    goes_away: Arc<Mutex<Option<usize>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// `spoil` says how a request's stream ends if it is not to be answered.
    async fn start<F>(spoil: F) -> Self
    where
        F: Fn(&Request<RecvStream>) -> Option<Reason> + Send + Sync + 'static,
    {
        let (tls, ca) = issue("localhost", |_| {});
        let mut tls = Arc::unwrap_or_clone(tls);
        tls.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let registry = RegistryConfig::new(Profile::builtin("oci").unwrap()).auth(Auth::None);
        let origin = format!("https://localhost:{}", address.port());
        let core = Arc::new(Mutex::new(Core::new(registry.origin(origin)).unwrap()));
        let goes_away = Arc::new(Mutex::new(None::<usize>));
        let (shared, away, spoil) = (core.clone(), goes_away.clone(), Arc::new(spoil));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(stream) = acceptor.accept(stream).await else {
                    continue;
                };
                if let Some(requests) = away.lock().unwrap().take() {
                    connections.spawn(go_away(stream, requests));
                    continue;
                }
                let (core, spoil) = (shared.clone(), spoil.clone());
                connections.spawn(async move {
                    let mut conn = h2::server::handshake(stream).await.unwrap();
                    let mut streams = JoinSet::new();
                    while let Some(Ok((request, mut respond))) = conn.accept().await {
                        match spoil(&request) {
                            Some(reason) => respond.send_reset(reason),
                            None => drop(streams.spawn(serve(core.clone(), request, respond))),
                        }
                    }
                });
            }
        });
        Self {
            address,
            ca,
            core,
            goes_away,
            _tasks: tasks,
        }
    }

    fn client(&self) -> Client {
        let builder = Client::builder().proxy(None);
        builder.ca_pem(self.ca.clone()).build().unwrap()
    }

    fn config(&self) -> Config {
        let reference = format!("localhost:{}/{REPOSITORY}:latest", self.address.port());
        let mut config = Config::new(reference.parse().unwrap());
        config.backoff = Duration::from_millis(5);
        config
    }

    fn assert_holds(&self, image: &Image) {
        let core = self.core.lock().unwrap();
        for (descriptor, content) in &image.blobs {
            let held = core.blob(REPOSITORY, &descriptor.digest);
            assert_eq!(held.as_ref(), Some(content));
        }
        let (_, held, _) = core.manifest(REPOSITORY, "latest").unwrap();
        assert_eq!(held, image.manifest.bytes);
    }
}

/// Answers a request as the registry would.
async fn serve(
    core: Arc<Mutex<Core>>,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) {
    let (head, mut incoming) = request.into_parts();
    let is_head = head.method == Method::HEAD;
    let mut body = Vec::new();
    while let Some(Ok(piece)) = incoming.data().await {
        let _ = incoming.flow_control().release_capacity(piece.len());
        body.extend_from_slice(&piece);
    }
    let request = Request::from_parts(head, Bytes::from(body));
    let answer = core.lock().unwrap().handle(Duration::ZERO, request);
    let (head, body) = answer.into_parts();
    let body = if is_head { Bytes::new() } else { body };
    let head = Response::from_parts(head, ());
    // The client may have gone meanwhile.
    if let Ok(mut sending) = respond.send_response(head, body.is_empty())
        && !body.is_empty()
    {
        let _ = sending.send_data(body, true);
    }
}

/// Answers the first request with 200, waits until there were as many as `requests`, and says that
/// it goes away and has looked at the first one only. In frames (RFC 9113), since libraries look at
/// whatever they have read.
async fn go_away(mut stream: TlsStream<TcpStream>, requests: usize) {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    let mut seen = 0;
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).await.is_err() {
            return;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        if stream.read_exact(&mut payload).await.is_err() {
            return;
        }
        let answer = match (head[3], head[4]) {
            (SETTINGS, 0) => frame(SETTINGS, ACK, 0, &[]),
            (HEADERS, _) => {
                seen += 1;
                if seen == 1 {
                    // `:status: 200` in HPACK's table of what is common.
                    frame(HEADERS, END_STREAM | END_HEADERS, 1, &[0x88])
                } else if seen == requests {
                    // The last stream that was looked at, and `NO_ERROR`.
                    frame(GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0])
                } else {
                    continue;
                }
            }
            _ => continue,
        };
        stream.write_all(&answer).await.unwrap();
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
