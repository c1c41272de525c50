//! From a host's name to a connected socket.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Instant;

use longshore_protocol::FailureKind;

use super::socket::{Patience, Socket};
use super::words;
use crate::client::Proxy;
use crate::exchange::{Step, Watch};

/// Connects to the first address of `host` that answers.
pub(super) fn connect(host: &str, port: u16, watch: &Watch) -> io::Result<Socket> {
    let addresses = resolve(host, port, watch)?;
    let since = Instant::now();
    let mut last = None;
    for (index, address) in addresses.iter().enumerate() {
        // Each address may use half of the time that is left, so that a dead one leaves some for
        // the next; the last may use it all.
        let left = watch.left(Step::Connect, since)?;
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
    let reason = match &last {
        Some(error) => words::io(error),
        None => "its name has no address".to_owned(),
    };
    let detail = format!("cannot connect to {host}:{port}: {reason}");
    Err(watch.fail(FailureKind::Connect, detail))
}

/// Asks `proxy` for a tunnel to `host`.
pub(super) fn tunnel(
    socket: &mut Socket,
    proxy: &Proxy,
    host: &str,
    port: u16,
    watch: &Watch,
) -> io::Result<()> {
    let refused = |why: &str| {
        let detail = format!(
            "no tunnel to {host}:{port} through the proxy {}:{}: {why}",
            proxy.host, proxy.port
        );
        watch.fail(FailureKind::Connect, detail)
    };
    let broken = |error: io::Error| refused(&words::io(&error));
    let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if let Some(authorization) = &proxy.authorization {
        request.push_str(&format!("Proxy-Authorization: {authorization}\r\n"));
    }
    request.push_str("\r\n");
    socket
        .write_all(request.as_bytes(), watch, Step::Connect)
        .map_err(broken)?;
    let since = Instant::now();
    let mut answer = Vec::new();
    // Whoever is behind the tunnel stays silent until spoken to, in TLS as in HTTP: nothing that
    // follows the head can be read by mistake.
    while !answer.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut piece = [0; 1024];
        let patience = Patience::Limits(watch, Step::Connect, since);
        let count = socket.read(&mut piece, patience).map_err(broken)?;
        answer.extend_from_slice(&piece[..count]);
        if count == 0 || answer.len() > LONGEST {
            return Err(refused("it does not answer in HTTP"));
        }
    }
    let line = answer.split(|byte| *byte == b'\r').next();
    let line = String::from_utf8_lossy(line.unwrap_or_default());
    match line.split(' ').nth(1) {
        Some(code) if code.len() == 3 && code.starts_with('2') => Ok(()),
        Some("407") => Err(refused("it wants a user name and a password (407)")),
        Some(code) if code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit()) => {
            Err(refused(&format!("it answers {code}")))
        }
        _ => Err(refused("it does not answer in HTTP")),
    }
}

/// `host` without the brackets of an IPv6 address.
pub(super) fn bare(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

/// The addresses of `host`.
///
/// The system's resolver cannot be interrupted and may take half a minute, so it runs on a thread
/// of its own, which is left behind when nobody waits any more.
fn resolve(host: &str, port: u16, watch: &Watch) -> io::Result<Vec<SocketAddr>> {
    let name = bare(host).to_owned();
    if let Ok(address) = name.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let unresolved = |error: &io::Error| {
        let detail = format!("cannot resolve {host}: {}", words::io(error));
        watch.fail(FailureKind::Resolve, detail)
    };
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
        match receiver.recv_timeout(watch.slice(Step::Connect, since)?) {
            Ok(Ok(addresses)) => return Ok(addresses),
            Ok(Err(error)) => return Err(unresolved(&error)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(unresolved(&io::Error::other("the resolver failed")));
            }
        }
    }
}

/// The longest head a proxy may answer with.
const LONGEST: usize = 16 * 1024;
