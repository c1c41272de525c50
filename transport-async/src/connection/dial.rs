//! From a host's name to a connected socket, through a proxy or straight.

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;

use longshore_transport::failure::{self, Trouble};
use longshore_transport::{Place, Proxy, Tunnel, Turn, bare};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::socket::Socket;
use crate::exchange::Watch;

/// Connects to `place`, or to what `proxy` connects to it.
pub(super) async fn reach(
    place: &Place,
    proxy: Option<&Proxy>,
    watch: &Watch,
) -> Result<Socket, Trouble> {
    let (host, port) = (place.host(), place.port());
    let Some(proxy) = proxy else {
        return connect(host, port, watch).await;
    };
    if !proxy.wants_addresses() {
        return open(Tunnel::to_host(proxy, host, port), proxy, watch).await;
    }
    let mut last = failure::unconnected(host, port, None);
    for address in resolve(host, port).await? {
        match open(Tunnel::to_address(proxy, address), proxy, watch).await {
            Err(trouble) => last = trouble,
            socket => return socket,
        }
    }
    Err(last)
}

/// Connects to the first address of `host` that answers.
async fn connect(host: &str, port: u16, watch: &Watch) -> Result<Socket, Trouble> {
    let addresses = resolve(host, port).await?;
    watch.touch();
    match first_of(&addresses, watch).await {
        Ok(socket) => Ok(socket),
        Err(last) => Err(failure::unconnected(host, port, last.as_ref())),
    }
}

/// Connects to the first of `addresses` that answers, or says what the last one said.
async fn first_of(addresses: &[SocketAddr], watch: &Watch) -> Result<Socket, Option<io::Error>> {
    let mut last = None;
    for (index, address) in addresses.iter().enumerate() {
        // Each address may use half of the time that is left, so that a dead one leaves some for
        // the next; the last may use it all.
        let left = watch.left();
        let share = if index + 1 == addresses.len() {
            left
        } else {
            left / 2
        };
        let _own_limit = watch.hold();
        match timeout(share, TcpStream::connect(address)).await {
            Ok(connected) => match connected.and_then(Socket::new) {
                Ok(socket) => return Ok(socket),
                Err(error) => last = Some(error),
            },
            Err(_) => last = Some(io::ErrorKind::TimedOut.into()),
        }
    }
    Err(last)
}

/// Connects to `proxy` and asks it for the tunnel.
async fn open(mut tunnel: Tunnel, proxy: &Proxy, watch: &Watch) -> Result<Socket, Trouble> {
    let mut socket = connect(proxy.host(), proxy.port(), watch).await?;
    watch.measure(&socket.meter());
    loop {
        match tunnel.turn() {
            Turn::Open => return Ok(socket),
            Turn::Send(bytes) => {
                let sent = socket.write_all(&bytes).await;
                sent.map_err(|error| tunnel.broken(&error))?;
            }
            Turn::Receive(most) => {
                let mut piece = vec![0; most];
                let count = socket.read(&mut piece).await;
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
