//! Errors, warnings, rates.

use crate::APP;
use crate::client::{Answer, Client, OCI_MANIFEST};
use longshore_mock_registry::{Config, Profile};
use longshore_protocol::Digest;

fn refusals(client: &mut Client) -> Vec<(Answer, u16, &'static str)> {
    let digest = Digest::sha256(b"absent");
    let headers = [("content-type", OCI_MANIFEST)];
    let location = client.open(APP);
    let mut ask = |request: String, body: &[u8]| client.send(&request, &headers, body);
    vec![
        (
            ask(format!("GET /v2/{APP}/blobs/{digest}"), b""),
            404,
            "BLOB_UNKNOWN",
        ),
        (
            ask(format!("PATCH {location}x"), b"x"),
            404,
            "BLOB_UPLOAD_UNKNOWN",
        ),
        (
            ask(format!("GET /v2/{APP}/blobs/sha256:x"), b""),
            400,
            "DIGEST_INVALID",
        ),
        (
            ask(format!("PUT /v2/{APP}/manifests/v1"), b"{"),
            400,
            "MANIFEST_INVALID",
        ),
        (
            ask(format!("GET /v2/{APP}/manifests/v1"), b""),
            404,
            "MANIFEST_UNKNOWN",
        ),
        (
            ask("GET /v2/Upper/tags/list".into(), b""),
            400,
            "NAME_INVALID",
        ),
        (
            ask("GET /v2/no/body/tags/list".into(), b""),
            404,
            "NAME_UNKNOWN",
        ),
        (
            ask(format!("POST /v2/{APP}/manifests/v1"), b""),
            405,
            "UNSUPPORTED",
        ),
        (ask(format!("PUT {location}"), b""), 400, "DIGEST_INVALID"),
    ]
}

#[test]
fn p50_an_error_has_a_code_and_a_message() {
    let mut client = Client::of("oci");
    for (answer, status, code) in refusals(&mut client) {
        assert_eq!(answer.status(), status, "{code}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/json"),
            "{code}"
        );
        let body = answer.json();
        let errors = body["errors"].as_array().unwrap();
        assert!(!errors.is_empty());
        for error in errors {
            assert_eq!(error["code"], code);
            assert!(error["message"].is_string(), "{code}");
            let upper = |c: char| c.is_ascii_uppercase() || c == '_';
            assert!(error["code"].as_str().unwrap().chars().all(upper));
        }
    }
}

#[test]
fn p50_who_may_not_is_told_so_in_the_same_form() {
    let config = Config::new(Profile::builtin("oci").unwrap()).user("alice", "secret");
    let mut client = Client::new(config);
    let refused = client.send(&format!("POST /v2/{APP}/blobs/uploads/"), &[], b"");
    assert_eq!(
        (refused.status(), refused.code().as_deref()),
        (401, Some("UNAUTHORIZED"))
    );
    assert!(
        refused
            .header("www-authenticate")
            .unwrap()
            .starts_with("Bearer realm=\"")
    );
}

#[test]
fn p52_a_rate_that_is_too_high_is_told_when_to_come_back() {
    let text = "name = 'r'\nsummary = ''\n[rate]\nlimit = 2\nwindow = 10";
    let mut client = Client::new(Config::new(Profile::from_toml(text).unwrap()));
    client.now = std::time::Duration::from_millis(13_500);
    for _ in 0..2 {
        assert_eq!(client.get("/v2/").status(), 200);
    }
    let refused = client.get("/v2/");
    assert_eq!(
        (refused.status(), refused.code().as_deref()),
        (429, Some("TOOMANYREQUESTS"))
    );
    assert_eq!(refused.header("retry-after"), Some("7"));
    client.now += std::time::Duration::from_secs(7);
    assert_eq!(client.get("/v2/").status(), 200, "that was long enough");
}

/// P53: a `Warning` has the code 299 and nothing else. This registry sends none.
#[test]
fn p53_there_are_no_warnings() {
    let mut client = Client::of("oci");
    for (answer, ..) in refusals(&mut client) {
        assert_eq!(answer.header("warning"), None);
    }
}
