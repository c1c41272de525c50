//! F73–F86.

use longshore_mock_registry::fault::Delivery;

use crate::harness::{Client, LAYER, POST, head};

#[test]
fn a_right_digest_is_wrong_once() {
    let mut client = Client::of("digest-mismatch");
    assert_eq!(client.push(LAYER).code(), "DIGEST_INVALID");
    assert_eq!(client.send(&head(), &[], b"").status(), 404);
    assert_eq!(client.push(LAYER).status(), 201);
}

#[test]
fn another_digest_is_confirmed() {
    let mut client = Client::of("wrong-echo-digest");
    client.push(LAYER);
    let answer = client.manifest();
    assert_eq!(answer.status(), 201);
    assert!(
        answer
            .header("docker-content-digest")
            .unwrap()
            .ends_with("00ff")
    );
}

#[test]
fn a_blob_vanishes_until_it_comes_again() {
    let mut client = Client::of("blob-vanishes");
    assert_eq!(client.push(LAYER).status(), 201);
    assert_eq!(client.send(&head(), &[], b"").status(), 404);
    let refused = client.manifest();
    assert_eq!(
        (refused.status(), refused.code()),
        (400, "MANIFEST_BLOB_UNKNOWN".into())
    );
    assert!(client.registry.core().tags("demo/app").is_empty());
    assert_eq!(client.push(LAYER).status(), 201);
    assert_eq!(client.manifest().status(), 201);
}

#[test]
fn heads_say_what_is_not() {
    let mut client = Client::of("head-lies-present");
    assert_eq!(client.send(&head(), &[], b"").status(), 200);
    assert_eq!(client.manifest().code(), "MANIFEST_BLOB_UNKNOWN");
    let mut client = Client::of("eventual-head");
    client.push(LAYER);
    assert_eq!(client.send(&head(), &[], b"").status(), 404);
    assert_eq!(client.manifest().status(), 201);
}

#[test]
fn manifests_are_refused_for_a_while() {
    let mut client = Client::of("eventual-manifest:status=404");
    client.push(LAYER);
    let refused = client.manifest();
    assert_eq!(
        (refused.status(), refused.code()),
        (404, "MANIFEST_BLOB_UNKNOWN".into())
    );
    assert_eq!(client.manifest().status(), 201);
    let mut client = Client::of("tag-race");
    client.push(LAYER);
    assert_eq!(
        [client.manifest().status(), client.manifest().status()],
        [412, 201]
    );
}

#[test]
fn things_are_done_and_denied() {
    let mut client = Client::of("already-exists");
    assert_eq!(client.push(LAYER).status(), 409);
    assert_eq!(client.send(&head(), &[], b"").status(), 200);
    let mut client = Client::of("manifest-ok-error-code:status=403");
    client.push(LAYER);
    assert_eq!(client.manifest().status(), 403);
    assert_eq!(client.registry.core().tags("demo/app"), ["latest"]);
}

#[test]
fn things_are_not_taken() {
    let manifest = |fault: &str| {
        let mut client = Client::of(fault);
        client.push(LAYER);
        let answer = client.manifest();
        assert!(client.registry.core().tags("demo/app").is_empty());
        (answer.status(), answer.code())
    };
    assert_eq!(
        manifest("immutable-tag:status=409"),
        (409, "TAG_INVALID".into())
    );
    assert_eq!(
        manifest("manifest-type-refused"),
        (415, "MANIFEST_INVALID".into())
    );
    let post = |fault: &str| Client::of(fault).send(POST, &[], b"");
    assert!(
        post("quota:status=507")
            .json()
            .to_string()
            .contains("quota of 5 GiB")
    );
    assert_eq!(post("readonly").status(), 405);
    assert_eq!(post("name-refused").code(), "NAME_INVALID");
    assert_eq!(post("name-refused:form=404").status(), 404);
    let (answer, wire) = Client::of("name-refused:form=close").try_send(POST, &[], b"");
    assert!(answer.is_none() && wire.delivery == Delivery::Lost);
}
