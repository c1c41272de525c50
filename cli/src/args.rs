//! The command line, as clap reads it. What it means is decided in [`plan`](crate::plan), and
//! nothing else sees these types.
#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "the comments on options are help texts, in which brackets mean that a part is optional"
)]

mod config;
mod foreign;

use std::num::NonZeroU8;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use longshore_image::Layers;

use crate::exit::Exit;

pub(crate) use config::Config;
pub(crate) use foreign::Foreign;

/// Push container images from unpacked directories.
#[derive(Debug, Parser)]
#[command(
    name = "longshore",
    version,
    about = "Push unpacked container images into any registry",
    long_about = "Push unpacked container images into any registry: a drop-in for `ch-image push`.",
    propagate_version = true,
    after_help = "See it work, without a registry and without a network: longshore demo",
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Arguments {
    /// The options of ch-image that mean nothing here, as far as they were given.
    pub(crate) fn foreign(&self) -> impl Iterator<Item = &'static str> {
        let foreign = &self.common.foreign;
        let is_late = matches!(&self.command, Command::Push(push) if push.profile > 0);
        let late = (is_late && foreign.profile == 0).then_some("--profile");
        foreign.given().chain(late)
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Copy an image from the local file system to a registry.
    #[command(after_long_help = push_help())]
    Push(Box<Push>),
    /// Look after what is remembered of earlier pushes.
    Cache(Cache),
    /// Push a small image into a registry inside this program, to see it work.
    #[command(long_about = DEMO)]
    Demo(Demo),
}

/// Options that ch-image takes before and after its subcommand.
#[derive(Args, Debug)]
pub(crate) struct Common {
    /// More detail: stripped files, requests, retries. Twice: every step.
    #[arg(short, long, action = ArgAction::Count, global = true, help_heading = OUTPUT)]
    pub(crate) verbose: u8,

    /// Less: no progress. Twice: errors only.
    #[arg(short, long, action = ArgAction::Count, global = true, conflicts_with = "verbose", help_heading = OUTPUT)]
    pub(crate) quiet: u8,

    /// Charliecloud's storage directory [default: /var/tmp/$USER.ch].
    ///
    /// The image IMAGE_REF is its directory `img/IMAGE_REF`, with `%` for `/` and `+` for `:`.
    #[arg(short, long, value_name = "DIR", env = "CH_IMAGE_STORAGE", overrides_with = "storage", global = true, help_heading = IMAGE)]
    pub(crate) storage: Option<PathBuf>,

    /// Architecture to write into the image's configuration: `amd64`, `arm64/v8`, `linux/arm64`,
    /// `host`, or `yolo` for the default [default: what the image's metadata say, else its
    /// programs, else `host`].
    #[arg(short, long, overrides_with = "arch", global = true, help_heading = IMAGE)]
    pub(crate) arch: Option<String>,

    /// Ask for credentials at once, even where pushing without any might be allowed.
    #[arg(long, global = true, help_heading = AUTHENTICATION)]
    pub(crate) auth: bool,

    /// Ask for the password each time one is needed (for one-time passwords).
    #[arg(long, global = true, help_heading = AUTHENTICATION)]
    pub(crate) password_many: bool,

    /// Trust any certificate (dangerous: anybody on the way can read the password).
    #[arg(long, global = true, help_heading = NETWORK)]
    pub(crate) tls_no_verify: bool,

    /// Remember nothing of this push, and use nothing of earlier ones: read every file.
    #[arg(long, overrides_with = "cache", global = true, help_heading = IMAGE)]
    pub(crate) no_cache: bool,

    /// Where to remember which layer an unchanged image makes, and which repositories have it
    /// [default: $XDG_CACHE_HOME/longshore, else ~/.cache/longshore].
    #[arg(long, value_name = "DIR", global = true, help_heading = IMAGE)]
    pub(crate) cache_dir: Option<PathBuf>,

    /// Of ch-image: takes back an earlier `--no-cache`.
    #[arg(long, overrides_with = "no_cache", global = true, hide = true)]
    pub(crate) cache: bool,

    /// Of ch-image: as `push --preserve xattrs`.
    #[arg(long, overrides_with_all = ["xattrs", "no_xattrs"], global = true, hide = true)]
    pub(crate) xattrs: bool,

    /// Of ch-image: takes back an earlier `--xattrs`.
    #[arg(long, overrides_with_all = ["xattrs", "no_xattrs"], global = true, hide = true)]
    pub(crate) no_xattrs: bool,

    #[command(flatten)]
    pub(crate) foreign: Foreign,
}

/// `longshore push`.
#[derive(Args, Debug)]
pub(crate) struct Push {
    /// Image to push, by its name in the storage directory; with --image, only a name.
    #[arg(value_name = "IMAGE_REF")]
    pub(crate) source: String,

