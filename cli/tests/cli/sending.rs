//! When layers are sent, and how many there are.

use std::fs;
use std::process::Command;

use longshore_mock_registry::{Auth, MockRegistry, Profile};
use serde_json::Value;

use crate::support::{TestEnv, assert_holds, assert_untouched, at, config, image, open_registry};

#[test]
fn every_registry_takes_a_layer_while_it_is_packed() {
    let env = large();
    let first = open_registry();
    let ran = plain(
        &env,
        &["--json", "--pack-first", "--no-cache"],
        &at(&first, "app"),
    );
    let expected = env.finished(ran.spawn_child()).assert_done().json();
    for profile in Profile::names() {
        let (name, format) = match profile {
            "gar" => ("project/repository/app", "docker"),
            "zot" => ("team/app", "oci"),
            _ => ("team/app", "docker"),
        };
        let config = config(profile).auth(Auth::None).repository(name);
        let registry = MockRegistry::start(config).unwrap();
        let options = ["--json", "-v", "--no-cache", "--format", format];
        let ran = plain(&env, &options, &at(&registry, name));
        let ran = env.finished(ran.spawn_child());
        assert!(
            ran.assert_done()
                .stderr
                .contains("uploading while it is packed"),
            "{profile}: {ran}"
        );
        assert_eq!(
            ran.json()["layers"][0]["digest"],
            expected["layers"][0]["digest"],
            "{profile}"
        );
        assert_holds(&registry, name, "latest");
    }
}

#[test]
fn a_layer_can_be_sent_without_a_file() {
    let env = large();
    for transport in ["blocking", "async"] {
        let registry = open_registry();
        let options = [
            "--json",
            "-v",
            "--stream",
            "--no-cache",
            "--transport",
            transport,
        ];
        // There is no place where a file could be kept.
        let mut command = plain(&env, &options, &at(&registry, "app"));
        command.0.env("TMPDIR", env.path("none"));
        let ran = env.finished(command.spawn_child());
        assert_eq!(ran.assert_done().json()["layers"][0]["outcome"], "uploaded");
        assert_holds(&registry, "app", "latest");
    }
}

#[test]
fn after_a_small_change_one_layer_of_several_is_sent() {
    let env = TestEnv::with_image();
    for number in 0..40 {
        let text = format!("{number}").repeat(9000);
        env.write(&format!("image/usr/lib/package-{number}/library"), &text);
    }
    for transport in ["blocking", "async"] {
        let registry = open_registry();
        let options = ["--json", "--layers", "8", "--transport", transport];
        let ran = env.push(&options, &at(&registry, "app"));
        let count = ran.assert_done().json()["layers"].as_array().unwrap().len();
        assert!(count > 4, "{ran}");
        // In place, so that its directory stays what it was.
        fs::write(env.path("image/usr/lib/package-7/library"), transport).unwrap();
        let ran = env.push(&options, &at(&registry, "app"));
        assert_eq!(outcomes(&ran.assert_done().json(), "uploaded"), 1, "{ran}");
        assert_eq!(outcomes(&ran.json(), "existed"), count - 1, "{ran}");
        let config = config_of(&registry);
        let history = config["history"].as_array().unwrap();
        let layers = history.iter().filter(|step| step["empty_layer"] != true);
        assert_eq!(layers.count(), count);
    }
}

#[test]
fn a_number_of_layers_that_is_none_is_refused() {
    let env = TestEnv::with_image();
    for layers in ["0", "65", "many"] {
        let ran = env.push(&["--layers", layers], "localhost:1/app");
        ran.assert_failed(2, &["--layers"]);
    }
}

#[test]
fn a_registry_that_wants_to_know_the_length_is_told_it() {
    let env = large();
    for transport in ["blocking", "async"] {
        let registry = wanting_lengths();
        let options = ["--json", "--no-cache", "--transport", transport];
        let ran = plain(&env, &options, &at(&registry, "app"));
        let ran = env.finished(ran.spawn_child());
        assert_eq!(ran.assert_done().json()["layers"][0]["outcome"], "uploaded");
        assert!(
            ran.stderr
                .contains("the registry wants to know how long the layer is: packing it first"),
            "{ran}"
        );
        assert_holds(&registry, "app", "latest");
    }
}

#[test]
fn without_a_file_there_is_no_length_to_tell() {
    let (env, registry) = (large(), wanting_lengths());
    let ran = plain(&env, &["--stream", "--no-cache"], &at(&registry, "app"));
    let ran = env.finished(ran.spawn_child());
    ran.assert_failed(6, &["411", "without --stream"]);
    assert_untouched(&registry);
}

/// A command without a date that everything is to have, as most builds are.
struct Plain(Command);

fn plain(env: &TestEnv, options: &[&str], to: &str) -> Plain {
    let arguments: Vec<&str> = ["push", "--image", "image"]
        .into_iter()
        .chain(options.iter().copied())
        .chain(["app", to])
        .collect();
    let mut command = env.command(&arguments);
    command.env_remove("SOURCE_DATE_EPOCH");
    Plain(command)
}

impl Plain {
    fn spawn_child(mut self) -> std::process::Child {
        self.0.spawn().unwrap()
    }
}

/// A registry that takes no body of which it does not know the length.
fn wanting_lengths() -> MockRegistry {
    let registry = MockRegistry::builder().config(config("oci").auth(Auth::None));
    let registry = registry.inject("411-without-length").unwrap();
    registry.start().unwrap()
}

/// An image that is large enough to be sent while it is packed.
fn large() -> TestEnv {
    let env = TestEnv::new();
    image::make_large(&env.path("image"), 17 << 20);
    env
}

fn outcomes(json: &Value, outcome: &str) -> usize {
    let layers = json["layers"].as_array().unwrap().iter();
    layers.filter(|layer| layer["outcome"] == outcome).count()
}

fn config_of(registry: &MockRegistry) -> Value {
    registry.with(|core| {
        let (_, manifest, _) = core.manifest("app", "latest").unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let digest = manifest["config"]["digest"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        serde_json::from_slice(&core.blob("app", &digest).unwrap()).unwrap()
    })
}
