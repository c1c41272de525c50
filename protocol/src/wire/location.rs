//! Where a registry may send its clients.
//!
//! A `Location` and a token realm are orders from outside. A registry on the Internet that names an
//! address inside somebody's network, or plain `http`, is either broken or hostile, so both are
//! judged here before anything is sent there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::urls::{Origin, Scheme, Url, UrlError};

/// Who decides where requests may go.
#[derive(Clone, Debug)]
pub(crate) struct Border {
    registry: Origin,
    trusted: Vec<String>,
}

/// Why a place is not gone to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LocationError {
    #[error("`{text}` is no URL to go to: {reason}")]
    Unintelligible { text: String, reason: UrlError },
    #[error("{origin} is plain http, but the registry is https")]
    Downgrade { origin: Origin },
    #[error("{host} is an address of an inner network, which this registry has no business to name")]
    Inner { host: String },
}

impl Border {
    pub(crate) fn new(registry: Origin, trusted: Vec<String>) -> Self {
        let trusted = trusted.into_iter().map(|host| host.to_ascii_lowercase()).collect();
        Self { registry, trusted }
    }

    /// Follows a `Location` seen at `base`.
    pub(crate) fn follow(&self, base: &Url, location: &str) -> Result<Url, LocationError> {
        let url = base.join(location.trim()).map_err(|reason| unintelligible(location, reason))?;
        self.admit(url)
    }

    /// Judges a URL that stands on its own, as a token realm does.
    pub(crate) fn realm(&self, text: &str) -> Result<Url, LocationError> {
        let url = Url::parse(text.trim()).map_err(|reason| unintelligible(text, reason))?;
        self.admit(url)
    }

    fn admit(&self, url: Url) -> Result<Url, LocationError> {
        let origin = url.origin();
        if *origin == self.registry {
            return Ok(url);
        }
        let downgrade = self.registry.scheme() == Scheme::Https && origin.scheme() == Scheme::Http;
        if downgrade {
            return match self.is_registry_behind_proxy(origin) {
                true => Ok(url.moved_to(&self.registry)),
                false => Err(LocationError::Downgrade { origin: origin.clone() }),
            };
        }
        let host = origin.host();
        let inner = is_inner(host)
            && host != self.registry.host()
            && !is_inner(self.registry.host())
            && !self.trusted.iter().any(|trusted| trusted == host);
        match inner {
            true => Err(LocationError::Inner { host: host.to_owned() }),
            false => Ok(url),
        }
    }

    /// A registry behind a proxy that ends TLS often names itself with `http`: the host is right,
    /// and so is the port if there is one.
    fn is_registry_behind_proxy(&self, origin: &Origin) -> bool {
        let bare = Origin::new(Scheme::Http, self.registry.host(), None);
        let same_text = origin.authority() == self.registry.authority();
        *origin == bare || same_text
    }
}

fn unintelligible(text: &str, reason: UrlError) -> LocationError {
    // The query of a location may hold a signature, and its authority a password.
    let shown = match reason {
        UrlError::UserInfo => "…",
        _ => text.split('?').next().unwrap_or(""),
    };
    LocationError::Unintelligible { text: super::redact::one_line(shown), reason }
}

/// Whether a host is a loopback, private, link-local or unspecified address, or a name for one.
pub(crate) fn is_inner(host: &str) -> bool {
    if host == "localhost" || host.ends_with(".localhost") {
        return true;
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => is_inner_v4(address),
        Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(mapped) => is_inner_v4(mapped),
            None => is_inner_v6(address),
        },
        // Some resolvers read other notations of an address (`127.1`, `0x7f000001`): a host of only
        // digits is never a name out there.
        Err(_) => bare.rsplit('.').next().is_some_and(is_numeric),
    }
}

fn is_numeric(label: &str) -> bool {
    let hex = label.strip_prefix("0x").unwrap_or("g");
    let decimal = !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit());
    decimal || hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_inner_v4(address: Ipv4Addr) -> bool {
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_unspecified()
        || address.octets()[0] == 0
}

fn is_inner_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
}

#[cfg(test)]
mod tests;
