//! What an outcome means: every decision about a status or a failure is in these tables.
//!
//! They know the step and the outcome, not the history. What follows from a verdict is the business
//! of the task whose step it was.

use http::StatusCode;

use crate::error::FailureKind;
use crate::wire::error_body::RegistryError;
use crate::wire::error_code::ErrorCode;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// `GET /v2/`.
    Ping,
    /// `POST` of an upload session before there is a blob.
    Preflight,
    /// A request to the token server.
    Token,
    /// `HEAD` of a blob that may be there.
    Check,
    /// `POST` of an upload session.
    Start,
    /// `POST` that mounts a blob from another repository.
    Mount,
    /// `PUT` of a whole blob.
    Put,
    /// `PATCH` of a blob or its rest.
    Patch,
    /// `GET` of an upload session's state.
    Status,
    /// `PUT` that closes an upload session.
    Commit,
    /// `HEAD` of a blob that should be there.
    Confirm,
    /// `PUT` of the manifest.
    Manifest,
    /// `HEAD` of the manifest that should be there.
    ConfirmManifest,
    /// `DELETE` of an upload session.
    Delete,
}

/// What an outcome means for its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Done as asked.
    Success,
    /// It is not there.
    Missing,
    /// No answer to the question; there are other ways.
    Unsure,
    /// The upload session is gone.
    SessionLost,
    /// The upload session holds another number of bytes than we think.
    Misaligned,
    /// What was uploaded is not right; begin again.
    Restart,
    /// A header is needed, or a new one.
    Reauthenticate,
    /// It is elsewhere.
    Redirect,
    /// Nothing was done; the same request may succeed later.
    Retry,
    /// It may have been done in part, or wholly; ask, later.
    Interrupted,
    /// It may have been done; ask.
    Doubt,
    /// Upload instead of mounting.
    DropMount,
    /// The registry lacks blobs that it said it had.
    BlobUnknown,
    /// The name is taken and may not move; perhaps by the very thing we bring.
    Taken,
    /// Not with these rights.
    Denied,
    /// Not at all.
    Rejected,
    /// No address, no trust: trying again changes nothing.
    Unreachable,
    /// The blob's source is at fault.
    Source,
}

/// What an answer means.
pub(crate) fn classify(step: Step, status: StatusCode, error: &RegistryError) -> Verdict {
    let code = status.as_u16();
    if let Some(verdict) = of_any_step(step, code, error) {
        return verdict;
    }
    match step {
        Step::Ping => ping(code),
        Step::Preflight | Step::Start => start(code, error),
        Step::Token => token(code),
        Step::Check | Step::Confirm | Step::ConfirmManifest => question(code),
        Step::Mount => match code {
            201 | 202 => Verdict::Success,
            _ => Verdict::DropMount,
        },
        Step::Put => put(code, error),
        Step::Patch => patch(code, error),
        Step::Status => match code {
            200 | 202 | 204 => Verdict::Success,
            404 | 410 => Verdict::SessionLost,
            _ => Verdict::Unsure,
        },
        Step::Commit => commit(code),
        Step::Manifest => manifest(code, error),
        Step::Delete => match code {
            200..=299 | 404 | 410 => Verdict::Success,
            _ => Verdict::Unsure,
        },
    }
}

/// What the lack of an answer means. `heard` says whether the registry ever answered anything.
pub(crate) fn classify_failure(step: Step, kind: FailureKind, heard: bool) -> Verdict {
    match kind {
        FailureKind::Tls => Verdict::Unreachable,
        FailureKind::UnknownHost if !heard => Verdict::Unreachable,
        FailureKind::Source => Verdict::Source,
        FailureKind::UnknownHost | FailureKind::Connect => Verdict::Retry,
        FailureKind::Unintelligible if step == Step::Ping => Verdict::Rejected,
        FailureKind::Interrupted
        | FailureKind::TimedOut
        | FailureKind::Unintelligible
        | FailureKind::Aborted => match step {
            Step::Put | Step::Patch | Step::Commit | Step::Manifest => Verdict::Interrupted,
            Step::Delete => Verdict::Unsure,
            _ => Verdict::Retry,
        },
    }
}

