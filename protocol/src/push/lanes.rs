//! Which blob comes next: short requests before long bodies, each in lanes of their own.

use http::Method;
use http::header::AUTHORIZATION;

use super::poll::is_due;
use super::{OpeningState, Push};
use crate::blob::{Blob, State, Upload};
use crate::classify::Step;
use crate::error::{PushError, PushErrorKind};
use crate::event::{Event, Phase};
use crate::flights::{Draft, Work};
use crate::output::Output;
use crate::payload::Replay;

impl Push {
    /// Asks for the next blob that may be there.
    pub(super) fn next_question(&mut self) -> Option<Output> {
        self.next_of(|blob| matches!(blob.state, State::Check(_)), false)
    }

    /// Opens a session before it is known which blob needs it. That saves a round trip where blobs
    /// are not there, and costs a session where they are.
    pub(super) fn next_session(&mut self) -> Option<Output> {
        let is_preflight = self.opening.state == OpeningState::Preflight;
        let is_full = self.flights.controls() >= self.config.controls.max(1);
        if is_full || !self.looks_ahead {
            return None;
        }
        let at_hand = self.spares.len() + self.flights.ahead() + usize::from(is_preflight);
        if at_hand >= self.config.uploads.max(1) {
            return None;
        }
        // One more than there are at hand is wanted only where so many blobs are looked for.
        let mut wanting = self.blobs.iter().filter(|blob| blob.may_need_session());
        wanting.nth(at_hand)?;
        let (header, used) = self.authorized()?;
        let mut draft = Draft::new(Step::Open, Method::POST, self.api.uploads());
        draft
            .headers
            .extend(header.map(|header| (AUTHORIZATION, header)));
        self.send(Work::Ahead, draft, used)
    }

    /// Gives the sessions that are open anyway to the first blobs that would open one.
    pub(super) fn hand_out_sessions(&mut self) {
        if self.spares.is_empty() {
            return;
        }
        for blob in self.blobs.iter_mut().filter(|blob| blob.needs_session()) {
            if is_due(&mut blob.standing, self.now)
                && let Some(session) = self.spares.pop_front()
            {
                blob.state = State::Upload(Upload::new(session));
            }
        }
    }

    /// The next request for a blob, short ones before long bodies.
    pub(super) fn next_blob(&mut self) -> Option<Output> {
        let mut coming = self.flights.ahead();
        // A session that is on its way is waited for rather than asked for once more.
        let is_served = |blob: &Blob| {
            let is_served = blob.needs_session() && coming > 0;
            coming -= usize::from(is_served);
            is_served
        };
        self.next_of(not(is_served), false)
            .or_else(|| self.next_of(|_| true, true))
    }

    /// The first blob that is `wanted` and has something to send, with bytes of its own or without.
    fn next_of(
        &mut self,
        mut wanted: impl FnMut(&Blob) -> bool,
        uploading: bool,
    ) -> Option<Output> {
        let (used, lanes) = if uploading {
            (self.flights.uploads(), self.config.uploads)
        } else {
            (self.flights.controls(), self.config.controls)
        };
        if used >= lanes.max(1) {
            return None;
        }
        for index in 0..self.blobs.len() {
            let blob = &mut self.blobs[index];
            let is_waiting = blob.twin.is_some() || blob.is_unsettled;
            if blob.is_done() || is_waiting || !is_due(&mut blob.standing, self.now) {
                continue;
            }
            if blob.state.is_upload(&blob.facts) == uploading && wanted(blob) {
                return self.send_blob(index);
            }
        }
        None
    }

    fn send_blob(&mut self, index: usize) -> Option<Output> {
        let (header, used) = self.authorized()?;
        let blob = &mut self.blobs[index];
        let id = blob.facts.id;
        if blob.facts.replay == Replay::Anywhere {
            blob.facts.parts = self.parts;
        }
        let blob = &self.blobs[index];
        let mut draft = match blob.state.draft(&blob.facts, &self.api) {
            Ok(draft) => draft,
            Err(why) => {
                let error = PushError::new(PushErrorKind::Source, Phase::Upload, why)
                    .at(self.blob_place(id))
                    .with_hint("use a source that can be read again, a file for instance");
                self.fail(error);
                return None;
            }
        };
        let is_first = blob.tries == 0 && blob.setbacks == 0;
        match draft.step {
            Step::Check if is_first => self.event(Event::BlobChecking(id)),
            step if step.is_upload() && !blob.is_next_part() => {
                let offset = blob.offset();
                self.event(Event::BlobUploading { blob: id, offset });
            }
            _ => {}
        }
        if draft.url.origin() == self.api.origin() {
            draft
                .headers
                .extend(header.map(|header| (AUTHORIZATION, header)));
        }
        self.send(Work::Blob(id), draft, used)
    }
}

fn not(mut question: impl FnMut(&Blob) -> bool) -> impl FnMut(&Blob) -> bool {
    move |blob| !question(blob)
}
