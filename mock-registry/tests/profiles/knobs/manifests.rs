//! `[manifest]`.

use std::time::Duration;

use longshore_protocol::Digest;
use serde_json::{Value, json};

use super::{Case, show, verdict};
use crate::APP;
use crate::client::{Answer, Client, OCI_MANIFEST, manifest};

/// A config that Quay takes too.
const CONFIG: &[u8] =
    br#"{"history":[],"rootfs":{"type":"layers","diff_ids":[]},"architecture":"a","os":"b"}"#;

#[rustfmt::skip] // One case a line.
pub(super) const CASES: &[Case] = &[
    ("manifest.rules", "'quay-lazy'", "", |c| put(c, "v1", &good()).text(), "", "OK"),
    ("manifest.limit", "100", "", |c| verdict(&put(c, "v1", &good())), "201 -", "413 MANIFEST_INVALID"),
    ("manifest.too-big-status", "400", "manifest.limit = 100", |c| verdict(&put(c, "v1", &good())), "413 MANIFEST_INVALID", "400 MANIFEST_INVALID"),
    ("manifest.too-big-code", "'TOO_BIG'", "manifest.limit = 100", |c| verdict(&put(c, "v1", &good())), "413 MANIFEST_INVALID", "413 TOO_BIG"),
    ("manifest.length-status", "411", "", |c| { c.push_blob(APP, CONFIG); let request = http::Request::put(format!("/v2/{APP}/manifests/v1")).header("content-type", OCI_MANIFEST).body(good().into()); c.core.handle(c.now, request.unwrap()).status().as_u16().to_string() }, "201", "411"),
    ("manifest.media-types", "'oci'", "", |c| docker(c), "201 -", "415 MANIFEST_INVALID"),
    ("manifest.media-types", "'oci-and-docker'", "", |c| format!("{} {}", docker(c), typed(c, "application/x").status()), "201 - 201", "201 - 415"),
    ("manifest.bad-type-status", "405", "manifest.media-types = 'oci'", |c| docker(c), "415 MANIFEST_INVALID", "405 MANIFEST_INVALID"),
    ("manifest.type-check", "'before-auth'", "auth.scheme = 'bearer'\nmanifest.media-types = 'oci'", |c| verdict(&typed(c, "application/x")), "401 UNAUTHORIZED", "415 MANIFEST_INVALID"),
    ("manifest.type-needed", "true", "", |c| { c.push_blob(APP, CONFIG); verdict(&c.send(&format!("PUT /v2/{APP}/manifests/v1"), &[], good().as_bytes())) }, "201 -", "400 MANIFEST_INVALID"),
    ("manifest.missing-blob", "'refuse'", "", layerless, "201 -", "400 MANIFEST_BLOB_UNKNOWN"),
    ("manifest.missing-blob", "'accept'", "", |c| verdict(&send(c, "v1", &good())), "400 MANIFEST_BLOB_UNKNOWN", "201 -"),
    ("manifest.missing-status", "404", "manifest.missing-blob = 'refuse'", layerless, "400 MANIFEST_BLOB_UNKNOWN", "404 MANIFEST_BLOB_UNKNOWN"),
    ("manifest.missing-code", "'BLOB_UNKNOWN'", "manifest.missing-blob = 'refuse'", layerless, "400 MANIFEST_BLOB_UNKNOWN", "400 BLOB_UNKNOWN"),
    ("manifest.orphan-lifetime", "60", "manifest.missing-blob = 'refuse'", orphan, "200 201 - 201 -", "200 400 MANIFEST_BLOB_UNKNOWN 201 -"),
    ("manifest.subject-needed", "true", "", |c| verdict(&put(c, "v1", &referring())), "201 -", "400 MANIFEST_BLOB_UNKNOWN"),
    ("manifest.tag-params", "0", "", |c| show(&put(c, &tagged(1), &good()), "oci-tag"), "t0", "-"),
    ("manifest.tag-params", "1", "", |c| put(c, &tagged(2), &good()).status().to_string(), "201", "414"),
    ("manifest.oci-subject", "false", "", |c| put(c, "v1", &referring()).header("oci-subject").is_some().to_string(), "true", "false"),
    ("manifest.referrers", "false", "", |c| c.get(&format!("/v2/{APP}/referrers/{}", Digest::sha256(b"subject"))).status().to_string(), "200", "404"),
    ("manifest.location", "false", "", |c| put(c, "v1", &good()).header("location").is_some().to_string(), "true", "false"),
    ("manifest.head-status", "405", "", |c| { put(c, "v1", &good()); head(c, "v1").status().to_string() }, "200", "405"),
    ("manifest.absent-head-status", "403", "", |c| { let early = head(c, "v1").status(); put(c, "v1", &good()); format!("{early} {} {}", head(c, "v1").status(), head(c, "v2").status()) }, "404 200 404", "403 200 403"),
    ("manifest.digest-header", "false", "", |c| { put(c, "v1", &good()); head(c, "v1").header("docker-content-digest").is_some().to_string() }, "true", "false"),
    ("manifest.immutable-status", "412", "", fixed, "201 201 -", "201 412 TAG_INVALID"),
    ("manifest.immutable-code", "'DENIED'", "manifest.immutable-status = 403", fixed, "201 403 TAG_INVALID", "201 403 DENIED"),
    ("manifest.delete", "405", "", |c| { put(c, "v1", &good()); verdict(&c.send(&format!("DELETE /v2/{APP}/manifests/v1"), &[], b"")) }, "202 -", "405 UNSUPPORTED"),
];

