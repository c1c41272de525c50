use super::{Request, port};

#[test]
fn the_port_is_read_from_the_log() {
    assert_eq!(
        port(r#"time="…" level=info msg="listening on 127.0.0.1:35319, tls" version=2.8.2"#),
        Some(35319)
    );
    assert_eq!(
        port(r#"time="…" level=info msg="redis not configured""#),
        None
    );
}

#[test]
fn requests_are_read_from_the_access_log() {
    let line = r#"127.0.0.1 - - [24/Nov/2026:20:00:00 +0000] "PUT /v2/a/blobs/uploads/1?digest=x HTTP/1.1" 201 0 "" "ua""#;
    let request = Request::parse(line).unwrap();
    assert_eq!((request.method.as_str(), request.status), ("PUT", 201));
    assert_eq!(request.target, "/v2/a/blobs/uploads/1?digest=x");
    assert!(request.brings_blob() && !request.brings_manifest());

    let head = Request::parse(&line.replace("PUT", "HEAD")).unwrap();
    assert!(!head.brings_blob());
    let manifest =
        Request::parse(&line.replace("blobs/uploads/1?digest=x", "manifests/latest")).unwrap();
    assert!(manifest.brings_manifest());
    assert_eq!(
        Request::parse(r#"time="…" level=info msg="response completed" http.request.method=GET"#),
        None
    );
}
