//! Redaction: what is taken out of a text before a person, a log or a file gets to see it.
//!
//! A registry, a token server or a proxy may repeat what it was sent, by accident or on purpose. Every
//! text of theirs goes through here once, before it becomes part of an error, an event or a report:
//! error bodies, error codes, warnings, the hosts and paths of `Location`, realms and redirects, and
//! what a driver says about a failure. `<secret>` stands where something was taken out.
//!
//! Two rules are applied:
//!
//! - **Known secrets** ([`Redaction`]): the passwords and tokens of this push, wherever they stand as
//!   they are, percent-encoded (RFC 3986, section 2.1), escaped as in JSON or HTML, or in base64, alone
//!   or behind a user name (RFC 7617).
//! - **Shapes** ([`redacted`]): what looks like any secret. These are user information in a
//!   URL (RFC 3986, section 3.2.1); the credentials after `Basic`, `Bearer` and `Negotiate`; the values
//!   of parameters, members and headers whose names say so (`_state`, `X-Amz-Signature`, `sig`,
//!   `access_token`, `X-Api-Key`, `Set-Cookie`, ...); long opaque values in queries; JSON Web Tokens;
//!   and access tokens of GitHub, GitLab and Docker Hub, which have a prefix.
//!
//! What a person needs in order to find a request in a registry's log stays: the status, digests,
//! scopes, repositories, and the path of a URL with the upload's identifier, which is of no use without
//! credentials. Secrets of less than six characters stay, since they would be found in every other
//! sentence. So do secrets that a server has changed in another way, such as one turned around.

mod known;
mod shapes;

use std::ops::Range;

pub use known::Redaction;
pub use shapes::{has_credentials, redacted, without_credentials};

/// What stands where something was taken out.
pub const PLACEHOLDER: &str = "<secret>";

/// The text with the placeholder in these places, which may overlap.
fn replaced(text: &str, mut found: Vec<Range<usize>>) -> String {
    found.sort_by_key(|range| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for range in found {
        if range.end <= done {
            continue;
        }
        // Where two overlap, the rest of the second goes with the first.
        if range.start >= done {
            out.push_str(text.get(done..range.start).unwrap_or_default());
            out.push_str(PLACEHOLDER);
        }
        done = range.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests;
