//! What ureq's errors mean to the machine.

use longshore_protocol::FailureKind;
use ureq::Error;

use super::watch::{Trouble, Watch};
use crate::connection::words;

/// What went wrong. Whoever knew best has noted it on the watch; what is left is what ureq itself
/// found.
pub(super) fn explain(error: &Error, watch: &Watch) -> Trouble {
    if let Some(trouble) = watch.trouble() {
        return trouble;
    }
    let place = watch.place();
    match error {
        Error::Io(error) => {
            let words = words::io(error);
            let when = if watch.is_answered() {
                "in the middle of its answer"
            } else {
                "before it answered"
            };
            let detail = format!("{place}: {words} {when}");
            (FailureKind::Interrupted, detail)
        }
        Error::Protocol(_) | Error::BodyStalled => {
            let detail = format!("{place} does not answer in HTTP/1.1: {}", text(error));
            (FailureKind::Protocol, detail)
        }
        Error::LargeResponseHeader(_, most) => {
            let detail = format!("the head of {place}'s answer is longer than {most} bytes");
            (FailureKind::Protocol, detail)
        }
        // Headers and URIs are checked by their types, methods by ureq: what is left cannot be
        // written as HTTP/1.1.
        _ => {
            let detail = format!("the request for {place} cannot be sent: {}", text(error));
            (FailureKind::Refused, detail)
        }
    }
}

/// ureq's words, without what a peer may have smuggled into them.
fn text(error: &Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("protocol: ").unwrap_or(&text);
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
