//! Scenarios, played by a client.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use base64::Engine as _;

use super::evidence::{ClientEnd, Evidence, StoreEnd};
use super::fixture::{self, Fixture};
use super::report::{Report, ScenarioReport};
use super::scenario::{Expect, Image, Scenario, Target};
use super::store::{self, missing};
use super::watch::watch;
use crate::core::Config;
use crate::fault::{Faulty, Step};
use crate::profile::Profile;
use crate::redact;
use crate::shell::{MockRegistry, StartError};

/// How scenarios are played.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The client: a program and its arguments, with placeholders in braces.
    pub command: Vec<String>,
    /// How many scenarios are played at once.
    pub jobs: usize,
    /// How long a client may take; `None` means as the scenario says.
    pub limit: Option<Duration>,
}

/// Why scenarios cannot be played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The registry.
    #[error("cannot start the registry: {0}")]
    Start(#[from] StartError),
    /// The client, or a folder for its image.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The command.
    #[error("{0}")]
    Command(String),
}

/// Lets a client play scenarios, and judges it. `news` hears of each when it is over.
///
/// # Errors
/// The registry or the client cannot be started. A client that fails is no error.
pub fn run(
    scenarios: &[Scenario],
    settings: &Settings,
    news: &(dyn Fn(&ScenarioReport) + Sync),
) -> Result<Report, RunError> {
    check_command(&settings.command)?;
    let waiting: Mutex<VecDeque<(usize, &Scenario)>> =
        Mutex::new(scenarios.iter().enumerate().collect());
    let done: Mutex<Vec<(usize, Result<ScenarioReport, RunError>)>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..settings.jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let next = waiting
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .pop_front();
                    let Some((at, scenario)) = next else {
                        return;
                    };
                    let report = play(scenario, settings).map(ScenarioReport::of);
                    if let Ok(report) = &report {
                        news(report);
                    }
                    done.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((at, report));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    let reports = done
        .into_iter()
        .map(|(_, report)| report)
        .collect::<Result<Vec<_>, _>>()?;
    // It is a person's own, and may have a password in it where `{password}` should be.
    Ok(Report::new(redact::command(&settings.command), reports))
}

/// Judges what a served registry recorded, without knowing how its clients ended.
#[must_use]
pub fn judge_session(registry: &MockRegistry) -> Report {
    registry.with_faulty(|faulty| judge_record(faulty))
}

/// The same for a registry without a socket.
#[must_use]
pub fn judge_record(registry: &Faulty) -> Report {
    let exchanges = registry.recorder().exchanges();
    let core = registry.core();
    let last = exchanges
        .iter()
        .rev()
        .find(|exchange| exchange.step == Step::Manifest && exchange.succeeded());
    let (repository, tag) = last.map_or_else(Default::default, |x| {
        (x.repository.clone(), x.subject.clone())
    });
    let store = StoreEnd {
        digest: core
            .manifest(&repository, &tag)
            .map(|(_, _, digest)| digest.to_string()),
        missing: missing(core, &repository, &tag).err(),
        open: core.open_sessions(),
        ..StoreEnd::default()
    };
    let scenario = Scenario {
        name: "session".into(),
        about: "whatever was asked".into(),
        profile: core.profile().name.clone(),
        auth: None,
        users: false,
        tls: exchanges.iter().any(|exchange| exchange.secure),
        image: Image::Small,
        faults: registry.armed().map(|(fault, _)| fault.clone()).collect(),
        expect: Expect::Any,
        says: Vec::new(),
        decides: Vec::new(),
        runs: 1,
        first_to: None,
        tag_taken: false,
        referrer_taken: false,
        identity: false,
        limit: Duration::MAX,
    };
    let evidence = Evidence {
        scenario,
        repository,
        tag,
        exchanges,
        client: ClientEnd::default(),
        store,
    };
    Report::new(
        "free-form session".into(),
        vec![ScenarioReport::of(evidence)],
    )
}

fn play(scenario: &Scenario, settings: &Settings) -> Result<Evidence, RunError> {
    let folder = tempfile::tempdir()?;
    let fixture = Fixture::make(folder.path(), scenario.image)?;
    let mut config = Config::new(Profile::load(&scenario.profile).map_err(StartError::from)?);
    config.auth = scenario.auth;
    if scenario.users {
        config = config.user(USER, PASSWORD);
    }
    if scenario.identity {
        config.identity_tokens.insert(IDENTITY.into(), USER.into());
    }
    let builder = MockRegistry::builder().config(config).tls(scenario.tls);
    let registry = builder.record_digests(true).start()?;
    let ca = folder.path().join("ca.pem");
    if let Some(pem) = registry.ca_pem() {
        std::fs::write(&ca, pem)?;
    }
    if scenario.identity {
        write_identity(folder.path(), &registry.host())?;
    }
    let mut end = StoreEnd::default();
    registry.with_faulty(|faulty| {
        if scenario.tag_taken {
            store::take_tag(faulty, REPOSITORY, TAG);
        }
        if scenario.referrer_taken {
            end.referrer = store::take_fallback(faulty, REPOSITORY, &fixture::subject());
        }
    });
    let last = Target {
        repository: REPOSITORY.into(),
        tag: TAG.into(),
    };
    let limit = settings.limit.unwrap_or(scenario.limit);
    let push = |target: &Target| {
        let places = places(&registry, &fixture, &ca, scenario, target);
        let command: Vec<String> = settings
            .command
            .iter()
            .map(|argument| fill(argument, &places))
            .collect();
        let environment = environment(&places, scenario, folder.path());
        watch(&command, &environment, folder.path(), limit)
    };
    for _ in 1..scenario.runs {
        push(scenario.first_to.as_ref().unwrap_or(&last))?;
    }
    registry.with_faulty(|faulty| {
        let core = faulty.core();
        end.before = digest(core);
        end.known = core
            .blobs(REPOSITORY)
            .iter()
            .map(ToString::to_string)
            .collect();
        faulty.recorder_mut().clear();
        scenario
            .faults
            .iter()
            .for_each(|fault| faulty.arm(fault.clone()));
    });
    let mut client = push(&last)?;
    let exchanges = registry.exchanges();
    registry.with_faulty(|faulty| {
        client.leaked = faulty.recorder().secrets_in(&client.output);
        client.output = redact::text(&faulty.recorder().redact(&client.output));
        let core = faulty.core();
        end.digest = digest(core);
        end.missing = missing(core, REPOSITORY, TAG).err();
        end.open = core.open_sessions();
    });
    Ok(Evidence {
        scenario: scenario.clone(),
        repository: REPOSITORY.into(),
        tag: TAG.into(),
        exchanges,
        client,
        store: end,
    })
}

