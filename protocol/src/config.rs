//! Settings of a push.

use std::time::Duration;

use crate::wire::origin::{Origin, Scheme};
use crate::wire::reference::Reference;

/// Where to push, and the policy of how.
///
/// ```
/// use longshore_protocol::{Config, Reference};
///
/// let reference: Reference = "registry.example:5000/team/app:1.0".parse()?;
/// let mut config = Config::new(reference);
/// config.uploads = 2;
/// # Ok::<(), longshore_protocol::ReferenceError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where to push.
    pub reference: Reference,
    /// How to speak to the registry. `Http` also permits a token server, upload locations and
    /// redirects in clear text; with `Https` all of those are refused.
    pub scheme: Scheme,
    /// Where jitter comes from. Two pushes with the same seed and the same answers at the same
    /// times send the same requests at the same times, so pushes that may run beside each other need
    /// different ones. The transports draw one where there is none. The machine has no randomness
    /// and takes zero: a driver of one's own draws one.
    pub seed: Option<u64>,
    /// How many blobs may be on the wire at once.
    pub uploads: usize,
    /// How many other requests may be in the air at once, so that a short question never waits for
    /// a long body. A request for a token is not counted.
    pub controls: usize,
    /// Open the first upload session as soon as somebody is authenticated, before any blob is
    /// added: it shows whether one may push. The session serves the first blob that needs one.
    pub preflight: bool,
    /// Open upload sessions while blobs are looked for, no more than there may be uploads at once.
    /// Saves a round trip for blobs that are not there, and costs a session for each that is.
    pub look_ahead: bool,
    /// How often one request is sent, at most, before the push is given up.
    pub attempts: u32,
    /// How many upload sessions one blob may use up. Those that are replaced because a registry has
    /// no time (429, 503), or takes a body in another form only, do not count.
    pub sessions: u32,
    /// How many retries the whole push may have. Keeps many blobs from hammering a registry that
    /// is down.
    pub retries: u32,
    /// The mean of the first pause before a retry; it doubles with each further one.
    pub backoff: Duration,
    /// The longest such pause.
    pub backoff_limit: Duration,
    /// The longest `Retry-After` that is waited for. A registry that asks for more ends the push.
    pub retry_after_limit: Duration,
    /// The longest pause in a connection that sends or should receive.
    pub idle: Duration,
    /// The longest wait for the answer that ends an upload. Registries copy and hash whole blobs
    /// before they answer.
    pub commit: Duration,
    /// How long deleting abandoned upload sessions may take, at the end of a push and after
    /// [`cancel`](crate::Push::cancel).
    pub clean_up: Duration,
    /// The largest part of a blob to send in one request, in bytes, where the registry or what is in
    /// front of it is known or thought to have such a limit. Larger blobs go in chunks. `None` begins
    /// with whole blobs and goes over to chunks when one is refused as too large (413). It is never
    /// trusted: where it is refused as too large, too, smaller chunks are tried, and where chunks are
    /// not taken, blobs go whole.
    pub chunk: Option<u64>,
    /// The smallest chunk, in bytes, that is tried where larger ones are refused as too large.
    pub smallest_chunk: u64,
    /// The `User-Agent` of every request.
    pub user_agent: String,
}

impl Config {
    /// The default policy for pushing to `reference`.
    #[must_use]
    pub fn new(reference: Reference) -> Self {
        Self {
            reference,
            scheme: Scheme::Https,
            seed: None,
            uploads: 4,
            controls: 4,
            preflight: true,
            look_ahead: true,
            attempts: 5,
            sessions: 3,
            retries: 24,
            backoff: Duration::from_millis(500),
            backoff_limit: Duration::from_secs(30),
            retry_after_limit: Duration::from_secs(300),
            idle: Duration::from_secs(60),
            commit: Duration::from_secs(900),
            clean_up: Duration::from_secs(2),
            chunk: None,
            smallest_chunk: 256 << 10,
            user_agent: concat!("longshore/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// The registry's origin: the only one that its credentials and tokens are sent to.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.reference.registry().origin(self.scheme)
    }
}
