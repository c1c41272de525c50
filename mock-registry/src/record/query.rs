//! Questions to a record.

use super::{Exchange, Listener};
use crate::fault::Step;

/// Exchanges, oldest first, to be filtered and looked at.
///
/// ```
/// # use std::time::Duration;
/// # use bytes::Bytes;
/// # use http::Request;
/// use longshore_mock_registry::fault::{Faulty, Step};
/// # use longshore_mock_registry::{Config, Profile};
///
/// # let mut registry = Faulty::new(Config::new(Profile::builtin("oci")?))?;
/// # registry.handle(Duration::ZERO, Request::get("/v2/").body(Bytes::new())?);
/// let asked = registry.recorder().exchanges();
/// assert_eq!(asked.step(Step::Probe).with_status(200).count(), 1);
/// assert_eq!(asked.method("PUT").count(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exchanges {
    all: Vec<Exchange>,
}

/// A part of some exchanges.
#[derive(Clone, Debug)]
#[must_use = "count it, or iterate over it"]
pub struct Filter<'a> {
    found: Vec<&'a Exchange>,
}

impl Exchanges {
    /// These.
    #[must_use]
    pub fn new(all: Vec<Exchange>) -> Self {
        Self { all }
    }

    /// All of them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Exchange> {
        self.all.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The one of that number.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&Exchange> {
        self.all.iter().find(|exchange| exchange.id == id)
    }

    /// Those of a step.
    pub fn step(&self, step: Step) -> Filter<'_> {
        self.filter(|exchange| step.covers(exchange.step))
    }

    /// Those with a method.
    pub fn method(&self, method: &str) -> Filter<'_> {
        self.filter(|exchange| exchange.method == method)
    }

    /// Those that came to a listener.
    pub fn at(&self, listener: Listener) -> Filter<'_> {
        self.filter(|exchange| exchange.listener == listener)
    }

    /// Those that a predicate likes.
    pub fn filter(&self, like: impl Fn(&Exchange) -> bool) -> Filter<'_> {
        Filter {
            found: self.all.iter().filter(|exchange| like(exchange)).collect(),
        }
    }
}

impl<'a> Filter<'a> {
    /// Those of a step among them.
    pub fn step(self, step: Step) -> Self {
        self.and(|exchange| step.covers(exchange.step))
    }

    /// Those in a repository among them.
    pub fn repository(self, name: &str) -> Self {
        self.and(|exchange| exchange.repository == name)
    }

    /// Those that were answered with this status among them.
    pub fn with_status(self, status: u16) -> Self {
        self.and(|exchange| exchange.status() == Some(status))
    }

    /// Those that a predicate likes among them.
    pub fn and(mut self, like: impl Fn(&Exchange) -> bool) -> Self {
        self.found.retain(|exchange| like(exchange));
        self
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// They themselves.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &'a Exchange> + '_ {
        self.found.iter().copied()
    }

    /// The first of them.
    #[must_use]
    pub fn first(&self) -> Option<&'a Exchange> {
        self.found.first().copied()
    }

    /// The last of them.
    #[must_use]
    pub fn last(&self) -> Option<&'a Exchange> {
        self.found.last().copied()
    }

    /// How many bytes of bodies came in them.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.found.iter().map(|exchange| exchange.body.size).sum()
    }
}
