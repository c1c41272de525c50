//! Credential helpers.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use longshore_tests::real::scratch::must;

use super::Sent::{Basic, Fails, Nothing};
use super::{ALICE, BOB, HELEN, IDENTITY, Row, docker};

/// Puts all helpers into a folder.
pub(super) fn install(folder: &Path) {
    must(folder, fs::create_dir_all(folder));
    // A link: a program that was written a moment ago cannot always be run, since another test may
    // have inherited the open file.
    let program = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/interop/credentials/docker-credential-script");
    for (name, script) in HELPERS {
        let path = folder.join(format!("docker-credential-{name}"));
        must(&path, symlink(&program, &path));
        let path = folder.join(format!("{name}.sh"));
        must(&path, fs::write(&path, script));
    }
}

pub(super) const ROWS: &[Row] = &[
    docker(
        "the registry's has one",
        r#"{"credHelpers": {"{hp}": "key"}}"#,
        [HELEN, HELEN, HELEN],
    ),
    docker(
        "the one for all has one; an entry",
        r#"{"credsStore": "key", "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [HELEN, ALICE, HELEN],
    ),
    docker(
        "the registry's does not read its input",
        r#"{"credHelpers": {"{hp}": "unread"}}"#,
        [HELEN, HELEN, HELEN],
    ),
    docker(
        "the one for all does not read its input; an entry",
        r#"{"credsStore": "unread", "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [HELEN, ALICE, HELEN],
    ),
    docker(
        "the registry's has none",
        r#"{"credHelpers": {"{hp}": "none"}}"#,
        [Nothing, Nothing, Nothing],
    ),
    docker(
        "the one for all has none; an entry",
        r#"{"credsStore": "none", "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "the registry's says so on standard error",
        r#"{"credHelpers": {"{hp}": "none-stderr"}}"#,
        [Nothing, Fails, Fails],
    )
    .because("it has none, whichever way that is said"),
    docker(
        "the one for all says so on standard error; an entry",
        r#"{"credsStore": "none-stderr", "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, Fails],
    ),
    docker(
        "the registry's fails",
        r#"{"credHelpers": {"{hp}": "fails"}}"#,
        [Fails, Fails, Fails],
    ),
    docker(
        "the one for all fails; an entry",
        r#"{"credsStore": "fails", "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, Fails],
    ),
    docker(
        "the registry's talks nonsense",
        r#"{"credHelpers": {"{hp}": "nonsense"}}"#,
        [Fails, Fails, Fails],
    ),
    docker(
        "the one for all talks nonsense; an entry",
        r#"{"credsStore": "nonsense", "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, Fails],
    ),
    docker(
        "the registry's has a token",
        r#"{"credHelpers": {"{hp}": "token"}}"#,
        [IDENTITY, Nothing, IDENTITY],
    ),
    docker(
        "the one for all has a token; an entry",
        r#"{"credsStore": "token", "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [IDENTITY, ALICE, IDENTITY],
    ),
    docker(
        "the registry's has no user name",
        r#"{"credHelpers": {"{hp}": "nameless"}}"#,
        [Basic(":key"), Basic(":key"), Basic(":key")],
    ),
    docker(
        "the one for all has no user name; an entry",
        r#"{"credsStore": "nameless", "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [Basic(":key"), ALICE, Basic(":key")],
    ),
    docker(
        "the registry's has an empty password",
        r#"{"credHelpers": {"{hp}": "empty"}}"#,
        [Basic("helen:"), Basic("helen:"), Basic("helen:")],
    ),
    docker(
        "the one for all has an empty password; an entry",
        r#"{"credsStore": "empty", "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [Basic("helen:"), ALICE, Basic("helen:")],
    ),
    docker(
        "the registry's answers in lower case",
        r#"{"credHelpers": {"{hp}": "lower"}}"#,
        [HELEN, HELEN, Fails],
    ),
    docker(
        "the one for all answers in lower case; an entry",
        r#"{"credsStore": "lower", "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [HELEN, ALICE, Fails],
    )
    .because("docker's program, being in Go, takes it"),
    docker(
        "the registry's is missing",
        r#"{"credHelpers": {"{hp}": "missing"}}"#,
        [Fails, Fails, Fails],
    ),
    docker(
        "the one for all is missing; an entry",
        r#"{"credsStore": "missing", "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, Fails],
    ),
    docker(
        "the registry's has one; an entry",
        r#"{"credHelpers": {"{hp}": "key"}, "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [HELEN, HELEN, HELEN],
    ),
    docker(
        "the registry's has one; a namespace's entry",
        r#"{"credHelpers": {"{hp}": "key"}, "auths": {"{hp}/team": {"auth": "{bob}"}}}"#,
        [HELEN, HELEN, HELEN],
    ),
    docker(
        "the registry's has none; an entry",
        r#"{"credHelpers": {"{hp}": "none"}, "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [ALICE, Nothing, ALICE],
    ),
    docker(
        "the one for all has one",
        r#"{"credsStore": "key"}"#,
        [HELEN, Nothing, HELEN],
    ),
    docker(
        "the one for all has one; a namespace's entry",
        r#"{"credsStore": "key", "auths": {"{hp}/team": {"auth": "{bob}"}}}"#,
        [BOB, BOB, HELEN],
    ),
    docker(
        "no name of one; an entry",
        r#"{"credsStore": "", "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "no name of one; an entry",
        r#"{"credsStore": null, "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "no name of one; an entry",
        r#"{"credsStore": 7, "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, Fails],
    ),
    docker(
        "no name of one; an entry",
        r#"{"credHelpers": null, "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "no name of one; an entry",
        r#"{"credHelpers": {"{hp}": null}, "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [ALICE, Fails, ALICE],
    ),
    docker(
        "no name of one; an entry",
        r#"{"credHelpers": {"{hp}": ""}, "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [ALICE, Fails, ALICE],
    ),
    docker(
        "no name of one; an entry",
        r#"{"credHelpers": {"other.example": "none"}, "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "no name of one; an entry",
        r#"{"credHelpers": [], "auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [ALICE, Fails, ALICE],
    ),
    docker(
        "both, and the registry's has none",
        r#"{"credHelpers": {"{hp}": "none"}, "credsStore": "key"}"#,
        [Nothing, Nothing, Nothing],
    ),
    docker(
        "both, and the registry's has one",
        r#"{"credHelpers": {"{hp}": "key"}, "credsStore": "none"}"#,
        [HELEN, HELEN, HELEN],
    ),
    docker(
        "both, and the registry's is called nothing",
        r#"{"credHelpers": {"{hp}": ""}, "credsStore": "key"}"#,
        [Nothing, Fails, HELEN],
    )
    .because("to docker's program that is the file itself (docker/cli, `cli/config/configfile`)"),
    docker(
        "of an address",
        r#"{"credHelpers": {"https://{hp}": "key"}}"#,
        [HELEN, Nothing, Nothing],
    )
    .because("it is plain which registry is meant"),
    docker(
        "of a name with a slash",
        r#"{"credHelpers": {"{hp}/": "key"}}"#,
        [HELEN, Nothing, Nothing],
    )
    .because("it is plain which registry is meant"),
    docker(
        "of a namespace",
        r#"{"credHelpers": {"{hp}/team": "key"}}"#,
        [Nothing, Nothing, Nothing],
    ),
    docker(
        "its name in another case",
        r#"{"CredsStore": "key"}"#,
        [HELEN, Nothing, Nothing],
    )
    .because("docker's program, being in Go, takes it"),
    docker(
        "it knows the address in an empty entry",
        r#"{"credsStore": "address", "auths": {"https://{hp}/v1/": {}}}"#,
        [HELEN, Nothing, Nothing],
    )
    .because("docker's program says under which name it stored them"),
    docker(
        "it knows an address that has no entry",
        r#"{"credsStore": "address"}"#,
        [Nothing, Nothing, Nothing],
    ),
];

