//! A registry that lets no one in, and remembers what it was shown.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::mem;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Listens on a port of this machine until the test program ends.
pub(super) struct Listener {
    address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
}

/// Since it was last asked about.
#[derive(Default)]
struct Heard {
    requests: u32,
    /// What `Authorization` said.
    shown: BTreeSet<String>,
}

impl Listener {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("this machine has a free port");
        let address = listener.local_addr().expect("it is bound");
        let heard = Arc::<Mutex<Heard>>::default();
        let hearing = Arc::clone(&heard);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let heard = Arc::clone(&hearing);
                // A client that hangs up is of no interest.
                thread::spawn(move || stream.and_then(|stream| refuse(stream, &heard)));
            }
        });
        Self { address, heard }
    }

    /// Its host and port.
    pub(super) fn registry(&self) -> String {
        self.address.to_string()
    }

    /// Whether there was any request since [`credentials`](Self::credentials).
    pub(super) fn was_asked(&self) -> bool {
        lock(&self.heard).requests > 0
    }

    /// What it was shown since it was last asked, if anything: `Basic NAME:PASSWORD` or `Bearer TOKEN`.
    pub(super) fn credentials(&self) -> Option<String> {
        let Heard { shown, .. } = mem::take(&mut *lock(&self.heard));
        assert!(shown.len() < 2, "one client, several users: {shown:?}");
        shown.into_iter().next()
    }
}

/// Reads one request and answers 401.
fn refuse(mut stream: TcpStream, heard: &Mutex<Heard>) -> io::Result<()> {
    let mut shown = None;
    for line in BufReader::new(&stream).lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("authorization")
        {
            shown = read(value.trim());
        }
    }
    let mut heard = lock(heard);
    heard.requests += 1;
    heard.shown.extend(shown);
    drop(heard);
    stream.write_all(
        b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"test\"\r\n\
          Content-Length: 0\r\nConnection: close\r\n\r\n",
    )
}

/// The pair in base64 as text; nothing for the empty pair that skopeo sends when it has none.
fn read(value: &str) -> Option<String> {
    let Some(pair) = value.strip_prefix("Basic ") else {
        return Some(value.to_owned());
    };
    let pair = STANDARD.decode(pair).expect("a client encodes it");
    (pair != b":").then(|| format!("Basic {}", String::from_utf8_lossy(&pair)))
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
