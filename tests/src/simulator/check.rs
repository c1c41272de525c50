//! What must hold: after every output, and at the end.

use std::fmt::{self, Write as _};

use http::Method;
use http::header::AUTHORIZATION;
use longshore_mock_registry::profile::{ContentRange, ExpiresIn, MediaTypes};
use longshore_mock_registry::{Auth, Profile};
use longshore_protocol::{
    Exchange, Output, Payload, PushError, PushErrorKind, Replay, Report, Timestamp,
};

use super::plan::{BlobPlan, Fault, Login};
use super::source::Source;
use super::{Flying, HOST, PASSWORD, TARGET, World};

/// Looks for secrets in what is written, as a log would have it.
#[derive(Default)]
pub(super) struct Secrets {
    /// The text that was looked in last: one for all saves most of the time that looking takes.
    text: String,
}

impl Secrets {
    fn look_in(&mut self, text: fmt::Arguments<'_>) -> Result<(), String> {
        self.text.clear();
        self.text
            .write_fmt(text)
            .expect("a string takes everything");
        for secret in [PASSWORD, "another-canary", "cGFzc3dvcmQ", "Bearer e"] {
            if self.text.contains(secret) {
                return Err(format!("invariant 12: {secret:?} in {}", self.text));
            }
        }
        Ok(())
    }
}

