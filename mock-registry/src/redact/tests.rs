use super::*;

/// Everything between bars goes, and nothing else.
fn assert_redacts(redact: impl Fn(&str) -> String, marked: &str) {
    let (mut text, mut expected) = (String::new(), String::new());
    for (number, part) in marked.split('|').enumerate() {
        text.push_str(part);
        expected.push_str(if number % 2 == 0 { part } else { UNKNOWN });
    }
    assert_eq!(redact(&text), expected, "of {text}");
    assert_eq!(redact(&expected), expected, "a second time");
}

#[test]
fn headers_lose_what_their_names_say() {
    for marked in [
        "authorization: Basic |YWxpY2U6c2VjcmV0|",
        "authorization: |s3cr3t|",
        "authorization: Bearer |a<password:b>|",
        "proxy-authorization: Basic |YTpi|",
        "cookie: sid=|abc|; theme=|dark|",
        "set-cookie: sid=|abc|; Path=/; HttpOnly",
        "x-registry-auth: |eyJ|",
        "x-registry-config: |eyJ|",
        "x-api-key: |a|",
        "private-token: |a|",
        "job-token: |a|",
        "deploy-token: |a|",
        "x-amz-security-token: |a|",
        "referer: http://x/?access_token=|a|&n=1",
        "location: http://|me:pass|@x/v2/a?_state=abc&digest=sha256:00",
        "warning: 299 - \"got Basic |YWxpY2U6c2VjcmV0|\"",
        "authorization: Basic <password:alice>",
        "www-authenticate: Bearer realm=\"http://x/token\",service=\"x\",scope=\"repository:a:pull\"",
        "docker-content-digest: sha256:0123456789abcdef",
        "content-type: application/json",
    ] {
        let (name, value) = marked.split_once(": ").unwrap();
        assert_redacts(|text| header(name, text), value);
    }
}

#[test]
fn commands_keep_placeholders() {
    for (given, shown) in [
        (
            "skopeo copy --dest-creds={user}:{password} {oci} {registry}",
            "skopeo copy --dest-creds={user}:{password} {oci} {registry}",
        ),
        (
            "push --dest-creds=me:pass x",
            "push --dest-creds=<unknown> x",
        ),
        ("push --password pass x", "push --password <unknown> x"),
        (
            "push -p pass http://me:pass@x/",
            "push -p <unknown> http://<unknown>@x/",
        ),
    ] {
        let arguments: Vec<String> = given.split(' ').map(str::to_owned).collect();
        assert_eq!(command(&arguments), shown);
    }
}

#[test]
fn texts_lose_secret_fields() {
    for marked in [
        "/token?account=me&password=|hunter2|&scope=repository:a:pull",
        "/v2/?access_token=|a|&token=|b|&api_key=|c|&private-token=|d|",
        "grant_type=password&username=me&password=|p%20w|&client_id=x&offline_token=true",
        "grant_type=refresh_token&refresh_token=|a|&service=x",
        "{\"token\":\"|a|\",\"access_token\" : \"|b\\\"c|\",\"expires_in\":60}",
        "{\"refresh_token\":\"|a|\"}",
        "what is |eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln|?",
        "got Bearer |abcdef0123456789|",
        "password=<password:alice>&x=1",
        "/v2/a/blobs/uploads/2f6f6b1c?_state=eyJ0&X-Signature=0f0f",
        "repository:token:pull",
        "Bearer tokens are wanted",
        "",
        "é=\"token\":\"",
    ] {
        assert_redacts(text, marked);
    }
}
