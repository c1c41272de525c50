//! From a host's name to a connected socket, through a proxy or straight.

#[cfg(test)]
mod tests;

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Instant;

use longshore_transport::failure::{self, Step, Trouble};
use longshore_transport::{Place, Proxy, Tunnel, Turn, bare};

use super::socket::{Patience, Socket};
use crate::exchange::Watch;

/// Connects to `place`, or to what `proxy` connects to it.
pub(super) fn reach(
    place: &Place,
    proxy: Option<&Proxy>,
    watch: &Watch,
) -> Result<Socket, Trouble> {
    let (host, port) = (place.host(), place.port());
    let Some(proxy) = proxy else {
        return connect(host, port, watch);
    };
    if !proxy.wants_addresses() {
        return open(Tunnel::to_host(proxy, host, port), proxy, watch);
    }
    let mut last = failure::unconnected(host, port, None);
    for address in resolve(host, port, watch)? {
        match open(Tunnel::to_address(proxy, address), proxy, watch) {
            Err(trouble) if !watch.is_given_up() => last = trouble,
            result => return result,
        }
    }
    Err(last)
}

/// Connects to the first address of `host` that answers.
fn connect(host: &str, port: u16, watch: &Watch) -> Result<Socket, Trouble> {
    let addresses = resolve(host, port, watch)?;
    match first_of(&addresses, watch) {
        Ok(socket) => Ok(socket),
        Err(last) => Err(failure::unconnected(host, port, last.as_ref())),
    }
}

/// Connects to the first of `addresses` that answers, or says what the last one said.
fn first_of(addresses: &[SocketAddr], watch: &Watch) -> Result<Socket, Option<io::Error>> {
    let since = Instant::now();
    let mut last = None;
    for (index, address) in addresses.iter().enumerate() {
        // Each address may use half of the time that is left, so that a dead one leaves some for
        // the next; the last may use it all.
        let left = watch.left(Step::Connect, since).map_err(Some)?;
        let share = if index + 1 == addresses.len() {
            left
        } else {
            left / 2
        };
        match TcpStream::connect_timeout(address, share).and_then(Socket::new) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = Some(error),
        }
    }
    Err(last)
}

/// Connects to `proxy` and asks it for the tunnel.
fn open(mut tunnel: Tunnel, proxy: &Proxy, watch: &Watch) -> Result<Socket, Trouble> {
    let mut socket = connect(proxy.host(), proxy.port(), watch)?;
    loop {
        match tunnel.turn() {
            Turn::Open => return Ok(socket),
            Turn::Send(bytes) => {
                let sent = socket.write_all(&bytes, watch, Step::Connect);
                sent.map_err(|error| tunnel.broken(&error))?;
            }
            Turn::Receive(most) => {
                let mut piece = vec![0; most];
                let patience = Patience::Limits(watch, Step::Connect, Instant::now());
                let count = socket.read(&mut piece, patience);
                let count = count.map_err(|error| tunnel.broken(&error))?;
                tunnel.received(&piece[..count])?;
            }
        }
    }
}

/// The addresses of `host`.
///
/// The system's resolver cannot be interrupted and may take half a minute, so it runs on a thread
/// of its own, which is left behind when nobody waits any more.
fn resolve(host: &str, port: u16, watch: &Watch) -> Result<Vec<SocketAddr>, Trouble> {
    let name = bare(host).to_owned();
    if let Ok(address) = name.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let unresolved = |error: &io::Error| failure::unresolved(host, error);
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::Builder::new()
        .name("longshore-resolve".to_owned())
        .spawn(move || {
            let found = (name.as_str(), port).to_socket_addrs();
            // Nobody waits for it when the exchange has ended meanwhile.
            let _ = sender.send(found.map(Vec::from_iter));
        })
        .map_err(|error| unresolved(&error))?;
    let since = Instant::now();
    loop {
        let slice = watch.slice(Step::Connect, since);
        match receiver.recv_timeout(slice.map_err(|error| unresolved(&error))?) {
            Ok(Ok(addresses)) => return Ok(addresses),
            Ok(Err(error)) => return Err(unresolved(&error)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(unresolved(&io::Error::other("the resolver failed")));
            }
        }
    }
}
