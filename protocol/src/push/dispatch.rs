//! What is sent next, and when to look again.

use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Method, Request};

use super::{Phase, Push};
use crate::auth::Gate;
use crate::blob::State as BlobState;
use crate::classify::Step;
use crate::event::Event;
use crate::exchange::{Draft, Session};
use crate::flights::Task;
use crate::output::{CredentialsRequest, Exchange, Limits};
use crate::payload::Payload;
use crate::retry::Tries;
use crate::time::Timestamp;
use crate::wire::urls::Url;

impl Push {
    /// The question for credentials, if one is to be put.
    pub(super) fn question(&mut self) -> Option<CredentialsRequest> {
        match self.phase {
            Phase::Opening | Phase::Open => self.auth.question(),
            _ => None,
        }
    }

    /// The next exchange that may begin at `now`.
    pub(super) fn next_exchange(&mut self, now: Timestamp) -> Option<Exchange> {
        if let Some(exchange) = self.token_exchange(now) {
            return Some(exchange);
        }
        if self.backoff.holds_until(now).is_some() {
            return None;
        }
        let tasks = self.ready_tasks(now);
        tasks.into_iter().find_map(|task| self.exchange_of(now, task))
    }

    /// The next instant at which there is something to do although nothing was answered.
    pub(super) fn next_instant(&self, now: Timestamp) -> Option<Timestamp> {
        let closing = match self.phase {
            Phase::Closing(until, _) => Some(until),
            _ => None,
        };
        let hold = self.backoff.holds_until(now);
        let pauses = self.pending_tasks().into_iter().filter_map(|task| {
            let own = self.tries(task).and_then(|tries| tries.pauses_until(now));
            own.max(hold)
        });
        let token = match self.auth.wants_token() {
            true => self.token_tries.pauses_until(now),
            false => None,
        };
        let deadlines = self.flights.next_deadline();
        pauses.chain(closing).chain(token).chain(deadlines).filter(|at| *at > now).min()
    }

    /// The tasks that have something to send and nothing in the air, in the order in which they
    /// are served: short requests never wait behind long ones.
    fn pending_tasks(&self) -> Vec<Task> {
        let idle = |task: &Task| self.flights.of(*task).is_none();
        match self.phase {
            Phase::Done(_) => Vec::new(),
            Phase::Closing(..) => self.clean_up_tasks(),
            Phase::Opening => vec![Task::Opening].into_iter().filter(idle).collect(),
            Phase::Open => {
                let mut tasks = self.clean_up_tasks();
                let pending = |upload: bool| {
                    let blobs = self.blobs.iter().enumerate();
                    blobs
                        .filter(move |(_, blob)| {
                            let uploads = matches!(blob.state, BlobState::Upload(_));
                            blob.is_pending() && uploads == upload
                        })
                        .map(|(index, _)| Task::Blob(index))
                };
                tasks.extend(pending(false).chain(pending(true)).filter(idle));
                if tasks.is_empty() && self.blobs.iter().all(|blob| blob.is_done()) {
                    let manifest = self.manifest.as_ref().filter(|it| !it.is_done());
                    tasks.extend(manifest.map(|_| Task::Manifest).filter(idle));
                }
                tasks
            }
        }
    }

    fn clean_up_tasks(&self) -> Vec<Task> {
        self.registry.abandoned.iter().map(|_| Task::CleanUp).collect()
    }

    fn ready_tasks(&self, now: Timestamp) -> Vec<Task> {
        let mut tasks = self.pending_tasks();
        tasks.retain(|task| {
            self.tries(*task).is_none_or(|tries| tries.pauses_until(now).is_none())
        });
        tasks
    }

    pub(super) fn tries(&self, task: Task) -> Option<&Tries> {
        match task {
            Task::Opening => Some(&self.opening.tries),
            Task::Token => Some(&self.token_tries),
            Task::Blob(index) => self.blobs.get(index).map(|blob| &blob.tries),
            Task::Manifest => self.manifest.as_ref().map(|manifest| &manifest.tries),
            Task::CleanUp => None,
        }
    }

