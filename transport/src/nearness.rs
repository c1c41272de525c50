//! Where hosts were found to be, and where a registry may therefore send us.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use longshore_protocol::Reach;

use crate::failure::{self, Trouble};
use crate::place::Place;

/// How far away the hosts are that connections were made to, by name.
///
/// A registry may name other places, and a name may stand for an address inside our network: those
/// are refused, unless the registry was reached at such an address itself ([`Reach::may_lead_to`]).
/// What a proxy resolves is not seen here, and is the proxy's to allow.
#[derive(Debug, Default)]
pub struct Nearness {
    seen: Mutex<HashMap<String, Reach>>,
}

impl Nearness {
    /// Notes at which address `place` was reached.
    pub fn note(&self, place: &Place, address: SocketAddr) {
        self.seen()
            .insert(place.host().to_ascii_lowercase(), Reach::of(address.ip()));
    }

    /// Those addresses of `place` that a connection may be made to.
    ///
    /// # Errors
    /// If there are addresses and none of them may be used.
    pub fn permitted(
        &self,
        place: &Place,
        mut addresses: Vec<SocketAddr>,
    ) -> Result<Vec<SocketAddr>, Trouble> {
        let Some(registry) = self.registry(place) else {
            return Ok(addresses);
        };
        let had_any = !addresses.is_empty();
        addresses.retain(|address| registry.may_lead_to(Reach::of(address.ip())));
        match had_any && addresses.is_empty() {
            true => Err(failure::inside(place)),
            false => Ok(addresses),
        }
    }

    /// Whether a connection to `place` that is kept may be used, which may have been made when the
    /// place was a registry's own.
    ///
    /// # Errors
    /// If it may not.
    pub fn check(&self, place: &Place) -> Result<(), Trouble> {
        let Some(registry) = self.registry(place) else {
            return Ok(());
        };
        match self.reach(place.host()) {
            Some(there) if !registry.may_lead_to(there) => Err(failure::inside(place)),
            _ => Ok(()),
        }
    }

    /// How far away the registry is that named `place`, unless the place is its own.
    fn registry(&self, place: &Place) -> Option<Reach> {
        let named_by = place.named_by()?;
        Some(self.reach(&named_by.registry).unwrap_or(Reach::Public))
    }

    fn reach(&self, host: &str) -> Option<Reach> {
        self.seen().get(&host.to_ascii_lowercase()).copied()
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<String, Reach>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
