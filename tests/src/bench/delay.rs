//! A line on which everything takes its time.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// Listens, and carries everything to another server and back, late by the same time each way.
///
/// Its threads end with its connections; the one that listens lives as long as the program.
#[derive(Debug)]
pub struct Delay {
    listener: TcpListener,
}

impl Delay {
    /// A line on loopback that leads nowhere yet.
    ///
    /// # Errors
    /// The system has no port for it.
    pub fn bind() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        Ok(Self { listener })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Leads to `target` from now on; each way takes `one_way`.
    pub fn lead(self, target: SocketAddr, one_way: Duration) {
        thread::spawn(move || {
            for near in self.listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect(target) else {
                    continue;
                };
                let _ = near.set_nodelay(true).and(far.set_nodelay(true));
                if let (Ok(near_too), Ok(far_too)) = (near.try_clone(), far.try_clone()) {
                    carry(near, far, one_way);
                    carry(far_too, near_too, one_way);
                }
            }
        });
    }
}

fn carry(mut from: TcpStream, to: TcpStream, one_way: Duration) {
    let (sender, pieces) = mpsc::channel();
    thread::spawn(move || deliver(&pieces, to));
    thread::spawn(move || {
        let mut buffer = vec![0; PIECE];
        loop {
            let piece = match from.read(&mut buffer) {
                Ok(0) | Err(_) => Vec::new(),
                Ok(count) => buffer[..count].to_vec(),
            };
            let is_over = piece.is_empty();
            if sender.send((Instant::now() + one_way, piece)).is_err() || is_over {
                return;
            }
        }
    });
}

/// Hands on each piece when it is due; an empty one is the end.
fn deliver(pieces: &Receiver<(Instant, Vec<u8>)>, mut to: TcpStream) {
    for (due, piece) in pieces {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if piece.is_empty() || to.write_all(&piece).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// How much is carried at a time.
const PIECE: usize = 64 * 1024;
