use std::fs;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;

use longshore_protocol::{Credentials, Reference};

use super::{Files, Format, Place};

#[test]
fn auth_is_user_name_and_password() {
    // alice:secret
    let found = found(
        r#"{"auths": {"reg.example:5000": {"auth": "YWxpY2U6c2VjcmV0"}}}"#,
        APP,
    );
    assert_eq!(found, Ok(Some(Credentials::password("alice", "secret"))));
}

#[test]
fn another_registrys_entry_is_not_handed_out() {
    for other in [
        "reg.example",
        "reg.example:5001",
        "evil.example",
        "reg.example:5000.evil",
    ] {
        let config = format!(r#"{{"auths": {{"{other}": {{"auth": "YWxpY2U6c2VjcmV0"}}}}}}"#);
        assert_eq!(found(&config, APP), Ok(None), "{other}");
    }
}

#[test]
fn docker_hub_is_kept_under_its_old_name() {
    let config = r#"{"auths": {"https://index.docker.io/v1/": {"auth": "YWxpY2U6c2VjcmV0"}}}"#;
    let alice = Ok(Some(Credentials::password("alice", "secret")));
    assert_eq!(found(config, "alice/app"), alice);
    assert_eq!(found(config, "docker.io/alice/app"), alice);
    assert_eq!(found(config, APP), Ok(None));
}

#[test]
fn an_identity_token_is_one() {
    let config = r#"{"auths": {"reg.example:5000":
        {"auth": "MDAwMDo=", "identitytoken": "tok"}}}"#;
    assert_eq!(
        found(config, APP),
        Ok(Some(Credentials::IdentityToken("tok".into())))
    );
}

#[test]
fn an_empty_identity_token_is_none() {
    let config = r#"{"auths": {"reg.example:5000":
        {"auth": "YWxpY2U6c2VjcmV0", "identitytoken": ""}}}"#;
    assert_eq!(
        found(config, APP),
        Ok(Some(Credentials::password("alice", "secret")))
    );
}

#[test]
fn a_registry_token_is_one() {
    let config = r#"{"auths": {"reg.example:5000": {"registrytoken": "tok"}}}"#;
    assert_eq!(
        found(config, APP),
        Ok(Some(Credentials::RegistryToken("tok".into())))
    );
}

#[test]
fn the_entry_closest_to_the_repository_counts() {
    // alice:secret, bob:team, carol:app
    let config = r#"{"auths": {
        "reg.example:5000": {"auth": "YWxpY2U6c2VjcmV0"},
        "reg.example:5000/team": {"auth": "Ym9iOnRlYW0="},
        "reg.example:5000/team/app": {"auth": "Y2Fyb2w6YXBw"}}}"#;
    let team = |name: &str| format!("reg.example:5000/{name}");
    assert_eq!(found(config, &team("team/app")), password("carol", "app"));
    assert_eq!(
        found(config, &team("team/app/sub")),
        password("carol", "app")
    );
    assert_eq!(found(config, &team("team/other")), password("bob", "team"));
    assert_eq!(found(config, &team("else")), password("alice", "secret"));
}

