//! Pushing what is there already.

use longshore_tests::real::docker_registry::{Auth, DockerRegistry};
use longshore_tests::real::longshore::{Login, Longshore, Pushed};

use crate::harness::{Shared, Told};

pub(crate) fn same_image(shared: &Shared) -> Told {
    let registry = DockerRegistry::start(Auth::Htpasswd);
    let (endpoint, image) = (registry.endpoint(), shared.specimen().path());
    let push = |user: &Longshore| user.push(&image, &endpoint, "team/system:1", Login::Stdin, &[]);
    let (user, stranger) = (Longshore::new(), Longshore::new());

    let first = push(&user);
    all(&first, "uploaded", "not present, uploading");
    let seen = registry.requests_until_manifest(1).len();

    let second = push(&user);
    all(&second, "existed", "already present");
    assert_eq!(second.digest, first.digest, "{:#}", second.report);
    let requests = registry.requests_until_manifest(2).split_off(seen);
    let sent: Vec<_> = requests
        .iter()
        .filter(|request| request.brings_blob())
        .collect();
    assert!(sent.is_empty(), "the second push uploaded: {sent:#?}");

    // Somebody else, whose pack cache knows nothing, makes the same bytes.
    let third = push(&stranger);
    all(&third, "existed", "already present");
    assert_eq!(third.digest, first.digest, "{:#}", third.report);
    Told::Whole
}

/// The program reports this outcome for every blob, and says it in ch-image's words.
#[track_caller]
fn all(pushed: &Pushed, outcome: &str, words: &str) {
    for blob in pushed.blobs() {
        assert_eq!(
            blob.outcome, outcome,
            "{}: {:#}",
            blob.digest, pushed.report
        );
        let (_, hex) = blob
            .digest
            .split_once(':')
            .expect("a digest names its algorithm");
        let line = format!(": {}: {words}", &hex[..7]);
        assert!(
            pushed.stderr.contains(&line),
            "no `{line}` in\n{}",
            pushed.stderr
        );
    }
}
