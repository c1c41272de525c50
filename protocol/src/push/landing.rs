//! What comes back, read once and for all.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderName, RANGE};
use http::{HeaderMap, StatusCode};

use super::Push;
use crate::blob::Reply;
use crate::classify::{Outcome, Verdict, classify};
use crate::error::RegistryAnswer;
use crate::event::Event;
use crate::flights::{Flight, Work};
use crate::ids::RequestId;
use crate::payload::{Failure, Receipt};
use crate::retry::retry_after;
use crate::wire::digest::Digest;
use crate::wire::error_body::{self, ErrorAnswer};
use crate::wire::location::location;
use crate::wire::range::claim;
use crate::wire::url::HttpUrl;
use crate::wire::warning::warnings;

/// An outcome, read once and for all.
pub(super) struct Landed {
    pub(super) flight: Flight,
    pub(super) verdict: Verdict,
    pub(super) reply: Reply,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// What the registry said, where it refused.
    pub(super) answer: Option<RegistryAnswer>,
    /// What happened, where there was no answer.
    pub(super) detail: Option<String>,
    /// The digests that a refusal mentions.
    pub(super) digests: Vec<Digest>,
    pub(super) retry_after: Option<Duration>,
}

impl Push {
    pub(super) fn answered(
        &mut self,
        id: RequestId,
        response: http::Response<Bytes>,
        receipt: Receipt,
    ) {
        let Some(flight) = self.flights.land(id) else {
            return;
        };
        let (head, body) = response.into_parts();
        let status = head.status;
        self.note_sent(&flight, &receipt);
        if flight.work == Work::Token {
            // A refusal may have tokens in it, too.
            self.auth.know_tokens(&body);
        }
        let url = flight.draft.url.clone();
        self.note_warnings(&head.headers, &url);
        let refusal = (!status.is_success()).then(|| {
            let redact = |text: &str| self.redacted(text, &url);
            error_body::read(status, &head.headers, &body, &redact)
        });
        if status != StatusCode::UNAUTHORIZED && flight.draft.url.origin() == self.api.origin() {
            self.auth.accepted(flight.used);
        }
        let before = self.refused(flight.work);
        let fresh = self.auth.is_final(before, flight.used, flight.started());
        let said = refusal.as_ref().map(|read| &read.answer);
        let code = said.and_then(|answer| answer.code.as_ref());
        let verdict = classify(
            flight.draft.step,
            Outcome::Answer {
                status,
                code: code.map_or("", |code| code.as_str()),
                message: said.map_or("", |answer| &answer.message),
                fresh,
            },
        );
        let (answer, digests) = match refusal {
            Some(ErrorAnswer { answer, digests }) => (Some(answer), digests),
            None => (None, Vec::new()),
        };
        self.landed(Landed {
            reply: self.reply(&flight, status, &head.headers, receipt),
            retry_after: retry_after(&head.headers),
            headers: head.headers,
            flight,
            verdict,
            body,
            answer,
            detail: None,
            digests,
        });
    }

    pub(super) fn unanswered(&mut self, id: RequestId, failure: Failure) {
        let Some(flight) = self.flights.land(id) else {
            return;
        };
        self.note_sent(&flight, &failure.receipt);
        let sent = failure.receipt.sent.max(flight.sent);
        let length = flight.draft.payload.length();
        let complete = failure.receipt.end.is_some() || length.is_some_and(|all| sent >= all);
        let kind = failure.kind;
        let verdict = classify(flight.draft.step, Outcome::Failure { kind, complete });
        let receipt = Receipt {
            sent,
            end: failure.receipt.end,
        };
        let detail = self.redacted(&failure.detail, &flight.draft.url);
        self.landed(Landed {
            reply: Reply {
                refuses_range: false,
                is_success: false,
                location: location(self.api.origin(), &flight.draft.url, &failure.headers),
                chunk_min: None,
                chunk_max: None,
                claim: None,
                echo: None,
                length: None,
                receipt,
            },
            flight,
            verdict,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            answer: None,
            detail: Some(detail),
            digests: Vec::new(),
            retry_after: None,
        });
    }

    fn note_sent(&mut self, flight: &Flight, receipt: &Receipt) {
        if let Work::Blob(id) = flight.work {
            let sent = receipt.sent.max(flight.sent);
            let blob = &mut self.blobs[id.index()];
            blob.sent += sent;
            blob.facts.taken |= sent > 0;
        }
    }

    /// `text` that came in answer to a request for `url`, without secrets.
    fn redacted(&self, text: &str, url: &HttpUrl) -> String {
        let redaction = self.auth.redaction();
        redaction.redacted_with(text, &url.secrets())
    }

    fn note_warnings(&mut self, headers: &HeaderMap, url: &HttpUrl) {
        let warnings = warnings(headers, &|text| self.redacted(text, url));
        for text in warnings {
            if self.warnings.len() < MAX_WARNINGS && self.warnings.insert(text.clone()) {
                self.event(Event::Warning(text));
            }
        }
    }

    fn reply(
        &self,
        flight: &Flight,
        status: StatusCode,
        headers: &HeaderMap,
        receipt: Receipt,
    ) -> Reply {
        let text = |name: &HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
        let number = |name| text(name)?.parse::<u64>().ok();
        Reply {
            refuses_range: status == StatusCode::RANGE_NOT_SATISFIABLE,
            is_success: status.is_success(),
            location: location(self.api.origin(), &flight.draft.url, headers),
            chunk_min: number(&CHUNK_MIN),
            chunk_max: number(&CHUNK_MAX),
            claim: text(&RANGE).and_then(claim),
            echo: text(&CONTENT_DIGEST).and_then(|digest| digest.parse().ok()),
            length: number(&CONTENT_LENGTH),
            receipt,
        }
    }
}

impl Landed {
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// What went wrong, for a person.
    pub(super) fn reason(&self) -> String {
        match (&self.answer, &self.detail) {
            (Some(answer), _) => format!("the registry said {answer}"),
            (None, Some(detail)) => detail.clone(),
            (None, None) => "the registry's answer left it open".to_owned(),
        }
    }

    /// Why a place that the answer names is not gone to, if that is what is wrong. It may quote the
    /// answer.
    pub(super) fn refusal(&self) -> Option<String> {
        let needs_place = matches!(self.verdict, Verdict::Opened | Verdict::Redirect);
        match &self.reply.location {
            Err(refusal) if needs_place && self.detail.is_none() => Some(refusal.to_string()),
            _ => None,
        }
    }
}

static CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
static CHUNK_MIN: HeaderName = HeaderName::from_static("oci-chunk-min-length");
static CHUNK_MAX: HeaderName = HeaderName::from_static("oci-chunk-max-length");

const MAX_WARNINGS: usize = 32;
