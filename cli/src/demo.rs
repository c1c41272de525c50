//! `longshore demo`: everything a push does, with nothing but this program.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use longshore_image::{Format, Layers, Options};
use longshore_protocol::Reference;

use crate::console::{self, Console, plain};
use crate::credentials::Login;
use crate::embedded::{Embedded, Profile};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::plan::{Channel, Configuration, Packing, PushPlan, Sending};
use crate::push;
use crate::source::{Name, Source};

/// Makes an image, pushes it into a registry that imitates `profile`, and shows what that holds.
///
/// # Errors
/// The push failed, or there is no place for the image.
pub fn run(profile: Profile, console: &Console, interrupt: &Interrupt) -> Result<(), Failure> {
    let place = tempfile::Builder::new().prefix("longshore-demo-").tempdir();
    let image = place.and_then(|image| {
        make(image.path())?;
        Ok(image)
    });
    let image = image.map_err(|error| {
        Failure::new(
            Exit::Unexpected,
            "making the demo image",
            "cannot make the demo image",
        )
        .because(&error)
        .hinting("$TMPDIR names a directory for it")
    })?;
    let registry = Embedded::start(&profile, console)?;
    let plan = plan(image.path())?;
    let summary = push::run_into(&registry, &plan, console, interrupt)?;
    console.say("\nThe registry now holds:");
    for line in registry.contents() {
        console.say(format!("  {}", plain(&line)));
    }
    console.say("");
    registry.stop(console);
    console
        .say("\nNext: longshore push --embedded --image DIR NAME pushes an image of yours there,");
    console.say("and longshore push --image DIR HOST/NAME:TAG pushes it into a real registry.");
    console::result(&summary.to_text(console.is_json()))
}

/// As `longshore push --embedded --image DIR demo/hello:1.0` would have it, but for the times:
/// the image is the same whenever it is made, and so is its digest.
fn plan(image: &Path) -> Result<PushPlan, Failure> {
    let destination: Reference = DESTINATION
        .parse()
        .map_err(|error| Failure::reference("the demo's reference", &error))?;
    let options = Options {
        source_date_epoch: Some(DATE),
        ..Options::default()
    };
    Ok(PushPlan {
        source: Source::Directory {
            name: Name::parse(NAME)?,
            directory: image.to_owned(),
        },
        tell_destination: true,
        assumes_hub: false,
        channel: Channel::internal(),
        login: Login {
            registry: destination.registry().clone(),
            repository: destination.repository().clone(),
            username: None,
            password: None,
            origin: "nobody",
            always: false,
            many: false,
            environment: Environment::default(),
        },
        destination,
        configuration: Configuration::default(),
        packing: Packing {
            options,
            format: Format::Docker,
            platform: None,
            layers: Layers::One,
            sending: Sending::PackFirst,
            spool: crate::plan::temporary(&std::env::temp_dir()),
        },
        mount_from: None,
        cache: None,
        embedded: None,
        digest_file: None,
    })
}

/// Makes the image: a handful of files, one of them with a set-user-ID bit that must not get out,
/// and a history of two steps of which one changed nothing, as Charliecloud writes it.
fn make(image: &Path) -> io::Result<()> {
    for directory in ["bin", "ch", "etc", "usr/bin"] {
        fs::create_dir_all(image.join(directory))?;
    }
    let files = [
        ("bin/hello", 0o755, HELLO),
        ("ch/environment", 0o644, "PATH=/bin:/usr/bin\n"),
        ("ch/metadata.json", 0o644, METADATA),
        ("etc/motd", 0o644, "Welcome ashore.\n"),
        ("usr/bin/captain", 0o4755, HELLO),
    ];
    for (path, mode, text) in files {
        let path = image.join(path);
        fs::write(&path, text)?;
        fs::set_permissions(&path, Permissions::from_mode(mode))?;
    }
    // Whatever the umask says: modes are part of the layer, and the digest is to be the same.
    for directory in ["bin", "ch", "etc", "usr/bin", "usr", ""] {
        fs::set_permissions(image.join(directory), Permissions::from_mode(0o755))?;
    }
    std::os::unix::fs::symlink("../etc/motd", image.join("usr/motd"))
}

const NAME: &str = "hello";
const DESTINATION: &str = "localhost/demo/hello:1.0";

/// 2026-01-01T00:00:00Z
const DATE: u64 = 1_767_225_600;

const HELLO: &str = "#!/bin/sh\nexec cat /etc/motd\n";

const METADATA: &str = r#"{
  "arch": "amd64",
  "arg": {},
  "cwd": "/",
  "env": {"PATH": "/bin:/usr/bin"},
  "history": [
    {"created": "2026-01-01T00:00:00Z", "created_by": "COPY rootfs /"},
    {"created": "2026-01-01T00:00:00Z", "created_by": "ENV PATH=/bin:/usr/bin", "empty_layer": true}
  ],
  "labels": {"org.opencontainers.image.title": "hello"},
  "shell": ["/bin/sh", "-c"],
  "volumes": []
}
"#;
