//! `[ping]`, `[auth]`.

use std::time::Duration;

use super::{Case, show, verdict};
use crate::APP;
use crate::client::{Answer, Client, basic};

const BOTH: &str = "repository:demo/app:pull,push";

#[rustfmt::skip] // One case a line.
pub(super) const CASES: &[Case] = &[
    ("ping.body", "'true'", "auth.scheme = 'none'", |c| c.get("/v2/").text(), "{}", "true"),
    ("ping.type", "''", "auth.scheme = 'none'", |c| show(&c.get("/v2/"), "content-type"), "application/json", "-"),
    ("ping.type", "'text/html'", "auth.scheme = 'none'", |c| show(&c.get("/v2/"), "content-type"), "application/json", "text/html"),
    ("ping.open", "true", "", |c| { let mut c = public(c); let a = c.get("/v2/"); format!("{} {}", a.status(), a.header("www-authenticate").is_some()) }, "401 true", "200 true"),
    ("ping.open-form", "'unquoted'", "ping.open = true", |c| challenges(&public(c).get("/v2/")).starts_with("bearer realm=http").to_string(), "false", "true"),
    ("ping.scope", "'*'", "auth.scheme = 'bearer'", |c| challenges(&c.get("/v2/")), "Bearer realm=\"http://registry.test/token\",service=\"registry.test\"", "Bearer realm=\"http://registry.test/token\",service=\"registry.test\",scope=\"*\""),
    ("ping.service", "false", "auth.scheme = 'bearer'", |c| format!("{} {}", challenges(&c.get("/v2/")).contains("service="), challenges(&post(c)).contains("service=")), "true true", "false true"),
    ("auth.scheme", "'basic'", "", |c| challenges(&c.get("/v2/")), "Bearer realm=\"http://registry.test/token\",service=\"registry.test\"", "Basic realm=\"registry.test\""),
    ("auth.dialect", "'quay'", "", |c| c.get("/v2/").text().contains("errors").to_string(), "true", "false"),
    ("auth.token-path", "'/v2/auth'", "", |c| challenges(&c.get("/v2/")).contains("test/v2/auth\"").to_string(), "false", "true"),
    ("auth.challenge-scope", "'absent'", "", |c| scope(&post(c)), "repository:demo/app:pull,push", "-"),
    ("auth.challenge-scope", "'empty'", "", |c| scope(&post(c)), "repository:demo/app:pull,push", ""),
    ("auth.challenge-scope", "'star'", "", |c| scope(&post(c)), "repository:demo/app:pull,push", "*"),
    ("auth.challenge-form", "'unquoted'", "", |c| challenges(&c.get("/v2/")).starts_with("bearer realm=http://registry.test/token,").to_string(), "false", "true"),
    ("auth.second-challenge", "'basic'", "", |c| second(&c.get("/v2/")), "1 -", "2 Basic realm=\"registry.test\""),
    ("auth.second-challenge", "'bare-basic'", "", |c| second(&c.get("/v2/")), "1 -", "2 Basic"),
    ("auth.second-challenge", "'joined-basic'", "", |c| challenges(&c.get("/v2/")).ends_with(", Basic realm=\"registry.test\"").to_string(), "false", "true"),
    ("auth.challenge-again", "'none'", "", again, "Bearer", "-"),
    ("auth.challenge-again", "'basic'", "", again, "Bearer", "Basic"),
    ("auth.challenge-again", "'empty'", "", again, "Bearer", ""),
    ("auth.challenge-error", "false", "", |c| { log_in(c, &["repository:a/b:pull"]); challenges(&post(c)).contains("error=\"insufficient_scope\"").to_string() }, "true", "false"),
    ("auth.challenge-on-success", "true", "", |c| { log_in(c, &[]); let a = c.get("/v2/"); format!("{} {}", a.status(), a.header("www-authenticate").is_some()) }, "200 false", "200 true"),
    ("auth.basic-realm", "'{origin}/ {url}'", "auth.scheme = 'basic'\n", |c| challenges(&c.get("/v2/?a=b")), "Basic realm=\"registry.test\"", "Basic realm=\"http://registry.test/ http://registry.test/v2/?a=b\""),
    ("auth.basic-service", "'ecr'", "auth.scheme = 'basic'", |c| challenges(&c.get("/v2/")), "Basic realm=\"registry.test\"", "Basic realm=\"registry.test\",service=\"ecr\""),
    ("auth.basic-too", "true", "", |c| { let b = basic("alice:secret"); c.send("GET /v2/", &[("authorization", &b)], b"").status().to_string() }, "401", "200"),
    ("auth.refused-status", "403", "", |c| { log_in(c, &["repository:a/b:pull"]); verdict(&post(c)) }, "401 UNAUTHORIZED", "403 DENIED"),
    ("auth.token-format", "'opaque'", "", |c| { let token = log_in(c, &[BOTH]).json()["token"].as_str().unwrap().contains('.'); format!("{token} {}", post(c).status()) }, "true 202", "false 202"),
    ("auth.token-field", "'access-token'", "", |c| fields(c, "token access_token"), "true true", "false true"),
    ("auth.token-field", "'token'", "", |c| fields(c, "token access_token"), "true true", "true false"),
    ("auth.token-type", "'application/json;charset=ISO-8859-1'", "", |c| show(&log_in(c, &[]), "content-type"), "application/json", "application/json;charset=ISO-8859-1"),
    ("auth.expires-in", "'absent'", "", |c| fields(c, "expires_in"), "true", "false"),
    ("auth.expires-in", "7", "", |c| log_in(c, &[]).json()["expires_in"].to_string(), "300", "7"),
    ("auth.lifetime", "10", "", |c| expiry(c, 11), "202", "401"),
    ("auth.leeway", "30", "", |c| expiry(c, 301), "401", "202"),
    ("auth.issued-at", "false", "", |c| fields(c, "issued_at"), "true", "false"),
    ("auth.token-post", "404", "", |c| form(c, "password").status().to_string(), "200", "404"),
    ("auth.token-post", "405", "", |c| form(c, "password").status().to_string(), "200", "405"),
    ("auth.password-grant", "false", "", |c| form(c, "password").status().to_string(), "200", "400"),
    ("auth.refresh-tokens", "true", "", |c| form(c, "refresh_token").status().to_string(), "400", "200"),
    ("auth.password-uses", "1", "", |c| format!("{} {}", log_in(c, &[]).status(), log_in(c, &[]).status()), "200 200", "200 401"),
    ("auth.partial-grant", "'refuse'", "", |c| verdict(&log_in(c, &["repository:read/only:pull,push"])), "200 -", "403 DENIED"),
    ("auth.partial-grant", "'unauthorized'", "", |c| format!("{} {}", log_in(c, &["repository:read/only:pull,push"]).status(), verdict(&log_in(c, &[BOTH, "repository:closed/app:pull"]))), "200 200 -", "200 401 UNAUTHORIZED"),
    ("auth.scope-params", "'first-only'", "", |c| { log_in(c, &["repository:a/b:pull", BOTH]); post(c).status().to_string() }, "202", "401"),
    ("auth.scope-params", "'reject-duplicate'", "", |c| format!("{} {}", log_in(c, &[BOTH, BOTH]).status(), log_in(c, &[BOTH]).status()), "200 200", "400 200"),
    ("auth.anonymous-token", "'subset'", "", |c| c.log_in("/token", "registry.test", "", &[BOTH]).status().to_string(), "401", "200"),
    ("auth.public-needs-token", "false", "", |c| { let mut c = public(c); c.get("/v2/demo/app/tags/list").status().to_string() }, "401", "404"),
    ("auth.cancel-needs-delete", "true", "", |c| { log_in(c, &[BOTH]); let at = c.open(APP); c.send(&format!("DELETE {at}"), &[], b"").status().to_string() }, "204", "401"),
    ("auth.login-backoff", "true", "", |c| { c.log_in("/token", "registry.test", "alice:wrong", &[]); log_in(c, &[]).status().to_string() }, "200", "429"),
];

