//! Requests in the air.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::classify::Step;
use crate::config::Lanes;
use crate::ids::{RequestId, Ticket};
use crate::output::Limits;
use crate::time::Timestamp;
use crate::wire::urls::Url;

/// Who sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Opening,
    Token,
    Blob(usize),
    Manifest,
    /// The `DELETE` of an upload session.
    CleanUp,
}

/// One request in the air.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) task: Task,
    pub(crate) step: Step,
    /// Where it went.
    pub(crate) url: Url,
    /// Which of the push's auth headers was in force.
    pub(crate) generation: u32,
    /// Bytes of its body that are known to have left.
    pub(crate) sent: u64,
    moved_at: Timestamp,
    patience: Duration,
}

/// The requests in the air, by the order of their departure.
#[derive(Debug)]
pub(crate) struct Flights {
    lanes: Lanes,
    aloft: BTreeMap<RequestId, Flight>,
    departed: u64,
}

impl Flight {
    /// When the machine gives it up, should the driver never say what became of it.
    fn deadline(&self) -> Timestamp {
        self.moved_at + self.patience
    }
}

impl Flights {
    pub(crate) fn new(lanes: Lanes) -> Self {
        Self { lanes, aloft: BTreeMap::new(), departed: 0 }
    }

    /// Whether a request of this kind may go.
    pub(crate) fn has_lane(&self, step: Step) -> bool {
        let upload = is_upload(step);
        let taken = self.aloft.values().filter(|flight| is_upload(flight.step) == upload).count();
        let lanes = if upload { self.lanes.uploads } else { self.lanes.control };
        taken < lanes.max(1)
    }

    pub(crate) fn depart(
        &mut self,
        now: Timestamp,
        (task, step): (Task, Step),
        url: Url,
        generation: u32,
        limits: &Limits,
    ) -> Ticket {
        let request = RequestId(self.departed);
        self.departed += 1;
        // The driver keeps the limits; this only catches a driver that lost a request.
        let patience = limits.idle.max(limits.answer).saturating_add(GRACE);
        let flight = Flight { task, step, url, generation, sent: 0, moved_at: now, patience };
        self.aloft.insert(request, flight);
        Ticket { request }
    }

    pub(crate) fn progressed(&mut self, now: Timestamp, request: RequestId, sent: u64) {
        if let Some(flight) = self.aloft.get_mut(&request)
            && sent > flight.sent
        {
            flight.sent = sent;
            flight.moved_at = flight.moved_at.max(now);
        }
    }

    /// Takes a request down, if it is still in the air.
    pub(crate) fn land(&mut self, request: RequestId) -> Option<Flight> {
        self.aloft.remove(&request)
    }

    /// A request whose time is over.
    pub(crate) fn overdue(&self, now: Timestamp) -> Option<RequestId> {
        let mut aloft = self.aloft.iter();
        aloft.find(|(_, flight)| flight.deadline() <= now).map(|(request, _)| *request)
    }

    /// When the first request will be overdue.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.aloft.values().map(Flight::deadline).min()
    }

    /// The request of a task, if it has one in the air.
    pub(crate) fn of(&self, task: Task) -> Option<&Flight> {
        self.aloft.values().find(|flight| flight.task == task)
    }

    pub(crate) fn ids(&self) -> Vec<RequestId> {
        self.aloft.keys().copied().collect()
    }

    pub(crate) fn get(&self, request: RequestId) -> Option<&Flight> {
        self.aloft.get(&request)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.aloft.is_empty()
    }

    /// How many requests there were.
    pub(crate) fn departed(&self) -> u64 {
        self.departed
    }
}

/// Whether a request carries a blob.
fn is_upload(step: Step) -> bool {
    matches!(step, Step::Put | Step::Patch)
}

const GRACE: Duration = Duration::from_secs(10);
