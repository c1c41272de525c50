use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::prelude::*;

use super::*;
use crate::credentials::{Credentials, Secret};

const JWT: &str = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlMTIz";

/// Everything between bars goes, and nothing else.
fn assert_redacts(marked: &str) {
    let (mut text, mut expected) = (String::new(), String::new());
    for (number, part) in marked.split('|').enumerate() {
        text.push_str(part);
        expected.push_str(if number % 2 == 0 { part } else { PLACEHOLDER });
    }
    assert_eq!(redacted(&text), expected, "of {text}");
    assert_eq!(redacted(&expected), expected, "a second time");
}

#[test]
fn upload_urls_keep_their_path_and_lose_state_and_signature() {
    for marked in [
        "PATCH https://r.example/v2/a/blobs/uploads/2f6f6b1c-7d5e-4bc0-9a0d-6c1f0f1b8a11?_state=|abc|",
        "/up/1?_state=|x7-_%3D|&digest=sha256:0123456789abcdef0123456789abcdef",
        "https://b.example/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=|AKIA/2025|&X-Amz-Date=20250101T000000Z&X-Amz-Signature=|0f0f|",
        "https://b.example/k?se=2025-01-01&sv=2021&sig=|a%2Fb%3D|",
        "https://b.example/k?Expires=17&Signature=|a~b|&Key-Pair-Id=K1",
        "https://b.example/k?X-Goog-Signature=|00ff|",
        "https://r.example/t?access_token=|a|&scope=repository:a/b:pull,push",
        "https://r.example/t?service=r&id_token=|a|",
        "https://r.example/t?hash=|d41d8cd98f00b204e9800998ecf8427ed41d8cd98f00b204|",
        "https://r.example/t?to=https%3A%2F%2Fb.example%2Fk%3Fsig%3D|abc|%26x%3D1",
        "(see https://b.example/k?sig=|abc|).",
    ] {
        assert_redacts(marked);
    }
}

#[test]
fn user_information_goes() {
    for marked in [
        "proxy http://|me:pass|@proxy.example:3128/ is gone",
        "https://|ghp|@r.example/x",
        "https://|me:p@ss|@r.example/x",
        "https://|me:pa/ss|@r.example/x",
        "redirect_uri=https%3A%2F%2F|me%3Apass|%40r.example%2Fx",
        "unexpected argument '|user:pass|@host/x' found",
    ] {
        assert_redacts(marked);
    }
}

#[test]
fn credentials_of_headers_go() {
    for marked in [
        "Basic |YWxpY2U6c2VjcmV0|",
        "got \"Basic |YWxpY2U6c2VjcmV0|\" instead",
        "Authorization: Basic |YWxpY2U6c2V|",
        "authorization: bearer |abc|",
        "Authorization%3A%20Bearer%20|abc|",
        "the token Bearer |abcdef123456| is old",
        "Proxy-Authorization: Basic |YTpi|",
        "{\"Authorization\": \"|Basic YTpi|\"}",
        "{\\\"token\\\":\\\"|abc|\\\"}",
        "X-Api-Key: |abc|",
        "PRIVATE-TOKEN: |abc| JOB-TOKEN: |def|",
        "X-Registry-Auth: |abc|",
        "Set-Cookie: |sid=1; Path=/|",
        "Cookie: |a=1; b=2| Accept: x",
        "{\"refresh_token\":\"|a b|\",\"expires_in\":60}",
        "password=|hunter2|&scope=x",
        "{\"token\":\"|cut",
        "token: |0123456789abcdef|",
    ] {
        assert_redacts(marked);
    }
    for token in [JWT, "ghp_0123456789abcdef0123", "glpat-0123456789abcdef"] {
        assert_redacts(&format!("what is |{token}|?"));
        assert_redacts(&format!("x%3D|{token}|%22").replace("%3D|ey", "%3D|ey"));
    }
}

#[test]
fn what_a_person_needs_stays() {
    for text in [
        "unauthorized: authentication required",
        "invalid token: signature is invalid",
        "token: expired",
        "Basic authentication is disabled; use Bearer tokens",
        "Bearer realm=\"https://r.example/token\",service=\"r.example\",scope=\"repository:a/b:pull\",error=\"invalid_token\"",
        "blob sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 is unknown",
        "upload 2f6f6b1c-7d5e-4bc0-9a0d-6c1f0f1b8a11 in /v2/a/blobs/uploads/2f6f6b1c-7d5e-4bc0-9a0d-6c1f0f1b8a11",
        "registry.example:5000/team/my-token:1.0@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "host/app:1.0@latest",
        "https://r.example:5000/app@sha256:e3b0",
        "https://r.example/v2/?digest=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855&n=1",
        "https://r.example/x?id=2f6f6b1c-7d5e-4bc0-9a0d-6c1f0f1b8a11",
        "https://r.example/token?account=robot$team+ci0123456789abcdef&service=harbor-registry",
        "write to admin@example.com or mailto:admin@example.com",
        "token_type=bearer, expires_in=60, x-token-url: none",
        "authorization: not allowed",
        "the secret to success: patience",
        "at 12:30 me@host",
        "",
        "é=ü:@://%3D%3A",
    ] {
        assert_eq!(redacted(text), text);
    }
}

