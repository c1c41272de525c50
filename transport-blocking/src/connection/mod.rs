//! Connections: how they are made, and what they do beyond what ureq asks of them.

mod dial;
mod interim;
#[cfg(test)]
mod interim_tests;
mod line;
mod socket;

use std::io;
use std::sync::Arc;
use std::time::Instant;

use http::Uri;
use longshore_transport::failure::{self, Step, Trouble};
use longshore_transport::{Configs, Nearness, Place, Proxies, Route, Trust};
use rustls::{ClientConfig, ClientConnection};
use ureq::Error;
use ureq::config::Config;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, LazyBuffers, NextTimeout};

use self::line::Line;
use self::socket::{Patience, Reading, Socket};
use crate::exchange::Watch;

/// Makes connections: to the host or its proxy, through a tunnel, with TLS.
#[derive(Debug)]
pub(crate) struct Dialer {
    pub(crate) trust: Arc<Trust>,
    pub(crate) proxies: Arc<Proxies>,
    pub(crate) nearness: Arc<Nearness>,
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
        match self.dial(&watch) {
            Ok((socket, tls)) => {
                let place = watch.place();
                let target = matches!(self.proxies.route(place), Route::Forward(_))
                    .then(|| format!("http://{}", place.authority()));
                Ok(Some(Line::new(socket, tls, buffers, target)))
            }
            Err(trouble) => Err(watch.fail(trouble).into()),
        }
    }
}

impl Resolver for NoResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

impl Dialer {
    fn dial(&self, watch: &Watch) -> Result<(Socket, Option<Box<ClientConnection>>), Trouble> {
        let place = watch.place();
        let mut socket = dial::reach(place, &self.proxies, &self.trust, &self.nearness, watch)?;
        if !place.is_secure() {
            return Ok((socket, None));
        }
        let tls = handshake(&mut socket, place, &self.trust, registry, watch)?;
        Ok((socket, Some(Box::new(tls))))
    }
}

/// Shakes hands with `place`, on a socket that reaches it.
fn handshake(
    socket: &mut Socket,
    place: &Place,
    trust: &Trust,
    choose: fn(&Configs) -> &Arc<ClientConfig>,
    watch: &Watch,
) -> Result<ClientConnection, Trouble> {
    let refused = |error: &rustls::Error| failure::tls_refused(place, error, trust);
    let broken = |error: io::Error| failure::tls_broken(place, &error);
    let name = place.server_name();
    let name = name.map_err(|_| failure::no_server_name(place))?;
    let config = Arc::clone(choose(trust.configs()?));
    let mut tls = ClientConnection::new(config, name).map_err(|e| refused(&e))?;
    let mut since = Instant::now();
    while tls.is_handshaking() {
        while tls.wants_write() {
            let mut flight = Vec::new();
            tls.write_tls(&mut flight).map_err(broken)?;
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

fn registry(configs: &Configs) -> &Arc<ClientConfig> {
    &configs.registry
}

fn proxy(configs: &Configs) -> &Arc<ClientConfig> {
    &configs.proxy
}
