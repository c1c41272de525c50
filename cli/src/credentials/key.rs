//! Keys of `auths` and `credHelpers`: registries and parts of them, as people and programs write
//! them.

use longshore_protocol::{Registry, Repository};

/// What a key is about: `https://HOST:PORT/v2/`, `HOST:PORT` and `HOST:PORT/` are all one registry,
/// `HOST:PORT/NAMESPACE` is a part of it (containers-auth.json(5)). The port of the scheme may be left
/// out (RFC 3986, section 6.2.3).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    server: String,
    path: String,
}

impl Key {
    /// Reads one. Any text is a key; most are about no registry that there is.
    pub(super) fn parse(text: &str) -> Self {
        let text = text.trim();
        let schemeless = ["https://", "http://"].iter().find_map(|scheme| {
            let (start, rest) = text.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        });
        let address = schemeless.unwrap_or(text);
        let (server, path) = address.split_once('/').unwrap_or((address, ""));
        // Only in an address is it the version of the protocol, which says nothing: a namespace may
        // be called that, too, but is written without a slash at its end. Nothing but Docker Hub's
        // first version was ever at `index.docker.io`.
        let is_address = schemeless.is_some() || path.ends_with('/') || server == "index.docker.io";
        let path = path.trim_matches('/');
        let path = match path.split_once('/').unwrap_or((path, "")) {
            ("v1" | "v2", rest) if is_address => rest,
            _ => path,
        };
        let is_plain = text.len() - address.len() == "http://".len();
        let port = if is_plain { ":80" } else { ":443" };
        Self {
            server: canonical(server.strip_suffix(port).unwrap_or(server)),
            path: path.to_owned(),
        }
    }

    /// Whether it is about all of `registry`.
    pub(super) fn is(&self, registry: &Registry) -> bool {
        self.path.is_empty() && self.server == canonical(&address(registry))
    }

    /// How closely it is about `repository` of `registry`, if it is at all: the more the closer.
    pub(super) fn closeness(&self, registry: &Registry, repository: &Repository) -> Option<usize> {
        if self.server != canonical(&address(registry)) {
            return None;
        }
        let rest = repository.as_str().strip_prefix(&self.path)?;
        let is_whole = self.path.is_empty() || rest.is_empty() || rest.starts_with('/');
        is_whole.then_some(self.path.len())
    }
}

/// The names under which `registry` may be kept, the likeliest first.
pub(super) fn names(registry: &Registry) -> Vec<String> {
    let name = registry.to_string();
    if canonical(&name) == HUB {
        return HUB_NAMES.iter().map(|&name| name.to_owned()).collect();
    }
    vec![name]
}

/// The port of HTTPS says nothing. That of HTTP does: a registry is spoken to with TLS unless it is on
/// this machine or a person wants it otherwise.
fn address(registry: &Registry) -> String {
    let name = registry.to_string();
    match name.strip_suffix(":443") {
        Some(host) => host.to_owned(),
        None => name,
    }
}

/// Docker Hub has several names, and hosts are the same in upper and lower case.
fn canonical(server: &str) -> String {
    let server = server.to_ascii_lowercase();
    if HUB_NAMES.contains(&server.as_str()) {
        return HUB.to_owned();
    }
    server
}

const HUB: &str = "docker.io";

/// The first is that of a service that it had in 2013, and what `docker login` uses to this day.
const HUB_NAMES: [&str; 4] = [
    "https://index.docker.io/v1/",
    "index.docker.io",
    HUB,
    "registry-1.docker.io",
];

#[cfg(test)]
mod tests;
