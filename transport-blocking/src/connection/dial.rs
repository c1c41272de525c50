//! From a host's name to a connected socket, through a proxy or straight.

#[cfg(test)]
mod tests;

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use longshore_transport::addresses::{ATTEMPT_DELAY, in_turns};
use longshore_transport::failure::{self, Step, Trouble};
use longshore_transport::{Nearness, Place, Proxies, Proxy, Route, Trust, Tunnel, Turn, bare};

use super::handshake;
use super::socket::{Patience, Socket};
use crate::exchange::Watch;

/// Connects to `place`, to what a proxy connects to it, or to a proxy that passes requests on.
pub(super) fn reach(
    place: &Place,
    proxies: &Proxies,
    trust: &Trust,
    nearness: &Nearness,
    watch: &Watch,
) -> Result<Socket, Trouble> {
    let (host, port) = (place.host(), place.port());
    let proxy = match proxies.route(place) {
        Route::Direct => return connect_direct(place, nearness, watch),
        Route::Forward(proxy) => return connect_proxy(proxy, trust, watch),
        Route::Tunnel(proxy) => proxy,
    };
    let to = |tunnel| open(tunnel, connect_proxy(proxy, trust, watch)?, watch);
    if !proxy.wants_addresses() {
        return to(Tunnel::to_host(proxy, host, port));
    }
    let mut last = failure::unconnected(host, port, None);
    for address in nearness.permitted(place, resolve(host, port, watch)?)? {
        match to(Tunnel::to_address(proxy, address)) {
            Err(trouble) if !watch.is_given_up() => last = trouble,
            result => {
                if result.is_ok() {
                    nearness.note(place, address);
                }
                return result;
            }
        }
    }
    Err(last)
}

/// Connects to a proxy, over TLS if it wants that.
fn connect_proxy(proxy: &Proxy, trust: &Trust, watch: &Watch) -> Result<Socket, Trouble> {
    let named = |trouble| failure::at_proxy(proxy, trouble);
    let (host, port) = (proxy.host(), proxy.port());
    let addresses = resolve(host, port, watch).map_err(named)?;
    let stream = connect(host, port, addresses, watch).map_err(named)?;
    let mut socket = Socket::new(stream)
        .map_err(|error| named(failure::unconnected(host, port, Some(&error))))?;
    if !proxy.is_secure() {
        return Ok(socket);
    }
    let place = proxy.place();
    let tls = handshake(&mut socket, &place, trust, super::proxy, watch).map_err(named)?;
    Ok(socket.inside(tls))
}

/// Connects to `place` itself, where a connection may go.
fn connect_direct(place: &Place, nearness: &Nearness, watch: &Watch) -> Result<Socket, Trouble> {
    let (host, port) = (place.host(), place.port());
    let addresses = nearness.permitted(place, resolve(host, port, watch)?)?;
    let stream = connect(host, port, addresses, watch)?;
    if let Ok(address) = stream.peer_addr() {
        nearness.note(place, address);
    }
    Socket::new(stream).map_err(|error| failure::unconnected(host, port, Some(&error)))
}

/// Connects to the address of `host` that answers first.
fn connect(
    host: &str,
    port: u16,
    addresses: Vec<SocketAddr>,
    watch: &Watch,
) -> Result<TcpStream, Trouble> {
    let found = first_of(&in_turns(addresses), watch, TcpStream::connect_timeout);
    found.map_err(|last| failure::unconnected(host, port, last.as_ref()))
}

/// Connects to the first of `addresses` that answers, or says what the last one said: the next is
/// tried as soon as one fails, and beside those that are not done after a while (RFC 8305).
///
/// Each attempt has a thread of its own, since a connection that is being made cannot be
/// interrupted; what is left behind ends with its time.
fn first_of<T: Send + 'static>(
    addresses: &[SocketAddr],
    watch: &Watch,
    connect: fn(&SocketAddr, Duration) -> io::Result<T>,
) -> Result<T, Option<io::Error>> {
    let since = Instant::now();
    if let [address] = addresses {
        let left = watch.left(Step::Connect, since).map_err(Some)?;
        return connect(address, left).map_err(Some);
    }
    let (sender, receiver) = mpsc::channel();
    let mut last = None;
    let mut waiting = addresses.iter();
    let mut running = 0_usize;
    let mut next = since;
    loop {
        let left = watch.left(Step::Connect, since).map_err(Some)?;
        let is_time = running == 0 || Instant::now() >= next;
        if is_time && let Some(address) = waiting.next() {
            let (address, sender) = (*address, sender.clone());
            let attempt = thread::Builder::new()
                .name("longshore-connect".to_owned())
                .spawn(move || {
                    // Another address may have answered meanwhile.
                    let _ = sender.send(connect(&address, left));
                });
            match attempt {
                Ok(_) => running += 1,
                Err(error) => last = Some(error),
            }
            next = Instant::now() + ATTEMPT_DELAY;
            continue;
        }
        if running == 0 {
            return Err(last);
        }
        let slice = watch.slice(Step::Connect, since).map_err(Some)?;
        let pause = if waiting.len() == 0 {
            slice
        } else {
            slice.min(next.saturating_duration_since(Instant::now()))
        };
        match receiver.recv_timeout(pause) {
            Ok(Ok(connected)) => return Ok(connected),
            Ok(Err(error)) => {
                running -= 1;
                last = Some(error);
                next = Instant::now();
            }
            Err(_) => {}
        }
    }
}

/// Asks the proxy at the other end for the tunnel.
fn open(mut tunnel: Tunnel, mut socket: Socket, watch: &Watch) -> Result<Socket, Trouble> {
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
