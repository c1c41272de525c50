//! A TCP socket that blocks only for as long as it is told to.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use longshore_transport::failure::Step;
use rustls::ClientConnection;

use crate::exchange::Watch;

/// A connected socket, or one inside of TLS with a proxy.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    /// TLS with the proxy that the socket leads to.
    outer: Option<Box<ClientConnection>>,
    read_timeout: Duration,
    write_timeout: Duration,
}

/// How long a read may wait.
#[derive(Clone, Copy)]
pub(super) enum Patience<'a> {
    /// Not at all: [`WouldBlock`](io::ErrorKind::WouldBlock) if nothing is there.
    None,
    /// As long as the exchange's limits allow, counted from the instant.
    Limits(&'a Watch, Step, Instant),
    /// Until the instant, then [`WouldBlock`](io::ErrorKind::WouldBlock).
    Until(&'a Watch, Instant),
}

impl Socket {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            outer: None,
            read_timeout: Duration::ZERO,
            write_timeout: Duration::ZERO,
        })
    }

    /// The same socket with everything inside of TLS, whose handshake is done.
    pub(super) fn inside(self, tls: ClientConnection) -> Self {
        Self {
            outer: Some(Box::new(tls)),
            ..self
        }
    }

    /// Reads what is there, or waits for it; zero bytes are the end.
    pub(super) fn read(&mut self, buffer: &mut [u8], patience: Patience<'_>) -> io::Result<usize> {
        let Some(mut tls) = self.outer.take() else {
            return self.read_raw(buffer, patience);
        };
        let result = self.read_inside(&mut tls, buffer, patience);
        self.outer = Some(tls);
        result
    }

    fn read_inside(
        &mut self,
        tls: &mut ClientConnection,
        buffer: &mut [u8],
        patience: Patience<'_>,
    ) -> io::Result<usize> {
        loop {
            match tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // The end without a farewell: what is inside says whether it is complete.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                result => return result,
            }
            // What was written before may still be on its way out.
            while tls.wants_write() {
                match self.write_tls(tls, SLICE) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    result => result?,
                };
            }
            let mut raw = Raw {
                socket: self,
                patience,
            };
            tls.read_tls(&mut raw)?;
            tls.process_new_packets().map_err(io::Error::other)?;
        }
    }

    fn read_raw(&mut self, buffer: &mut [u8], patience: Patience<'_>) -> io::Result<usize> {
        loop {
            let slice = match patience {
                Patience::None => return self.read_now(buffer),
                Patience::Limits(watch, step, since) => watch.slice(step, since)?,
                Patience::Until(watch, until) => watch.slice_until(until)?,
            };
            if self.read_timeout != slice {
                self.stream.set_read_timeout(Some(slice))?;
                self.read_timeout = slice;
            }
            match self.stream.read(buffer) {
                Err(error) if is_patient(&error) => {}
                Ok(count) => {
                    if let Patience::Limits(watch, Step::Receive, _) = patience {
                        watch.received(count)?;
                    }
                    return Ok(count);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes some of `bytes`, blocking for `slice` at most;
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there was no room for so long.
    pub(super) fn write(&mut self, bytes: &[u8], slice: Duration) -> io::Result<usize> {
        let Some(mut tls) = self.outer.take() else {
            return self.write_raw(bytes, slice);
        };
        let result = self.write_inside(&mut tls, bytes, slice);
        self.outer = Some(tls);
        result
    }

    /// Writes no more than fits beside what is on its way, and nothing while there is no room.
    fn write_inside(
        &mut self,
        tls: &mut ClientConnection,
        bytes: &[u8],
        slice: Duration,
    ) -> io::Result<usize> {
        while tls.wants_write() {
            self.write_tls(tls, slice)?;
        }
        let count = tls.writer().write(bytes)?;
        while tls.wants_write() {
            match self.write_tls(tls, slice) {
                // The rest goes with what is written next, or by `flush`.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                result => result?,
            };
        }
        Ok(count)
    }

    /// Whether nothing that was written is left here: TLS with a proxy takes more than there is room
    /// for.
    pub(super) fn is_flushed(&self) -> bool {
        !self.outer.as_ref().is_some_and(|tls| tls.wants_write())
    }

    /// Moves what is left, blocking for `slice` at most; [`WouldBlock`](io::ErrorKind::WouldBlock) if
    /// there was no room for so long.
    pub(super) fn flush(&mut self, slice: Duration) -> io::Result<()> {
        if !self.is_flushed() {
            self.write(&[], slice)?;
        }
        Ok(())
    }

    fn write_tls(&mut self, tls: &mut ClientConnection, slice: Duration) -> io::Result<usize> {
        tls.write_tls(&mut RawWriting {
            socket: self,
            slice,
        })
    }

    fn write_raw(&mut self, bytes: &[u8], slice: Duration) -> io::Result<usize> {
        if self.write_timeout != slice {
            self.stream.set_write_timeout(Some(slice))?;
            self.write_timeout = slice;
        }
        match self.stream.write(bytes) {
            Err(error) if is_patient(&error) => Err(io::ErrorKind::WouldBlock.into()),
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            result => result,
        }
    }

    /// Writes all of `bytes`, in `step`.
    pub(super) fn write_all(
        &mut self,
        mut bytes: &[u8],
        watch: &Watch,
        step: Step,
    ) -> io::Result<()> {
        let mut since = Instant::now();
        while !bytes.is_empty() || !self.is_flushed() {
            let slice = watch.slice(step, since)?;
            match self.write(bytes, slice) {
                Ok(count) => {
                    bytes = &bytes[count..];
                    since = Instant::now();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn read_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_nonblocking(true)?;
        let result = loop {
            match self.stream.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        self.stream.set_nonblocking(false)?;
        result
    }
}

/// What is outside of TLS with a proxy, as rustls wants to see it.
struct Raw<'a> {
    socket: &'a mut Socket,
    patience: Patience<'a>,
}

impl Read for Raw<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.read_raw(buffer, self.patience)
    }
}

/// The same for writing.
struct RawWriting<'a> {
    socket: &'a mut Socket,
    slice: Duration,
}

impl Write for RawWriting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.write_raw(bytes, self.slice)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A socket as rustls wants to see it.
pub(super) struct Reading<'a> {
    pub(super) socket: &'a mut Socket,
    pub(super) patience: Patience<'a>,
}

impl Read for Reading<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.read(buffer, self.patience)
    }
}

/// A socket as rustls wants to see it.
pub(super) struct Writing<'a> {
    pub(super) socket: &'a mut Socket,
    pub(super) slice: Duration,
}

impl Write for Writing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.write(bytes, self.slice)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a blocking call ended without result: its time was up (which Unix and Windows call by
/// different names), or a signal arrived.
fn is_patient(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

/// How long what is left to be written may take before there is a look at what has come.
const SLICE: Duration = Duration::from_millis(100);
