//! How many requests are too many.

use std::time::{Duration, UNIX_EPOCH};

use http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use http::{Method, Response};
use longshore_protocol::ErrorCode;

use super::errors::{HTML, Refusal, TEXT};
use super::{Body, Core, Head, Outcome};
use crate::profile::{Counted, RateBody, RetryAfter};

/// The requests of the present window.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    number: u64,
    used: u64,
}

impl Core {
    /// Counts a request, or says that it is one too many.
    pub(super) fn count(&mut self, head: &Head<'_>) -> Outcome<()> {
        let rate = &self.profile.rate;
        if rate.limit == 0 || !self.counts(head) {
            return Ok(());
        }
        let length = rate.window.max(1);
        let number = head.now.as_secs() / length;
        if self.rate.number != number {
            self.rate = Window { number, used: 0 };
        }
        if self.rate.used < rate.limit {
            self.rate.used += 1;
            return Ok(());
        }
        let end = Duration::from_secs(number.saturating_add(1).saturating_mul(length));
        let left = end.saturating_sub(head.now).as_secs_f64().ceil() as u64;
        let message = rate.message.replace("{seconds}", &left.to_string());
        let refusal = match rate.body {
            RateBody::Json => {
                let code = ErrorCode::new(rate.code.clone());
                Refusal::new(rate.status, code, message)
            }
            RateBody::Text => Refusal::text(rate.status, TEXT, message),
            RateBody::Html => Refusal::text(rate.status, HTML, format!("<h1>{message}</h1>\n")),
        };
        Err(match rate.retry_after {
            RetryAfter::Absent => refusal,
            RetryAfter::Seconds => refusal.with(RETRY_AFTER, left.to_string()),
            RetryAfter::Date => {
                let time = self.wall_clock(end).min(LAST_DATE);
                refusal.with(RETRY_AFTER, httpdate::fmt_http_date(UNIX_EPOCH + time))
            }
        })
    }

    /// Writes on an answer how many requests are left.
    pub(super) fn tell_rate(&self, response: &mut Response<Body>) {
        let rate = &self.profile.rate;
        if rate.limit == 0 || !rate.headers {
            return;
        }
        let left = rate.limit.saturating_sub(self.rate.used);
        for (name, count) in [(LIMIT, rate.limit), (REMAINING, left)] {
            let text = format!("{count};w={}", rate.window);
            if let Ok(value) = HeaderValue::from_str(&text) {
                response.headers_mut().insert(name, value);
            }
        }
    }

    fn counts(&self, head: &Head<'_>) -> bool {
        let path = head.parts.uri.path();
        let method = &head.parts.method;
        if path == self.profile.auth.token_path {
            return false;
        }
        match self.profile.rate.of {
            Counted::All => true,
            Counted::Writes => !matches!(*method, Method::GET | Method::HEAD),
            Counted::Manifests => *method == Method::PUT && path.contains("/manifests/"),
        }
    }
}

/// The last second that such a date can tell: the end of the year 9999.
const LAST_DATE: Duration = Duration::from_secs(253_402_300_799);
const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
