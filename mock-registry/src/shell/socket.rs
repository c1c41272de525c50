//! A socket that can break what goes over it in ways that no HTTP library would.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Sleep;

use super::heads::Heads;
use crate::fault::{Delivery, Edit, Wire};
use crate::record::Flaws;

/// What the requests on a connection have to say to its socket.
#[derive(Default)]
pub(super) struct Control {
    armed: AtomicBool,
    reset: AtomicBool,
    no_continue: AtomicBool,
    program: Mutex<Option<Program>>,
    heads: Mutex<Heads>,
    /// To be told when HTTP/2 should say goodbye.
    pub(super) goaway: Notify,
}

/// What happens to the next answer's bytes.
#[derive(Debug)]
struct Program {
    edits: Vec<Edit>,
    interim: Vec<u16>,
    slow_head: Option<Duration>,
    keep: Option<u64>,
}

impl Control {
    /// The connection ends by a reset.
    pub(super) fn reset(&self) {
        self.reset.store(true, Ordering::Relaxed);
    }

    /// Whether `100 Continue` is swallowed.
    pub(super) fn swallow_continue(&self, yes: bool) {
        self.no_continue.store(yes, Ordering::Relaxed);
    }

    /// What was wrong with the head of the request that is answered next.
    pub(super) fn next_flaws(&self) -> Flaws {
        self.heads().next()
    }

    /// Arms the socket for the answer that comes next.
    pub(super) fn arm(&self, wire: &Wire) {
        let mut edits = wire.edits.clone();
        if wire.close {
            edits.push(Edit::Remove("connection"));
        }
        let program = Program {
            edits,
            interim: wire.interim.clone(),
            slow_head: wire.slow_head,
            keep: match wire.delivery {
                Delivery::Truncated(keep) => Some(keep),
                _ => None,
            },
        };
        let plain = program.edits.is_empty()
            && program.interim.is_empty()
            && program.slow_head.is_none()
            && program.keep.is_none();
        if !plain {
            *self.program.lock().unwrap_or_else(PoisonError::into_inner) = Some(program);
            self.armed.store(true, Ordering::Release);
        }
    }

    fn heads(&self) -> MutexGuard<'_, Heads> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Program> {
        if !self.armed.swap(false, Ordering::Acquire) {
            return None;
        }
        self.program
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

/// A stream that can be closed by a reset.
pub(super) trait Resettable {
    /// From now on closing it resets the connection.
    fn reset_on_close(&self);
}

impl Resettable for TcpStream {
    fn reset_on_close(&self) {
        // Where this fails the client sees a close, which is the next best thing.
        let _ = self.set_zero_linger();
    }
}

/// The socket. Without orders it passes everything on.
pub(super) struct FaultySocket<S: Resettable> {
    inner: S,
    control: Arc<Control>,
    playing: Option<Playing>,
}

/// A program at work.
struct Playing {
    program: Program,
    head: Vec<u8>,
    head_done: bool,
    queue: VecDeque<u8>,
    /// How many bytes of the queue belong to the head.
    slow: usize,
    pause: Option<Pin<Box<Sleep>>>,
    cut: bool,
}

impl<S: Resettable> FaultySocket<S> {
    pub(super) fn new(inner: S, control: Arc<Control>) -> Self {
        Self {
            inner,
            control,
            playing: None,
        }
    }
}

impl<S: Resettable> Drop for FaultySocket<S> {
    fn drop(&mut self) {
        if self.control.reset.load(Ordering::Relaxed) {
            self.inner.reset_on_close();
        }
    }
}

impl<S: Resettable + AsyncRead + Unpin> AsyncRead for FaultySocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        self.control.heads().take(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: Resettable + AsyncWrite + Unpin> AsyncWrite for FaultySocket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if bytes.starts_with(CONTINUE) && this.control.no_continue.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(CONTINUE.len()));
        }
        if this.playing.is_none() {
            let Some(program) = this.control.take() else {
                return Pin::new(&mut this.inner).poll_write(context, bytes);
            };
            this.playing = Some(Playing::new(program));
        }
        ready!(this.drain(context))?;
        let Some(playing) = &mut this.playing else {
            return Pin::new(&mut this.inner).poll_write(context, bytes);
        };
        playing.take(bytes);
        match this.drain(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // What is queued is sent when there is room, or when it is flushed.
            _ => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let busy = this.playing.is_some()
            || this.control.armed.load(Ordering::Acquire)
            || this.control.no_continue.load(Ordering::Relaxed);
        if !busy {
            return Pin::new(&mut this.inner).poll_write_vectored(context, slices);
        }
        let first = slices.iter().find(|slice| !slice.is_empty());
        let bytes = first.map_or(&[][..], |slice| slice);
        Pin::new(this).poll_write(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.drain(context))?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.drain(context))?;
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

