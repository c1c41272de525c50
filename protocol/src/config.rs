//! What a push is told at its start.

use std::time::Duration;

use crate::wire::reference::Destination;
use crate::wire::urls::{Origin, Scheme};

/// The settings of one push. Start from [`Config::new`] and change what should differ.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where to push.
    pub destination: Destination,
    /// How the registry is reached: `https` unless it is known to speak plain `http`.
    pub scheme: Scheme,
    /// The `User-Agent` of every request; some registries refuse requests without one.
    pub user_agent: String,
    /// How many requests may be in the air.
    pub lanes: Lanes,
    /// When and how often to try again.
    pub retry: RetryPolicy,
    /// How long to wait for what.
    pub patience: Patience,
    /// Whether to open an upload session before there is anything to upload. It proves the right
    /// to push, and the first blob uses the session, so it costs nothing.
    pub preflight: bool,
    /// Hosts that a registry may name in a token realm or an upload `Location` although a registry
    /// out there has no business to: loopback, private and link-local addresses.
    pub trusted_hosts: Vec<String>,
    /// What the jitter of pauses is drawn from. Two pushes with the same seed and the same answers
    /// do the same.
    pub seed: u64,
}

/// How many requests may be in the air at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the two kinds of request")]
pub struct Lanes {
    /// Requests that carry blobs.
    pub uploads: usize,
    /// All others, which must not queue behind long bodies.
    pub control: usize,
}

/// When and how often to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How often one thing is tried, the first time included.
    pub attempts: u32,
    /// How many retries the whole push may spend, so that many blobs cannot turn a dead registry
    /// into a storm.
    pub budget: u32,
    /// The first pause; each further one is twice as long, less up to half of it at random.
    pub base: Duration,
    /// The longest pause of our own making.
    pub cap: Duration,
    /// The longest `Retry-After` that is waited for; a longer one ends the push at once.
    pub retry_after_cap: Duration,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Patience {
    /// How long no byte may move.
    pub idle: Duration,
    /// How long an answer may take.
    pub answer: Duration,
    /// How long the answer to a blob or a manifest may take: registries copy and hash on commit.
    pub commit: Duration,
    /// How long clean-up may take at the end.
    pub closing: Duration,
}

impl Config {
    /// The settings for a push to `destination` over `https`.
    #[must_use]
    pub fn new(destination: Destination) -> Self {
        Self {
            destination,
            scheme: Scheme::Https,
            user_agent: concat!("longshore/", env!("CARGO_PKG_VERSION")).to_owned(),
            lanes: Lanes { uploads: 4, control: 4 },
            retry: RetryPolicy {
                attempts: 5,
                budget: 50,
                base: Duration::from_millis(500),
                cap: Duration::from_secs(30),
                retry_after_cap: Duration::from_secs(300),
            },
            patience: Patience {
                idle: Duration::from_secs(60),
                answer: Duration::from_secs(60),
                commit: Duration::from_secs(600),
                closing: Duration::from_secs(5),
            },
            preflight: true,
            trusted_hosts: Vec::new(),
            seed: 0,
        }
    }

    /// The registry's origin: what credentials are bound to.
    #[must_use]
    pub fn registry(&self) -> Origin {
        Origin::new(self.scheme, self.destination.host.clone(), self.destination.port)
    }
}
