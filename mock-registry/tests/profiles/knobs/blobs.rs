//! `[blob]`, `[mount]`.

use longshore_protocol::Digest;

use super::{Case, show, verdict};
use crate::APP;
use crate::client::{Answer, Client, OCI_MANIFEST, manifest, with_query};

const SHA512_OF_NOTHING: &str = "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce\
    47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";
const EMPTY_LAYER: &str = "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4";

#[rustfmt::skip] // One case a line.
pub(super) const CASES: &[Case] = &[
    ("blob.single-post", "202", "", |c| single(c, &[]).status().to_string(), "201", "202"),
    ("blob.post-type-status", "415", "", |c| { let bytes = [("content-type", "application/octet-stream")]; format!("{} {}", single(c, &[]).status(), single(c, &bytes).status()) }, "201 201", "415 201"),
    ("blob.post-length-status", "411", "", |c| { let request = http::Request::post(format!("/v2/{APP}/blobs/uploads/")).body(bytes::Bytes::new()); c.core.handle(c.now, request.unwrap()).status().as_u16().to_string() }, "202", "411"),
    ("blob.range-requests", "false", "", |c| { let d = c.push_blob(APP, b"layer"); c.send(&format!("GET /v2/{APP}/blobs/{d}"), &[("range", "bytes=1-2")], b"").status().to_string() }, "206", "200"),
    ("blob.cache-control", "'no-store'", "", |c| show(&head(c), "cache-control"), "-", "no-store"),
    ("blob.digest-check-first", "true", "", |c| { c.open(APP); verdict(&c.send(&format!("PUT /v2/{APP}/blobs/uploads/nowhere"), &[], b"")) }, "404 BLOB_UPLOAD_UNKNOWN", "400 DIGEST_INVALID"),
    ("blob.wrong-digest-code", "'BLOB_UPLOAD_INVALID'", "", |c| { let at = with_query(&c.open(APP), &format!("digest={}", Digest::sha256(b"other"))); verdict(&c.send(&format!("PUT {at}"), &[], b"this")) }, "400 DIGEST_INVALID", "400 BLOB_UPLOAD_INVALID"),
    ("blob.missing-digest-code", "'BLOB_UPLOAD_INVALID'", "", |c| { let at = c.open(APP); verdict(&c.send(&format!("PUT {at}"), &[], b"")) }, "400 DIGEST_INVALID", "400 BLOB_UPLOAD_INVALID"),
    ("blob.again-status", "400", "", |c| { c.push_blob(APP, b"layer"); verdict(&single(c, &[])) }, "201 -", "400 BLOB_UPLOAD_INVALID"),
    ("blob.sha512", "false", "", |c| verdict(&c.send(&format!("POST /v2/{APP}/blobs/uploads/?digest={SHA512_OF_NOTHING}"), &[], b"")), "201 -", "400 DIGEST_INVALID"),
    ("blob.delete", "405", "", |c| { let d = c.push_blob(APP, b"layer"); verdict(&c.send(&format!("DELETE /v2/{APP}/blobs/{d}"), &[], b"")) }, "202 -", "405 UNSUPPORTED"),
    ("blob.max-size", "4", "", |c| verdict(&single(c, &[])), "201 -", "413 SIZE_INVALID"),
    ("blob.too-large-status", "500", "blob.max-size = 4", |c| verdict(&single(c, &[])), "413 SIZE_INVALID", "500 SIZE_INVALID"),
    ("blob.max-put", "4", "", |c| { let at = with_query(&c.open(APP), &format!("digest={}", Digest::sha256(b"layer"))); verdict(&c.send(&format!("PUT {at}"), &[], b"layer")) }, "201 -", "413 SIZE_INVALID"),
    ("blob.shared-empty-layer", "true", "", shared_empty_layer, "404", "200"),
    ("blob.sharing", "'after-upload'", "", |c| { let d = c.push_blob("other/app", b"layer"); c.get(&format!("/v2/{APP}/blobs/{d}")).status().to_string() }, "404", "200"),
    ("blob.sharing", "'after-manifest'", "", |c| { let d = c.push_blob("other/app", b"{}"); let early = c.get(&format!("/v2/{APP}/blobs/{d}")).status(); put_manifest(c, "other/app"); format!("{early} {}", c.get(&format!("/v2/{APP}/blobs/{d}")).status()) }, "404 404", "404 200"),
    ("blob.head-length", "false", "", |c| show(&head(c), "content-length"), "5", "-"),
    ("blob.digest-header", "false", "", |c| head(c).header("docker-content-digest").is_some().to_string(), "true", "false"),
    ("blob.redirect", "'get'", "", |c| { let d = c.push_blob(APP, b"layer"); format!("{} {}", head(c).status(), c.get(&format!("/v2/{APP}/blobs/{d}")).status()) }, "200 200", "200 307"),
    ("blob.redirect", "'all'", "", |c| head(c).status().to_string(), "200", "307"),
    ("blob.redirect-status", "302", "blob.redirect = 'all'", |c| head(c).status().to_string(), "307", "302"),
    ("blob.accept-status", "406", "", |c| { let d = c.push_blob(APP, b"layer"); let mut get = |accept| c.send(&format!("GET /v2/{APP}/blobs/{d}"), &[("accept", accept)], b"").status(); format!("{} {}", get(OCI_MANIFEST), get("text/x, */*;q=0.1")) }, "200 200", "406 200"),
    ("mount.with-from", "false", "", |c| mount(c, true).status().to_string(), "201", "202"),
    ("mount.without-from", "'session'", "", |c| mount(c, false).status().to_string(), "201", "202"),
    ("mount.without-from", "'refuse'", "", |c| mount(c, false).status().to_string(), "201", "400"),
    ("mount.bad-source", "'unauthorized'", "auth.scheme = 'bearer'", closed_mount, "202", "401"),
    ("mount.bad-source", "'forbidden'", "auth.scheme = 'bearer'", closed_mount, "202", "403"),
    ("mount.bad-source", "'not-found'", "auth.scheme = 'bearer'", closed_mount, "202", "404"),
    ("mount.any-source", "true", "", |c| { let d = c.push_blob("other/app", b"layer"); c.send(&format!("POST /v2/{APP}/blobs/uploads/?mount={d}&from=not/there"), &[], b"").status().to_string() }, "202", "201"),
    ("mount.only-referenced", "true", "", |c| { let early = mount(c, true).status(); let d = c.push_blob("other/app", b"{}"); put_manifest(c, "other/app"); let late = c.send(&format!("POST /v2/{APP}/blobs/uploads/?mount={d}&from=other/app"), &[], b""); format!("{early} {}", late.status()) }, "201 201", "202 201"),
    ("mount.digest-header", "false", "", |c| mount(c, true).header("docker-content-digest").is_some().to_string(), "true", "false"),
];

