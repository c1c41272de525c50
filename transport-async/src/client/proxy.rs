//! Which proxy, if any, a host is reached through.

use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::Uri;

use super::ClientError;

/// The proxies of a client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies {
    https: Option<Proxy>,
    http: Option<Proxy>,
    direct: Vec<Direct>,
}

/// An HTTP proxy, which is asked for tunnels.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    /// An IPv6 address is in brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The value of `Proxy-Authorization`.
    pub(crate) authorization: Option<String>,
}

impl Proxies {
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// This proxy for everything but this machine.
    pub(crate) fn always(url: &str) -> Result<Self, ClientError> {
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
    pub(crate) fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ClientError> {
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

    /// The proxy for `uri`. This machine is never reached through one.
    pub(crate) fn for_uri(&self, uri: &Uri) -> Option<&Proxy> {
        let host = bare(uri.host()?).trim_end_matches('.').to_ascii_lowercase();
        let address = host.parse::<IpAddr>().ok();
        let local = host == "localhost"
            || host.ends_with(".localhost")
            || address.is_some_and(|address| address.is_loopback());
        let port = uri.port_u16();
        let secure = uri.scheme_str() == Some("https");
        let matches = |direct: &Direct| direct.matches(&host, address, port, secure);
        if local || self.direct.iter().any(matches) {
            return None;
        }
        if secure { &self.https } else { &self.http }.as_ref()
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({}:{})", self.host, self.port)
    }
}

/// An entry of `NO_PROXY`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Direct {
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
    fn matches(
        &self,
        host: &str,
        address: Option<IpAddr>,
        port: Option<u16>,
        secure: bool,
    ) -> bool {
        let port = port.unwrap_or(if secure { 443 } else { 80 });
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

fn parse(url: &str) -> Result<Proxy, &'static str> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    if !scheme.eq_ignore_ascii_case("http") {
        return Err("only proxies that are spoken to in clear text, http://, are supported");
    }
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
    let authorization = user.map(|user| {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        let pair = [&decoded(name)[..], b":", &decoded(password)[..]].concat();
        format!("Basic {}", BASE64_STANDARD.encode(pair))
    });
    Ok(Proxy {
        host: authority.host().to_owned(),
        port: authority.port_u16().unwrap_or(80),
        authorization,
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

fn directs(list: &str) -> Vec<Direct> {
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

/// `host` without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
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
