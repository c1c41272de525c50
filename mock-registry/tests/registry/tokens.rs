//! Authentication as CNCF distribution has it, and the knobs around it.

use std::time::Duration;

use longshore_mock_registry::token::{Claims, HmacSigner, Signer as _};
use longshore_mock_registry::{Auth, Config, Profile};
use longshore_protocol::Digest;

use crate::client::{Client, basic};

const APP: &str = "demo/app";
const SERVICE: &str = "registry.test";

fn config(knobs: &str) -> Config {
    let text = format!("name = 'x'\n{knobs}");
    Config::new(Profile::from_toml(&text).unwrap()).user("alice", "secret")
}

fn log_in(client: &mut Client, user: &str, scope: &str) -> crate::client::Answer {
    client.log_in("/token", SERVICE, user, &[scope])
}

#[test]
fn a_challenge_names_what_is_needed_and_what_is_wrong() {
    let mut client = Client::new(config(""));
    let post = format!("POST /v2/{APP}/blobs/uploads/");
    let bare = client.send(&post, &[], b"");
    assert_eq!(bare.status(), 401);
    assert_eq!(
        bare.header("www-authenticate"),
        Some(
            "Bearer realm=\"http://registry.test/token\",service=\"registry.test\",\
             scope=\"repository:demo/app:pull,push\""
        )
    );
    log_in(&mut client, "alice:secret", "repository:demo/app:pull");
    let small = client.send(&post, &[], b"");
    assert_eq!(small.status(), 401);
    assert!(
        small
            .header("www-authenticate")
            .unwrap()
            .ends_with(",error=\"insufficient_scope\"")
    );
    client.headers = vec![("authorization".into(), "Bearer x.y.z".into())];
    let odd = client.send(&post, &[], b"");
    assert!(
        odd.header("www-authenticate")
            .unwrap()
            .ends_with(",error=\"invalid_token\"")
    );
    log_in(&mut client, "alice:secret", "repository:demo/app:pull,push");
    assert_eq!(client.send(&post, &[], b"").status(), 202);
    client.now = Duration::from_secs(300);
    assert_eq!(client.send(&post, &[], b"").status(), 401, "expired");
}

#[test]
fn the_answer_to_a_token_request_has_knobs() {
    let members = |knobs: &str| {
        let mut client = Client::new(config(&format!("[auth]\n{knobs}")));
        let answer = log_in(&mut client, "alice:secret", "repository:demo/app:pull");
        let body = answer.json();
        let mut members: Vec<String> = body
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| {
                if value.is_u64() {
                    format!("{key}={value}")
                } else {
                    key.clone()
                }
            })
            .collect();
        members.sort();
        members.join(" ")
    };
    assert_eq!(members(""), "access_token expires_in=300 issued_at token");
    assert_eq!(
        members("token-field = 'token'\nexpires-in = 'absent'"),
        "issued_at token"
    );
    assert_eq!(
        members("token-field = 'access-token'\nexpires-in = 7\nissued-at = false"),
        "access_token expires_in=7"
    );
}

#[test]
fn a_token_serves_only_where_it_was_meant_to() {
    let mut client = Client::new(config(""));
    client.log_in(
        "/token",
        "another",
        "alice:secret",
        &["repository:demo/app:pull"],
    );
    assert_eq!(client.get("/v2/").status(), 401);
    log_in(
        &mut client,
        "alice:secret",
        "repository:demo/other:pull,push",
    );
    assert_eq!(
        client
            .send(&format!("POST /v2/{APP}/blobs/uploads/"), &[], b"")
            .status(),
        401
    );
}

#[test]
fn a_token_of_another_issuer_is_refused() {
    let key = b"shared by both";
    let mut config = config("");
    config.signer = Some(Box::new(HmacSigner::new(key)));
    let claims = |issuer: &str| Claims {
        iss: issuer.into(),
        sub: "alice".into(),
        aud: Some(SERVICE.into()),
        exp: u64::MAX,
        nbf: 0,
        iat: 0,
        jti: "1".into(),
        access: Vec::new(),
    };
    let own = config.issuer.clone();
    let mut client = Client::new(config);
    for (issuer, status) in [(own.as_str(), 200), ("another", 401)] {
        let token = HmacSigner::new(key).sign(&claims(issuer)).unwrap();
        client.headers = vec![("authorization".into(), format!("Bearer {token}"))];
        assert_eq!(client.get("/v2/").status(), status, "{issuer}");
    }
}

#[test]
fn nobody_gets_a_token_unless_something_is_public() {
    let mut client = Client::new(config(""));
    let refused = log_in(&mut client, "", "repository:demo/app:pull");
    assert_eq!(refused.status(), 401);
    assert!(
        refused
            .header("www-authenticate")
            .unwrap()
            .starts_with("Basic ")
    );
    assert_eq!(
        log_in(&mut client, "alice:wrong", "repository:demo/app:pull").status(),
        401
    );
    assert_eq!(
        log_in(&mut client, "bob:secret", "repository:demo/app:pull").status(),
        401
    );

    let mut client = Client::new(config("").anonymous_pull(true));
    log_in(&mut client, "alice:secret", "repository:demo/app:pull,push");
    let digest = client.push_blob(APP, b"layer");
    let target = format!("/v2/{APP}/blobs/{digest}");
    client.headers.clear();
    assert_eq!(
        client.get(&target).status(),
        401,
        "a token is needed all the same"
    );
    log_in(&mut client, "", "repository:demo/app:pull,push");
    assert_eq!(client.get(&target).status(), 200);
    assert_eq!(
        client
            .send(&format!("POST /v2/{APP}/blobs/uploads/"), &[], b"")
            .status(),
        401
    );
}

