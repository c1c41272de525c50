//! `[repository]`, `[rate]`, `[errors]`.

use std::time::Duration;

use super::{Case, show, verdict};
use crate::client::{Answer, Client};

#[rustfmt::skip] // One case a line.
pub(super) const CASES: &[Case] = &[
    ("repository.create", "'never'", "", |c| { let early = post(c, "a/b").status(); c.core.create_repository("a/b").unwrap(); format!("{early} {}", post(c, "a/b").status()) }, "202 202", "404 202"),
    ("repository.create", "'at-token'", "auth.scheme = 'bearer'", |c| { c.log_in("/token", "registry.test", "alice:secret", &["repository:a/b:push"]); c.core.repositories().join(" ") }, "", "a/b"),
    ("repository.create", "'under-parent'", "", |c| { c.core.create_repository("a/b").unwrap(); format!("{} {}", post(c, "a/c/d").status(), post(c, "b/b").status()) }, "202 202", "202 404"),
    ("repository.parent-depth", "2", "repository.create = 'under-parent'", |c| { c.core.create_repository("a/b/c").unwrap(); format!("{} {}", post(c, "a/b/d").status(), post(c, "a/c").status()) }, "202 202", "202 404"),
    ("repository.missing-status", "403", "repository.create = 'never'", |c| format!("{} {}", verdict(&post(c, "a/b")), c.get("/v2/a/b/tags/list").status()), "404 NAME_UNKNOWN 404", "403 NAME_UNKNOWN 403"),
    ("repository.missing-code", "'DENIED'", "repository.create = 'never'", |c| verdict(&post(c, "a/b")), "404 NAME_UNKNOWN", "404 DENIED"),
    ("repository.missing-challenge", "'empty'", "repository.create = 'never'", |c| show(&post(c, "a/b"), "www-authenticate"), "-", ""),
    ("repository.missing-hang-up", "true", "repository.create = 'never'", |c| { let hung = |a: &Answer| a.0.extensions().get::<longshore_mock_registry::HangUp>().is_some(); format!("{} {}", hung(&post(c, "a/b")), hung(&c.get("/v2/a/b/manifests/v1"))) }, "false false", "true false"),
    ("repository.grammar", "'quay'", "", |c| format!("{} {}", post(c, "a..b").status(), post(c, "a/b").status()), "400 202", "202 202"),
    ("repository.depth-min", "2", "", |c| format!("{} {}", verdict(&post(c, "a")), post(c, "a/b").status()), "202 - 202", "400 NAME_INVALID 202"),
    ("repository.depth-max", "2", "", |c| format!("{} {}", verdict(&post(c, "a/b/c")), post(c, "a/b").status()), "202 - 202", "400 NAME_INVALID 202"),
    ("repository.depth-status", "403", "repository.depth-min = 2", |c| verdict(&post(c, "a")), "400 NAME_INVALID", "403 NAME_INVALID"),
    ("repository.depth-code", "'DENIED'", "repository.depth-min = 2", |c| verdict(&post(c, "a")), "400 NAME_INVALID", "400 DENIED"),
    ("repository.most", "1", "", |c| { let first = post(c, "a/b").status(); let second = post(c, "b/b"); format!("{first} {} {} {}", verdict(&second), show(&second, "retry-after"), post(c, "a/b").status()) }, "202 202 - - 202", "202 429 TOOMANYREQUESTS - 202"),
    ("repository.library-namespace", "true", "", |c| { post(c, "app"); c.core.repositories().join(" ") }, "app", "library/app"),
    ("rate.limit", "2", "", third, "200 -", "429 TOOMANYREQUESTS"),
    ("rate.window", "5", "rate.limit = 1", |c| { c.get("/v2/"); c.now += Duration::from_secs(6); c.get("/v2/").status().to_string() }, "429", "200"),
    ("rate.of", "'writes'", "rate.limit = 1", |c| { c.get("/v2/"); let read = c.get("/v2/").status(); post(c, "a/b"); format!("{read} {}", post(c, "a/b").status()) }, "429 429", "200 429"),
    ("rate.of", "'manifests'", "rate.limit = 1", |c| { post(c, "a/b"); let wrote = post(c, "a/b").status(); let mut put = || c.send("PUT /v2/a/b/manifests/v1", &[], b"").status(); put(); format!("{wrote} {}", put()) }, "429 429", "202 429"),
    ("rate.status", "403", "rate.limit = 2", third, "429 TOOMANYREQUESTS", "403 TOOMANYREQUESTS"),
    ("rate.code", "'DENIED'", "rate.limit = 2", third, "429 TOOMANYREQUESTS", "429 DENIED"),
    ("rate.message", "'wait {seconds}s'", "rate.limit = 1\nrate.body = 'text'", |c| { c.get("/v2/"); c.get("/v2/").text() }, "too many requests", "wait 60s"),
    ("rate.body", "'text'", "rate.limit = 1", |c| { c.get("/v2/"); show(&c.get("/v2/"), "content-type") }, "application/json", "text/plain; charset=utf-8"),
    ("rate.body", "'html'", "rate.limit = 1", |c| { c.get("/v2/"); show(&c.get("/v2/"), "content-type") }, "application/json", "text/html; charset=utf-8"),
    ("rate.retry-after", "'absent'", "rate.limit = 1", |c| { c.get("/v2/"); show(&c.get("/v2/"), "retry-after") }, "60", "-"),
    ("rate.retry-after", "'date'", "rate.limit = 1", |c| { c.get("/v2/"); show(&c.get("/v2/"), "retry-after") }, "60", "Thu, 01 Jan 2026 00:01:00 GMT"),
    ("rate.headers", "true", "rate.limit = 9", |c| { let a = c.get("/v2/"); format!("{} {}", show(&a, "ratelimit-limit"), show(&a, "ratelimit-remaining")) }, "- -", "9;w=60 8;w=60"),
    ("errors.form", "'text'", "", |c| c.get("/v2/a/b/tags/list").text(), "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"detail\":{},\"message\":\"repository not found\"}]}\n", "repository not found"),
    ("errors.form", "'html'", "", |c| show(&c.get("/v2/a/b/tags/list"), "content-type"), "application/json", "text/html; charset=utf-8"),
    ("errors.form", "'empty'", "", |c| c.get("/v2/a/b/tags/list").text().is_empty().to_string(), "false", "true"),
    ("errors.form", "'braces'", "", |c| (c.get("/v2/a/b/tags/list").text() == "{}").to_string(), "false", "true"),
    ("errors.type", "'application/json; charset=utf-8'", "", |c| show(&c.get("/v2/a/b/tags/list"), "content-type"), "application/json", "application/json; charset=utf-8"),
    ("errors.routing", "'html'", "", |c| show(&c.get("/nothing"), "content-type"), "application/json", "text/html; charset=utf-8"),
    ("errors.routing", "'text'", "", |c| c.get("/nothing").text().starts_with("404 page").to_string(), "false", "true"),
    ("errors.proxy", "'html'", "manifest.limit = 1", |c| show(&c.send("PUT /v2/a/b/manifests/v1", &[], b"long"), "content-type"), "application/json", "text/html; charset=utf-8"),
    ("errors.proxy", "'text'", "manifest.limit = 1", |c| show(&c.send("PUT /v2/a/b/manifests/v1", &[], b"long"), "content-type"), "application/json", "text/plain; charset=utf-8"),
    ("errors.unauthorized-text", "'Not Authorized'", "auth.scheme = 'basic'", |c| { let a = c.get("/v2/"); format!("{} {}", a.status(), a.text() == "Not Authorized") }, "401 false", "401 true"),
    ("errors.headers-always", "false", "", |c| show(&c.get("/v2/"), "docker-distribution-api-version"), "registry/2.0", "-"),
];

fn post(c: &mut Client, name: &str) -> Answer {
    c.send(&format!("POST /v2/{name}/blobs/uploads/"), &[], b"")
}

fn third(c: &mut Client) -> String {
    c.get("/v2/");
    c.get("/v2/");
    verdict(&c.get("/v2/"))
}
