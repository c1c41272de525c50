//! Scopes: what a token is asked to allow (CNCF distribution, "Token Scope Documentation").

use crate::wire::reference::Repository;

/// The scopes of a push: those that are asked for from the start, and those that would be nice.
#[derive(Clone, Debug)]
pub(crate) struct Scopes {
    required: Vec<String>,
    optional: Vec<String>,
}

impl Scopes {
    /// Reading and writing `repository`. Both, and at once: a token that can only push cannot ask
    /// whether a blob is there, and one per step would cost a round trip each.
    pub(crate) fn push(repository: &Repository) -> Self {
        Self {
            required: vec![format!("repository:{repository}:pull,push")],
            optional: Vec::new(),
        }
    }

    /// Also reading `source`, to mount blobs from it. Returns whether that is new.
    pub(crate) fn also_pull(&mut self, source: &Repository) -> bool {
        add(&mut self.optional, format!("repository:{source}:pull"))
    }

    /// Also what a registry said would have been needed (RFC 6750 §3, `scope`).
    pub(crate) fn also_required(&mut self, scope: &str) {
        for one in scope.split_whitespace().filter(|one| !covers(&self.required[0], one)) {
            if self.required.len() < MOST {
                add(&mut self.required, one.to_owned());
            }
        }
    }

    /// Gives up what is not needed. Returns whether that changed anything.
    pub(crate) fn drop_optional(&mut self) -> bool {
        let had = !self.optional.is_empty();
        self.optional.clear();
        had
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.required.iter().chain(&self.optional).map(String::as_str)
    }
}

fn add(scopes: &mut Vec<String>, scope: String) -> bool {
    let new = !scopes.contains(&scope);
    if new {
        scopes.push(scope);
    }
    new
}

/// Whether `ours`, which allows pull and push, allows `other` too.
fn covers(ours: &str, other: &str) -> bool {
    let split = |scope: &'_ str| scope.rfind(':').map(|at| (scope[..at].to_owned(), at + 1));
    let (Some((resource, _)), Some((wanted, at))) = (split(ours), split(other)) else {
        return false;
    };
    resource == wanted && other[at..].split(',').all(|action| matches!(action, "pull" | "push"))
}

/// A registry that wants more scopes than this wants something else than a push.
const MOST: usize = 8;