#[test]
fn a_registry_may_be_written_as_an_address() {
    for key in [
        "reg.example:5000/",
        "https://reg.example:5000",
        "https://reg.example:5000/",
        "https://reg.example:5000/v1/",
        "https://reg.example:5000/v2/",
        "http://reg.example:5000/v2",
        "HTTPS://REG.example:5000/v2/",
        "reg.example:5000/v2/",
        "reg.example:5000/team/",
        "https://reg.example:5000/v2/team/app",
    ] {
        let config = format!(r#"{{"auths": {{"{key}": {{"auth": "YWxpY2U6c2VjcmV0"}}}}}}"#);
        assert_eq!(found(&config, APP), password("alice", "secret"), "{key}");
    }
}

#[test]
fn docker_hub_is_found_under_each_of_its_names() {
    for key in [
        "docker.io",
        "docker.io/",
        "https://docker.io",
        "index.docker.io/v1/",
        "index.docker.io/v1",
        "https://index.docker.io/v1",
        "https://index.docker.io/",
        "https://registry-1.docker.io/v2/",
        "docker.io/alice",
        "docker.io/alice/app",
        "index.docker.io/alice",
    ] {
        let config = format!(r#"{{"auths": {{"{key}": {{"auth": "YWxpY2U6c2VjcmV0"}}}}}}"#);
        let expected = password("alice", "secret");
        assert_eq!(found(&config, "alice/app"), expected, "{key}");
        assert_eq!(found(&config, APP), Ok(None), "{key}");
    }
}

#[test]
fn a_part_of_a_registry_is_not_the_rest_of_it() {
    for key in [
        "reg.example:5000/tea",
        "reg.example:5000/team/app/sub",
        "https://reg.example:5000/v2/tea",
        "reg.example:5000/v2/app",
        "docker.io/team",
    ] {
        let config = format!(r#"{{"auths": {{"{key}": {{"auth": "YWxpY2U6c2VjcmV0"}}}}}}"#);
        assert_eq!(found(&config, APP), Ok(None), "{key}");
    }
}

#[test]
fn entries_that_say_nothing_leave_the_others_alone() {
    for nothing in ["null", "{}", r#"{"auth": ""}"#, r#"{"auth": null}"#, "7"] {
        let config = format!(
            r#"{{"auths": {{"reg.example:5000/team/app": {nothing}, "other.example": {nothing},
                "reg.example:5000/": {{"auth": "YWxpY2U6c2VjcmV0"}}}}}}"#
        );
        let found = found(&config, APP);
        assert_eq!(found, password("alice", "secret"), "{nothing}");
    }
}

#[test]
fn of_two_addresses_of_a_registry_the_one_with_tls_counts() {
    // bob:team, alice:secret
    let config = r#"{"auths": {"http://reg.example:5000": {"auth": "Ym9iOnRlYW0="},
        "https://reg.example:5000": {"auth": "YWxpY2U6c2VjcmV0"}}}"#;
    assert_eq!(found(config, APP), password("alice", "secret"));
}

#[test]
fn names_of_members_are_taken_in_any_case() {
    for config in [
        r#"{"Auths": {"reg.example:5000": {"Auth": "YWxpY2U6c2VjcmV0"}}}"#,
        r#"{"AUTHS": {"reg.example:5000": {"UserName": "alice", "Password": "secret"}}}"#,
    ] {
        assert_eq!(found(config, APP), password("alice", "secret"), "{config}");
    }
    for config in [
        r#"{"CredsStore": "no-such-helper"}"#,
        r#"{"CREDHELPERS": {"reg.example:5000": "no-such-helper"}}"#,
    ] {
        assert!(found(config, APP).is_err(), "{config}");
    }
}

#[test]
fn the_port_of_the_scheme_may_be_written_or_not() {
    let yes = [
        ("reg.example:443", "reg.example/app"),
        ("https://reg.example:443/v2/", "reg.example/app"),
        ("http://reg.example:80", "reg.example/app"),
        ("reg.example", "reg.example:443/app"),
        ("https://reg.example", "reg.example:443/app"),
    ];
    for (key, reference) in yes {
        let config = format!(r#"{{"auths": {{"{key}": {{"auth": "YWxpY2U6c2VjcmV0"}}}}}}"#);
        let expected = password("alice", "secret");
        assert_eq!(found(&config, reference), expected, "{key} {reference}");
    }
    // Another port is another server.
    let no = [
        ("reg.example:80", "reg.example/app"),
        ("https://reg.example:80", "reg.example/app"),
        ("http://reg.example:443", "reg.example/app"),
        ("reg.example", "reg.example:80/app"),
        ("reg.example:4430", "reg.example/app"),
        ("reg.example", "reg.example:8443/app"),
    ];
    for (key, reference) in no {
        let config = format!(r#"{{"auths": {{"{key}": {{"auth": "YWxpY2U6c2VjcmV0"}}}}}}"#);
        assert_eq!(found(&config, reference), Ok(None), "{key} {reference}");
    }
    // bob:team, alice:secret
    let config = r#"{"auths": {"reg.example": {"auth": "Ym9iOnRlYW0="},
        "reg.example:443": {"auth": "YWxpY2U6c2VjcmV0"}}}"#;
    assert_eq!(found(config, "reg.example/app"), password("bob", "team"));
    let to_port = "reg.example:443/app";
    assert_eq!(found(config, to_port), password("alice", "secret"));
}

