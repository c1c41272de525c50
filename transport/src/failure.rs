//! Why there is no answer: the kind, for the machine, and the words, for people.
//!
//! `detail` names host and port, and never anything else of the request.

use std::fmt;
use std::io;
use std::time::Duration;

use longshore_protocol::text::printable;
use longshore_protocol::{Failure, FailureKind, Limits};

use crate::place::Place;
use crate::proxy::Proxy;
use crate::trust::Trust;
use crate::words;

/// Why an exchange cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What it is to the machine.
    pub kind: FailureKind,
    /// What it is to a person.
    pub detail: String,
}

/// What an exchange waits for, which decides for how long it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Step {
    /// A connection, a tunnel or a handshake.
    Connect,
    /// Room for more of the request.
    Send,
    /// The first byte of the answer.
    Answer,
    /// The rest of the answer.
    Receive,
}

/// How long the answer is waited for that only says where an upload session is, so that it can be
/// deleted.
pub const AFTERMATH: Duration = Duration::from_secs(2);

impl Trouble {
    /// Of this kind, in these words.
    pub fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self::new(trouble.kind, trouble.detail)
    }
}

impl Step {
    /// For how long it may stand still.
    #[must_use]
    pub fn limit(self, limits: &Limits) -> Duration {
        match self {
            Self::Answer => limits.answer,
            Self::Connect | Self::Send | Self::Receive => limits.idle,
        }
    }

    /// What to say when it stood still for longer.
    #[must_use]
    pub fn expired(self, place: &Place, limits: &Limits) -> Trouble {
        let what = match self {
            Self::Connect => "no connection to",
            Self::Send => "nothing could be sent to",
            Self::Answer => "no answer from",
            Self::Receive => "nothing more of the answer from",
        };
        let limit = Seconds(self.limit(limits));
        Trouble::new(FailureKind::TimedOut, format!("{what} {place} for {limit}"))
    }
}

/// The whole exchange took longer than it may.
#[must_use]
pub fn too_long(place: &Place, total: Duration) -> Trouble {
    let total = Seconds(total);
    let detail = format!("the exchange with {place} took longer than {total}");
    Trouble::new(FailureKind::TimedOut, detail)
}

/// The name server does not know `host`, which is final, or is not there itself.
#[must_use]
pub fn unresolved(host: &str, error: &io::Error) -> Trouble {
    let detail = format!("cannot resolve {host}: {}", words::io(error));
    let kind = if words::is_no_such_name(error) {
        FailureKind::Unreachable
    } else {
        FailureKind::Resolve
    };
    Trouble::new(kind, detail)
}

/// A registry named `place`, and its addresses are inside our network.
#[must_use]
pub fn inside(place: &Place) -> Trouble {
    let host = place.host();
    let detail = format!(
        "the registry sends us to {host}, whose address only this machine or its network can reach"
    );
    Trouble::new(FailureKind::Refused, detail)
}

/// No address of `host` takes a connection; `last` is what the last one said, if there was one.
#[must_use]
pub fn unconnected(host: &str, port: u16, last: Option<&io::Error>) -> Trouble {
    let reason = match last {
        Some(error) => words::io(error),
        None => "its name has no address".to_owned(),
    };
    let detail = format!("cannot connect to {host}:{port}: {reason}");
    Trouble::new(FailureKind::Connect, detail)
}

/// What went wrong on the way to `proxy`, which is not where the request goes.
#[must_use]
pub fn at_proxy(proxy: &Proxy, trouble: Trouble) -> Trouble {
    let Trouble { kind, detail } = trouble;
    Trouble::new(kind, format!("the proxy {proxy}: {detail}"))
}

/// The connection broke after the request had begun to be sent; `answered` says whether the answer
/// had begun to come.
#[must_use]
pub fn broken(place: &Place, error: &io::Error, answered: bool) -> Trouble {
    let detail = format!("{place}: {} {}", words::io(error), when(answered));
    Trouble::new(FailureKind::Interrupted, detail)
}

