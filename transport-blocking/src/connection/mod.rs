//! Connections: how they are made, and what they do beyond what ureq asks of them.

mod dial;
mod interim;
#[cfg(test)]
mod interim_tests;
mod line;
mod socket;
pub(crate) mod words;

use std::io;
use std::sync::Arc;
use std::time::Instant;

use http::Uri;
use longshore_protocol::FailureKind;
use rustls::ClientConnection;
use rustls_pki_types::ServerName;
use ureq::Error;
use ureq::config::Config;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, LazyBuffers, NextTimeout};

use self::line::Line;
use self::socket::{Patience, Reading, Socket};
use crate::client::{Proxies, Trust};
use crate::exchange::{Step, Watch};

/// Makes connections: to the host or its proxy, through a tunnel, with TLS.
#[derive(Debug)]
pub(crate) struct Dialer {
    pub(crate) trust: Arc<Trust>,
    pub(crate) proxies: Proxies,
}

/// Resolves nothing: the dialer does, because only it knows whether there is a proxy.
#[derive(Debug)]
pub(crate) struct NoResolver;

impl Connector for Dialer {
    type Out = Line;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _chained: Option<()>,
    ) -> Result<Option<Line>, Error> {
        let watch = Watch::current();
        let buffers = LazyBuffers::new(
            details.config.input_buffer_size(),
            details.config.output_buffer_size(),
        );
        let (socket, tls) = self.dial(details.uri, details.needs_tls(), &watch)?;
        Ok(Some(Line::new(socket, tls, buffers)))
    }
}

impl Resolver for NoResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

impl Dialer {
    fn dial(
        &self,
        uri: &Uri,
        secure: bool,
        watch: &Watch,
    ) -> io::Result<(Socket, Option<Box<ClientConnection>>)> {
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let mut socket = match self.proxies.for_uri(uri) {
            None => dial::connect(host, port, watch)?,
            Some(proxy) => {
                let mut socket = dial::connect(&proxy.host, proxy.port, watch)?;
                dial::tunnel(&mut socket, proxy, host, port, watch)?;
                socket
            }
        };
        if !secure {
            return Ok((socket, None));
        }
        let tls = self.handshake(&mut socket, host, watch)?;
        Ok((socket, Some(Box::new(tls))))
    }

    fn handshake(
        &self,
        socket: &mut Socket,
        host: &str,
        watch: &Watch,
    ) -> io::Result<ClientConnection> {
        let refused = |error: &rustls::Error| {
            let mut detail = format!("TLS with {}: {}", watch.place(), words::tls(error));
            if self.trust.is_empty() {
                detail.push_str(", and no trusted certificates were found on this system");
            }
            watch.fail(FailureKind::Tls, detail)
        };
        // Nothing of the request was sent yet, so what breaks here can be tried again safely.
        let broken = |error: io::Error| {
            let words = words::io(&error);
            let detail = format!("TLS with {}: {words} during the handshake", watch.place());
            watch.fail(FailureKind::Connect, detail)
        };
        let name = ServerName::try_from(dial::bare(host).to_owned()).map_err(|_| {
            let detail = format!("TLS with {}: not a name for a certificate", watch.place());
            watch.fail(FailureKind::Tls, detail)
        })?;
        let mut tls = ClientConnection::new(self.trust.config(), name).map_err(|e| refused(&e))?;
        let mut since = Instant::now();
        while tls.is_handshaking() {
            while tls.wants_write() {
                let mut flight = Vec::new();
                tls.write_tls(&mut flight)?;
                socket
                    .write_all(&flight, watch, Step::Connect)
                    .map_err(broken)?;
            }
            if !tls.is_handshaking() {
                break;
            }
            let patience = Patience::Limits(watch, Step::Connect, since);
            let count = tls
                .read_tls(&mut Reading { socket, patience })
                .map_err(broken)?;
            if count == 0 {
                return Err(broken(io::ErrorKind::UnexpectedEof.into()));
            }
            since = Instant::now();
            if let Err(error) = tls.process_new_packets() {
                // The other side should hear why, if it still listens; what counts is ours.
                let mut alert = Vec::new();
                if tls.write_tls(&mut alert).is_ok() {
                    let _ = socket.write_all(&alert, watch, Step::Connect);
                }
                return Err(refused(&error));
            }
        }
        Ok(tls)
    }
}
