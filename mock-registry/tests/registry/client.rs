//! A client that speaks to a core without a socket.

use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http::{Method, Request, Response};
use longshore_mock_registry::{Config, Core, Profile};
use longshore_protocol::Digest;
use serde_json::Value;

pub(crate) struct Client {
    pub(crate) core: Core,
    pub(crate) now: Duration,
    pub(crate) headers: Vec<(String, String)>,
}

impl Client {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            core: Core::new(config).unwrap(),
            now: Duration::ZERO,
            headers: Vec::new(),
        }
    }

    pub(crate) fn of(profile: &str) -> Self {
        Self::new(Config::new(Profile::builtin(profile).unwrap()))
    }

    /// One request; `target` may be absolute.
    pub(crate) fn send(&mut self, request: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let (method, target) = request.split_once(' ').unwrap();
        let mut builder = Request::builder()
            .method(method.parse::<Method>().unwrap())
            .uri(target)
            .header("host", "registry.test");
        if !body.is_empty() || method != "GET" && method != "HEAD" {
            builder = builder.header("content-length", body.len());
        }
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let request = builder.body(Bytes::copy_from_slice(body)).unwrap();
        Answer(self.core.handle(self.now, request))
    }

    pub(crate) fn get(&mut self, target: &str) -> Answer {
        self.send(&format!("GET {target}"), &[], b"")
    }

    /// Opens a session and gives its location.
    pub(crate) fn open(&mut self, name: &str) -> String {
        let opened = self.send(&format!("POST /v2/{name}/blobs/uploads/"), &[], b"");
        assert_eq!(opened.status(), 202, "{:?}", opened.0);
        opened.location()
    }

    /// Uploads a blob by POST and PUT.
    pub(crate) fn push_blob(&mut self, name: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::sha256(bytes);
        let location = self.open(name);
        let put = with_query(&location, &format!("digest={digest}"));
        let answer = self.send(&format!("PUT {put}"), &[], bytes);
        assert_eq!(answer.status(), 201, "{:?}", answer.0);
        digest
    }

    /// Fetches a token for these scopes and uses it from now on.
    pub(crate) fn log_in(
        &mut self,
        token_path: &str,
        service: &str,
        user: &str,
        scopes: &[&str],
    ) -> Answer {
        self.headers.clear();
        let scopes: String = scopes.iter().map(|s| format!("&scope={s}")).collect();
        let target = format!("GET {token_path}?service={service}{scopes}");
        let basic = basic(user);
        let headers: &[(&str, &str)] = if user.is_empty() {
            &[]
        } else {
            &[("authorization", &basic)]
        };
        let answer = self.send(&target, headers, b"");
        if answer.status() == 200 {
            let body = answer.json();
            let token = body.get("token").or(body.get("access_token"));
            let bearer = format!("Bearer {}", token.unwrap().as_str().unwrap());
            self.headers.push(("authorization".into(), bearer));
        }
        answer
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
            .map(|value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> String {
        self.header("location").expect("a Location").to_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.0.body()).unwrap_or(Value::Null)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.0.body()).into_owned()
    }

    /// The code of the first error.
    pub(crate) fn code(&self) -> Option<String> {
        let body = self.json();
        Some(
            body.get("errors")?
                .get(0)?
                .get("code")?
                .as_str()?
                .to_owned(),
        )
    }
}

pub(crate) fn with_query(location: &str, pair: &str) -> String {
    let glue = if location.contains('?') { '&' } else { '?' };
    format!("{location}{glue}{pair}")
}

pub(crate) fn basic(user_and_password: &str) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(user_and_password);
    format!("Basic {encoded}")
}

/// A small OCI image manifest over blobs that were pushed.
pub(crate) fn manifest(config: &[u8], layers: &[&[u8]]) -> String {
    let descriptor = |media_type: &str, bytes: &[u8]| {
        serde_json::json!({
            "mediaType": media_type,
            "digest": Digest::sha256(bytes).to_string(),
            "size": bytes.len(),
        })
    };
    let layer = "application/vnd.oci.image.layer.v1.tar+gzip";
    serde_json::json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": layers.iter().map(|bytes| descriptor(layer, bytes)).collect::<Vec<_>>(),
    })
    .to_string()
}

pub(crate) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