    /// Where to push it: [HOST[:PORT]/]NAME[:TAG] [default: IMAGE_REF].
    #[arg(value_name = "DEST_REF")]
    pub(crate) destination: Option<String>,

    /// Push the unpacked image in DIR instead of one in the storage directory.
    #[arg(long, value_name = "DIR", help_heading = IMAGE)]
    pub(crate) image: Option<PathBuf>,

    /// Fail if something in the image would not arrive, instead of leaving it out: devices, FIFOs,
    /// sockets, what is mounted in it, metadata that cannot be used, and what --preserve names and is
    /// not told to keep; or if the directory looks like something else than an unpacked image.
    #[arg(long, help_heading = IMAGE)]
    pub(crate) strict: bool,

    /// Keep what ch-image leaves out: `owner`, `setuid`, `xattrs`, or several with commas between.
    ///
    /// By default every file belongs to root:root and has no setuid and setgid bits and no extended
    /// attributes; what is lost by that is counted in a warning. `owner` keeps the numbers of users
    /// and groups, without names; `setuid` both kinds of bits; `xattrs` file capabilities, ACLs and
    /// `user.*`, but no labels of security modules (SELinux, IMA) and no notes of file systems
    /// (`trusted.*`). Who unpacks the image has to be root, or a root of their own, to get all that.
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',', hide_possible_values = true, help_heading = IMAGE)]
    pub(crate) preserve: Vec<Preserve>,

    /// Pack what is mounted in the image as a part of it.
    ///
    /// By default the mount points stay empty directories, or empty files, with a warning; so do
    /// those of `--bind` mounts. DIR itself may be one.
    #[arg(long, help_heading = IMAGE)]
    pub(crate) cross_mounts: bool,

    /// Give the image's root directory this mode, in octal digits [default: that of the directory].
    ///
    /// A directory that `mktemp -d` made has mode 0700, and in such an image only root can do
    /// anything.
    #[arg(long, value_name = "MODE", value_parser = mode, help_heading = IMAGE)]
    pub(crate) root_mode: Option<u32>,

    #[command(flatten)]
    pub(crate) config: Config,

    /// Format of manifest and configuration.
    ///
    /// `docker` (Docker Image Manifest V2, Schema 2) is what ch-image pushes and what every
    /// registry takes; `oci` is the newer standard, which some old registries refuse.
    #[arg(long, value_enum, default_value_t, help_heading = IMAGE)]
    pub(crate) format: Format,

    /// Form of the layer.
    ///
    /// `gzip` is what everybody reads. `zstd` is smaller and faster, needs `--format oci`, and some
    /// older programs cannot pull it. `none` is for links faster than any compressor.
    #[arg(long, value_name = "FORM", value_enum, default_value_t, help_heading = IMAGE)]
    pub(crate) compression: Compression,

    /// How hard to compress the layer.
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t, help_heading = IMAGE)]
    pub(crate) compression_level: Level,

    /// Threads to compress with [default: one for each processor]. They do not change the digest.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = IMAGE)]
    pub(crate) jobs: Option<u16>,

    /// Split the image into layers of which a small change touches one: `auto`, or N at most.
    ///
    /// A file is in the same layer next time, so that after a change only one small layer, and maybe
    /// the one with the directories, is sent again. `auto` makes one layer for 16 MiB, 64 at most.
    /// Unpacked, the image is the same.
    #[arg(long, value_name = "auto|N", default_value = "1", hide_default_value = true, value_parser = layers, help_heading = IMAGE)]
    pub(crate) layers: Layers,

    /// Pack the layer before anything of it is sent, and send nothing that the registry has.
    ///
    /// Otherwise a large layer that nobody remembers is sent while it is packed. If the registry
    /// turns out to have it, what was sent until then was for nothing.
    #[arg(long, conflicts_with = "stream", help_heading = IMAGE)]
    pub(crate) pack_first: bool,

    /// Keep the packed layer nowhere: send it as it is packed. If the upload breaks, it is packed
    /// again, and it is sent even if the registry has it.
    #[arg(long, conflicts_with_all = ["spool", "mount_from"], help_heading = IMAGE)]
    pub(crate) stream: bool,

    /// Keep the packed layer in DIR until it is uploaded [default: $TMPDIR, else /tmp].
    #[arg(long, value_name = "DIR", help_heading = IMAGE)]
    pub(crate) spool: Option<PathBuf>,

    /// Trust the certificates in this PEM file, too.
    ///
    /// They may be authorities' or the registry's own. Trusted besides are the system's, or, where
    /// one of them is set, those that $SSL_CERT_FILE, $SSL_CERT_DIR, $REQUESTS_CA_BUNDLE and
    /// $CURL_CA_BUNDLE name.
    #[arg(long, value_name = "FILE", help_heading = NETWORK)]
    pub(crate) ca_file: Option<PathBuf>,

    /// Speak HTTP instead of HTTPS.
    ///
    /// This is the default for a registry on this machine (localhost, 127.0.0.0/8, [::1]) unless
    /// its port is 443, or --ca-file or --tls-no-verify say that TLS is meant. Everywhere else
    /// the password would be readable on the way, so it has to be asked for.
    #[arg(long, conflicts_with_all = ["tls_no_verify", "ca_file"], help_heading = NETWORK)]
    pub(crate) plain_http: bool,

    /// Another repository of the registry that may have the layer: it is taken from there instead
    /// of being uploaded.
    #[arg(long, value_name = "REPO", help_heading = NETWORK)]
    pub(crate) mount_from: Option<String>,

    /// How often a request is sent again when the registry or the network fails.
    #[arg(long, value_name = "N", default_value_t = 4, help_heading = NETWORK)]
    pub(crate) retries: u8,

    /// Send no more of a layer than SIZE in one request: a number of bytes, or of KiB, MiB or GiB with
    /// K, M or G behind it [default: the whole layer, until one is refused as too large].
    ///
    /// For registries behind a proxy that limits requests and does not say so. Where SIZE is too
    /// large, smaller sizes are tried, down to 256K. The size that a registry took is remembered for
    /// 30 days.
    #[arg(long, value_name = "SIZE", value_parser = size, conflicts_with = "stream", help_heading = NETWORK)]
    pub(crate) chunk_size: Option<u64>,

    /// What drives the connections.
    ///
    /// Both send the same requests. `blocking` (HTTP/1.1, one thread for each connection) is the
    /// default because it measured as fast and in less memory; `async` also speaks HTTP/2 where the
    /// registry offers it.
    #[arg(long, value_enum, default_value_t, help_heading = NETWORK)]
    pub(crate) transport: Transport,

    /// User name.
    #[arg(short, long, value_name = "USER", help_heading = AUTHENTICATION)]
    pub(crate) username: Option<String>,

    /// Read the password from standard input.
    #[arg(long, requires = "username", help_heading = AUTHENTICATION)]
    pub(crate) password_stdin: bool,

    /// Push into a registry inside this program, for as long as the push takes.
    ///
    /// PROFILE is the registry it imitates. DEST_REF keeps its repository and tag.
    #[arg(
        long,
        value_name = "PROFILE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = DEFAULT_PROFILE,
        conflicts_with_all = ["plain_http", "tls_no_verify", "ca_file", "username"],
        help_heading = NETWORK
    )]
    pub(crate) embedded: Option<String>,

    /// Write the result (or the error) as one JSON object to standard output.
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) json: bool,

    /// Of ch-image, as in [`Foreign`].
    #[arg(long, action = ArgAction::Count, hide = true)]
    pub(crate) profile: u8,

    /// Write the manifest's digest to FILE once the registry has the image.
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub(crate) digest_file: Option<PathBuf>,
}

