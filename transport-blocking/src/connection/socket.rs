//! A TCP socket that blocks only for as long as it is told to.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use longshore_transport::failure::Step;

use crate::exchange::Watch;

/// A connected socket.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
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
            read_timeout: Duration::ZERO,
            write_timeout: Duration::ZERO,
        })
    }

    /// Reads what is there, or waits for it; zero bytes are the end.
    pub(super) fn read(&mut self, buffer: &mut [u8], patience: Patience<'_>) -> io::Result<usize> {
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
                result => return result,
            }
        }
    }

    /// Writes some of `bytes`, blocking for `slice` at most;
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there was no room for so long.
    pub(super) fn write(&mut self, bytes: &[u8], slice: Duration) -> io::Result<usize> {
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
        while !bytes.is_empty() {
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
