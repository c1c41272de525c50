//! From arguments and environment to a plan: everything is parsed and checked here, once, so that
//! what carries the plan out meets only values that make sense.

mod config;
mod packing;

use std::io::Read;
use std::path::PathBuf;

use longshore_image::Cache;
use longshore_protocol::redaction::without_credentials;
use longshore_protocol::{
    Reference, ReferenceDefaults, ReferenceError, Repository, Scheme, Secret,
};

use crate::args::{self, Arguments, Command};
use crate::bounded;
use crate::console::{Output, Verbosity};
use crate::credentials::Login;
use crate::digest_file::DigestFile;
use crate::embedded::Profile;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::source::{Meant, Name, Source};

pub use config::{Base, Changes, Configuration};
pub(crate) use packing::temporary;
pub use packing::{Packing, Sending};

/// What to do.
#[derive(Debug)]
pub enum Plan {
    /// Push one image.
    Push(Box<PushPlan>),
    /// Look after the cache.
    Cache(CachePlan),
    /// Show how it works.
    Demo(Profile),
}

/// One push.
#[derive(Debug)]
pub struct PushPlan {
    /// The image.
    pub source: Source,
    /// Where it goes.
    pub destination: Reference,
    /// Whether to say where it goes: it is not what was asked for to the letter.
    pub tell_destination: bool,
    /// No registry was named, and so it is Docker Hub.
    pub assumes_hub: bool,
    /// How the registry is spoken to.
    pub channel: Channel,
    /// Who is pushing.
    pub login: Login,
    /// How the layer is made.
    pub packing: Packing,
    /// What the image's configuration says beside its metadata.
    pub configuration: Configuration,
    /// Another repository that may have the layer.
    pub mount_from: Option<Repository>,
    /// What is remembered of earlier pushes; `None` to remember nothing.
    pub cache: Option<Cache>,
    /// Push into a registry of our own instead of the one in `destination`.
    pub embedded: Option<Profile>,
    /// Where the digest is written.
    pub(crate) digest_file: Option<DigestFile>,
}

/// What drives a push. Both do the same on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Threads and blocking sockets.
    Blocking,
    /// A runtime and sockets that do not block; HTTP/2 where the registry has it.
    Async,
}

/// What to do with the cache.
#[derive(Debug)]
pub struct CachePlan {
    /// What to do.
    pub task: CacheTask,
    /// Where it is.
    pub directory: PathBuf,
    /// What is in it.
    pub cache: Cache,
}

/// `longshore cache TASK`.
#[derive(Clone, Copy, Debug)]
pub enum CacheTask {
    /// Say how large it is.
    Info,
    /// Empty it.
    Prune,
}

/// How the registry is spoken to.
#[derive(Clone, Debug)]
pub struct Channel {
    /// The scheme.
    pub scheme: Scheme,
    /// Whether certificates are checked.
    pub verify: bool,
    /// Certificates to trust besides the system's.
    pub authorities: Option<Authorities>,
    /// How often a request is sent at most.
    pub attempts: u32,
    /// The largest part of a layer to send in one request, in bytes, if that was asked for.
    pub chunk: Option<u64>,
    /// By which driver.
    pub transport: Transport,
}

/// The certificates of `--ca-file`.
#[derive(Clone, Debug)]
pub struct Authorities {
    /// The file, which is read once: it may be a pipe.
    pub path: PathBuf,
    /// What is in it.
    pub pem: Vec<u8>,
}

impl Channel {
    /// To a registry in this program.
    pub(crate) fn internal() -> Self {
        Self {
            scheme: Scheme::Http,
            verify: true,
            authorities: None,
            attempts: 5,
            chunk: None,
            transport: Transport::Blocking,
        }
    }
}

impl Plan {
    /// What `arguments` and `environment` ask for.
    ///
    /// # Errors
    /// They make no sense, or a file they name cannot be read.
    pub(crate) fn new(arguments: Arguments, environment: &Environment) -> Result<Self, Failure> {
        match arguments.command {
            Command::Push(push) => {
                let plan = push_plan(*push, arguments.common, environment)?;
                Ok(Self::Push(Box::new(plan)))
            }
            Command::Cache(cache) => {
                let plan = cache_plan(cache.task, arguments.common, environment)?;
                Ok(Self::Cache(plan))
            }
            Command::Demo(demo) => Ok(Self::Demo(Profile::named(&demo.profile)?)),
        }
    }
}

