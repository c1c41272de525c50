//! A push whose every answer is made up: a good registry's, unless a target has another.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use longshore_protocol::{
    BlobSpec, Config, Content, Credentials, CredentialsReason, Descriptor, Digest, Exchange,
    Extent, Failure, FailureKind, ManifestSpec, MediaType, Output, Payload, Push, PushError,
    Receipt, Report, Timestamp,
};

/// What comes back for a request.
pub(super) enum Reply {
    /// What a good registry says.
    Good,
    /// This, after the whole body was taken.
    Answer(Response<Bytes>),
    /// Nothing: the connection broke after so many bytes of the body.
    Broken(u64),
}

/// What a push did.
pub(super) struct Played {
    pub(super) result: Result<Report, PushError>,
    pub(super) requests: Vec<Asked>,
}

/// A request, and when it was sent.
pub(super) struct Asked {
    pub(super) at: Duration,
    pub(super) path: String,
    /// The bytes of the blob that went with it.
    pub(super) slice: Option<(u64, u64)>,
}

/// What only the push knows. It is drawn from the input, so that no input has its own in it: what
/// a registry says without having been told cannot be told from a leak.
pub(super) struct Secret(String);

/// Pushes one blob of [`SIZE`] bytes, and checks what holds whatever the answers are.
pub(super) fn play(input: &[u8], mut reply: impl FnMut(&Request<Payload>) -> Reply) -> Played {
    let secret = Secret::of(input);
    let mut now = Timestamp::ZERO;
    let mut push = Push::new(config(), now);
    let descriptor = Descriptor::new(MediaType::OCI_LAYER_GZIP, Content::of(&layer()));
    let added = push.add_blob(BlobSpec::known(descriptor));
    added.expect("the manifest is not set");
    push.set_manifest(ManifestSpec::new(MediaType::OCI_MANIFEST, MANIFEST))
        .expect("it is the first");
    let mut requests = Vec::new();
    for _ in 0..MOST_OUTPUTS {
        match push.poll(now) {
            Output::Send(exchange) => {
                secret.check_request(&exchange);
                requests.push(Asked::of(now, &exchange.request));
                let reply = reply(&exchange.request);
                hand_in(&mut push, now, exchange, reply, &secret);
            }
            Output::Ask(request) => {
                let is_first = request.reason != CredentialsReason::Refused;
                let password = is_first.then(|| secret.password());
                push.handle_credentials(now, request.ticket, password);
            }
            Output::Wait(until) => {
                let until = until.expect("invariant 3: everything is answered at once");
                assert!(until > now, "invariant 1");
                now = until;
            }
            Output::Done => {
                let result = push.finish();
                secret.check_text(&format!("{result:?}"));
                if let Err(error) = &result {
                    let text = error.to_string();
                    let is_line = !text.contains(|c: char| c.is_control());
                    assert!(is_line && text.len() < 4_000, "{text:?}");
                }
                return Played { result, requests };
            }
            Output::Abort(_) | Output::CutShort(_) | Output::Event(_) => {}
        }
    }
    panic!("invariant 5: the push does not end");
}

/// Settings for these pushes: over TLS, one request after the other.
pub(super) fn config() -> Config {
    let reference = format!("{HOST}/app:1");
    let mut config = Config::new(reference.parse().expect("it has the form"));
    config.uploads = 1;
    config.controls = 1;
    config
}

impl Secret {
    pub(super) fn of(input: &[u8]) -> Self {
        // Salted: the manifest may be the input, and its digest is no secret.
        let salted = [b"a secret for ", input].concat();
        Self(Digest::sha256(&salted).hex()[..20].to_owned())
    }

    pub(super) fn password(&self) -> Credentials {
        Credentials::password("alice", self.0.as_str())
    }

    /// What holds for every request: no clear text, no password in a URL or in a trace, no address
    /// inside our network, no token for another host.
    pub(super) fn check_request(&self, exchange: &Exchange) {
        let uri = exchange.request.uri();
        assert_eq!(uri.scheme_str(), Some("https"), "{uri}");
        let authority = uri.authority().expect("it is absolute").as_str();
        assert!(!authority.contains('@'), "{uri}");
        let host = uri.host().expect("it is absolute");
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        if let Ok(IpAddr::V4(address)) = address {
            let is_inside =
                address.is_loopback() || address.is_private() || address.is_link_local();
            assert!(!is_inside, "{uri}");
        }
        if let Some(value) = exchange.request.headers().get(AUTHORIZATION) {
            let is_token = value.as_bytes().starts_with(b"Bearer ");
            assert!(!is_token || host == HOST, "invariant 14: a token for {uri}");
        }
        self.check_text(&format!("{exchange:?}"));
    }

