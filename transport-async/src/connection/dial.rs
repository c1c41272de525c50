//! From a host's name to a connected socket, through a proxy or straight.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use longshore_transport::addresses::{ATTEMPT_DELAY, in_turns};
use longshore_transport::failure::{self, Trouble};
use longshore_transport::{Nearness, Place, Proxy, Route, Trust, Tunnel, Turn, bare};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::socket::Socket;
use super::stream::Stream;
use super::{Dialer, handshake};
use crate::exchange::Watch;

/// Connects to the exchange's place, to what a proxy connects to it, or to a proxy that passes
/// requests on.
pub(super) async fn reach(dialer: &Dialer, watch: &Watch) -> Result<Stream, Trouble> {
    let Dialer {
        trust,
        proxies,
        nearness,
        ..
    } = dialer;
    let place = watch.place();
    let (host, port) = (place.host(), place.port());
    let proxy = match proxies.route(place) {
        Route::Direct => return connect_direct(place, nearness, watch).await,
        Route::Forward(proxy) => return connect_proxy(proxy, trust, watch).await,
        Route::Tunnel(proxy) => proxy,
    };
    if !proxy.wants_addresses() {
        let stream = connect_proxy(proxy, trust, watch).await?;
        return open(Tunnel::to_host(proxy, host, port), stream, watch).await;
    }
    let mut last = failure::unconnected(host, port, None);
    for address in nearness.permitted(place, resolve(host, port).await?)? {
        let stream = connect_proxy(proxy, trust, watch).await?;
        match open(Tunnel::to_address(proxy, address), stream, watch).await {
            Err(trouble) => last = trouble,
            Ok(stream) => {
                nearness.note(place, address);
                return Ok(stream);
            }
        }
    }
    Err(last)
}

/// Connects to a proxy, over TLS if it wants that.
async fn connect_proxy(
    proxy: &Proxy,
    trust: &Arc<Trust>,
    watch: &Watch,
) -> Result<Stream, Trouble> {
    let named = |trouble| failure::at_proxy(proxy, trouble);
    let (host, port) = (proxy.host(), proxy.port());
    let addresses = resolve(host, port).await.map_err(named)?;
    let stream = connect(host, port, addresses, watch).await.map_err(named)?;
    let socket = Socket::new(stream)
        .map_err(|error| named(failure::unconnected(host, port, Some(&error))))?;
    watch.measure(&socket.meter());
    let stream = Stream::Plain(socket);
    if !proxy.is_secure() {
        return Ok(stream);
    }
    let stream = handshake(stream, &proxy.place(), trust, super::proxy, watch).await;
    stream.map_err(named)
}

/// Connects to `place` itself, where a connection may go.
async fn connect_direct(
    place: &Place,
    nearness: &Nearness,
    watch: &Watch,
) -> Result<Stream, Trouble> {
    let (host, port) = (place.host(), place.port());
    let addresses = nearness.permitted(place, resolve(host, port).await?)?;
    let stream = connect(host, port, addresses, watch).await?;
    if let Ok(address) = stream.peer_addr() {
        nearness.note(place, address);
    }
    match Socket::new(stream) {
        Ok(socket) => Ok(Stream::Plain(socket)),
        Err(error) => Err(failure::unconnected(host, port, Some(&error))),
    }
}

/// Connects to the address of `host` that answers first.
async fn connect(
    host: &str,
    port: u16,
    addresses: Vec<SocketAddr>,
    watch: &Watch,
) -> Result<TcpStream, Trouble> {
    watch.touch();
    let found = first_of(&in_turns(addresses), watch, TcpStream::connect).await;
    found.map_err(|last| failure::unconnected(host, port, last.as_ref()))
}

/// Connects to the first of `addresses` that answers, or says what the last one said: the next is
/// tried as soon as one fails, and beside those that are not done after a while (RFC 8305).
async fn first_of<T, F>(
    addresses: &[SocketAddr],
    watch: &Watch,
    connect: impl Fn(SocketAddr) -> F,
) -> Result<T, Option<io::Error>>
where
    T: Send + 'static,
    F: Future<Output = io::Result<T>> + Send + 'static,
{
    let limit = watch.left();
    let _own_limit = watch.hold();
    let attempts = async {
        // Those that are not needed end with the set.
        let mut running = JoinSet::new();
        let mut waiting = addresses.iter();
        let mut last = None;
        loop {
            if let Some(address) = waiting.next() {
                running.spawn(connect(*address));
            }
            let ended = if waiting.len() == 0 {
                running.join_next().await
            } else {
                match timeout(ATTEMPT_DELAY, running.join_next()).await {
                    Ok(ended) => ended,
                    Err(_) => continue,
                }
            };
            match ended {
                Some(Ok(Ok(connected))) => return Ok(connected),
                Some(Ok(Err(error))) => last = Some(error),
                Some(Err(_)) => last = Some(io::Error::other("connecting failed")),
                None => return Err(last),
            }
        }
    };
    let result = timeout(limit, attempts).await;
    result.unwrap_or_else(|_| Err(Some(io::ErrorKind::TimedOut.into())))
}

/// Asks the proxy at the other end for the tunnel.
async fn open(mut tunnel: Tunnel, mut stream: Stream, watch: &Watch) -> Result<Stream, Trouble> {
    loop {
        match tunnel.turn() {
            Turn::Open => return Ok(stream),
            Turn::Send(bytes) => {
                let sent = stream.write_all(&bytes).await;
                let sent = sent.and(stream.flush().await);
                sent.map_err(|error| tunnel.broken(&error))?;
            }
            Turn::Receive(most) => {
                let mut piece = vec![0; most];
                let count = stream.read(&mut piece).await;
                let count = count.map_err(|error| tunnel.broken(&error))?;
                tunnel.received(&piece[..count])?;
            }
        }
        watch.touch();
    }
}

/// The addresses of `host`. The system's resolver blocks, so it runs on a thread for such work.
async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Trouble> {
    let name = bare(host);
    if let Ok(address) = name.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    match tokio::net::lookup_host((name, port)).await {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => Err(failure::unresolved(host, &error)),
    }
}
