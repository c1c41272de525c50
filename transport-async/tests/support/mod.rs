//! Servers that say exactly the bytes they are told to, and exchanges with them.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "every test file uses its own part"
)]

pub mod certificates;

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use http::{Method, Request};
use longshore_async::exchange::{Body, Gauge, Outcome};
use longshore_async::protocol::{Extent, Limits};
use longshore_async::{ClientBuilder, Reader, Source, from_fn};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server on loopback that plays `script` to every connection.
pub struct Server {
    address: SocketAddr,
    scheme: &'static str,
    accepted: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    complaints: Arc<Mutex<Vec<String>>>,
    /// The connections that are being played to.
    streams: Arc<Mutex<BTreeMap<usize, TcpStream>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// `script` gets the number of the connection, from zero. Errors end the connection and are
    /// nobody's business; panics fail the test when the server is dropped.
    pub fn start<F>(script: F) -> Self
    where
        F: Fn(usize, &mut Conn) -> io::Result<()> + Send + Sync + 'static,
    {
        Self::launch(None, script)
    }

    pub fn start_tls<F>(config: Arc<ServerConfig>, script: F) -> Self
    where
        F: Fn(usize, &mut Conn) -> io::Result<()> + Send + Sync + 'static,
    {
        Self::launch(Some(config), script)
    }

    fn launch<F>(tls: Option<Arc<ServerConfig>>, script: F) -> Self
    where
        F: Fn(usize, &mut Conn) -> io::Result<()> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let accepted = Arc::new(AtomicUsize::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let script = Arc::new(script);
        let (count, stopped, complain) = (accepted.clone(), stop.clone(), complaints.clone());
        let streams = Arc::new(Mutex::new(BTreeMap::new()));
        let open = streams.clone();
        let thread = thread::spawn(move || {
            let mut connections = Vec::new();
            while let Ok((stream, _)) = listener.accept() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let index = count.fetch_add(1, Ordering::SeqCst);
                if let Ok(stream) = stream.try_clone() {
                    open.lock().unwrap().insert(index, stream);
                }
                let (script, complain, tls) = (script.clone(), complain.clone(), tls.clone());
                let open = open.clone();
                connections.push(thread::spawn(move || {
                    let Ok(mut conn) = Conn::new(stream, tls) else {
                        open.lock().unwrap().remove(&index);
                        return;
                    };
                    let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                        script(index, &mut conn)
                    }));
                    // The socket closes with its last handle.
                    open.lock().unwrap().remove(&index);
                    if let Err(panic) = played {
                        let text = panic.downcast_ref::<String>().cloned();
                        complain.lock().unwrap().push(text.unwrap_or_default());
                    }
                }));
            }
            for connection in connections {
                let _ = connection.join();
            }
        });
        Self {
            address,
            scheme,
            accepted,
            stop,
            complaints,
            streams,
            thread: Some(thread),
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// An URL with this path, by the name of the test certificates.
    pub fn url(&self, path: &str) -> String {
        format!("{}://localhost:{}{path}", self.scheme, self.address.port())
    }

    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        // A client may keep its connections for longer than this server lives.
        for stream in self.streams.lock().unwrap().values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let complaints = std::mem::take(&mut *self.complaints.lock().unwrap());
        if !thread::panicking() {
            assert!(complaints.is_empty(), "the server: {complaints:?}");
        }
    }
}

/// One connection, seen from the server.
pub struct Conn {
    stream: TcpStream,
    tls: Option<StreamOwned<ServerConnection, TcpStream>>,
}

impl Conn {
    fn new(stream: TcpStream, tls: Option<Arc<ServerConfig>>) -> io::Result<Self> {
        // A test that hangs must fail instead.
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.set_write_timeout(Some(Duration::from_secs(20)))?;
        let tls = match tls {
            None => None,
            Some(config) => {
                let session = ServerConnection::new(config).map_err(io::Error::other)?;
                let mut tls = StreamOwned::new(session, stream.try_clone()?);
                tls.conn.complete_io(&mut tls.sock)?;
                Some(tls)
            }
        };
        Ok(Self { stream, tls })
    }