/// `longshore cache`.
#[derive(Args, Debug)]
pub(crate) struct Cache {
    #[command(subcommand)]
    pub(crate) task: CacheTask,

    /// Write the result (or the error) as one JSON object to standard output.
    #[arg(long, global = true, help_heading = OUTPUT)]
    pub(crate) json: bool,
}

/// What to do with the cache.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum CacheTask {
    /// Say where it is and how large.
    Info,
    /// Remove everything in it. Pushes that run meanwhile go on.
    Prune,
}

/// `longshore demo`.
#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// The registry to imitate.
    #[arg(long, value_name = "PROFILE", default_value = DEFAULT_PROFILE)]
    pub(crate) profile: String,

    /// Write the result (or the error) as one JSON object to standard output.
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) json: bool,
}

/// `--format`.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Format {
    /// Docker Image Manifest V2, Schema 2.
    #[default]
    Docker,
    /// OCI image specification.
    Oci,
}

/// `--transport`.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Transport {
    /// Threads and blocking sockets.
    #[default]
    Blocking,
    /// A tokio runtime.
    Async,
}

/// `--compression`.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Compression {
    /// Gzip.
    #[default]
    Gzip,
    /// Zstandard.
    Zstd,
    /// A plain tar.
    None,
}

/// `--compression-level`.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Level {
    /// For fast networks.
    Fast,
    /// In between.
    #[default]
    Default,
    /// For slow networks and full registries.
    Best,
}

/// `--preserve`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preserve {
    /// Numbers of users and groups.
    Owner,
    /// Set-user-ID and set-group-ID bits.
    Setuid,
    /// File capabilities, ACLs and other extended attributes.
    Xattrs,
}

