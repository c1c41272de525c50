//! One request on its way through the faults.

use http::Response;

use super::Scene;
use super::play::{Change, Made, Mark, Wire};
use crate::core::{Appetite, Body, Call};
use crate::record::{Meter, RecordId};

/// A request that has begun and not ended. It works without the registry's lock.
#[must_use = "end the turn, or drop it with Faulty::drop_turn"]
pub struct Turn {
    pub(super) scene: Scene,
    pub(super) call: Option<Call>,
    pub(super) answer: Option<Response<Body>>,
    /// Whether the answer came from the registry, which has seen enough.
    pub(super) settled: bool,
    pub(super) despite: Option<Made>,
    pub(super) changes: Vec<Change>,
    pub(super) marks: Vec<Mark>,
    pub(super) wire: Wire,
    pub(super) keep: Option<u64>,
    pub(super) credentials: Option<String>,
    pub(super) record: RecordId,
    pub(super) meter: Meter,
}

/// Whether more of a body is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hunger {
    /// Go on.
    More,
    /// End the turn without reading on.
    Enough,
    /// Drop the turn and cut the connection.
    Cut,
}

/// An answer, and what happens to it on its way.
#[derive(Debug)]
pub struct Reply {
    /// The answer.
    pub response: Response<Body>,
    /// What the shell does to its bytes.
    pub wire: Wire,
}

impl Turn {
    /// What the shell has to do to the bytes.
    #[must_use]
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// What kind of request it is.
    #[must_use]
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// Whether more of the body is wanted.
    #[must_use]
    pub fn hunger(&self) -> Hunger {
        let received = self.meter.size();
        if self.wire.cut.is_some_and(|cut| received >= cut.at) {
            return Hunger::Cut;
        }
        match self.wire.early {
            Some(at) if received >= at => Hunger::Enough,
            Some(_) => Hunger::More,
            None if self.settled => Hunger::Enough,
            None => Hunger::More,
        }
    }

    /// Takes a piece of the body.
    pub fn body(&mut self, piece: &[u8]) -> Hunger {
        let before = self.meter.size();
        let room = self
            .wire
            .cut
            .map_or(u64::MAX, |cut| cut.at.saturating_sub(before));
        let piece = &piece[..usize::try_from(room).unwrap_or(usize::MAX).min(piece.len())];
        self.meter.take(piece);
        let mut fed = piece;
        if let Some(keep) = self.keep {
            let left = usize::try_from(keep.saturating_sub(before)).unwrap_or(usize::MAX);
            fed = &piece[..left.min(piece.len())];
        }
        if let Some(call) = &mut self.call
            && call.body(fed) == Appetite::Enough
        {
            return Hunger::Enough;
        }
        self.hunger()
    }

    /// How many bytes of the body came.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.meter.size()
    }
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn")
            .field("step", &self.scene.step)
            .field("wire", &self.wire)
            .finish_non_exhaustive()
    }
}
