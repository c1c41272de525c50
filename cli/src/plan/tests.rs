use clap::Parser;
use longshore_image::{Compression, Format};
use longshore_protocol::Scheme;

use super::{Plan, PushPlan};
use crate::args::Arguments;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::source::Source;

#[test]
fn a_registry_on_this_machine_is_spoken_to_in_clear_text() {
    for registry in [
        "localhost:5000",
        "127.0.0.1:5000",
        "127.9.9.9:80",
        "[::1]:5000",
        "localhost",
        "a.localhost:1",
    ] {
        assert_eq!(scheme(&[], registry), Scheme::Http, "{registry}");
    }
    for registry in [
        "quay.io",
        "10.0.0.1:5000",
        "localhost.example",
        "[::2]:5000",
        "localhost:443",
    ] {
        assert_eq!(scheme(&[], registry), Scheme::Https, "{registry}");
    }
}

#[test]
fn a_password_is_any_bytes_but_for_the_line_break_at_its_end() {
    for input in [&b"s\xe9\nx"[..], b"s\xe9\nx\n", b"s\xe9\nx\r\n"] {
        let password = super::password(input).unwrap();
        assert_eq!(password.expose_bytes(), b"s\xe9\nx");
    }
}

#[test]
fn options_about_tls_mean_tls_on_this_machine_too() {
    assert_eq!(
        scheme(&["--tls-no-verify"], "localhost:5000"),
        Scheme::Https
    );
    assert_eq!(scheme(&["--plain-http"], "registry.example"), Scheme::Http);
}

#[test]
fn zstd_needs_the_format_that_has_a_name_for_it() {
    let error = plan(&["--compression", "zstd", "app"]).unwrap_err();
    assert_eq!(error.exit(), Exit::Usage);
    assert!(
        error
            .details()
            .hint
            .as_ref()
            .unwrap()
            .contains("--format oci")
    );
    let plan = plan(&["--compression", "zstd", "--format", "oci", "app"]).unwrap();
    assert_eq!(plan.packing.options.compression, Compression::Zstd);
}

#[test]
fn the_cache_is_where_the_users_caches_are() {
    let mut environment = environment();
    let directory = |environment: &Environment, arguments: &[&str]| {
        let given = [&["longshore", "cache", "info"], arguments].concat();
        let parsed = Arguments::try_parse_from(given).expect("clap takes these");
        match Plan::new(parsed, environment) {
            Ok(Plan::Cache(plan)) => Some(plan.directory.display().to_string()),
            Ok(other) => panic!("{other:?}"),
            Err(_) => None,
        }
    };
    assert_eq!(directory(&environment, &[]), None);
    environment.home = Some("/home/alice".into());
    let expected = Some("/home/alice/.cache/longshore".to_owned());
    assert_eq!(directory(&environment, &[]), expected);
    environment.cache_home = Some("relative".into());
    assert_eq!(directory(&environment, &[]), expected);
    environment.cache_home = Some("/caches".into());
    assert_eq!(
        directory(&environment, &[]),
        Some("/caches/longshore".to_owned())
    );
    let given = directory(&environment, &["--cache-dir", "here"]);
    assert_eq!(given, Some("here".to_owned()));
}

#[test]
fn nothing_is_remembered_where_nobody_wants_it() {
    let environment = Environment {
        home: Some("/home/alice".into()),
        ..environment()
    };
    let remembers = |arguments: &[&str]| {
        let plan = plan_in(&environment, arguments).unwrap();
        plan.cache.is_some()
    };
    assert!(remembers(&["app"]));
    assert!(!remembers(&["--no-cache", "app"]));
    assert!(!remembers(&["--embedded", "app"]));
}

#[test]
fn names_without_a_registry_go_where_the_site_says() {
    let environment = Environment {
        default_host: Some("reg.site".to_owned()),
        default_port: Some("5000".to_owned()),
        path_prefix: Some("/group/".to_owned()),
        ..environment()
    };
    let plan = plan_in(&environment, &["app"]).unwrap();
    assert_eq!(
        plan.destination.to_string(),
        "reg.site:5000/group/app:latest"
    );
    let plan = plan_in(&environment, &["app", "other.example/app:2"]).unwrap();
    assert_eq!(plan.destination.to_string(), "other.example/app:2");
}

#[test]
fn without_a_site_they_go_to_docker_hub() {
    let environment = Environment {
        default_port: Some("5000".to_owned()),
        ..environment()
    };
    let plan = plan_in(&environment, &["app"]).unwrap();
    assert_eq!(plan.destination.to_string(), "docker.io/library/app:latest");
}

#[test]
fn a_senseless_environment_is_said_by_its_name() {
    let host = || Some("reg.site".to_owned());
    let wrong = [
        (
            "CH_REGY_DEFAULT_HOST",
            Environment {
                default_host: Some("a b".into()),
                ..environment()
            },
        ),
        (
            "CH_REGY_DEFAULT_HOST",
            Environment {
                default_host: Some("evil/x".into()),
                ..environment()
            },
        ),
        (
            "CH_REGY_DEFAULT_PORT",
            Environment {
                default_host: host(),
                default_port: Some("0".into()),
                ..environment()
            },
        ),
        (
            "CH_REGY_PATH_PREFIX",
            Environment {
                default_host: host(),
                path_prefix: Some("A".into()),
                ..environment()
            },
        ),
        (
            "SOURCE_DATE_EPOCH",
            Environment {
                source_date_epoch: Some("now".into()),
                ..environment()
            },
        ),
    ];
    for (name, environment) in wrong {
        let failure = plan_in(&environment, &["app"]).expect_err(name);
        assert_eq!(failure.exit(), Exit::Usage);
        assert!(failure.to_string().contains(name), "{failure}");
    }
}

