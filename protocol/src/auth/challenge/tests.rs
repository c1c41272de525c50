use super::*;

fn best_of(values: &[&str]) -> Option<Challenge> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(
            WWW_AUTHENTICATE,
            value.parse().expect("it is a header value"),
        );
    }
    best(&headers)
}

fn bearer(realm: &str, service: Option<&str>, scope: &str) -> Option<Challenge> {
    Some(Challenge::Bearer(Bearer {
        realm: HttpUrl::parse(realm).expect("it is a URL"),
        service: service.map(str::to_owned),
        scopes: Scope::list(scope),
    }))
}

#[test]
fn every_form_that_is_seen_is_understood() {
    let full = bearer("https://a.example/t", Some("s"), "repository:a/b:pull,push");
    for value in [
        r#"Bearer realm="https://a.example/t",service="s",scope="repository:a/b:pull,push""#,
        r#"bearer Realm = "https://a.example/t" , SERVICE=s, scope="repository:a/b:pull,push""#,
        r#"BEARER scope="repository:a/b:push,pull",realm=https://a.example/t,service=s,error="x,\" y""#,
        r#"Negotiate, Basic realm="x, y=z", Bearer realm="https://a.example/t",service="s",scope="repository:a/b:pull,push""#,
        r#"Negotiate abc==, Bearer realm="https://a.example/t", service="s", scope="repository:a/b:pull,push", Basic"#,
        r#",, Bearer   realm="https://a.\example/t",,service="s",scope="repository:a/b:pull,push""#,
    ] {
        assert_eq!(best_of(&[value]), full, "{value}");
    }
}

#[test]
fn several_headers_are_one_list() {
    let both = best_of(&["Basic", r#"Bearer realm="https://a.example/t""#]);
    assert_eq!(both, bearer("https://a.example/t", None, ""));
}

#[test]
fn a_bearer_challenge_without_a_usable_realm_gives_way_to_basic() {
    for realm in [
        "",
        r#"realm="""#,
        r#"realm="null://h/t""#,
        r#"realm="/t""#,
        "realm",
    ] {
        let value = format!("Bearer {realm}, Basic realm=\"x\"");
        assert_eq!(best_of(&[&value]), Some(Challenge::Basic), "{value}");
        assert_eq!(best_of(&[&format!("Bearer {realm}")]), None);
    }
}

#[test]
fn odd_scopes_are_no_scopes() {
    for scope in ["", "*", "repository:user", "a b"] {
        let value = format!(r#"Bearer realm="https://a.example/t",scope="{scope}""#);
        assert_eq!(
            best_of(&[&value]),
            bearer("https://a.example/t", None, ""),
            "{scope}"
        );
    }
}

#[test]
fn nonsense_is_no_challenge_and_does_not_hang() {
    for value in [
        "",
        ",",
        "=",
        "\"",
        "Bearer realm=\"",
        "Digest a=b",
        "= = =",
        "a=\"b",
        "\"\"\"\"",
        "é=",
    ] {
        assert_eq!(best_of(&[value]), None, "{value}");
    }
}
