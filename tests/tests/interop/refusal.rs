//! A person who may not push must learn it in the first second, not after the packing.

use longshore_tests::real::clients::Endpoint;
use longshore_tests::real::docker_registry::{Auth, DockerRegistry};
use longshore_tests::real::longshore::{Longshore, Push, json};
use longshore_tests::real::token_server::TokenServer;
use longshore_tests::real::tools::said;

use crate::harness::{Shared, Told};

pub(crate) fn wrong_password(shared: &Shared) -> Told {
    refused(shared, Auth::Htpasswd)
}

pub(crate) fn no_token(shared: &Shared) -> Told {
    refused(shared, Auth::Token(TokenServer::start()))
}

fn refused(shared: &Shared, auth: Auth) -> Told {
    let registry = DockerRegistry::start(auth);
    let endpoint = Endpoint {
        password: WRONG.to_owned(),
        ..registry.endpoint()
    };
    let directory = shared.specimen().path();
    let output = Longshore::new().try_push(&Push::new(&directory, &endpoint, "team/system:1"));

    assert!(!output.status.success(), "{}", said(&output));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        !stderr.contains("layer 1/1"),
        "packing had begun\n{}",
        said(&output)
    );
    let error = &json(&output)["error"];
    assert_eq!(error["class"], "authentication", "{error:#}");
    assert_eq!(
        error["exitCode"],
        serde_json::json!(output.status.code()),
        "{error:#}"
    );
    assert!(
        !said(&output).contains(WRONG),
        "the password is nobody's business\n{}",
        said(&output)
    );
    assert!(registry.is_empty());
    Told::Whole
}

const WRONG: &str = "not-the-password";
