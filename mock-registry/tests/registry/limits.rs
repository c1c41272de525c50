//! How much the registry bears.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::OnceLock;
use std::time::Duration;

use longshore_mock_registry::{Config, Discard, MockRegistry, Profile};
use longshore_protocol::Digest;
use proptest::prelude::*;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::client::with_query;
use crate::program::Running;

const POST: &str =
    "POST /v2/demo/app/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";

/// A connection, and what is read of it.
struct Wire(BufReader<TcpStream>);

impl Wire {
    fn to(host: &str) -> Self {
        let stream = TcpStream::connect(host).unwrap();
        // A server that does not answer fails the test instead of stopping it for ever.
        stream
            .set_read_timeout(Some(Duration::from_secs(120)))
            .unwrap();
        Self(BufReader::new(stream))
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    /// Status and Location of the next answer, whose body has a length.
    fn answer(&mut self) -> (String, String) {
        let (mut status, mut location, mut length) = (String::new(), String::new(), 0);
        for line in self.0.by_ref().lines().map(Result::unwrap) {
            if line.is_empty() {
                break;
            }
            match line.split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("location") => {
                    location = value[value.find("/v2/").unwrap()..].to_owned();
                }
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().unwrap();
                }
                Some(_) => {}
                None => status = line[9..12].to_owned(),
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (status, location)
    }
}

#[test]
fn a_thousand_uploads_at_once() {
    let limit = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, most).unwrap();
    // The program is started with few allowed, as shells do, and takes what it needs.
    let running = Running::start_by("ulimit -S -n 256; exec", &["serve", "--discard"]);
    let host = running.url.trim_start_matches("http://");
    let mut uploads: Vec<(Wire, Vec<u8>)> = (0..1000_u32)
        .map(|n| {
            let bytes = n.to_be_bytes().repeat(5_000);
            let mut wire = Wire::to(host);
            wire.send(POST.as_bytes());
            let (status, location) = wire.answer();
            assert_eq!(status, "202");
            let target = with_query(&location, &format!("digest={}", Digest::sha256(&bytes)));
            let head = format!(
                "PUT {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
                bytes.len()
            );
            wire.send(head.as_bytes());
            wire.send(&bytes[..10_000]);
            (wire, bytes)
        })
        .collect();
    // All thousand are in the middle of their bodies before any goes on.
    for (wire, bytes) in &mut uploads {
        wire.send(&bytes[10_000..]);
    }
    for (wire, _) in &mut uploads {
        assert_eq!(wire.answer().0, "201");
    }
}

#[test]
fn what_a_crashed_client_left_is_free_again() {
    let registry = MockRegistry::builder().start().unwrap();
    let host = registry.host();
    let mut wire = Wire::to(&host);
    wire.send(POST.as_bytes());
    let (_, location) = wire.answer();
    let patch = |bytes: &str, length: usize| {
        format!("PATCH {location} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{bytes}")
    };
    wire.send(patch("abc", 1_000_000).as_bytes());
    while registry.exchanges().len() < 2 {
        std::thread::yield_now();
    }
    wire.0.get_ref().shutdown(Shutdown::Both).unwrap();
    drop(wire);
    // Once the registry has noticed, nobody writes there any more: others may go on.
    let status = loop {
        let mut wire = Wire::to(&host);
        wire.send(patch("def", 3).as_bytes());
        match wire.answer().0.as_str() {
            "409" => std::thread::yield_now(),
            status => break status.to_owned(),
        }
    };
    assert_eq!(status, "202");
    assert_eq!(registry.with(|core| core.open_sessions()[0].stored), 6);
    // What nobody goes on with is thrown away when its time is over.
    registry.advance(Duration::from_secs(8 * 86_400));
    let mut wire = Wire::to(&host);
    wire.send(POST.as_bytes());
    wire.answer();
    let open = registry.with(|core| core.open_sessions());
    assert_eq!((open.len(), open[0].stored), (1, 0));
}

