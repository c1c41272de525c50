//! Origins: what credentials are bound to.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there are two")]
pub enum Scheme {
    /// With TLS.
    Https,
    /// In clear text.
    Http,
}

/// A scheme, host and port (RFC 6454, section 4), the default port made explicit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    scheme: Scheme,
    host: String,
    port: u16,
}

impl Scheme {
    /// The name in front of the colon.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    /// The port where none is given.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
        }
    }
}

impl Origin {
    pub(crate) fn new(scheme: Scheme, host: &str, port: Option<u16>) -> Self {
        Self {
            scheme,
            host: host.to_ascii_lowercase(),
            port: port.unwrap_or(scheme.default_port()),
        }
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host in lower case, an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the host is this machine by its name or address: `localhost`, `127.0.0.0/8`, `::1`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.reach() == Reach::Loopback
    }

    /// How far away the host is, as its text alone tells. Names are taken to be public: only the
    /// driver sees what they resolve to.
    pub(crate) fn reach(&self) -> Reach {
        let host = self.host.trim_end_matches('.');
        if host == "localhost" || host.ends_with(".localhost") {
            return Reach::Loopback;
        }
        if let Some(address) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
            return address.parse().map_or(Reach::Odd, reach_of_v6);
        }
        if let Ok(address) = host.parse() {
            return reach_of_v4(address);
        }
        // Resolvers read `2130706433`, `0x7f.1` and `0177.0.0.1` as addresses. No host name in use
        // ends in a label that is a number.
        let last = host.rsplit('.').next().unwrap_or_default();
        let is_number = last.starts_with(|first: char| first.is_ascii_digit())
            && (last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x"));
        if is_number { Reach::Odd } else { Reach::Public }
    }
}

/// How far away a host is, in the order of how much harm a request sent there can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "each decides what may be asked")]
pub enum Reach {
    /// In the public internet.
    Public,
    /// In a network of one's own (RFC 1918, RFC 4193, RFC 6598).
    Private,
    /// This machine.
    Loopback,
    /// Link-local, where cloud providers keep their machines' secrets.
    LinkLocal,
    /// Written in a form that only an attacker chooses, or reserved.
    Odd,
}

fn reach_of_v4(address: Ipv4Addr) -> Reach {
    let shared = address.octets()[0] == 100 && (64..128).contains(&address.octets()[1]);
    if address.is_loopback() {
        Reach::Loopback
    } else if address.is_link_local() {
        Reach::LinkLocal
    } else if address.is_private() || shared {
        Reach::Private
    } else if address.is_unspecified() || address.is_broadcast() || address.is_multicast() {
        Reach::Odd
    } else {
        Reach::Public
    }
}

fn reach_of_v6(address: Ipv6Addr) -> Reach {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return reach_of_v4(mapped);
    }
    let first = address.segments()[0];
    if let Some(inner) = embedded(address) {
        return reach_of_v4(inner);
    }
    if address.is_loopback() {
        Reach::Loopback
    } else if first & 0xffc0 == 0xfe80 {
        Reach::LinkLocal
    } else if first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfec0 {
        Reach::Private
    } else if address.is_unspecified() || address.is_multicast() {
        Reach::Odd
    } else {
        Reach::Public
    }
}

/// The IPv4 address in an address that leads to it: what translators (RFC 6052, RFC 8215), 6to4
/// (RFC 3056), Teredo (RFC 4380) and the IPv4-compatible form (RFC 4291, section 2.5.5.1) have.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let (high, low) = match [a, b, c, d, e, f] {
        [0x64, 0xff9b, 0, 0, 0, 0] | [0x64, 0xff9b, 1, ..] => (g, h),
        [0x2002, high, low, ..] => (high, low),
        [0x2001, 0, ..] => (!g, !h),
        // `::` and `::1` are addresses of their own.
        [0, 0, 0, 0, 0, 0] if g != 0 => (g, h),
        _ => return None,
    };
    Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
}

impl Reach {
    /// How far away an address is.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => reach_of_v4(address),
            IpAddr::V6(address) => reach_of_v6(address),
        }
    }

    /// Whether a registry that is so far away may send us to a place that is `there`.
    #[must_use]
    pub fn may_lead_to(self, there: Self) -> bool {
        match there {
            Self::Public => true,
            Self::Private => matches!(self, Self::Private | Self::Loopback),
            Self::Loopback => self == Self::Loopback,
            Self::LinkLocal | Self::Odd => false,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.name(), self.host)?;
        if self.port != self.scheme.default_port() {
            write!(f, ":{}", self.port)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
