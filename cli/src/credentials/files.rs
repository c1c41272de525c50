//! Credentials that podman and docker keep: `auth.json`, `config.json`, and the credential helpers
//! that both name.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use docker_credential::{CredentialRetrievalError, DockerCredential, get_credential_from_reader};
use longshore_protocol::{Credentials, Registry, Repository};
use serde_json::{Map, Value, json};

use crate::console::plain;
use crate::environment::Environment;

/// A file that may hold credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    path: PathBuf,
    /// Somebody named this very file, so it should be there.
    is_named: bool,
}

impl Place {
    pub(super) fn shown(&self) -> String {
        plain(&self.path.display().to_string())
    }
}

/// The files to look into, in order.
pub(super) fn places(environment: &Environment) -> Vec<Place> {
    let usual = |path: PathBuf| Place {
        path,
        is_named: false,
    };
    let home = |path: &str| environment.home.as_ref().map(|home| home.join(path));
    let mut places = Vec::new();
    if let Some(path) = &environment.registry_auth_file {
        places.push(Place {
            path: path.clone(),
            is_named: true,
        });
    } else {
        let config_home = environment.config_home.clone().or_else(|| home(".config"));
        let podman = [environment.runtime_dir.clone(), config_home];
        places.extend(
            podman
                .into_iter()
                .flatten()
                .map(|dir| usual(dir.join(AUTH_JSON))),
        );
    }
    let docker = environment
        .docker_config
        .clone()
        .or_else(|| home(".docker"));
    places.extend(docker.map(|dir| usual(dir.join("config.json"))));
    places
}

/// What the file at `place` has for `registry`, or more closely for `repository` there.
///
/// Errors are sentences for a person and never quote the file or a helper's output: either may
/// hold a password.
pub(super) fn look_up(
    place: &Place,
    registry: &Registry,
    repository: &Repository,
) -> Result<Option<Credentials>, String> {
    let Some(config) = read(place)? else {
        return Ok(None);
    };
    let servers = servers(registry);
    if let Some(entry) = of_namespace(&config, registry, repository) {
        return ask(&json!({ "auths": { "server": entry } }), "server");
    }
    if let Some(token) = registry_token(&config, &servers) {
        return Ok(Some(Credentials::RegistryToken(token.into())));
    }
    for server in &servers {
        if let Some(found) = ask(&Value::Object(config.clone()), server)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn read(place: &Place) -> Result<Option<Map<String, Value>>, String> {
    let bytes = match read_some(&place.path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !place.is_named => {
            return Ok(None);
        }
        Err(error) => return Err(error.to_string()),
    };
    // An empty file is what `podman logout` and careless scripts leave.
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    let Ok(Value::Object(mut config)) = serde_json::from_slice(&bytes) else {
        return Err("it is not a JSON object".to_owned());
    };
    // Docker writes empty members where it means absent ones, which `docker_credential` would take
    // for an empty token.
    if let Some(Value::Object(auths)) = config.get_mut("auths") {
        for entry in auths.values_mut() {
            if let Value::Object(entry) = entry {
                entry.retain(|_, value| value.as_str().is_some_and(|text| !text.is_empty()));
            }
        }
    }
    Ok(Some(config))
}

fn read_some(path: &Path) -> io::Result<Vec<u8>> {
    if path.metadata()?.len() > LARGEST {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it is too large",
        ));
    }
    fs::read(path)
}

/// Podman's `auth.json` may have entries for a part of a registry (containers-auth.json(5)): the
/// longest one counts. `docker_credential` knows none, so such an entry is picked out for it.
fn of_namespace<'a>(
    config: &'a Map<String, Value>,
    registry: &Registry,
    repository: &Repository,
) -> Option<&'a Value> {
    let auths = config.get("auths")?.as_object()?;
    let mut path = repository.as_str();
    loop {
        if let Some(entry) = auths.get(&format!("{registry}/{path}")) {
            return Some(entry);
        }
        (path, _) = path.rsplit_once('/')?;
    }
}

/// A token for the registry itself, which `docker_credential` does not know.
fn registry_token<'a>(config: &'a Map<String, Value>, servers: &[String]) -> Option<&'a str> {
    let auths = config.get("auths")?.as_object()?;
    servers
        .iter()
        .find_map(|server| auths.get(server)?.get("registrytoken")?.as_str())
}

/// The names under which a registry may be kept. Docker Hub is kept under that of a service that
/// it had in 2013.
fn servers(registry: &Registry) -> Vec<String> {
    let name = registry.to_string();
    if registry.host() != DOCKER_HUB {
        return vec![name];
    }
    let old = [
        "https://index.docker.io/v1/",
        "index.docker.io",
        "docker.io",
    ];
    old.into_iter().map(str::to_owned).chain([name]).collect()
}

fn ask(config: &Value, server: &str) -> Result<Option<Credentials>, String> {
    match get_credential_from_reader(config.to_string().as_bytes(), server) {
        Ok(DockerCredential::UsernamePassword(username, password)) => {
            Ok(Some(Credentials::password(username, password)))
        }
        Ok(DockerCredential::IdentityToken(token)) => {
            Ok(Some(Credentials::IdentityToken(token.into())))
        }
        Err(error) => match error {
            CredentialRetrievalError::NoCredentialConfigured => Ok(None),
            CredentialRetrievalError::HelperFailure { stdout, stderr, .. }
                if [&stdout, &stderr]
                    .iter()
                    .any(|said| said.contains(NOT_FOUND)) =>
            {
                Ok(None)
            }
            CredentialRetrievalError::HelperFailure { helper, .. } => {
                Err(format!("{} failed", plain(&helper)))
            }
            CredentialRetrievalError::HelperCommunicationError => {
                Err("the credential helper that it names does not work".to_owned())
            }
            CredentialRetrievalError::MalformedHelperResponse => {
                Err("what the credential helper that it names says makes no sense".to_owned())
            }
            CredentialRetrievalError::CredentialMismatchError => Err(format!(
                "for {server}, `auth` is not `username` and `password`"
            )),
            _ => Err(format!("its entry for {server} makes no sense")),
        },
    }
}

const AUTH_JSON: &str = "containers/auth.json";
const DOCKER_HUB: &str = "registry-1.docker.io";

/// What every credential helper says when it has nothing (docker-credential-helpers,
/// `credentials/error.go`).
const NOT_FOUND: &str = "credentials not found";

/// More than any list of passwords: somebody gave a wrong path.
const LARGEST: u64 = 16 << 20;

#[cfg(test)]
mod tests;
