//! What hyper's errors mean to the machine.

use std::error::Error as _;
use std::io;

use h2::Reason;
use longshore_protocol::FailureKind;
use longshore_transport::Place;
use longshore_transport::failure::{self, Step, Trouble, text, when};

use super::watch::Watch;
use crate::connection::HEAD;

/// What went wrong. Whoever knew best has noted it on the watch; what is left is what hyper found.
///
/// `untouched` says that nothing was taken from the body's source.
pub(super) fn explain(error: &hyper::Error, watch: &Watch, untouched: bool) -> Trouble {
    if let Some(trouble) = watch.trouble() {
        return trouble;
    }
    let place = watch.place();
    if error.is_parse_too_large() {
        return failure::head_too_long(place, HEAD);
    }
    if error.is_parse() {
        return failure::not_http(place, error);
    }
    let answered = watch.is_answered();
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(inner) = inner.downcast_ref::<h2::Error>() {
            return http2(inner, watch, answered, untouched);
        }
        if let Some(inner) = inner.downcast_ref::<io::Error>() {
            return broken(inner, place, answered);
        }
        cause = inner.source();
    }
    if error.is_user() {
        return failure::unsendable(place, error);
    }
    failure::broken(place, &io::ErrorKind::UnexpectedEof.into(), answered)
}

fn broken(error: &io::Error, place: &Place, answered: bool) -> Trouble {
    // hyper's own words for chunks that are none.
    if matches!(
        error.kind(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
    ) {
        return failure::not_http(place, error);
    }
    failure::broken(place, error, answered)
}

/// A stream or its connection has ended. What a server refuses in these ways it has not looked at
/// (RFC 9113, section 8.7); as long as nothing was taken from a source, that is as good as no
/// connection.
fn http2(error: &h2::Error, watch: &Watch, answered: bool, untouched: bool) -> Trouble {
    let place = watch.place();
    if let Some(error) = error.get_io() {
        return broken(error, place, answered);
    }
    let when = when(answered);
    let Some(reason) = error.reason() else {
        let detail = format!("{place}: {} {when}", text(error));
        return Trouble::new(FailureKind::Interrupted, detail);
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
    Trouble::new(kind, detail)
}
