//! Cross-repository mounts.

use http::Response;
use longshore_protocol::{Digest, ErrorCode};

use super::auth::{Caller, Need};
use super::config::Action;
use super::errors::{CONTENT_DIGEST, Refusal};
use super::uploads::push;
use super::{Body, Core, Head, Outcome};
use crate::profile::{AnonymousMount, BadSource};

impl Core {
    /// The answer to a mount, or `None` if the request is to open a session after all.
    pub(super) fn mount(
        &mut self,
        head: &Head<'_>,
        caller: &Caller,
        name: &str,
    ) -> Outcome<Option<Response<Body>>> {
        let Some(wanted) = head.query.get("mount") else {
            return Ok(None);
        };
        let knobs = &self.profile.mount;
        let from = head.query.get("from").filter(|from| !from.is_empty());
        let from = from.filter(|_| !knobs.any_source);
        let source = match from {
            Some(from) if knobs.with_from => self.canonical(from).ok().map(|source| vec![source]),
            Some(_) => None,
            None => match knobs.without_from {
                AnonymousMount::Mount => Some(self.readable(caller)),
                AnonymousMount::Session => None,
                AnonymousMount::Refuse => {
                    return Err(Refusal::new(
                        400,
                        ErrorCode::new("INVALID_REQUEST"),
                        "a mount needs a repository to mount from",
                    ));
                }
            },
        };
        let Some(sources) = source else {
            return Ok(None);
        };
        if let [source] = sources.as_slice()
            && !self.may(caller, source, Action::Pull)
        {
            return match knobs.bad_source {
                BadSource::Session => Ok(None),
                BadSource::Forbidden => Err(Refusal::new(
                    403,
                    ErrorCode::DENIED,
                    "requested access to the resource is denied",
                )),
                BadSource::NotFound => Err(Refusal::new(
                    404,
                    ErrorCode::NAME_UNKNOWN,
                    "repository name not known to registry",
                )),
                BadSource::Unauthorized => {
                    let pull = Need {
                        name: source,
                        action: Action::Pull,
                    };
                    let refusal =
                        Refusal::new(401, ErrorCode::UNAUTHORIZED, "authentication required");
                    let needs = [push(name), pull];
                    Err(self.challenged(refusal, &needs, Some("insufficient_scope")))
                }
            };
        }
        let Ok(digest) = wanted.parse::<Digest>() else {
            return Ok(None);
        };
        let referenced = |source: &str| {
            !knobs.only_referenced
                || self
                    .catalog
                    .get(source)
                    .is_some_and(|source| source.names(&digest))
        };
        let found = |source: &String| self.shows_blob(source, &digest) && referenced(source);
        if !sources.iter().any(found) {
            return Ok(None);
        }
        self.note_upload(name, &digest, head.now);
        self.link_blob(name, &digest)
            .map_err(|e| Refusal::storage(&e))?;
        let base = self.base_of(head.parts);
        let mut response = self.blob_created(&base, name, &digest);
        if !self.profile.mount.digest_header {
            response.headers_mut().remove(CONTENT_DIGEST);
        }
        Ok(Some(response))
    }

    fn readable(&self, caller: &Caller) -> Vec<String> {
        let names = self.catalog.keys();
        names
            .filter(|name| self.may(caller, name, Action::Pull))
            .cloned()
            .collect()
    }
}
