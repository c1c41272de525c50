//! F36–F49 and F99.

use longshore_mock_registry::fault::Edit;
use longshore_mock_registry::record::Listener;

use crate::harness::{Client, LAYER, POST, TOKEN, basic};

#[test]
fn a_token_expires_and_stays_expired() {
    let mut client = Client::of_alice("token-expires");
    let refused = client.send(POST, &[], b"");
    assert_eq!(refused.status(), 401);
    assert!(
        refused
            .header("www-authenticate")
            .unwrap()
            .starts_with("Bearer realm=")
    );
    assert_eq!(client.send(POST, &[], b"").status(), 401, "the same token");
    client.log_in();
    assert_eq!(client.push(LAYER).status(), 201);
}

#[test]
fn another_scope_is_demanded() {
    let answer = Client::of_alice("scope-changes").send(POST, &[], b"");
    let challenge = answer.header("www-authenticate").unwrap();
    let scope = "scope=\"repository:demo/app:pull,push repository:other/thing:pull\"";
    assert!(challenge.contains(scope), "{challenge}");
    assert!(challenge.contains("insufficient_scope"));
}

#[test]
fn rights_end() {
    assert_eq!(
        Client::of_alice("grant-shrinks")
            .send(POST, &[], b"")
            .status(),
        403
    );
    let mut client = Client::of_alice("401-forever");
    for _ in 0..3 {
        client.log_in();
        assert_eq!(client.send(POST, &[], b"").status(), 401);
    }
    let mut client = Client::of_alice("403-transient");
    assert!(
        client
            .send(POST, &[], b"")
            .json()
            .to_string()
            .contains("secondary rate limit")
    );
    assert_eq!(client.send(POST, &[], b"").status(), 202);
}

#[test]
fn challenges_have_many_forms() {
    let challenge = |form: &str| {
        let mut client = Client::of_alice("challenge-forms");
        client.registry.disarm();
        client
            .registry
            .arm(format!("challenge-forms:form={form}").parse().unwrap());
        client.token = None;
        let answer = client.send(POST, &[], b"");
        assert_eq!(answer.status(), 401);
        answer.headers("www-authenticate")
    };
    let one = |form: &str| challenge(form).join("|");
    assert!(one("two-in-one").starts_with("Negotiate, Bearer realm="));
    assert_eq!(challenge("two-headers").len(), 2);
    assert!(one("basic-first").starts_with("Basic realm=\"registry\"|Bearer"));
    assert!(one("no-realm").starts_with("Bearer service="));
    assert_eq!(challenge("empty"), [""]);
    assert!(challenge("none").is_empty());
    assert!(one("unquoted").contains("service=registry.test,error=invalid_token"));
    assert!(one("upper").starts_with("BEARER REALM="));
    assert!(one("lower").starts_with("bearer realm="));
    assert!(one("escaped").contains("say \\\"please\\\", then"));
    assert!(one("comma-scope").ends_with(" ,"));
    assert!(one("extra").ends_with("x-new=yes"));
    assert!(one("empty-scope").ends_with("scope=\"\""));
    assert!(one("star").ends_with("repository:demo/app:*\""));
}

#[test]
fn realms_are_evil() {
    for (to, realm) in [
        ("elsewhere", "http://127.0.0.1:"),
        ("metadata", "http://169.254.169.254/token"),
        ("mapped", "http://[::ffff:169.254.169.254]/token"),
        ("private", "http://10.0.0.1/token"),
        ("userinfo", "http://registry.example@elsewhere.test/token"),
        ("file", "file:///etc/passwd"),
        ("decimal", "http://2130706433:"),
        ("octal", "http://0177.0.0.1:"),
        ("redirect", "http://elsewhere.test/redirect/token"),
    ] {
        let mut client = Client::of_alice("evil-realm");
        client.registry.disarm();
        client
            .registry
            .arm(format!("evil-realm:to={to}").parse().unwrap());
        client.token = None;
        let answer = client.send(POST, &[], b"");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(
            challenge.starts_with(&format!("Bearer realm=\"{realm}")),
            "{challenge}"
        );
    }
}

#[test]
fn the_second_origin_remembers_what_it_should_not_have_got() {
    let mut client = Client::of_alice("evil-realm");
    let headers = [("authorization", &*basic())];
    let (answer, _) = client.send_to(Listener::Elsewhere, TOKEN, &headers, b"");
    assert_eq!(answer.unwrap().status(), 403);
    let asked = client.registry.recorder().exchanges();
    let stolen = asked.at(Listener::Elsewhere).last().unwrap();
    assert_eq!(stolen.secrets[0].label, "<password:alice>");
    assert_eq!(
        stolen.header("authorization"),
        Some("Basic <password:alice>")
    );
    let (redirected, _) = client.send_to(Listener::Elsewhere, "GET /redirect/token", &[], b"");
    let location = redirected.unwrap().header("location").unwrap().to_owned();
    assert!(location.starts_with("http://169.254.169.254/"));
}

