//! A registry inside this program: to try a push without a registry and without a network.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use longshore_mock_registry::{Config, Core, MockRegistry, Profile as Behaviour};
use longshore_protocol::{Reference, ReferenceDefaults, Secret};
use serde_json::Value;

use crate::console::Console;
use crate::credentials::Login;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;

/// The registry that an embedded one imitates.
#[derive(Clone, Debug)]
pub struct Profile(Box<Behaviour>);

impl Profile {
    /// The one of that name, or in the file of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<Self, Failure> {
        let behaviour = Behaviour::load(name).map_err(|error| {
            Failure::usage(format!("cannot imitate \"{}\"", name.escape_debug()))
                .because(&error)
                .hinting("the profile is a name from that list, or a file")
        })?;
        Ok(Self(Box::new(behaviour)))
    }
}

/// A registry on a loopback port, in memory, for as long as this lives. It wants a password, which
/// nobody but this program knows.
pub struct Embedded {
    server: MockRegistry,
    password: String,
}

impl Embedded {
    /// Starts one.
    ///
    /// # Errors
    /// The system does not give it a port or a thread.
    pub fn start(profile: &Profile, console: &Console) -> Result<Self, Failure> {
        let password = format!("{:016x}", RandomState::new().build_hasher().finish());
        let config = Config::new((*profile.0).clone()).user(USER, &password);
        let server = MockRegistry::start(config).map_err(|error| {
            let message = "cannot start the registry in this program";
            Failure::new(Exit::Unexpected, "starting a registry", message).because(&error)
        })?;
        console.say(format!(
            "registry:        {}, inside this program, like {}",
            server.url(),
            profile.0.name
        ));
        Ok(Self { server, password })
    }

    /// Where an image of that repository and tag goes in it.
    ///
    /// # Errors
    /// None that is known: it was a reference before.
    pub(crate) fn reference(&self, asked: &Reference) -> Result<Reference, Failure> {
        let mut text = format!("{}/{}", self.server.host(), asked.repository());
        if let Some(tag) = asked.tag() {
            text.push_str(&format!(":{tag}"));
        }
        if let Some(digest) = asked.digest() {
            text.push_str(&format!("@{digest}"));
        }
        Reference::parse(&text, &ReferenceDefaults::default())
            .map_err(|error| Failure::reference("DEST_REF", &error))
    }

    /// Who may push there.
    pub(crate) fn login(&self, reference: &Reference) -> Login {
        Login {
            registry: reference.registry().clone(),
            repository: reference.repository().clone(),
            username: Some(USER.to_owned()),
            password: Some(Secret::new(&self.password)),
            origin: "this program, whose registry it is",
            always: false,
            many: false,
            environment: Environment::default(),
        }
    }

    /// What it holds, in lines for a person.
    pub(crate) fn contents(&self) -> Vec<String> {
        self.server.with(|core| {
            let repositories = core.repositories().into_iter();
            let mut lines: Vec<_> = repositories
                .flat_map(|repository| contents(core, &repository))
                .collect();
            lines.push(format!(
                "unfinished uploads: {}",
                core.open_sessions().len()
            ));
            lines
        })
    }

    /// Ends it, with everything in it.
    pub fn stop(self, console: &Console) {
        drop(self.server);
        console.say("registry:        gone, with everything in it");
    }
}

fn contents(core: &Core, repository: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for tag in core.tags(repository) {
        let Some((media_type, bytes, digest)) = core.manifest(repository, &tag) else {
            continue;
        };
        lines.push(format!("{repository}:{tag}"));
        lines.push(format!("  manifest {digest}, {} bytes", bytes.len()));
        lines.push(format!("           {}", media_type.as_str()));
        let manifest: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let layers = manifest["layers"].as_array().into_iter().flatten();
        let config = ("config", &manifest["config"]);
        for (what, blob) in [config]
            .into_iter()
            .chain(layers.map(|layer| ("layer", layer)))
        {
            let digest = blob["digest"].as_str().unwrap_or("?");
            lines.push(format!("  {what:<8} {digest}, {} bytes", blob["size"]));
        }
    }
    lines
}

const USER: &str = "pusher";
