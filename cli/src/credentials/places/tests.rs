use std::path::PathBuf;

use super::{Place, places};
use crate::environment::Environment;

#[test]
fn podman_comes_before_docker() {
    let environment = Environment {
        home: Some(PathBuf::from("/home/u")),
        runtime_dir: Some(PathBuf::from("/run/user/1")),
        ..Environment::default()
    };
    assert_eq!(
        paths(&environment),
        [
            "/run/user/1/containers/auth.json",
            "/home/u/.config/containers/auth.json",
            "/home/u/.docker/config.json",
            "/home/u/.dockercfg",
        ]
    );
}

#[test]
fn a_named_file_takes_the_place_of_podmans_own() {
    let environment = Environment {
        home: Some(PathBuf::from("/home/u")),
        runtime_dir: Some(PathBuf::from("/run/user/1")),
        registry_auth_file: Some(PathBuf::from("/secret/auth.json")),
        docker_config: Some(PathBuf::from("/etc/docker")),
        ..Environment::default()
    };
    assert_eq!(
        paths(&environment),
        [
            "/secret/auth.json",
            "/etc/docker/config.json",
            "/home/u/.dockercfg",
        ]
    );
}

#[test]
fn without_a_runtime_directory_podman_has_one_for_each_user() {
    let environment = Environment {
        user_id: Some(1000),
        ..Environment::default()
    };
    assert_eq!(paths(&environment), ["/run/containers/1000/auth.json"]);
}

fn paths(environment: &Environment) -> Vec<String> {
    places(environment).iter().map(Place::shown).collect()
}