    pub(super) fn tries_mut(&mut self, task: Task) -> Option<&mut Tries> {
        match task {
            Task::Opening => Some(&mut self.opening.tries),
            Task::Token => Some(&mut self.token_tries),
            Task::Blob(index) => self.blobs.get_mut(index).map(|blob| &mut blob.tries),
            Task::Manifest => self.manifest.as_mut().map(|manifest| &mut manifest.tries),
            Task::CleanUp => None,
        }
    }

    fn token_exchange(&mut self, now: Timestamp) -> Option<Exchange> {
        let open = matches!(self.phase, Phase::Opening | Phase::Open);
        let paused = self.token_tries.pauses_until(now).is_some();
        if !open || paused || !self.flights.has_lane(Step::Token) {
            return None;
        }
        let (mut request, url) = self.auth.token_request()?;
        self.sign(&mut request);
        let limits = self.limits(Step::Token);
        let generation = self.auth.generation();
        let ticket =
            self.flights.depart(now, (Task::Token, Step::Token), url, generation, &limits);
        Some(Exchange { ticket, request, limits })
    }

    fn exchange_of(&mut self, now: Timestamp, task: Task) -> Option<Exchange> {
        let draft = self.draft(task)?;
        let step = draft.step;
        if !self.flights.has_lane(step) {
            return None;
        }
        let hop = self.tries(task).and_then(|tries| tries.hop.as_ref());
        let url = hop.map_or_else(|| draft.url.clone(), |(url, _)| url.clone());
        let authorization = match url.origin() == self.registry.endpoints.registry() {
            true => match self.auth.gate(now) {
                Gate::Pass(header) => header,
                Gate::Closed => return None,
            },
            // Another host's business is not to know who we are.
            false => None,
        };
        if task == Task::CleanUp {
            self.registry.abandoned.pop();
        }
        let generation = self.auth.generation();
        let request = self.request(draft, &url, authorization);
        self.announce(task, step, &request);
        let limits = self.limits(step);
        let ticket = self.flights.depart(now, (task, step), url, generation, &limits);
        Some(Exchange { ticket, request, limits })
    }

    fn draft(&mut self, task: Task) -> Option<Draft> {
        match task {
            Task::Opening => self.opening.draft(&self.registry),
            Task::Token => None,
            Task::Blob(index) => self.blobs.get_mut(index)?.draft(&mut self.registry),
            Task::Manifest => self.manifest.as_ref().map(|it| it.draft(&self.registry)),
            Task::CleanUp => {
                let Session(url) = self.registry.abandoned.last()?;
                Some(Draft::new(Step::Delete, Method::DELETE, url.clone()))
            }
        }
    }

    fn request(
        &self,
        draft: Draft,
        url: &Url,
        authorization: Option<HeaderValue>,
    ) -> Request<Payload> {
        let mut request = Request::new(draft.payload);
        *request.method_mut() = draft.method;
        *request.uri_mut() = url.to_uri();
        request.headers_mut().extend(draft.headers);
        if let Some(value) = authorization {
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        self.sign(&mut request);
        request
    }

    fn sign(&self, request: &mut Request<Payload>) {
        if let Ok(agent) = HeaderValue::from_str(&self.config.user_agent) {
            request.headers_mut().insert(USER_AGENT, agent);
        }
    }

    fn limits(&self, step: Step) -> Limits {
        let patience = &self.config.patience;
        let answer = match step {
            Step::Put | Step::Patch | Step::Commit | Step::Manifest => patience.commit,
            _ => patience.answer,
        };
        Limits { idle: patience.idle, answer, response_body: LONGEST_ANSWER }
    }

    fn announce(&mut self, task: Task, step: Step, request: &Request<Payload>) {
        let blob = match task {
            Task::Blob(index) => self.blobs.get(index).map(|blob| blob.source.id),
            _ => None,
        };
        match (step, blob, request.body()) {
            (Step::Check, Some(id), _) => self.say(Event::BlobChecking(id)),
            (Step::Put | Step::Patch, Some(id), Payload::Blob(slice)) => {
                self.say(Event::BlobUploading(id, slice.offset));
            }
            (Step::Manifest, ..) => self.say(Event::ManifestUploading),
            _ => {}
        }
    }
}

/// Enough for any token and any error; more is not read.
const LONGEST_ANSWER: usize = 64 * 1024;
