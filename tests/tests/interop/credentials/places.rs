//! Where files are, and which comes first.

use super::Sent::{Fails, Nothing};
use super::{ALICE, BOB, CAROL, DOCKER, FIRST, Row, SESSION, USER, files};

pub(super) const ROWS: &[Row] = &[
    files(
        "a named file and docker's",
        &[
            ("auth.json", r#"{"auths": {"{hp}": {"auth": "{alice}"}}}"#),
            (DOCKER, r#"{"auths": {"{hp}": {"auth": "{bob}"}}}"#),
        ],
        &[("REGISTRY_AUTH_FILE", "{folder}/auth.json")],
        [ALICE, ALICE, BOB],
    ),
    files(
        "a named file without it, and docker's",
        &[
            (
                "auth.json",
                r#"{"auths": {"other.example": {"auth": "{carol}"}}}"#,
            ),
            (DOCKER, r#"{"auths": {"{hp}": {"auth": "{bob}"}}}"#),
        ],
        &[("REGISTRY_AUTH_FILE", "{folder}/auth.json")],
        [BOB, BOB, BOB],
    ),
    files(
        "a named file that is not there, and docker's",
        &[(DOCKER, r#"{"auths": {"{hp}": {"auth": "{bob}"}}}"#)],
        &[("REGISTRY_AUTH_FILE", "{folder}/auth.json")],
        [BOB, BOB, BOB],
    ),
    files(
        "a named file that is empty, and docker's",
        &[
            ("auth.json", ""),
            (DOCKER, r#"{"auths": {"{hp}": {"auth": "{bob}"}}}"#),
        ],
        &[("REGISTRY_AUTH_FILE", "{folder}/auth.json")],
        [BOB, Fails, BOB],
    ),
    files(
        "a named file that is broken, and docker's",
        &[
            ("auth.json", "{"),
            (DOCKER, r#"{"auths": {"{hp}": {"auth": "{bob}"}}}"#),
        ],
        &[("REGISTRY_AUTH_FILE", "{folder}/auth.json")],
        [BOB, Fails, BOB],
    ),
    files(
        "a named file without it, and the session's",
        &[
            (
                "auth.json",
                r#"{"auths": {"other.example": {"auth": "{carol}"}}}"#,
            ),
            (SESSION, r#"{"auths": {"{hp}": {"auth": "{bob}"}}}"#),
        ],
        &[("REGISTRY_AUTH_FILE", "{folder}/auth.json")],
        [Nothing, Nothing, Nothing],
    ),
    files(
        "a named file without it, and the user's",
        &[
            (
                "auth.json",
                r#"{"auths": {"other.example": {"auth": "{carol}"}}}"#,
            ),
            (USER, r#"{"auths": {"{hp}": {"auth": "{bob}"}}}"#),
        ],
        &[("REGISTRY_AUTH_FILE", "{folder}/auth.json")],
        [Nothing, BOB, Nothing],
    ),
    files(
        "an empty variable, and docker's",
        &[(DOCKER, r#"{"auths": {"{hp}": {"auth": "{bob}"}}}"#)],
        &[("REGISTRY_AUTH_FILE", "")],
        [BOB, BOB, BOB],
    ),
    files(
        "the session's",
        &[(SESSION, r#"{"auths": {"{hp}": {"auth": "{alice}"}}}"#)],
        &[],
        [ALICE, ALICE, Nothing],
    ),
    files(
        "the session's, the user's and docker's",
        &[
            (SESSION, r#"{"auths": {"{hp}": {"auth": "{alice}"}}}"#),
            (USER, r#"{"auths": {"{hp}": {"auth": "{bob}"}}}"#),
            (DOCKER, r#"{"auths": {"{hp}": {"auth": "{carol}"}}}"#),
        ],
        &[],
        [ALICE, ALICE, CAROL],
    ),
    files(
        "the user's and docker's",
        &[
            (USER, r#"{"auths": {"{hp}": {"auth": "{bob}"}}}"#),
            (DOCKER, r#"{"auths": {"{hp}": {"auth": "{carol}"}}}"#),
        ],
        &[],
        [BOB, BOB, CAROL],
    ),
    files(
        "the user's elsewhere, and docker's",
        &[
            (
                "config/containers/auth.json",
                r#"{"auths": {"{hp}": {"auth": "{bob}"}}}"#,
            ),
            (DOCKER, r#"{"auths": {"{hp}": {"auth": "{carol}"}}}"#),
        ],
        &[("XDG_CONFIG_HOME", "{folder}/config")],
        [BOB, BOB, CAROL],
    ),
    files(
        "the session's without it, and docker's",
        &[
            (
                SESSION,
                r#"{"auths": {"other.example": {"auth": "{carol}"}}}"#,
            ),
            (DOCKER, r#"{"auths": {"{hp}": {"auth": "{carol}"}}}"#),
        ],
        &[],
        [CAROL, CAROL, CAROL],
    ),
    files(
        "the session's is broken, and docker's",
        &[
            (SESSION, "{"),
            (DOCKER, r#"{"auths": {"{hp}": {"auth": "{carol}"}}}"#),
        ],
        &[],
        [CAROL, Fails, CAROL],
    ),
    files(
        "docker's elsewhere",
        &[
            (
                "elsewhere/config.json",
                r#"{"auths": {"{hp}": {"auth": "{alice}"}}}"#,
            ),
            (DOCKER, r#"{"auths": {"{hp}": {"auth": "{bob}"}}}"#),
        ],
        &[("DOCKER_CONFIG", "{folder}/elsewhere")],
        [ALICE, ALICE, ALICE],
    ),
    files(
        "docker's elsewhere, by its name",
        &[
            (
                "elsewhere/config.json",
                r#"{"auths": {"{hp}": {"auth": "{alice}"}}}"#,
            ),
            (DOCKER, r#"{"auths": {"{hp}": {"auth": "{bob}"}}}"#),
        ],
        &[("DOCKER_CONFIG", "{folder}/elsewhere/config.json")],
        [ALICE, Fails, BOB],
    )
    .because("it is plain which file is meant"),
    files(
        "docker's nowhere",
        &[(DOCKER, r#"{"auths": {"{hp}": {"auth": "{bob}"}}}"#)],
        &[("DOCKER_CONFIG", "{folder}/nowhere")],
        [Nothing, Nothing, BOB],
    ),
    files(
        "docker's first file",
        &[(FIRST, r#"{"{hp}": {"auth": "{alice}"}}"#)],
        &[],
        [ALICE, ALICE, ALICE],
    ),
    files(
        "docker's first file, with an address",
        &[(FIRST, r#"{"https://{hp}/v1/": {"auth": "{alice}"}}"#)],
        &[],
        [ALICE, ALICE, ALICE],
    ),
    files(
        "docker's first file, and the second without it",
        &[
            (FIRST, r#"{"{hp}": {"auth": "{alice}"}}"#),
            (
                DOCKER,
                r#"{"auths": {"other.example": {"auth": "{carol}"}}}"#,
            ),
        ],
        &[],
        [ALICE, ALICE, Nothing],
    ),
    files(
        "docker's first file, and the second",
        &[
            (FIRST, r#"{"{hp}": {"auth": "{alice}"}}"#),
            (DOCKER, r#"{"auths": {"{hp}": {"auth": "{bob}"}}}"#),
        ],
        &[],
        [BOB, BOB, BOB],
    ),
    files(
        "docker's first file, laid out as the second",
        &[(FIRST, r#"{"auths": {"{hp}": {"auth": "{alice}"}}}"#)],
        &[],
        [Nothing, Nothing, ALICE],
    ),
    files(
        "docker's first file, older than JSON",
        &[(FIRST, "auth = {alice}\nemail = a@example\n")],
        &[],
        [Nothing, Fails, Nothing],
    ),
];
