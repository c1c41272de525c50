//! Credentials, from wherever they come, reach the registry and nobody else.

use std::os::unix::fs::symlink;
use std::path::Path;

use longshore_mock_registry::{Auth, MockRegistry};

use crate::support::{
    PASSWORD, Ran, TestEnv, USER, assert_holds, assert_untouched, at, config, registry,
};

#[test]
fn from_the_environment() {
    for registry in [registry(Auth::Basic), registry(Auth::Bearer)] {
        let mut env = TestEnv::with_image();
        env.set("CH_IMAGE_USERNAME", USER);
        env.set("CH_IMAGE_PASSWORD", PASSWORD);
        pushes(&env, &registry, &[]);
    }
}

#[test]
fn from_standard_input() {
    for registry in [registry(Auth::Basic), registry(Auth::Bearer)] {
        let env = TestEnv::with_image();
        let to = at(&registry, "app");
        for input in [
            PASSWORD.to_owned(),
            format!("{PASSWORD}\n"),
            format!("{PASSWORD}\r\n"),
        ] {
            let login = ["push", "-vv", "--username", USER, "--password-stdin"];
            let arguments = [&login[..], &["--image", "image", "app", &to]].concat();
            let ran = env.run_with_input(&arguments, &input);
            ran.assert_done().assert_silent_about(&secrets());
        }
        assert_holds(&registry, "app", "latest");
    }
}

#[test]
fn from_dockers_configuration() {
    for registry in [registry(Auth::Basic), registry(Auth::Bearer)] {
        let env = TestEnv::with_image();
        env.write("home/.docker/config.json", &auths(&registry, PASSWORD));
        pushes(&env, &registry, &[]);
        let mut env = TestEnv::with_image();
        env.write("elsewhere/config.json", &auths(&registry, PASSWORD));
        env.set(
            "DOCKER_CONFIG",
            &env.path("elsewhere").display().to_string(),
        );
        pushes(&env, &registry, &[]);
    }
}

#[test]
fn from_podmans_configuration() {
    for registry in [registry(Auth::Basic), registry(Auth::Bearer)] {
        let mut env = TestEnv::with_image();
        env.write("run/containers/auth.json", &auths(&registry, PASSWORD));
        env.set("XDG_RUNTIME_DIR", &env.path("run").display().to_string());
        pushes(&env, &registry, &[]);
        let mut env = TestEnv::with_image();
        env.write("secret.json", &auths(&registry, PASSWORD));
        env.set(
            "REGISTRY_AUTH_FILE",
            &env.path("secret.json").display().to_string(),
        );
        pushes(&env, &registry, &[]);
    }
}

#[test]
fn of_several_lines() {
    // Google's `_json_key` has a whole file for a password.
    let key = "{\n  \"type\": \"service_account\",\r\n  \"id\": \"correct-horse\"\n}";
    for auth in [Auth::Basic, Auth::Bearer] {
        let config = config("oci").user("_json_key", key).auth(auth);
        let registry = MockRegistry::start(config).unwrap();
        let mut env = TestEnv::with_image();
        env.set("CH_IMAGE_USERNAME", "_json_key");
        env.set("CH_IMAGE_PASSWORD", key);
        pushes(&env, &registry, &[]);

        let env = TestEnv::with_image();
        let to = at(&registry, "app");
        let login = ["push", "-vv", "-u", "_json_key", "--password-stdin"];
        let arguments = [&login[..], &["--image", "image", "app", &to]].concat();
        let ran = env.run_with_input(&arguments, &format!("{key}\n"));
        ran.assert_done().assert_silent_about(&secrets());

        let env = TestEnv::with_image();
        let auth = base64(&format!("_json_key:{key}"));
        let config = format!(
            r#"{{"auths": {{"{}": {{"auth": "{auth}"}}}}}}"#,
            registry.host()
        );
        env.write("home/.docker/config.json", &config);
        pushes(&env, &registry, &[]);
    }
}

