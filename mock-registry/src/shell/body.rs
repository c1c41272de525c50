//! Bodies of answers, on their way out.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::store::BlobReader;

/// The body of an answer: nothing, bytes, a stored blob read piece by piece, or the same bytes over
/// and over.
pub(super) enum Outgoing {
    Bytes(Bytes),
    Stored {
        reader: Box<dyn BlobReader>,
        at: u64,
        end: u64,
    },
    Repeated {
        piece: Bytes,
        left: u64,
    },
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(match &mut *self {
            Self::Bytes(bytes) if bytes.is_empty() => None,
            Self::Bytes(bytes) => Some(Ok(Frame::data(std::mem::take(bytes)))),
            Self::Repeated { left: 0, .. } => None,
            Self::Repeated { piece, left } => {
                let most = usize::try_from(*left)
                    .unwrap_or(usize::MAX)
                    .min(piece.len());
                *left = if most == 0 { 0 } else { *left - most as u64 };
                Some(Ok(Frame::data(piece.slice(..most))))
            }
            Self::Stored { at, end, .. } if *at >= *end => None,
            Self::Stored { reader, at, end } => {
                let most = usize::try_from(*end - *at).unwrap_or(usize::MAX).min(PIECE);
                match reader.read(*at, most) {
                    Ok(piece) if piece.is_empty() => {
                        Some(Err(std::io::ErrorKind::UnexpectedEof.into()))
                    }
                    Ok(piece) => {
                        *at += piece.len() as u64;
                        Some(Ok(Frame::data(piece)))
                    }
                    Err(error) => Some(Err(error)),
                }
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Stored { at, end, .. } => at >= end,
            Self::Repeated { left, .. } => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stored { at, end, .. } => SizeHint::with_exact(end - at),
            Self::Repeated { left, .. } => SizeHint::with_exact(*left),
        }
    }
}

/// How much of a blob is read at once, in bytes.
const PIECE: usize = 256 << 10;
