//! Nothing secret is shown, whatever a registry repeats and wherever a person puts it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::server::{Heard, Reply, Server, answer};
use crate::support::{Ran, TestEnv};

#[test]
fn a_registry_that_repeats_everything_makes_nobody_show_it() {
    for place in PLACES {
        for status in [
            "400 Bad Request",
            "403 Forbidden",
            "503 Service Unavailable",
        ] {
            let server = echo(place, status, "Basic");
            assert_shows_nothing(&server, place);
        }
    }
}

#[test]
fn nor_does_one_with_tokens() {
    for place in PLACES {
        let server = echo(place, "403 Forbidden", "Bearer");
        assert_shows_nothing(&server, place);
    }
}

#[test]
fn a_token_server_that_repeats_everything_makes_nobody_show_it() {
    for status in ["401 Unauthorized", "403 Forbidden", "200 OK"] {
        let server = Server::hearing(move |heard| match heard.line.split(' ').nth(1) {
            Some(path) if path.starts_with("/token") => {
                let said = everything(heard).replace('"', "'");
                let body =
                    format!(r#"{{"refresh_token":"{REFRESH}","details":"no: {said} {REFRESH}"}}"#);
                answer(status, &[&format!("Warning: 299 - \"{said}\"")], &body)
            }
            _ => challenge(heard, "Bearer"),
        });
        assert_shows_nothing(&server, "token server");
    }
}

#[test]
fn a_redirect_that_names_what_it_was_sent_is_not_repeated() {
    for host in ["127.0.0.1:1", "10.0.0.1", "correct-horse.example"] {
        let server = Server::hearing(move |heard| {
            if heard.header("authorization").is_empty() {
                return challenge(heard, "Basic");
            }
            let to = format!("Location: http://{host}/{PASSWORD}?x={PASSWORD}");
            answer("307 Temporary Redirect", &[&to], "")
        });
        assert_shows_nothing(&server, host);
    }
}

#[test]
fn an_upload_url_is_shown_without_what_it_is_signed_with() {
    let server = Server::start(|request| match request.split(' ').next() {
        Some("GET") => answer("200 OK", &[], "{}"),
        Some("HEAD") => answer("404 Not Found", &[], ""),
        Some("POST") => answer("202 Accepted", &[&format!("Location: {UPLOAD}")], ""),
        Some("DELETE") => answer("204 No Content", &[], ""),
        _ => {
            let body = format!(r#"{{"errors":[{{"code":"DENIED","message":"{request}"}}]}}"#);
            answer(
                "403 Forbidden",
                &[&format!("Warning: 299 - \"{request}\"")],
                &body,
            )
        }
    });
    let ran = push(&server, &["--json"]);
    ran.assert_silent_about(&["state-canary", "canary-of-no-name", "amz-canary"]);
    ran.assert_failed(
        5,
        &["uploads/2f6f6b1c-7d5e-4bc0-9a0d-6c1f0f1b8a11", "403 DENIED"],
    );
    assert!(ran.stderr.contains("_state=<secret>"), "{ran}");
    assert!(ran.stderr.contains("digest=sha256"), "{ran}");
}

#[test]
fn credentials_in_a_reference_are_refused_and_not_repeated() {
    let env = TestEnv::with_image();
    let with = "alice:correct-horse@registry.example/app";
    for arguments in [
        vec!["push", "--json", with],
        vec!["push", "--json", "--image", "image", with],
        vec!["push", "--json", with, "registry.example/app"],
        vec!["push", "--json", "--image", "image", "app", with],
        vec![
            "push",
            "--json",
            "--image",
            "image",
            "app",
            "https://alice:correct-horse@registry.example/app",
        ],
        vec![
            "push",
            "--json",
            "--image",
            "image",
            "app",
            "docker://alice:correct-horse@registry.example/app",
        ],
        vec![
            "push",
            "--json",
            "--image",
            "image",
            "--mount-from",
            with,
            "app",
            "registry.example/app",
        ],
    ] {
        let ran = env.run(&arguments);
        ran.assert_silent_about(&secrets());
        ran.assert_failed(2, &["do not belong in a reference", "--password-stdin"]);
        let error = &ran.json()["error"];
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .contains("<secret>@registry"),
            "{ran}"
        );
        assert!(
            error["hint"]
                .as_str()
                .unwrap()
                .contains("$CH_IMAGE_PASSWORD"),
            "{ran}"
        );
    }
}

#[test]
fn credentials_elsewhere_on_the_command_line_are_not_repeated() {
    let mut env = TestEnv::with_image();
    let with = "alice:correct-horse@registry.example/app";
    for arguments in [
        vec!["push", "--json", "app", "app", with],
        vec!["push", "--json", "app", "--password=correct-horse"],
        vec!["push", "--json", "app", "--password", "correct-horse"],
        vec!["push", "--json", "app", "--retries", with],
        vec!["push", "--json", "image", with],
    ] {
        env.run(&arguments).assert_silent_about(&secrets());
    }
    env.set(
        "CH_REGY_DEFAULT_HOST",
        "alice:correct-horse@registry.example",
    );
    let ran = env.run(&["push", "--json", "--image", "image", "app"]);
    ran.assert_silent_about(&secrets())
        .assert_failed(2, &["CH_REGY_DEFAULT_HOST"]);
    env.unset("CH_REGY_DEFAULT_HOST");
    let server = Server::hearing(|heard| challenge(heard, "Basic"));
    let login = ["--username", "alice:correct-horse"];
    let ran = env.push(&login, &format!("{}/app", server.address));
    ran.assert_silent_about(&secrets())
        .assert_failed(4, &["--username alice is missing"]);
    env.set("HTTPS_PROXY", "http://alice:correct/-horse@127.0.0.1:1");
    let ran = env.push::<&str>(&[], "registry.example/app");
    ran.assert_failed(2, &["HTTPS_PROXY", "%2F"]);
    ran.assert_silent_about(&["horse", "correct"]);
}

/// Where a registry repeats the request.
const PLACES: [&str; 8] = [
    "warning", "message", "code", "detail", "html", "text", "location", "realm",
];

/// A registry that lets one in with any password, or any token, and then answers every request with
/// `status`, and in `place` with the request.
fn echo(place: &'static str, status: &'static str, scheme: &'static str) -> Server {
    Server::hearing(move |heard| {
        let target = heard.line.split(' ').nth(1).unwrap_or_default();
        if target.starts_with("/token") {
            let tokens = format!(r#"{{"token":"{TOKEN}","refresh_token":"{REFRESH}"}}"#);
            return answer("200 OK", &[], &tokens);
        }
        if heard.header("authorization").is_empty() {
            return challenge(heard, scheme);
        }
        let said = everything(heard);
        let quoted = serde_json::to_string(&said).unwrap();
        let json = |code: &str, message: &str, detail: &str| {
            format!(r#"{{"errors":[{{"code":{code},"message":{message},"detail":{detail}}}]}}"#)
        };
        let one_line = said.replace('"', "'");
        let (header, body) = match place {
            "warning" => (format!("Warning: 299 - \"{one_line}\""), String::new()),
            "message" => ("X: y".to_owned(), json(r#""X""#, &quoted, "{}")),
            "code" => ("X: y".to_owned(), json(&quoted, r#""no""#, "{}")),
            "detail" => ("X: y".to_owned(), json(r#""X""#, r#""no""#, &quoted)),
            "html" => (
                "Content-Type: text/html".to_owned(),
                format!("<html><h1>{said}</h1>"),
            ),
            "text" => ("Docker-Content-Digest: ".to_owned() + &one_line, said),
            "location" => (
                format!("Location: http://user:{PASSWORD}@127.0.0.1/{PASSWORD}?a={PASSWORD}"),
                String::new(),
            ),
            _ => (
                format!("WWW-Authenticate: Bearer realm=\"http://127.0.0.1:1/{PASSWORD}\""),
                String::new(),
            ),
        };
        let status = match place {
            "location" => "307 Temporary Redirect",
            "realm" => "401 Unauthorized",
            _ => status,
        };
        answer(status, &[&header], &body)
    })
}

fn challenge(heard: &Heard, scheme: &str) -> Reply {
    let host = heard.header("host");
    let challenge = format!("WWW-Authenticate: {scheme} realm=\"http://{host}/token\"");
    answer("401 Unauthorized", &[&challenge], "{}")
}

/// All that there is to repeat, and what can be made of it.
fn everything(heard: &Heard) -> String {
    let header = heard.header("authorization");
    let given = header.split(' ').nth(1).unwrap_or_default();
    let decoded = STANDARD.decode(given).unwrap_or_default();
    let decoded = String::from_utf8_lossy(&decoded);
    let password = decoded.split(':').nth(1).unwrap_or_default();
    let percent: String = password
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    let body = String::from_utf8_lossy(&heard.body);
    format!(
        "Authorization: {header} | {given} | {decoded} | {password} | {percent} | {} | {} | {body} \
         | http://{decoded}@x.example/?p={password}",
        STANDARD.encode(password),
        heard.line,
    )
}

#[track_caller]
fn assert_shows_nothing(server: &Server, place: &str) {
    for transport in ["blocking", "async"] {
        let ran = push(server, &["-vv", "--json", "--transport", transport]);
        assert_ne!(ran.code, Some(0), "{place}: {ran}");
        // Of a place in which there is nothing, nothing could be shown.
        ran.assert_silent_about(&secrets());
        ran.json();
    }
}

fn push(server: &Server, options: &[&str]) -> Ran {
    let mut env = TestEnv::with_image();
    env.set("CH_IMAGE_USERNAME", "alice");
    env.set("CH_IMAGE_PASSWORD", PASSWORD);
    env.push(options, &format!("{}/app", server.address))
}

/// The password as it is, percent-encoded, and in base64 by itself and behind the user name; a token
/// and a refresh token.
fn secrets() -> [&'static str; 7] {
    [
        PASSWORD,
        "%63%6F%72",
        "Y29ycmVjdC1ob3Jz",
        "YWxpY2U6Y29ycmVjdC1ob3Jz",
        TOKEN,
        REFRESH,
        "horse",
    ]
}

const PASSWORD: &str = "correct-horse";
const TOKEN: &str = "token-canary-of-the-registry";
const REFRESH: &str = "refresh-canary-of-the-server";
const UPLOAD: &str = "/v2/app/blobs/uploads/2f6f6b1c-7d5e-4bc0-9a0d-6c1f0f1b8a11?_state=state-canary\
                      &x=canary-of-no-name&X-Amz-Signature=amz-canary";
