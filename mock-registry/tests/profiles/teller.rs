//! A client that writes down what it is answered.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use longshore_mock_registry::{Config, Core, Profile};
use longshore_protocol::Digest;

use crate::client::{basic, with_query};

pub(crate) struct Teller {
    pub(crate) core: Core,
    pub(crate) now: Duration,
    pub(crate) pace: Duration,
    pub(crate) token_path: String,
    pub(crate) lifetime: u64,
    pub(crate) login: Option<String>,
    pub(crate) app: String,
    pub(crate) other: String,
    pub(crate) fixed: String,
    pub(crate) nowhere: String,
    pub(crate) told: String,
}

impl Teller {
    pub(crate) fn of(profile: Profile, users: bool, open: bool) -> Self {
        let middle = if profile.repository.depth_min > 2 {
            "team/"
        } else {
            ""
        };
        let name = |owner: &str, last: &str| format!("{owner}/{middle}{last}");
        let token_path = profile.auth.token_path.clone();
        let lifetime = profile.auth.lifetime;
        let mut config = Config::new(profile).sparse(true).anonymous_pull(open);
        if users {
            config = config.user("alice", "secret");
            config
                .identity_tokens
                .insert("identity".into(), "alice".into());
        }
        for last in ["app", "other", "fixed"] {
            config = config.repository(name("demo", last));
        }
        config = config.immutable(name("demo", "fixed"));
        config.rights.closed.insert(name("demo", "closed"));
        config.rights.pull_only.insert(name("demo", "read-only"));
        Self {
            core: Core::new(config).unwrap(),
            now: Duration::ZERO,
            pace: Duration::from_millis(100),
            token_path,
            lifetime,
            login: None,
            app: name("demo", "app"),
            other: name("demo", "other"),
            fixed: name("demo", "fixed"),
            nowhere: name("nobody", "app"),
            told: String::new(),
        }
    }

    pub(crate) fn look(&mut self, name: &str, digest: &str) {
        let target = format!("/v2/{name}/blobs/{digest}");
        for method in ["HEAD", "GET"] {
            self.ask(&format!("{method} {target}"), &[], b"");
            self.ask(
                &format!("{method} {target}"),
                &[("accept", "application/json")],
                b"",
            );
        }
        self.ask(&format!("GET {target}"), &[("range", "bytes=1-2")], b"");
    }

    pub(crate) fn tags(&mut self) {
        self.ask(&format!("GET /v2/{}/tags/list", self.app), &[], b"");
    }

    pub(crate) fn open(&mut self, name: &str) -> String {
        let what = format!("POST /v2/{name}/blobs/uploads/");
        self.follow(&what, &[], b"", &format!("/v2/{name}/blobs/uploads/none"))
    }

    pub(crate) fn put(&mut self, at: &str, blob: &[u8], rest: &[u8]) {
        let target = with_query(at, &format!("digest={}", Digest::sha256(blob)));
        self.ask(&format!("PUT {target}"), &[OCTETS], rest);
    }

    /// Where an answer leads, or else where one was.
    pub(crate) fn follow(
        &mut self,
        what: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        last: &str,
    ) -> String {
        let answer = self.ask(what, headers, body);
        let location = answer.headers().get("location");
        let location = location.and_then(|value| value.to_str().ok());
        location.unwrap_or(last).to_owned()
    }

    pub(crate) fn log_in(&mut self) {
        let each = [&self.app, &self.other, &self.fixed];
        let scopes = each.map(|name| format!("&scope=repository:{name}:pull,push"));
        self.token(&scopes.concat());
    }

    /// A token, or else a password.
    pub(crate) fn token(&mut self, scopes: &str) {
        let login = basic("alice:secret");
        let target = format!("GET {}?service=registry.test{scopes}", self.token_path);
        let answer = self.ask(&target, &[("authorization", &login)], b"");
        let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let token = body["token"].as_str().or(body["access_token"].as_str());
        self.login = Some(token.map_or(login, |token| format!("Bearer {token}")));
    }

    pub(crate) fn ask(
        &mut self,
        what: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response<Bytes> {
        // Slow enough for the strictest; whoever hurries does it within a moment.
        self.now += self.pace;
        let (method, target) = what.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(target);
        let has = |name: &str| headers.iter().any(|(known, _)| *known == name);
        request = request.header("host", "registry.test");
        if !has("no-length") {
            request = request.header("content-length", body.len());
        }
        if let (Some(login), false) = (&self.login, has("authorization")) {
            request = request.header("authorization", login);
        }
        for (name, value) in headers
            .iter()
            .filter(|(name, value)| *name != "no-length" && !value.is_empty())
        {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::copy_from_slice(body)).unwrap();
        let answer = self.core.handle(self.now, request);
        let shown = &answer.body()[..answer.body().len().min(2_000)];
        // Writing to a string cannot fail.
        let _ = writeln!(
            self.told,
            "{what} {} {:?} {:?}",
            answer.status(),
            answer.headers(),
            String::from_utf8_lossy(shown)
        );
        answer
    }
}

pub(crate) const OCTETS: (&str, &str) = ("content-type", "application/octet-stream");