fn digest(core: &crate::core::Core) -> Option<String> {
    core.manifest(REPOSITORY, TAG)
        .map(|(_, _, digest)| digest.to_string())
}

type Places = Vec<(&'static str, String)>;

fn places(
    registry: &MockRegistry,
    fixture: &Fixture,
    ca: &Path,
    scenario: &Scenario,
    target: &Target,
) -> Places {
    let path = |path: &PathBuf| path.display().to_string();
    vec![
        ("registry", registry.host()),
        ("repo", target.repository.clone()),
        ("tag", target.tag.clone()),
        ("oci", path(&fixture.oci)),
        ("archive", path(&fixture.archive)),
        ("dir", path(&fixture.dir)),
        (
            "ca",
            if scenario.tls {
                ca.display().to_string()
            } else {
                String::new()
            },
        ),
        ("user", USER.into()),
        ("password", PASSWORD.into()),
    ]
}

/// The same as variables, for commands that are scripts. There is no `MOCK_CA` without TLS.
///
/// What clients remember of earlier pushes is theirs within one scenario, and nobody's after it.
fn environment(places: &Places, scenario: &Scenario, folder: &Path) -> Vec<(&'static str, String)> {
    let path = |name: &str| folder.join(name).display().to_string();
    let mut variables = vec![
        ("MOCK_SCENARIO", scenario.name.clone()),
        ("XDG_CACHE_HOME", path("cache")),
    ];
    if scenario.identity {
        variables.push(("MOCK_AUTH_FILE", path(AUTH_FILE)));
        variables.push(("REGISTRY_AUTH_FILE", path(AUTH_FILE)));
        variables.push(("DOCKER_CONFIG", folder.display().to_string()));
    }
    for (name, value) in places {
        let variable = match *name {
            "registry" => "MOCK_REGISTRY",
            "repo" => "MOCK_REPO",
            "tag" => "MOCK_TAG",
            "oci" => "MOCK_OCI",
            "archive" => "MOCK_ARCHIVE",
            "dir" => "MOCK_DIR",
            "ca" if value.is_empty() => continue,
            "ca" => "MOCK_CA",
            "user" => "MOCK_USER",
            _ => "MOCK_PASSWORD",
        };
        variables.push((variable, value.clone()));
    }
    variables
}

/// The file in which docker and podman keep what `login` got from the registry.
fn write_identity(folder: &Path, host: &str) -> io::Result<()> {
    let name = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:"));
    let file = serde_json::json!({
        "auths": { host: { "auth": name, "identitytoken": IDENTITY } },
    });
    std::fs::write(folder.join(AUTH_FILE), file.to_string())
}

fn fill(argument: &str, places: &Places) -> String {
    places
        .iter()
        .fold(argument.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        })
}

fn check_command(command: &[String]) -> Result<(), RunError> {
    if command.is_empty() {
        return Err(RunError::Command("there is no command to judge".into()));
    }
    let known: Vec<String> = PLACES.iter().map(|name| format!("{{{name}}}")).collect();
    for argument in command {
        let mut rest = argument.as_str();
        while let Some(from) = rest.find('{') {
            let tail = &rest[from..];
            let word: String = tail[1..]
                .chars()
                .take_while(char::is_ascii_lowercase)
                .collect();
            let whole = format!("{{{word}}}");
            if !word.is_empty() && tail.starts_with(&whole) && !known.contains(&whole) {
                let all = known.join(" ");
                return Err(RunError::Command(format!(
                    "unknown {whole}; there are {all}"
                )));
            }
            rest = &tail[1..];
        }
    }
    Ok(())
}

const PLACES: [&str; 9] = [
    "registry", "repo", "tag", "oci", "archive", "dir", "ca", "user", "password",
];
const REPOSITORY: &str = "demo/app";
const TAG: &str = "latest";
const USER: &str = "alice";
const PASSWORD: &str = "canary-7Qx2vLm9Zt4";
const IDENTITY: &str = "canary-identity-9Wd4kRs8Hy1";
const AUTH_FILE: &str = "config.json";
