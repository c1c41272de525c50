//! The body of a request on its way from the source to the connection.

use std::io::{self, Read};
use std::rc::Rc;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use longshore_protocol::{Content, Digest, Extent, Receipt};
use longshore_transport::failure::{self, Trouble};
use sha2::{Digest as _, Sha256};

use super::watch::Watch;
use super::{Body, Gauge};
use crate::source::Source;

/// Reads a body, counts and hashes it.
///
/// Once an answer has begun to arrive, the connection sends nothing more and the reader yields
/// filler for what is left: ureq insists on a body of the length that was announced.
pub(super) struct BodyReader {
    watch: Rc<Watch>,
    gauge: Arc<Gauge>,
    from: From,
    /// How much there is, if that is known.
    announced: Option<u64>,
    /// How much of that is still to come.
    left: Option<u64>,
    /// While what is read may turn out to be the whole blob.
    hasher: Option<Sha256>,
    /// The whole blob, once read to its end.
    end: Option<Content>,
    /// Why the source yields no more, where the body ends there: its length was not announced, and a
    /// registry that sees a body break off keeps what it has of it.
    broken: Option<Trouble>,
}

enum From {
    Nothing,
    Bytes(Bytes),
    Source {
        source: Arc<dyn Source>,
        offset: u64,
        size: Option<u64>,
        reader: Option<Box<dyn Read + Send>>,
    },
}

impl BodyReader {
    pub(super) fn new(body: Body, watch: Rc<Watch>, gauge: Arc<Gauge>) -> Self {
        let (from, left, whole) = match body {
            Body::Empty => (From::Nothing, Some(0), false),
            Body::Bytes(bytes) => {
                let length = bytes.len() as u64;
                (From::Bytes(bytes), Some(length), false)
            }
            Body::Source {
                source,
                offset,
                extent,
                size,
            } => {
                let (left, whole) = match extent {
                    Extent::ToEnd => (None, offset == 0),
                    Extent::Exact(length) => {
                        let all = size.is_none_or(|size| size == length);
                        (Some(length), offset == 0 && all)
                    }
                };
                let from = From::Source {
                    source,
                    offset,
                    size,
                    reader: None,
                };
                (from, left, whole)
            }
        };
        let mut reader = Self {
            watch,
            gauge,
            from,
            announced: left,
            left,
            hasher: whole.then(Sha256::new),
            end: None,
            broken: None,
        };
        if reader.left == Some(0) && reader.is_known_whole() {
            reader.seal();
        }
        reader
    }

    /// The length to announce; none if only the source knows.
    pub(super) fn length(&self) -> Option<u64> {
        self.left
    }

    /// From the start again, after nothing was read from the source.
    pub(super) fn again(&mut self) {
        self.left = self.announced;
    }

    /// What left the source so far.
    pub(super) fn receipt(&self) -> Receipt {
        Receipt {
            sent: self.gauge.sent(),
            end: self.end.clone(),
        }
    }

    /// Why the body is shorter than its source should have made it.
    pub(super) fn broken(&mut self) -> Option<Trouble> {
        self.broken.take()
    }

    fn take(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let from = match &mut self.from {
            From::Nothing => return Ok(0),
            From::Bytes(bytes) => return bytes.reader().read(buffer),
            From::Source {
                source,
                offset,
                reader,
                ..
            } => match reader {
                Some(reader) => reader,
                None => reader.insert(source.open(*offset)?),
            },
        };
        loop {
            match from.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Whether the announced length is the whole blob.
    fn is_known_whole(&self) -> bool {
        self.hasher.is_some() && matches!(self.from, From::Source { size: Some(_), .. })
    }

    /// Everything that was announced has been read. If nobody said that this is the whole blob,
    /// the source must have come to its end for it to be.
    fn complete(&mut self) -> io::Result<()> {
        if self.is_known_whole() || self.hasher.is_some() && self.take(&mut [0])? == 0 {
            self.seal();
        }
        self.hasher = None;
        Ok(())
    }

    fn seal(&mut self) {
        if let Some(hasher) = self.hasher.take() {
            self.end = Some(Content {
                digest: Digest::from_sha256(hasher.finalize().into()),
                size: self.gauge.sent(),
            });
        }
    }

    fn read_source(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let failed = |watch: &Watch, error: &io::Error| watch.fail(failure::unreadable(error));
        if self.left.is_none() && (self.gauge.is_cut_short() || self.broken.is_some()) {
            return Ok(0);
        }
        let count = match self.take(buffer) {
            Ok(count) => count,
            Err(error) if self.left.is_none() => {
                self.broken = Some(failure::unreadable(&error));
                self.watch.hurry();
                return Ok(0);
            }
            Err(error) => return Err(failed(&self.watch, &error)),
        };
        if count == 0 {
            return match self.left {
                None => {
                    self.seal();
                    Ok(0)
                }
                Some(left) => {
                    let trouble = failure::too_short(self.gauge.sent(), left);
                    Err(self.watch.fail(trouble))
                }
            };
        }
        self.gauge.count(count);
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&buffer[..count]);
        }
        if let Some(left) = &mut self.left {
            *left -= count as u64;
            if *left == 0
                && let Err(error) = self.complete()
            {
                return Err(failed(&self.watch, &error));
            }
        }
        Ok(count)
    }
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.watch.check()?;
        let room = match self.left {
            Some(left) => usize::try_from(left)
                .unwrap_or(usize::MAX)
                .min(buffer.len()),
            None => buffer.len(),
        };
        if room == 0 {
            return Ok(0);
        }
        if self.watch.is_answered() {
            let Some(left) = &mut self.left else {
                return Ok(0);
            };
            *left -= room as u64;
            return Ok(room);
        }
        self.read_source(&mut buffer[..room])
    }
}
