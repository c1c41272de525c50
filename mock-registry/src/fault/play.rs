//! What a fault does to one request: plain data, decided by a catalogue entry, carried out by
//! [`Faulty`](super::Faulty) and by the shell.

use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderValue, Response, StatusCode};

use super::Scene;
use crate::core::Body;

/// Everything that happens to one request.
#[derive(Default)]
pub(crate) struct Play {
    pub(crate) ask: Ask,
    pub(crate) changes: Vec<Change>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) wire: Wire,
    /// The registry sees the first bytes of the body only, and no `Content-Range`.
    pub(crate) keep: Option<u64>,
    /// The registry sees no query.
    pub(crate) bare: bool,
}

/// A change to an answer.
pub(crate) type Change = Box<dyn FnOnce(&Scene, &mut Response<Body>) + Send>;

/// Who answers.
#[derive(Default)]
pub(crate) enum Ask {
    /// The registry.
    #[default]
    Core,
    /// The registry, which does not get to see the credentials.
    Stripped,
    /// Nobody: this is the answer, once the body has been read and thrown away.
    Instead(Made),
    /// The registry does what it is asked; the client is told this.
    Despite(Made),
}

/// What is remembered from one request to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// This session is gone for good.
    LoseSession,
    /// The credentials of this request are refused from now on.
    RevokeToken,
    /// This blob is not there any more, until it is uploaded again.
    LoseBlob,
    /// The `Location` of the answer is replaced by one that must come back as it is.
    Disguise(Disguise),
}

/// How the URL of a session is disguised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disguise {
    /// A new query with each answer; old ones are refused.
    Rotating,
    /// A query that does not survive being parsed and written again.
    Critical,
    /// A path unlike any other of the API.
    OffPath,
    /// 8 KiB of query.
    Huge,
    /// Without scheme and host.
    Relative,
    /// The same URL at the second origin, which takes no credentials.
    OffHost,
    /// The same URL with `http://`.
    Downgrade,
}

/// What the shell does to the bytes. A core without a socket hands it to its caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wire {
    /// Cut the connection when this many bytes of the request's body have come.
    pub cut: Option<Cut>,
    /// Answer when this many bytes of the request's body have come, reading no further.
    pub early: Option<u64>,
    /// Close right after an early answer instead of reading on for a while.
    pub abrupt: bool,
    /// Wait after each piece of this many bytes of the request's body.
    pub slow_read: Option<(u64, Duration)>,
    /// Wait before the body is read.
    pub stall: Option<Duration>,
    /// Wait before the answer is sent.
    pub delay: Option<Duration>,
    /// What becomes of the answer.
    pub delivery: Delivery,
    /// Send the head of the answer byte by byte, with this pause between them.
    pub slow_head: Option<Duration>,
    /// Edits of the answer's head that no HTTP library would make.
    pub edits: Vec<Edit>,
    /// Interim answers before the answer.
    pub interim: Vec<u16>,
    /// Do not say `100 Continue`.
    pub no_continue: bool,
    /// Close the connection once the answer is sent, without announcing it.
    pub close: bool,
    /// Refuse connections for a while, and cut those that there are.
    pub refuse: Option<Duration>,
    /// What happens to a TLS handshake.
    pub tls: Option<TlsFault>,
    /// What happens on HTTP/2.
    pub h2: Option<H2Fault>,
    /// Keep sending the body's last bytes, up to this many in all.
    pub endless: Option<u64>,
}

/// Where and how a request is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// After how many bytes of the body.
    pub at: u64,
    /// By a reset, not by a close.
    pub reset: bool,
}

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// It arrives.
    #[default]
    Whole,
    /// The connection is closed instead.
    Lost,
    /// The connection is reset instead.
    Reset,
    /// It stops after this many bytes of its body.
    Truncated(u64),
}

/// An edit of an answer's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// One more line.
    Add(Vec<u8>),
    /// No line of this name.
    Remove(&'static str),
    /// Lines end by LF alone.
    BareLf,
    /// Names are upper case, and values have spaces around them.
    Shout,
}

