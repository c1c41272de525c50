//! Operations on the machine in any order, against answers of any kind.

use std::time::Duration;

use bytes::Bytes;
use longshore_protocol::{
    BlobSpec, Content, Descriptor, Exchange, Failure, FailureKind, ManifestSpec, MediaType, Output,
    Push, Receipt, Replay, Timestamp,
};

use super::exchanges::{MANIFEST, Secret, config, good, receipt, status, with_header};
use crate::simulator::Random;

/// Every byte decides what a driver does next, or what it hears.
pub(super) fn answers(bytes: &[u8]) {
    let mut random = Random::from_bytes(bytes);
    let mut bench = Bench::new(bytes, &mut random);
    for _ in 0..MOST_OUTPUTS {
        if bench.step(&mut random) {
            return;
        }
    }
    panic!("invariant 5: the push does not end");
}

struct Bench {
    secret: Secret,
    push: Push,
    now: Timestamp,
    air: Vec<Exchange>,
    uploads: usize,
    has_manifest: bool,
    is_cancelled: bool,
}

impl Bench {
    fn new(input: &[u8], random: &mut Random) -> Self {
        let mut config = config();
        config.uploads = random.of(&[1, 2, 4]);
        config.controls = random.of(&[1, 2, 4]);
        config.preflight = random.one_in(2);
        config.look_ahead = random.one_in(2);
        config.chunk = random.of(&[None, Some(1), Some(400)]);
        Self {
            secret: Secret::of(input),
            uploads: config.uploads + config.controls + 1,
            push: Push::new(config, Timestamp::ZERO),
            now: Timestamp::ZERO,
            air: Vec::new(),
            has_manifest: false,
            is_cancelled: false,
        }
    }

    /// One output, or one thing that a driver does. Says whether the push has ended.
    fn step(&mut self, random: &mut Random) -> bool {
        if !random.is_spent() && random.one_in(3) {
            self.act(random);
        }
        match self.push.poll(self.now) {
            Output::Send(exchange) => {
                self.secret.check_request(&exchange);
                let method = exchange.request.method();
                let cleans_up = method == "DELETE" || method == "GET";
                assert!(cleans_up || !self.is_cancelled, "invariant 11");
                self.air.push(exchange);
                assert!(self.air.len() <= self.uploads, "invariant 6");
            }
            Output::Abort(id) => self.air.retain(|exchange| exchange.ticket.id() != id),
            Output::Ask(request) => {
                let credentials = random.of(&[None, Some(())]);
                let password = credentials.map(|()| self.secret.password());
                self.push
                    .handle_credentials(self.now, request.ticket, password);
            }
            Output::Wait(until) => self.wait(until, random),
            Output::CutShort(_) | Output::Event(_) => {}
            Output::Done => {
                assert!(
                    matches!(self.push.poll(self.now), Output::Done),
                    "invariant 5"
                );
                return true;
            }
        }
        false
    }

    /// Time passes, or something comes back.
    fn wait(&mut self, until: Option<Timestamp>, random: &mut Random) {
        assert!(until.is_none_or(|until| until > self.now), "invariant 1");
        if !self.air.is_empty() && (until.is_none() || !random.one_in(8)) {
            let index = random.below(self.air.len() as u64);
            let index = usize::try_from(index).expect("it is below a length");
            let exchange = self.air.swap_remove(index);
            self.hear(exchange, random);
        } else if let Some(until) = until {
            self.now = until;
        } else {
            assert!(!self.has_manifest, "invariant 3");
            self.set_manifest();
        }
    }

    fn act(&mut self, random: &mut Random) {
        match random.below(12) {
            0..=2 => {
                let content = Content::of(&random.bytes(2));
                let descriptor = Descriptor::new(MediaType::OCI_LAYER, content);
                let replay = random.of(&[Replay::Anywhere, Replay::FromStart, Replay::Never]);
                let spec = BlobSpec::known(descriptor).with_replay(replay);
                // Refused after the manifest, as it should be.
                let _ = self.push.add_blob(spec);
            }
            3 => {
                let replay = random.of(&[Replay::FromStart, Replay::Never]);
                let _ = self
                    .push
                    .add_blob(BlobSpec::unknown(MediaType::OCI_LAYER, replay));
            }
            4 | 5 => self.set_manifest(),
            6 => {
                self.is_cancelled = true;
                self.push.cancel(self.now);
            }
            7 => self.now = self.now + Duration::from_millis(random.below(1_000_000)),
            8 => {
                if let Some(exchange) = self.air.first() {
                    let id = exchange.ticket.id();
                    self.push.handle_progress(self.now, id, random.below(2_000));
                }
            }
            9 => {
                // A driver that loses a request and says nothing.
                self.air.pop();
            }
            _ => {
                let _ = self.push.progress().count();
            }
        }
    }

    fn set_manifest(&mut self) {
        self.has_manifest = true;
        // A second one is refused.
        let manifest = ManifestSpec::new(MediaType::OCI_MANIFEST, MANIFEST);
        let _ = self.push.set_manifest(manifest);
    }

    fn hear(&mut self, exchange: Exchange, random: &mut Random) {
        let receipt = match random.below(4) {
            0 => Receipt::default(),
            1 => Receipt {
                sent: random.below(2_000),
                end: Some(Content::of(&random.bytes(1))),
            },
            _ => receipt(exchange.request.body()),
        };
        let response = match random.below(3) {
            0 => {
                let kind = random.of(&[
                    FailureKind::Interrupted,
                    FailureKind::Connect,
                    FailureKind::TimedOut,
                    FailureKind::Resolve,
                    FailureKind::Unreachable,
                    FailureKind::Protocol,
                    FailureKind::Source,
                ]);
                let failure = Failure::new(kind, "it broke").with_receipt(receipt);
                self.push.handle_failure(self.now, exchange.ticket, failure);
                return;
            }
            1 => good(&exchange.request, &self.secret),
            _ => answer(random),
        };
        self.push
            .handle_response(self.now, exchange.ticket, response, receipt);
    }
}

fn answer(random: &mut Random) -> http::Response<Bytes> {
    let mut response = status(random.of(STATUSES));
    for _ in 0..random.below(3) {
        let name = random.of(NAMES);
        let value = match random.below(VALUES.len() as u64 + 1) {
            0 => {
                let length = random.below(40);
                random.bytes(length)
            }
            n => VALUES[usize::try_from(n - 1).expect("it is below a length")].to_vec(),
        };
        response = with_header(response, name, &value);
    }
    let length = random.of(&[0, 0, 8, 60]);
    *response.body_mut() = Bytes::from(random.bytes(length));
    response
}

const STATUSES: &[u16] = &[
    200, 201, 202, 204, 206, 301, 302, 307, 308, 400, 401, 403, 404, 405, 408, 409, 411, 412, 413,
    416, 429, 499, 500, 501, 502, 503, 504, 100, 599, 999,
];

const NAMES: &[&str] = &[
    "location",
    "range",
    "www-authenticate",
    "retry-after",
    "docker-content-digest",
    "oci-chunk-max-length",
    "oci-chunk-min-length",
    "content-type",
    "warning",
];

const VALUES: &[&[u8]] = &[
    b"/up/1",
    b"https://elsewhere.test/up?x=1",
    b"0-0",
    b"0-399",
    b"3",
    b"Bearer realm=\"https://auth.test/t\",service=\"s\"",
    b"Bearer realm=\"https://auth.test/t\",error=\"insufficient_scope\"",
    b"Basic realm=\"r\"",
    b"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
];

const MOST_OUTPUTS: u32 = 20_000;
