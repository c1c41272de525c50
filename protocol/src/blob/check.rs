//! Does the registry have it already?

use http::Method;
use http::header::CONTENT_LENGTH;

use super::start::Start;
use super::{Moved, Source, State};
use crate::classify::{Step, Verdict};
use crate::exchange::{Answer, Draft, Registry, Turn};
use crate::report::How;
use crate::wire::digest::Content;

#[derive(Debug)]
pub(crate) struct Check;

impl Check {
    pub(crate) fn draft(&self, source: &Source, registry: &Registry) -> Option<Draft> {
        let content = source.spec.content.as_ref()?;
        let url = registry.endpoints.blob(&content.digest);
        Some(Draft::new(Step::Check, Method::HEAD, url))
    }

    pub(crate) fn answered(self, answer: Answer, source: &Source) -> Moved {
        let there = answer.verdict == Verdict::Success
            && source.spec.content.as_ref().is_some_and(|content| describes(&answer, content));
        let state = match there {
            true => State::Done(How::AlreadyPresent),
            false => State::Start(Start::new()),
        };
        Ok((state, Turn::On))
    }
}

/// Whether what a registry says of a blob fits the blob. A registry that holds a broken copy is
/// better sent a good one; a length of zero is what some say of every `HEAD`.
pub(crate) fn describes(answer: &Answer, content: &Content) -> bool {
    let length = answer.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let length: Option<u64> = length.and_then(|text| text.trim().parse().ok());
    let fits = length.is_none_or(|length| length == content.size || length == 0);
    // Another algorithm's digest of the same bytes says nothing about ours.
    let digest = answer.digest().filter(|it| it.algorithm() == content.digest.algorithm());
    fits && digest.is_none_or(|digest| digest == content.digest)
}
