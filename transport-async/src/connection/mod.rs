//! Connections: how they are made, kept and driven.

mod dial;
mod line;
mod pool;
mod socket;
mod stream;
mod tasks;

use std::sync::Arc;

use hyper::client::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use longshore_protocol::FailureKind;
use longshore_transport::failure::{self, Trouble};
use longshore_transport::{Configs, Nearness, Place, Proxies, Trust};
use rustls::ClientConfig;
use tokio_rustls::TlsConnector;

pub(crate) use self::line::{HEAD, Line1, Line2};
pub(crate) use self::pool::Pool;
pub(crate) use self::socket::Meter;
use self::stream::Stream;
pub(crate) use self::tasks::Tasks;
use crate::exchange::Watch;

/// Makes connections: to the host or its proxy, through a tunnel, with TLS.
#[derive(Debug)]
pub(crate) struct Dialer {
    pub(crate) trust: Arc<Trust>,
    pub(crate) proxies: Proxies,
    pub(crate) nearness: Nearness,
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
        if let Some(line) = self.pool.shared(place) {
            return Some(Line::Two(line));
        }
        while let Some(mut line) = self.pool.single(place) {
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
    pub(crate) async fn dial(&self, watch: &Watch) -> Result<Line, Trouble> {
        let place = watch.place();
        let mut stream = dial::reach(self, watch).await?;
        watch.measure(&stream.meter());
        if place.is_secure() {
            stream = handshake(stream, place, &self.trust, registry, watch).await?;
        }
        let broken = |error: hyper::Error| {
            let detail = format!("cannot speak HTTP with {place}: {error}");
            Trouble::new(FailureKind::Connect, detail)
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
        self.pool.share(place, &line);
        Ok(Line::Two(line))
    }
}

/// Shakes hands with `place`, on a stream that reaches it.
async fn handshake(
    stream: Stream,
    place: &Place,
    trust: &Arc<Trust>,
    choose: fn(&Configs) -> &Arc<ClientConfig>,
    watch: &Watch,
) -> Result<Stream, Trouble> {
    let name = place.server_name();
    let name = name.map_err(|_| failure::no_server_name(place))?;
    let config = match trust.made_already() {
        Some(configs) => Arc::clone(choose(configs?)),
        None => {
            // The first use reads certificates from many files.
            let trust = Arc::clone(trust);
            let made = move || trust.configs().map(|configs| Arc::clone(choose(configs)));
            tokio::task::spawn_blocking(made).await.map_err(|_| {
                let detail = "the system's certificates cannot be read";
                Trouble::new(FailureKind::Tls, detail)
            })??
        }
    };
    match TlsConnector::from(config).connect(name, stream).await {
        Ok(stream) => {
            watch.touch();
            Ok(Stream::Tls(Box::new(stream)))
        }
        Err(error) => {
            let refusal = error
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<rustls::Error>());
            Err(match refusal {
                Some(refusal) => failure::tls_refused(place, refusal, trust),
                None => failure::tls_broken(place, &error),
            })
        }
    }
}

fn registry(configs: &Configs) -> &Arc<ClientConfig> {
    &configs.registry
}

fn proxy(configs: &Configs) -> &Arc<ClientConfig> {
    &configs.proxy
}
