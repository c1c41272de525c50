//! A scripted client, whose evidence the checks look at.

use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http::{Request, Response};
use longshore_mock_registry::fault::Faulty;
use longshore_mock_registry::judge::{
    ClientEnd, Evidence, Finding, Scenario, StoreEnd, Verdict, checks, missing,
};
use longshore_mock_registry::record::{Listener, Peer};
use longshore_mock_registry::{Config, Profile};
use longshore_protocol::Digest;

pub(crate) const LAYER: &[u8] = b"the bytes of a layer";
pub(crate) const IDENTITY: &str = "an-identity-token-of-some-length";
pub(crate) const PASSWORD: &str = "correct-horse-battery";
pub(crate) const TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

pub(crate) struct Client {
    pub(crate) registry: Faulty,
    pub(crate) now: Duration,
    pub(crate) peer: Peer,
    pub(crate) token: Option<String>,
    pub(crate) agent: Option<&'static str>,
    pub(crate) end: ClientEnd,
    pub(crate) before: Option<String>,
    pub(crate) known: Vec<String>,
    pub(crate) referrer: Option<String>,
    scenario: Scenario,
}

impl Client {
    /// In a scenario of these lines.
    pub(crate) fn of(scenario: &str) -> Self {
        let text = format!("[[scenario]]\nname = 'x'\nabout = 'x'\n{scenario}\n");
        let scenario = Scenario::read(&text).unwrap().remove(0);
        let mut config = Config::new(Profile::load(&scenario.profile).unwrap());
        if scenario.tls {
            config = config.origin("https://registry.test");
        }
        if scenario.users {
            config = config.user("alice", PASSWORD);
        }
        if scenario.identity {
            config
                .identity_tokens
                .insert(IDENTITY.into(), "alice".into());
        }
        config.auth = scenario.auth;
        let mut registry = Faulty::new(config).unwrap();
        registry.recorder_mut().hash_bodies(true);
        scenario
            .faults
            .iter()
            .for_each(|fault| registry.arm(fault.clone()));
        Self {
            registry,
            now: Duration::ZERO,
            peer: Peer {
                connection: 1,
                secure: scenario.tls,
                listener: Listener::Registry,
            },
            token: None,
            agent: Some("test/1"),
            end: ClientEnd {
                exit: Some(0),
                watched: true,
                ..ClientEnd::default()
            },
            before: None,
            known: Vec::new(),
            referrer: None,
            scenario,
        }
    }

    /// Without users: the shortest way to a blob.
    pub(crate) fn open_door(scenario: &str) -> Self {
        Self::of(&format!("users = false\n{scenario}"))
    }

    pub(crate) fn log_in(&mut self) {
        let both = format!("alice:{PASSWORD}");
        let basic = base64::engine::general_purpose::STANDARD.encode(both);
        let what = "GET /token?service=registry.test&scope=repository:demo/app:pull,push";
        let answer = self
            .send(what, &[("authorization", &format!("Basic {basic}"))], b"")
            .unwrap();
        let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        self.token = body["token"]
            .as_str()
            .map(|token| format!("Bearer {token}"));
    }

    /// One request, a tenth of a second after the last.
    pub(crate) fn send(
        &mut self,
        what: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Response<Bytes>> {
        self.now += Duration::from_millis(100);
        let (method, target) = what.split_once(' ').unwrap();
        let path = target.split_once("://").map_or(target, |(_, rest)| {
            rest.find('/').map_or("/", |at| &rest[at..])
        });
        let has = |name: &str| headers.iter().any(|(known, _)| *known == name);
        let mut request = Request::builder().method(method).uri(path);
        if !has("host") {
            request = request.header("host", "registry.test");
        }
        if !has("transfer-encoding") && !has("no-length") && method != "GET" && method != "HEAD" {
            request = request.header("content-length", body.len());
        }
        if let (Some(agent), false) = (self.agent, has("user-agent")) {
            request = request.header("user-agent", agent);
        }
        if let (Some(token), false) = (&self.token, has("authorization")) {
            request = request.header("authorization", token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::copy_from_slice(body)).unwrap();
        self.registry.handle_as(self.now, self.peer, request).0
    }

    pub(crate) fn open(&mut self) -> String {
        let answer = self
            .send("POST /v2/demo/app/blobs/uploads/", &[], b"")
            .unwrap();
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> Option<u16> {
        let location = self.open();
        self.put(&location, bytes)
    }

    pub(crate) fn put(&mut self, location: &str, bytes: &[u8]) -> Option<u16> {
        let what = format!("PUT {}", with_digest(location, bytes));
        let answer = self.send(
            &what,
            &[("content-type", "application/octet-stream")],
            bytes,
        );
        answer.map(|answer| answer.status().as_u16())
    }

    pub(crate) fn manifest(&mut self) -> Option<u16> {
        let what = "PUT /v2/demo/app/manifests/latest";
        let answer = self.send(what, &[("content-type", TYPE)], manifest().as_bytes());
        answer.map(|answer| answer.status().as_u16())
    }

    /// A push as it should be.
    pub(crate) fn push_all(&mut self) {
        self.push(LAYER);
        self.manifest();
    }

    pub(crate) fn evidence(&self) -> Evidence {
        let core = self.registry.core();
        let digest = core
            .manifest("demo/app", "latest")
            .map(|(_, _, digest)| digest.to_string());
        Evidence {
            scenario: self.scenario.clone(),
            repository: "demo/app".into(),
            tag: "latest".into(),
            exchanges: self.registry.recorder().exchanges(),
            client: self.end.clone(),
            store: StoreEnd {
                digest,
                before: self.before.clone(),
                missing: missing(core, "demo/app", "latest").err(),
                open: core.open_sessions(),
                known: self.known.clone(),
                referrer: self.referrer.clone(),
            },
        }
    }

    pub(crate) fn finding(&self, id: &str) -> Finding {
        let check = checks().find(|check| check.id == id).unwrap();
        check.judge(&self.evidence())
    }

    pub(crate) fn verdict(&self, id: &str) -> Verdict {
        self.finding(id).verdict
    }
}

/// What a check says of a client that acts like this.
pub(crate) fn verdict(id: &str, scenario: &str, act: impl FnOnce(&mut Client)) -> Verdict {
    let mut client = Client::of(scenario);
    act(&mut client);
    client.verdict(id)
}

/// Of a registry that asks nobody who they are.
pub(crate) fn open(id: &str, scenario: &str, act: impl FnOnce(&mut Client)) -> Verdict {
    verdict(id, &format!("users = false\n{scenario}"), act)
}

pub(crate) fn with_digest(location: &str, bytes: &[u8]) -> String {
    let glue = if location.contains('?') { '&' } else { '?' };
    format!("{location}{glue}digest={}", Digest::sha256(bytes))
}

pub(crate) fn manifest() -> String {
    let digest = Digest::sha256(LAYER);
    let size = LAYER.len();
    let blob = |kind: &str| {
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"{digest}","size":{size}}}"#
        )
    };
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{TYPE}","config":{},"layers":[{}]}}"#,
        blob("config.v1+json"),
        blob("layer.v1.tar")
    )
}
