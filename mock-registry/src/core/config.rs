//! What a core is made from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use crate::profile::{Auth, Profile};
use crate::store::{Memory, Store};
use crate::token::Signer;

/// What a [`Core`](super::Core) is made from. Everything that is not a function of the requests is
/// handed in here: the time of day, the seed of session identifiers, keys and storage.
pub struct Config {
    /// How the registry behaves.
    pub profile: Profile,
    /// How it authenticates; `None` means as the profile says if there are users, otherwise not at
    /// all.
    pub auth: Option<Auth>,
    /// Users and their passwords.
    pub users: BTreeMap<String, String>,
    /// Who may do what.
    pub rights: Rights,
    /// Scheme and host of the registry as clients see it, without a slash at the end.
    pub origin: String,
    /// The token endpoint named in challenges, if it is not this registry's own.
    pub realm: Option<String>,
    /// The `service` of challenges and the audience of tokens; `None` means the host of `origin`.
    pub service: Option<String>,
    /// Scheme and host of the storage that requests for blobs are sent to, where the profile does
    /// so; `None` means the registry itself. Whoever is there must hand `/_storage/` on to it.
    pub storage_origin: Option<String>,
    /// Repositories that are there from the start.
    pub repositories: BTreeSet<String>,
    /// Whether sparse images are taken where the profile takes them. The specification allows it,
    /// and `mock-registry serve` does; in a test a client that forgets a layer should be noticed,
    /// so it is off unless asked for.
    pub sparse: bool,
    /// Refresh tokens that are good from the start, and whose they are: what a credential store
    /// calls an identity token.
    pub identity_tokens: BTreeMap<String, String>,
    /// The issuer of tokens.
    pub issuer: String,
    /// Whether there is nothing here but the token endpoint, for other registries to use.
    pub token_only: bool,
    /// Where bytes go.
    pub store: Box<dyn Store>,
    /// Who signs tokens; `None` means a [`HmacSigner`](crate::token::HmacSigner), which gives the
    /// same token for the same request, or in a server an [`Es256Signer`](crate::token::Es256Signer).
    pub signer: Option<Box<dyn Signer>>,
    /// The seed of session identifiers and of the queries of their URLs.
    pub seed: u64,
    /// The time since the Unix epoch at which the caller's own clock said zero.
    pub epoch: Duration,
    /// How many requests the log keeps; the oldest are dropped.
    pub log_limit: usize,
}

/// Who may do what. Users may push and pull everywhere, and nobody else anything, unless this says
/// otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Whether anyone may pull.
    pub anonymous_pull: bool,
    /// Repositories to which nobody may push.
    pub pull_only: BTreeSet<String>,
    /// Repositories whose tags cannot be moved once they are set.
    pub immutable: BTreeSet<String>,
    /// Repositories that nobody may pull from or push to.
    pub closed: BTreeSet<String>,
}

impl Config {
    /// A registry in memory, without users, at `http://registry.test`.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            auth: None,
            users: BTreeMap::new(),
            rights: Rights::default(),
            origin: "http://registry.test".into(),
            realm: None,
            service: None,
            storage_origin: None,
            repositories: BTreeSet::new(),
            sparse: false,
            identity_tokens: BTreeMap::new(),
            issuer: "longshore-mock-registry".into(),
            token_only: false,
            store: Box::new(Memory::default()),
            signer: None,
            seed: 0,
            epoch: DEFAULT_EPOCH,
            log_limit: 1 << 16,
        }
    }

    /// The same with one more user, who may push.
    #[must_use]
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.users.insert(name.into(), password.into());
        self
    }

    /// The same with a repository that is there from the start.
    #[must_use]
    pub fn repository(mut self, name: impl Into<String>) -> Self {
        self.repositories.insert(name.into());
        self
    }

    /// The same, in which the tags of this repository cannot be moved, if the profile knows such.
    #[must_use]
    pub fn immutable(mut self, repository: impl Into<String>) -> Self {
        self.rights.immutable.insert(repository.into());
        self
    }

    /// The same, taking sparse images or not.
    #[must_use]
    pub fn sparse(mut self, taken: bool) -> Self {
        self.sparse = taken;
        self
    }

    /// The same with this authentication.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = Some(auth);
        self
    }

    /// The same, seen by clients at this scheme and host.
    #[must_use]
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = origin.into();
        self
    }

    /// The same with this storage.
    #[must_use]
    pub fn store(mut self, store: impl Store + 'static) -> Self {
        self.store = Box::new(store);
        self
    }

    /// The same, in which anyone may pull or not.
    #[must_use]
    pub fn anonymous_pull(mut self, allowed: bool) -> Self {
        self.rights.anonymous_pull = allowed;
        self
    }
}

impl Config {
    /// How a registry made from this authenticates.
    pub(crate) fn effective_auth(&self) -> Auth {
        self.auth.unwrap_or(if self.users.is_empty() {
            Auth::None
        } else {
            self.profile.auth.scheme
        })
    }
}

impl Rights {
    pub(crate) fn allow(&self, user: Option<&str>, repository: &str, action: Action) -> bool {
        if self.closed.contains(repository) {
            return false;
        }
        match action {
            Action::Pull => user.is_some() || self.anonymous_pull,
            Action::Push | Action::Delete => user.is_some() && !self.pull_only.contains(repository),
        }
    }
}

/// What a request does to a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
    Pull,
    Push,
    Delete,
}

impl Action {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let users: Vec<_> = self.users.keys().collect();
        f.debug_struct("Config")
            .field("profile", &self.profile.name)
            .field("auth", &self.auth)
            .field("users", &users)
            .field("rights", &self.rights)
            .field("origin", &self.origin)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// 2026-01-01T00:00:00Z: a date that certificates and expiry checks find plausible.
const DEFAULT_EPOCH: Duration = Duration::from_secs(1_767_225_600);
