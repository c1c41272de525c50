//! What is in the air, and when it has been there for too long.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderMap, Method};

use crate::auth::Generation;
use crate::classify::Step;
use crate::ids::{BlobId, RequestId};
use crate::output::Limits;
use crate::payload::Payload;
use crate::time::Timestamp;
use crate::wire::url::HttpUrl;

/// A request as a state wants it sent: without what every request carries.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) step: Step,
    pub(crate) method: Method,
    pub(crate) url: HttpUrl,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
    /// How many redirects led here.
    pub(crate) redirects: u32,
}

/// Whose request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Probe,
    Token,
    Preflight,
    /// A session for whichever blob needs one first.
    Ahead,
    Blob(BlobId),
    /// A question about a blob that is being sent.
    Glance(BlobId),
    Manifest,
    /// A body that was cut short: its answer says where its session is.
    CutShort,
    /// The deletion of a session.
    CleanUp {
        past: Past,
        errand: Errand,
    },
}

/// What became of the bodies that went to a session, and so what it means that the registry does not
/// know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Past {
    /// All were answered, or there was none: the session is gone.
    Quiet,
    /// One may have been broken off: its data may stay. Docker-registry 2.8.2 answers 404
    /// (`BLOB_UPLOAD_INVALID`) where the place that it named says how much the session holds, and it
    /// holds more by now.
    Cut,
    /// The registry was asked where the session is, and said it.
    Asked,
}

/// What a request that cleans up does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    Delete,
    /// The same after no answer.
    DeleteAgain,
    /// Asks where the session is.
    Ask,
}

#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) work: Work,
    pub(crate) draft: Draft,
    /// The header it carries.
    pub(crate) used: Generation,
    pub(crate) sent: u64,
    limits: Limits,
    started: Timestamp,
    deadline: Timestamp,
}

#[derive(Debug, Default)]
pub(crate) struct Flights {
    air: BTreeMap<RequestId, Flight>,
    count: u64,
}

impl Draft {
    pub(crate) fn new(step: Step, method: Method, url: HttpUrl) -> Self {
        Self {
            step,
            method,
            url,
            headers: HeaderMap::new(),
            payload: Payload::Empty,
            redirects: 0,
        }
    }
}

impl Flight {
    pub(crate) fn new(
        now: Timestamp,
        work: Work,
        draft: Draft,
        used: Generation,
        limits: Limits,
    ) -> Self {
        let mut flight = Self {
            work,
            draft,
            used,
            sent: 0,
            limits,
            started: now,
            deadline: now,
        };
        flight.moved(now);
        flight
    }

    pub(crate) fn started(&self) -> Timestamp {
        self.started
    }

    /// Bytes moved: the driver's limits begin anew, and so does ours behind them. They may have been
    /// the last ones, so it is the longer limit.
    fn moved(&mut self, now: Timestamp) {
        let pause = self.limits.answer.max(self.limits.idle);
        let total = self.limits.total.map(|total| self.started + total);
        let deadline = now + pause;
        self.deadline = total.map_or(deadline, |total| total.min(deadline)) + GRACE;
    }
}

impl Flights {
    pub(crate) fn launch(&mut self, flight: Flight) -> RequestId {
        self.count += 1;
        let id = RequestId(self.count);
        self.air.insert(id, flight);
        id
    }

    pub(crate) fn land(&mut self, id: RequestId) -> Option<Flight> {
        self.air.remove(&id)
    }

    pub(crate) fn moved(&mut self, now: Timestamp, id: RequestId, sent: u64) {
        if let Some(flight) = self.air.get_mut(&id)
            && sent > flight.sent
        {
            flight.sent = sent;
            flight.moved(now);
        }
    }

    /// How many bytes of its body have left the source.
    pub(crate) fn sent(&self, id: RequestId) -> u64 {
        self.air.get(&id).map_or(0, |flight| flight.sent)
    }

    /// The blobs that wait for an answer.
    pub(crate) fn blobs(&self) -> impl Iterator<Item = BlobId> {
        self.air.values().filter_map(|flight| match flight.work {
            Work::Blob(id) => Some(id),
            _ => None,
        })
    }

    /// The blob whose bytes it carries.
    pub(crate) fn blob(&self, id: RequestId) -> Option<BlobId> {
        match self.air.get(&id)?.draft.payload {
            Payload::Blob(slice) => Some(slice.blob),
            Payload::Empty | Payload::Bytes(_) => None,
        }
    }

    /// Whether it carries a blob's bytes, to an end that is not known.
    pub(crate) fn is_stream(&self, id: RequestId) -> bool {
        let flight = self.air.get(&id);
        flight.is_some_and(|flight| flight.draft.step == Step::Stream)
    }

    /// Makes it a body of which only the answer matters, if it can be ended anywhere. Whether it
    /// can.
    pub(crate) fn cut_short(&mut self, id: RequestId) -> bool {
        let flight = self.air.get_mut(&id);
        let stream = flight.filter(|flight| flight.draft.step == Step::Stream);
        stream.is_some_and(|flight| {
            flight.work = Work::CutShort;
            true
        })
    }

    /// A request that the driver should have ended by now.
    pub(crate) fn overdue(&self, now: Timestamp) -> Option<RequestId> {
        self.air
            .iter()
            .find(|(_, flight)| flight.deadline <= now)
            .map(|(id, _)| *id)
    }

    pub(crate) fn earliest_deadline(&self) -> Option<Timestamp> {
        self.air.values().map(|flight| flight.deadline).min()
    }

    /// How many carry a blob's bytes.
    pub(crate) fn uploads(&self) -> usize {
        let is_upload = |flight: &&Flight| matches!(flight.draft.payload, Payload::Blob(_));
        self.air.values().filter(is_upload).count()
    }

    /// How many others there are. A token is fetched beside them: what waits for it must not keep
    /// it waiting.
    pub(crate) fn controls(&self) -> usize {
        let is_token = |flight: &&Flight| flight.work == Work::Token;
        self.air.len() - self.uploads() - self.air.values().filter(is_token).count()
    }

    /// How many are to open a session ahead of need.
    pub(crate) fn ahead(&self) -> usize {
        let is_ahead = |flight: &&Flight| flight.work == Work::Ahead;
        self.air.values().filter(is_ahead).count()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.air.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (RequestId, &Flight)> {
        self.air.iter().map(|(id, flight)| (*id, flight))
    }

    /// How many there have been.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}

/// How long after the driver's own limit a request is given up here: the driver's word is better,
/// since it knows how much was sent.
const GRACE: Duration = Duration::from_secs(5);
