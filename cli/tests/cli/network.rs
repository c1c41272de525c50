//! Registries that cannot be reached, cannot be trusted, or are none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use longshore_mock_registry::{Auth, MockRegistry};
use snapbox::str;

use crate::support::server::{Reply, Server, answer};
use crate::support::{TestEnv, assert_holds, at, config, open_registry};

#[test]
fn nobody_listens() {
    // Nobody listens on a port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let ran = TestEnv::with_large_image().push::<&str>(&[], &format!("{port}/app"));
    ran.assert_shows(str![[r#"
exit code: 7
--- stdout
--- stderr
pushing image:   app
image path:      image
destination:     127.0.0.1:[PORT]/app:latest
asking the registry for permission
error: cannot push: probing the registry (127.0.0.1:[PORT]/app:latest): cannot connect to 127.0.0.1:[PORT]: connection refused
hint: check the registry's address and the network

"#]]);
}

#[test]
fn nobody_has_that_name() {
    // No part of a name may be that long, so no name server is asked.
    let host = format!("{}.example", "a".repeat(64));
    let ran = TestEnv::with_large_image().push::<&str>(&[], &format!("{host}/app"));
    ran.assert_failed(7, &["hint: "]);
}

#[test]
fn a_certificate_that_nobody_trusts() {
    let (env, registry) = (TestEnv::with_large_image(), tls());
    env.write("ca.pem", tls().ca_pem().unwrap());
    let ran = env.push(&["--ca-file", "ca.pem"], &at(&registry, "app"));
    ran.assert_shows(str![[r#"
exit code: 8
--- stdout
--- stderr
pushing image:   app
image path:      image
destination:     127.0.0.1:[PORT]/app:latest
asking the registry for permission
error: cannot push: probing the registry (127.0.0.1:[PORT]/app:latest): TLS with 127.0.0.1:[PORT]: the certificate's signature is wrong
hint: --ca-file FILE trusts the site's own authority; --tls-no-verify trusts anybody

"#]]);
}

#[test]
fn a_certificate_that_no_authority_mends() {
    for (form, said, hint) in [
        (
            "expired",
            "it was valid until 2021-01-01",
            "hint: the registry needs a new certificate",
        ),
        (
            "wrong-host",
            "other.example, and not 127.0.0.1",
            "hint: push by a name that",
        ),
    ] {
        let (env, registry) = (TestEnv::with_large_image(), tls());
        registry
            .inject(&format!("tls-fail:form={form},times=always"))
            .unwrap();
        env.write("ca.pem", registry.ca_pem().unwrap());
        let ran = env.push(&["--ca-file", "ca.pem"], &at(&registry, "app"));
        ran.assert_failed(8, &[said, hint]);
        assert!(!ran.stderr.contains("--ca-file FILE"), "{ran}");
    }
}

#[test]
fn a_certificate_of_the_sites_own_authority() {
    let (env, registry) = (TestEnv::with_large_image(), tls());
    env.write("ca.pem", registry.ca_pem().unwrap());
    env.push(&["--ca-file", "ca.pem"], &at(&registry, "app"))
        .assert_done();
    assert_holds(&registry, "app", "latest");
}

#[test]
fn a_certificate_that_is_not_looked_at() {
    let (env, registry) = (TestEnv::with_large_image(), tls());
    let ran = env.push(&["--tls-no-verify"], &at(&registry, "app"));
    ran.assert_done();
    assert_holds(&registry, "app", "latest");
}

#[test]
fn http_where_https_is_expected() {
    let (env, registry) = (TestEnv::with_large_image(), open_registry());
    let ran = env.push(&["--tls-no-verify"], &at(&registry, "app"));
    ran.assert_shows(str![[r#"
exit code: 8
--- stdout
--- stderr
pushing image:   app
image path:      image
destination:     127.0.0.1:[PORT]/app:latest
asking the registry for permission
error: cannot push: probing the registry (127.0.0.1:[PORT]/app:latest): TLS with 127.0.0.1:[PORT]: the other side does not speak TLS; perhaps it speaks plain HTTP
hint: --plain-http speaks HTTP; anybody on the way can read the password then

"#]]);
}

#[test]
fn https_where_http_is_expected() {
    let (env, registry) = (TestEnv::with_large_image(), tls());
    let ran = env.push::<&str>(&[], &at(&registry, "app"));
    assert_eq!(ran.code, Some(6), "the other side says so: {ran}");
    assert!(ran.stderr.contains("--ca-file"), "{ran}");
}

#[test]
fn a_web_site() {
    let page = "<html><head><title>Welcome</title></head><body>to nginx!</body></html>";
    let server = Server::start(move |_| answer("200 OK", &["Content-Type: text/html"], page));
    let ran = TestEnv::with_large_image().push::<&str>(&[], &format!("{}/app", server.address));
    ran.assert_shows(str![[r#"
exit code: 9
--- stdout
--- stderr
pushing image:   app
image path:      image
destination:     127.0.0.1:[PORT]/app:latest
asking the registry for permission
error: cannot push: asking for permission to push (127.0.0.1:[PORT]/app:latest): the answer is a web page, not a registry's
hint: this does not look like a registry; check its address

"#]]);
}

#[test]
fn a_page_about_an_error() {
    let page = "<html><body><h1>502 Bad Gateway</h1></body></html>";
    let server =
        Server::start(move |_| answer("502 Bad Gateway", &["Content-Type: text/html"], page));
    let ran = TestEnv::with_large_image().push::<&str>(&[], &format!("{}/app", server.address));
    ran.assert_shows(str![[r#"
exit code: 7
--- stdout
--- stderr
pushing image:   app
image path:      image
destination:     127.0.0.1:[PORT]/app:latest
asking the registry for permission
error: cannot push: probing the registry (127.0.0.1:[PORT]/app:latest): gave up: 502 Bad Gateway
hint: try again later

"#]]);
}

#[test]
fn a_registry_that_is_busy_for_a_moment() {
    let asked = Arc::new(AtomicU32::new(0));
    let server = Server::start(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => answer("503 Service Unavailable", &["Retry-After: 0"], ""),
        _ => answer("404 Not Found", &[], ""),
    });
    let to = format!("{}/app", server.address);
    let ran = TestEnv::with_large_image().run(&[
        "push",
        "--retries",
        "1",
        "--image",
        "image",
        "app",
        &to,
    ]);
    assert!(ran.stderr.contains("trying again in "), "{ran}");
    assert!(!ran.stderr.contains("gave up"), "{ran}");
}

#[test]
fn something_else_altogether() {
    let server = Server::start(|_| Reply::Bytes("SSH-2.0-OpenSSH_9.9\r\n".to_owned()));
    let ran = TestEnv::with_large_image().push::<&str>(&[], &format!("{}/app", server.address));
    assert!(matches!(ran.code, Some(7 | 9)), "{ran}");
}

#[test]
fn a_registry_that_refuses_the_manifest() {
    let mut config = config("oci").auth(Auth::None);
    config.profile.manifest.limit = 10;
    let registry = MockRegistry::start(config).unwrap();
    let ran = TestEnv::with_image().push(&["--json"], &at(&registry, "app:1"));
    ran.assert_shows(str![[r#"
exit code: 6
--- stdout
{
  "error": {
    "class": "rejected",
    "exitCode": 6,
    "phase": "uploading the manifest",
    "message": "cannot push: uploading the manifest (127.0.0.1:[PORT]/app:1): the registry refused: 413 MANIFEST_INVALID, \"manifest too large\"",
    "causes": [],
    "hint": "the registry, or something in front of it, limits the size of requests, and a manifest goes in one request; ask who runs it",
    "status": 413,
    "code": "MANIFEST_INVALID"
  }
}
--- stderr
pushing image:   app
image path:      image
destination:     127.0.0.1:[PORT]/app:1
asking the registry for permission
layer 1/1: preparing
stripped 1 setuid and 0 setgid bits; -v lists them
preparing metadata
starting upload
layer 1/1: [SHORT]: checking if already in repository
layer 1/1: [SHORT]: not present, uploading
config: [SHORT]: not present, uploading
manifest: uploading
error: cannot push: uploading the manifest (127.0.0.1:[PORT]/app:1): the registry refused: 413 MANIFEST_INVALID, "manifest too large"
hint: the registry, or something in front of it, limits the size of requests, and a manifest goes in one request; ask who runs it

"#]]);
}

fn tls() -> MockRegistry {
    MockRegistry::builder()
        .config(config("oci").auth(Auth::None))
        .tls(true)
        .start()
        .unwrap()
}
