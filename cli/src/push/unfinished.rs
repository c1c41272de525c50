//! Why an upload failed, and what helps.

use longshore_protocol::{Phase, PushError, PushErrorKind, Scheme};

use super::upload::Target;
use crate::credentials::Finder;
use crate::exit::Exit;
use crate::failure::Failure;

/// Why an upload failed.
pub(super) struct Unfinished {
    pub(super) failure: Failure,
    /// What to say, where it was refused because its length was not told, or because it was sent that
    /// way: it can be sent another way.
    pub(super) about_streaming: Option<&'static str>,
}

impl Unfinished {
    /// What `error` comes to. `is_streaming` says that a layer was sent before it was packed.
    pub(super) fn of(
        target: &Target,
        finder: &Finder<'_>,
        is_streaming: bool,
        error: &PushError,
    ) -> Self {
        let is_upload = is_streaming && error.phase() == Phase::Upload;
        let status = error.answer().map(|answer| answer.status.as_u16());
        Self {
            failure: failure(target, finder, error),
            about_streaming: match (error.kind(), status) {
                _ if !is_upload => None,
                // A firewall that lets `PUT` through and `PATCH` not.
                (PushErrorKind::Denied, Some(403)) => Some(FORBIDDEN),
                // A full quota stays full.
                (PushErrorKind::Rejected, Some(403 | 507)) => None,
                (PushErrorKind::Rejected, Some(413)) => Some(TOO_LARGE),
                (PushErrorKind::Rejected, _) => Some(NO_LENGTH),
                _ => None,
            },
        }
    }
}

impl From<Failure> for Unfinished {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            about_streaming: None,
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
        // A page comes from something in front of the registry, which knows of no credentials.
        PushErrorKind::Denied if error.answer().is_some_and(|answer| answer.is_page) => None,
        PushErrorKind::Unauthenticated | PushErrorKind::Denied => finder.hint(error),
        PushErrorKind::Tls if is_no_tls => Some(
            "--plain-http speaks HTTP; anybody on the way can read the password then".to_owned(),
        ),
        PushErrorKind::Tls => certificate_hint(&said).map(ToOwned::to_owned),
        PushErrorKind::Unreachable | PushErrorKind::Rejected
            if is_plain && (is_no_http || wants_tls) =>
        {
            Some(format!(
                "if {registry} wants TLS, give --ca-file FILE or --tls-no-verify"
            ))
        }
        PushErrorKind::Unintelligible if failure.details().hint.is_none() => {
            Some(format!("is {registry} a registry?"))
        }
        _ => None,
    };
    if let Some(hint) = hint.filter(|_| failure.exit() != Exit::Cancelled) {
        failure = failure.hinting(hint);
    }
    leaving(failure, error.sessions_left())
}

/// The same failure, with what is left of it at the registry.
pub(super) fn leaving(failure: Failure, sessions: usize) -> Failure {
    if sessions == 0 {
        return failure;
    }
    let note =
        format!("{sessions} upload sessions could not be deleted; the registry drops them in time");
    // A push that failed says so already, and again when it is given up.
    match failure.details().causes.contains(&note) {
        true => failure,
        false => failure.noting(note),
    }
}

/// What helps where TLS is refused, by what the driver says of it: an authority mends only what is
/// about trust.
fn certificate_hint(said: &str) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|words| said.contains(words));
    if has(&["has expired"]) {
        Some("the registry needs a new certificate; --tls-no-verify pushes without looking at it")
    } else if has(&["not valid yet"]) {
        Some("set this machine's clock; --tls-no-verify pushes without looking at the certificate")
    } else if has(&["another host name", "names no host"]) {
        Some(
            "push by a name that the certificate is for, or have one made for this name; \
             --tls-no-verify pushes without looking at it",
        )
    } else if has(&["not for servers"]) {
        Some(
            "the registry needs a certificate for servers (serverAuth); --tls-no-verify pushes \
             without looking at it",
        )
    } else if has(&[
        "issuer",
        "signature is wrong",
        "self-signed",
        "trusted certificates",
    ]) {
        Some("--ca-file FILE trusts the site's own authority; --tls-no-verify trusts anybody")
    } else {
        None
    }
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

const NO_LENGTH: &str = "the registry wants to know how long the layer is: packing it first";
const TOO_LARGE: &str =
    "the layer is too large for one request: packing it first, to send it in parts";
const FORBIDDEN: &str = "a layer may not be sent while it is packed (403): packing it first";