fn single(c: &mut Client, headers: &[(&str, &str)]) -> Answer {
    let digest = Digest::sha256(b"layer");
    c.send(
        &format!("POST /v2/{APP}/blobs/uploads/?digest={digest}"),
        headers,
        b"layer",
    )
}

fn head(c: &mut Client) -> Answer {
    let digest = c.push_blob(APP, b"layer");
    c.send(&format!("HEAD /v2/{APP}/blobs/{digest}"), &[], b"")
}

fn mount(c: &mut Client, named: bool) -> Answer {
    let digest = c.push_blob("other/app", b"layer");
    let from = if named { "&from=other/app" } else { "" };
    c.send(
        &format!("POST /v2/{APP}/blobs/uploads/?mount={digest}{from}"),
        &[],
        b"",
    )
}

fn closed_mount(c: &mut Client) -> String {
    let digest = c.core.add_blob("closed/app", "layer".into()).unwrap();
    c.log_in(
        "/token",
        "registry.test",
        "alice:secret",
        &["repository:demo/app:pull,push"],
    );
    let post = format!("POST /v2/{APP}/blobs/uploads/?mount={digest}&from=closed/app");
    c.send(&post, &[], b"").status().to_string()
}

fn put_manifest(c: &mut Client, name: &str) {
    let put = format!("PUT /v2/{name}/manifests/v1");
    let body = manifest(b"{}", &[]);
    c.send(&put, &[("content-type", OCI_MANIFEST)], body.as_bytes());
}

/// Whether the gzipped empty layer shows where it was not pushed.
fn shared_empty_layer(c: &mut Client) -> String {
    let layer = [
        31, 139, 8, 0, 0, 9, 110, 136, 0, 255, 98, 24, 5, 163, 96, 20, 140, 88, 0, 8, 0, 0, 255,
        255, 46, 175, 181, 239, 0, 4, 0, 0,
    ];
    assert_eq!(c.push_blob("other/app", &layer).to_string(), EMPTY_LAYER);
    c.get(&format!("/v2/{APP}/blobs/{EMPTY_LAYER}"))
        .status()
        .to_string()
}