    fn check_text(&self, text: &str) {
        assert!(!text.contains(&self.0), "invariant 12: {text}");
    }
}

/// A response of this status, with nothing in it.
pub(super) fn status(status: u16) -> Response<Bytes> {
    let response = Response::builder().status(status);
    response.body(Bytes::new()).expect("targets know statuses")
}

/// The same with a header, unless the bytes cannot be one's: a driver would not let them through.
pub(super) fn with_header(
    mut response: Response<Bytes>,
    name: &'static str,
    value: &[u8],
) -> Response<Bytes> {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        response.headers_mut().append(name, value);
    }
    response
}

/// Whether it is for a token server: anything that is neither the registry's nor an upload's.
pub(super) fn is_for_token(request: &Request<Payload>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    query.contains("scope=") && !request.uri().path().starts_with("/v2/")
}

/// What a good registry answers, and a good token server.
pub(super) fn good(request: &Request<Payload>, secret: &Secret) -> Response<Bytes> {
    let path = request.uri().path();
    let digest = || Content::of(MANIFEST).digest.to_string();
    if is_for_token(request) {
        let mut response = status(200);
        *response.body_mut() = Bytes::from(format!(r#"{{"token":"{}"}}"#, secret.0));
        return response;
    }
    match request.method().as_str() {
        "GET" if path == "/v2/" => status(200),
        "GET" => with_header(status(204), "range", b"0-0"),
        "HEAD" => status(404),
        "POST" => with_header(status(202), "location", b"/v2/app/blobs/uploads/1"),
        "PATCH" => with_header(status(202), "location", b"/v2/app/blobs/uploads/1"),
        "PUT" if path.contains("/manifests/") => {
            with_header(status(201), "docker-content-digest", digest().as_bytes())
        }
        "PUT" => status(201),
        _ => status(204),
    }
}

fn hand_in(push: &mut Push, now: Timestamp, exchange: Exchange, reply: Reply, secret: &Secret) {
    let whole = receipt(exchange.request.body());
    let response = match reply {
        Reply::Good => good(&exchange.request, secret),
        Reply::Answer(response) => response,
        Reply::Broken(sent) => {
            let sent = sent.min(whole.sent);
            let end = whole.end.filter(|_| sent == whole.sent);
            let failure = Failure::new(FailureKind::Interrupted, "the connection broke");
            let failure = failure.with_receipt(Receipt { sent, end });
            push.handle_failure(now, exchange.ticket, failure);
            return;
        }
    };
    push.handle_response(now, exchange.ticket, response, whole);
}

/// What a driver says when it has sent all of a body.
pub(super) fn receipt(payload: &Payload) -> Receipt {
    let Payload::Blob(slice) = payload else {
        return Receipt::default();
    };
    let sent = match slice.extent {
        Extent::Exact(length) => length,
        Extent::ToEnd => SIZE - slice.offset,
    };
    Receipt {
        sent,
        end: (sent == SIZE).then(|| Content::of(&layer())),
    }
}

impl Asked {
    fn of(now: Timestamp, request: &Request<Payload>) -> Self {
        let slice = match request.body() {
            Payload::Blob(slice) => Some((slice.offset, receipt(request.body()).sent)),
            Payload::Empty | Payload::Bytes(_) => None,
        };
        if let Some((offset, length)) = slice {
            assert!(offset + length <= SIZE, "{offset} + {length}");
        }
        Self {
            at: now.elapsed(),
            path: request.uri().path().to_owned(),
            slice,
        }
    }
}

fn layer() -> Vec<u8> {
    vec![7; usize::try_from(SIZE).expect("it is small")]
}

pub(super) const HOST: &str = "registry.test";
pub(super) const MANIFEST: &[u8] = b"{}";
/// How long the blob is.
pub(super) const SIZE: u64 = 1_000;
const MOST_OUTPUTS: u32 = 5_000;