#[test]
fn grants_and_refusals_have_knobs() {
    let mut strict = config("[auth]\npartial-grant = 'refuse'\nrefused-status = 403");
    strict.rights.pull_only.insert(APP.into());
    let mut client = Client::new(strict);
    let refused = log_in(&mut client, "alice:secret", "repository:demo/app:pull,push");
    assert_eq!(
        (refused.status(), refused.code().as_deref()),
        (403, Some("DENIED"))
    );
    log_in(&mut client, "alice:secret", "repository:demo/app:pull");
    assert_eq!(
        client
            .send(&format!("POST /v2/{APP}/blobs/uploads/"), &[], b"")
            .status(),
        403
    );
    let mut first = Client::new(config("[auth]\nscope-params = 'first-only'"));
    let scopes = ["repository:demo/a:push", "repository:demo/b:push"];
    first.log_in("/token", SERVICE, "alice:secret", &scopes);
    assert_eq!(
        first
            .send("POST /v2/demo/a/blobs/uploads/", &[], b"")
            .status(),
        202
    );
    assert_eq!(
        first
            .send("POST /v2/demo/b/blobs/uploads/", &[], b"")
            .status(),
        401
    );
}

#[test]
fn the_form_flow_gives_tokens_too() {
    let mut client = Client::new(config(""));
    let form = "grant_type=password&service=registry.test&username=alice&password=secret\
                &scope=repository%3Ademo%2Fa%3Apush+repository:demo/b:push";
    let answer = client.send("POST /token", &[], form.as_bytes());
    assert_eq!(answer.status(), 200);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    client.headers = vec![("authorization".into(), format!("Bearer {token}"))];
    for name in ["demo/a", "demo/b"] {
        client.open(name);
    }
    for form in [
        form.replace("secret", "wrong"),
        form.replace("alice", "bob"),
        form.replace("&password=secret", ""),
    ] {
        assert_eq!(
            client.send("POST /token", &[], form.as_bytes()).status(),
            401
        );
    }
    let other = form.replace("grant_type=password", "grant_type=magic");
    assert_eq!(
        client.send("POST /token", &[], other.as_bytes()).status(),
        400
    );
    let endless = vec![b'x'; 1 << 20];
    assert_eq!(client.send("POST /token", &[], &endless).status(), 400);
    let mut without = Client::new(config("[auth]\ntoken-post = 404"));
    assert_eq!(without.send("POST /token", &[], b"").status(), 404);
}

#[test]
fn basic_authentication_asks_every_time() {
    let mut client = Client::new(config("").auth(Auth::Basic));
    let bare = client.get("/v2/");
    assert_eq!(
        bare.header("www-authenticate"),
        Some("Basic realm=\"registry.test\"")
    );
    for (user, status) in [
        ("alice:secret", 200),
        ("alice:wrong", 401),
        ("bob:secret", 401),
    ] {
        client.headers = vec![("authorization".into(), basic(user))];
        assert_eq!(client.get("/v2/").status(), status, "{user}");
    }
    client.headers = vec![("authorization".into(), basic("alice:secret"))];
    client.push_blob(APP, b"layer");
    assert_eq!(
        client.get("/token").status(),
        404,
        "there are no tokens here"
    );
}

#[test]
fn the_public_may_pull_with_basic_authentication() {
    let mut config = config("").auth(Auth::Basic).anonymous_pull(true);
    config.rights.closed.insert("demo/closed".into());
    let mut client = Client::new(config);
    client.headers = vec![("authorization".into(), basic("alice:secret"))];
    let digest = client.push_blob(APP, b"layer");
    let closed = client.send("POST /v2/demo/closed/blobs/uploads/", &[], b"");
    assert_eq!(
        (closed.status(), closed.code().as_deref()),
        (403, Some("DENIED"))
    );
    client.headers.clear();
    assert_eq!(
        client.get(&format!("/v2/{APP}/blobs/{digest}")).status(),
        200
    );
    let other = format!("/v2/demo/closed/blobs/{}", Digest::sha256(b""));
    assert_eq!(client.get(&other).status(), 401);
}

#[test]
fn a_mount_from_where_one_may_not_pull_has_a_knob() {
    for (knob, status) in [("session", 202), ("unauthorized", 401)] {
        let mut client = Client::new(config(&format!("[mount]\nbad-source = '{knob}'")));
        log_in(&mut client, "alice:secret", "repository:demo/app:pull,push");
        let digest = Digest::sha256(b"x");
        let target = format!("POST /v2/{APP}/blobs/uploads/?mount={digest}&from=demo/base");
        let answer = client.send(&target, &[], b"");
        assert_eq!(answer.status(), status);
        if status == 401 {
            let challenge = answer.header("www-authenticate").unwrap();
            let both = "scope=\"repository:demo/app:pull,push repository:demo/base:pull\"";
            assert!(challenge.contains(both), "{challenge}");
        }
    }
}

#[test]
fn cancelling_can_need_more_than_pushing() {
    let mut client = Client::new(config("[auth]\ncancel-needs-delete = true"));
    log_in(&mut client, "alice:secret", "repository:demo/app:pull,push");
    let location = client.open(APP);
    assert_eq!(
        client
            .send(&format!("DELETE {location}"), &[], b"")
            .status(),
        401
    );
    log_in(&mut client, "alice:secret", "repository:demo/app:delete");
    assert_eq!(
        client
            .send(&format!("DELETE {location}"), &[], b"")
            .status(),
        204
    );
}
