//! Clients with and without a socket.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http::{Method, Request, Response};
use longshore_mock_registry::fault::{Faulty, Wire};
use longshore_mock_registry::record::{Listener, Peer};
use longshore_mock_registry::{Config, MockRegistry, Profile};
use longshore_protocol::Digest;
use serde_json::Value;

pub(crate) const LAYER: &[u8] = b"these are the bytes of a layer";
pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// A client of a registry without a socket.
pub(crate) struct Client {
    pub(crate) registry: Faulty,
    pub(crate) now: Duration,
    pub(crate) token: Option<String>,
    /// Over TLS.
    pub(crate) secure: bool,
}

impl Client {
    /// Of a registry that asks nobody who they are.
    pub(crate) fn of(fault: &str) -> Self {
        Self::new(Config::new(Profile::builtin("oci").unwrap()), fault)
    }

    /// Of a registry with a user, whose token it has already.
    pub(crate) fn of_alice(fault: &str) -> Self {
        let config = Config::new(Profile::builtin("oci").unwrap()).user("alice", PASSWORD);
        let mut client = Self::new(config, "");
        client.log_in();
        client.registry.arm(fault.parse().unwrap());
        client
    }

    pub(crate) fn new(config: Config, fault: &str) -> Self {
        let mut registry = Faulty::new(config).unwrap();
        if !fault.is_empty() {
            registry.arm(fault.parse().unwrap());
        }
        Self {
            registry,
            now: Duration::ZERO,
            token: None,
            secure: false,
        }
    }

    pub(crate) fn log_in(&mut self) -> Value {
        self.token = None;
        let answer = self.send(TOKEN, &[("authorization", &basic())], b"");
        let body = answer.json();
        self.token = body["token"]
            .as_str()
            .map(|token| format!("Bearer {token}"));
        body
    }

    pub(crate) fn send(&mut self, what: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.try_send(what, headers, body).0.expect("an answer")
    }

    /// The answer, if there is one, and what would happen to its bytes.
    pub(crate) fn try_send(
        &mut self,
        what: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> (Option<Answer>, Wire) {
        self.send_to(Listener::Registry, what, headers, body)
    }

    pub(crate) fn send_to(
        &mut self,
        listener: Listener,
        what: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> (Option<Answer>, Wire) {
        let (method, target) = what.split_once(' ').unwrap();
        let path = target.split_once("://").map_or(target, |(_, rest)| {
            rest.find('/').map_or("/", |at| &rest[at..])
        });
        let mut builder = Request::builder()
            .method(method.parse::<Method>().unwrap())
            .uri(path)
            .header("host", "registry.test");
        if !headers.iter().any(|(name, _)| *name == "transfer-encoding") {
            builder = builder.header("content-length", body.len());
        }
        if listener == Listener::Registry
            && let Some(token) = &self.token
            && !headers.iter().any(|(name, _)| *name == "authorization")
        {
            builder = builder.header("authorization", token);
        }
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let request = builder.body(Bytes::copy_from_slice(body)).unwrap();
        let peer = Peer {
            listener,
            secure: self.secure,
            ..Peer::default()
        };
        let (answer, wire) = self.registry.handle_as(self.now, peer, request);
        (answer.map(Answer), wire)
    }

    pub(crate) fn open(&mut self) -> String {
        let opened = self.send(POST, &[], b"");
        assert_eq!(opened.status(), 202, "{:?}", opened.0);
        opened.header("location").unwrap().to_owned()
    }

    /// The answer to the closing PUT of a blob.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Answer {
        let location = self.open();
        self.put(&location, bytes)
    }

    pub(crate) fn put(&mut self, location: &str, bytes: &[u8]) -> Answer {
        let what = format!("PUT {}", with_digest(location, bytes));
        self.send(&what, &[], bytes)
    }

    /// The answer to a manifest over [`LAYER`] as its config and its layer.
    pub(crate) fn manifest(&mut self) -> Answer {
        self.send(MANIFEST, &[("content-type", TYPE)], manifest().as_bytes())
    }
}

pub(crate) struct Answer(pub(crate) Response<Bytes>);

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.0
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    }

    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        let values = self.0.headers().get_all(name).iter();
        values
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.0.body()).unwrap_or(Value::Null)
    }

    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// A registry on a socket with this fault.
pub(crate) fn served(fault: &str) -> MockRegistry {
    MockRegistry::builder()
        .inject(fault)
        .unwrap()
        .start()
        .unwrap()
}

/// Everything that comes back for these bytes, and whether the connection ended by a reset.
pub(crate) fn raw(registry: &MockRegistry, request: &str) -> (String, bool) {
    let mut stream = TcpStream::connect(registry.address()).unwrap();
    let sent = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    let reset = sent.is_err()
        || loop {
            match stream.read(&mut buffer) {
                Ok(0) => break false,
                Ok(count) => answer.extend_from_slice(&buffer[..count]),
                Err(_) => break true,
            }
        };
    (String::from_utf8_lossy(&answer).into_owned(), reset)
}

/// A request as text, after which the connection is closed.
pub(crate) fn text(what: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{what} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
    )
}

/// The path of a session on a served registry.
pub(crate) fn session(registry: &MockRegistry) -> String {
    let (answer, _) = raw(registry, &text(POST, "", ""));
    let location = answer
        .lines()
        .find(|line| line.to_lowercase().starts_with("location: "));
    let location = location.unwrap_or_else(|| panic!("{answer}"));
    let path = location.find("/v2/").unwrap();
    location[path..].trim().to_owned()
}

pub(crate) fn with_digest(location: &str, bytes: &[u8]) -> String {
    let glue = if location.contains('?') { '&' } else { '?' };
    format!("{location}{glue}digest={}", Digest::sha256(bytes))
}

pub(crate) fn manifest() -> String {
    let digest = Digest::sha256(LAYER);
    let blob = |kind: &str| {
        let length = LAYER.len();
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"{digest}","size":{length}}}"#
        )
    };
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{TYPE}","config":{},"layers":[{}]}}"#,
        blob("config.v1+json"),
        blob("layer.v1.tar")
    )
}

pub(crate) fn basic() -> String {
    let both = format!("alice:{PASSWORD}");
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(both)
    )
}

pub(crate) fn head() -> String {
    format!("HEAD /v2/demo/app/blobs/{}", Digest::sha256(LAYER))
}

pub(crate) const TOKEN: &str =
    "GET /token?service=registry.test&scope=repository:demo/app:pull,push";
pub(crate) const POST: &str = "POST /v2/demo/app/blobs/uploads/";
pub(crate) const MANIFEST: &str = "PUT /v2/demo/app/manifests/latest";
pub(crate) const TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
