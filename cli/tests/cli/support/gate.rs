//! A way into a registry that is shut at one request, until the test has done what it wants to do at
//! just that moment.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use longshore_mock_registry::MockRegistry;

/// A server that hands everything on to a registry and back, but for one kind of request.
pub(crate) struct Gate {
    address: SocketAddr,
    arrived: Receiver<()>,
    latch: Arc<Latch>,
}

/// What waits at a gate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The request: the registry does not see it.
    Request,
    /// What comes after the first 16 MiB of the request.
    Rest,
    /// The answer: what was asked for is done, and nobody is told.
    Answer,
}

impl Gate {
    /// In front of `registry`, shut for requests that begin like that.
    pub(crate) fn new(registry: &MockRegistry, start: &'static str, side: Side) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, arrived) = mpsc::channel();
        let latch = Arc::new(Latch::default());
        let way = Way {
            registry: registry.address(),
            start,
            side,
            arrived: sender,
            latch: Arc::clone(&latch),
        };
        thread::spawn(move || {
            for client in listener.incoming() {
                way.clone().open(client.unwrap());
            }
        });
        Self {
            address,
            arrived,
            latch,
        }
    }

    /// The destination of that name behind it.
    pub(crate) fn to(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    /// Waits until somebody stands before it.
    #[track_caller]
    pub(crate) fn wait(&self) {
        self.arrived.recv_timeout(LONGEST_WAIT).unwrap();
    }

    /// Lets through who waits and who comes.
    pub(crate) fn open(&self) {
        self.latch.lift();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.latch.lift();
    }
}

/// From one client to the registry and back.
#[derive(Clone)]
struct Way {
    registry: SocketAddr,
    start: &'static str,
    side: Side,
    arrived: Sender<()>,
    latch: Arc<Latch>,
}

impl Way {
    fn open(self, client: TcpStream) {
        // The test may be over.
        let Ok(registry) = TcpStream::connect(self.registry) else {
            return;
        };
        let is_asked = Arc::new(AtomicBool::new(false));
        let (start, side, asked) = (self.start, self.side, Arc::clone(&is_asked));
        let mut passed = None;
        let back = self.clone();
        // A client sends nothing after a request before it has the answer, so each request begins
        // where a read does.
        let sees = move |bytes: &[u8]| {
            let is_it = bytes.starts_with(start.as_bytes());
            asked.fetch_or(is_it, Ordering::SeqCst);
            if is_it {
                passed = Some(0);
            }
            let before = passed.unwrap_or(0);
            passed = passed.map(|passed| passed + bytes.len());
            match side {
                Side::Request => is_it,
                Side::Rest => before < REST && passed.unwrap_or(0) >= REST,
                Side::Answer => false,
            }
        };
        let (from, to) = (client.try_clone().unwrap(), registry.try_clone().unwrap());
        thread::spawn(move || self.carry(from, to, sees));
        let sees = move |_: &[u8]| side == Side::Answer && is_asked.load(Ordering::SeqCst);
        thread::spawn(move || back.carry(registry, client, sees));
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream, mut stops: impl FnMut(&[u8]) -> bool) {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(count) = from.read(&mut buffer) {
            let bytes = &buffer[..count];
            if bytes.is_empty() {
                break;
            }
            if stops(bytes) {
                // The test may be over.
                let _ = self.arrived.send(());
                self.latch.wait();
            }
            if to.write_all(bytes).is_err() {
                break;
            }
        }
        // Whichever end is gone, the other one is to hear of it.
        let _ = to.shutdown(Shutdown::Write);
        let _ = from.shutdown(Shutdown::Read);
    }
}

#[derive(Default)]
struct Latch {
    is_lifted: Mutex<bool>,
    changed: Condvar,
}

impl Latch {
    fn lift(&self) {
        *self.is_lifted.lock().unwrap() = true;
        self.changed.notify_all();
    }

    fn wait(&self) {
        let shut = self.is_lifted.lock().unwrap();
        let lifted = self.changed.wait_while(shut, |lifted| !*lifted);
        drop(lifted.unwrap());
    }
}

/// Where [`Side::Rest`] begins.
const REST: usize = 16 << 20;

/// Longer than anything takes that works.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