#[test]
fn dockers_first_file_has_entries_and_nothing_else() {
    let config = r#"{"https://reg.example:5000/v1/": {"auth": "YWxpY2U6c2VjcmV0"}}"#;
    let legacy = |config| found_as(Format::Legacy, config, APP);
    assert_eq!(legacy(config), password("alice", "secret"));
    assert_eq!(found(config, APP), Ok(None));
    assert_eq!(legacy("auth = YWxpY2U6c2VjcmV0\n"), Ok(None));
}

#[test]
fn a_pipe_is_read_once() {
    let (reading, mut writing) = std::io::pipe().unwrap();
    let config = r#"{"auths": {"reg.example:5000": {"auth": "YWxpY2U6c2VjcmV0"}}}"#;
    writing.write_all(config.as_bytes()).unwrap();
    drop(writing);
    let place = Place {
        path: format!("/dev/fd/{}", reading.as_raw_fd()).into(),
        is_named: true,
        format: Format::Current,
    };
    let reference: Reference = APP.parse().unwrap();
    let mut files = Files::default();
    for _ in 0..2 {
        let found = files.look_up(&place, reference.registry(), reference.repository());
        assert_eq!(found, password("alice", "secret"));
    }
}

#[test]
fn helpers_without_a_name_are_none() {
    for helpers in [
        r#""credsStore": """#,
        r#""credsStore": null"#,
        r#""credsStore": " ""#,
        r#""credHelpers": null"#,
        r#""credHelpers": {"other.example": null}"#,
        r#""credHelpers": {"reg.example:5000": null}"#,
        r#""credHelpers": {"reg.example:5000": ""}, "credsStore": "no-such-helper""#,
    ] {
        let config = format!(
            r#"{{{helpers}, "auths": {{"reg.example:5000": {{"auth": "YWxpY2U6c2VjcmV0"}}}}}}"#
        );
        assert_eq!(
            found(&config, APP),
            password("alice", "secret"),
            "{helpers}"
        );
        let config = format!("{{{helpers}}}");
        assert_eq!(found(&config, APP), Ok(None), "{helpers}");
    }
}

#[test]
fn a_missing_helper_is_named_and_hides_nothing() {
    let config = r#"{"credsStore": "no-such-helper"}"#;
    let error = found(config, APP).expect_err("there is none");
    assert!(
        error.contains("docker-credential-no-such-helper"),
        "{error}"
    );
    let config = r#"{"credsStore": "no-such-helper",
        "auths": {"reg.example:5000": {"auth": "YWxpY2U6c2VjcmV0"}}}"#;
    assert_eq!(found(config, APP), password("alice", "secret"));
}

#[test]
fn a_helper_is_a_name_in_the_path() {
    let config = r#"{"credsStore": "/../../bin/true"}"#;
    let error = found(config, APP).expect_err("that is a path");
    assert!(error.contains("no name of a helper"), "{error}");
}