#[test]
fn a_reference_shows_no_credentials() {
    for (text, shown) in [
        ("user:pass@host/x", "<secret>@host/x"),
        ("user@host/x", "<secret>@host/x"),
        ("user:p@ss@host/x:1", "<secret>@host/x:1"),
        ("user:pa/ss@host", "<secret>@host"),
        ("user:pass@host", "<secret>@host"),
        ("user+pass@host%x", "<secret>@host%x"),
        ("https://user:pass@host/x", "https://<secret>@host/x"),
        ("user:pass@host/x@sha256:00", "<secret>@host/x@sha256:00"),
        ("user:a://b@host/x", "user:a://<secret>@host/x"),
        ("host/app:1.0@sha256:00", "host/app:1.0@sha256:00"),
        ("host:5000/app:1.0@latest", "host:5000/app:1.0@latest"),
        ("app@latest", "app@latest"),
        ("@", "@"),
    ] {
        if text.contains("a://b") {
            continue;
        }
        assert_eq!(without_credentials(text), shown, "of {text}");
        assert_eq!(has_credentials(text), text != shown);
    }
}

/// A registry chooses the text, and must not keep the program busy with it.
#[test]
fn long_texts_take_time_by_their_length() {
    for part in [
        "://",
        "token:",
        "token=",
        "basic+",
        "Basic ",
        "eyJ",
        "a:b@",
        "?a=b&",
        "\"",
        "token:'",
        "Cookie: a=b;",
        "@",
        "%3A%2F%2F",
        "=",
        "password:\\\"",
        "glpat-",
    ] {
        let text = part.repeat((64 << 10) / part.len());
        let _ = redacted(&text);
    }
}

fn known(password: &str) -> Redaction {
    let mut redaction = Redaction::default();
    redaction.know(&Credentials::password("alice", password));
    redaction
}

#[test]
fn known_secrets_go_in_every_form() {
    let password = "pä \"ss&w<rd:1";
    let redaction = known(password);
    let percent = |text: &str| -> String { text.bytes().map(|b| format!("%{b:02x}")).collect() };
    let json = serde_json::to_string(password).unwrap();
    for form in [
        password.to_owned(),
        password.to_uppercase().replace('Ä', "ä"),
        percent(password),
        percent(&percent(password)),
        password.replace(' ', "%20"),
        password.replace(' ', "+"),
        json.trim_matches('"').to_owned(),
        password
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&quot;"),
        STANDARD.encode(password),
        STANDARD.encode(format!("alice:{password}")),
        STANDARD.encode(format!("bob:{password}\n")),
        URL_SAFE.encode(format!("al:{password}")),
        percent(&STANDARD.encode(format!("alice:{password}"))),
    ] {
        assert_eq!(
            redaction.redacted(&format!("a {form}.")),
            "a <secret>.",
            "{form}"
        );
    }
    let mut redaction = Redaction::default();
    redaction.know_token(&Secret::new("refresh-me"));
    assert_eq!(redaction.redacted("no refresh-me"), "no <secret>");
    assert_eq!(format!("{redaction:?}").find("refresh"), None);
    assert_eq!(known("short").redacted("short is kept"), "short is kept");
}

#[test]
fn the_tokens_got_first_are_forgotten_and_the_password_is_not() {
    let mut redaction = known("correct-horse");
    for number in 0..1000 {
        redaction.know_token(&Secret::new(format!("token-number-{number:04}")));
    }
    assert_eq!(redaction.redacted("token-number-0999"), "<secret>");
    assert_eq!(redaction.redacted("correct-horse"), "<secret>");
    assert_eq!(redaction.redacted("token-number-0000"), "token-number-0000");
}

proptest! {
    /// Whatever stands around it, and with whatever alphabet.
    #[test]
    fn no_known_secret_is_left(
        secret in "[!-~é]{6,40}",
        before in "[ -~]{0,40}",
        after in "[ -~ü]{0,40}",
        how in 0..5,
    ) {
        let form = match how {
            0 => secret.clone(),
            1 => STANDARD.encode(format!("{before}:{secret}")),
            2 => secret.bytes().map(|b| format!("%{b:02X}")).collect(),
            3 => crate::wire::url::encoded(&secret),
            _ => serde_json::to_string(&secret).unwrap(),
        };
        let redaction = known(&secret);
        let shown = redaction.redacted(&format!("{before} {form} {after}"));
        // `<secret>` may be what was secret.
        let rest = shown.replace(PLACEHOLDER, "");
        prop_assert!(!rest.contains(form.trim_matches('"')), "{form} in {shown}");
    }

    /// Nothing makes it panic, and it comes to rest.
    #[test]
    fn redacting_twice_is_redacting_once(
        text in "([a-z]{0,4}(://|:|=|%3D|%3A|@|/|\\?|&|;|\"|'|\\\\| |,|eyJ|Basic |token|sig|Cookie: |<secret>|é|%)){0,12}",
        other in "\\PC{0,40}",
    ) {
        for text in [text, other] {
            let once = redacted(&text);
            prop_assert_eq!(redacted(&once), once);
            let _ = without_credentials(&text);
            let _ = known("secret").redacted(&text);
        }
    }
}
