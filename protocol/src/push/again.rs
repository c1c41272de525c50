//! The same request again: after a pause, elsewhere, or with another token.

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, StatusCode};

use super::landing::Landed;
use super::{OpeningState, Push};
use crate::auth::Refusals;
use crate::blob::Standing;
use crate::classify::{Step, Verdict};
use crate::credentials::CredentialsReason;
use crate::error::PushErrorKind;
use crate::event::Event;
use crate::flights::{Flight, Work};
use crate::ids::BlobId;
use crate::payload::{Payload, Replay};
use crate::retry::mean_pause;
use crate::wire::origin::{Origin, Scheme};

impl Push {
    /// The same request again, after a pause.
    pub(super) fn retry(&mut self, landed: &Landed) {
        let tries = match landed.flight.work {
            Work::Blob(id) => &mut self.blobs[id.index()].tries,
            Work::Manifest => match &mut self.manifest {
                Some(manifest) => &mut manifest.tries,
                None => return,
            },
            Work::Probe
            | Work::Token
            | Work::Preflight
            | Work::Ahead
            | Work::Glance(_)
            | Work::CutShort
            | Work::CleanUp { .. } => &mut self.opening.tries,
        };
        *tries += 1;
        let tries = *tries;
        self.pause_after(landed, tries);
    }

    pub(super) fn setback(&mut self, id: BlobId, landed: &Landed, pause: bool) {
        let blob = &mut self.blobs[id.index()];
        blob.tries = 0;
        blob.setbacks += 1;
        blob.rested = pause;
        let setbacks = blob.setbacks;
        if pause {
            self.pause_after(landed, setbacks);
        } else if setbacks >= self.config.attempts.max(1) {
            self.fail(self.gave_up(landed));
        }
    }

    /// Pauses after `failures` failures in a row, or gives up: too many of them, too many in the
    /// whole push, or a registry that wants to be left alone for too long.
    pub(super) fn pause_after(&mut self, landed: &Landed, failures: u32) {
        let asked = landed.retry_after.unwrap_or_default();
        if asked > self.config.retry_after_limit {
            return self.fail(self.asked_too_much(landed, asked));
        }
        if failures >= self.config.attempts.max(1) || self.retries_left == 0 {
            return self.fail(self.gave_up(landed));
        }
        self.retries_left -= 1;
        let mean = mean_pause(failures, self.config.backoff, self.config.backoff_limit);
        let own = self.jitter.around(mean);
        // Not on the second: everybody was told the same one.
        let pause = if asked.is_zero() {
            own
        } else {
            asked.saturating_add(own / 4)
        };
        let until = self.now + pause;
        let status = landed.answer.as_ref().map(|answer| answer.status);
        if let Some(StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) = status
            && landed.flight.work != Work::Token
        {
            self.hold = self.hold.max(until);
        }
        self.pause(landed.flight.work, until);
        let blob = match landed.flight.work {
            Work::Blob(id) => Some(id),
            _ => None,
        };
        self.event(Event::Retrying {
            phase: landed.flight.draft.step.phase(),
            blob,
            after: pause,
            reason: landed.reason(),
        });
    }

    /// Asks the same of another place (RFC 9110, section 15.4). A write keeps its method or is not
    /// repeated at all: a `PUT` that became a `GET` would look like success.
    pub(super) fn redirect(&mut self, landed: Landed) {
        let Landed { flight, .. } = &landed;
        let status = landed
            .answer
            .as_ref()
            .map_or(0, |answer| answer.status.as_u16());
        let is_read = matches!(flight.draft.method, Method::GET | Method::HEAD);
        let upgraded = self.upgraded(&landed);
        let is_kept = matches!(status, 307 | 308);
        let is_tls = upgraded.is_some() && matches!(status, 301 | 302);
        let follows = is_kept || is_tls || (is_read && matches!(status, 301..=303));
        let is_far = flight.draft.redirects >= MAX_REDIRECTS;
        let can_go = follows && !is_far && landed.reply.location.is_ok();
        if let (Work::Blob(id), Step::Mount, false) = (flight.work, flight.draft.step, can_go) {
            // A mount that leads nowhere is a mount that failed.
            return self.blob_landed(id, landed);
        }
        if !follows || is_far {
            let kind = PushErrorKind::Unintelligible;
            let why = if follows {
                "too many redirects"
            } else {
                "a redirect that cannot be followed"
            };
            return self.fail(self.other_failure(kind, why, &landed));
        }
        let url = match &landed.reply.location {
            Ok(url) => url.clone(),
            Err(refusal) => {
                let kind = refusal.kind();
                return self.fail(self.failure(kind, &landed));
            }
        };
        let has_credentials = flight.draft.headers.contains_key(AUTHORIZATION)
            || flight.draft.headers.contains_key(CONTENT_TYPE);
        let is_elsewhere = url.origin() != flight.draft.url.origin() && upgraded.is_none();
        if flight.work == Work::Token && has_credentials && is_elsewhere {
            let there = self.quoted(&url.origin().to_string());
            let why = format!("the token server sends credentials on to {there}");
            return self.fail(self.other_failure(PushErrorKind::Unsafe, &why, &landed));
        }
        if let (Work::Blob(id), Payload::Blob(_)) = (flight.work, &flight.draft.payload) {
            let facts = &self.blobs[id.index()].facts;
            if facts.taken && facts.replay == Replay::Never {
                let why = "its source cannot be read again, and a redirect asks for that";
                return self.fail(self.other_failure(PushErrorKind::Source, why, &landed));
            }
        }
        if let Some(origin) = upgraded {
            self.api.move_to(origin.clone());
            self.auth.move_to(origin);
        }
        let Flight {
            work,
            mut draft,
            used,
            ..
        } = landed.flight;
        if is_elsewhere {
            draft.headers.remove(AUTHORIZATION);
        }
        draft.url = url;
        draft.redirects += 1;
        // What it says first is said first: what was to be said before stays in front.
        if let Some(output) = self.send(work, draft, used) {
            self.outbox.push_front(output);
        }
    }

