//! What is pushed where, what goes wrong, and how it must end.

use std::time::Duration;

use longshore_mock_registry::{Auth, Profile};
use longshore_protocol::{
    Config, Credentials, CredentialsReason, Phase, PushErrorKind, Reference, Scheme, Secret,
};

use super::image::Image;
use super::script::{Act, Canned, Rule, Step};
use super::{PASSWORD, REPOSITORY, USER};

/// One push.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it shows.
    pub name: String,
    /// The registry: the name of an embedded profile, or the text of one.
    pub profile: String,
    /// How the registry authenticates.
    pub auth: Auth,
    /// Whether anyone may pull.
    pub anonymous_pull: bool,
    /// What the caller knows.
    pub login: Login,
    /// What is pushed.
    pub image: Image,
    /// What goes wrong.
    pub rules: Vec<Rule>,
    /// `:tag` or `@digest`.
    pub reference: String,
    /// Nobody listens where the registry should be.
    pub nobody: bool,
    /// See [`Config::chunk`].
    pub chunk: Option<u64>,
    /// See [`Config::preflight`].
    pub preflight: bool,
    /// See [`Config::uploads`].
    pub uploads: usize,
    /// See [`Config::attempts`].
    pub attempts: u32,
    /// See [`Config::idle`]; the limit on answers is the same.
    pub idle: Duration,
    /// How it must end.
    pub end: End,
}

/// What the caller knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// The password.
    Password,
    /// Another password, and no better one when asked again.
    WrongPassword,
    /// Another password at first.
    SecondPassword,
    /// A token for the token server.
    IdentityToken,
    /// A token for the registry.
    RegistryToken,
    /// Nothing.
    Nothing,
}

/// How a push ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It succeeds.
    Pushed,
    /// It fails so.
    Fails(PushErrorKind, Phase),
    /// It fails so, in whatever phase.
    FailsAnywhere(PushErrorKind),
    /// However the simulator says.
    Agreed,
}

impl Scenario {
    /// One small image to a plain registry that asks nobody who they are.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            profile: "oci".to_owned(),
            auth: Auth::None,
            anonymous_pull: false,
            login: Login::Password,
            image: Image::one(),
            rules: Vec::new(),
            reference: ":latest".to_owned(),
            nobody: false,
            chunk: None,
            preflight: true,
            uploads: 1,
            attempts: 5,
            idle: Duration::from_secs(20),
            end: End::Pushed,
        }
    }

    /// Against this registry.
    #[must_use]
    pub fn profile(mut self, profile: impl Into<String>) -> Self {
        self.profile = profile.into();
        self
    }

    /// With this authentication.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// By somebody who knows this.
    #[must_use]
    pub fn login(mut self, login: Login) -> Self {
        self.login = login;
        self
    }

    /// This image.
    #[must_use]
    pub fn image(mut self, image: Image) -> Self {
        self.image = image;
        self
    }

    /// The `n`-th request of `step` fares so.
    #[must_use]
    pub fn when(self, step: Step, n: u32, act: Act) -> Self {
        self.when_all(step, n, 1, act)
    }

    /// `count` requests of `step`, from the `first`, fare so.
    #[must_use]
    pub fn when_all(mut self, step: Step, first: u32, count: u32, act: Act) -> Self {
        self.rules.push(Rule {
            step,
            first,
            count,
            act,
        });
        self
    }

    /// The first request of `step` is answered with this status.
    #[must_use]
    pub fn status(self, step: Step, status: u16) -> Self {
        self.when(step, 1, Act::Answer(Canned::status(status)))
    }

    /// Other settings.
    #[must_use]
    pub fn set(mut self, change: impl Fn(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// It fails so.
    #[must_use]
    pub fn fails(mut self, kind: PushErrorKind, phase: Phase) -> Self {
        self.end = End::Fails(kind, phase);
        self
    }

    /// It ends so.
    #[must_use]
    pub fn ends(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// The push's settings, for a registry at `host`.
    #[must_use]
    pub fn config(&self, host: &str) -> Config {
        let text = format!("{host}/{REPOSITORY}{}", self.reference);
        let reference: Reference = text.parse().expect("it has the form");
        let mut config = Config::new(reference);
        config.scheme = Scheme::Http;
        config.seed = Some(7);
        config.uploads = self.uploads;
        // One question at a time, so that their order is the same for all drivers.
        config.controls = 1;
        config.preflight = self.preflight;
        config.chunk = self.chunk;
        config.attempts = self.attempts;
        config.backoff = Duration::from_millis(1);
        config.backoff_limit = Duration::from_millis(4);
        config.idle = self.idle;
        config.commit = self.idle;
        config.clean_up = Duration::from_secs(20);
        config
    }

    /// What the caller answers when asked for credentials.
    #[must_use]
    pub fn credentials(&self, reason: CredentialsReason) -> Option<Credentials> {
        let again = reason == CredentialsReason::Refused;
        match self.login {
            Login::Nothing => None,
            Login::Password
            | Login::WrongPassword
            | Login::IdentityToken
            | Login::RegistryToken
                if again =>
            {
                None
            }
            Login::Password => Some(Credentials::password(USER, PASSWORD)),
            Login::SecondPassword if again => Some(Credentials::password(USER, PASSWORD)),
            Login::WrongPassword | Login::SecondPassword => {
                Some(Credentials::password(USER, "another"))
            }
            Login::IdentityToken => Some(Credentials::IdentityToken(Secret::new("refresh"))),
            Login::RegistryToken => Some(Credentials::RegistryToken(Secret::new("access"))),
        }
    }

    pub(super) fn profile_text(&self) -> String {
        Profile::source(&self.profile).map_or_else(|_| self.profile.clone(), str::to_owned)
    }

    /// Whether the push is cancelled by the script.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        let cancels = |rule: &Rule| matches!(rule.act, Act::Cancel);
        self.rules.iter().any(cancels)
    }
}