impl<S: Resettable + AsyncWrite + Unpin> FaultySocket<S> {
    /// Sends what is queued. Once the head is out and nothing is cut, the program is over.
    fn drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(playing) = &mut self.playing else {
            return Poll::Ready(Ok(()));
        };
        while !playing.queue.is_empty() {
            if let Some(pause) = &mut playing.pause {
                ready!(pause.as_mut().poll(context));
                playing.pause = None;
            }
            let (front, _) = playing.queue.as_slices();
            let slow = playing.slow > 0;
            let piece = if slow { &front[..1] } else { front };
            let sent = ready!(Pin::new(&mut self.inner).poll_write(context, piece))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            playing.queue.drain(..sent);
            if slow {
                playing.slow -= sent;
                let pause = playing.program.slow_head.unwrap_or_default();
                playing.pause = Some(Box::pin(tokio::time::sleep(pause)));
            }
        }
        if playing.cut {
            // What was sent has to leave before the socket is closed.
            ready!(Pin::new(&mut self.inner).poll_flush(context))?;
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if playing.head_done && playing.program.keep.is_none() {
            self.playing = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl Playing {
    fn new(program: Program) -> Self {
        Self {
            program,
            head: Vec::new(),
            head_done: false,
            queue: VecDeque::new(),
            slow: 0,
            pause: None,
            cut: false,
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        if !self.head_done {
            self.head.extend_from_slice(bytes);
            let Some(end) = find(&self.head, b"\r\n\r\n").map(|at| at + 4) else {
                return;
            };
            rest = &bytes[bytes.len() - (self.head.len() - end)..];
            self.head.truncate(end);
            self.head_done = true;
            let head = self.edited_head();
            if self.program.slow_head.is_some() {
                self.slow = head.len();
            }
            self.queue.extend(head);
        }
        match &mut self.program.keep {
            None => self.queue.extend(rest),
            Some(keep) => {
                let room = usize::try_from(*keep).unwrap_or(usize::MAX);
                let kept = &rest[..rest.len().min(room)];
                *keep -= kept.len() as u64;
                self.queue.extend(kept);
                self.cut |= kept.len() < rest.len();
            }
        }
    }

    fn edited_head(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for status in &self.program.interim {
            let text = format!("HTTP/1.1 {status} Interim\r\nX-Interim: yes\r\n\r\n");
            out.extend_from_slice(text.as_bytes());
        }
        let text = &self.head[..self.head.len() - 2];
        let mut lines: Vec<Vec<u8>> = Vec::new();
        let mut from = 0;
        while let Some(length) = find(&text[from..], b"\r\n") {
            lines.push(text[from..from + length].to_vec());
            from += length + 2;
        }
        let mut ending: &[u8] = b"\r\n";
        for edit in &self.program.edits {
            match edit {
                Edit::Add(line) => lines.push(line.clone()),
                Edit::Remove(name) => lines.retain(|line| !is_named(line, name)),
                Edit::BareLf => ending = b"\n",
                Edit::Shout => lines.iter_mut().skip(1).for_each(shout),
            }
        }
        for line in lines {
            out.extend_from_slice(&line);
            out.extend_from_slice(ending);
        }
        out.extend_from_slice(ending);
        out
    }
}

fn is_named(line: &[u8], name: &str) -> bool {
    line.len() > name.len()
        && line[name.len()] == b':'
        && line[..name.len()].eq_ignore_ascii_case(name.as_bytes())
}

fn shout(line: &mut Vec<u8>) {
    if let Some(colon) = line.iter().position(|byte| *byte == b':') {
        line[..colon].make_ascii_uppercase();
        line.splice(colon + 1..colon + 1, *b" \t ");
        line.extend_from_slice(b" \t ");
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(edits: Vec<Edit>, interim: Vec<u16>) -> String {
        let mut playing = Playing::new(Program {
            edits,
            interim,
            slow_head: None,
            keep: Some(2),
        });
        playing.take(b"HTTP/1.1 200 OK\r\nLocation: /a\r\n");
        playing.take(b"Range: 0-0\r\n\r\nbody");
        assert!(playing.cut);
        String::from_utf8(playing.queue.into_iter().collect()).unwrap()
    }

    #[test]
    fn heads_are_edited_and_bodies_cut() {
        let edits = vec![Edit::Remove("location"), Edit::Add(b"X: 1".to_vec())];
        let plain = "HTTP/1.1 200 OK\r\nRange: 0-0\r\nX: 1\r\n\r\nbo";
        assert_eq!(edited(edits, vec![]), plain);
        let bare = "HTTP/1.1 200 OK\nLocation: /a\nRange: 0-0\n\nbo";
        assert_eq!(edited(vec![Edit::BareLf], vec![]), bare);
        let loud = "HTTP/1.1 200 OK\r\nLOCATION: \t  /a \t \r\nRANGE: \t  0-0 \t \r\n\r\nbo";
        assert_eq!(edited(vec![Edit::Shout], vec![]), loud);
        let interim = edited(vec![], vec![103]);
        assert!(interim.starts_with("HTTP/1.1 103 Interim\r\n"), "{interim}");
    }
}