/// Names of helpers, and what they do.
const HELPERS: &[(&str, &str)] = &[
    (
        "key",
        r#"read -r server; echo '{"ServerURL": "", "Username": "helen", "Secret": "key"}'"#,
    ),
    (
        "unread",
        r#"echo '{"ServerURL": "", "Username": "helen", "Secret": "key"}'"#,
    ),
    (
        "none",
        "read -r server; echo 'credentials not found in native keychain'; exit 1",
    ),
    (
        "none-stderr",
        "read -r server; echo 'credentials not found in native keychain' >&2; exit 1",
    ),
    (
        "fails",
        "read -r server; echo 'no keychain is open'; exit 1",
    ),
    ("nonsense", "read -r server; echo 'helen:key'"),
    (
        "token",
        r#"read -r server; echo '{"ServerURL": "", "Username": "<token>", "Secret": "tok"}'"#,
    ),
    (
        "nameless",
        r#"read -r server; echo '{"ServerURL": "", "Username": "", "Secret": "key"}'"#,
    ),
    (
        "empty",
        r#"read -r server; echo '{"ServerURL": "", "Username": "helen", "Secret": ""}'"#,
    ),
    (
        "lower",
        r#"read -r server; echo '{"serverurl": "", "username": "helen", "secret": "key"}'"#,
    ),
    (
        "address",
        r#"read -r server; case $server in https://*/v1/) echo '{"ServerURL": "", "Username": "helen", "Secret": "key"}';; *) echo 'credentials not found in native keychain'; exit 1;; esac"#,
    ),
];
