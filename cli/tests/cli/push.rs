//! Pushes that work.

use std::fs;
use std::os::unix::fs::symlink;

use longshore_mock_registry::Auth;
use snapbox::str;

use crate::support::{TestEnv, assert_holds, at, image, open_registry, registry};

#[test]
fn a_directory_into_the_embedded_registry() {
    let ran = TestEnv::with_image().run(&["push", "--embedded", "--image", "image", "team/app:1"]);
    ran.assert_shows(str![[r#"
exit code: 0
--- stdout
127.0.0.1:[PORT]/team/app@sha256:[DIGEST]
--- stderr
registry:        http://127.0.0.1:[PORT], inside this program, like quay
pushing image:   team/app:1
image path:      image
destination:     127.0.0.1:[PORT]/team/app:1
asking the registry for permission
layer 1/1: preparing
stripped 1 setuid and 0 setgid bits; -v lists them
preparing metadata
starting upload
layer 1/1: [SHORT]: checking if already in repository
layer 1/1: [SHORT]: not present, uploading
config: [SHORT]: not present, uploading
manifest: uploading
cleaning up
done
registry:        gone, with everything in it

"#]]);
}

#[test]
fn a_name_of_one_part_into_the_embedded_registry() {
    let env = TestEnv::with_image();
    for embedded in ["--embedded", "--embedded=oci"] {
        env.run(&["push", embedded, "--image", "image", "app"])
            .assert_done();
    }
}

#[test]
fn an_image_from_the_storage_directory() {
    let (env, registry) = (TestEnv::new(), open_registry());
    image::make(&env.path("storage/img/team%app+1.0"));
    let ran = env.run(&["push", "team/app:1.0", &at(&registry, "copy:2")]);
    ran.assert_shows(str![[r#"
exit code: 0
--- stdout
127.0.0.1:[PORT]/copy@sha256:[DIGEST]
--- stderr
pushing image:   team/app:1.0
destination:     127.0.0.1:[PORT]/copy:2
asking the registry for permission
layer 1/1: preparing
stripped 1 setuid and 0 setgid bits; -v lists them
preparing metadata
starting upload
layer 1/1: [SHORT]: checking if already in repository
layer 1/1: [SHORT]: not present, uploading
config: [SHORT]: not present, uploading
manifest: uploading
cleaning up
done

"#]]);
    assert_holds(&registry, "copy", "2");
}

#[test]
fn an_alias_in_the_storage_directory() {
    let (env, registry) = (TestEnv::new(), open_registry());
    image::make(&env.path("storage/img/app+1.0"));
    symlink("app+1.0", env.path("storage/img/alias")).unwrap();
    env.run(&["push", "alias", &at(&registry, "app")])
        .assert_done();
    assert_holds(&registry, "app", "latest");
}

#[test]
fn to_the_sites_own_registry_by_default() {
    let (mut env, registry) = (TestEnv::with_image(), open_registry());
    env.set("CH_REGY_DEFAULT_HOST", "127.0.0.1");
    env.set(
        "CH_REGY_DEFAULT_PORT",
        &registry.address().port().to_string(),
    );
    env.set("CH_REGY_PATH_PREFIX", "group");
    env.run(&["push", "--image", "image", "app:1"])
        .assert_done();
    assert_holds(&registry, "group/app", "1");
}

#[test]
fn a_second_time_uploads_nothing() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    env.push(&["-q"], &at(&registry, "app")).assert_done();
    let ran = env.push::<&str>(&[], &at(&registry, "app"));
    ran.assert_shows(str![[r#"
exit code: 0
--- stdout
127.0.0.1:[PORT]/app@sha256:[DIGEST]
--- stderr
pushing image:   app
image path:      image
destination:     127.0.0.1:[PORT]/app:latest
asking the registry for permission
layer 1/1: preparing
stripped 1 setuid and 0 setgid bits; -v lists them
preparing metadata
starting upload
layer 1/1: [SHORT]: checking if already in repository
layer 1/1: [SHORT]: already present
config: [SHORT]: checking if already in repository
config: [SHORT]: already present
manifest: already present
cleaning up
done

"#]]);
}

#[test]
fn a_layer_from_another_repository_is_mounted() {
    let (env, registry) = (TestEnv::with_image(), registry(Auth::Bearer));
    let login = ["--username", crate::support::USER, "--password-stdin"];
    let push = |options: &[&str], to: &str| {
        let image = ["push", "--image", "image"];
        let to = at(&registry, to);
        let arguments = [&image, &login[..], options, &["app", &to]].concat();
        env.run_with_input(&arguments, crate::support::PASSWORD)
    };
    push(&[], "team/base").assert_done();
    let ran = push(&["--json", "--mount-from", "team/base"], "team/app");
    let json = ran.assert_done().json();
    assert_eq!(json["layers"][0]["outcome"], "mounted", "{ran}");
    assert_eq!(json["layers"][0]["mountedFrom"], "team/base");
    assert_holds(&registry, "team/app", "latest");
}

#[test]
fn in_either_format() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let media_type = |format: &str| {
        let ran = env.push(&["--json", "--format", format], &at(&registry, format));
        ran.assert_done().json()["mediaType"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        media_type("docker"),
        "application/vnd.docker.distribution.manifest.v2+json"
    );
    assert_eq!(
        media_type("oci"),
        "application/vnd.oci.image.manifest.v1+json"
    );
}

#[test]
fn with_the_same_digest_for_any_number_of_threads() {
    let env = TestEnv::new();
    image::make_large(&env.path("image"), 20 << 20);
    let registry = open_registry();
    let digest = |options: &[&str]| {
        let ran = env.push(&[&["--json"], options].concat(), &at(&registry, "app"));
        ran.assert_done().json()["digest"].clone()
    };
    assert_eq!(digest(&["--jobs", "1"]), digest(&["--jobs", "3"]));
    // With more than one, layers are packed side by side.
    let several = |jobs| digest(&["--jobs", jobs, "--layers", "4", "--no-cache"]);
    assert_eq!(several("1"), several("3"));
}

#[test]
fn smaller_if_time_does_not_matter() {
    let env = TestEnv::with_image();
    let text: String = (0..20_000)
        .map(|number| format!("line {}\n", number * number))
        .collect();
    fs::write(env.path("image/etc/text"), text).unwrap();
    let registry = open_registry();
    let size = |level: &str| {
        let options = ["--json", "--compression-level", level];
        env.push(&options, &at(&registry, "app"))
            .assert_done()
            .json()["layers"][0]["size"]
            .as_u64()
    };
    assert!(size("best") < size("fast"));
}

#[test]
fn an_architecture_is_one_that_images_have() {
    let registry = open_registry();
    let env = TestEnv::with_image();
    let ran = env.push(&["--arch", "linux/arm64"], &at(&registry, "app"));
    ran.assert_done();
    let ran = env.push(&["--arch", "yolo"], &at(&registry, "app"));
    ran.assert_done();
    for wrong in ["linux", "windows/amd64", "arm64/v7", "amd46", ""] {
        let ran = env.push(&["--arch", wrong], &at(&registry, "app"));
        let words = ["--arch: ", "386, amd64, arm, arm64", "hint: host is"];
        ran.assert_failed(2, &words);
    }
}

#[test]
fn of_another_architecture() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    // The beginning of a program for a 64-bit ARM: ELF, little-endian, machine 183.
    let program = "\u{7f}ELF\u{2}\u{1}\u{1}\0\0\0\0\0\0\0\0\0\u{2}\0\u{b7}\0";
    let program: Vec<u8> = program.chars().map(|byte| byte as u8).collect();
    fs::create_dir_all(env.path("image/bin")).unwrap();
    fs::write(env.path("image/bin/sh"), program).unwrap();
    let contradiction = "but its programs are for arm64/v8";

    fs::remove_file(env.path("image/ch/metadata.json")).unwrap();
    let ran = env.push(&["--json"], &at(&registry, "app"));
    ran.assert_done();
    assert!(!ran.stderr.contains(contradiction), "{ran}");
    let digest = ran.json()["config"]["digest"].as_str().unwrap().parse();
    let config = registry
        .with(|core| core.blob("app", &digest.unwrap()))
        .unwrap();
    let config: serde_json::Value = serde_json::from_slice(&config).unwrap();
    assert_eq!(config["architecture"], "arm64");

    let ran = env.push(&["--arch", "amd64"], &at(&registry, "app"));
    let ran = ran.assert_done();
    assert!(
        ran.stderr
            .contains("warning: the image is labelled amd64 by --arch"),
        "{ran}"
    );
    env.write("image/ch/metadata.json", r#"{"arch": "amd64"}"#);
    let ran = env.push::<&str>(&[], &at(&registry, "app"));
    let ran = ran.assert_done();
    assert!(
        ran.stderr.contains("labelled amd64 by its metadata"),
        "{ran}"
    );
    assert!(ran.stderr.contains(contradiction), "{ran}");
    let ran = env.push(&["--arch", "aarch64"], &at(&registry, "app"));
    assert!(!ran.stderr.contains(contradiction), "{ran}");
}

#[test]
fn for_another_architecture() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let ran = env.push(&["--json", "--arch", "arm64/v8"], &at(&registry, "app"));
    let digest = ran.assert_done().json()["config"]["digest"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let config = registry.with(|core| core.blob("app", &digest)).unwrap();
    let config: serde_json::Value = serde_json::from_slice(&config).unwrap();
    assert_eq!(
        (&config["architecture"], &config["variant"]),
        (&"arm64".into(), &"v8".into())
    );
}

#[test]
fn with_common_options_before_the_command_as_for_ch_image() {
    let (env, registry) = (TestEnv::new(), open_registry());
    image::make(&env.path("elsewhere/img/app"));
    let to = at(&registry, "app");
    env.run(&["-s", "elsewhere", "--no-cache", "-v", "push", "app", &to])
        .assert_done();
    assert_holds(&registry, "app", "latest");
}

#[test]
fn with_options_that_mean_something_to_ch_image_only() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let to = at(&registry, "app");
    let common = [
        ["--always-download", "--rebuild"].as_slice(),
        &[
            "--break",
            "build:1",
            "--cache-large",
            "4",
            "--cache-large=8",
        ],
        &["--debug", "--no-lock", "--no-lock", "--profile"],
        &["--cache"],
    ]
    .concat();
    let push = ["push", "--image", "image", "app", to.as_str()];
    let before = [common.as_slice(), &["-v"], &push].concat();
    let after = [push.as_slice(), &common, &["-v"]].concat();
    for arguments in [before, after] {
        let ran = env.run(&arguments);
        ran.assert_done();
        for option in common.iter().filter(|option| option.starts_with("--")) {
            let option = option.split('=').next().unwrap();
            let line = format!("{option}: an option of ch-image, without meaning here");
            let expected = usize::from(option != "--cache");
            assert_eq!(
                ran.stderr.matches(&line).count(),
                expected,
                "{option}: {ran}"
            );
        }
    }
    let quiet = [common.as_slice(), &push].concat();
    let ran = env.run(&quiet);
    assert!(!ran.assert_done().stderr.contains("ch-image"), "{ran}");
}

#[test]
fn the_last_word_about_the_cache_counts() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let to = at(&registry, "app");
    // What the cache says of an image as new as that.
    let cache = "its layer is not remembered";
    for (options, is_used) in [
        (["--no-cache", "--cache"], true),
        (["--cache", "--no-cache"], false),
    ] {
        let ran = env.push(&[&["-v"], &options[..]].concat(), &to);
        assert_eq!(ran.assert_done().stderr.contains(cache), is_used, "{ran}");
    }
}

#[test]
fn nothing_is_missing_of_what_it_depends_on() {
    let env = TestEnv::new();
    for arguments in [&["--dependencies"][..], &["push", "--dependencies"]] {
        let ran = env.run(arguments);
        ran.assert_done();
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    }
}

#[test]
fn without_special_files() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let listener = std::os::unix::net::UnixListener::bind(env.path("image/etc/socket")).unwrap();
    let ran = env.push(&["--json"], &at(&registry, "app"));
    assert!(
        ran.assert_done().stderr.contains("warning: leaving out"),
        "{ran}"
    );
    assert!(
        ran.json()["warnings"][0]
            .as_str()
            .unwrap()
            .contains("leaving out"),
        "{ran}"
    );
    env.push(&["--strict", "--preserve", "setuid"], &at(&registry, "app"))
        .assert_failed(3, &["image/etc/socket", "hint: "]);
    drop(listener);
}

#[test]
fn with_either_transport_the_same_is_pushed_and_said() {
    let told = ["blocking", "async"].map(|transport| {
        let (env, registry) = (TestEnv::with_image(), registry(Auth::Bearer));
        let to = at(&registry, "app:1");
        let arguments = [
            "push",
            "--transport",
            transport,
            "--image",
            "image",
            "--username",
            "alice",
            "--password-stdin",
            "app",
            &to,
        ];
        let ran = env.run_with_input(&arguments, crate::support::PASSWORD);
        ran.assert_done();
        assert_holds(&registry, "app", "1");
        // Which of two blobs is heard of first is not settled.
        let said = ran.stderr.replace(&registry.host(), "HOST");
        let mut said: Vec<_> = said.lines().map(str::to_owned).collect();
        said.sort();
        let requests = registry.with(|core| {
            let asked = core.requests();
            let mut asked: Vec<_> = asked
                .map(|request| format!("{} {:?}", request.method, request.status))
                .collect();
            asked.sort();
            asked
        });
        (said, requests)
    });
    assert_eq!(told[0], told[1]);
}

#[test]
fn either_transport_stops_for_a_wrong_password() {
    for transport in ["blocking", "async"] {
        let (env, registry) = (TestEnv::with_image(), registry(Auth::Basic));
        let to = at(&registry, "app");
        let arguments = [
            "push",
            "--transport",
            transport,
            "--image",
            "image",
            "--username",
            "alice",
            "--password-stdin",
            "app",
            &to,
        ];
        let ran = env.run_with_input(&arguments, "wrong\n");
        ran.assert_failed(4, &["error: cannot push"]);
    }
}
