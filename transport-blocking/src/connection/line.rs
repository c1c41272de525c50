//! A connection as ureq uses it: with TLS or without, and with an ear on the other side while it
//! speaks.

use std::fmt;
use std::io::{self, Read, Write};
use std::time::Instant;

use longshore_transport::failure::{self, Step};
use rustls::ClientConnection;
use ureq::Error;
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};

use super::interim::{self, Sifted};
use super::socket::{Patience, Reading, Socket, Writing};
use crate::exchange::Watch;

/// A connection.
///
/// While a body is sent, the line looks for an answer before each piece and whenever the other side
/// takes no more. Once an answer has begun to arrive it turns *mute*: it swallows what it is given
/// without sending it, the body's reader yields filler to match, ureq believes that it has sent
/// everything and reads the answer. A mute line is never used again.
pub(crate) struct Line {
    socket: Socket,
    tls: Option<Box<ClientConnection>>,
    buffers: LazyBuffers,
    /// Received bytes of which it is not yet known whether they belong to an interim answer.
    held: Vec<u8>,
    /// Whether ureq has received bytes in its buffer that it was not told of.
    unseen: bool,
    mute: bool,
    /// Scheme, host and port that requests name, where they go to a proxy.
    target: Option<String>,
}

impl Line {
    pub(super) fn new(
        socket: Socket,
        tls: Option<Box<ClientConnection>>,
        buffers: LazyBuffers,
        target: Option<String>,
    ) -> Self {
        Self {
            socket,
            tls,
            buffers,
            held: Vec::new(),
            unseen: false,
            mute: false,
            target,
        }
    }

    /// Sends the first `amount` bytes of the output buffer, unless an answer comes first.
    fn send(&mut self, amount: usize, watch: &Watch) -> io::Result<()> {
        let first = watch.begin_head();
        let head = self
            .target
            .as_ref()
            .filter(|_| first)
            .map(|target| absolute(&self.buffers.output()[..amount], target));
        let amount = head.as_ref().map_or(amount, Vec::len);
        let mut done = 0;
        let mut since = Instant::now();
        loop {
            self.listen(watch)?;
            if self.mute {
                return watch.check();
            }
            loop {
                let slice = watch.slice(Step::Send, since)?;
                match self.push(head.as_deref(), &mut done, amount, slice) {
                    Ok(true) => return Ok(()),
                    Ok(false) => since = Instant::now(),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => {
                        // An answer may have arrived before the connection broke: it says why.
                        self.listen(watch)?;
                        return if self.mute { Ok(()) } else { Err(error) };
                    }
                }
            }
        }
    }

    /// Moves some bytes towards the other side, of `head` or else of the output buffer; whether all
    /// are gone.
    fn push(
        &mut self,
        head: Option<&[u8]>,
        done: &mut usize,
        amount: usize,
        slice: std::time::Duration,
    ) -> io::Result<bool> {
        let rest = &head.unwrap_or(self.buffers.output())[*done..amount];
        let Some(tls) = &mut self.tls else {
            if rest.is_empty() {
                self.socket.flush(slice)?;
            } else {
                *done += self.socket.write(rest, slice)?;
            }
            return Ok(*done == amount && self.socket.is_flushed());
        };
        if !rest.is_empty() {
            *done += tls.writer().write(rest)?;
        }
        let socket = &mut self.socket;
        if tls.wants_write() {
            tls.write_tls(&mut Writing { socket, slice })?;
        } else {
            socket.flush(slice)?;
        }
        Ok(*done == amount && !tls.wants_write() && self.socket.is_flushed())
    }

