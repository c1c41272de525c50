//! The registry on a socket.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Barrier;
use std::time::Duration;

use base64::Engine as _;
use longshore_mock_registry::{Auth, Config, MockRegistry, Profile};
use longshore_protocol::Digest;

use crate::client::{basic, with_query};

const APP: &str = "demo/app";

fn plain() -> MockRegistry {
    MockRegistry::start(Config::new(Profile::builtin("oci").unwrap())).unwrap()
}

/// A client that reports statuses instead of failing on them.
fn agent(ca_pem: Option<&str>) -> ureq::Agent {
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0);
    if let Some(pem) = ca_pem {
        let authority = ureq::tls::Certificate::from_pem(pem.as_bytes()).unwrap();
        let roots = ureq::tls::RootCerts::new_with_certs(&[authority]);
        config = config.tls_config(ureq::tls::TlsConfig::builder().root_certs(roots).build());
    }
    config.build().into()
}

fn push(agent: &ureq::Agent, url: &str, name: &str, bytes: &[u8]) -> Digest {
    let digest = Digest::sha256(bytes);
    let opened = agent
        .post(format!("{url}/v2/{name}/blobs/uploads/"))
        .send_empty()
        .unwrap();
    assert_eq!(opened.status(), 202);
    let location = opened.headers()["location"].to_str().unwrap();
    let target = with_query(location, &format!("digest={digest}"));
    let done = agent.put(target).send(bytes).unwrap();
    assert_eq!(done.status(), 201);
    digest
}

#[test]
fn a_blob_goes_in_and_comes_out() {
    let registry = plain();
    let agent = agent(None);
    let bytes: Vec<u8> = (0..3_000_000_u32)
        .map(|i| (i.wrapping_mul(i) >> 7) as u8)
        .collect();
    let digest = push(&agent, registry.url(), APP, &bytes);
    let target = format!("{}/v2/{APP}/blobs/{digest}", registry.url());
    let got = agent
        .get(&target)
        .call()
        .unwrap()
        .body_mut()
        .read_to_vec()
        .unwrap();
    assert_eq!(got, bytes);
    let head = agent.head(&target).call().unwrap();
    assert_eq!(head.headers()["content-length"], "3000000");
    registry.with(|core| {
        assert!(core.has_blob(APP, &digest));
        let put = core
            .requests()
            .find(|request| request.method == "PUT")
            .unwrap();
        assert_eq!(put.body, 3_000_000);
    });
}

#[test]
fn it_serves_tls() {
    let registry = MockRegistry::builder().tls(true).start().unwrap();
    assert!(registry.url().starts_with("https://127.0.0.1:"));
    let agent = agent(registry.ca_pem());
    let digest = push(&agent, registry.url(), APP, b"layer");
    registry.with(|core| assert!(core.has_blob(APP, &digest)));
    let stranger = ureq::Agent::new_with_defaults();
    assert!(
        stranger
            .get(format!("{}/v2/", registry.url()))
            .call()
            .is_err()
    );
}

#[test]
fn it_speaks_http_2() {
    let registry = plain();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let status = runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(registry.address())
            .await
            .unwrap();
        let (mut sender, connection) = hyper::client::conn::http2::handshake(
            hyper_util::rt::TokioExecutor::new(),
            hyper_util::rt::TokioIo::new(stream),
        )
        .await
        .unwrap();
        tokio::spawn(connection);
        let body = http_body_util::Full::new(bytes::Bytes::from_static(b"layer"));
        let digest = Digest::sha256(b"layer");
        let target = format!("{}/v2/{APP}/blobs/uploads/?digest={digest}", registry.url());
        let request = http::Request::post(target).body(body).unwrap();
        sender.send_request(request).await.unwrap().status()
    });
    assert_eq!(status, 201);
    registry.with(|core| assert!(core.has_blob(APP, &Digest::sha256(b"layer"))));
}

/// Sends a head and reads the head of the answer, on a bare socket.
fn exchange(stream: &mut TcpStream, head: &str) -> Vec<String> {
    stream.write_all(head.as_bytes()).unwrap();
    let reader = BufReader::new(stream.try_clone().unwrap());
    let lines = reader.lines().map(|line| line.unwrap());
    lines.take_while(|line| !line.is_empty()).collect()
}

