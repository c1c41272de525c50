use super::super::scope::Scope;
use super::*;

fn scopes() -> Scopes {
    let mut scopes = Scopes::default();
    scopes.add(Scope::push(&"a/b".parse().expect("it has the form")));
    scopes.add(Scope::pull(&"c".parse().expect("it has the form")));
    scopes
}

fn bearer(realm: &str, service: Option<&str>) -> Bearer {
    Bearer {
        realm: HttpUrl::parse(realm).expect("it is a URL"),
        service: service.map(str::to_owned),
        scopes: Vec::new(),
    }
}

#[test]
fn each_scope_is_a_parameter_and_the_realms_query_stays() {
    let url = url(&bearer("https://a.example/t?x=%41", Some("s p")), &scopes());
    assert_eq!(
        url.to_uri().expect("it is a URI").to_string(),
        "https://a.example/t?x=%41&service=s%20p&scope=repository:a/b:pull,push&scope=repository:c:pull"
    );
}

#[test]
fn a_form_has_one_scope() {
    let form = form(
        &bearer("https://a.example/t", None),
        &scopes(),
        &Secret::new("r&s"),
        "me",
    );
    assert_eq!(
        form,
        "grant_type=refresh_token&service=&client_id=me&scope=repository:a/b:pull,push%20repository:c:pull&refresh_token=r%26s"
    );
}

#[test]
fn every_form_of_answer_is_read() {
    let token = |text: &str, life: u64| {
        Some(Token {
            text: Secret::new(text),
            life: Duration::from_secs(life),
        })
    };
    for (body, expected) in [
        (r#"{"token":"a"}"#, token("a", 60)),
        (r#"{"access_token":"a","expires_in":300}"#, token("a", 300)),
        (
            r#"{"token":"a","access_token":"b","expires_in":"90"}"#,
            token("a", 90),
        ),
        (r#"{"token":"","access_token":"b"}"#, token("b", 60)),
        (
            r#"{"token":null,"access_token":"b","issued_at":"garbage"}"#,
            token("b", 60),
        ),
        (r#"{"token":"a","expires_in":0}"#, token("a", 60)),
        (r#"{"token":"a","expires_in":-5}"#, token("a", 60)),
        (r#"{"token":"a","expires_in":90.5}"#, token("a", 90)),
        (r#"{"token":"a","expires_in":"soon"}"#, token("a", 60)),
        (r#"{"token":"a","expires_in":86400}"#, token("a", 86_400)),
        (r#"{"token":"a","expires_in":86401}"#, token("a", 86_400)),
        (r#"{"token":"a","expires_in":1e300}"#, token("a", 86_400)),
        (r#"{"token":"a\nHost: x"}"#, None),
        (r#"{"token":"a b"}"#, None),
        (r#"{"token":7}"#, None),
        ("{}", None),
        ("[]", None),
        ("<html>", None),
        ("", None),
    ] {
        assert_eq!(read(body.as_bytes()), expected, "{body}");
    }
}

#[test]
fn headers_are_marked_as_secret() {
    let header = basic_header("me", &Secret::new("canary")).expect("it is sound");
    assert_eq!(header, "Basic bWU6Y2FuYXJ5");
    assert_eq!(format!("{header:?}"), "Sensitive");
    assert!(
        bearer_header(&Secret::new("t"))
            .expect("it is sound")
            .is_sensitive()
    );
    assert_eq!(basic_header("a:b", &Secret::new("c")), None);
    assert_eq!(basic_header("a\nb", &Secret::new("c")), None);
}

#[test]
fn a_password_that_is_no_text_is_sent_as_it_is() {
    let password = Secret::from(b"s\xe9cret".to_vec());
    let header = basic_header("me", &password).expect("it is encoded");
    // me:s, 0xe9, cret
    assert_eq!(header, "Basic bWU6c+ljcmV0");
    assert_eq!(password.expose(), "s\u{fffd}cret");
}

#[test]
fn a_password_may_be_any_bytes() {
    for password in [
        "{\n  \"type\": \"service_account\"\n}\n",
        "c\r\nX: y",
        "\0",
        ":",
        "\u{e4}",
    ] {
        let header = basic_header("_json_key", &Secret::new(password)).expect("it is encoded");
        let encoded = header.to_str().expect("it is ASCII").strip_prefix("Basic ");
        let pair = STANDARD
            .decode(encoded.expect("it is Basic"))
            .expect("it is base64");
        assert_eq!(pair, format!("_json_key:{password}").into_bytes());
    }
}
