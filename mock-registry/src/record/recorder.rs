//! The record as it grows.

use std::collections::VecDeque;
use std::io::Write;
use std::time::Duration;

use http::request::Parts;
use http::{HeaderMap, Response};
use sha2::{Digest as _, Sha256};

use super::exchange::{AnswerRecord, BodyRecord, Exchange, Flaws, Listener, Peer};
use super::secrets::Secrets;
use super::{Exchanges, SecretKind};
use crate::core::Body;
use crate::fault::{Scene, Step};
use crate::redact;

/// Writes down what was asked and answered, the oldest forgotten when there is too much.
pub struct Recorder {
    exchanges: VecDeque<Exchange>,
    next: u64,
    limit: usize,
    /// What the exchanges weigh together.
    bytes: usize,
    hashes: bool,
    secrets: Secrets,
    sink: Option<Box<dyn Write + Send>>,
}

/// Which exchange of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordId(u64);

/// Measures a body as it comes.
#[derive(Debug)]
pub struct Meter {
    size: u64,
    hasher: Option<Sha256>,
    kept: Vec<u8>,
    keep: usize,
}

impl Meter {
    pub(crate) fn take(&mut self, piece: &[u8]) {
        self.size += piece.len() as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(piece);
        }
        let room = self.keep.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn kept(&self) -> &[u8] {
        &self.kept
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self {
            exchanges: VecDeque::new(),
            next: 1,
            limit: LIMIT,
            bytes: 0,
            hashes: false,
            secrets: Secrets::default(),
            sink: None,
        }
    }
}

impl Recorder {
    /// Everything that is remembered, oldest first.
    #[must_use]
    pub fn exchanges(&self) -> Exchanges {
        Exchanges::new(self.exchanges.iter().cloned().collect())
    }

