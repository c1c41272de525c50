//! Which proxy, if any, a host is reached through.

mod no_proxy;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderValue, StatusCode};
use longshore_protocol::FailureKind;

use self::no_proxy::{Direct, directs};
use crate::failure::Trouble;
use crate::place::{Place, bare};
use crate::settings::ClientError;

/// The proxies of a client.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    https: Option<Proxy>,
    http: Option<Proxy>,
    direct: Vec<Direct>,
}

/// How a host is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// Without a proxy.
    Direct,
    /// Through a tunnel that this proxy is asked for.
    Tunnel(&'a Proxy),
    /// By requests to this proxy that name the host: absolute-form (RFC 9112, section 3.2.2). This
    /// is what HTTP proxies expect of clear text; squid, as Debian configures it, refuses tunnels to
    /// other ports than 443.
    Forward(&'a Proxy),
}

/// A proxy: by HTTP, in clear text or over TLS, or by SOCKS 5.
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
    /// The same over TLS.
    Https,
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
        // As curl has it: an empty variable is one that is not set. (Python takes an empty
        // `no_proxy` for a list of no hosts, whatever NO_PROXY says.)
        let direct = ["no_proxy", "NO_PROXY"]
            .into_iter()
            .find_map(|name| variable(name).filter(|value| !value.is_empty()));
        Ok(Self {
            https: find(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?,
            http: find(["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])?,
            direct: direct.as_deref().map(directs).unwrap_or_default(),
        })
    }

    /// How `place` is reached.
    #[must_use]
    pub fn route(&self, place: &Place) -> Route<'_> {
        match self.between(place) {
            None => Route::Direct,
            Some(proxy) if proxy.is_http() && !place.is_secure() => Route::Forward(proxy),
            Some(proxy) => Route::Tunnel(proxy),
        }
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

    /// The port, by default 80 of an HTTP proxy, 443 of one over TLS and 1080 of a SOCKS proxy.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is spoken to over TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.language == Language::Https
    }

    /// The proxy as a place: what TLS with it is about.
    #[must_use]
    pub fn place(&self) -> Place {
        Place::at(&self.host, self.port, self.is_secure())
    }

    /// What it gets as `Proxy-Authorization` (RFC 9110, section 11.7.2), and no other server does.
    #[must_use]
    pub fn authorization(&self) -> Option<HeaderValue> {
        let User { name, password } = self.user.as_ref().filter(|_| self.is_http())?;
        let pair = [&name[..], b":", password].concat();
        let mut value =
            HeaderValue::try_from(format!("Basic {}", BASE64_STANDARD.encode(pair))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Why a request that it was to pass on was not, where the answer shows it: `None` is an answer
    /// of the host's, or of a proxy that does not say so.
    ///
    /// 407 is only ever a proxy's (RFC 9110, section 15.5.8). squid marks its own answers by
    /// `X-Squid-Error`, also those that are about the proxy and not the registry.
    #[must_use]
    pub fn refusal(
        &self,
        place: &Place,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Option<Trouble> {
        let no_way = |kind, why: &str| {
            let detail = format!("no way to {place} through the proxy {self}: {why}");
            Some(Trouble::new(kind, detail))
        };
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return no_way(FailureKind::Unreachable, wants_login(self.user.is_some()));
        }
        let squid = headers.get("x-squid-error")?.to_str().ok()?;
        let code = status.as_u16();
        match squid.split(' ').next()? {
            "ERR_ACCESS_DENIED" => {
                let why = format!("its rules forbid it ({code})");
                no_way(FailureKind::Unreachable, &why)
            }
            "ERR_DNS_FAIL" => {
                let why = format!("it cannot look the name up ({code})");
                no_way(FailureKind::Connect, &why)
            }
            "ERR_CONNECT_FAIL" | "ERR_CANNOT_FORWARD" => {
                let why = format!("it gets no connection ({code})");
                no_way(FailureKind::Connect, &why)
            }
            _ => None,
        }
    }

    fn is_http(&self) -> bool {
        matches!(self.language, Language::Http | Language::Https)
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

/// What a proxy means that answers 407.
pub(crate) fn wants_login(has_login: bool) -> &'static str {
    if has_login {
        "it does not take the user name and the password that were given (407)"
    } else {
        "it wants a user name and a password (407)"
    }
}

fn parse(url: &str) -> Result<Proxy, &'static str> {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let (language, port) = match scheme.to_ascii_lowercase().as_str() {
        "http" => (Language::Http, 80),
        "https" => (Language::Https, 443),
        "socks5h" => (Language::Socks, 1080),
        "socks5" => (Language::SocksWithAddresses, 1080),
        _ => return Err("only http://, https://, socks5:// and socks5h:// are supported"),
    };
    let (rest, after) = rest.split_once(['/', '?', '#']).unwrap_or((rest, ""));
    // What stands before it would be taken for the host, and be shown.
    if after.contains('@') {
        return Err(
            "of a user name and a password, '/', '?', '#' and '@' are written %2F, %3F, %23 and %40",
        );
    }
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
    // The crate takes any digits for a port, and none.
    let given = &place[authority.host().len()..];
    let port = match given.strip_prefix(':') {
        None | Some("") => port,
        Some(digits) => match digits.parse::<u16>() {
            Ok(0) | Err(_) => return Err("its port is no number from 1 to 65535"),
            Ok(port) => port,
        },
    };
    let user = user.map(|user| {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        User {
            name: decoded(name),
            password: decoded(password),
        }
    });
    if matches!(language, Language::Socks | Language::SocksWithAddresses)
        && let Some(User { name, password }) = &user
        && name.len().max(password.len()) > LONGEST
    {
        return Err("SOCKS has no room for a user name or a password of more than 255 bytes");
    }
    Ok(Proxy {
        language,
        host: authority.host().to_owned(),
        port,
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