    /// Reads up to the empty line and returns the lines before it.
    pub fn head(&mut self) -> io::Result<Vec<String>> {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.read_exact(&mut byte)?;
            bytes.push(byte[0]);
        }
        let text = String::from_utf8(bytes).unwrap();
        Ok(text.trim_end().split("\r\n").map(str::to_owned).collect())
    }

    pub fn body(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut body = vec![0; length];
        self.read_exact(&mut body)?;
        Ok(body)
    }

    /// Reads a chunked body and returns what is in its chunks.
    pub fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                line.extend(self.body(1)?);
            }
            let text = String::from_utf8(line).unwrap();
            let length = usize::from_str_radix(text.trim_end(), 16).unwrap();
            body.extend(self.body(length)?);
            assert_eq!(self.body(2)?, b"\r\n");
            if length == 0 {
                return Ok(body);
            }
        }
    }

    pub fn say(&mut self, text: &str) -> io::Result<()> {
        self.write_all(text.as_bytes())?;
        self.flush()
    }

    /// Says that nothing more will be said.
    pub fn half_close(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// Does nothing for `time`, as a busy server would. No test waits for this: it is what the
    /// client's limits are measured against.
    pub fn wait(&mut self, time: Duration) {
        let (_keep, never) = std::sync::mpsc::channel::<()>();
        let _ = never.recv_timeout(time);
    }

    /// Reads until the other side closes; how much there was.
    pub fn drain(&mut self) -> u64 {
        let mut total = 0;
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count) = self.read(&mut buffer) {
            if count == 0 {
                break;
            }
            total += count as u64;
        }
        total
    }
}

impl Read for Conn {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => tls.read(buffer),
            None => self.stream.read(buffer),
        }
    }
}

impl Write for Conn {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => tls.write(bytes),
            None => self.stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            Some(tls) => tls.flush(),
            None => self.stream.flush(),
        }
    }
}

/// A client and the runtime that its exchanges run on.
#[derive(Clone)]
pub struct Client {
    runtime: Arc<tokio::runtime::Runtime>,
    client: longshore_async::Client,
}

impl Client {
    pub fn new(client: longshore_async::Client) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        Self {
            runtime: Arc::new(runtime),
            client,
        }
    }

    pub fn build(builder: ClientBuilder) -> Self {
        Self::new(builder.proxy(None).build().unwrap())
    }

    pub fn perform(&self, request: Request<Body>, limits: &Limits, gauge: &Arc<Gauge>) -> Outcome {
        self.runtime
            .block_on(self.client.perform(request, limits, gauge))
    }
}

impl Client {
    /// Begins an exchange, and drops it when `when` says so.
    pub fn perform_until(&self, request: Request<Body>, limits: &Limits, when: impl Fn() -> bool) {
        let gauge = gauge();
        self.runtime.block_on(async {
            let mut exchange = std::pin::pin!(self.client.perform(request, limits, &gauge));
            while !when() {
                let pause = tokio::time::sleep(Duration::from_millis(1));
                tokio::select! {
                    outcome = &mut exchange => panic!("it ended by itself: {outcome:?}"),
                    () = pause => {}
                }
            }
        });
    }
}

/// A client without surprises from the environment.
pub fn client() -> Client {
    Client::build(longshore_async::Client::builder())
}

/// A source whose opening and reading block.
pub fn reading<F, R>(open: F) -> impl Source + 'static
where
    F: Fn(u64) -> io::Result<R> + Send + Sync + 'static,
    R: Read + Send + 'static,
{
    let open = Arc::new(open);
    from_fn(move |offset| {
        let open = Arc::clone(&open);
        async move { Ok(Reader::blocking_with(move || open(offset))) }
    })
}

/// Limits that no healthy loopback comes near.
pub fn limits() -> Limits {
    Limits {
        idle: Duration::from_secs(10),
        answer: Duration::from_secs(10),
        total: None,
        response_body: 64 * 1024,
    }
}

pub fn request(method: Method, url: &str, body: Body) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(url)
        .body(body)
        .unwrap()
}

/// Performs one exchange with a client of its own.
pub fn exchange(method: Method, url: &str, body: Body) -> Outcome {
    client().perform(request(method, url, body), &limits(), &Arc::default())
}

pub fn gauge() -> Arc<Gauge> {
    Arc::default()
}

/// A whole source of known size.
pub fn whole(bytes: Vec<u8>) -> Body {
    let size = bytes.len() as u64;
    source(bytes, 0, Extent::Exact(size), Some(size))
}

pub fn source(
    source: impl Source + 'static,
    offset: u64,
    extent: Extent,
    size: Option<u64>,
) -> Body {
    Body::Source {
        source: Arc::new(source),
        offset,
        extent,
        size,
    }
}

/// `length` bytes that differ from place to place.
pub fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i % 251) as u8).collect()
}

/// More than fits into the buffers between two sockets on one machine.
pub const LARGE: usize = 16 * 1024 * 1024;