#[test]
fn auth_may_be_wrapped_padded_or_neither() {
    for auth in [
        "YWxpY2U6c2Vj\\ncmV0",
        "YWxpY2U6c2Vj\\r\\ncmV0\\n",
        " YWxpY2U6c2VjcmV0 ",
        // alice:secret and two NULs
        "YWxpY2U6c2VjcmV0AAA=",
        "YWxpY2U6c2VjcmV0AAA",
    ] {
        let config = format!(r#"{{"auths": {{"reg.example:5000": {{"auth": "{auth}"}}}}}}"#);
        assert_eq!(found(&config, APP), password("alice", "secret"), "{auth}");
    }
}

#[test]
fn a_password_may_be_no_text() {
    // alice:s, 0xe9, cret
    let config = r#"{"auths": {"reg.example:5000": {"auth": "YWxpY2U6c+ljcmV0"}}}"#;
    let credentials = Credentials::password("alice", b"s\xe9cret".to_vec());
    assert_eq!(found(config, APP), Ok(Some(credentials)));
    // al, 0xe9, :secret
    let config = r#"{"auths": {"reg.example:5000": {"auth": "YWzpOnNlY3JldA=="}}}"#;
    let error = found(config, APP).expect_err("the user name is no text");
    assert!(error.contains("user name"), "{error}");
}

#[test]
fn auth_may_hold_more_than_one_line() {
    // _json_key:{<line break>}<line break>
    let config = r#"{"auths": {"reg.example:5000": {"auth": "X2pzb25fa2V5OnsKfQo="}}}"#;
    assert_eq!(found(config, APP), password("_json_key", "{\n}\n"));
}

#[test]
fn user_name_and_password_may_have_members_of_their_own() {
    let config = r#"{"auths": {"reg.example:5000": {"username": "alice", "password": "secret"}}}"#;
    assert_eq!(found(config, APP), password("alice", "secret"));
    let config = r#"{"auths": {"reg.example:5000":
        {"username": "bob", "password": "old", "auth": "YWxpY2U6c2VjcmV0"}}}"#;
    assert_eq!(found(config, APP), password("alice", "secret"));
}

#[test]
fn a_mark_in_front_of_the_file_is_no_part_of_it() {
    let config = "\u{feff}{\"auths\": {\"reg.example:5000\": {\"auth\": \"YWxpY2U6c2VjcmV0\"}}}";
    assert_eq!(found(config, APP), password("alice", "secret"));
}

#[test]
fn files_without_credentials_are_no_trouble() {
    for config in [
        "",
        "\n",
        "{}",
        r#"{"auths": {}}"#,
        r#"{"auths": {"reg.example:5000": {}}}"#,
    ] {
        assert_eq!(found(config, APP), Ok(None), "{config:?}");
    }
}

#[test]
fn errors_do_not_quote_the_file() {
    for config in [
        "hunter2",
        r#"["hunter2"]"#,
        r#"{"auths": {"reg.example:5000": {"auth": "hunter2"}}}"#,
    ] {
        let error = found(config, APP).expect_err(config);
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn only_a_file_that_somebody_named_has_to_be_there() {
    let reference: Reference = APP.parse().unwrap();
    let look = |is_named| {
        let place = Place {
            path: PathBuf::from("/nonexistent/auth.json"),
            is_named,
            format: Format::Current,
        };
        Files::default().look_up(&place, reference.registry(), reference.repository())
    };
    assert_eq!(look(false), Ok(None));
    assert!(look(true).is_err());
}

fn found(config: &str, reference: &str) -> Result<Option<Credentials>, String> {
    found_as(Format::Current, config, reference)
}

fn found_as(format: Format, config: &str, reference: &str) -> Result<Option<Credentials>, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.json");
    fs::write(&path, config).unwrap();
    let reference: Reference = reference.parse().unwrap();
    let place = Place {
        path,
        is_named: true,
        format,
    };
    Files::default().look_up(&place, reference.registry(), reference.repository())
}

fn password(username: &str, password: &str) -> Result<Option<Credentials>, String> {
    Ok(Some(Credentials::password(username, password)))
}

const APP: &str = "reg.example:5000/team/app";
