//! Lists of tags.

use http::{Response, header};
use serde_json::json;

use super::blobs::pull;
use super::errors::Reply;
use super::route::encode;
use super::{Body, Core, Head, Outcome};

impl Core {
    /// `GET …/tags/list`, with `n` and `last`.
    pub(super) fn list_tags(&mut self, head: &Head<'_>, name: &str) -> Outcome<Response<Body>> {
        let name = self.canonical(name)?;
        self.authorize(head, &[pull(&name)])?;
        let repository = self.repository(&name)?;
        let last = head.query.get("last").unwrap_or_default();
        let most = head.query.get("n").and_then(|n| n.parse::<usize>().ok());
        let after = repository
            .tags
            .keys()
            .filter(|tag| last.is_empty() || tag.as_str() > last);
        let tags: Vec<&String> = match most {
            Some(most) => after.take(most).collect(),
            None => after.collect(),
        };
        let end = repository.tags.keys().next_back();
        let next = match (most, tags.last()) {
            (Some(most), Some(last)) if Some(*last) != end => Some(format!(
                "</v2/{}/tags/list?n={most}&last={}>; rel=\"next\"",
                encode(&name, true),
                encode(last, false),
            )),
            _ => None,
        };
        let body = json!({ "name": name, "tags": tags }).to_string();
        Ok(Reply::new(200)
            .with_some(header::LINK, next)
            .body("application/json", body)
            .done())
    }
}
