//! Which proxy, if any, a host is reached through.

mod no_proxy;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;

use self::no_proxy::{Direct, directs};
use crate::place::{Place, bare};
use crate::settings::ClientError;

/// The proxies of a client.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    https: Option<Proxy>,
    http: Option<Proxy>,
    direct: Vec<Direct>,
}

/// A proxy that is asked for tunnels: by HTTP's `CONNECT`, or by SOCKS 5.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    pub(crate) language: Language,
    host: String,
    port: u16,
    pub(crate) user: Option<User>,
}

/// How a proxy is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Http,
    /// The proxy looks names up: `socks5h`.
    Socks,
    /// It is asked for addresses only: `socks5`.
    SocksWithAddresses,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: Vec<u8>,
    pub(crate) password: Vec<u8>,
}

impl Proxies {
    /// No proxy for anybody.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// This proxy for everything but this machine.
    ///
    /// # Errors
    /// When it is none that can be used.
    pub fn always(url: &str) -> Result<Self, ClientError> {
        let proxy = parse(url).map_err(|detail| ClientError::Proxy {
            setting: "the settings".to_owned(),
            detail,
        })?;
        Ok(Self {
            https: Some(proxy.clone()),
            http: Some(proxy),
            direct: Vec::new(),
        })
    }

    /// As the environment says; `variable` looks one up.
    ///
    /// # Errors
    /// When it names a proxy that cannot be used.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ClientError> {
        let find = |names: [&str; 4]| {
            let set = names
                .into_iter()
                .find_map(|name| Some((name, variable(name).filter(|value| !value.is_empty())?)));
            let Some((name, url)) = set else {
                return Ok(None);
            };
            parse(&url).map(Some).map_err(|detail| ClientError::Proxy {
                setting: name.to_owned(),
                detail,
            })
        };
        let direct = ["no_proxy", "NO_PROXY"].into_iter().find_map(&variable);
        Ok(Self {
            https: find(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?,
            http: find(["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])?,
            direct: direct.as_deref().map(directs).unwrap_or_default(),
        })
    }

    /// The proxy for `place`. This machine is never reached through one.
    #[must_use]
    pub fn between(&self, place: &Place) -> Option<&Proxy> {
        let host = bare(place.host());
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let address = host.parse::<IpAddr>().ok();
        let local = host == "localhost"
            || host.ends_with(".localhost")
            || address.is_some_and(|address| address.is_loopback());
        let matches = |direct: &Direct| direct.matches(&host, address, place.port());
        if local || self.direct.iter().any(matches) {
            return None;
        }
        let proxy = if place.is_secure() {
            &self.https
        } else {
            &self.http
        };
        proxy.as_ref()
    }
}

impl Proxy {
    /// The host's name or address. An IPv6 address is in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, by default 80 of an HTTP proxy and 1080 of a SOCKS proxy.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether names have to be looked up before it is asked for a tunnel to them.
    #[must_use]
    pub fn wants_addresses(&self) -> bool {
        self.language == Language::SocksWithAddresses
    }
}

/// `host:port`, without the password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({:?}, {self})", self.language)
    }
}

fn parse(url: &str) -> Result<Proxy, &'static str> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let (language, port) = match scheme.to_ascii_lowercase().as_str() {
        "http" => (Language::Http, 80),
        "socks5h" => (Language::Socks, 1080),
        "socks5" => (Language::SocksWithAddresses, 1080),
        _ => return Err("only http://, socks5:// and socks5h:// are supported"),
    };
    let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (user, place) = match rest.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, rest),
    };
    let authority: http::uri::Authority = place
        .parse()
        .map_err(|_| "it has no host that makes sense")?;
    if authority.host().is_empty() {
        return Err("it has no host that makes sense");
    }
    let user = user.map(|user| {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        User {
            name: decoded(name),
            password: decoded(password),
        }
    });
    if language != Language::Http
        && let Some(User { name, password }) = &user
        && name.len().max(password.len()) > LONGEST
    {
        return Err("SOCKS has no room for a user name or a password of more than 255 bytes");
    }
    Ok(Proxy {
        language,
        host: authority.host().to_owned(),
        port: authority.port_u16().unwrap_or(port),
        user,
    })
}

/// The bytes of `text` with `%` and two hex digits decoded.
fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |offset: usize| {
            let digit = char::from(*bytes.get(at + offset)?).to_digit(16)?;
            u8::try_from(digit).ok()
        };
        match (bytes[at], hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// How long a user name or a password may be in SOCKS (RFC 1929, section 2).
const LONGEST: usize = 255;