impl World<'_> {
    /// Notes a request, and checks that it may be sent now.
    pub(super) fn check_exchange(&mut self, exchange: &Exchange) -> Result<(), String> {
        let request = &exchange.request;
        let path = request.uri().path().to_owned();
        let id = exchange.ticket.id();
        self.note(format_args!(
            "{id:?} {} {path} {:?}",
            request.method(),
            request.body()
        ));
        self.secrets.look_in(format_args!("{exchange:?}"))?;
        let is_upload = matches!(request.body(), Payload::Blob(_));
        let is_token = path == self.plan.profile.auth.token_path;
        // It may have to ask where a session is before it can delete it.
        let cleans_up = match *request.method() {
            Method::DELETE => true,
            Method::GET => path.contains("/uploads/"),
            _ => false,
        };
        if self.cancelled && !cleans_up {
            return Err(format!("invariant 11: {} after cancel", request.method()));
        }
        if request.uri().host() != Some(HOST) {
            return Err(format!(
                "invariant 14: a request to {:?}",
                request.uri().host()
            ));
        }
        let authorization = request.headers().get(AUTHORIZATION);
        let has_password = authorization
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("Basic "));
        let is_basic = self.plan.auth == Auth::Basic || self.plan.profile.auth.basic_too;
        if has_password && !is_token && !is_basic {
            return Err(
                "invariant 14: the password went to a registry that uses tokens".to_owned(),
            );
        }
        let blob = match request.body() {
            Payload::Blob(slice) => Some(slice.blob),
            Payload::Empty | Payload::Bytes(_) => None,
        };
        let flying = Flying {
            blob,
            is_upload,
            is_token,
            length: request.body().length().unwrap_or(0),
            told: 0,
        };
        self.air.insert(id, flying);
        self.check_lanes()?;
        if let Payload::Blob(slice) = request.body()
            && self.is_once_only(slice.blob)
            && self.sources[slice.blob.index()].is_taken
        {
            return Err(format!(
                "invariant 9: {:?} is read a second time",
                slice.blob
            ));
        }
        if request.method() == Method::PUT && path.contains("/manifests/") {
            self.check_manifest_time()?;
        }
        Ok(())
    }

    fn check_lanes(&self) -> Result<(), String> {
        let uploads = self.air.values().filter(|flying| flying.is_upload).count();
        let tokens = self.air.values().filter(|flying| flying.is_token).count();
        let controls = self.air.len() - uploads - tokens;
        if uploads > self.plan.uploads || controls > self.plan.controls {
            return Err(format!(
                "invariant 6: {uploads} uploads and {controls} controls"
            ));
        }
        if tokens > 1 {
            return Err("invariant 10: two token requests".to_owned());
        }
        Ok(())
    }

    fn check_manifest_time(&self) -> Result<(), String> {
        for source in &self.sources {
            let digest = &source.content().digest;
            if !source.has_changed() && !self.registry.has_blob(TARGET, digest) {
                return Err(format!("invariant 8: the manifest before {digest}"));
            }
        }
        Ok(())
    }

    /// Checks what holds whenever the push waits.
    pub(super) fn waits(&mut self, until: Option<Timestamp>) -> Result<(), String> {
        if until.is_some_and(|until| until <= self.now) {
            return Err(format!("invariant 1: Wait({until:?}) at {:?}", self.now));
        }
        match self.push.poll(self.now) {
            Output::Wait(again) if again == until => {}
            other => return Err(format!("invariant 2: Wait({until:?}), then {other:?}")),
        }
        if until.is_none() && self.air.is_empty() && self.manifest_set {
            return Err("invariant 3: Wait(None) with nothing in the air".to_owned());
        }
        if self.random.one_in(20) {
            self.secrets.look_in(format_args!("{:?}", self.push))?;
        }
        Ok(())
    }

    /// Judges the end of the push against what the registry holds and what went wrong.
    pub(super) fn judge(&mut self, result: &Result<Report, PushError>) -> Result<(), String> {
        self.secrets.look_in(format_args!("{result:?}"))?;
        self.check_sizes()?;
        let sessions_left = match result {
            Ok(report) => {
                self.check_success(report)?;
                report.sessions_left
            }
            Err(error) => {
                self.secrets.look_in(format_args!("{error}"))?;
                self.check_failure(error)?;
                error.sessions_left()
            }
        };
        let open = self.registry.open_sessions().len();
        if open > sessions_left && self.plan.hides_no_session() {
            return Err(format!(
                "invariant 11: {open} sessions are open, {sessions_left} were reported"
            ));
        }
        Ok(())
    }

    fn check_success(&self, report: &Report) -> Result<(), String> {
        let Some((_, bytes, digest)) = self.registry.manifest(TARGET, "1") else {
            return Err("invariant 15: success without a manifest".to_owned());
        };
        if report.manifest.digest != digest || bytes != self.manifest {
            return Err("invariant 15: another manifest than was pushed".to_owned());
        }
        for source in &self.sources {
            let digest = &source.content().digest;
            let stored = self.registry.blob(TARGET, digest);
            if stored.is_none_or(|stored| stored != *source.bytes()) {
                return Err(format!("invariant 15: {digest} is not what was pushed"));
            }
        }
        match self.why_it_must_fail() {
            Some(why) => Err(format!("the push succeeded although {why}")),
            None => Ok(()),
        }
    }

    fn check_failure(&self, error: &PushError) -> Result<(), String> {
        if self.must_succeed() {
            return Err(format!("the push had to succeed, but: {error}"));
        }
        if error.kind() == PushErrorKind::Cancelled && !self.cancelled {
            return Err(format!("nobody cancelled, but: {error}"));
        }
        Ok(())
    }

    fn why_it_must_fail(&self) -> Option<&'static str> {
        let needs_login = self.plan.auth != Auth::None;
        (needs_login && self.plan.login != Login::Right).then_some("nobody may push")
    }

    /// Whether what went wrong is so little that no push may fail for it: one outage that is shorter
    /// than all attempts take; or, while every source can be read again, fewer requests that get
    /// nowhere than there are attempts, or two faults of any kind. A refusal right after another one
    /// is final, so an unfounded one must not follow another, nor the death of a token that was said
    /// to live longer; and a password that is refused at its first use is wrong.
    fn must_succeed(&self) -> bool {
        let is_refusal = |(_, fault): &&(u64, Fault)| *fault == Fault::Unauthorized;
        let refusals = self.plan.faults.iter().filter(is_refusal).count();
        let is_once_only = |blob: &BlobPlan| blob.replay == Replay::Never;
        let is_brief = self.plan.is_only_a_brief_outage();
        let is_easy = (self.faults == 0 || is_brief) && !self.do_tokens_lie();
        let is_readable = is_easy || !self.plan.blobs.iter().any(is_once_only);
        let is_basic = self.plan.auth == Auth::Basic;
        (self.faults <= 2 || is_brief || self.plan.are_only_a_few())
            && (refusals == 0 || refusals == 1 && !self.do_tokens_lie() && !is_basic)
            && is_readable
            && !self.sources.iter().any(Source::has_changed)
            && !self.cancelled
            && self.why_it_must_fail().is_none()
            && !self.plan.loops
            && !self.has_chance_refusals()
            && !self.is_beyond_any_client()
            && !self.is_repetition_a_mistake()
    }

    /// A part that arrives twice, at a registry with rules of its own for parts: it refuses the
    /// second, in the words it has for a client that does not keep the rules.
    fn is_repetition_a_mistake(&self) -> bool {
        let chunk = &self.plan.profile.chunk;
        let is_doubled = |(_, fault): &(u64, Fault)| *fault == Fault::Doubled;
        let wants_ranges =
            chunk.content_range == ContentRange::Required && chunk.missing_status == 400;
        let has_rules = chunk.smallest > 0 || chunk.most > 0 || wants_ranges;
        has_rules && self.plan.faults.iter().any(is_doubled)
    }

    /// Whether bodies are refused as too large by chance, so that no size is small enough.
    fn has_chance_refusals(&self) -> bool {
        let is_chance = |(_, fault): &(u64, Fault)| *fault == Fault::TooLarge;
        self.plan.faults.iter().any(is_chance)
    }

    /// Whether tokens die before the token server says that they do.
    fn do_tokens_lie(&self) -> bool {
        let knobs = &self.plan.profile.auth;
        let is_lie =
            matches!(knobs.expires_in, ExpiresIn::Seconds(seconds) if seconds > knobs.lifetime);
        self.plan.auth == Auth::Bearer && is_lie
    }

    /// What no client can do anything about: a blob that cannot be read in parts, for a registry that
    /// takes no more than a part; one of unknown length, for a registry that wants lengths; a
    /// manifest of a type that the registry does not take.
    fn is_beyond_any_client(&self) -> bool {
        let Profile {
            chunk, manifest, ..
        } = &self.plan.profile;
        let is_stuck = |source: &Source| {
            let is_too_long = chunk.max_length > 0 && source.content().size > chunk.max_length;
            let plan = source.plan();
            let is_whole = plan.replay != Replay::Anywhere || !plan.known;
            is_too_long && plan.replay != Replay::Anywhere
                || !plan.known && chunk.length_status > 0
                || self.plan.is_too_large(source.content().size, !is_whole)
        };
        self.sources.iter().any(is_stuck)
            || self.plan.docker && manifest.media_types == MediaTypes::Oci
    }
}
