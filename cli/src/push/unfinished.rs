//! Why an upload failed, and what helps.

use longshore_protocol::{Phase, PushError, PushErrorKind, Scheme};

use super::upload::Target;
use crate::credentials::Finder;
use crate::exit::Exit;
use crate::failure::Failure;

/// Why an upload failed.
pub(super) struct Unfinished {
    pub(super) failure: Failure,
    /// The registry refused bytes whose number it was not told: they can be sent another way.
    pub(super) is_about_streaming: bool,
}

impl Unfinished {
    /// What `error` comes to. `is_streaming` says that a layer was sent before it was packed.
    pub(super) fn of(
        target: &Target,
        finder: &Finder<'_>,
        is_streaming: bool,
        error: &PushError,
    ) -> Self {
        let is_refusal = error.kind() == PushErrorKind::Rejected && error.phase() == Phase::Upload;
        Self {
            failure: failure(target, finder, error),
            is_about_streaming: is_streaming && is_refusal,
        }
    }
}

impl From<Failure> for Unfinished {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            is_about_streaming: false,
        }
    }
}

/// The failure that `error` is, with what helps to mend it: options of this program, which the
/// protocol knows nothing of.
fn failure(target: &Target, finder: &Finder<'_>, error: &PushError) -> Failure {
    // What fails after Ctrl-C failed because of it, whatever it says itself: nobody answers a
    // question for a password with Ctrl-C for another reason.
    let mut failure = match finder.interrupt().is_raised() {
        true => Failure::cancelled(error.phase().to_string()),
        false => Failure::push(&target.reference.to_string(), error),
    };
    let registry = target.reference.registry();
    let is_plain = target.channel.scheme == Scheme::Http;
    // What the driver says when the first bytes from the other side make no sense.
    let said = failure.to_string().to_ascii_lowercase();
    let is_no_tls = said.contains("not speak tls");
    let is_no_http = said.contains("not answer in http");
    // Go's and nginx's servers answer clear text on a TLS port with a 400 that says so.
    let wants_tls = error.kind() == PushErrorKind::Rejected && said.contains("https");
    let hint = match error.kind() {
        PushErrorKind::Unauthenticated | PushErrorKind::Denied => finder.hint(error),
        PushErrorKind::Tls if is_no_tls => Some(
            "--plain-http speaks HTTP; anybody on the way can read the password then".to_owned(),
        ),
        PushErrorKind::Tls => Some(
            "--ca-file FILE trusts the site's own authority; --tls-no-verify trusts anybody"
                .to_owned(),
        ),
        PushErrorKind::Unreachable | PushErrorKind::Rejected
            if is_plain && (is_no_http || wants_tls) =>
        {
            Some(format!(
                "if {registry} wants TLS, give --ca-file FILE or --tls-no-verify"
            ))
        }
        PushErrorKind::Unintelligible => Some(format!("is {registry} a registry?")),
        _ => None,
    };
    if let Some(hint) = hint.filter(|_| failure.exit() != Exit::Cancelled) {
        failure = failure.hinting(hint);
    }
    if error.sessions_left() > 0 {
        failure = failure.noting(format!(
            "{} upload sessions could not be deleted; the registry drops them in time",
            error.sessions_left()
        ));
    }
    failure
}

/// The image is not the one that the reference names.
pub(super) fn other_digest(target: &Target) -> Failure {
    let message = format!(
        "cannot push to {}: the image has another digest",
        target.reference
    );
    Failure::new(Exit::Usage, "preparing the manifest", message)
        .hinting("leave the digest out of DEST_REF")
}