fn good() -> String {
    manifest(CONFIG, &[])
}

fn referring() -> String {
    let mut document: Value = serde_json::from_str(&good()).unwrap();
    let digest = Digest::sha256(b"subject").to_string();
    document["subject"] = json!({"mediaType": OCI_MANIFEST, "digest": digest, "size": 7});
    document.to_string()
}

fn put(c: &mut Client, reference: &str, body: &str) -> Answer {
    c.push_blob(APP, CONFIG);
    c.push_blob(APP, b"{}");
    send(c, reference, body)
}

fn send(c: &mut Client, reference: &str, body: &str) -> Answer {
    let put = format!("PUT /v2/{APP}/manifests/{reference}");
    c.send(&put, &[("content-type", OCI_MANIFEST)], body.as_bytes())
}

fn typed(c: &mut Client, media_type: &str) -> Answer {
    let body = manifest(b"{}", &[]).replace(OCI_MANIFEST, media_type);
    let put = format!("PUT /v2/{APP}/manifests/v1");
    c.send(&put, &[("content-type", media_type)], body.as_bytes())
}

fn docker(c: &mut Client) -> String {
    c.push_blob(APP, b"{}");
    verdict(&typed(
        c,
        "application/vnd.docker.distribution.manifest.v2+json",
    ))
}

fn layerless(c: &mut Client) -> String {
    let body = manifest(b"{}", &[b"layer"]);
    verdict(&put(c, "v1", &body))
}

/// HEAD of a blob that has been waiting for a minute, a manifest, and the same once the blob was
/// pushed again.
fn orphan(c: &mut Client) -> String {
    let digest = c.push_blob(APP, b"{}");
    let body = manifest(b"{}", &[]);
    c.now += Duration::from_secs(60);
    let head = c
        .send(&format!("HEAD /v2/{APP}/blobs/{digest}"), &[], b"")
        .status();
    let first = verdict(&send(c, "v1", &body));
    c.push_blob(APP, b"{}");
    format!("{head} {first} {}", verdict(&send(c, "v1", &body)))
}

fn tagged(count: usize) -> String {
    let tags: Vec<String> = (0..count).map(|n| format!("tag=t{n}")).collect();
    format!("{}?{}", Digest::sha256(good().as_bytes()), tags.join("&"))
}

fn head(c: &mut Client, reference: &str) -> Answer {
    c.send(&format!("HEAD /v2/{APP}/manifests/{reference}"), &[], b"")
}

/// The same tag twice where tags are immutable.
fn fixed(c: &mut Client) -> String {
    c.push_blob("fixed/app", b"{}");
    let mut put = || {
        let put = "PUT /v2/fixed/app/manifests/v1";
        let body = manifest(b"{}", &[]);
        c.send(put, &[("content-type", OCI_MANIFEST)], body.as_bytes())
    };
    let first = put().status();
    format!("{first} {}", verdict(&put()))
}