fn mode(text: &str) -> Result<u32, String> {
    let is_octal = !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    match u32::from_str_radix(text, 8) {
        Ok(mode) if is_octal && mode <= 0o1777 => Ok(mode),
        _ => Err("it is octal digits from 0 to 1777, such as 0755".to_owned()),
    }
}

fn size(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.strip_suffix(['K', 'M', 'G']) {
        Some(digits) => (digits, &text[digits.len()..]),
        None => (text, ""),
    };
    let shift = match unit {
        "K" => 10,
        "M" => 20,
        "G" => 30,
        _ => 0,
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse::<u64>().ok().filter(|_| is_number);
    number
        .and_then(|number| number.checked_mul(1 << shift))
        .filter(|bytes| *bytes >= SMALLEST_CHUNK)
        .ok_or_else(|| "it is a size of 64K or more, as in 512K, 4M or 4194304".to_owned())
}

fn layers(text: &str) -> Result<Layers, String> {
    match (text, text.parse::<NonZeroU8>()) {
        ("auto", _) => Ok(Layers::Auto),
        (_, Ok(number)) if number.get() <= 64 => Ok(Layers::AtMost(number)),
        _ => Err("it is `auto`, or a number from 1 to 64".to_owned()),
    }
}

/// What stands below the options of `push --help`.
fn push_help() -> String {
    let mut text = String::from(PUSH);
    text.push_str("\nExit codes:\n");
    for exit in Exit::ALL {
        text.push_str(&format!("  {:>3}  {}\n", exit.code(), exit.meaning()));
    }
    text
}

/// In smaller parts a layer would take thousands of requests.
const SMALLEST_CHUNK: u64 = 64 << 10;

const IMAGE: &str = "The image";
const NETWORK: &str = "The registry";
const AUTHENTICATION: &str = "Authentication";
const OUTPUT: &str = "Output";

const DEFAULT_PROFILE: &str = "quay";

const DEMO: &str = "\
Push a small image into a registry inside this program, to see it work.

Makes a tiny image in a temporary directory and starts a registry on a loopback port, which \
behaves like the one that --profile names and wants a password. Then pushes the image there just \
as `longshore push` would, and shows what the registry holds. Nothing remains of it, and no \
network is used.";

const PUSH: &str = "\
Examples:
  longshore push --embedded --image ./rootfs hello
          try it without a registry: it brings its own
  longshore push debian:12 registry.example/team/debian:12
          push an image from Charliecloud's storage directory
  longshore push --image ./rootfs registry.example/team/app:1.0
          push any directory
  longshore push --entrypoint /app --env LANG=C --expose 80 --image ./rootfs registry.example/app
          say how it is run, where the directory has no metadata
  longshore push --json --digest-file app.digest --image ./rootfs registry.example/team/app
          in a script: the result as JSON, the digest in a file

Credentials are looked for when the registry asks, in this order, and the first found are used:
  1. --username with --password-stdin
  2. $CH_IMAGE_USERNAME with $CH_IMAGE_PASSWORD
  3. podman's auth.json: $REGISTRY_AUTH_FILE, else $XDG_RUNTIME_DIR/containers/auth.json (without
     that variable, /run/containers/UID/auth.json), then ~/.config/containers/auth.json
  4. docker's config.json in $DOCKER_CONFIG, else ~/.docker, with its credential helpers; then
     ~/.dockercfg, as docker had it before
  5. a question, if standard input and standard error are a terminal
Only the registry that is pushed to, or the token server it names, ever gets to see them.

Environment:
  CH_IMAGE_STORAGE        as --storage
  CH_IMAGE_USERNAME, CH_IMAGE_PASSWORD
                          user name and password
  CH_REGY_DEFAULT_HOST    registry for references without one [default: Docker Hub]
  CH_REGY_DEFAULT_PORT    its port
  CH_REGY_PATH_PREFIX     put before the repository of such references
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY
                          proxies (http://, socks5h:// with names looked up there, socks5:// with
                          names looked up here), and what is reached without one
  SOURCE_DATE_EPOCH       no file in the layer, and no date in the configuration, is later than
                          this (seconds since 1970)
  XDG_CACHE_HOME          where the cache is
  TMPDIR                  where the packed layer is kept until it is uploaded
  NO_COLOR                if set, no colours

Standard output gets the result only: HOST/NAME@DIGEST, or with --json an object with the members
reference, digest, mediaType, size, created, architecture, config, layers, requests, retries,
warnings and elapsedSeconds; or error, with class, exitCode, phase, message, causes, hint, status and code.
Everything else goes to standard error.
";