#[test]
fn a_refusal_does_not_wait_for_the_body() {
    let registry = MockRegistry::builder()
        .user("alice", "secret")
        .start()
        .unwrap();
    let mut stream = TcpStream::connect(registry.address()).unwrap();
    let head =
        format!("PUT /v2/{APP}/manifests/v1 HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n");
    let answer = exchange(&mut stream, &head);
    assert!(answer[0].contains("401"), "{answer:?}");
    assert_eq!(
        registry.with(|core| core.requests().last().unwrap().body),
        0
    );
}

#[test]
fn a_connection_survives_an_early_answer() {
    let registry = MockRegistry::builder()
        .user("alice", "secret")
        .start()
        .unwrap();
    let mut stream = TcpStream::connect(registry.address()).unwrap();
    let head = format!(
        "HEAD /v2/{APP}/manifests/v1 HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n"
    );
    let answer = exchange(&mut stream, &head);
    assert!(answer[0].contains("401"), "{answer:?}");
    stream.write_all(&[b' '; 100_000]).unwrap();
    let next = exchange(&mut stream, "GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(next[0].contains("401"), "{next:?}");
}

#[test]
fn a_hundred_is_sent_only_to_those_who_may_go_on() {
    let registry = MockRegistry::builder()
        .user("alice", "secret")
        .auth(Auth::Basic)
        .start()
        .unwrap();
    let head = |authorization: &str| {
        format!(
            "POST /v2/{APP}/blobs/uploads/?digest={} HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\
             expect: 100-continue\r\n{authorization}\r\n",
            Digest::sha256(b"layer")
        )
    };
    let mut refused = TcpStream::connect(registry.address()).unwrap();
    let answer = exchange(&mut refused, &head(""));
    assert!(answer[0].contains("401"), "{answer:?}");

    let mut allowed = TcpStream::connect(registry.address()).unwrap();
    let authorization = format!("authorization: {}\r\n", basic("alice:secret"));
    let go_on = exchange(&mut allowed, &head(&authorization));
    assert_eq!(go_on, ["HTTP/1.1 100 Continue"]);
    let answer = exchange(&mut allowed, "layer");
    assert!(answer[0].contains("201"), "{answer:?}");
}

#[test]
fn an_early_answer_reaches_a_client_that_is_still_sending() {
    let registry = MockRegistry::builder()
        .user("alice", "secret")
        .start()
        .unwrap();
    let large = vec![b' '; 3 << 20];
    let answer = agent(None)
        .put(format!("{}/v2/{APP}/manifests/v1", registry.url()))
        .send(large.as_slice());
    assert_eq!(answer.unwrap().status(), 401);
    registry.with(|core| assert_eq!(core.requests().last().unwrap().body, 0));
}

#[test]
fn a_client_that_vanishes_is_noticed() {
    let registry = plain();
    let agent = agent(None);
    let opened = agent
        .post(format!("{}/v2/{APP}/blobs/uploads/", registry.url()))
        .send_empty()
        .unwrap();
    let location = opened.headers()["location"].to_str().unwrap().to_owned();
    let path = location.strip_prefix(registry.url()).unwrap();
    let mut stream = TcpStream::connect(registry.address()).unwrap();
    let head = format!("PATCH {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc");
    stream.write_all(head.as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    // The server closes when it has understood.
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    let sessions = registry.with(|core| core.open_sessions());
    assert_eq!(sessions[0].stored, 3);
    let status = agent.get(&location).call().unwrap();
    assert_eq!(status.headers()["range"], "0-2");
}

#[test]
fn uploads_run_side_by_side() {
    let registry = plain();
    let barrier = Barrier::new(4);
    std::thread::scope(|scope| {
        for index in 0..4_u8 {
            let (registry, barrier) = (&registry, &barrier);
            scope.spawn(move || {
                let path = {
                    let opened = agent(None)
                        .post(format!("{}/v2/{APP}/blobs/uploads/", registry.url()))
                        .send_empty()
                        .unwrap();
                    let location = opened.headers()["location"].to_str().unwrap();
                    location.strip_prefix(registry.url()).unwrap().to_owned()
                };
                let bytes = vec![index; 200_000];
                let digest = Digest::sha256(&bytes);
                let path = with_query(&path, &format!("digest={digest}"));
                let mut stream = TcpStream::connect(registry.address()).unwrap();
                let head = format!(
                    "PUT {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n\r\n",
                    registry.host(),
                    bytes.len()
                );
                stream.write_all(head.as_bytes()).unwrap();
                stream.write_all(&bytes[..100_000]).unwrap();
                // All four are in mid-body before any goes on.
                barrier.wait();
                stream.write_all(&bytes[100_000..]).unwrap();
                let answer = exchange(&mut stream, "");
                assert!(answer[0].contains("201"), "{answer:?}");
            });
        }
    });
    registry.with(|core| {
        assert_eq!(core.blobs(APP).len(), 4);
        assert!(core.open_sessions().is_empty());
    });
}

#[test]
fn it_ends_when_it_is_dropped() {
    let registry = plain();
    let address = registry.address();
    let mut stream = TcpStream::connect(address).unwrap();
    let alive = exchange(&mut stream, "GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(alive[0].contains("200"), "{alive:?}");
    drop(registry);
    assert!(TcpStream::connect(address).is_err());
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
}

#[test]
fn its_clock_can_be_moved() {
    let registry = MockRegistry::builder()
        .user("alice", "secret")
        .start()
        .unwrap();
    let agent = agent(None);
    let url = registry.url();
    let mut answer = agent
        .get(format!("{url}/token?service={}", registry.host()))
        .header("authorization", basic("alice:secret"))
        .call()
        .unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    let body: serde_json::Value = serde_json::from_str(&text).unwrap();
    let token = body["token"].as_str().unwrap();
    assert!(registry.token_certificate_pem().is_some());
    let header = token.split('.').next().unwrap();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(header)
        .unwrap();
    assert!(String::from_utf8(header).unwrap().contains("ES256"));
    let bearer = format!("Bearer {token}");
    let status = || {
        let request = agent
            .get(format!("{url}/v2/"))
            .header("authorization", &bearer);
        request.call().unwrap().status()
    };
    assert_eq!(status(), 200);
    registry.advance(Duration::from_secs(301));
    assert_eq!(status(), 401);
}

#[test]
fn a_folder_survives_the_registry() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        MockRegistry::builder()
            .store_dir(folder.path())
            .start()
            .unwrap()
    };
    let agent = agent(None);
    let manifest = crate::client::manifest(b"{}", &[b"layer"]);
    {
        let registry = start();
        for blob in [&b"{}"[..], b"layer"] {
            push(&agent, registry.url(), APP, blob);
        }
        for tag in ["v1", "v2"] {
            let put = agent
                .put(format!("{}/v2/{APP}/manifests/{tag}", registry.url()))
                .header("content-type", crate::client::OCI_MANIFEST);
            assert_eq!(put.send(&manifest).unwrap().status(), 201);
        }
        let gone = agent
            .delete(format!("{}/v2/{APP}/manifests/v2", registry.url()))
            .call();
        assert_eq!(gone.unwrap().status(), 202);
    }
    let registry = start();
    let got = agent
        .get(format!("{}/v2/{APP}/manifests/v1", registry.url()))
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    assert_eq!(got, manifest);
    registry.with(|core| {
        assert_eq!(core.tags(APP), ["v1"]);
        assert_eq!(core.blob(APP, &Digest::sha256(b"layer")).unwrap(), "layer");
    });
}

#[tokio::test]
async fn it_can_be_used_inside_a_runtime() {
    let registry = plain();
    let stream = tokio::net::TcpStream::connect(registry.address())
        .await
        .unwrap();
    drop(stream);
    drop(registry);
}

#[test]
fn a_registry_can_hang_up() {
    let profile = Profile::builtin("ecr").unwrap();
    let registry = MockRegistry::start(Config::new(profile).repository("there/app")).unwrap();
    let agent = agent(None);
    let post = |name: &str| {
        let target = format!("{}/v2/{name}/blobs/uploads/", registry.url());
        agent.post(target).send_empty()
    };
    assert_eq!(post("there/app").unwrap().status(), 202);
    assert!(post("not/there").is_err(), "no answer at all");
    let manifest = format!("{}/v2/not/there/manifests/v1", registry.url());
    assert_eq!(agent.get(manifest).call().unwrap().status(), 404);
    assert_eq!(
        post("there/app").unwrap().status(),
        202,
        "the others are not hung up on"
    );
}
