//! The core on a socket.

mod body;
mod heads;
mod respond;
mod server;
mod socket;
mod testing;
#[cfg_attr(not(feature = "_tls"), path = "no_tls.rs")]
mod tls;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, oneshot};

use crate::core::{Config, Core};
use crate::fault::{Fault, Faulty};
use crate::profile::{Auth, Profile, ProfileError};
use crate::store::Directory;
#[cfg(feature = "_tls")]
use crate::token::Es256Signer;

/// A registry on a loopback socket, running in a thread of its own until it is dropped.
///
/// It has its own runtime, so it can be used from blocking and from async tests alike.
pub struct MockRegistry {
    shared: Arc<Shared>,
    address: SocketAddr,
    url: String,
    elsewhere: String,
    ca_pem: Option<String>,
    token_certificate: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl MockRegistry {
    /// Starts a registry with this configuration on a free port of 127.0.0.1, without TLS.
    ///
    /// Its origin, its epoch and its seed are replaced: a server has an address and a clock. Use
    /// [`builder`](Self::builder) for TLS or another address.
    ///
    /// # Errors
    /// The port cannot be bound, or the store cannot be read.
    pub fn start(config: Config) -> Result<Self, StartError> {
        Builder {
            config: Some(config),
            ..Builder::default()
        }
        .start()
    }

    /// A registry to be described step by step.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Scheme, host and port: `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Host and port: `127.0.0.1:40123`.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The authority that signed its certificate, in PEM; `None` without TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// The certificate of the key that signs its tokens, in PEM, for other registries to trust;
    /// `None` without tokens, if the configuration brought a signer of its own, or in a build
    /// without the features `aws-lc-rs` and `ring`, whose tokens only the registry itself accepts.
    #[must_use]
    pub fn token_certificate_pem(&self) -> Option<&str> {
        self.token_certificate.as_deref()
    }

    /// Looks into the core, or changes it. Requests wait meanwhile.
    pub fn with<T>(&self, look: impl FnOnce(&mut Core) -> T) -> T {
        look(self.shared.registry().core_mut())
    }

    /// Moves its clock forward, to see tokens expire without waiting.
    pub fn advance(&self, by: Duration) {
        let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.shared.ahead.fetch_add(nanos, Ordering::Relaxed);
    }

    fn shut_down(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in the server thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for MockRegistry {
    fn drop(&mut self) {
        self.shut_down();
    }
}

impl std::fmt::Debug for MockRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MockRegistry")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// A description of a [`MockRegistry`].
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until it is started"]
pub struct Builder {
    config: Option<Config>,
    profile: Option<Profile>,
    auth: Option<Auth>,
    users: Vec<(String, String)>,
    anonymous_pull: Option<bool>,
    tls: bool,
    listen: Option<SocketAddr>,
    store: Option<PathBuf>,
    faults: Vec<Fault>,
    record: bool,
    record_file: Option<PathBuf>,
    live: bool,
    handshake: Option<Duration>,
}

impl Builder {
    /// Plays an embedded profile, or the one in the file of that path. The default is `oci`.
    ///
    /// # Errors
    /// There is no such profile.
    pub fn profile(mut self, name_or_path: &str) -> Result<Self, ProfileError> {
        self.profile = Some(Profile::load(name_or_path)?);
        Ok(self)
    }

    /// Starts from this configuration.
    pub fn config(mut self, config: Config) -> Self {
        self.config = Some(config);
        self
    }

    /// Adds a user, who may push and pull.
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.users.push((name.into(), password.into()));
        self
    }

    /// Authenticates in this way; the default is the profile's way if there are users.
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = Some(auth);
        self
    }

    /// Lets anyone pull, or not.
    pub fn anonymous_pull(mut self, allowed: bool) -> Self {
        self.anonymous_pull = Some(allowed);
        self
    }

    /// Serves over TLS, with a certificate made for the occasion. Needs the feature `aws-lc-rs` or
    /// `ring`.
    pub fn tls(mut self, tls: bool) -> Self {
        self.tls = tls;
        self
    }

    /// Closes connections that have not finished the TLS handshake after this time; the default is
    /// 30 seconds.
    pub fn handshake_time(mut self, time: Duration) -> Self {
        self.handshake = Some(time);
        self
    }

    /// Listens there; the default is a free port of 127.0.0.1.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = Some(address);
        self
    }

