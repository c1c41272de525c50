//! A push on the bench: requests come out in order, the test answers them.

use std::collections::VecDeque;
use std::time::Duration;

use crate::*;
use bytes::Bytes;

pub(super) const REFERENCE: &str = "q.example/team/app:1.0";

/// A push, and what it has asked for so far.
pub(super) struct Bench {
    pub(super) push: Push,
    pub(super) now: Timestamp,
    pub(super) events: Vec<Event>,
    pub(super) aborted: Vec<RequestId>,
    pub(super) cut: Vec<RequestId>,
    pub(super) asked: VecDeque<CredentialsRequest>,
    pub(super) calls: VecDeque<Call>,
    /// When the push wakes by itself, or nothing if it waits for us.
    pub(super) wakes: Option<Timestamp>,
    pub(super) done: bool,
}

/// A request in the air.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) ticket: Ticket,
    pub(super) request: http::Request<Payload>,
    pub(super) limits: Limits,
}

impl Call {
    /// `METHOD path?query`, for what goes to the registry; with the origin for anything else.
    pub(super) fn line(&self) -> String {
        let uri = self.request.uri().to_string();
        let uri = uri.strip_prefix("https://q.example").unwrap_or(&uri);
        format!("{} {uri}", self.request.method())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }

    /// How much of a body there is: offset and length.
    pub(super) fn slice(&self) -> Option<(u64, Extent)> {
        match self.request.body() {
            Payload::Blob(slice) => Some((slice.offset, slice.extent)),
            Payload::Empty | Payload::Bytes(_) => None,
        }
    }
}

/// The default, but one thing after the other.
pub(super) fn config() -> Config {
    let mut config = Config::new(REFERENCE.parse().expect("it has the form"));
    config.look_ahead = false;
    config
}

pub(super) fn blob(text: &str) -> Descriptor {
    Descriptor::new(MediaType::OCI_LAYER_GZIP, Content::of(text.as_bytes()))
}

pub(super) fn manifest() -> ManifestSpec {
    ManifestSpec::new(MediaType::OCI_MANIFEST, &b"{}"[..])
}

/// One that names what `text` is.
pub(super) fn manifest_of(text: &str) -> ManifestSpec {
    let layer = serde_json::to_value(blob(text)).expect("a descriptor is JSON");
    let manifest = serde_json::json!({ "layers": [layer] });
    ManifestSpec::new(MediaType::OCI_MANIFEST, manifest.to_string())
}

/// What a driver that has read all of `text` returns.
pub(super) fn all(text: &str) -> Receipt {
    Receipt {
        sent: text.len() as u64,
        end: Some(Content::of(text.as_bytes())),
    }
}

pub(super) fn part(sent: u64) -> Receipt {
    Receipt { sent, end: None }
}

impl Bench {
    pub(super) fn new(config: Config) -> Self {
        let mut bench = Self {
            push: Push::new(config, Timestamp::ZERO),
            now: Timestamp::ZERO,
            events: Vec::new(),
            aborted: Vec::new(),
            cut: Vec::new(),
            asked: VecDeque::new(),
            calls: VecDeque::new(),
            wakes: None,
            done: false,
        };
        bench.drain();
        bench
    }

    /// A push that was let in: no authentication, and a session at `/up/0` from the preflight.
    pub(super) fn opened() -> Self {
        Self::opened_with(config())
    }

    pub(super) fn opened_with(config: Config) -> Self {
        let mut bench = Self::new(config);
        bench.answer("GET /v2/", 200, &[]);
        bench.answer(
            "POST /v2/team/app/blobs/uploads/",
            202,
            &[("location", "/up/0")],
        );
        bench
    }

    /// A push of one known blob up to its `PUT`, which is returned.
    pub(super) fn putting(text: &str) -> (Self, Call) {
        Self::putting_with(config(), BlobSpec::known(blob(text)))
    }

    pub(super) fn putting_with(config: Config, spec: BlobSpec) -> (Self, Call) {
        let mut bench = Self::opened_with(config);
        let BlobContent::Known(descriptor) = spec.content.clone() else {
            panic!("a known blob is checked first");
        };
        bench.add(spec);
        bench.answer(
            &format!("HEAD /v2/team/app/blobs/{}", descriptor.digest),
            404,
            &[],
        );
        let put = bench.next();
        (bench, put)
    }

