//! Connections that wait for their next request.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use longshore_transport::Place;
use tokio::time::Instant;

use super::line::{Line1, Line2};

/// Connections that wait for their next request, by scheme, host and port.
///
/// No task looks after them: HTTP/1.1 connections are looked at when they are taken.
#[derive(Default)]
pub(crate) struct Pool {
    places: Mutex<BTreeMap<Key, Kept>>,
}

#[derive(Default)]
struct Kept {
    /// Each for one request at a time; the one that was used last comes last.
    single: Vec<(Instant, Box<Line1>)>,
    /// For many at a time.
    shared: Option<(Instant, Line2)>,
}

impl Pool {
    /// A connection that many requests may share.
    pub(super) fn shared(&self, place: &Place) -> Option<Line2> {
        let mut places = self.places();
        let kept = places.get_mut(&key(place))?;
        let (used, line) = kept.shared.as_mut()?;
        if line.is_closed() || (used.elapsed() > KEEP && line.is_idle()) {
            kept.shared = None;
            return None;
        }
        *used = Instant::now();
        Some(line.clone())
    }

    /// A connection for one request, as it was left: the other side may have closed it since.
    pub(super) fn single(&self, place: &Place) -> Option<Box<Line1>> {
        let mut places = self.places();
        let kept = places.get_mut(&key(place))?;
        kept.single.retain(|(used, _)| used.elapsed() <= KEEP);
        kept.single.pop().map(|(_, line)| line)
    }

    pub(crate) fn keep(&self, place: &Place, line: Box<Line1>) {
        let mut places = self.places();
        let kept = places.entry(key(place)).or_default();
        if kept.single.len() < KEPT {
            kept.single.push((Instant::now(), line));
        }
    }

    pub(super) fn share(&self, place: &Place, line: &Line2) {
        let mut places = self.places();
        let kept = places.entry(key(place)).or_default();
        kept.shared = Some((Instant::now(), line.clone()));
    }

    /// No further request goes to `line`; those that use it are not disturbed.
    pub(crate) fn forget(&self, place: &Place, line: &Line2) {
        let mut places = self.places();
        if let Some(kept) = places.get_mut(&key(place))
            && let Some((_, shared)) = &kept.shared
            && shared.is_same(line)
        {
            kept.shared = None;
        }
    }

    fn places(&self) -> MutexGuard<'_, BTreeMap<Key, Kept>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

/// Whether there is TLS, host and port.
type Key = (bool, String, u16);

fn key(place: &Place) -> Key {
    (place.is_secure(), place.host().to_owned(), place.port())
}

/// How long an unused connection is kept. Registries and the proxies before them close theirs after
/// a minute or more; a connection that we close first is never one that they close under a request.
const KEEP: Duration = Duration::from_secs(15);

/// How many unused connections are kept for one place: more than one push has lanes.
const KEPT: usize = 16;
