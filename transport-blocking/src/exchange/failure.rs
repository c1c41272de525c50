//! What ureq's errors mean to the machine.

use longshore_transport::failure::{self, Trouble};
use ureq::Error;

use super::watch::Watch;

/// What went wrong. Whoever knew best has noted it on the watch; what is left is what ureq itself
/// found.
pub(super) fn explain(error: &Error, watch: &Watch) -> Trouble {
    if let Some(trouble) = watch.trouble() {
        return trouble;
    }
    let place = watch.place();
    match error {
        Error::Io(error) => failure::broken(place, error, watch.is_answered()),
        Error::Protocol(_) | Error::BodyStalled => failure::not_http(place, &text(error)),
        Error::LargeResponseHeader(_, most) => failure::head_too_long(place, *most),
        // Headers and URIs are checked by their types, methods by ureq: what is left cannot be
        // written as HTTP/1.1.
        _ => failure::unsendable(place, &text(error)),
    }
}

/// ureq's words, less what our own say already.
fn text(error: &Error) -> String {
    let text = error.to_string();
    text.strip_prefix("protocol: ").unwrap_or(&text).to_owned()
}
