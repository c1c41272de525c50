//! A person who may not push must learn it in the first second, not after the packing.

use longshore_tests::real::clients::Endpoint;
use longshore_tests::real::docker_registry::{Auth, DockerRegistry};
use longshore_tests::real::longshore::{Login, Longshore};
use longshore_tests::real::specimen::Specimen;
use longshore_tests::real::token_server::TokenServer;
use longshore_tests::real::tools::said;

use crate::harness::Told;

pub(crate) fn wrong_password() -> Told {
    refused(Auth::Htpasswd)
}

pub(crate) fn no_token() -> Told {
    refused(Auth::Token(TokenServer::start()))
}

fn refused(auth: Auth) -> Told {
    let registry = DockerRegistry::start(auth);
    let endpoint = Endpoint {
        password: WRONG.to_owned(),
        ..registry.endpoint()
    };
    let output = Longshore::new().try_push(
        &Specimen::shared().path(),
        &endpoint,
        "team/system:1",
        Login::Stdin,
        &[],
    );

    assert!(!output.status.success(), "{}", said(&output));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        !stderr.contains("layer 1/1"),
        "packing had begun\n{}",
        said(&output)
    );
    assert!(
        output.stdout.is_empty(),
        "stdout is for results\n{}",
        said(&output)
    );
    assert!(
        !stderr.contains(WRONG),
        "the password is nobody's business\n{}",
        said(&output)
    );
    assert!(registry.is_empty());
    Told::Whole
}

const WRONG: &str = "not-the-password";
