//! From a host's name to a connected socket, through a proxy or straight.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use longshore_transport::addresses::{ATTEMPT_DELAY, in_turns};
use longshore_transport::failure::{self, Trouble};
use longshore_transport::{Place, Proxies, Proxy, Route, Trust, Tunnel, Turn, bare};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::handshake;
use super::socket::Socket;
use super::stream::Stream;
use crate::exchange::Watch;

/// Connects to `place`, to what a proxy connects to it, or to a proxy that passes requests on.
pub(super) async fn reach(
    place: &Place,
    proxies: &Proxies,
    trust: &Arc<Trust>,
    watch: &Watch,
) -> Result<Stream, Trouble> {
    let (host, port) = (place.host(), place.port());
    let proxy = match proxies.route(place) {
        Route::Direct => return Ok(Stream::Plain(connect(host, port, watch).await?)),
        Route::Forward(proxy) => return connect_proxy(proxy, trust, watch).await,
        Route::Tunnel(proxy) => proxy,
    };
    if !proxy.wants_addresses() {
        let stream = connect_proxy(proxy, trust, watch).await?;
        return open(Tunnel::to_host(proxy, host, port), stream, watch).await;
    }
    let mut last = failure::unconnected(host, port, None);
    for address in resolve(host, port).await? {
        let stream = connect_proxy(proxy, trust, watch).await?;
        match open(Tunnel::to_address(proxy, address), stream, watch).await {
            Err(trouble) => last = trouble,
            stream => return stream,
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
    let socket = connect(proxy.host(), proxy.port(), watch).await;
    let socket = socket.map_err(named)?;
    watch.measure(&socket.meter());
    let stream = Stream::Plain(socket);
    if !proxy.is_secure() {
        return Ok(stream);
    }
    let stream = handshake(stream, &proxy.place(), trust, super::proxy, watch).await;
    stream.map_err(named)
}

/// Connects to the address of `host` that answers first.
async fn connect(host: &str, port: u16, watch: &Watch) -> Result<Socket, Trouble> {
    let addresses = in_turns(resolve(host, port).await?);
    watch.touch();
    let stream = first_of(&addresses, watch, TcpStream::connect).await;
    match stream.map(Socket::new) {
        Ok(Ok(socket)) => Ok(socket),
        Ok(Err(error)) => Err(failure::unconnected(host, port, Some(&error))),
        Err(last) => Err(failure::unconnected(host, port, last.as_ref())),
    }
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