/// How much is said and in which form. Known before anything else, since errors need it.
pub(crate) fn output(arguments: &Arguments, environment: &Environment) -> Output {
    let json = match &arguments.command {
        Command::Push(push) => push.json,
        Command::Cache(cache) => cache.json,
        Command::Demo(demo) => demo.json,
    };
    let Environment { colours, bars, .. } = *environment;
    // Who wants to see how it works wants to see all of it.
    let more = u8::from(matches!(arguments.command, Command::Demo(_)));
    let verbosity = match (
        arguments.common.quiet,
        arguments.common.verbose.saturating_add(more),
    ) {
        (0, 0) => Verbosity::Normal,
        (0, 1) => Verbosity::Verbose,
        (0, 2..) => Verbosity::Debug,
        (1, _) => Verbosity::Quiet,
        (_, _) => Verbosity::Silent,
    };
    Output {
        verbosity,
        json,
        colours,
        bars,
    }
}

fn push_plan(
    push: args::Push,
    common: args::Common,
    environment: &Environment,
) -> Result<PushPlan, Failure> {
    let meant = match push.image {
        Some(_) => None,
        None => Meant::of(&push.source, push.destination.as_deref()),
    };
    let hinting = |failure: Failure| match &meant {
        Some(meant) => failure.hinting(meant.hint()),
        None => failure,
    };
    let name = Name::parse(&push.source).map_err(hinting)?;
    let defaults = match push.embedded {
        // Docker Hub's rules for short names are not those of the registry in here.
        Some(_) => embedded_defaults(),
        None => defaults(environment)?,
    };
    let (label, text) = match &push.destination {
        Some(text) => ("DEST_REF", text.as_str()),
        None => ("IMAGE_REF", push.source.as_str()),
    };
    let destination = Reference::parse(text, &defaults).map_err(|error| {
        let failure = Failure::reference(label, &error);
        match label {
            "IMAGE_REF" => hinting(failure),
            _ => failure,
        }
    })?;
    let mount_from = push.mount_from.as_deref().map(repository).transpose()?;
    let packing = packing::packing(&push, &common, environment)?;
    let epoch = packing.options.source_date_epoch;
    let configuration = config::configuration(push.config.clone(), epoch)?;
    let channel = channel(&push, common.tls_no_verify, &destination)?;
    let embedded = push.embedded.as_deref().map(Profile::named).transpose()?;
    // A registry that is gone in a moment has nothing that is worth remembering.
    let cache = if common.no_cache || embedded.is_some() {
        None
    } else {
        cache_directory(common.cache_dir, environment).map(|directory| Cache::new(&directory))
    };
    let login = Login {
        registry: destination.registry().clone(),
        repository: destination.repository().clone(),
        username: push.username,
        password: if push.password_stdin {
            Some(password(std::io::stdin())?)
        } else {
            None
        },
        origin: "--username and --password-stdin",
        always: common.auth,
        many: common.password_many,
        environment: environment.clone(),
    };
    let source = match push.image {
        Some(directory) => Source::Directory { name, directory },
        None => Source::Storage {
            name,
            storage: storage(common.storage, environment)?,
            meant,
        },
    };
    let digest_file = push.digest_file.map(DigestFile::open).transpose()?;
    let is_named = Reference::names_registry(text) || environment.default_host.is_some();
    Ok(PushPlan {
        assumes_hub: !is_named && embedded.is_none(),
        tell_destination: push.destination.is_some()
            || embedded.is_some()
            || destination.to_string() != push.source,
        source,
        destination,
        channel,
        login,
        packing,
        configuration,
        mount_from,
        cache,
        embedded,
        digest_file,
    })
}

fn cache_plan(
    task: args::CacheTask,
    common: args::Common,
    environment: &Environment,
) -> Result<CachePlan, Failure> {
    let directory = cache_directory(common.cache_dir, environment).ok_or_else(|| {
        Failure::usage("no cache: neither --cache-dir, $XDG_CACHE_HOME nor $HOME is set")
    })?;
    Ok(CachePlan {
        task: match task {
            args::CacheTask::Info => CacheTask::Info,
            args::CacheTask::Prune => CacheTask::Prune,
        },
        cache: Cache::new(&directory),
        directory,
    })
}

/// Where the cache is, by the XDG Base Directory specification, which wants paths that are not
/// absolute to be ignored.
fn cache_directory(given: Option<PathBuf>, environment: &Environment) -> Option<PathBuf> {
    let absolute = |path: &Option<PathBuf>| path.clone().filter(|path| path.is_absolute());
    let user = || {
        absolute(&environment.cache_home)
            .or_else(|| Some(absolute(&environment.home)?.join(".cache")))
            .map(|directory| directory.join("longshore"))
    };
    given.or_else(user)
}