fn of_any_step(step: Step, code: u16, error: &RegistryError) -> Option<Verdict> {
    let asks = matches!(
        step,
        Step::Ping | Step::Check | Step::Status | Step::Confirm | Step::ConfirmManifest
    );
    let changes_nothing = asks || matches!(step, Step::Preflight | Step::Start | Step::Token);
    match code {
        401 if !matches!(step, Step::Token | Step::Delete) => Some(Verdict::Reauthenticate),
        // A token server sees credentials, and a session that is given up is not worth a journey.
        301 | 302 | 303 if asks => Some(Verdict::Redirect),
        307 | 308 if !matches!(step, Step::Token | Step::Delete) => Some(Verdict::Redirect),
        429 if step == Step::Delete => Some(Verdict::Unsure),
        // 429 to a body that was on its way leaves open how much of it was kept.
        408 | 425 | 429 if matches!(step, Step::Put | Step::Patch) => Some(Verdict::Interrupted),
        408 | 425 | 429 if step == Step::Commit => Some(Verdict::Interrupted),
        408 | 425 | 429 => Some(Verdict::Retry),
        500 | 502..=599 if changes_nothing => Some(Verdict::Retry),
        // The registry names the reason although the status is another.
        400..=499 if !asks && step != Step::Mount && error.has(&ErrorCode::TOOMANYREQUESTS) => {
            Some(Verdict::Retry)
        }
        _ => None,
    }
}

fn ping(code: u16) -> Verdict {
    match code {
        200 => Verdict::Success,
        // Some registries guard this page and not the rest, and some have no page.
        201..=299 | 403 | 405 => Verdict::Unsure,
        _ => Verdict::Rejected,
    }
}

fn start(code: u16, error: &RegistryError) -> Verdict {
    match code {
        200..=202 => Verdict::Success,
        _ => refusal(code, error),
    }
}

fn token(code: u16) -> Verdict {
    match code {
        200 | 201 => Verdict::Success,
        // What a server answers that does not speak OAuth2, or knows none of the scopes.
        400 | 404 | 405 => Verdict::Unsure,
        401 | 403 => Verdict::Denied,
        _ => Verdict::Rejected,
    }
}

fn question(code: u16) -> Verdict {
    match code {
        200 => Verdict::Success,
        404 => Verdict::Missing,
        _ => Verdict::Unsure,
    }
}

fn put(code: u16, error: &RegistryError) -> Verdict {
    match code {
        201 => Verdict::Success,
        // Not what was promised for a blob that is stored.
        200 | 202..=299 | 409 => Verdict::Doubt,
        _ => upload_refusal(code, error),
    }
}

fn patch(code: u16, error: &RegistryError) -> Verdict {
    match code {
        200..=299 => Verdict::Success,
        409 => Verdict::Misaligned,
        _ => upload_refusal(code, error),
    }
}

fn upload_refusal(code: u16, error: &RegistryError) -> Verdict {
    let lost = error.has(&ErrorCode::BLOB_UPLOAD_UNKNOWN);
    let wrong = [ErrorCode::DIGEST_INVALID, ErrorCode::SIZE_INVALID, ErrorCode::BLOB_UPLOAD_INVALID];
    match code {
        404 | 410 => Verdict::SessionLost,
        400..=499 if lost => Verdict::SessionLost,
        416 => Verdict::Misaligned,
        400 if wrong.iter().any(|code| error.has(code)) => Verdict::Restart,
        500 | 502..=599 => Verdict::Interrupted,
        _ => refusal(code, error),
    }
}

fn commit(code: u16) -> Verdict {
    match code {
        201 => Verdict::Success,
        // A registry that lost the answer to an earlier try knows the session no more.
        200 | 202..=299 | 400 | 404 | 409 | 410 | 416 => Verdict::Doubt,
        403 => Verdict::Denied,
        500 | 502..=599 => Verdict::Interrupted,
        _ => Verdict::Rejected,
    }
}

fn manifest(code: u16, error: &RegistryError) -> Verdict {
    let lacks = [ErrorCode::BLOB_UNKNOWN, ErrorCode::MANIFEST_BLOB_UNKNOWN];
    match code {
        201 => Verdict::Success,
        200 | 202..=299 => Verdict::Doubt,
        400..=499 if lacks.iter().any(|code| error.has(code)) => Verdict::BlobUnknown,
        // Tags that may not be overwritten: each registry has its own way to say it.
        403 | 409 | 412 => Verdict::Taken,
        400..=499 if error.has(&ErrorCode::TAG_INVALID) => Verdict::Taken,
        500 | 502..=599 => Verdict::Interrupted,
        _ => refusal(code, error),
    }
}

fn refusal(code: u16, error: &RegistryError) -> Verdict {
    match code {
        403 => Verdict::Denied,
        400..=499 if error.has(&ErrorCode::DENIED) => Verdict::Denied,
        _ => Verdict::Rejected,
    }
}

#[cfg(test)]
mod tests;