/// At which point of the exchange something happened, as the end of a sentence.
#[must_use]
pub fn when(answered: bool) -> &'static str {
    if answered {
        "in the middle of its answer"
    } else {
        "before it answered"
    }
}

/// What came is not HTTP; `why` may quote the other side.
#[must_use]
pub fn not_http(place: &Place, why: &impl ToString) -> Trouble {
    let detail = format!("{place} does not answer in HTTP/1.1: {}", text(why));
    Trouble::new(FailureKind::Protocol, detail)
}

/// The head of the answer does not fit into `most` bytes.
#[must_use]
pub fn head_too_long(place: &Place, most: usize) -> Trouble {
    let detail = format!("the head of {place}'s answer is longer than {most} bytes");
    Trouble::new(FailureKind::Protocol, detail)
}

/// The request cannot be written as HTTP.
#[must_use]
pub fn unsendable(place: &Place, why: &impl ToString) -> Trouble {
    let detail = format!("the request for {place} cannot be sent: {}", text(why));
    Trouble::new(FailureKind::Refused, detail)
}

/// No certificate can be for the host's name.
#[must_use]
pub fn no_server_name(place: &Place) -> Trouble {
    let detail = format!("TLS with {place}: not a name for a certificate");
    Trouble::new(FailureKind::Tls, detail)
}

/// One of the two sides refuses the other.
#[must_use]
pub fn tls_refused(place: &Place, error: &rustls::Error, trust: &Trust) -> Trouble {
    let mut detail = format!("TLS with {place}: {}", words::tls(error));
    if trust.is_empty() {
        detail.push_str(", and no trusted certificates were found on this system");
    }
    Trouble::new(FailureKind::Tls, detail)
}

/// The connection broke during the handshake. Nothing of the request was sent yet, so it can be
/// tried again safely.
#[must_use]
pub fn tls_broken(place: &Place, error: &io::Error) -> Trouble {
    let words = words::io(error);
    let detail = format!("TLS with {place}: {words} during the handshake");
    Trouble::new(FailureKind::Connect, detail)
}

/// TLS has ended after the handshake: the other side refuses after all, or what it sent makes no
/// sense.
#[must_use]
pub fn tls_ended(place: &Place, error: &rustls::Error) -> Trouble {
    let kind = match error {
        rustls::Error::AlertReceived(_) => FailureKind::Tls,
        _ => FailureKind::Interrupted,
    };
    Trouble::new(kind, format!("TLS with {place}: {}", words::tls(error)))
}

/// A source cannot be opened or read.
#[must_use]
pub fn unreadable(error: &io::Error) -> Trouble {
    Trouble::new(FailureKind::Source, format!("cannot read it: {error}"))
}

/// The server sends more than any answer has: trailers or empty frames without end.
#[must_use]
pub fn answer_too_long(place: &Place, bytes: usize) -> Trouble {
    Trouble::new(
        FailureKind::Protocol,
        format!("the answer of {place} did not end within {bytes} bytes"),
    )
}

/// The system has no thread left (`ulimit -u`), and nothing can be sent without one. Final: who waits
/// for others' threads to end would wait for long.
#[must_use]
pub fn no_thread(error: &io::Error) -> Trouble {
    Trouble::new(
        FailureKind::Exhausted,
        format!("cannot start a thread: {error}"),
    )
}

/// A source has ended `left` bytes before it should, after `read` bytes.
#[must_use]
pub fn too_short(read: u64, left: u64) -> Trouble {
    let all = read.saturating_add(left);
    let detail = format!("it ended {left} bytes early, after {read} of {all} bytes");
    Trouble::new(FailureKind::Source, detail)
}

/// An error of the operating system, as the end of a sentence.
#[must_use]
pub fn io(error: &io::Error) -> String {
    words::io(error)
}

/// Somebody's words, without what a peer may have smuggled into them.
#[must_use]
pub fn text(words: &impl ToString) -> String {
    printable(&words.to_string(), 200)
}

/// A duration as people write it.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < Duration::from_secs(10) {
            write!(f, "{} s", self.0.as_secs_f64())
        } else {
            write!(f, "{} s", self.0.as_secs())
        }
    }
}
