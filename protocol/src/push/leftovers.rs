//! Upload sessions that are of no use any more, until they are gone.

use http::header::AUTHORIZATION;
use http::{Method, StatusCode};

use super::landing::Landed;
use super::{Push, Stage};
use crate::auth::Generation;
use crate::blob::{Blob, Session, Standing};
use crate::classify::Step;
use crate::flights::{Draft, Errand, Past, Work};
use crate::ids::RequestId;
use crate::output::Output;
use crate::wire::url::HttpUrl;

/// An upload session to delete.
#[derive(Debug)]
pub(super) struct Leftover {
    url: HttpUrl,
    past: Past,
    errand: Errand,
}

impl Leftover {
    /// One that no body went to, or only bodies that were answered.
    pub(super) fn quiet(session: Session) -> Self {
        Self::new(session.url, Past::Quiet)
    }

    /// One that `blob` had. A blob that is done was committed, and that ends its session.
    pub(super) fn of(blob: &Blob, session: Session) -> Self {
        let may_be_cut = blob.facts.taken && !blob.is_done();
        let past = if may_be_cut { Past::Cut } else { Past::Quiet };
        Self::new(session.url, past)
    }

    fn new(url: HttpUrl, past: Past) -> Self {
        let errand = Errand::Delete;
        Self { url, past, errand }
    }
}

impl Push {
    /// Deletes the sessions that no blob needs any more, once they are known.
    pub(super) fn next_spare_deletion(&mut self) -> Option<Output> {
        if self.manifest.is_none() || !self.is_every_blob_done() {
            return None;
        }
        let spares = self.spares.drain(..).map(Leftover::quiet);
        self.leftovers.extend(spares);
        self.next_deletion()
    }

    pub(super) fn next_deletion(&mut self) -> Option<Output> {
        if self.flights.controls() >= self.config.controls.max(1) {
            return None;
        }
        if let Stage::Closing(_, until) = &self.stage
            && *until <= self.now
        {
            return None;
        }
        let Leftover { url, past, errand } = self.leftovers.pop_front()?;
        let method = match errand {
            Errand::Delete | Errand::DeleteAgain => Method::DELETE,
            Errand::Ask => Method::GET,
        };
        let mut draft = Draft::new(Step::Delete, method, url);
        if draft.url.origin() == self.api.origin() {
            let header = self.auth.header();
            draft
                .headers
                .extend(header.map(|header| (AUTHORIZATION, header)));
        }
        let work = Work::CleanUp { past, errand };
        self.send(work, draft, Generation::default())
    }

    /// The answer to a deletion, or to the question where the session is.
    pub(super) fn deleted(&mut self, landed: &Landed, past: Past, errand: Errand) {
        let url = landed.flight.draft.url.clone();
        let status = landed.answer.as_ref().map(|answer| answer.status);
        let is_unknown = matches!(status, Some(StatusCode::NOT_FOUND | StatusCode::GONE));
        let has_moved = is_unknown || status == Some(StatusCode::RANGE_NOT_SATISFIABLE);
        let is_answered = landed.reply.is_success || status.is_some();
        let next = match (errand, past) {
            (Errand::Ask, _) if landed.reply.is_success => Some(Leftover {
                url: landed.reply.location.clone().unwrap_or(url),
                past: Past::Asked,
                errand: Errand::Delete,
            }),
            (Errand::Ask, _) => None,
            _ if landed.reply.is_success => return,
            (_, Past::Quiet) if is_unknown => return,
            (_, Past::Quiet | Past::Cut) if has_moved => Some(Leftover {
                url,
                past,
                errand: Errand::Ask,
            }),
            // The connection may have been an old one that the registry had just closed.
            (Errand::Delete, _) if !is_answered => Some(Leftover {
                url,
                past,
                errand: Errand::DeleteAgain,
            }),
            _ => None,
        };
        match next {
            Some(leftover) => self.leftovers.push_back(leftover),
            None => self.sessions_left += 1,
        }
    }

    /// Has the body in the air end where it is. If its length was announced, nothing but a break
    /// ends it.
    pub(super) fn cut_short(&mut self, id: RequestId) {
        let is_stream = self.flights.cut_short(id);
        if is_stream {
            self.outbox.push_back(Output::CutShort(id));
        } else {
            self.flights.land(id);
            self.outbox.push_back(Output::Abort(id));
        }
    }

    /// The answer to a body that was cut short: it says where its session is.
    pub(super) fn was_cut_short(&mut self, landed: &Landed) {
        let past = match landed.reply.is_success {
            true => Past::Quiet,
            false => Past::Cut,
        };
        // A source that failed at the same time says so, and the answer is with the failure.
        let place = landed.reply.location.as_ref();
        let url = place.unwrap_or(&landed.flight.draft.url).clone();
        self.leftovers.push_back(Leftover::new(url, past));
    }

    /// Takes back what the driver was not told to send yet.
    pub(super) fn take_back(&mut self) {
        let (unsent, rest) = std::mem::take(&mut self.outbox)
            .into_iter()
            .partition(|output| matches!(output, Output::Send(_)));
        self.outbox = rest;
        for output in unsent {
            if let Output::Send(exchange) = output
                && let Some(flight) = self.flights.land(exchange.ticket.id())
                && let Work::CleanUp { past, errand } = flight.work
            {
                self.leftovers.push_back(Leftover {
                    url: flight.draft.url,
                    past,
                    errand,
                });
            }
        }
    }

    /// Has every session deleted that is open. Those of bodies that are cut short come later.
    pub(super) fn leave_sessions(&mut self) {
        for index in 0..self.blobs.len() {
            let blob = &mut self.blobs[index];
            let standing = std::mem::replace(&mut blob.standing, Standing::Ready);
            let Some(session) = blob.session().cloned() else {
                continue;
            };
            if let Standing::Flying(id) = standing
                && self.flights.blob(id).is_some()
            {
                blob.facts.taken = true;
                if self.flights.is_stream(id) {
                    self.cut_short(id);
                    continue;
                }
            }
            let leftover = Leftover::of(&self.blobs[index], session);
            self.leftovers.push_back(leftover);
        }
        let spares = self.spares.drain(..).map(Leftover::quiet);
        self.leftovers.extend(spares);
    }
}
