//! What is said to a proxy before what is behind it can be spoken to.
//!
//! Crates for SOCKS do their I/O themselves, each in one way: a transport that blocks, with limits
//! and a way to abort, and one on a runtime would need two, with two vocabularies for failures. So
//! the talk is without I/O here, and both transports carry it out.

mod http_connect;
mod socks;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;

use longshore_protocol::FailureKind;

use self::http_connect::HttpConnect;
use self::socks::Socks;
use crate::failure::{self, Trouble};
use crate::proxy::{Language, Proxy};

/// Why a proxy opens no tunnel.
#[derive(Debug)]
struct Refusal {
    why: String,
    /// Whether it would be refused again.
    is_final: bool,
}

/// The talk with a proxy, without the socket.
///
/// Do what [`turn`](Self::turn) says until it says [`Turn::Open`].
#[derive(Debug)]
pub struct Tunnel {
    /// The beginning of what is said when it fails.
    no_tunnel: String,
    talk: Talk,
}

/// What to do next for a tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Send these bytes to the proxy.
    Send(Vec<u8>),
    /// Receive some bytes from it, this many at most, and hand them to [`Tunnel::received`].
    Receive(usize),
    /// What is sent and received from now on is the host's behind the proxy.
    Open,
}

impl Tunnel {
    /// Asks `proxy` for a tunnel to `host`: a name, or an address, in brackets if it is an IPv6
    /// address.
    #[must_use]
    pub fn to_host(proxy: &Proxy, host: &str, port: u16) -> Self {
        Self {
            no_tunnel: format!("no tunnel to {host}:{port} through the proxy {proxy}"),
            talk: match proxy.language {
                Language::Http | Language::Https => Talk::Http(HttpConnect::new(proxy, host, port)),
                Language::Socks | Language::SocksWithAddresses => {
                    Talk::Socks(Socks::new(proxy.user.as_ref(), host, port))
                }
            },
        }
    }

    /// Asks `proxy` for a tunnel to `address`.
    #[must_use]
    pub fn to_address(proxy: &Proxy, address: SocketAddr) -> Self {
        let text = address.to_string();
        let host = text.rsplit_once(':').map_or(&*text, |(host, _)| host);
        Self::to_host(proxy, host, address.port())
    }

    /// What to do next.
    pub fn turn(&mut self) -> Turn {
        match &mut self.talk {
            Talk::Http(talk) => talk.turn(),
            Talk::Socks(talk) => talk.turn(),
        }
    }

    /// Takes what the proxy has said; nothing says that it has closed the connection.
    ///
    /// # Errors
    /// Why there will be no tunnel.
    pub fn received(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let result = match &mut self.talk {
            Talk::Http(talk) => talk.received(bytes),
            Talk::Socks(talk) => talk.received(bytes),
        };
        result.map_err(|Refusal { why, is_final }| {
            let kind = if is_final {
                FailureKind::Unreachable
            } else {
                FailureKind::Connect
            };
            self.refused(kind, &why)
        })
    }

    /// Why there will be no tunnel when the connection to the proxy breaks.
    #[must_use]
    pub fn broken(&self, error: &io::Error) -> Trouble {
        self.refused(FailureKind::Connect, &failure::io(error))
    }

    fn refused(&self, kind: FailureKind, why: &str) -> Trouble {
        Trouble::new(kind, format!("{}: {why}", self.no_tunnel))
    }
}

impl Refusal {
    /// One that may not be repeated.
    fn now(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            is_final: false,
        }
    }

    /// One by the proxy's rules.
    fn forever(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            is_final: true,
        }
    }
}

#[derive(Debug)]
enum Talk {
    Http(HttpConnect),
    Socks(Socks),
}
