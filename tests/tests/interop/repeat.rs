//! Pushing what is there already.

use longshore_tests::real::docker_registry::{Auth, DockerRegistry};
use longshore_tests::real::longshore::{Blob, Longshore, Push, Pushed};
use longshore_tests::real::token_server::TokenServer;

use crate::harness::{Shared, Told};

pub(crate) fn same_image(shared: &Shared) -> Told {
    let registry = DockerRegistry::start(Auth::Htpasswd);
    let (endpoint, directory) = (registry.endpoint(), shared.specimen().path());
    // Who sends a layer while packing it knows too late that it is there.
    let options = &["--pack-first"];
    let push = Push {
        options,
        ..Push::new(&directory, &endpoint, "team/system:1")
    };
    let (user, stranger) = (Longshore::new(), Longshore::new());

    let first = user.push(&push);
    all(&first, &first.blobs(), "uploaded", "not present, uploading");
    let seen = registry.requests_until_manifest(1).len();

    let second = user.push(&push);
    all(&second, &second.blobs(), "existed", "already present");
    assert_eq!(second.digest, first.digest, "{:#}", second.report);
    let requests = registry.requests_until_manifest(2).split_off(seen);
    let sent: Vec<_> = requests
        .iter()
        .filter(|request| request.brings_blob() || request.brings_manifest())
        .collect();
    assert!(sent.is_empty(), "the second push uploaded: {sent:#?}");

    // Somebody else, whose pack cache knows nothing, makes the same bytes.
    let third = stranger.push(&push);
    all(&third, &third.blobs(), "existed", "already present");
    assert_eq!(third.digest, first.digest, "{:#}", third.report);
    Told::Whole
}

pub(crate) fn other_repository(shared: &Shared) -> Told {
    mounted(shared, Auth::Htpasswd)
}

pub(crate) fn other_repository_with_token(shared: &Shared) -> Told {
    mounted(shared, Auth::Token(TokenServer::start()))
}

fn mounted(shared: &Shared, auth: Auth) -> Told {
    let registry = DockerRegistry::start(auth);
    let (endpoint, directory) = (registry.endpoint(), shared.specimen().path());
    let user = Longshore::new();
    let first = user.push(&Push::new(&directory, &endpoint, "team/system:1"));
    let seen = registry.requests_until_manifest(1).len();

    let options = &["--mount-from", "team/system"];
    let second = user.push(&Push {
        options,
        ..Push::new(&directory, &endpoint, "other/place:1")
    });
    all(
        &second,
        &second.layers(),
        "mounted",
        "mounted from team/system",
    );
    assert_eq!(second.digest, first.digest, "{:#}", second.report);
    let requests = registry.requests_until_manifest(2).split_off(seen);
    let ended = requests
        .iter()
        .filter(|request| request.brings_blob() && request.method == "PUT")
        .count();
    assert_eq!(ended, 1, "only the config is uploaded: {requests:#?}");
    Told::Whole
}

/// The program reports this outcome for each of the blobs, and says it in ch-image's words.
#[track_caller]
fn all(pushed: &Pushed, blobs: &[Blob], outcome: &str, words: &str) {
    for blob in blobs {
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