    /// Stores in this folder, which survives.
    pub fn store_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.store = Some(folder.into());
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// The address cannot be bound, the store cannot be read, or there is no certificate.
    pub fn start(self) -> Result<MockRegistry, StartError> {
        let mut config = match (self.config, self.profile) {
            (Some(mut config), Some(profile)) => {
                config.profile = profile;
                config
            }
            (Some(config), None) => config,
            (None, Some(profile)) => Config::new(profile),
            (None, None) => Config::new(Profile::builtin("oci")?),
        };
        config.users.extend(self.users);
        config.auth = self.auth.or(config.auth);
        config.rights.anonymous_pull = self.anonymous_pull.unwrap_or(config.rights.anonymous_pull);
        if let Some(folder) = self.store {
            let opened = Directory::open(&folder);
            let store = opened.map_err(|source| StartError::Store { folder, source })?;
            config.store = Box::new(store);
        }
        #[cfg(not(feature = "_tls"))]
        let token_certificate = None;
        #[cfg(feature = "_tls")]
        let mut token_certificate = None;
        #[cfg(feature = "_tls")]
        if config.signer.is_none() && config.effective_auth() == Auth::Bearer {
            let signer = Es256Signer::generate(&config.issuer).map_err(|_| StartError::Key)?;
            token_certificate = Some(signer.certificate_pem());
            config.signer = Some(Box::new(signer));
        }
        let address = self.listen.unwrap_or((Ipv4Addr::LOCALHOST, 0).into());
        let listener = std::net::TcpListener::bind(address)
            .map_err(|source| StartError::Address { address, source })?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let tls = self
            .tls
            .then(|| tls::Identity::new(address.ip()))
            .transpose()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{address}");
        config.origin.clone_from(&url);
        config.epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let second = std::net::TcpListener::bind((address.ip(), 0))?;
        second.set_nonblocking(true)?;
        let elsewhere = format!("{scheme}://{}", second.local_addr()?);
        config.seed = (config.epoch.as_nanos() as u64) ^ u64::from(address.port());
        let epoch = config.epoch;
        let mut registry = Faulty::new(config)?;
        registry.set_elsewhere(&elsewhere);
        registry.recorder_mut().hash_bodies(self.record);
        if let Some(path) = self.record_file {
            registry
                .recorder_mut()
                .write_to(std::fs::File::create(path)?);
        }
        for fault in self.faults {
            registry.arm(fault);
        }
        let (shut, shutting) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            registry: Mutex::new(registry),
            start: Instant::now(),
            ahead: AtomicU64::new(0),
            epoch,
            shut,
            live: self.live,
            handshake: self.handshake.unwrap_or(server::HANDSHAKE_TIME),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("mock-registry")
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let ca_pem = tls.as_ref().map(tls::Identity::ca_pem);
        let serving = Arc::clone(&shared);
        let doors = server::Doors {
            registry: listener,
            elsewhere: second,
            tls,
            shut: shutting,
        };
        let thread = std::thread::Builder::new()
            .name("mock-registry".into())
            .spawn(move || {
                runtime.block_on(server::serve(serving, doors, stopped));
                runtime.shutdown_timeout(LAST_WORDS);
            })?;
        Ok(MockRegistry {
            shared,
            address,
            url,
            elsewhere,
            ca_pem,
            token_certificate,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

/// Why a registry did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address that it should listen on.
    #[error("cannot listen on {address}: {source}")]
    Address {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The folder that it should keep things in.
    #[error("cannot use {} as a store: {source}", folder.display())]
    Store {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another socket, or a thread.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The profile.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// A certificate.
    #[cfg(feature = "_tls")]
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS.
    #[cfg(feature = "_tls")]
    #[error("cannot serve TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// TLS, in a build without.
    #[error("this build has no TLS; build it with the feature aws-lc-rs or ring")]
    NoTls,
    /// The key for tokens.
    #[error("cannot make a key for tokens")]
    Key,
}

/// What the threads of a server share.
struct Shared {
    registry: Mutex<Faulty>,
    start: Instant,
    ahead: AtomicU64,
    epoch: Duration,
    /// Shuts the registry's door for a time.
    shut: mpsc::UnboundedSender<Duration>,
    /// Whether the judge's page is served.
    live: bool,
    /// How long a client may take for the TLS handshake.
    handshake: Duration,
}

impl Shared {
    fn registry(&self) -> MutexGuard<'_, Faulty> {
        // A test that panicked while it looked into the core has not broken it.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.start.elapsed() + Duration::from_nanos(self.ahead.load(Ordering::Relaxed))
    }
}

const LAST_WORDS: Duration = Duration::from_secs(2);
