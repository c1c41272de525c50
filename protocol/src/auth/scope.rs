//! Scopes: what a token is good for (distribution project, "Token Scope Documentation").

use std::collections::BTreeSet;
use std::fmt;

use crate::wire::reference::Repository;

/// What may be done with one resource: `repository:NAME:pull,push`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    /// Type and name, `repository:NAME`.
    resource: String,
    actions: BTreeSet<String>,
}

/// The scopes of a token, without duplicates, in the order they were asked for: some token servers
/// read the first alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scopes(Vec<Scope>);

impl Scope {
    pub(crate) fn push(repository: &Repository) -> Self {
        Self::new(format!("repository:{repository}"), ["pull", "push"])
    }

    pub(crate) fn pull(repository: &Repository) -> Self {
        Self::new(format!("repository:{repository}"), ["pull"])
    }

    /// The scopes of a challenge, separated by spaces. What has not the form is left out: `*` and
    /// placeholders are sent as well.
    pub(crate) fn list(text: &str) -> Vec<Self> {
        text.split_ascii_whitespace()
            .filter_map(Self::parse)
            .collect()
    }

    /// The name may have a colon of its own, so the text is split from both ends.
    fn parse(text: &str) -> Option<Self> {
        let (resource, actions) = text.rsplit_once(':')?;
        let (kind, name) = resource.split_once(':')?;
        let is_plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        if text.len() > MAX_SCOPE || !is_plain(kind) || !is_plain(name) || !is_plain(actions) {
            return None;
        }
        Some(Self::new(resource.to_owned(), actions.split(',')))
    }

    fn new<'a>(resource: String, actions: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            resource,
            actions: actions.into_iter().map(str::to_owned).collect(),
        }
    }
}

impl Scopes {
    /// Adds a scope, or its actions where the resource is there already. Returns whether that
    /// changed anything.
    pub(crate) fn add(&mut self, scope: Scope) -> bool {
        let has_room = self.0.len() < MAX_SCOPES;
        match self.0.iter_mut().find(|own| own.resource == scope.resource) {
            Some(own) => {
                let before = own.actions.len();
                own.actions.extend(scope.actions);
                own.actions.len() > before
            }
            None if has_room => {
                self.0.push(scope);
                true
            }
            None => false,
        }
    }

    /// Forgets all but the first scope, the push itself. Returns whether there were others.
    pub(crate) fn keep_first(&mut self) -> bool {
        let had_others = self.0.len() > 1;
        self.0.truncate(1);
        had_others
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.resource)?;
        for (i, action) in self.actions.iter().enumerate() {
            let separator = if i == 0 { "" } else { "," };
            write!(f, "{separator}{action}")?;
        }
        Ok(())
    }
}

/// A challenge comes from the network: what it adds to a token request is bounded.
const MAX_SCOPES: usize = 32;
const MAX_SCOPE: usize = 600;

#[cfg(test)]
mod tests;