    /// Takes in what the other side has said without waiting for more.
    fn listen(&mut self, watch: &Watch) -> io::Result<()> {
        if watch.is_answered() {
            self.mute = true;
            return Ok(());
        }
        loop {
            match interim::sift(&mut self.held, false) {
                Sifted::Answer => {
                    self.deliver(watch);
                    self.mute = true;
                    return Ok(());
                }
                Sifted::Continue | Sifted::Nothing => {}
            }
            match self.take_in(Patience::None, watch) {
                // The end, and a reset, are for the next write or for the wait for the answer to
                // find: the other side may still take the request in.
                Ok(0) => return Ok(()),
                Err(error) if is_broken(&error) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
    }

    /// Waits for more of what the other side has to say; false at its end.
    fn hear(&mut self, patience: Patience<'_>, watch: &Watch) -> io::Result<bool> {
        if watch.is_answered() {
            let buffer = self.buffers.input_append_buf();
            let count = read(&mut self.socket, &mut self.tls, buffer, patience, watch)?;
            self.buffers.input_appended(count);
            return Ok(count > 0);
        }
        loop {
            match interim::sift(&mut self.held, matches!(patience, Patience::Until(..))) {
                Sifted::Nothing => {}
                Sifted::Continue => {
                    self.append(interim::CONTINUE);
                    return Ok(true);
                }
                Sifted::Answer => {
                    self.deliver(watch);
                    return Ok(true);
                }
            }
            if self.take_in(patience, watch)? == 0 {
                if self.held.is_empty() {
                    return Ok(false);
                }
                self.deliver(watch);
                return Ok(true);
            }
        }
    }

    /// Reads into `held`.
    fn take_in(&mut self, patience: Patience<'_>, watch: &Watch) -> io::Result<usize> {
        let mut buffer = [0; PIECE];
        let count = read(
            &mut self.socket,
            &mut self.tls,
            &mut buffer,
            patience,
            watch,
        )?;
        self.held.extend_from_slice(&buffer[..count]);
        Ok(count)
    }

    /// Hands what is held to ureq as the beginning of the answer.
    fn deliver(&mut self, watch: &Watch) {
        let held = std::mem::take(&mut self.held);
        self.append(&held);
        self.unseen = true;
        watch.set_answered();
    }

    /// Appends to ureq's input, which has room for much more than the longest head.
    fn append(&mut self, bytes: &[u8]) {
        let room = self.buffers.input_append_buf();
        let count = bytes.len().min(room.len());
        room[..count].copy_from_slice(&bytes[..count]);
        self.buffers.input_appended(count);
    }
}

impl Transport for Line {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        Ok(self.send(amount, &Watch::current())?)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        if std::mem::take(&mut self.unseen) && !self.buffers.input().is_empty() {
            return Ok(true);
        }
        let watch = Watch::current();
        let now = Instant::now();
        let patience = if watch.is_answered() {
            Patience::Limits(&watch, Step::Receive, now)
        } else if timeout.after.is_not_happening() {
            Patience::Limits(&watch, Step::Answer, watch.awaiting())
        } else {
            // The only wait that ureq is told to limit is the one for `100 Continue`.
            Patience::Until(&watch, now + *timeout.after)
        };
        match self.hear(patience, &watch) {
            Ok(more) => Ok(more),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(Error::Timeout(timeout.reason))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn is_open(&mut self) -> bool {
        if self.mute || !self.held.is_empty() {
            return false;
        }
        let mut buffer = [0];
        // Silence is what an open line has to offer. TLS may have news of its own: tickets come
        // when they like, and are none of ureq's.
        let watch = Watch::current();
        let patience = Patience::None;
        let result = read(
            &mut self.socket,
            &mut self.tls,
            &mut buffer,
            patience,
            &watch,
        );
        matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    fn is_tls(&self) -> bool {
        self.tls.is_some()
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("socket", &self.socket)
            .field("tls", &self.tls.is_some())
            .field("mute", &self.mute)
            .finish_non_exhaustive()
    }
}

/// The beginning of a request with its target in absolute-form (RFC 9112, section 3.2.2), which ureq
/// does not write: it names the path alone.
fn absolute(head: &[u8], target: &str) -> Vec<u8> {
    let method = head.iter().position(|byte| *byte == b' ');
    let (method, rest) = head.split_at(method.map_or(0, |space| space + 1));
    [method, target.as_bytes(), rest].concat()
}

/// Reads decrypted bytes; zero are the end.
fn read(
    socket: &mut Socket,
    tls: &mut Option<Box<ClientConnection>>,
    buffer: &mut [u8],
    patience: Patience<'_>,
    watch: &Watch,
) -> io::Result<usize> {
    let Some(tls) = tls else {
        return socket.read(buffer, patience);
    };
    loop {
        match tls.reader().read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // The end without a farewell: many servers part so. Whether the answer is complete is
            // told by its own framing.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
            result => return result,
        }
        tls.read_tls(&mut Reading { socket, patience })?;
        tls.process_new_packets()
            .map_err(|error| watch.fail(failure::tls_ended(watch.place(), &error)))?;
    }
}

/// Whether the other side is gone.
fn is_broken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

/// How much is read at once while no answer has begun: heads are short.
const PIECE: usize = 4096;
