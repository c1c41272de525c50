//! Requests of any shape to the mock registry's core.
//!
//! The first line names the profile and how the registry authenticates, by number. Then requests,
//! each a method and a target, headers to a line, an empty line and a body; a line of `~~~` ends
//! it. So that what one answer says can be used in a later request, `$S` stands for the path of the
//! last `Location`, `$T` for the last token, and `$D` for the digest of the request's own body.

use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use longshore_mock_registry::{Auth, Begun, Body, Config, Core, Profile};
use longshore_protocol::{Algorithm, Content, Digest};

/// No request makes the core panic, and no answer is of a kind that cannot be sent.
pub(super) fn registry(bytes: &[u8]) {
    let (settings, rest) = split(bytes, b"\n");
    let setting = |index: usize| usize::from(settings.get(index).copied().unwrap_or(b'0'));
    let mut client = Client::new(setting(0), setting(1));
    let mut rest = rest;
    for n in 0..MOST_REQUESTS {
        if rest.is_empty() {
            return;
        }
        let (request, more) = split(rest, b"\n~~~\n");
        rest = more;
        client.send(Duration::from_secs(n), request);
    }
}

struct Client {
    core: Core,
    location: String,
    token: String,
}

impl Client {
    fn new(profile: usize, auth: usize) -> Self {
        let profile = PROFILES[profile % PROFILES.len()].clone();
        let auth = [Auth::None, Auth::Basic, Auth::Bearer][auth % 3];
        let config = Config::new(profile)
            .auth(auth)
            .origin("http://registry.test")
            .user("alice", "pw");
        Self {
            core: Core::new(config).expect("memory has nothing to recall"),
            location: "/v2/app/blobs/uploads/".to_owned(),
            token: String::new(),
        }
    }

    fn send(&mut self, now: Duration, text: &[u8]) {
        let (head, body) = split(text, b"\n\n");
        let Some(request) = self.request(head, body) else {
            return;
        };
        let (is_head, target) = (request.method() == Method::HEAD, request.uri().clone());
        let response = self.deliver(now, request);
        let status = response.status();
        assert!(
            (200..600).contains(&status.as_u16()),
            "{status} for {target}"
        );
        assert!(
            !is_head || response.body().is_empty(),
            "a body for HEAD {target}"
        );
        self.learn(&response);
        let digest = response.headers().get("docker-content-digest");
        let digest = digest.and_then(|value| value.to_str().ok()?.parse::<Digest>().ok());
        if let Some(digest) = digest {
            let blob = self.core.blob("app", &digest);
            let is_sound = |blob: Bytes| {
                digest.algorithm() != Algorithm::Sha256 || Digest::sha256(&blob) == digest
            };
            assert!(blob.is_none_or(is_sound), "{digest} is not what is stored");
        }
    }

    /// Half of the bodies come in pieces, and some not to their end.
    fn deliver(&mut self, now: Duration, request: Request<Bytes>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        if body.len() % 2 == 0 {
            return self.core.handle(now, Request::from_parts(parts, body));
        }
        let answer = match self.core.begin(now, &parts) {
            Begun::Answer(answer) => answer,
            Begun::Receive(mut call) => {
                for piece in body.chunks(3) {
                    let _ = call.body(piece);
                }
                if body.len() % 5 == 0 {
                    self.core.drop_call(now, call);
                    return Response::new(Bytes::new());
                }
                self.core.end(now, call)
            }
        };
        answer.map(|body| match body {
            Body::Bytes(bytes) => bytes,
            Body::Empty | Body::Stored { .. } => Bytes::new(),
        })
    }

    fn request(&self, head: &[u8], body: &[u8]) -> Option<Request<Bytes>> {
        let digest = Content::of(body).digest.to_string();
        let head = String::from_utf8_lossy(head)
            .replace("$S", &self.location)
            .replace("$T", &self.token)
            .replace("$D", &digest);
        let mut lines = head.lines();
        let (method, target) = lines.next()?.split_once(' ')?;
        let mut request = Request::builder().method(method).uri(target);
        for line in lines {
            let (name, value) = line.split_once(':')?;
            request = request.header(name, value.trim());
        }
        request.body(Bytes::copy_from_slice(body)).ok()
    }

    fn learn(&mut self, response: &Response<Bytes>) {
        let location = response.headers().get("location");
        if let Some(location) = location.and_then(|value| value.to_str().ok()) {
            location.clone_into(&mut self.location);
        }
        let json = serde_json::from_slice::<serde_json::Value>(response.body()).ok();
        if let Some(token) = json.as_ref().and_then(|json| json["token"].as_str()) {
            token.clone_into(&mut self.token);
        }
    }
}

/// What stands before the first `mark`, and what after it.
fn split<'a>(bytes: &'a [u8], mark: &[u8]) -> (&'a [u8], &'a [u8]) {
    let at = bytes.windows(mark.len()).position(|window| window == mark);
    match at {
        Some(at) => (&bytes[..at], &bytes[at + mark.len()..]),
        None => (bytes, &[]),
    }
}

/// Reading one takes longer than many requests.
static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    Profile::names()
        .map(|name| Profile::builtin(name).expect("it is embedded"))
        .collect()
});

const MOST_REQUESTS: u64 = 20;