/// How a TLS handshake fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// A certificate for another name.
    WrongHost,
    /// An expired one.
    Expired,
    /// One of an unknown authority.
    Unknown,
    /// The connection is closed in the middle.
    Close,
}

/// How HTTP/2 fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum H2Fault {
    /// `GOAWAY` after this request.
    GoAway,
    /// `RST_STREAM` with `REFUSED_STREAM` instead of the answer.
    Refused,
    /// A whole answer early, then `RST_STREAM` with `NO_ERROR`.
    NoError,
}

/// An answer that no registry thought of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

impl Made {
    /// An answer without a body.
    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// An error as the specification writes it.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({
            "errors": [{ "code": code, "message": message, "detail": {} }]
        });
        Self::status(status).body("application/json", body.to_string())
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(self, media_type: &str, body: impl Into<Bytes>) -> Self {
        let mut made = if media_type.is_empty() {
            self
        } else {
            self.header("content-type", media_type)
        };
        made.body = body.into();
        made
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(if self.body.is_empty() {
            Body::Empty
        } else {
            Body::Bytes(self.body)
        });
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                let name = HeaderName::from_static(name);
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

impl Play {
    /// The registry answers as ever.
    pub(crate) fn pass() -> Self {
        Self::default()
    }

    /// This is the answer; the registry is not asked.
    pub(crate) fn instead(made: Made) -> Self {
        Self {
            ask: Ask::Instead(made),
            ..Self::default()
        }
    }

    /// The registry does it; the client is told otherwise.
    pub(crate) fn despite(made: Made) -> Self {
        Self {
            ask: Ask::Despite(made),
            ..Self::default()
        }
    }

    /// The registry sees no credentials.
    pub(crate) fn stripped() -> Self {
        Self {
            ask: Ask::Stripped,
            ..Self::default()
        }
    }

    /// The registry answers, and the answer is changed.
    pub(crate) fn change(
        change: impl FnOnce(&Scene, &mut Response<Body>) + Send + 'static,
    ) -> Self {
        Self {
            changes: vec![Box::new(change)],
            ..Self::default()
        }
    }

    /// The registry answers; the shell does something to the bytes.
    pub(crate) fn wire(wire: Wire) -> Self {
        Self {
            wire,
            ..Self::default()
        }
    }

    /// The answer's head is edited below HTTP.
    pub(crate) fn edit(edits: Vec<Edit>) -> Self {
        Self::wire(Wire {
            edits,
            ..Wire::default()
        })
    }

    pub(crate) fn mark(mut self, mark: Mark) -> Self {
        self.marks.push(mark);
        self
    }

    pub(crate) fn with_wire(mut self, change: impl FnOnce(&mut Wire)) -> Self {
        change(&mut self.wire);
        self
    }

    /// The registry sees no query.
    pub(crate) fn without_query(mut self) -> Self {
        self.bare = true;
        self
    }

    /// This and another: what one of them leaves alone the other decides.
    pub(crate) fn and(mut self, other: Self) -> Self {
        if matches!(self.ask, Ask::Core) {
            self.ask = other.ask;
        }
        self.changes.extend(other.changes);
        self.marks.extend(other.marks);
        self.wire = self.wire.and(other.wire);
        self.keep = self.keep.or(other.keep);
        self.bare |= other.bare;
        self
    }
}

impl Wire {
    /// Whether the bytes are left alone.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    fn and(mut self, other: Self) -> Self {
        self.cut = self.cut.or(other.cut);
        self.early = self.early.or(other.early);
        self.abrupt |= other.abrupt;
        self.slow_read = self.slow_read.or(other.slow_read);
        self.stall = self.stall.or(other.stall);
        self.delay = self.delay.or(other.delay);
        if self.delivery == Delivery::Whole {
            self.delivery = other.delivery;
        }
        self.slow_head = self.slow_head.or(other.slow_head);
        self.edits.extend(other.edits);
        self.interim.extend(other.interim);
        self.no_continue |= other.no_continue;
        self.close |= other.close;
        self.refuse = self.refuse.or(other.refuse);
        self.tls = self.tls.or(other.tls);
        self.h2 = self.h2.or(other.h2);
        self.endless = self.endless.or(other.endless);
        self
    }
}
