//! Cross-repository mounts.

use http::Response;
use longshore_protocol::{Digest, ErrorCode};

use super::auth::{Caller, Need};
use super::config::Action;
use super::errors::Refusal;
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
        let from = head.query.get("from").filter(|from| !from.is_empty());
        let source = match from {
            Some(from) if self.profile.mount.with_from => {
                self.canonical(from).ok().map(|source| vec![source])
            }
            Some(_) => None,
            None => match self.profile.mount.without_from {
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
            return match self.profile.mount.bad_source {
                BadSource::Session => Ok(None),
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
        if !sources
            .iter()
            .any(|source| self.shows_blob(source, &digest))
        {
            return Ok(None);
        }
        self.link_blob(name, &digest)
            .map_err(|e| Refusal::storage(&e))?;
        let base = self.base_of(head.parts);
        Ok(Some(self.blob_created(&base, name, &digest)))
    }

    fn readable(&self, caller: &Caller) -> Vec<String> {
        let names = self.catalog.keys();
        names
            .filter(|name| self.may(caller, name, Action::Pull))
            .cloned()
            .collect()
    }
}
