//! Where a registry may send us, and where it may not.
//!
//! `Location`, a challenge's realm and redirects all come from the network. Following them blindly
//! hands credentials, or the reach of the machine we run on, to whoever wrote them.

use http::HeaderMap;
use http::header::LOCATION;

use super::origin::{Origin, Scheme};
use super::url::{HttpUrl, UrlError};
use crate::error::PushErrorKind;
use crate::text::printable;

/// Why a place that a registry named is not gone to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it sent no Location")]
    Missing,
    #[error("its Location{shown} is not a URL: {error}{cause}")]
    Malformed {
        error: UrlError,
        /// What it is, in quotation marks, up to its query.
        shown: String,
        /// What probably led to it.
        cause: &'static str,
    },
    #[error("it sends us from https to clear text at {0}")]
    Downgrade(Origin),
    #[error("it sends us to {0}, an address that only this machine or its network can reach")]
    Inside(Origin),
}

impl Refusal {
    /// Going there would be dangerous, or just impossible.
    pub(crate) fn kind(&self) -> PushErrorKind {
        match self {
            Self::Downgrade(_) | Self::Inside(_) => PushErrorKind::Unsafe,
            Self::Missing | Self::Malformed { .. } => PushErrorKind::Unintelligible,
        }
    }
}

/// The `Location` of an answer to a request to `asked`, resolved (RFC 9110, section 10.2.2) and
/// checked.
pub(crate) fn location(
    registry: &Origin,
    asked: &HttpUrl,
    headers: &HeaderMap,
) -> Result<HttpUrl, Refusal> {
    let value = headers.get(LOCATION).ok_or(Refusal::Missing)?;
    let text = value
        .to_str()
        .map_err(|_| malformed(UrlError::Characters, ""))?;
    let url = asked.join(text).map_err(|error| malformed(error, text))?;
    permitted(registry, url)
}

/// A `Location` that is no URL, for a person. The query stays out, since it may be a signature, and
/// so does all of it where there is a password in it.
fn malformed(error: UrlError, text: &str) -> Refusal {
    let shown = text.split(['?', '#']).next().unwrap_or_default();
    let shown = printable(shown, MAX_SHOWN);
    // `https, http://host/…` and `https,http://host/…`.
    let is_doubled = text
        .split(':')
        .next()
        .is_some_and(|scheme| scheme.contains(','));
    let is_shown = error != UrlError::UserInformation && !text.contains('@') && !shown.is_empty();
    Refusal::Malformed {
        error,
        shown: if is_shown {
            format!(" {shown:?}")
        } else {
            String::new()
        },
        cause: if is_doubled { DOUBLED } else { "" },
    }
}

/// The URL, if a registry at `registry` may send us there.
///
/// Another host is fine: blobs are uploaded to object stores. Clear text is not, once we speak TLS;
/// a URL of the registry's own host that says `http` only means that something in front of it
/// does the TLS, and is corrected. Addresses inside our network are not, unless the registry is
/// there itself.
pub(crate) fn permitted(registry: &Origin, url: HttpUrl) -> Result<HttpUrl, Refusal> {
    if url.origin() == registry {
        return Ok(url);
    }
    let there = url.origin().clone();
    let is_same_host = there.host() == registry.host();
    if registry.scheme() == Scheme::Https && there.scheme() == Scheme::Http {
        let is_same_port =
            there.port() == registry.port() || there.port() == Scheme::Http.default_port();
        return if is_same_host && is_same_port {
            Ok(url.at(registry.clone()))
        } else {
            Err(Refusal::Downgrade(there))
        };
    }
    let is_reachable = registry.reach().may_lead_to(there.reach());
    if is_same_host || is_reachable {
        Ok(url)
    } else {
        Err(Refusal::Inside(there))
    }
}

/// How much of what is no URL is shown, in characters.
const MAX_SHOWN: usize = 200;
const DOUBLED: &str = "; two proxies in front of the registry both added X-Forwarded-Proto, and the \
                       inner one has to hand it on as it came or replace it";

#[cfg(test)]
mod tests;
