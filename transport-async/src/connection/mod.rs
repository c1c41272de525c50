//! Connections: how they are made, kept and driven.

mod dial;
mod line;
mod pool;
mod socket;
mod stream;
mod tasks;
pub(crate) mod words;

use std::sync::Arc;

use http::Uri;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use longshore_protocol::FailureKind;
use rustls_pki_types::ServerName;
use tokio_rustls::TlsConnector;

pub(crate) use self::line::{HEAD, Line1, Line2};
pub(crate) use self::pool::Pool;
pub(crate) use self::socket::Meter;
use self::socket::Socket;
use self::stream::Stream;
pub(crate) use self::tasks::Tasks;
use crate::client::{Proxies, Trust};
use crate::exchange::{Place, Trouble, Watch};

/// Makes connections: to the host or its proxy, through a tunnel, with TLS.
#[derive(Debug)]
pub(crate) struct Dialer {
    pub(crate) trust: Arc<Trust>,
    pub(crate) proxies: Proxies,
    pub(crate) pool: Pool,
    pub(crate) tasks: Tasks,
}

/// A connection, for one request at a time or for many.
pub(crate) enum Line {
    One(Box<Line1>),
    Two(Line2),
}

impl Dialer {
    /// A connection that was used before, if there is one.
    pub(crate) async fn kept(&self, place: &Place) -> Option<Line> {
        if let Some(line) = self.pool.shared(&place.key) {
            return Some(Line::Two(line));
        }
        while let Some(mut line) = self.pool.single(&place.key) {
            // The runtime may not have looked at the sockets for a while: let it, so that what was
            // closed meanwhile is known to be.
            tokio::task::yield_now().await;
            if line.is_reusable().await {
                return Some(Line::One(line));
            }
        }
        None
    }

    /// A new connection.
    pub(crate) async fn dial(
        &self,
        uri: &Uri,
        place: &Place,
        watch: &Watch,
    ) -> Result<Line, Trouble> {
        let socket = match self.proxies.for_uri(uri) {
            None => dial::connect(&place.host, place.port, watch).await?,
            Some(proxy) => {
                let mut socket = dial::connect(&proxy.host, proxy.port, watch).await?;
                watch.measure(&socket.meter());
                dial::tunnel(&mut socket, proxy, &place.host, place.port, watch).await?;
                socket
            }
        };
        watch.measure(&socket.meter());
        let stream = if place.secure {
            self.handshake(socket, &place.host, watch).await?
        } else {
            Stream::Plain(socket)
        };
        let broken = |error: hyper::Error| {
            let detail = format!("cannot speak HTTP with {}: {error}", watch.place());
            (FailureKind::Connect, detail)
        };
        if !stream.is_http2() {
            return Ok(Line::One(Box::new(
                Line1::new(stream).await.map_err(broken)?,
            )));
        }
        let meter = stream.meter();
        let (sender, connection) = http2::Builder::new(self.tasks.executor())
            .timer(TokioTimer::new())
            .max_header_list_size(HEAD as u32)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        self.tasks.spawn(async move {
            // What ends it also ends the exchanges that use it.
            let _ = connection.await;
        });
        let line = Line2::new(sender, meter);
        self.pool.share(&place.key, &line);
        Ok(Line::Two(line))
    }

    async fn handshake(
        &self,
        socket: Socket,
        host: &str,
        watch: &Watch,
    ) -> Result<Stream, Trouble> {
        let name = ServerName::try_from(dial::bare(host).to_owned()).map_err(|_| {
            let detail = format!("TLS with {}: not a name for a certificate", watch.place());
            (FailureKind::Tls, detail)
        })?;
        // The first use reads the system's certificates from many files.
        let trust = Arc::clone(&self.trust);
        let config = match trust.made_already() {
            Some(config) => config,
            None => tokio::task::spawn_blocking(move || trust.config())
                .await
                .map_err(|_| {
                    let detail = "the system's certificates cannot be read".to_owned();
                    (FailureKind::Tls, detail)
                })?,
        };
        let handshake = TlsConnector::from(config).connect(name, socket).await;
        match handshake {
            Ok(stream) => {
                watch.touch();
                Ok(Stream::Tls(Box::new(stream)))
            }
            Err(error) => {
                let refusal = error
                    .get_ref()
                    .and_then(|inner| inner.downcast_ref::<rustls::Error>());
                let place = watch.place();
                let Some(refusal) = refusal else {
                    // Nothing of the request was sent yet, so what breaks here can be tried again
                    // safely.
                    let words = words::io(&error);
                    let detail = format!("TLS with {place}: {words} during the handshake");
                    return Err((FailureKind::Connect, detail));
                };
                let mut detail = format!("TLS with {place}: {}", words::tls(refusal));
                if self.trust.is_empty() {
                    detail.push_str(", and no trusted certificates were found on this system");
                }
                Err((FailureKind::Tls, detail))
            }
        }
    }
}
