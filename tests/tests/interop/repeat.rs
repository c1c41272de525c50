//! Pushing what is there already.

use longshore_tests::real::docker_registry::{Auth, DockerRegistry};
use longshore_tests::real::longshore::{Login, Longshore};
use longshore_tests::real::specimen::Specimen;

use crate::harness::Told;

pub(crate) fn same_image() -> Told {
    let registry = DockerRegistry::start(Auth::Htpasswd);
    let (endpoint, image) = (registry.endpoint(), Specimen::shared().path());
    let (user, stranger) = (Longshore::new(), Longshore::new());

    let first = user.push(&image, &endpoint, "team/system:1", Login::Stdin, &[]);
    let before = registry.requests_until_manifest(1);
    assert!(
        before.iter().any(|request| request.is_blob_upload()),
        "the first push uploads: {before:#?}"
    );
    assert!(
        first
            .outcomes()
            .iter()
            .all(|(_, outcome)| outcome == "uploaded"),
        "{:#}",
        first.report
    );

    let second = user.push(&image, &endpoint, "team/system:1", Login::Stdin, &[]);
    let after = registry.requests_until_manifest(2).split_off(before.len());
    assert_eq!(second.digest, first.digest, "{:#}", second.report);
    assert!(
        second
            .outcomes()
            .iter()
            .all(|(_, outcome)| outcome == ALREADY),
        "{:#}",
        second.report
    );
    let sent: Vec<_> = after
        .iter()
        .filter(|request| request.method == "PATCH" || request.method == "PUT")
        .collect();
    assert!(
        sent.iter()
            .all(|request| request.target.contains("/manifests/")),
        "{sent:#?}"
    );

    // Somebody else, whose pack cache knows nothing, makes the same bytes.
    let third = stranger.push(&image, &endpoint, "team/system:1", Login::Stdin, &[]);
    assert_eq!(third.digest, first.digest, "{:#}", third.report);
    assert!(
        third
            .outcomes()
            .iter()
            .all(|(_, outcome)| outcome == ALREADY),
        "{:#}",
        third.report
    );
    Told::Whole
}

const ALREADY: &str = "already present";
