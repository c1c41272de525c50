//! Scenarios, played by a client.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::evidence::{ClientEnd, Evidence, StoreEnd};
use super::fixture::Fixture;
use super::report::{Report, ScenarioReport};
use super::scenario::{Expect, Image, Scenario};
use super::store::{self, missing};
use super::watch::watch;
use crate::fault::{Faulty, Step};
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
    Ok(Report::new(settings.command.join(" "), reports))
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
        tag_taken: false,
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
    let mut builder = MockRegistry::builder()
        .profile(&scenario.profile)
        .map_err(StartError::from)?
        .tls(scenario.tls)
        .record_digests(true);
    if scenario.users {
        builder = builder.user(USER, PASSWORD);
    }
    if let Some(auth) = scenario.auth {
        builder = builder.auth(auth);
    }
    let registry = builder.start()?;
    let ca = folder.path().join("ca.pem");
    if let Some(pem) = registry.ca_pem() {
        std::fs::write(&ca, pem)?;
    }
    let places = places(&registry, &fixture, &ca, scenario);
    let command: Vec<String> = settings
        .command
        .iter()
        .map(|argument| fill(argument, &places))
        .collect();
    let environment = environment(&places, scenario);
    if scenario.tag_taken {
        registry.with_faulty(|faulty| store::take_tag(faulty, REPOSITORY, TAG));
    }
    let limit = settings.limit.unwrap_or(scenario.limit);
    for _ in 1..scenario.runs {
        watch(&command, &environment, folder.path(), limit)?;
    }
    let mut end = StoreEnd::default();
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
    let mut client = watch(&command, &environment, folder.path(), limit)?;
    let exchanges = registry.exchanges();
    registry.with_faulty(|faulty| {
        client.leaked = faulty.recorder().secrets_in(&client.output);
        client.output = faulty.recorder().redact(&client.output);
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
    ca: &std::path::Path,
    scenario: &Scenario,
) -> Places {
    let path = |path: &PathBuf| path.display().to_string();
    vec![
        ("registry", registry.host()),
        ("repo", REPOSITORY.into()),
        ("tag", TAG.into()),
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
fn environment(places: &Places, scenario: &Scenario) -> Vec<(&'static str, String)> {
    let mut variables = vec![("MOCK_SCENARIO", scenario.name.clone())];
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
