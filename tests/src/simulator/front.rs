//! What stands in front of the registry: it sends requests elsewhere, and takes no large bodies.

use http::header::LOCATION;
use http::request::Parts;
use http::uri::Uri;
use http::{HeaderValue, Method, Response, StatusCode};

use bytes::Bytes;

use super::plan::Fault;
use super::{Plan, World};

impl World<'_> {
    /// What it says to a request instead of handing it on, if anything. The request is handed on as
    /// it was before it was sent elsewhere.
    ///
    /// # Errors
    /// A request was sent elsewhere too often.
    pub(super) fn front(
        &mut self,
        parts: &mut Parts,
        carried: Option<usize>,
        fault: Option<Fault>,
    ) -> Result<Option<Response<Bytes>>, String> {
        let hops = take_hops(&mut parts.uri);
        if hops > MOST_HOPS {
            return Err(format!("redirects: {hops} of them were followed"));
        }
        let is_question = parts.method == Method::HEAD && parts.uri.path().contains("/blobs/");
        let status = match fault {
            Some(Fault::Redirected(status)) => Some(status),
            None if self.plan.loops && is_question => Some(307),
            _ => None,
        };
        if let Some(status) = status {
            return Ok(Some(self.elsewhere(&parts.uri, status, hops + 1)));
        }
        let is_large = self.plan.body_limit > 0
            && carried.is_some_and(|length| length as u64 > self.plan.body_limit);
        if is_large || carried.is_some() && fault == Some(Fault::TooLarge) {
            self.too_large += 1;
            return Ok(Some(answer(413)));
        }
        Ok(None)
    }

    /// The same place under another name, often with a warning that was not sent before.
    fn elsewhere(&mut self, uri: &Uri, status: u16, hops: u32) -> Response<Bytes> {
        let separator = if uri.query().is_some() { '&' } else { '?' };
        let location = format!("{uri}{separator}{HOPS}{hops}");
        let mut response = answer(status);
        if let Ok(value) = HeaderValue::from_str(&location) {
            response.headers_mut().insert(LOCATION, value);
        }
        if self.random.one_in(2) {
            let warning = format!("299 - \"request {} was sent on\"", self.sent);
            if let Ok(value) = HeaderValue::from_str(&warning) {
                response.headers_mut().insert("warning", value);
            }
        }
        response
    }

    /// Checks that sizes were learnt and not only tried.
    ///
    /// # Errors
    /// More bodies were too large than there are sizes to try.
    pub(super) fn check_sizes(&self) -> Result<(), String> {
        let is_chance = |(_, fault): &&(u64, Fault)| *fault == Fault::TooLarge;
        let chances = self.plan.faults.iter().filter(is_chance).count();
        // The whole, the parts that were asked for, and the smallest: of each blob at most.
        let most = 3 * self.plan.blobs.len() + chances;
        if self.too_large > most {
            let found = self.too_large;
            return Err(format!(
                "sizes: {found} bodies were too large, of {most} at most"
            ));
        }
        Ok(())
    }
}

impl Plan {
    /// Whether no client gets a blob of `size` bytes through, which can be sent in parts or not.
    pub(super) fn is_too_large(&self, size: u64, has_parts: bool) -> bool {
        let limit = self.body_limit;
        limit > 0 && size > limit && (!has_parts || limit < Self::SMALLEST_CHUNK)
    }

    /// [`Config::smallest_chunk`](longshore_protocol::Config) where bodies are limited.
    pub(super) const SMALLEST_CHUNK: u64 = 32;
}

/// Takes the number of times that a request was sent elsewhere out of its query.
fn take_hops(uri: &mut Uri) -> u32 {
    let text = uri.to_string();
    let Some(at) = text.rfind(HOPS) else {
        return 0;
    };
    let hops = text[at + HOPS.len()..].parse().unwrap_or(0);
    // Without what separates it.
    if let Ok(before) = text[..at - 1].parse() {
        *uri = before;
    }
    hops
}

fn answer(status: u16) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    response
}

/// What is in front of the number, in a query.
const HOPS: &str = "hops=";
/// As many redirects as the push machine follows.
const MOST_HOPS: u32 = 5;
