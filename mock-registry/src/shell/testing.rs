//! What tests do with a registry: break it, and ask what arrived.

use std::path::PathBuf;
use std::time::Duration;

use super::{Builder, MockRegistry};
use crate::fault::{Fault, FaultError, Faulty, chaos};
use crate::record::{Exchanges, har};

impl MockRegistry {
    /// Lets something go wrong from now on, in the words of a flag.
    ///
    /// ```
    /// let registry = longshore_mock_registry::MockRegistry::builder().start()?;
    /// registry.inject("reset-at-byte:step=upload,at=1048576,times=1")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// There is no such fault; the error says what there is.
    pub fn inject(&self, fault: &str) -> Result<(), FaultError> {
        let fault = fault.parse()?;
        self.shared.registry().arm(fault);
        Ok(())
    }

    /// Takes all faults away.
    pub fn heal(&self) {
        self.shared.registry().disarm();
    }

    /// What was asked and answered so far.
    #[must_use]
    pub fn exchanges(&self) -> Exchanges {
        self.shared.registry().recorder().exchanges()
    }

    /// The same as an HTTP archive.
    #[must_use]
    pub fn har(&self) -> String {
        har(&self.exchanges(), &self.url, self.shared.epoch)
    }

    /// Scheme, host and port of the second origin: a server that has no business with a client's
    /// secrets, and to which some faults send it.
    #[must_use]
    pub fn elsewhere(&self) -> &str {
        &self.elsewhere
    }

    /// Looks into the layer of faults and records, or changes it. Requests wait meanwhile.
    pub fn with_faulty<T>(&self, look: impl FnOnce(&mut Faulty) -> T) -> T {
        look(&mut self.shared.registry())
    }

    /// How long it has been running, by its own clock.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.shared.now()
    }

    /// Fails unless this tag names a manifest whose blobs, and whose children's, are all there and
    /// are what their digests say.
    ///
    /// # Panics
    /// If not; the message says what is missing, and what was asked.
    #[track_caller]
    pub fn assert_pushed(&self, repository: &str, tag: &str) {
        let missing = self.with(|core| crate::judge::missing(core, repository, tag));
        if let Err(why) = missing {
            let asked: Vec<String> = self
                .exchanges()
                .iter()
                .map(|e| {
                    let status = e.status().map_or("no answer".into(), |s| s.to_string());
                    format!("  {} {} -> {status}", e.method, e.target)
                })
                .collect();
            panic!(
                "{repository}:{tag} is not pushed: {why}\n{}",
                asked.join("\n")
            );
        }
    }
}

impl Builder {
    /// Lets something go wrong, in the words of a flag.
    ///
    /// # Errors
    /// There is no such fault; the error says what there is.
    pub fn inject(self, fault: &str) -> Result<Self, FaultError> {
        Ok(self.fault(fault.parse()?))
    }

    /// Lets something go wrong.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Lets a handful of things go wrong that a robust client survives, by this seed.
    pub fn chaos(mut self, seed: u64) -> Self {
        self.faults.extend(chaos(seed));
        self
    }

    /// Hashes every body for the record, not only those of manifests.
    pub fn record_digests(mut self, yes: bool) -> Self {
        self.record = yes;
        self
    }

    /// Serves at `/_longshore/` a page that says how the clients do so far.
    pub fn live_verdict(mut self, yes: bool) -> Self {
        self.live = yes;
        self
    }

    /// Writes every exchange into this file, as a line of JSON.
    pub fn record_to(mut self, file: impl Into<PathBuf>) -> Self {
        self.record_file = Some(file.into());
        self
    }
}