fn post(c: &mut Client) -> Answer {
    c.send(&format!("POST /v2/{APP}/blobs/uploads/"), &[], b"")
}

fn log_in(c: &mut Client, scopes: &[&str]) -> Answer {
    c.log_in("/token", "registry.test", "alice:secret", scopes)
}

fn form(c: &mut Client, grant: &str) -> Answer {
    let form = "username=alice&password=secret&refresh_token=identity&service=registry.test";
    c.send(
        "POST /token",
        &[],
        format!("{form}&grant_type={grant}").as_bytes(),
    )
}

fn challenges(answer: &Answer) -> String {
    let values = answer.0.headers().get_all("www-authenticate").iter();
    let values: Vec<&str> = values.map(|value| value.to_str().unwrap()).collect();
    values.join(" | ")
}

fn second(answer: &Answer) -> String {
    let all = challenges(answer);
    let all: Vec<&str> = all.split(" | ").collect();
    format!("{} {}", all.len(), all.get(1).unwrap_or(&"-"))
}

fn scope(answer: &Answer) -> String {
    let challenges = challenges(answer);
    let scope = challenges.split_once("scope=\"");
    scope
        .map_or("-", |(_, rest)| rest.split('"').next().unwrap())
        .to_owned()
}

/// The scheme of the challenge to a token that is none.
fn again(c: &mut Client) -> String {
    let answer = c.send("GET /v2/", &[("authorization", "Bearer nonsense")], b"");
    let challenge = show(&answer, "www-authenticate");
    challenge.split(' ').next().unwrap().to_owned()
}

/// Which of these members a token answer has.
fn fields(c: &mut Client, names: &str) -> String {
    let body = log_in(c, &[]).json();
    let there = names
        .split(' ')
        .map(|name| body.get(name).is_some().to_string());
    there.collect::<Vec<_>>().join(" ")
}

/// What a push gets with a token of this age.
fn expiry(c: &mut Client, age: u64) -> String {
    log_in(c, &[BOTH]);
    c.now += Duration::from_secs(age);
    post(c).status().to_string()
}

/// The same registry, from which anyone may pull.
fn public(c: &Client) -> Client {
    let config = longshore_mock_registry::Config::new(c.core.profile().clone());
    Client::new(config.user("alice", "secret").anonymous_pull(true))
}