#[test]
fn names_are_as_charliecloud_has_them() {
    let plan = plan(&["team%app+1.0"]).unwrap();
    assert_eq!(plan.source.name().to_string(), "team/app:1.0");
    assert!(matches!(plan.source, Source::Storage { .. }));
    assert_eq!(plan.destination.to_string(), "docker.io/team/app:1.0");
}

#[test]
fn an_address_in_brackets_is_a_name() {
    let plan = plan(&["[::1]:5000/x:1"]).unwrap();
    assert_eq!(plan.source.name().to_string(), "[::1]:5000/x:1");
    assert_eq!(plan.destination.to_string(), "[::1]:5000/x:1");
}

#[test]
fn a_transport_in_front_is_no_part_of_the_name() {
    let plan = plan(&["docker://q.example/x:1"]).unwrap();
    assert_eq!(plan.source.name().to_string(), "q.example/x:1");
    assert_eq!(plan.destination.to_string(), "q.example/x:1");
}

#[test]
fn docker_hub_is_assumed_where_no_registry_is_given() {
    let environment = environment();
    let is_assumed = |arguments: &[&str]| plan_in(&environment, arguments).unwrap().assumes_hub;
    assert!(is_assumed(&["app"]));
    assert!(is_assumed(&["app", "team/app:1"]));
    assert!(!is_assumed(&["app", "docker.io/team/app"]));
    assert!(!is_assumed(&["app", "q.example/app"]));
    assert!(!is_assumed(&["--embedded", "--image", "/", "app"]));
    let environment = Environment {
        default_host: Some("reg.site".to_owned()),
        ..environment.clone()
    };
    let plan = plan_in(&environment, &["app"]).unwrap();
    assert!(!plan.assumes_hub);
}

#[test]
fn the_storage_directory_is_the_users() {
    let Source::Storage { storage, .. } = plan(&["app"]).unwrap().source else {
        panic!("no --image was given");
    };
    assert_eq!(storage.to_str(), Some("/var/tmp/alice.ch"));
    let Source::Storage { storage, .. } = plan(&["-s", "/there", "app"]).unwrap().source else {
        panic!("no --image was given");
    };
    assert_eq!(storage.to_str(), Some("/there"));
}

#[test]
fn the_embedded_registry_knows_no_library() {
    let plan = plan(&["--embedded", "app"]).unwrap();
    assert_eq!(plan.destination.repository().as_str(), "app");
    assert!(plan.embedded.is_some());
}

#[test]
fn the_format_is_charlieclouds_unless_told() {
    assert_eq!(plan(&["app"]).unwrap().packing.format, Format::Docker);
    assert_eq!(
        plan(&["--format", "oci", "app"]).unwrap().packing.format,
        Format::Oci
    );
}

#[test]
fn options_of_ch_image_that_mean_nothing_here_are_taken() {
    let before = [
        "longshore",
        "--no-cache",
        "--no-lock",
        "--debug",
        "-a",
        "arm64/v8",
        "push",
        "app",
    ];
    let parsed = Arguments::try_parse_from(before).unwrap();
    let Plan::Push(plan) = Plan::new(parsed, &environment()).unwrap() else {
        panic!("`push` was asked for");
    };
    assert_eq!(plan.packing.platform.unwrap().to_string(), "arm64/v8");
}

#[test]
fn of_an_option_that_is_given_twice_the_last_counts() {
    let plan = plan(&["-a", "s390x", "-a", "amd64", "-s", "/a", "-s", "/b", "app"]).unwrap();
    assert_eq!(plan.packing.platform.unwrap().to_string(), "amd64");
    let Source::Storage { storage, .. } = plan.source else {
        panic!("no --image was given");
    };
    assert_eq!(storage, std::path::Path::new("/b"));
}

fn scheme(options: &[&str], registry: &str) -> Scheme {
    let destination = format!("{registry}/team/app");
    plan(&[options, &["app", &destination]].concat())
        .unwrap()
        .channel
        .scheme
}

fn plan(arguments: &[&str]) -> Result<PushPlan, Failure> {
    plan_in(&environment(), arguments)
}

fn plan_in(environment: &Environment, arguments: &[&str]) -> Result<PushPlan, Failure> {
    let arguments = [&["longshore", "push"], arguments].concat();
    let parsed = Arguments::try_parse_from(arguments).expect("clap takes these");
    match Plan::new(parsed, environment)? {
        Plan::Push(plan) => Ok(*plan),
        Plan::Cache(_) | Plan::Demo(_) => panic!("`push` was asked for"),
    }
}

fn environment() -> Environment {
    Environment {
        user: Some("alice".to_owned()),
        ..Environment::default()
    }
}
