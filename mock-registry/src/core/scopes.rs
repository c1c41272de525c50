//! The scopes of token requests.

use longshore_protocol::ErrorCode;

use super::errors::Refusal;
use super::{Core, Outcome};
use crate::profile::{Dialect, ScopeParams};

/// One entry of a token request's scope.
pub(super) struct Scope {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) actions: Vec<String>,
}

impl Core {
    /// The scopes of a token request, as far as this registry reads them.
    pub(super) fn read_scopes(&self, scopes: &[&str]) -> Outcome<Vec<Scope>> {
        let mut read = Vec::new();
        if self.profile.auth.scope_params == ScopeParams::RejectDuplicate
            && scopes
                .iter()
                .any(|text| scopes.iter().filter(|s| *s == text).count() > 1)
        {
            let code = ErrorCode::new("INVALID_REQUEST");
            return Err(Refusal::new(400, code, "the same scope twice"));
        }
        for text in scopes.iter().filter(|text| !text.is_empty()) {
            let scope = match self.profile.auth.dialect {
                Dialect::Quay => quay_scope(text),
                Dialect::Distribution => split_scope(text),
            };
            match scope {
                Some(scope) => read.push(scope),
                None => {
                    return Err(Refusal::new(
                        400,
                        ErrorCode::new("INVALID_REQUEST"),
                        format!("Unable to decode repository and actions: {text}"),
                    ));
                }
            }
        }
        Ok(read)
    }
}

/// `type:name:actions`, split from both ends since the name may hold a port.
fn split_scope(text: &str) -> Option<Scope> {
    let (kind, rest) = text.split_once(':')?;
    let (name, actions) = rest.rsplit_once(':')?;
    Some(Scope {
        kind: kind.to_owned(),
        name: name.to_owned(),
        actions: actions
            .split(',')
            .filter(|action| !action.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}

/// The scopes that Quay's pattern takes: repositories in ASCII, `pull`, `push` and `*`.
fn quay_scope(text: &str) -> Option<Scope> {
    let scope = split_scope(text)?;
    let well_named = scope
        .name
        .split('/')
        .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic()));
    let known = ["pull", "push", "*"];
    let well_asked = text
        .rsplit(':')
        .next()
        .is_some_and(|actions| actions.split(',').all(|action| known.contains(&action)));
    (scope.kind == "repository" && well_named && well_asked).then_some(scope)
}

/// Quay's grammar: `[a-z0-9][a-z0-9._-]*` in every component, at most 255 characters.
pub(super) fn is_quay_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= LONGEST_QUAY_NAME
        && name.split('/').all(|component| {
            let mut bytes = component.bytes();
            bytes.next().is_some_and(plain)
                && bytes.all(|byte| plain(byte) || b"._-".contains(&byte))
        })
}

const LONGEST_QUAY_NAME: usize = 255;

#[cfg(test)]
mod tests;
