//! Learning what a blob is while it is on its way.

use http::header::AUTHORIZATION;

use super::Push;
use super::landing::Landed;
use super::leftovers::Leftover;
use crate::blob::{Check, Standing, State, check};
use crate::classify::Verdict;
use crate::event::{BlobOutcome, Event};
use crate::flights::Work;
use crate::ids::BlobId;
use crate::output::Output;
use crate::time::Timestamp;
use crate::wire::digest::Content;

impl Push {
    /// Says what a blob of unknown content is before its upload has come to its end: who packs a
    /// blob may be done with it long before the registry has it all.
    ///
    /// The upload goes on, and the registry is asked beside it whether it has the blob. If so, the
    /// upload is broken off, since the rest would be sent for nothing. If the upload breaks by
    /// itself, it is begun again like that of any blob that is known.
    ///
    /// Nothing happens where the content is known already, or to a blob of another push.
    pub fn learn(&mut self, now: Timestamp, id: BlobId, content: Content) {
        self.now = self.now.max(now);
        let is_running = self.is_running();
        let Some(blob) = self.blobs.get_mut(id.index()) else {
            return;
        };
        if blob.facts.content.is_some() || !is_running {
            return;
        }
        blob.facts.content = Some(content);
        let is_flying = matches!(blob.standing, Standing::Flying(_));
        match &mut blob.state {
            State::Upload(upload) if is_flying => {
                upload.keep_streaming();
                blob.is_asked_for_meanwhile = true;
            }
            State::Upload(upload) => {
                let session = upload.session.clone();
                self.leftovers.push_back(Leftover::of(blob, session));
                blob.state = State::Check(Check::first());
            }
            State::Start(_) if !is_flying => blob.state = State::Check(Check::first()),
            _ => {}
        }
    }

    /// Asks, once, for a blob that is being sent.
    pub(super) fn next_glance(&mut self) -> Option<Output> {
        if self.flights.controls() >= self.config.controls.max(1) {
            return None;
        }
        let is_asked_for = |id: &BlobId| {
            let blob = &self.blobs[id.index()];
            blob.is_asked_for_meanwhile && matches!(blob.state, State::Upload(_))
        };
        let id = self.flights.blobs().find(is_asked_for)?;
        let (header, used) = self.authorized()?;
        let blob = &mut self.blobs[id.index()];
        blob.is_asked_for_meanwhile = false;
        let mut draft = check::draft(blob.facts.content.as_ref()?, &self.api);
        draft
            .headers
            .extend(header.map(|header| (AUTHORIZATION, header)));
        self.event(Event::BlobChecking(id));
        self.send(Work::Glance(id), draft, used)
    }

    /// The registry has the blob, or it has not, or does not say: only the first is news.
    pub(super) fn glanced(&mut self, id: BlobId, landed: &Landed) {
        let blob = &mut self.blobs[id.index()];
        let is_there =
            landed.verdict == Verdict::Accept && check::is_ours(&landed.reply, &blob.facts);
        if let (true, State::Upload(upload), Standing::Flying(request)) =
            (is_there, &blob.state, blob.standing)
        {
            let session = upload.session.clone();
            blob.facts.taken = true;
            if !self.flights.is_stream(request) {
                self.leftovers.push_back(Leftover::of(blob, session));
            }
            blob.state = State::Done(BlobOutcome::Existed);
            blob.standing = Standing::Ready;
            blob.sent += self.flights.sent(request);
            self.cut_short(request);
            self.announce_blob(id);
        }
    }
}
