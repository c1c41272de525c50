//! What is known of a failure beyond its status: names, places and sizes that do not fit together.

use http::StatusCode;

use super::Push;
use super::landing::Landed;
use crate::classify::{Step, is_about_quota};
use crate::wire::origin::Origin;

impl Push {
    /// Why something is not permitted, as far as more is known than that it is not.
    pub(super) fn why_denied(&self, landed: &Landed) -> Option<String> {
        let status = landed.answer.as_ref()?.status;
        let step = landed.flight.draft.step;
        let is_open = matches!(step, Step::Preflight | Step::Open | Step::Token);
        if is_open && let Some(why) = self.why_no_project() {
            return Some(why);
        }
        let is_ours = landed.flight.draft.url.origin() == self.api.origin();
        if status == StatusCode::UNAUTHORIZED && is_ours {
            return self.other_name();
        }
        None
    }

    /// Harbor has a project in front of every repository. It tells who it is in its challenge
    /// (goharbor/harbor, `service="harbor-registry"`).
    pub(super) fn why_no_project(&self) -> Option<String> {
        let repository = self.config.reference.repository();
        let is_harbor = self.auth.service() == Some("harbor-registry");
        (is_harbor && self.has_one_part()).then(|| {
            format!("the registry is a Harbor, which wants PROJECT/{repository} for {repository}")
        })
    }

    pub(super) fn has_one_part(&self) -> bool {
        !self.config.reference.repository().as_str().contains('/')
    }

    /// A registry that refuses its own token servers' tokens, and calls itself by another name than it
    /// was reached by: tokens are made for a name (`aud`, the challenge's `service`).
    fn other_name(&self) -> Option<String> {
        let service = self.auth.service()?;
        let host = self.api.origin().host();
        let is_host = service.contains('.') || service.contains(':');
        let name = service.split(':').next().unwrap_or(service);
        let is_other = !name.eq_ignore_ascii_case(host);
        (is_host && is_other).then(|| {
            format!(
                "the registry refuses the token that was made for it: it is reached as {host} and \
                 calls itself {service}"
            )
        })
    }

    /// What is wrong with the place that a request went to, if that is what is wrong.
    pub(super) fn why_lost(&self, landed: &Landed) -> Option<String> {
        let there = landed.flight.draft.url.origin();
        let registry = self.api.origin();
        let is_lost = has_lost_port(registry, there);
        let is_session = matches!(
            landed.flight.draft.step,
            Step::Put | Step::Stream | Step::Chunk | Step::Status | Step::Commit
        );
        (is_lost && is_session).then(|| {
            format!(
                "the registry is at {registry} and sent the upload to {}, without the port: what is \
                 in front of it has to hand on the host with the port (nginx: proxy_set_header Host \
                 $http_host)",
                landed.flight.draft.url
            )
        })
    }

    /// What is to be said of a header with a token that is larger than servers take: 8 KiB is the
    /// default of nginx (`large_client_header_buffers`) and Apache (`LimitRequestFieldSize`).
    pub(super) fn why_large_token(&self, landed: &Landed) -> Option<String> {
        let header = landed
            .flight
            .draft
            .headers
            .get(http::header::AUTHORIZATION)?;
        let bytes = header.len();
        let status = landed.answer.as_ref().map(|answer| answer.status.as_u16());
        let is_about_size = matches!(status, None | Some(400 | 413 | 414 | 431 | 494 | 500..));
        (bytes > COMMON_HEADER && is_about_size).then(|| {
            format!(
                "the token that the registry's token server gave has {bytes} bytes, and many servers \
                 take no more than {COMMON_HEADER} in a header"
            )
        })
    }
}

impl Landed {
    /// Whether it is room that is wanting, and no right.
    pub(super) fn is_about_quota(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| {
            answer.status == StatusCode::INSUFFICIENT_STORAGE || is_about_quota(&answer.message)
        })
    }
}

/// Whether `there` is the registry, but for a port that was not the default one.
fn has_lost_port(registry: &Origin, there: &Origin) -> bool {
    let is_default = there.port() == there.scheme().default_port();
    there.host() == registry.host() && there.port() != registry.port() && is_default
}

const COMMON_HEADER: usize = 8 << 10;
