//! Entries of `auths`, and how files are laid out.

use super::Sent::{Basic, Bearer, Fails, Nothing};
use super::{ALICE, IDENTITY, Row, docker};

pub(super) const ROWS: &[Row] = &[
    docker(
        "it says nothing",
        r#"{"auths": {"{hp}": null}}"#,
        [Nothing, Nothing, Fails],
    ),
    docker(
        "another says nothing",
        r#"{"auths": {"{hp}": {"auth": "{alice}"}, "other.example": null}}"#,
        [ALICE, ALICE, Fails],
    ),
    docker(
        "a closer one says nothing",
        r#"{"auths": {"{hp}": {"auth": "{alice}"}, "{hp}/team": null}}"#,
        [ALICE, Nothing, Fails],
    )
    .because("one that says nothing hides no other"),
    docker(
        "it says nothing",
        r#"{"auths": {"{hp}": {}}}"#,
        [Nothing, Nothing, Nothing],
    ),
    docker(
        "another says nothing",
        r#"{"auths": {"{hp}": {"auth": "{alice}"}, "other.example": {}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "a closer one says nothing",
        r#"{"auths": {"{hp}": {"auth": "{alice}"}, "{hp}/team": {}}}"#,
        [ALICE, Nothing, ALICE],
    ),
    docker(
        "it says nothing",
        r#"{"auths": {"{hp}": {"auth": ""}}}"#,
        [Nothing, Nothing, Fails],
    ),
    docker(
        "another says nothing",
        r#"{"auths": {"{hp}": {"auth": "{alice}"}, "other.example": {"auth": ""}}}"#,
        [ALICE, ALICE, Fails],
    ),
    docker(
        "it says nothing",
        r#"{"auths": {"{hp}": {"auth": null}}}"#,
        [Nothing, Nothing, Fails],
    ),
    docker(
        "another says nothing",
        r#"{"auths": {"{hp}": {"auth": "{alice}"}, "other.example": {"auth": null}}}"#,
        [ALICE, ALICE, Fails],
    ),
    docker(
        "it says nothing",
        r#"{"auths": {"{hp}": 7}}"#,
        [Nothing, Fails, Fails],
    )
    .because("it is taken as an entry that says nothing"),
    docker(
        "another says nothing",
        r#"{"auths": {"{hp}": {"auth": "{alice}"}, "other.example": 7}}"#,
        [ALICE, Fails, Fails],
    )
    .because("only the entry that counts is looked at"),
    docker(
        "`auth` with NULs at its end",
        r#"{"auths": {"{hp}": {"auth": "YWxpY2U6c2VjcmV0AAA="}}}"#,
        [ALICE, ALICE, Basic("alice:secret\0\0")],
    ),
    docker(
        "`auth` in two lines",
        r#"{"auths": {"{hp}": {"auth": "YWxpY2U6\nc2VjcmV0"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "`auth` between spaces",
        r#"{"auths": {"{hp}": {"auth": " YWxpY2U6c2VjcmV0 "}}}"#,
        [ALICE, Fails, ALICE],
    ),
    docker(
        "`auth` without padding",
        r#"{"auths": {"{hp}": {"auth": "YWxpY2U6c2VjcmV0eA"}}}"#,
        [Basic("alice:secretx"), Fails, Fails],
    )
    .because("the bytes are clear: RFC 4648, section 3.2, lets padding be left out"),
    docker(
        "`auth` without a colon",
        r#"{"auths": {"{hp}": {"auth": "YWxpY2U="}}}"#,
        [Fails, Nothing, Fails],
    ),
    docker(
        "`auth` with a colon alone",
        r#"{"auths": {"{hp}": {"auth": "Og=="}}}"#,
        [Nothing, Nothing, Nothing],
    ),
    docker(
        "`auth` without a user name",
        r#"{"auths": {"{hp}": {"auth": "OnB3"}}}"#,
        [Basic(":pw"), Basic(":pw"), Basic(":pw")],
    ),
    docker(
        "`auth` without a password",
        r#"{"auths": {"{hp}": {"auth": "YWxpY2U6"}}}"#,
        [Basic("alice:"), Basic("alice:"), Basic("alice:")],
    ),
    docker(
        "a colon in the password",
        r#"{"auths": {"{hp}": {"auth": "YWxpY2U6YTpi"}}}"#,
        [Basic("alice:a:b"), Basic("alice:a:b"), Basic("alice:a:b")],
    ),
    docker(
        "a password in Latin 1",
        r#"{"auths": {"{hp}": {"auth": "YWxpY2U6c+ljcmV0"}}}"#,
        [
            Basic("alice:s\u{fffd}cret"),
            Basic("alice:s\u{fffd}cret"),
            Fails,
        ],
    ),
    docker(
        "a password in UTF-8",
        r#"{"auths": {"{hp}": {"auth": "YWxpY2U6c8OpY3JldA=="}}}"#,
        [
            Basic("alice:sécret"),
            Basic("alice:sécret"),
            Basic("alice:sécret"),
        ],
    ),
    docker(
        "a password of two lines",
        r#"{"auths": {"{hp}": {"auth": "YWxpY2U6YQpiCg=="}}}"#,
        [
            Basic("alice:a\nb\n"),
            Basic("alice:a\nb\n"),
            Basic("alice:a\nb\n"),
        ],
    ),
    docker(
        "a user name in Latin 1",
        r#"{"auths": {"{hp}": {"auth": "YWzpOnNlY3JldA=="}}}"#,
        [Fails, Basic("al\u{fffd}:secret"), Fails],
    ),
    docker(
        "`auth` is no base64",
        r#"{"auths": {"{hp}": {"auth": "!!!"}}}"#,
        [Fails, Fails, Fails],
    ),
    docker(
        "another's `auth` is no base64",
        r#"{"auths": {"{hp}": {"auth": "{alice}"}, "other.example": {"auth": "!!!"}}}"#,
        [ALICE, ALICE, Fails],
    ),
    docker(
        "members for both",
        r#"{"auths": {"{hp}": {"username": "alice", "password": "secret"}}}"#,
        [ALICE, Nothing, Nothing],
    )
    .because("docker's program sends them (docker/cli, `cli/config/configfile`)"),
    docker(
        "members for both, and `auth`",
        r#"{"auths": {"{hp}": {"username": "bob", "password": "old", "auth": "{alice}"}}}"#,
        [ALICE, ALICE, ALICE],
    ),
    docker(
        "an identity token and `auth`",
        r#"{"auths": {"{hp}": {"auth": "MDAwMDo=", "identitytoken": "tok"}}}"#,
        [IDENTITY, Basic("0000:"), IDENTITY],
    ),
    docker(
        "an identity token",
        r#"{"auths": {"{hp}": {"identitytoken": "tok"}}}"#,
        [IDENTITY, Nothing, IDENTITY],
    ),
    docker(
        "a registry token",
        r#"{"auths": {"{hp}": {"registrytoken": "tok"}}}"#,
        [Bearer("tok"), Nothing, Nothing],
    )
    .because("docker's daemon sends it (moby, `distribution/registry.go`)"),
    docker(
        "a registry token and `auth`",
        r#"{"auths": {"{hp}": {"registrytoken": "tok", "auth": "{alice}"}}}"#,
        [Bearer("tok"), ALICE, ALICE],
    )
    .because("docker's daemon prefers it (moby, `distribution/registry.go`)"),
    docker("no bytes", "", [Nothing, Fails, Nothing]),
    docker("a line break", "\n", [Nothing, Fails, Nothing]),
    docker("a list", "[]", [Fails, Fails, Fails]),
    docker("`null`", "null", [Fails, Nothing, Fails]),
    docker("half an object", "{", [Fails, Fails, Nothing]),
    docker("no member", "{}", [Nothing, Nothing, Nothing]),
    docker(
        "`null` for entries",
        r#"{"auths": null}"#,
        [Nothing, Nothing, Nothing],
    ),
    docker(
        "a list of entries",
        r#"{"auths": []}"#,
        [Nothing, Fails, Nothing],
    ),
    docker(
        "a byte order mark",
        "\u{feff}{\"auths\": {\"{hp}\": {\"auth\": \"{alice}\"}}}",
        [ALICE, Fails, Nothing],
    )
    .because("Windows' editors write it"),
    docker(
        "members in upper case",
        r#"{"AUTHS": {"{hp}": {"AUTH": "{alice}"}}}"#,
        [ALICE, ALICE, Nothing],
    ),
    docker(
        "entries outside `auths`",
        r#"{"{hp}": {"auth": "{alice}"}}"#,
        [Nothing, Nothing, ALICE],
    ),
    docker(
        "more behind the object",
        r#"{"auths": {"{hp}": {"auth": "{alice}"}}} more"#,
        [Fails, Fails, Nothing],
    ),
];
