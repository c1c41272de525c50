//! What hyper's errors mean to the machine.

use std::error::Error as _;
use std::io;

use h2::Reason;
use longshore_protocol::FailureKind;

use super::watch::{Step, Trouble, Watch};
use crate::connection::{HEAD, words};

/// What went wrong. Whoever knew best has noted it on the watch; what is left is what hyper found.
///
/// `untouched` says that nothing was taken from the body's source.
pub(super) fn explain(error: &hyper::Error, watch: &Watch, untouched: bool) -> Trouble {
    if let Some(trouble) = watch.trouble() {
        return trouble;
    }
    let place = watch.place();
    if error.is_parse_too_large() {
        let detail = format!("the head of {place}'s answer is longer than {HEAD} bytes");
        return (FailureKind::Protocol, detail);
    }
    if error.is_parse() {
        let detail = format!("{place} does not answer in HTTP/1.1: {}", text(error));
        return (FailureKind::Protocol, detail);
    }
    let when = if watch.is_answered() {
        "in the middle of its answer"
    } else {
        "before it answered"
    };
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(inner) = inner.downcast_ref::<h2::Error>() {
            return http2(inner, watch, when, untouched);
        }
        if let Some(inner) = inner.downcast_ref::<io::Error>() {
            return broken(inner, place, when);
        }
        cause = inner.source();
    }
    if error.is_user() {
        let detail = format!("the request for {place} cannot be sent: {}", text(error));
        return (FailureKind::Refused, detail);
    }
    let detail = format!("{place}: the other side closed the connection {when}");
    (FailureKind::Interrupted, detail)
}

fn broken(error: &io::Error, place: &str, when: &str) -> Trouble {
    // hyper's own words for chunks that are none.
    if matches!(
        error.kind(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
    ) {
        let detail = format!("{place} does not answer in HTTP/1.1: {}", text(error));
        return (FailureKind::Protocol, detail);
    }
    let words = words::io(error);
    (FailureKind::Interrupted, format!("{place}: {words} {when}"))
}

/// A stream or its connection has ended. What a server refuses in these ways it has not looked at
/// (RFC 9113, section 8.7); as long as nothing was taken from a source, that is as good as no
/// connection.
fn http2(error: &h2::Error, watch: &Watch, when: &str, untouched: bool) -> Trouble {
    let place = watch.place();
    if let Some(error) = error.get_io() {
        return broken(error, place, when);
    }
    let Some(reason) = error.reason() else {
        let detail = format!("{place}: {} {when}", text(error));
        return (FailureKind::Interrupted, detail);
    };
    let ended = if error.is_go_away() {
        "ended the connection"
    } else {
        "ended the request"
    };
    let detail = format!("{place} {ended} {when}: {}", text(&reason));
    let unprocessed =
        reason == Reason::REFUSED_STREAM || error.is_go_away() && reason == Reason::NO_ERROR;
    let kind = match reason {
        _ if !error.is_remote() => FailureKind::Protocol,
        _ if unprocessed && untouched && watch.step() != Step::Receive => FailureKind::Connect,
        Reason::PROTOCOL_ERROR
        | Reason::FRAME_SIZE_ERROR
        | Reason::COMPRESSION_ERROR
        | Reason::HTTP_1_1_REQUIRED => FailureKind::Protocol,
        _ => FailureKind::Interrupted,
    };
    (kind, detail)
}

/// Somebody's words, without what a peer may have smuggled into them.
fn text(error: &impl ToString) -> String {
    let text = error.to_string();
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
