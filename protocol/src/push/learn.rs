//! Learning what a blob is while it is on its way.

use super::Push;
use crate::blob::{Check, Standing, State};
use crate::ids::BlobId;
use crate::output::Output;
use crate::payload::Replay;
use crate::time::Timestamp;
use crate::wire::digest::Content;

impl Push {
    /// Says what a blob of unknown content is before its upload has come to its end: who packs a
    /// blob may be done with it long before the registry has it all.
    ///
    /// If hardly anything has been sent, the upload is broken off and the registry is asked whether
    /// it has the blob, since then the rest would be sent for nothing. That needs a source that can
    /// be read again. Otherwise the upload goes on, and if it breaks, it is resumed like that of any
    /// blob that is known.
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
        let flying = match blob.standing {
            Standing::Flying(request) => Some(request),
            Standing::Ready | Standing::Pausing(_) => None,
        };
        let sent = flying.map_or(0, |request| self.flights.sent(request));
        let is_early = sent < content.size / LITTLE && blob.facts.replay != Replay::Never;
        blob.facts.content = Some(content);
        match &mut blob.state {
            State::Upload(upload) if flying.is_some() && !is_early => upload.keep_streaming(),
            State::Upload(upload) => {
                self.abandoned.push_back(upload.session.clone());
                blob.state = State::Check(Check::first());
            }
            State::Start(_) if flying.is_none() => blob.state = State::Check(Check::first()),
            _ => {}
        }
        if let (State::Check(_), Some(request)) = (&blob.state, flying) {
            blob.standing = Standing::Ready;
            blob.sent += sent;
            blob.facts.taken = true;
            self.flights.land(request);
            self.outbox.push_back(Output::Abort(request));
        }
    }
}

/// Less than this part of a blob is little enough to be sent twice, if the registry turns out not
/// to have it: what is lost then is a quarter of an upload, and what is gained if it does is the
/// rest.
const LITTLE: u64 = 4;