#[test]
fn large_heads_and_many_requests_leave_no_memory_behind() {
    let running = Running::start(&["serve", "--discard"]);
    let host = running.url.trim_start_matches("http://");
    let line = format!("X: {}\r\n", "x".repeat(1000));
    // Those that are too large are refused; those that are not would be 70 MiB together.
    for (lines, times, expected) in [(1000, 20, "431"), (90, 800, "200")] {
        let head = line.repeat(lines);
        for _ in 0..times {
            let mut stream = TcpStream::connect(host).unwrap();
            let head = format!("GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}\r\n");
            // It may be cut off before it has said everything.
            let _ = stream.write_all(head.as_bytes());
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            let status =
                String::from_utf8_lossy(answer.get(9..12).unwrap_or_default()).into_owned();
            let cut_off = status.is_empty() && expected == "431";
            assert!(cut_off || status == expected, "{lines} lines: {status:?}");
        }
    }
    let mut wire = Wire::to(host);
    for _ in 0..20_000 {
        wire.send(b"GET /v2/demo/app/tags/list HTTP/1.1\r\nHost: x\r\n\r\n");
        wire.answer();
    }
    if let Some(memory) = running.peak() {
        assert!(memory < 64 << 20, "{} MiB", memory >> 20);
    }
}

fn served() -> &'static MockRegistry {
    static SERVED: OnceLock<MockRegistry> = OnceLock::new();
    SERVED.get_or_init(|| {
        let config = Config::new(Profile::builtin("oci").unwrap());
        MockRegistry::start(config.store(Discard::default())).unwrap()
    })
}

/// Something between a request and noise.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let method = prop_oneof![
        Just("PUT"),
        Just("PATCH"),
        Just("BREW"),
        Just("get"),
        Just("")
    ];
    let target = prop_oneof![
        Just("/v2/demo/app/blobs/uploads/".to_owned()),
        Just("/v2/demo/app/manifests/x".to_owned()),
        "[ -~]{0,40}",
    ];
    let version = prop_oneof![Just("HTTP/1.1"), Just("HTTP/1.0"), Just("HTTP/3"), Just("")];
    let field = prop_oneof![
        Just("Host: x".to_owned()),
        "Content-Length: [0-9-]{0,22}",
        "Transfer-Encoding: (chunked|gzip|,)",
        "Content-Range: [0-9-]{0,30}",
        "Expect: (100-continue|tea)",
        "[ -~]{0,30}",
    ];
    let end = prop_oneof![Just("\r\n"), Just("\n"), Just("\r"), Just("")];
    let request = (
        method,
        target,
        version,
        prop::collection::vec((field, end.clone()), 0..6),
        end,
        prop::collection::vec(any::<u8>(), 0..40),
    );
    let request = request.prop_map(|(method, target, version, fields, end, body)| {
        let mut text = format!("{method} {target} {version}{end}");
        for (field, end) in fields {
            text.push_str(&field);
            text.push_str(end);
        }
        text.push_str(end);
        [text.as_bytes(), &body].concat()
    });
    prop_oneof![
        3 => prop::collection::vec(request, 1..4).prop_map(|all| all.concat()),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

proptest! {
    #[test]
    fn no_bytes_break_a_server(bytes in garbage()) {
        let registry = served();
        let mut stream = TcpStream::connect(registry.address()).unwrap();
        // Either may fail: it is for the server to hang up.
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let mut wire = Wire::to(&registry.host());
        wire.send(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n");
        prop_assert_eq!(wire.answer().0, "200");
    }
}

#[test]
fn a_client_that_does_not_finish_the_handshake_is_hung_up_on() {
    let registry = MockRegistry::builder()
        .tls(true)
        .handshake_time(Duration::from_millis(50))
        .start()
        .unwrap();
    // Nothing at all, and the beginning of a record with a `ClientHello`.
    for beginning in [&b""[..], &[22, 3, 1, 2, 0, 1]] {
        let mut wire = Wire::to(&registry.host());
        wire.send(beginning);
        // Either is an end; a connection that stays open is an error of another kind.
        match wire.0.read(&mut [0]) {
            Ok(0) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_request_that_says_twice_where_it_ends_is_refused() {
    let registry = MockRegistry::builder().start().unwrap();
    for headers in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    ] {
        let mut wire = Wire::to(&registry.host());
        let line = "POST /v2/demo/app/blobs/uploads/ HTTP/1.1\r\nHost: x\r\n";
        wire.send(format!("{line}{headers}\r\n0\r\n\r\n").as_bytes());
        assert_eq!(wire.answer().0, "400", "{headers}");
        // What follows may be another's request.
        assert_eq!(wire.0.read(&mut [0]).unwrap(), 0);
    }
}
