//! One fault, as a user describes it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::catalogue::{Entry, Kind};
use super::parse::{self, FaultError};
use super::{Scene, Step, catalogue};

/// Something that goes wrong: what, where, and how often.
#[derive(Clone)]
pub struct Fault {
    pub(super) entry: &'static Entry,
    pub(super) step: Option<Step>,
    pub(super) nth: u64,
    pub(super) times: Option<u64>,
    pub(super) from: Duration,
    pub(super) until: Option<Duration>,
    pub(super) params: Params,
}

impl Fault {
    /// The fault of that name, with the settings of its catalogue entry.
    ///
    /// # Errors
    /// There is none; the error names those that are spelled alike.
    pub fn new(name: &str) -> Result<Self, FaultError> {
        let mut all = catalogue();
        let entry = all
            .find(|entry| entry.name == name)
            .ok_or_else(|| FaultError::unknown_fault(name))?;
        Ok(Self {
            entry,
            step: None,
            nth: 1,
            times: entry.times,
            from: Duration::ZERO,
            until: None,
            params: Params::of(entry),
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.entry.name
    }

    /// Its entry in the catalogue.
    #[must_use]
    pub fn entry(&self) -> &'static Entry {
        self.entry
    }

    /// The value of one of its own settings; empty if it has no such.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.params.text(name)
    }

    /// The same at this step only.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.step = Some(step);
        self
    }

    /// The same from the n-th matching call on; the first is 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = nth.max(1);
        self
    }

    /// The same, that often.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// The same, without end.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// The same within this window of time, counted from the registry's start.
    #[must_use]
    pub fn between(mut self, from: Duration, until: Duration) -> Self {
        self.from = from;
        self.until = Some(until);
        self
    }

    /// The same with one of its own settings.
    ///
    /// # Errors
    /// It has no such setting, or the value is none for it.
    pub fn set(mut self, name: &str, value: &str) -> Result<Self, FaultError> {
        parse::set(&mut self, name, value)?;
        Ok(self)
    }

    pub(super) fn matches(&self, scene: &Scene, now: Duration) -> bool {
        let covered = match self.step {
            Some(step) => step.covers(scene.step),
            None => self.entry.steps.iter().any(|s| s.covers(scene.step)),
        };
        covered && now >= self.from && self.until.is_none_or(|until| now < until)
    }

    /// Whether it plays on the n-th call that it matches.
    pub(super) fn plays_on(&self, call: u64) -> bool {
        let end = self.times.map(|times| self.nth.saturating_add(times));
        call >= self.nth && end.is_none_or(|end| call < end)
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        parse::flag(text)
    }
}

impl fmt::Display for Fault {
    /// As a flag that gives the same fault.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry.name)?;
        let mut glue = ':';
        let mut put = |f: &mut fmt::Formatter<'_>, key: &str, value: &str| {
            write!(f, "{glue}{key}={value}")?;
            glue = ',';
            Ok(())
        };
        if let Some(step) = self.step {
            put(f, "step", step.name())?;
        }
        if self.nth != 1 {
            put(f, "nth", &self.nth.to_string())?;
        }
        match self.times {
            Some(times) => put(f, "times", &times.to_string())?,
            None => put(f, "times", "always")?,
        }
        if !self.from.is_zero() {
            put(f, "from", &self.from.as_millis().to_string())?;
        }
        if let Some(until) = self.until {
            put(f, "until", &until.as_millis().to_string())?;
        }
        for param in self.entry.params {
            if let Some(value) = self.params.0.get(param.name)
                && value != param.default
            {
                put(f, param.name, value)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({self})")
    }
}

/// The settings of a fault, checked when they were set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Params(pub(super) BTreeMap<&'static str, String>);

impl Params {
    pub(crate) fn of(entry: &Entry) -> Self {
        let params = entry.params.iter();
        Self(params.map(|p| (p.name, p.default.to_owned())).collect())
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// A number; settings are checked, so the fallback is never seen.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or(0)
    }

    pub(crate) fn status(&self, name: &str) -> u16 {
        u16::try_from(self.number(name)).unwrap_or(500)
    }

    pub(crate) fn millis(&self, name: &str) -> Duration {
        Duration::from_millis(self.number(name))
    }
}

impl Kind {
    /// Why a text is no value of this kind.
    pub(super) fn refuse(self, value: &str) -> Option<String> {
        match self {
            Self::Number | Self::Millis => value
                .parse::<u64>()
                .is_err()
                .then(|| "a whole number is wanted".to_owned()),
            Self::Status => value
                .parse::<u16>()
                .map_or(true, |status| !(200..600).contains(&status))
                .then(|| "a status from 200 to 599 is wanted".to_owned()),
            Self::OneOf(words) => {
                (!words.contains(&value)).then(|| format!("known are {}", words.join(", ")))
            }
            Self::Text => None,
        }
    }
}
