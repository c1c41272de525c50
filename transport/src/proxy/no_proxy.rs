//! Which hosts are reached without a proxy: `NO_PROXY`.

use std::net::IpAddr;

use crate::place::bare;

/// An entry of `NO_PROXY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Direct {
    whom: Whom,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Whom {
    Everybody,
    /// This name and what is below it.
    Domain(String),
    /// The addresses that share this many leading bits.
    Network(IpAddr, u32),
}

impl Direct {
    pub(super) fn matches(&self, host: &str, address: Option<IpAddr>, port: u16) -> bool {
        if self.port.is_some_and(|only| only != port) {
            return false;
        }
        match &self.whom {
            Whom::Everybody => true,
            Whom::Domain(domain) => host
                .strip_suffix(domain.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            Whom::Network(network, bits) => {
                address.is_some_and(|address| shares(*network, address, *bits))
            }
        }
    }
}

/// The entries of a list, separated by commas or spaces.
pub(super) fn directs(list: &str) -> Vec<Direct> {
    list.split([',', ' '])
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .map(|entry| direct(&entry.to_ascii_lowercase()))
        .collect()
}

fn direct(entry: &str) -> Direct {
    let everywhere = |whom| Direct { whom, port: None };
    if entry == "*" {
        return everywhere(Whom::Everybody);
    }
    if let Some((network, bits)) = entry.split_once('/')
        && let (Ok(network), Ok(bits)) = (bare(network).parse(), bits.parse())
    {
        return everywhere(Whom::Network(network, bits));
    }
    if let Ok(address) = bare(entry).parse() {
        return everywhere(Whom::Network(address, u32::MAX));
    }
    let (host, port) = match entry.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, port.parse().ok()),
        _ => (entry, None),
    };
    let whom = match bare(host).parse() {
        Ok(address) => Whom::Network(address, u32::MAX),
        Err(_) => Whom::Domain(host.trim_start_matches("*.").trim_matches('.').to_owned()),
    };
    Direct { whom, port }
}

/// Whether two addresses of one kind share their first `bits` bits.
fn shares(one: IpAddr, other: IpAddr, bits: u32) -> bool {
    let differing = match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        _ => return false,
    };
    let whole = if one.is_ipv4() { 32 } else { 128 };
    differing >= bits.min(whole)
}