    /// Where the registry is, if the answer sends a request of its API from clear text to the same
    /// place of the same host with TLS: something in front of it does that with all of them (nginx,
    /// `return 301 https://$host$request_uri`). The rest of the push begins there. What sends
    /// such an answer could read the credentials that were meant for the registry anyway.
    fn upgraded(&self, landed: &Landed) -> Option<Origin> {
        let asked = &landed.flight.draft.url;
        let there = landed.reply.location.as_ref().ok()?;
        let is_registry = landed.flight.work != Work::Token && asked.origin() == self.api.origin();
        let is_upgrade = asked.origin().scheme() == Scheme::Http
            && there.origin().scheme() == Scheme::Https
            && there.origin().host() == asked.origin().host()
            && there.is_same_target(asked);
        (is_registry && is_upgrade).then(|| there.origin().clone())
    }

    /// A 401 that a new token, or credentials, may help against.
    pub(super) fn reauthenticate(&mut self, mut landed: Landed) {
        let Flight {
            work, used, draft, ..
        } = &landed.flight;
        if draft.url.origin() != self.api.origin() {
            // It was not asked with our credentials, and will not be.
            if let (Work::Blob(id), Step::Check | Step::Mount) = (*work, draft.step) {
                landed.verdict = Verdict::Unclear;
                return self.blob_landed(id, landed);
            }
            let landed = &landed;
            return self.fail(self.failure(PushErrorKind::Rejected, landed));
        }
        if *work != Work::Probe {
            let refusals = Refusals::after(self.refused(*work), *used);
            self.set_refused(*work, Some(refusals));
            self.stand_by(*work);
        } else {
            self.opening.state = OpeningState::Preflight;
            self.opening.standing = Standing::Ready;
        }
        let scoped = *work != Work::Probe;
        let challenged = self
            .auth
            .challenged(self.now, &landed.headers, *used, scoped);
        if let Err(trouble) = challenged {
            self.fail_authentication(trouble);
        }
    }

    /// Without credentials the push is refused: perhaps somebody has some. Returns whether they
    /// are asked for.
    pub(super) fn may_log_in(&mut self, landed: &Landed) -> bool {
        let is_unauthorized = landed
            .answer
            .as_ref()
            .is_some_and(|answer| answer.status == StatusCode::UNAUTHORIZED);
        if !is_unauthorized || !self.auth.is_anonymous() || landed.flight.work == Work::Token {
            return false;
        }
        self.set_refused(landed.flight.work, None);
        self.stand_by(landed.flight.work);
        let asked = self.auth.ask(CredentialsReason::AnonymousRefused);
        asked.is_ok()
    }

    fn stand_by(&mut self, work: Work) {
        match work {
            Work::Blob(id) => self.blobs[id.index()].standing = Standing::Ready,
            Work::Manifest => {
                if let Some(manifest) = &mut self.manifest {
                    manifest.standing = Standing::Ready;
                }
            }
            Work::Probe | Work::Preflight => self.opening.standing = Standing::Ready,
            Work::Token | Work::Ahead | Work::Glance(_) | Work::CutShort | Work::CleanUp { .. } => {
            }
        }
    }

    pub(super) fn refused(&self, work: Work) -> Option<Refusals> {
        match work {
            Work::Blob(id) => self.blobs[id.index()].refused,
            Work::Manifest => self.manifest.as_ref()?.refused,
            Work::Probe | Work::Preflight => self.opening.refused,
            Work::Token | Work::Ahead | Work::Glance(_) | Work::CutShort | Work::CleanUp { .. } => {
                None
            }
        }
    }

    pub(super) fn set_refused(&mut self, work: Work, refused: Option<Refusals>) {
        match work {
            Work::Blob(id) => self.blobs[id.index()].refused = refused,
            Work::Manifest => {
                if let Some(manifest) = &mut self.manifest {
                    manifest.refused = refused;
                }
            }
            Work::Probe | Work::Preflight => self.opening.refused = refused,
            Work::Token | Work::Ahead | Work::Glance(_) | Work::CutShort | Work::CleanUp { .. } => {
            }
        }
    }
}

const MAX_REDIRECTS: u32 = 5;
