//! The heads of requests as they came, before an HTTP library read them and tidied them up.

use std::collections::VecDeque;

use crate::record::Flaws;

/// Follows the requests on a connection, and notes what is wrong with their heads (RFC 9112).
#[derive(Default)]
pub(super) struct Heads {
    state: State,
    line: Vec<u8>,
    head: Head,
    seen: VecDeque<Flaws>,
}

/// What comes next.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// A line of a head.
    #[default]
    Line,
    /// So many bytes of a body.
    Body(u64),
    /// The line with the size of a chunk.
    Size,
    /// So many bytes of a chunk, its line end included.
    Chunk(u64),
    /// What may follow the last chunk.
    Trailer,
    /// Nothing that this understands: HTTP/2, or no HTTP at all.
    Lost,
}

/// What is known of the head so far.
#[derive(Default)]
struct Head {
    lines: usize,
    length: Option<u64>,
    lengths: usize,
    chunked: bool,
    hosts: usize,
    flaws: Vec<&'static str>,
}

impl Heads {
    /// More bytes of the connection.
    pub(super) fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.state != State::Lost {
            match self.state {
                State::Body(left) => {
                    let (taken, left) = skip(bytes, left);
                    bytes = taken;
                    self.state = if left == 0 {
                        State::Line
                    } else {
                        State::Body(left)
                    };
                }
                State::Chunk(left) => {
                    let (taken, left) = skip(bytes, left);
                    bytes = taken;
                    self.state = if left == 0 {
                        State::Size
                    } else {
                        State::Chunk(left)
                    };
                }
                State::Line | State::Size | State::Trailer => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    let (piece, rest) = bytes.split_at(end.map_or(bytes.len(), |at| at + 1));
                    bytes = rest;
                    self.line.extend_from_slice(piece);
                    if self.line.len() > LONGEST_LINE || self.head.lines > MOST_LINES {
                        self.state = State::Lost;
                    } else if end.is_some() {
                        let line = std::mem::take(&mut self.line);
                        self.line(&line);
                    }
                }
                State::Lost => {}
            }
        }
    }

    /// What was wrong with the head of the next request.
    pub(super) fn next(&mut self) -> Flaws {
        self.seen.pop_front().unwrap_or_default()
    }

    fn line(&mut self, line: &[u8]) {
        let bare = !line.ends_with(b"\r\n");
        let text = line.trim_ascii_end();
        match self.state {
            State::Size => {
                let size = text.split(|byte| *byte == b';').next().unwrap_or_default();
                let size = std::str::from_utf8(size.trim_ascii()).unwrap_or_default();
                self.state = match u64::from_str_radix(size, 16) {
                    Ok(0) => State::Trailer,
                    Ok(size) => State::Chunk(size.saturating_add(2)),
                    Err(_) => State::Lost,
                };
            }
            State::Trailer if text.is_empty() => self.state = State::Line,
            State::Line if text.is_empty() && self.head.lines > 0 => self.end(bare),
            // A server skips an empty line before a request, so that is no flaw to speak of.
            State::Line if !text.is_empty() => self.field(line, text, bare),
            _ => {}
        }
    }

    fn field(&mut self, line: &[u8], text: &[u8], bare: bool) {
        let head = &mut self.head;
        head.lines += 1;
        if bare {
            head.note("a line that ends by LF alone");
        }
        if text
            .iter()
            .any(|byte| byte.is_ascii_control() && *byte != b'\t')
        {
            head.note("a control character");
        }
        if head.lines == 1 {
            if text.ends_with(b" HTTP/2.0") {
                self.state = State::Lost;
            }
            return;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            return head.note("a line that goes on with the last one");
        }
        let Some(colon) = text.iter().position(|byte| *byte == b':') else {
            return head.note("a line without a colon");
        };
        let (name, value) = (&text[..colon], text[colon + 1..].trim_ascii());
        if name.ends_with(b" ") || name.ends_with(b"\t") {
            head.note("a space before a colon");
        }
        match name.trim_ascii_end().to_ascii_lowercase().as_slice() {
            b"content-length" => {
                head.lengths += 1;
                let value = std::str::from_utf8(value).ok();
                head.length = value.and_then(|value| value.parse().ok());
            }
            b"transfer-encoding" => head.chunked = true,
            b"host" => head.hosts += 1,
            _ => {}
        }
    }

    fn end(&mut self, bare: bool) {
        let mut head = std::mem::take(&mut self.head);
        if bare {
            head.note("a line that ends by LF alone");
        }
        match head.hosts {
            0 => head.note("no Host"),
            1 => {}
            _ => head.note("more than one Host"),
        }
        if head.lengths > 1 {
            head.note("more than one Content-Length");
        }
        if head.lengths > 0 && head.chunked {
            head.note(TWO_LENGTHS);
        }
        self.state = match (head.chunked, head.length) {
            (true, _) => State::Size,
            (false, Some(length)) if length > 0 => State::Body(length),
            _ => State::Line,
        };
        self.seen.push_back(Flaws(head.flaws));
        // Requests that nobody answers, or that the library refuses, are of no interest.
        if self.seen.len() > MOST_WAITING {
            self.state = State::Lost;
        }
    }
}

impl Head {
    fn note(&mut self, flaw: &'static str) {
        if !self.flaws.contains(&flaw) {
            self.flaws.push(flaw);
        }
    }
}

/// What remains of bytes of which so many belong to a body, and of that body.
fn skip(bytes: &[u8], left: u64) -> (&[u8], u64) {
    let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
    (&bytes[here..], left - here as u64)
}

/// The flaw of a request for which RFC 9112, section 6.3, has the server refuse it.
pub(super) const TWO_LENGTHS: &str = "both Content-Length and Transfer-Encoding";

const LONGEST_LINE: usize = 64 << 10;
const MOST_LINES: usize = 1024;
const MOST_WAITING: usize = 64;

#[cfg(test)]
mod tests;
