//! The registry behind its script, and what it saw: the same for every driver.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use longshore_mock_registry::{Begun, Config, Core, Profile};

use super::scenario::Scenario;
use super::script::{Act, Canned, Script, Step};
use super::wire::{Entry, Tape};
use super::{MOUNT_SOURCE, PASSWORD, REPOSITORY, USER};

/// A registry, its script, and what it saw.
#[derive(Debug)]
pub struct Registry {
    /// The registry itself.
    pub core: Core,
    script: Script,
    tape: Tape,
    host: String,
    /// How far its clock is ahead.
    ahead: Duration,
    /// Somebody is to cancel the push.
    pub cancel_wanted: bool,
}

/// What comes back.
#[derive(Debug)]
pub enum Reaction {
    /// An answer.
    Answer(Response<Bytes>),
    /// The connection closes.
    Close,
    /// Nothing.
    Silence,
    /// The push is cancelled, and then the request is delivered if it is still there.
    Cancel,
}

impl Registry {
    /// The registry of `scenario`, at `host`.
    ///
    /// # Errors
    /// The profile cannot be used.
    pub fn new(scenario: &Scenario, host: &str) -> io::Result<Self> {
        let mut profile = Profile::from_toml(&scenario.profile_text()).map_err(io::Error::other)?;
        // It makes every test wait, and is about people.
        profile.auth.login_backoff = false;
        let config = Config::new(profile)
            .auth(scenario.auth)
            .origin(format!("http://{host}"))
            .user(USER, PASSWORD)
            .anonymous_pull(scenario.anonymous_pull);
        let mut core = Core::new(config)?;
        for blob in &scenario.image.blobs {
            if blob.there {
                core.add_blob(REPOSITORY, blob.bytes.clone())?;
            }
            if blob.mountable {
                core.add_blob(MOUNT_SOURCE, blob.bytes.clone())?;
            }
        }
        Ok(Self {
            core,
            script: Script::new(scenario.rules.clone()),
            tape: Tape::default(),
            host: host.to_owned(),
            ahead: Duration::ZERO,
            cancel_wanted: false,
        })
    }

    /// What was seen so far.
    #[must_use]
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// How often the script has seen that step.
    #[must_use]
    pub fn count(&self, step: Step) -> usize {
        self.script.count(step)
    }

    /// Takes the head of a request. The answer is there before the body if the script says so.
    pub fn arrive(&mut self, parts: &http::request::Parts) -> Arrived {
        let step = Step::of(parts);
        let act = self.script.act(step);
        let entry = self.tape.add(Entry::new(parts, &self.host));
        if let Some(Act::Early(canned)) = &act {
            let answer = self.canned(canned, &parts.method);
            self.tape.note(entry, &answer);
            return Arrived::Answered(answer);
        }
        Arrived::Wanted(Pending { entry, act })
    }

    /// Takes the whole request.
    pub fn react(&mut self, now: Duration, pending: Pending, request: Request<Bytes>) -> Reaction {
        let Pending { entry, act } = pending;
        self.tape.body(entry, request.body(), &self.host);
        let method = request.method().clone();
        let answer = match act {
            None => self.deliver(now, request),
            Some(Act::Answer(canned) | Act::Early(canned)) => self.canned(&canned, &method),
            Some(Act::DoneBut(canned)) => {
                self.deliver(now, request);
                self.canned(&canned, &method)
            }
            Some(Act::Without(name)) => {
                let mut answer = self.deliver(now, request);
                answer.headers_mut().remove(name);
                answer
            }
            Some(Act::With(name, value)) => {
                let mut answer = self.deliver(now, request);
                self.put_header(&mut answer, name, value);
                answer
            }
            Some(Act::Later(seconds)) => {
                self.ahead += Duration::from_secs(seconds);
                self.deliver(now, request)
            }
            Some(Act::Drop) => return Reaction::Close,
            Some(Act::Lose) => {
                self.deliver(now, request);
                return Reaction::Close;
            }
            Some(Act::CutAfter(count)) => {
                self.cut(now, request, count);
                return Reaction::Close;
            }
            Some(Act::Hang) => return Reaction::Silence,
            Some(Act::Cancel) => {
                self.cancel_wanted = true;
                return Reaction::Cancel;
            }
        };
        self.tape.note(entry, &answer);
        Reaction::Answer(answer)
    }

    /// Hands a request to the registry, whatever the script says.
    pub fn deliver(&mut self, now: Duration, request: Request<Bytes>) -> Response<Bytes> {
        let is_head = request.method() == Method::HEAD;
        let mut answer = self.core.handle(now + self.ahead, request);
        if is_head {
            *answer.body_mut() = Bytes::new();
        }
        answer
    }

    fn cut(&mut self, now: Duration, request: Request<Bytes>, count: usize) {
        let now = now + self.ahead;
        let (parts, body) = request.into_parts();
        if let Begun::Receive(mut call) = self.core.begin(now, &parts) {
            call.body(&body[..count.min(body.len())]);
            self.core.drop_call(now, call);
        }
    }

    fn canned(&self, canned: &Canned, method: &Method) -> Response<Bytes> {
        let body = match *method {
            Method::HEAD => Bytes::new(),
            _ => Bytes::from(self.filled(&canned.body)),
        };
        let mut answer = Response::new(body);
        *answer.status_mut() = canned.status.try_into().expect("the table's are statuses");
        for (name, value) in &canned.headers {
            self.put_header(&mut answer, name, value);
        }
        answer
    }

    fn put_header(&self, answer: &mut Response<Bytes>, name: &str, value: &str) {
        let name: HeaderName = name.parse().expect("the table's are names");
        let value = HeaderValue::try_from(self.filled(value)).expect("the table's are values");
        answer.headers_mut().insert(name, value);
    }

    fn filled(&self, text: &str) -> String {
        text.replace("{origin}", &format!("http://{}", self.host))
            .replace("{host}", &self.host)
    }
}

/// What becomes of a request when its head is known.
#[derive(Debug)]
pub enum Arrived {
    /// It is answered, whatever its body.
    Answered(Response<Bytes>),
    /// Its body is wanted.
    Wanted(Pending),
}

/// A request whose body is on its way.
#[derive(Debug)]
pub struct Pending {
    entry: usize,
    act: Option<Act>,
}