    /// A push of one blob that is there, up to the manifest's `PUT`.
    pub(super) fn finishing_with(config: Config) -> (Self, Call) {
        let mut bench = Self::opened_with(config);
        bench.add(BlobSpec::known(blob("a")));
        bench
            .push
            .set_manifest(manifest())
            .expect("it is the first");
        bench.answer_next(200, &[]);
        bench.answer("HEAD /v2/team/app/manifests/1.0", 404, &[]);
        bench.answer("DELETE /up/0", 204, &[]);
        let put = bench.next();
        (bench, put)
    }

    pub(super) fn add(&mut self, spec: BlobSpec) -> BlobId {
        let id = self.push.add_blob(spec).expect("the manifest is not set");
        self.drain();
        id
    }

    pub(super) fn set_manifest(&mut self) {
        self.push.set_manifest(manifest()).expect("it is the first");
        self.drain();
    }

    /// Takes every output there is, and checks what holds of each.
    pub(super) fn drain(&mut self) {
        for _ in 0..1000 {
            match self.push.poll(self.now) {
                Output::Abort(id) => self.aborted.push(id),
                Output::CutShort(id) => self.cut.push(id),
                Output::Event(event) => self.events.push(event),
                Output::Ask(request) => self.asked.push_back(request),
                Output::Send(Exchange {
                    ticket,
                    request,
                    limits,
                }) => {
                    self.calls.push_back(Call {
                        ticket,
                        request,
                        limits,
                    });
                }
                Output::Wait(until) => {
                    assert!(until.is_none_or(|until| until > self.now), "invariant 1");
                    self.wakes = until;
                    return;
                }
                Output::Done => {
                    self.done = true;
                    return;
                }
            }
        }
        panic!("invariant 4: outputs between two waits are bounded");
    }

    /// The next request, which must be there.
    pub(super) fn next(&mut self) -> Call {
        let call = self.calls.pop_front();
        call.unwrap_or_else(|| panic!("a request; wakes {:?}, {:?}", self.wakes, self.events))
    }

    /// The lines of all requests in the air.
    pub(super) fn lines(&self) -> Vec<String> {
        self.calls.iter().map(Call::line).collect()
    }

    /// Answers `call`.
    pub(super) fn reply(
        &mut self,
        call: Call,
        status: u16,
        headers: &[(&str, &str)],
        body: &str,
        receipt: Receipt,
    ) {
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let body = Bytes::copy_from_slice(body.as_bytes());
        let response = response.body(body).expect("the test's headers are sound");
        self.push
            .handle_response(self.now, call.ticket, response, receipt);
        self.drain();
    }

    pub(super) fn answer_next(&mut self, status: u16, headers: &[(&str, &str)]) {
        let call = self.next();
        self.reply(call, status, headers, "", Receipt::default());
    }

    /// Answers the next request, which must be `line`.
    pub(super) fn answer(&mut self, line: &str, status: u16, headers: &[(&str, &str)]) {
        self.answer_with(line, status, headers, "");
    }

    pub(super) fn answer_with(
        &mut self,
        line: &str,
        status: u16,
        headers: &[(&str, &str)],
        body: &str,
    ) {
        let call = self.next();
        assert_eq!(call.line(), line);
        self.reply(call, status, headers, body, Receipt::default());
    }

    pub(super) fn break_off(&mut self, call: Call, kind: FailureKind, receipt: Receipt) {
        let failure = Failure::new(kind, "the cable broke").with_receipt(receipt);
        self.push.handle_failure(self.now, call.ticket, failure);
        self.drain();
    }

    /// Answers the question for credentials, which must be there.
    pub(super) fn hand_in(&mut self, credentials: Option<Credentials>) -> CredentialsReason {
        let request = self.asked.pop_front().expect("credentials are asked for");
        self.push
            .handle_credentials(self.now, request.ticket, credentials);
        self.drain();
        request.reason
    }

    /// Lets time pass until the push wakes by itself.
    pub(super) fn sleep(&mut self) -> Duration {
        let until = self.wakes.expect("the push wakes by itself");
        let pause = until.saturating_since(self.now);
        self.now = until;
        self.drain();
        pause
    }

    /// The error that the push ended with.
    pub(super) fn error(mut self) -> PushError {
        self.end();
        self.push.finish().expect_err("the push has failed")
    }

    pub(super) fn report(mut self) -> Report {
        self.end();
        self.push.finish().expect("the push has succeeded")
    }

    /// Answers the deletions at the end.
    fn end(&mut self) {
        while let Some(call) = self.calls.pop_front() {
            assert_eq!(call.request.method(), "DELETE", "{}", call.line());
            self.reply(call, 204, &[], "", Receipt::default());
        }
        assert!(self.done, "wakes {:?}, {:?}", self.wakes, self.events);
        assert!(matches!(self.push.poll(self.now), Output::Done), "for ever");
    }
}
