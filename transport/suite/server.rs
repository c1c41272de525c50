//! Servers that say exactly the bytes they are told to.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server on loopback that plays `script` to every connection.
pub(crate) struct Server {
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
    pub(crate) fn start<F>(script: F) -> Self
    where
        F: Fn(usize, &mut Conn) -> io::Result<()> + Send + Sync + 'static,
    {
        Self::launch(None, script)
    }

    pub(crate) fn start_tls<F>(config: Arc<ServerConfig>, script: F) -> Self
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

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// An URL with this path, by the name of the test certificates.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://localhost:{}{path}", self.scheme, self.address.port())
    }

    pub(crate) fn accepted(&self) -> usize {
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
pub(crate) struct Conn {
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
    pub(crate) fn head(&mut self) -> io::Result<Vec<String>> {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.read_exact(&mut byte)?;
            bytes.push(byte[0]);
        }
        let text = String::from_utf8(bytes).unwrap();
        Ok(text.trim_end().split("\r\n").map(str::to_owned).collect())
    }

    pub(crate) fn body(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut body = vec![0; length];
        self.read_exact(&mut body)?;
        Ok(body)
    }

    /// Reads a chunked body and returns what is in its chunks.
    pub(crate) fn chunks(&mut self) -> io::Result<Vec<u8>> {
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

    pub(crate) fn say(&mut self, text: &str) -> io::Result<()> {
        self.write_all(text.as_bytes())?;
        self.flush()
    }

    /// Says that nothing more will be said.
    pub(crate) fn half_close(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// Does nothing for `time`, as a busy server would. No test waits for this: it is what the
    /// client's limits are measured against.
    pub(crate) fn wait(&mut self, time: Duration) {
        let (_keep, never) = std::sync::mpsc::channel::<()>();
        let _ = never.recv_timeout(time);
    }

    /// Carries everything between the client and `other`, until one of them ends.
    pub(crate) fn join(&mut self, other: TcpStream) -> io::Result<()> {
        let (mut from_other, mut to_client) = (other.try_clone()?, self.stream.try_clone()?);
        let back = thread::spawn(move || {
            let _ = io::copy(&mut from_other, &mut to_client);
            let _ = to_client.shutdown(Shutdown::Both);
        });
        let mut to_other = other;
        let _ = io::copy(&mut self.stream, &mut to_other);
        let _ = to_other.shutdown(Shutdown::Both);
        let _ = back.join();
        Ok(())
    }

    /// The same for a client inside of TLS.
    pub(crate) fn join_tls(&mut self, mut other: TcpStream) -> io::Result<()> {
        let Some(tls) = &mut self.tls else {
            return self.join(other);
        };
        let short = Some(Duration::from_millis(1));
        tls.sock.set_read_timeout(short)?;
        other.set_read_timeout(short)?;
        let mut piece = vec![0; 16 * 1024];
        loop {
            for from_client in [true, false] {
                let read = if from_client {
                    tls.read(&mut piece)
                } else {
                    other.read(&mut piece)
                };
                match read {
                    Ok(0) => return Ok(()),
                    Ok(count) if from_client => other.write_all(&piece[..count])?,
                    Ok(count) => tls.write_all(&piece[..count])?,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Reads until the other side closes; how much there was.
    pub(crate) fn drain(&mut self) -> u64 {
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