#[test]
fn token_answers_have_many_forms() {
    let answer = |form: &str| {
        let mut client = Client::of_alice("token-answer-forms");
        client.registry.disarm();
        client
            .registry
            .arm(format!("token-answer-forms:form={form}").parse().unwrap());
        let answer = client.send(TOKEN, &[("authorization", &basic())], b"");
        (answer.status(), answer.json())
    };
    let field = |form: &str, key: &str| answer(form).1[key].clone();
    assert!(
        field("access-token", "token").is_null()
            && field("access-token", "access_token").is_string()
    );
    assert!(field("token", "access_token").is_null() && field("token", "token").is_string());
    assert_eq!(field("different", "access_token"), "another-token");
    assert!(field("absent", "token").is_null() && field("absent", "access_token").is_null());
    assert_eq!(field("empty", "token"), "");
    assert_eq!(field("expires-zero", "expires_in"), 0);
    assert!(field("expires-absent", "expires_in").is_null());
    assert_eq!(field("expires-negative", "expires_in"), -300);
    assert_eq!(field("expires-string", "expires_in"), "300");
    assert_eq!(field("expires-huge", "expires_in"), 1e30);
    assert_eq!(field("issued-past", "issued_at"), "2001-01-01T00:00:00Z");
    assert_eq!(field("issued-future", "issued_at"), "2099-01-01T00:00:00Z");
    assert_eq!(field("issued-garbage", "issued_at"), "yesterday");
    assert!(field("extra", "extra").is_object());
    assert_eq!(answer("created").0, 201);
    assert!(
        field("newline", "token")
            .as_str()
            .unwrap()
            .ends_with("\r\nX-Injected: yes")
    );
}

#[test]
fn tokens_are_hard_to_get() {
    let status = |fault: &str, what: &str| {
        Client::of_alice(fault)
            .send(what, &[("authorization", &basic())], b"")
            .status()
    };
    assert_eq!(status("token-5xx:status=502", TOKEN), 502);
    assert_eq!(status("token-429", TOKEN), 429);
    assert_eq!(status("post-token-404:status=405", "POST /token"), 405);
    assert_eq!(status("post-token-404", TOKEN), 200);
}

#[test]
fn challenges_change() {
    let mut client = Client::of_alice("basic-after-bearer");
    let answer = client.send(POST, &[], b"");
    assert_eq!(
        answer.header("www-authenticate"),
        Some("Basic realm=\"registry\"")
    );
    assert_eq!(client.send(POST, &[], b"").status(), 202);
    let answer = Client::of_alice("401-without-challenge").send(POST, &[], b"");
    assert_eq!(
        (answer.status(), answer.header("www-authenticate")),
        (401, None)
    );
    let answer = Client::of_alice("auth-on-200").send("GET /v2/", &[], b"");
    assert_eq!(answer.status(), 200);
    assert!(answer.header("www-authenticate").is_some());
}

#[test]
fn cookies_are_traps() {
    let mut client = Client::of("cookie-trap");
    let answer = client.send(POST, &[], b"");
    assert!(answer.header("set-cookie").unwrap().starts_with("trap="));
    let caught = client.send(POST, &[("cookie", "trap=canary-cookie")], b"");
    assert_eq!(caught.status(), 403);
}

#[test]
fn line_ends_are_smuggled() {
    let added = |into: &str| {
        let mut client = Client::of_alice("header-injection");
        client.registry.disarm();
        client
            .registry
            .arm(format!("header-injection:into={into}").parse().unwrap());
        client.token = None;
        let (answer, wire) = client.try_send(POST, &[], b"");
        let lines = wire.edits.into_iter().filter_map(|edit| match edit {
            Edit::Add(line) => Some(String::from_utf8(line).unwrap()),
            _ => None,
        });
        (answer.unwrap(), lines.collect::<String>())
    };
    assert!(
        added("location")
            .1
            .ends_with("/blobs/uploads/x\rX-Injected: yes")
    );
    assert!(
        added("realm")
            .1
            .contains("/token\rX-Injected: yes\",service")
    );
    assert!(added("service").1.ends_with("registry\rX-Injected: yes\""));
    let escaped = Client::of("header-injection:into=location-escaped").open();
    assert!(escaped.ends_with("%0d%0aX-Injected:%20yes"));
    let mut client = Client::of_alice("header-injection:into=token");
    assert!(client.log_in()["token"].as_str().unwrap().contains("\r\n"));
}