#[test]
fn from_a_credential_helper() {
    let registry = registry(Auth::Bearer);
    let host = registry.host();
    let configs = [
        format!(r#"{{"credHelpers": {{"{host}": "test"}}}}"#),
        format!(r#"{{"credsStore": "test", "auths": {{"{host}": {{}}}}}}"#),
    ];
    for config in configs {
        let env = TestEnv::with_image();
        env.write("home/.docker/config.json", &config);
        let reply = format!(r#"{{"ServerURL": "", "Username": "{USER}", "Secret": "{PASSWORD}"}}"#);
        // It is asked for this registry, on its standard input.
        helper(&env, &format!("[ \"$server\" = {host} ] && echo '{reply}'"));
        pushes(&env, &registry, &[]);
    }
}

#[test]
fn a_helper_is_asked_for_the_name_under_which_there_is_an_entry() {
    let registry = registry(Auth::Basic);
    let host = registry.host();
    let env = TestEnv::with_image();
    env.write(
        "home/.docker/config.json",
        &format!(r#"{{"credsStore": "test", "auths": {{"https://{host}/v1/": {{}}}}}}"#),
    );
    let reply = format!(r#"{{"username": "{USER}", "secret": "{PASSWORD}"}}"#);
    let none = "echo 'credentials not found in native keychain'; exit 1";
    let script = format!("[ \"$server\" = https://{host}/v1/ ] && echo '{reply}' || {{ {none}; }}");
    helper(&env, &script);
    pushes(&env, &registry, &[]);
}

#[test]
fn the_helper_of_a_registry_comes_before_entries_for_parts_of_it() {
    let registry = registry(Auth::Basic);
    let host = registry.host();
    let env = TestEnv::with_image();
    let auth = base64("bob:another");
    let config = format!(
        r#"{{"credHelpers": {{"{host}": "test"}}, "auths": {{"{host}/app": {{"auth": "{auth}"}}}}}}"#
    );
    env.write("home/.docker/config.json", &config);
    let reply = format!(r#"{{"Username": "{USER}", "Secret": "{PASSWORD}"}}"#);
    helper(&env, &format!("echo '{reply}'"));
    pushes(&env, &registry, &[]);
}

#[test]
fn a_helper_may_have_an_empty_password() {
    let config = config("oci").user(USER, "").auth(Auth::Basic);
    let registry = MockRegistry::start(config).unwrap();
    let env = TestEnv::with_image();
    env.write("home/.docker/config.json", r#"{"credsStore": "test"}"#);
    helper(
        &env,
        &format!(r#"echo '{{"Username": "{USER}", "Secret": ""}}'"#),
    );
    pushes(&env, &registry, &[]);
}

#[test]
fn from_dockers_first_file() {
    let registry = registry(Auth::Basic);
    let env = TestEnv::with_image();
    let auth = base64(&format!("{USER}:{PASSWORD}"));
    let entries = format!(
        r#"{{"https://{}/v1/": {{"auth": "{auth}"}}}}"#,
        registry.host()
    );
    env.write("home/.dockercfg", &entries);
    pushes(&env, &registry, &[]);
}

#[test]
fn from_a_file_that_stands_where_dockers_directory_should() {
    let registry = registry(Auth::Basic);
    let mut env = TestEnv::with_image();
    env.write("secret.json", &auths(&registry, PASSWORD));
    let path = env.path("secret.json").display().to_string();
    env.set("DOCKER_CONFIG", &path);
    pushes(&env, &registry, &[]);
}

#[test]
fn a_helper_need_not_read_its_input() {
    let registry = registry(Auth::Basic);
    let env = TestEnv::with_image();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/docker-credential-deaf");
    symlink(program, env.path("bin/docker-credential-deaf")).unwrap();
    let reply = format!(r#"{{"Username": "{USER}", "Secret": "{PASSWORD}"}}"#);
    env.write("home/reply", &format!("{reply}\n"));
    env.write("home/.docker/config.json", r#"{"credsStore": "deaf"}"#);
    // Only sometimes is the pipe closed before it is written to.
    for _ in 0..20 {
        pushes(&env, &registry, &[]);
    }
}

#[test]
fn a_missing_helper_is_named_once() {
    let registry = registry(Auth::Bearer);
    let env = TestEnv::with_image();
    env.write(
        "home/.docker/config.json",
        r#"{"credsStore": "no-such-helper"}"#,
    );
    let ran = env.push::<&str>(&[], &at(&registry, "app"));
    ran.assert_failed(4, &["docker-credential-no-such-helper"]);
    assert_eq!(ran.stderr.matches("warning: ").count(), 1, "{ran}");
}

#[test]
fn a_helper_that_has_none_is_no_trouble() {
    let registry = registry(Auth::Basic);
    let env = TestEnv::with_image();
    env.write("home/.docker/config.json", r#"{"credsStore": "test"}"#);
    helper(
        &env,
        "echo credentials not found in native keychain; exit 1",
    );
    let ran = env.push::<&str>(&[], &at(&registry, "app"));
    ran.assert_failed(4, &[]);
    assert!(!ran.stderr.contains("warning: "), "{ran}");
}

#[test]
fn a_helper_that_fails_is_named_but_not_quoted() {
    let registry = registry(Auth::Basic);
    let env = TestEnv::with_image();
    env.write("home/.docker/config.json", r#"{"credsStore": "test"}"#);
    helper(
        &env,
        &format!("echo {PASSWORD}; echo {PASSWORD} >&2; exit 1"),
    );
    let ran = env.push(&["-vv"], &at(&registry, "app"));
    ran.assert_failed(
        4,
        &[
            "warning: no credentials from",
            "docker-credential-test failed",
        ],
    );
    ran.assert_silent_about(&secrets());
}

#[test]
fn a_broken_file_is_named_but_not_quoted() {
    let registry = registry(Auth::Basic);
    let env = TestEnv::with_image();
    env.write("home/.docker/config.json", &format!("{PASSWORD} {{"));
    let ran = env.push(&["-vv"], &at(&registry, "app"));
    ran.assert_failed(4, &["home/.docker/config.json: it is not a JSON object"]);
    ran.assert_silent_about(&secrets());
}

#[test]
fn what_is_said_on_the_command_line_comes_first() {
    let registry = registry(Auth::Basic);
    let mut env = TestEnv::with_image();
    env.set("CH_IMAGE_USERNAME", USER);
    env.set("CH_IMAGE_PASSWORD", "wrong");
    env.write("home/.docker/config.json", &auths(&registry, "wrong"));
    let to = at(&registry, "app");
    let login = ["push", "--username", USER, "--password-stdin"];
    let arguments = [&login[..], &["--image", "image", "app", &to]].concat();
    env.run_with_input(&arguments, PASSWORD).assert_done();
}

#[test]
fn the_environment_comes_before_files() {
    let registry = registry(Auth::Basic);
    let mut env = TestEnv::with_image();
    env.set("CH_IMAGE_USERNAME", USER);
    env.set("CH_IMAGE_PASSWORD", PASSWORD);
    env.write("home/.docker/config.json", &auths(&registry, "wrong"));
    pushes(&env, &registry, &[]);
}

#[test]
fn podmans_file_comes_before_dockers() {
    let registry = registry(Auth::Basic);
    let env = TestEnv::with_image();
    env.write(
        "home/.config/containers/auth.json",
        &auths(&registry, PASSWORD),
    );
    env.write("home/.docker/config.json", &auths(&registry, "wrong"));
    pushes(&env, &registry, &[]);
}

#[test]
fn another_registrys_are_not_used() {
    let (registry, other) = (registry(Auth::Basic), registry(Auth::Basic));
    let env = TestEnv::with_image();
    env.write("home/.docker/config.json", &auths(&other, PASSWORD));
    env.push::<&str>(&[], &at(&registry, "app"))
        .assert_failed(4, &[]);
    assert_untouched(&registry);
}

#[test]
fn an_open_registry_gets_none() {
    let registry = crate::support::open_registry();
    let mut env = TestEnv::with_image();
    env.set("CH_IMAGE_USERNAME", USER);
    env.set("CH_IMAGE_PASSWORD", PASSWORD);
    env.push::<&str>(&[], &at(&registry, "app")).assert_done();
    let asked = registry.with(|core| format!("{:?}", core.requests().collect::<Vec<_>>()));
    assert!(
        !asked.to_ascii_lowercase().contains("authorization"),
        "{asked}"
    );
}

#[test]
fn without_any_one_is_told_how_to_give_them() {
    for registry in [registry(Auth::Basic), registry(Auth::Bearer)] {
        let ran = TestEnv::with_large_image().push::<&str>(&[], &at(&registry, "app"));
        ran.assert_failed(4, &["hint: set $CH_IMAGE_USERNAME and $CH_IMAGE_PASSWORD"]);
        assert_before_packing(&ran);
        assert_untouched(&registry);
    }
}

#[test]
fn a_user_name_without_a_password_is_not_enough() {
    let (mut env, registry) = (TestEnv::with_image(), registry(Auth::Basic));
    env.set("CH_IMAGE_USERNAME", USER);
    env.set("CH_IMAGE_PASSWORD", PASSWORD);
    let ran = env.push(&["-u", USER], &at(&registry, "app"));
    let hint = "hint: the password of --username alice is missing: --password-stdin reads it";
    ran.assert_failed(4, &[hint])
        .assert_silent_about(&[PASSWORD]);
    assert_untouched(&registry);
}

#[test]
fn wrong_ones_are_known_before_packing_and_tried_once() {
    for registry in [registry(Auth::Basic), registry(Auth::Bearer)] {
        let mut env = TestEnv::with_large_image();
        env.set("CH_IMAGE_USERNAME", USER);
        env.set("CH_IMAGE_PASSWORD", "battery-staple");
        let ran = env.push(&["-vv"], &at(&registry, "app"));
        ran.assert_failed(4, &["hint: the credentials came from $CH_IMAGE_USERNAME"]);
        ran.assert_silent_about(&["battery-staple"]);
        assert_before_packing(&ran);
        assert_untouched(&registry);
    }
}

#[test]
fn good_ones_that_may_not_push_are_known_before_packing() {
    for auth in [Auth::Basic, Auth::Bearer] {
        let mut config = config("oci").user(USER, PASSWORD).auth(auth);
        config.rights.pull_only.insert("team/app".to_owned());
        let registry = MockRegistry::start(config).unwrap();
        let mut env = TestEnv::with_large_image();
        env.set("CH_IMAGE_USERNAME", USER);
        env.set("CH_IMAGE_PASSWORD", PASSWORD);
        let ran = env.push(&["-vv"], &at(&registry, "team/app"));
        ran.assert_failed(5, &["team/app", "hint: "])
            .assert_silent_about(&secrets());
        assert_before_packing(&ran);
        assert_untouched(&registry);
    }
}

#[test]
fn an_empty_password_is_a_mistake() {
    let env = TestEnv::with_image();
    let ran = env.run_with_input(&["push", "-u", "a", "--password-stdin", "app"], "\n");
    ran.assert_failed(2, &["--password-stdin: standard input is empty"]);
}

#[test]
fn a_password_is_sent_whole_or_not_at_all() {
    let env = TestEnv::with_image();
    let ran = env.run_with_input(
        &["push", "-u", "a", "--password-stdin", "app"],
        &"x".repeat((64 << 10) + 1),
    );
    ran.assert_failed(2, &["standard input is too long for a password"]);
}

/// A push with what the environment holds goes through, and nothing secret is said about it.
#[track_caller]
fn pushes(env: &TestEnv, registry: &MockRegistry, options: &[&str]) {
    let ran = env.push(&[&["-vv"], options].concat(), &at(registry, "app"));
    ran.assert_done().assert_silent_about(&secrets());
    assert_holds(registry, "app", "latest");
}

#[track_caller]
fn assert_before_packing(ran: &Ran) {
    assert!(!ran.stderr.contains("preparing"), "{ran}");
}

fn auths(registry: &MockRegistry, password: &str) -> String {
    let auth = base64(&format!("{USER}:{password}"));
    format!(
        r#"{{"auths": {{"{}": {{"auth": "{auth}"}}}}}}"#,
        registry.host()
    )
}

/// `docker-credential-test`, which does that once it was told for which server.
fn helper(env: &TestEnv, script: &str) {
    // A link: a program that was written a moment ago cannot always be run, since another test may
    // have inherited the open file.
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/docker-credential-test");
    symlink(program, env.path("bin/docker-credential-test")).unwrap();
    env.write("home/helper", script);
}

/// The password in all forms in which it goes over the wire or lies in files.
fn secrets() -> [&'static str; 3] {
    [PASSWORD, "YWxpY2U6Y29ycmVjdC1ob3JzZQ", "eyJ"]
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            encoded.push(char::from(DIGITS[(bits >> (18 - 6 * digit)) as usize & 63]));
        }
        encoded.extend(std::iter::repeat_n('=', 3 - chunk.len()));
    }
    encoded
}

#[test]
fn the_secrets_looked_for_are_the_ones_sent() {
    assert_eq!(
        base64(&format!("{USER}:{PASSWORD}")).trim_end_matches('='),
        secrets()[1]
    );
    assert!(
        base64("{\"alg\":").starts_with(secrets()[2]),
        "how every JSON Web Token begins"
    );
}
