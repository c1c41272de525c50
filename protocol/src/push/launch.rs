//! How a request leaves: what it carries, how long it may take, and who waits for its answer.

use std::sync::Arc;

use http::header::USER_AGENT;
use http::{HeaderValue, Method};

use super::Push;
use crate::auth::Generation;
use crate::blob::Standing;
use crate::classify::Step;
use crate::error::{PushError, PushErrorKind};
use crate::flights::{Draft, Flight, Work};
use crate::ids::Ticket;
use crate::output::{Exchange, Limits, NamedBy, Output};
use crate::payload::Payload;
use crate::wire::url::HttpUrl;

impl Push {
    /// Sends `draft` for `work`, now. What there is to say about it is said first.
    pub(super) fn send(&mut self, work: Work, draft: Draft, used: Generation) -> Option<Output> {
        let limits = self.limits(&draft);
        let request = match self.request(&draft) {
            Ok(request) => request,
            Err(url) => {
                let url = self.quoted(&url.to_string());
                let what = format!("{url} is not a URL that can be asked for");
                let phase = draft.step.phase();
                self.fail(PushError::new(PushErrorKind::Unintelligible, phase, what));
                return None;
            }
        };
        let id = self
            .flights
            .launch(Flight::new(self.now, work, draft, used, limits));
        match work {
            Work::Blob(blob) => self.blobs[blob.index()].standing = Standing::Flying(id),
            Work::Probe | Work::Preflight => self.opening.standing = Standing::Flying(id),
            Work::Manifest => {
                if let Some(manifest) = &mut self.manifest {
                    manifest.standing = Standing::Flying(id);
                }
            }
            Work::Token | Work::Ahead | Work::Glance(_) | Work::CutShort | Work::CleanUp { .. } => {
            }
        }
        self.outbox.push_back(Output::Send(Exchange {
            ticket: Ticket(id),
            request,
            limits,
        }));
        self.outbox.pop_front()
    }

    fn request(&self, draft: &Draft) -> Result<http::Request<Payload>, HttpUrl> {
        let mut request = http::Request::new(draft.payload.clone());
        *request.method_mut() = draft.method.clone();
        *request.uri_mut() = draft.url.to_uri().map_err(|_| draft.url.clone())?;
        *request.headers_mut() = draft.headers.clone();
        // For `Debug` of the exchange: the place may have been named by a registry, which may have put
        // into it what it was sent.
        let redaction = Arc::clone(self.auth.redaction());
        request.extensions_mut().insert(redaction);
        let agent = HeaderValue::from_str(&self.config.user_agent);
        if let Ok(agent) = agent {
            request.headers_mut().insert(USER_AGENT, agent);
        }
        let registry = self.api.origin().host();
        if draft.url.origin().host() != registry {
            let registry = registry.into();
            request.extensions_mut().insert(NamedBy { registry });
        }
        Ok(request)
    }

    fn limits(&self, draft: &Draft) -> Limits {
        let idle = self.config.idle;
        let (answer, response_body) = match draft.step {
            Step::Put | Step::Stream | Step::Chunk | Step::Commit => {
                (self.config.commit.max(idle), ERROR_BODY)
            }
            Step::Confirm if draft.method == Method::GET => (idle, MANIFEST_BODY),
            Step::Token => (idle, TOKEN_BODY),
            _ => (idle, ERROR_BODY),
        };
        Limits {
            idle,
            answer,
            total: (draft.step == Step::Delete).then_some(self.config.clean_up),
            response_body,
        }
    }
}

/// Enough for every error document that is worth reading.
const ERROR_BODY: usize = 64 << 10;
/// Tokens with many scopes are long.
const TOKEN_BODY: usize = 1 << 20;
/// The size that every registry must take is 4 MiB.
const MANIFEST_BODY: usize = 8 << 20;