    /// How many exchanges there were, the forgotten ones included.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.next - 1
    }

    /// Forgets everything that is finished.
    pub fn clear(&mut self) {
        self.exchanges.clear();
        self.bytes = 0;
    }

    /// Remembers as many exchanges; the default is 4,096. Of large ones there are fewer, so that they
    /// never take more than 16 MiB together.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit.max(1);
    }

    /// Hashes every body. The default is to hash those of manifests only, for speed.
    pub fn hash_bodies(&mut self, yes: bool) {
        self.hashes = yes;
    }

    /// Writes every exchange there, as a line of JSON, once it is over.
    pub fn write_to(&mut self, sink: impl Write + Send + 'static) {
        self.sink = Some(Box::new(sink));
    }

    /// Looks for this password from now on.
    pub fn know_user(&mut self, name: &str, password: &str) {
        self.secrets.know_user(name, password);
    }

    /// Looks for this secret from now on.
    pub fn know(&mut self, kind: SecretKind, secret: &str) {
        self.secrets.know(kind, secret);
    }

    /// Looks for the tokens of a token answer from now on.
    pub(crate) fn know_tokens(&mut self, answer: &[u8]) {
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(answer) else {
            return;
        };
        let fields = [
            ("token", SecretKind::Token),
            ("access_token", SecretKind::Token),
            ("refresh_token", SecretKind::Refresh),
        ];
        for (field, kind) in fields {
            if let Some(secret) = value.get(field).and_then(serde_json::Value::as_str) {
                self.secrets.know(kind, secret);
            }
        }
    }

    /// Which known secrets stand in a text: for what a client prints.
    #[must_use]
    pub fn secrets_in(&self, text: &str) -> Vec<String> {
        self.secrets.labels_in(text)
    }

    /// The same text, with labels in place of these secrets.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.secrets.redact(text, "", &mut Vec::new())
    }

    pub(crate) fn open(
        &mut self,
        now: Duration,
        peer: Peer,
        parts: &Parts,
        scene: &Scene,
        faults: Vec<String>,
        busy: u64,
    ) -> (RecordId, Meter) {
        let mut secrets = Vec::new();
        let target = self
            .secrets
            .redact(&cut(&scene.target), "target", &mut secrets);
        let target = redact::text(&target);
        // Parts of the target, in which it was seen already.
        let part = |text: &str| redact::text(&self.redact(text));
        let (repository, subject) = (part(&scene.repository), part(&scene.subject));
        let headers = self.headers(&parts.headers, &mut secrets);
        let id = self.next;
        self.next += 1;
        let exchange = Exchange {
            id,
            at: now,
            took: Duration::ZERO,
            listener: peer.listener,
            connection: peer.connection,
            secure: peer.secure,
            protocol: format!("{:?}", parts.version),
            busy,
            step: scene.step,
            repository,
            subject,
            method: parts.method.to_string(),
            target,
            headers,
            flaws: parts
                .extensions
                .get()
                .map_or_else(Vec::new, |Flaws(flaws)| flaws.clone()),
            body: BodyRecord::default(),
            answer: None,
            faults,
            secrets,
        };
        self.make_room(exchange.weight());
        self.bytes += exchange.weight();
        self.exchanges.push_back(exchange);
        let whole = matches!(scene.step, Step::Manifest | Step::Token);
        let stranger = peer.listener == Listener::Elsewhere;
        let meter = Meter {
            size: 0,
            hasher: (self.hashes || scene.step == Step::Manifest).then(Sha256::new),
            kept: Vec::new(),
            keep: if whole || stranger { KEPT } else { SCANNED },
        };
        (RecordId(id), meter)
    }

    pub(crate) fn close(
        &mut self,
        now: Duration,
        id: RecordId,
        meter: Meter,
        response: Option<&Response<Body>>,
    ) {
        let Some(mut exchange) = self.take(id) else {
            return;
        };
        let mut secrets = std::mem::take(&mut exchange.1.secrets);
        let body = String::from_utf8_lossy(&meter.kept);
        let mut body = self.secrets.redact(&body, "body", &mut secrets);
        if exchange.1.step != Step::Manifest {
            body = redact::text(&body);
        }
        let whole = matches!(exchange.1.step, Step::Manifest | Step::Token);
        let digest = meter.hasher.map(|hasher| {
            let hash = hasher.finalize();
            let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("sha256:{hex}")
        });
        let text = (whole && meter.size > 0 && meter.size <= KEPT as u64).then_some(body);
        exchange.1.body = BodyRecord {
            size: meter.size,
            complete: response.is_some(),
            digest,
            text,
        };
        exchange.1.secrets = secrets;
        exchange.1.took = now.saturating_sub(exchange.1.at);
        exchange.1.answer = response.map(|response| self.answer(exchange.1.step, response));
        if let Some(sink) = &mut self.sink
            && let Ok(line) = serde_json::to_string(&exchange.1)
        {
            // A record that cannot be written is no reason to refuse a request.
            let _ = writeln!(sink, "{line}").and_then(|()| sink.flush());
        }
        let (at, exchange) = exchange;
        let weight = exchange.weight();
        if let Some(place) = self.exchanges.get_mut(at) {
            self.bytes = self.bytes - place.weight() + weight;
            *place = exchange;
        }
        self.make_room(0);
    }

    /// Forgets the oldest until one more of this weight fits.
    fn make_room(&mut self, weight: usize) {
        let more = usize::from(weight > 0);
        while self.exchanges.len() + more > self.limit || self.bytes + weight > MOST_BYTES {
            let Some(oldest) = self.exchanges.pop_front() else {
                return;
            };
            self.bytes -= oldest.weight();
        }
    }

    fn take(&self, id: RecordId) -> Option<(usize, Exchange)> {
        let first = self.exchanges.front()?.id;
        let at = usize::try_from(id.0.checked_sub(first)?).ok()?;
        self.exchanges
            .get(at)
            .map(|exchange| (at, exchange.clone()))
    }

    fn answer(&self, step: Step, response: &Response<Body>) -> AnswerRecord {
        let mut seen = Vec::new();
        let is_stored = step == Step::Manifest && response.status().is_success();
        let (size, text) = match response.body() {
            Body::Empty => (0, None),
            Body::Stored { range, .. } => (range.end - range.start, None),
            Body::Bytes(bytes) => {
                let start = &bytes[..bytes.len().min(ANSWER)];
                let text = std::str::from_utf8(start).ok();
                let text = text.map(|text| self.secrets.redact(text, "answer", &mut seen));
                // What is stored has no secrets; it may be a config or a manifest in base64.
                let text = text.map(|text| if is_stored { text } else { redact::text(&text) });
                (bytes.len() as u64, text)
            }
        };
        AnswerRecord {
            status: response.status().as_u16(),
            headers: self.headers(response.headers(), &mut seen),
            size,
            text,
        }
    }

    fn headers(
        &self,
        headers: &HeaderMap,
        seen: &mut Vec<super::Sighting>,
    ) -> Vec<(String, String)> {
        let mut out = Vec::new();
        for (name, value) in headers {
            let value = cut(&String::from_utf8_lossy(value.as_bytes()));
            let known = self.secrets.redact(&value, name.as_str(), seen);
            let shown = redact::header(name.as_str(), &known);
            out.push((name.as_str().to_owned(), shown));
            if out.len() == MOST_HEADERS {
                break;
            }
        }
        out
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder")
            .field("exchanges", &self.exchanges.len())
            .finish_non_exhaustive()
    }
}

fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(LONGEST)].to_owned()
}

const LIMIT: usize = 4096;
const MOST_BYTES: usize = 16 << 20;
const LONGEST: usize = 16 << 10;
const MOST_HEADERS: usize = 128;
const KEPT: usize = 4 << 20;
const SCANNED: usize = 4 << 10;
const ANSWER: usize = 16 << 10;
