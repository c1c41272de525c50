//! Registries, and what is in front of them, that take no more than so much in one request, or no
//! parts at all.

use longshore_mock_registry::{Auth, Config, MockRegistry};

use crate::support::{Ran, TestEnv, assert_holds, at, config, image};

#[test]
fn a_layer_goes_in_parts_and_the_size_is_remembered() {
    for transport in ["blocking", "async"] {
        for layers in ["1", "8"] {
            let (env, registry) = (large(), limited());
            let options = ["--pack-first", "--layers", layers, "--transport", transport];
            push(&env, &options, &registry).assert_done();
            assert_holds(&registry, "app", "latest");
            // After the whole, which the registry's front refuses: 8, 4 and 2 MiB.
            assert_eq!(answers(&registry, 413), 3, "the size was found out");
            // Another image, and nothing is tried that is known to be too large: not even a stream.
            image::make_large(&env.path("image"), 18 << 20);
            registry.with(|core| core.clear_requests());
            let options = ["--layers", layers, "--transport", transport];
            let ran = push(&env, &options, &registry);
            ran.assert_done();
            assert_holds(&registry, "app", "latest");
            assert_eq!(answers(&registry, 413), 0, "{ran}");
            // Nor was a session given up, as it is for a whole that is too large.
            let given_up = answers(&registry, 204);
            assert!(given_up == 0 || layers != "1", "{ran}");
            // One line tells of all parts.
            assert_eq!(ran.stderr.matches("uploading again").count(), 0, "{ran}");
        }
    }
}

#[test]
fn a_size_that_is_given_is_begun_with() {
    let (env, registry) = (large(), limited());
    let options = ["--no-cache", "--chunk-size", "1M"];
    push(&env, &options, &registry).assert_done();
    assert_eq!(answers(&registry, 413), 0);
    // One that is too large is a beginning, too.
    let (env, registry) = (large(), limited());
    let options = ["--no-cache", "--chunk-size", "4194304"];
    push(&env, &options, &registry).assert_done();
    assert_eq!(answers(&registry, 413), 2);
    assert_holds(&registry, "app", "latest");
}

#[test]
fn a_size_that_is_none_is_refused() {
    let env = TestEnv::with_image();
    for size in [
        "",
        "0",
        "63K",
        "many",
        "4 M",
        "-1",
        "4MB",
        "K",
        "99999999999999999999",
        "18014398509481984K",
    ] {
        let size = format!("--chunk-size={size}");
        env.push(&[&size], "localhost:1/app")
            .assert_failed(2, &["--chunk-size"]);
    }
    env.push(&["--stream", "--chunk-size", "1M"], "localhost:1/app")
        .assert_failed(2, &["--stream", "--chunk-size"]);
}

#[test]
fn a_firewall_that_lets_only_whole_layers_through_gets_them() {
    for transport in ["blocking", "async"] {
        let env = large();
        let registry = MockRegistry::builder().config(open());
        let registry = registry.inject("early-response:step=patch,status=403,at=1000,times=always");
        let registry = registry.unwrap().start().unwrap();
        let ran = push(&env, &["--no-cache", "--transport", transport], &registry);
        ran.assert_done();
        let words = "a layer may not be sent while it is packed (403): packing it first";
        assert!(ran.stderr.contains(words), "{ran}");
        assert_holds(&registry, "app", "latest");
    }
}

/// A registry that takes 1 MiB in one request, as one behind an nginx with its default limit.
fn limited() -> MockRegistry {
    let mut config = open();
    config.profile.chunk.max_length = 1 << 20;
    config.profile.chunk.max_announced = false;
    config.profile.chunk.max_status = 413;
    let registry = MockRegistry::builder().config(config);
    let registry = registry
        .inject("mono-413:largest=1048576,times=always")
        .unwrap();
    registry.start().unwrap()
}

fn open() -> Config {
    config("oci").auth(Auth::None)
}

/// An image whose layer is as large as its files.
fn large() -> TestEnv {
    let env = TestEnv::new();
    image::make_large(&env.path("image"), 17 << 20);
    env
}

fn push(env: &TestEnv, options: &[&str], registry: &MockRegistry) -> Ran {
    let to = at(registry, "app");
    let arguments: Vec<&str> = ["push", "--image", "image", "--compression", "none"]
        .into_iter()
        .chain(options.iter().copied())
        .chain(["app", to.as_str()])
        .collect();
    let mut command = env.command(&arguments);
    command.env_remove("SOURCE_DATE_EPOCH");
    env.finished(command.spawn().unwrap())
}

/// How many requests were answered like that.
fn answers(registry: &MockRegistry, status: u16) -> usize {
    registry.with(|core| {
        let requests = core.requests();
        requests
            .filter(|request| request.status.is_some_and(|said| said == status))
            .count()
    })
}
