//! From a host's name to a connected socket.

use std::io;
use std::net::SocketAddr;

use longshore_protocol::FailureKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::socket::Socket;
use super::words;
use crate::client::Proxy;
use crate::exchange::{Trouble, Watch};

/// Connects to the first address of `host` that answers.
pub(super) async fn connect(host: &str, port: u16, watch: &Watch) -> Result<Socket, Trouble> {
    let addresses = resolve(host, port).await?;
    watch.touch();
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
    let reason = match &last {
        Some(error) => words::io(error),
        None => "its name has no address".to_owned(),
    };
    let detail = format!("cannot connect to {host}:{port}: {reason}");
    Err((FailureKind::Connect, detail))
}

/// Asks `proxy` for a tunnel to `host`.
pub(super) async fn tunnel(
    socket: &mut Socket,
    proxy: &Proxy,
    host: &str,
    port: u16,
    watch: &Watch,
) -> Result<(), Trouble> {
    let refused = |why: &str| {
        let detail = format!(
            "no tunnel to {host}:{port} through the proxy {}:{}: {why}",
            proxy.host, proxy.port
        );
        (FailureKind::Connect, detail)
    };
    let broken = |error: io::Error| refused(&words::io(&error));
    let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if let Some(authorization) = &proxy.authorization {
        request.push_str(&format!("Proxy-Authorization: {authorization}\r\n"));
    }
    request.push_str("\r\n");
    socket.write_all(request.as_bytes()).await.map_err(broken)?;
    let mut answer = Vec::new();
    // Whoever is behind the tunnel stays silent until spoken to, in TLS as in HTTP: nothing that
    // follows the head can be read by mistake.
    while !answer.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut piece = [0; 1024];
        let count = socket.read(&mut piece).await.map_err(broken)?;
        answer.extend_from_slice(&piece[..count]);
        if count == 0 || answer.len() > LONGEST {
            return Err(refused("it does not answer in HTTP"));
        }
    }
    watch.touch();
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

/// The addresses of `host`. The system's resolver blocks, so it runs on a thread for such work.
async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Trouble> {
    let name = bare(host);
    if let Ok(address) = name.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    match tokio::net::lookup_host((name, port)).await {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => {
            let detail = format!("cannot resolve {host}: {}", words::io(&error));
            Err((FailureKind::Resolve, detail))
        }
    }
}

/// The longest head a proxy may answer with.
const LONGEST: usize = 16 * 1024;
