//! Who is pushing: where credentials come from, and which ones are handed out.

mod files;
mod helper;
mod key;
mod places;
mod prompt;

use std::collections::HashSet;

use http::StatusCode;
use longshore_protocol::{
    Credentials, CredentialsReason, CredentialsRequest, PushError, PushErrorKind, Registry,
    Repository, Secret,
};

use self::files::Files;
use self::places::places;
use crate::console::{Console, plain};
use crate::environment::Environment;
use crate::interrupt::Interrupt;

/// What is known of who is pushing, before anybody asks.
#[derive(Clone, Debug)]
pub struct Login {
    /// The only registry that the credentials are for.
    pub registry: Registry,
    /// The repository: auth.json may have credentials for a part of a registry.
    pub repository: Repository,
    /// `--username`
    pub username: Option<String>,
    /// `--password-stdin`
    pub password: Option<Secret>,
    /// Where the two came from, for a person.
    pub origin: &'static str,
    /// `--auth`: a person is asked before pushing without credentials is tried.
    pub always: bool,
    /// `--password-many`: a person's answer is not kept.
    pub many: bool,
    /// Variables, files and terminal.
    pub environment: Environment,
}

/// Finds credentials for one push.
pub struct Finder<'a> {
    login: &'a Login,
    console: &'a Console,
    interrupt: &'a Interrupt,
    /// Where the last ones came from.
    given: Option<Origin>,
    /// What a person typed.
    typed: Option<Credentials>,
    questions: u32,
    /// What was wrong with files and helpers, each of which is said once.
    told: HashSet<String>,
    files: Files,
}

/// Where credentials came from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    Arguments(&'static str),
    Variables,
    /// A file, or a credential helper that it names.
    File(String),
    Person,
}

impl<'a> Finder<'a> {
    /// One that has not been asked yet.
    #[must_use]
    pub fn new(login: &'a Login, console: &'a Console, interrupt: &'a Interrupt) -> Self {
        Self {
            login,
            console,
            interrupt,
            given: None,
            typed: None,
            questions: 0,
            told: HashSet::new(),
            files: Files::default(),
        }
    }

    /// Credentials for `request`, if there are any that may be used for it.
    pub fn find(&mut self, request: &CredentialsRequest) -> Option<Credentials> {
        if request.registry != self.login.registry.to_string() {
            // Can only be a mistake of ours, and this is the last place to stop it.
            self.console
                .warn(format!("no credentials for {}", plain(&request.registry)));
            return None;
        }
        let may_ask = match request.reason {
            CredentialsReason::Challenged => self.login.always,
            CredentialsReason::AnonymousRefused => true,
            CredentialsReason::Refused => return self.after_refusal(request),
            _ => false,
        };
        if let Some(typed) = self.typed.clone().filter(|_| !self.login.many) {
            return Some(typed);
        }
        if let Some((credentials, origin)) = self.stored() {
            self.console
                .detail(format!("credentials: from {}", origin.name()));
            self.given = Some(origin);
            return Some(credentials);
        }
        if may_ask { self.ask(request) } else { None }
    }

    /// Who may stop the question.
    pub(crate) fn interrupt(&self) -> &Interrupt {
        self.interrupt
    }

    /// What a person can do about a push that failed for want of rights.
    #[must_use]
    pub fn hint(&self, error: &PushError) -> Option<String> {
        let Login {
            registry,
            repository,
            username,
            password,
            ..
        } = self.login;
        let Some(origin) = &self.given else {
            if let (Some(username), None) = (username, password) {
                return Some(format!(
                    "the password of --username {} is missing: --password-stdin reads it; without \
                     --username, variables and files are looked at",
                    // A user of `curl -u` writes the password behind the name.
                    plain(username.split(':').next().unwrap_or_default())
                ));
            }
            return Some(format!(
                "{NO_CREDENTIALS}, or say `podman login {registry}` or `docker login {registry}` first"
            ));
        };
        let origin = origin.name();
        // Some registries say 401 where they mean 403.
        let is_forbidden = error
            .answer()
            .is_some_and(|answer| answer.status == StatusCode::FORBIDDEN);
        Some(match error.kind() {
            PushErrorKind::Denied if is_forbidden => {
                format!("the credentials from {origin} are good, but may not push to {repository}")
            }
            PushErrorKind::Denied => format!(
                "check that {repository} exists and that the credentials from {origin} may push to it"
            ),
            _ => format!("the credentials came from {origin}; check user name and password"),
        })
    }

    /// Other credentials than those that were refused. Without a person nobody has any, and trying
    /// the same again might lock the account.
    fn after_refusal(&mut self, request: &CredentialsRequest) -> Option<Credentials> {
        self.typed = None;
        match self.given {
            // Whoever gave a password wants that one to be used: a script must not end up at a
            // prompt.
            Some(Origin::Arguments(_) | Origin::Variables) => None,
            Some(Origin::File(_) | Origin::Person) | None => self.ask(request),
        }
    }

    fn stored(&mut self) -> Option<(Credentials, Origin)> {
        let Login {
            username,
            password,
            origin,
            environment,
            ..
        } = self.login;
        if let (Some(username), Some(password)) = (username, password) {
            let credentials = Credentials::password(username, password.clone());
            return Some((credentials, Origin::Arguments(origin)));
        }
        if username.is_none()
            && let (Some(username), Some(password)) = (&environment.username, &environment.password)
        {
            let credentials = Credentials::password(username, password.clone());
            return Some((credentials, Origin::Variables));
        }
        if username.is_some() {
            // Somebody else's credentials will not do.
            return None;
        }
        places(environment).into_iter().find_map(|place| {
            let (registry, repository) = (&self.login.registry, &self.login.repository);
            match self.files.look_up(&place, registry, repository) {
                Ok(found) => found.map(|credentials| (credentials, Origin::File(place.shown()))),
                Err(problem) => {
                    let warning = format!("no credentials from {}: {problem}", place.shown());
                    if self.told.insert(warning.clone()) {
                        self.console.warn(warning);
                    }
                    None
                }
            }
        })
    }

    fn ask(&mut self, request: &CredentialsRequest) -> Option<Credentials> {
        if !self.login.environment.interactive || self.questions >= MOST_QUESTIONS {
            return None;
        }
        self.questions += 1;
        if request.reason == CredentialsReason::Refused {
            self.console.warn("wrong user name or password");
        }
        let question = prompt::Question {
            registry: request.registry.clone(),
            recipient: request.recipient.to_string(),
            username: self.login.username.clone(),
        };
        let answer = prompt::ask(question, self.console, self.interrupt)?;
        self.given = Some(Origin::Person);
        self.typed = Some(answer.clone());
        Some(answer)
    }
}

impl Origin {
    fn name(&self) -> &str {
        match self {
            Self::Arguments(origin) => origin,
            Self::Variables => "$CH_IMAGE_USERNAME and $CH_IMAGE_PASSWORD",
            Self::File(path) => path,
            Self::Person => "the terminal",
        }
    }
}

/// One question and two more after a wrong answer: what login programs do, and few enough not to
/// lock an account.
const MOST_QUESTIONS: u32 = 3;

const NO_CREDENTIALS: &str = "set $CH_IMAGE_USERNAME and $CH_IMAGE_PASSWORD, \
                              or use --username with --password-stdin";
