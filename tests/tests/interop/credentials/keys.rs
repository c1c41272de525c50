//! Keys of `auths`. Wildcards are Kubernetes' alone, and neither reader has them.

use super::Sent::Nothing;
use super::{ALICE, BOB, CAROL, Row, docker};

pub(super) const ROWS: &[Row] = &[
    docker(
        "a key",
        r#"{"auths": {"{hp}": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"https://{hp}": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"https://{hp}/": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"http://{hp}": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"http://{hp}/v1/": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"https://{hp}/v1/": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"https://{hp}/v2": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"https://{hp}/v2/": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"{hp}/": {"auth": "{alice}"}}}"#,
        [ALICE, Nothing, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"{hp}/v2/": {"auth": "{alice}"}}}"#,
        [ALICE, Nothing, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"{hp}/v1": {"auth": "{alice}"}}}"#,
        [Nothing, Nothing, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"{hp}/team": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"{hp}/team/app": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"{hp}/team/": {"auth": "{alice}"}}}"#,
        [ALICE, Nothing, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"https://{hp}/team": {"auth": "{alice}"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"{hp}/team/app:1": {"auth": "{alice}"}}}"#,
        [Nothing, Nothing, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"{hp}/tea": {"auth": "{alice}"}}}"#,
        [Nothing, Nothing, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"{hp}/other": {"auth": "{alice}"}}}"#,
        [Nothing, Nothing, ALICE],
    ),
    docker(
        "a key",
        r#"{"auths": {"127.0.0.1": {"auth": "{alice}"}}}"#,
        [Nothing, Nothing, Nothing],
    ),
    docker(
        "a key",
        r#"{"auths": {"*.0.0.1:{port}": {"auth": "{alice}"}}}"#,
        [Nothing, Nothing, Nothing],
    ),
    docker(
        "a key",
        r#"{"auths": {"*:{port}": {"auth": "{alice}"}}}"#,
        [Nothing, Nothing, Nothing],
    ),
    docker(
        "a key",
        r#"{"auths": {"*": {"auth": "{alice}"}}}"#,
        [Nothing, Nothing, Nothing],
    ),
    docker(
        "a namespace's entry and the registry's",
        r#"{"auths": {"{hp}": {"auth": "{alice}"}, "{hp}/team": {"auth": "{bob}"}}}"#,
        [BOB, BOB, ALICE],
    ),
    docker(
        "a repository's, a namespace's and the registry's",
        r#"{"auths": {"{hp}": {"auth": "{alice}"}, "{hp}/team": {"auth": "{bob}"}, "{hp}/team/app": {"auth": "{carol}"}}}"#,
        [CAROL, CAROL, ALICE],
    ),
    docker(
        "an address and a name",
        r#"{"auths": {"https://{hp}/v2/": {"auth": "{alice}"}, "{hp}": {"auth": "{bob}"}}}"#,
        [BOB, BOB, BOB],
    ),
    docker(
        "one entry twice",
        r#"{"auths": {"{hp}": {"auth": "{alice}"}, "{hp}": {"auth": "{bob}"}}}"#,
        [BOB, BOB, BOB],
    ),
];
