//! How much of a blob goes in one request: what is asked for, and what was refused as too large.

/// How much of a blob goes in one request.
///
/// What one blob finds out holds for all blobs of a push. Each takes it over when its next request
/// is made, so that an answer is read by what was sent and not by what is known since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parts {
    /// All of it: no limit is known.
    Whole,
    /// No more than this, although nothing of more was refused: a setting, or a guess after bodies
    /// that broke. Where parts are not taken, blobs go whole.
    Wanted(u64),
    /// No more than this: more was refused as too large.
    Learnt(u64),
}

impl Parts {
    /// The largest part, in bytes.
    pub(crate) fn most(self) -> Option<u64> {
        match self {
            Self::Whole => None,
            Self::Wanted(most) | Self::Learnt(most) => Some(most),
        }
    }

    /// What is known of all blobs, after one of them made `new` of the answer to a body of `sent`
    /// bytes. A body that was larger than what is known tells nothing more.
    pub(crate) fn learning(self, new: Self, sent: u64) -> Self {
        match (self, new) {
            (Self::Learnt(known), _) if known < sent => self,
            (Self::Learnt(known), Self::Learnt(most)) => Self::Learnt(known.min(most)),
            (Self::Learnt(_), _) => self,
            (_, new) => new,
        }
    }

    /// The same, and no more than `most`.
    pub(crate) fn at_most(self, most: u64) -> Self {
        match self {
            Self::Whole => Self::Wanted(most),
            Self::Wanted(known) => Self::Wanted(known.min(most)),
            Self::Learnt(known) => Self::Learnt(known.min(most)),
        }
    }
}

/// The next smaller part after `refused` bytes were too many for one request: the power of two that
/// is half as large or less, then nginx's default limit, then `smallest`. None where nothing is left
/// to try.
pub(crate) fn below(refused: u64, smallest: u64) -> Option<u64> {
    let next = match (refused / 2).checked_ilog2() {
        Some(power) if 1 << power >= NGINX => (1 << power).min(FIRST),
        _ if refused > NGINX => NGINX,
        _ => smallest,
    };
    let next = next.max(smallest).max(1);
    (next < refused).then_some(next)
}

/// The largest part to try after bodies broke `times` times in one place. Servers that refuse a body
/// as too large often close the connection while the body is sent, and the 413 is lost (RFC 9112,
/// section 9.6). None while that may be chance.
pub(crate) fn after_breaks(times: u32) -> Option<u64> {
    match times {
        0 | 1 => None,
        2 => Some(16 << 20),
        3 => Some(4 << 20),
        _ => Some(NGINX),
    }
}

/// The first part tried after a whole blob was too large: below the body limits that are common in
/// front of registries (100 MB), and large enough that a part costs little.
const FIRST: u64 = 64 << 20;
/// What nginx takes in one request unless it is told otherwise (`client_max_body_size 1m`). GitHub's
/// registry takes 4 MiB.
const NGINX: u64 = 1 << 20;

#[cfg(test)]
mod tests;
