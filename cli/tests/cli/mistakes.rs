//! Mistakes of the person at the keyboard: one clear error each, and nothing left behind.

use std::fs;
use std::os::unix::process::CommandExt;

use snapbox::str;

use crate::support::{TestEnv, assert_untouched, at, image, is_root, mode, open_registry};

#[test]
fn no_such_directory() {
    let ran = TestEnv::new().run(&["push", "--image", "nowhere", "app"]);
    ran.assert_shows(str![[r#"
exit code: 3
--- stdout
--- stderr
pushing image:   app
error: can't push: cannot find nowhere
caused by: No such file or directory (os error 2)

"#]]);
}

#[test]
fn a_file_instead_of_an_image() {
    let env = TestEnv::new();
    env.write("image.tar", "");
    env.run(&["push", "--image", "image.tar", "app"])
        .assert_shows(str![[r#"
exit code: 3
--- stdout
--- stderr
pushing image:   app
error: can't push: image.tar is not a directory
hint: an image is pushed from the directory that it is unpacked in

"#]]);
}

#[test]
fn no_such_image_in_the_storage_directory() {
    let env = TestEnv::new();
    for name in ["alpine+3.18", "alpine+3.19", "debian+12"] {
        image::make(&env.path("storage/img").join(name));
    }
    let ran = env.run(&["push", "alpine:3.17", "registry.example/alpine"]);
    ran.assert_shows(str![[r#"
exit code: 3
--- stdout
--- stderr
pushing image:   alpine:3.17
error: can't push: no image alpine:3.17 in [ROOT]/storage
hint: did you mean alpine:3.18, alpine:3.19?

"#]]);
}

#[test]
fn no_storage_directory() {
    let ran = TestEnv::new().run(&["-s", "nowhere", "push", "app"]);
    ran.assert_shows(str![[r#"
exit code: 3
--- stdout
--- stderr
pushing image:   app
error: can't push: nowhere is not a Charliecloud storage directory: it has no `img`
hint: --storage DIR names the storage directory, --image DIR pushes an image from anywhere

"#]]);
}

#[test]
fn a_destination_that_is_no_reference() {
    let ran = TestEnv::with_image().push::<&str>(&[], "registry.example/Team/app");
    ran.assert_shows(str![[r#"
exit code: 2
--- stdout
--- stderr
error: DEST_REF: "registry.example/Team/app" is not an image reference: character 18: a repository is in lower case
  registry.example/Team/app
                   ^
hint: a reference is [HOST[:PORT]/]NAME[:TAG], as in registry.example:5000/team/app:1.0

"#]]);
}

#[test]
fn a_name_that_is_no_reference() {
    let ran = TestEnv::new().run(&["push", "app:1 0"]);
    ran.assert_shows(str![[r#"
exit code: 2
--- stdout
--- stderr
error: IMAGE_REF: "app:1 0" is not an image reference: character 6: a name has letters, digits, '.', '_', '-', '/', ':', '@' and brackets
  app:1 0
       ^

"#]]);
    TestEnv::new()
        .run(&["push", ""])
        .assert_failed(2, &["IMAGE_REF", "the name is missing"]);
    TestEnv::new()
        .run(&["push", ".."])
        .assert_failed(2, &["IMAGE_REF"]);
}

#[test]
fn another_digest_than_the_images() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let digest = format!("app@sha256:{:064}", 0);
    let ran = env.push::<&str>(&[], &at(&registry, &digest));
    ran.assert_shows(str![[r#"
exit code: 2
--- stdout
--- stderr
pushing image:   app
image path:      image
destination:     127.0.0.1:[PORT]/app@sha256:[DIGEST]
asking the registry for permission
layer 1/1: preparing
stripped 1 setuid and 0 setgid bits; -v lists them
preparing metadata
starting upload
error: cannot push to 127.0.0.1:[PORT]/app@sha256:[DIGEST]: the image has another digest
hint: leave the digest out of DEST_REF

"#]]);
    assert_eq!(registry.with(|core| core.open_sessions()), []);
}

#[test]
fn a_file_that_cannot_be_read() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    fs::write(env.path("image/etc/shadow"), "").unwrap();
    mode(&env.path("image/etc/shadow"), 0);
    let to = at(&registry, "app");
    let mut command = env.command(&["push", "--image", "image", "app", &to]);
    if is_root() {
        // Nothing is unreadable for root, so the program runs as nobody.
        for path in ["", "tmp"] {
            mode(&env.path(path), 0o777);
        }
        command.uid(65534).gid(65534);
    }
    let ran = env.finished(command.spawn().unwrap());
    ran.assert_shows(str![[r#"
exit code: 3
--- stdout
--- stderr
pushing image:   app
image path:      image
destination:     127.0.0.1:[PORT]/app:latest
asking the registry for permission
layer 1/1: preparing
error: cannot pack the image: cannot open image/etc/shadow: Permission denied (os error 13)
hint: every file of an image must be readable by who pushes it: check its mode and owner

"#]]);
    assert_untouched(&registry);
}

#[test]
fn metadata_that_is_none() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    env.write("image/ch/metadata.json", "{\"env\": ");
    let ran = env.push::<&str>(&[], &at(&registry, "app"));
    ran.assert_shows(str![[r#"
exit code: 3
--- stdout
--- stderr
pushing image:   app
image path:      image
destination:     127.0.0.1:[PORT]/app:latest
error: can't push: the image's metadata: image/ch/metadata.json is not JSON: EOF while parsing a value at line 1 column 8
hint: without the file, the image is pushed with default metadata

"#]]);
    assert_eq!(registry.with(|core| core.requests().count()), 0);
}

#[test]
fn nowhere_to_keep_the_layer() {
    let ran = TestEnv::with_image().push(&["--spool", "nowhere"], "registry.example/app");
    ran.assert_failed(2, &["nowhere: not a directory", "hint: --spool DIR"]);
}

#[test]
fn no_such_file_of_authorities() {
    let ran = TestEnv::with_image().push(&["--ca-file", "nowhere"], "registry.example/app");
    ran.assert_failed(2, &["cannot read --ca-file nowhere", "caused by: "]);
}

#[test]
fn a_file_of_authorities_without_any() {
    let env = TestEnv::with_image();
    env.write("ca.pem", "not a certificate");
    env.push(&["--ca-file", "ca.pem"], "127.0.0.1:1/app")
        .assert_failed(2, &["--ca-file ca.pem: there is no PEM certificate in it"]);
    env.write("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    env.push(&["--ca-file", "ca.pem"], "127.0.0.1:1/app")
        .assert_failed(
            2,
            &["--ca-file ca.pem: it is broken: the line -----END CERTIFICATE"],
        );
}

#[test]
fn a_repository_to_mount_from_that_is_none() {
    let ran = TestEnv::with_image().push(&["--mount-from", "Base"], "registry.example/app");
    ran.assert_shows(str![[r#"
exit code: 2
--- stdout
--- stderr
error: --mount-from: "Base" is not an image reference: character 1: a repository is in lower case
  Base
  ^
hint: it is a repository of the same registry, without host and tag: team/base

"#]]);
}

#[test]
fn options_that_contradict_each_other() {
    for options in [
        ["--plain-http", "--tls-no-verify"],
        ["-q", "-v"],
        ["--embedded", "--plain-http"],
    ] {
        let ran = TestEnv::with_image().push(&options, "registry.example/app");
        assert_eq!(ran.code, Some(2), "{ran}");
    }
}
