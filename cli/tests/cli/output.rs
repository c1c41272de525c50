//! What comes out, and where.

use std::fs;
use std::process::Stdio;

use snapbox::str;

use crate::support::{TestEnv, at, image, open_registry};

#[test]
fn the_result_alone_is_on_standard_output() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let ran = env.push::<&str>(&[], &at(&registry, "team/app:1"));
    ran.assert_shows(str![[r#"
exit code: 0
--- stdout
127.0.0.1:[PORT]/team/app@sha256:[DIGEST]
--- stderr
pushing image:   app
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

"#]]);
}

#[test]
fn as_json_it_has_members_that_stay() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let ran = env.push(&["--json", "-q"], &at(&registry, "team/app:1"));
    ran.assert_shows(str![[r#"
exit code: 0
--- stdout
{
  "reference": "127.0.0.1:[PORT]/team/app@sha256:[DIGEST]",
  "digest": "sha256:[DIGEST]",
  "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
  "size": 423,
  "created": "2026-01-01T00:00:00Z",
  "architecture": "amd64",
  "config": {
    "digest": "sha256:[DIGEST]",
    "size": 230,
    "outcome": "uploaded",
    "sent": 230
  },
  "layers": [
    {
      "digest": "sha256:[DIGEST]",
      "size": 339,
      "diffId": "sha256:[DIGEST]",
      "outcome": "uploaded",
      "sent": 339
    }
  ],
  "requests": 7,
  "retries": 0,
  "warnings": [],
  "elapsedSeconds": [SECONDS]
}
--- stderr

"#]]);
}

#[test]
fn an_error_is_json_too() {
    let env = TestEnv::new();
    let ran = env.run(&["push", "--json", "--image", "nowhere", "app"]);
    ran.assert_shows(str![[r#"
exit code: 3
--- stdout
{
  "error": {
    "class": "image",
    "exitCode": 3,
    "phase": "looking for the image",
    "message": "can't push: cannot find nowhere",
    "causes": [
      "No such file or directory (os error 2)"
    ],
    "hint": null,
    "status": null,
    "code": null
  }
}
--- stderr
pushing image:   app
error: can't push: cannot find nowhere
caused by: No such file or directory (os error 2)

"#]]);
}

#[test]
fn even_if_the_command_line_makes_no_sense() {
    let ran = TestEnv::new().run(&["push", "--json", "--nonsense", "app"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert_eq!(ran.json()["error"]["class"], "usage", "{ran}");
}

#[test]
fn details_are_for_who_asks() {
    let (env, registry) = (TestEnv::with_large_image(), open_registry());
    // What is remembered depends on how long ago the image was made.
    env.push(
        &["-vv", "--no-cache", "--pack-first"],
        &at(&registry, "app"),
    )
    .assert_shows(str![[r#"
exit code: 0
--- stdout
127.0.0.1:[PORT]/app@sha256:[DIGEST]
--- stderr
pushing image:   app
image path:      image
destination:     127.0.0.1:[PORT]/app:latest
asking the registry for permission
authentication: the registry asks for none
the registry allows this push
layer 1/1: preparing
stripping unsafe setuid bit: ./bin/su
9 members, 16.0 MiB of content, 17.3 KiB packed
layer 1/1: digest sha256:[DIGEST], diff ID sha256:[DIGEST]
preparing metadata
created 2026-01-01T00:00:00Z, for amd64
config: digest sha256:[DIGEST]
manifest: digest sha256:[DIGEST]
starting upload
layer 1/1: [SHORT]: checking if already in repository
layer 1/1: [SHORT]: not present, uploading
layer 1/1: [SHORT]: in the registry
config: [SHORT]: not present, uploading
config: [SHORT]: in the registry
manifest: uploading
manifest: sha256:[DIGEST] is in the registry
cleaning up
7 requests, 0 retries, [SECONDS] s
done

"#]]);
}

#[test]
fn who_wants_silence_gets_it() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    fs::remove_file(env.path("image/ch/metadata.json")).unwrap();
    let quiet = env.push(&["-q"], &at(&registry, "app"));
    assert!(
        quiet.assert_done().stderr.starts_with("warning: "),
        "{quiet}"
    );
    let silent = env.push(&["-qq"], &at(&registry, "app"));
    assert_eq!(silent.assert_done().stderr, "", "{silent}");
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let to = at(&registry, "app");
    for arguments in [
        &["push", "--image", "image", "app", &to][..],
        &["push", "--help"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let status = env
            .command(arguments)
            .stdout(Stdio::from(writer))
            .spawn()
            .unwrap()
            .wait();
        assert_eq!(status.unwrap().code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn a_full_disk_is_one() {
    let (env, registry) = (TestEnv::with_image(), open_registry());
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let to = at(&registry, "app");
    let mut command = env.command(&["push", "-q", "--image", "image", "app", &to]);
    let output = command
        .stdout(Stdio::from(full))
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("the push is done, but"), "{said}");
}

#[test]
fn the_help_names_every_exit_code() {
    let ran = TestEnv::new().run(&["push", "--help"]);
    for exit in longshore::exit::Exit::ALL {
        let line = format!("{:>3}  {}", exit.code(), exit.meaning());
        assert!(ran.assert_done().stdout.contains(&line), "no {line:?}");
    }
}

#[test]
fn the_version_is_the_packages() {
    let ran = TestEnv::new().run(&["--version"]);
    assert_eq!(
        ran.stdout,
        format!("longshore {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn a_stranger_in_the_image_cannot_move_the_cursor() {
    let (env, registry) = (TestEnv::new(), open_registry());
    image::make(&env.path("image"));
    let name = env.path("image/bin/\x1b[2Jevil\nerror: all is lost");
    fs::write(&name, "").unwrap();
    crate::support::mode(&name, 0o4755);
    let ran = env.push(&["-v"], &at(&registry, "app"));
    assert!(!ran.assert_done().stderr.contains('\x1b'), "{ran}");
    assert!(!ran.stderr.contains("\nerror: "), "{ran}");
}