fn defaults(environment: &Environment) -> Result<ReferenceDefaults, Failure> {
    let mut defaults = ReferenceDefaults::default();
    // Port and prefix belong to a host of the site's own: without it they mean nothing, as for
    // ch-image.
    let Some(host) = &environment.default_host else {
        return Ok(defaults);
    };
    // The host is trusted with the password, so it must be one: parsed as part of a reference.
    Reference::parse(&format!("{host}:443/x"), &ReferenceDefaults::default())
        .map_err(|error| in_environment("CH_REGY_DEFAULT_HOST", host, error.reason))?;
    host.clone_into(&mut defaults.host);
    if let Some(port) = &environment.default_port {
        let number = port.parse().ok().filter(|number| *number != 0);
        let reason = "a port is a number from 1 to 65535";
        let missing = || in_environment("CH_REGY_DEFAULT_PORT", port, reason);
        defaults.port = Some(number.ok_or_else(missing)?);
    }
    if let Some(prefix) = &environment.path_prefix {
        let prefix = prefix.trim_matches('/');
        prefix
            .parse::<Repository>()
            .map_err(|error| in_environment("CH_REGY_PATH_PREFIX", prefix, error.reason))?;
        defaults.path_prefix = Some(prefix.to_owned());
    }
    Ok(defaults)
}

fn embedded_defaults() -> ReferenceDefaults {
    let mut defaults = ReferenceDefaults::default();
    "localhost".clone_into(&mut defaults.host);
    defaults
}

fn in_environment(variable: &str, value: &str, reason: &str) -> Failure {
    let value = without_credentials(value);
    Failure::usage(format!(
        "${variable} is \"{}\": {reason}",
        value.escape_debug()
    ))
}

fn repository(text: &str) -> Result<Repository, Failure> {
    text.parse().map_err(|error: ReferenceError| {
        let failure = Failure::reference("--mount-from", &error);
        if error.has_credentials() {
            return failure;
        }
        failure.hinting("it is a repository of the same registry, without host and tag: team/base")
    })
}

fn storage(given: Option<PathBuf>, environment: &Environment) -> Result<PathBuf, Failure> {
    let user = || {
        environment
            .user
            .as_ref()
            .map(|user| PathBuf::from(format!("/var/tmp/{user}.ch")))
    };
    given.or_else(user).ok_or_else(|| {
        Failure::usage(
            "no storage directory: neither --storage, $CH_IMAGE_STORAGE nor $USER is set",
        )
        .hinting("--image DIR pushes an image from anywhere")
    })
}

fn channel(
    push: &args::Push,
    no_verify: bool,
    destination: &Reference,
) -> Result<Channel, Failure> {
    let registry = destination.registry();
    let is_tls_meant = push.ca_file.is_some() || no_verify || registry.port() == Some(443);
    let is_here = registry.origin(Scheme::Http).is_loopback();
    let is_plain = push.plain_http || push.embedded.is_some() || (is_here && !is_tls_meant);
    let authorities = match &push.ca_file {
        Some(path) => match bounded::read(path, MOST_CERTIFICATES) {
            Ok(pem) => Some(Authorities {
                path: path.clone(),
                pem,
            }),
            Err(error) => {
                let message = format!("cannot read --ca-file {}", path.display());
                return Err(Failure::usage(message).because(&error));
            }
        },
        None => None,
    };
    Ok(Channel {
        scheme: if is_plain {
            Scheme::Http
        } else {
            Scheme::Https
        },
        verify: !no_verify,
        authorities,
        attempts: u32::from(push.retries) + 1,
        chunk: push.chunk_size,
        transport: match push.transport {
            args::Transport::Blocking => Transport::Blocking,
            args::Transport::Async => Transport::Async,
        },
    })
}

/// All of it, but for the line break at its end: some passwords are whole files, and some are no text.
fn password(from: impl Read) -> Result<Secret, Failure> {
    let mut bytes = Vec::new();
    from.take(MAX_PASSWORD + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::usage("--password-stdin: cannot read it").because(&error))?;
    // Sent in part, it would be a wrong one.
    if bytes.len() as u64 > MAX_PASSWORD {
        return Err(Failure::usage(
            "--password-stdin: standard input is too long for a password",
        ));
    }
    while let Some(b'\n' | b'\r') = bytes.last() {
        bytes.pop();
    }
    if bytes.is_empty() {
        return Err(Failure::usage("--password-stdin: standard input is empty"));
    }
    Ok(Secret::from(bytes))
}

const MAX_PASSWORD: u64 = 64 * 1024;

/// The bytes of some thousand certificates: a system's whole store has less than a MiB.
const MOST_CERTIFICATES: u64 = 16 << 20;

#[cfg(test)]
mod tests;
