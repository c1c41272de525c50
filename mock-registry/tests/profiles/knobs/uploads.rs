//! `[location]`, `[session]`, `[chunk]`, `[range]`.

use std::time::Duration;

use longshore_protocol::Digest;

use super::{Case, show, verdict};
use crate::APP;
use crate::client::{Answer, Client, with_query};

#[rustfmt::skip] // One case a line.
pub(super) const CASES: &[Case] = &[
    ("location.form", "'relative'", "", |c| before(&c.open(APP), "/v2"), "http://registry.test", ""),
    ("location.manifest-form", "'relative'", "", |c| before(&put_manifest(c).location(), "/v2"), "http://registry.test", ""),
    ("location.host", "'configured'", "", |c| before(&elsewhere(c).location(), "/v2"), "http://other.test", "http://registry.test"),
    ("location.scheme", "'http'", "", |c| { let mut c = secure(c); before(&c.open(APP), "/v2") }, "https://registry.test", "http://registry.test"),
    ("location.state", "'fixed'", "", |c| query(&c.open(APP)), "", "_nouploadcache=false&_state"),
    ("location.state", "'rotating'", "", |c| stale(c).to_string(), "202", "416"),
    ("location.state", "'offset'", "", |c| stale(c).to_string(), "202", "416"),
    ("location.query", "'_stateHash={state}'", "location.state = 'offset'", |c| query(&c.open(APP)), "_nouploadcache=false&_state", "_stateHash"),
    ("location.verbatim", "true", "location.state = 'fixed'", |c| reordered(c).to_string(), "202", "404"),
    ("location.upload-path", "'/up/{first}/x/{rest}/{id}'", "", |c| { let at = c.open(APP); let done = patch(c, &at, None, b"hello"); format!("{} {}", at[20..].starts_with("/up/demo/x/app/"), done.status()) }, "false 202", "true 202"),
    ("location.id-length", "3000", "", |c| (c.open(APP).len() > 3000).to_string(), "false", "true"),
    ("session.lifetime", "60", "", |c| later(c, 61), "204", "404"),
    ("session.longest", "60", "", |c| { let at = c.open(APP); c.now += Duration::from_secs(50); patch(c, &at, None, b"x"); c.now += Duration::from_secs(11); c.get(&at).status().to_string() }, "204", "404"),
    ("session.short-body", "'rollback'", "", |c| vanish(c), "7", "5"),
    ("session.short-body", "'destroy'", "", |c| vanish(c), "7", "gone"),
    ("session.failed-commit", "'keep'", "", |c| { let at = c.open(APP); commit(c, &at, b"wrong", b"right"); c.core.open_sessions().len().to_string() }, "0", "1"),
    ("session.failed-range", "'destroy'", "", |c| { let at = c.open(APP); let put = target(&at, b"x"); c.send(&put, &[("content-range", "5-5")], b"x"); c.core.open_sessions().len().to_string() }, "1", "0"),
    ("session.status-get", "405", "", |c| { let at = c.open(APP); c.get(&at).status().to_string() }, "204", "405"),
    ("session.status-location", "false", "", |c| { let at = c.open(APP); c.get(&at).header("location").is_some().to_string() }, "true", "false"),
    ("session.status-state", "true", "location.state = 'offset'", |c| { let at = c.open(APP); patch(c, &at, None, b"x"); c.get(&at).status().to_string() }, "204", "416"),
    ("session.stale-state-status", "404", "location.state = 'offset'", |c| stale(c).to_string(), "416", "404"),
    ("session.lost-state-status", "500", "location.state = 'fixed'", |c| { let at = c.open(APP); let bare = before(&at, "?"); patch(c, &bare, None, b"x").status().to_string() }, "404", "500"),
    ("session.lost-state-status", "500", "location.state = 'offset'", |c| { let at = before(&c.open(APP), "_state="); patch(c, &format!("{at}_state=AAAA"), None, b"x").status().to_string() }, "404", "500"),
    ("session.cancel", "405", "", |c| { let at = c.open(APP); c.send(&format!("DELETE {at}"), &[], b"").status().to_string() }, "204", "405"),
    ("session.uuid-header", "'Blob-Upload-UUID'", "", |c| { let a = post(c); format!("{} {}", a.header("docker-upload-uuid").is_some(), a.header("blob-upload-uuid").is_some()) }, "true false", "false true"),
    ("chunk.content-range", "'ignored'", "", |c| chunk(c, Some("7-11")), "416 RANGE_INVALID", "202 -"),
    ("chunk.content-range", "'lenient'", "", |c| chunk(c, Some("3-11")), "416 RANGE_INVALID", "202 -"),
    ("chunk.content-range", "'required'", "", |c| chunk(c, None), "202 -", "416 RANGE_INVALID"),
    ("chunk.malformed-status", "500", "", |c| chunk(c, Some("bytes=5-9")), "400 BLOB_UPLOAD_INVALID", "500 BLOB_UPLOAD_INVALID"),
    ("chunk.malformed-code", "'UNKNOWN'", "", |c| chunk(c, Some("bytes=5-9")), "400 BLOB_UPLOAD_INVALID", "400 UNKNOWN"),
    ("chunk.missing-status", "400", "chunk.content-range = 'required'", |c| chunk(c, None), "416 RANGE_INVALID", "400 BLOB_UPLOAD_INVALID"),
    ("chunk.patch-status", "201", "", |c| chunk(c, None), "202 -", "201 -"),
    ("chunk.min-length", "9", "", |c| show(&post(c), "oci-chunk-min-length"), "-", "9"),
    ("chunk.smallest", "6", "", |c| two_more(c, 5, 3), "202 -", "400 SIZE_INVALID"),
    ("chunk.smallest", "6", "", |c| { let at = c.open(APP); patch(c, &at, None, b"hello"); commit(c, &at, b"hello!", b"!") }, "201 -", "400 SIZE_INVALID"),
    ("chunk.equal", "true", "", |c| two_more(c, 4, 1), "202 -", "400 SIZE_INVALID"),
    ("chunk.equal", "true", "", |c| { let at = c.open(APP); patch(c, &at, None, b"hello"); verdict(&patch(c, &at, None, b"longer")) }, "202 -", "400 SIZE_INVALID"),
    ("chunk.one-byte", "false", "", |c| { let at = c.open(APP); verdict(&patch(c, &at, None, b"x")) }, "202 -", "400 SIZE_INVALID"),
    ("chunk.unfit-status", "416", "chunk.smallest = 6", |c| two_more(c, 5, 3), "400 SIZE_INVALID", "416 SIZE_INVALID"),
    ("chunk.unfit-code", "'RANGE_ERROR'", "chunk.smallest = 6", |c| two_more(c, 5, 3), "400 SIZE_INVALID", "400 RANGE_ERROR"),
    ("chunk.max-length", "4", "", |c| format!("{} {}", chunk(c, None), show(&post(c), "oci-chunk-max-length")), "202 - -", "413 SIZE_INVALID 4"),
    ("chunk.max-announced", "false", "chunk.max-length = 4", |c| show(&post(c), "oci-chunk-max-length"), "4", "-"),
    ("chunk.max-applies", "'content-range'", "chunk.max-length = 4", |c| { let at = c.open(APP); format!("{} {}", patch(c, &at, Some("0-4"), b"hello").status(), patch(c, &at, None, b"hello").status()) }, "413 413", "413 202"),
    ("chunk.max-status", "416", "chunk.max-length = 4", |c| chunk(c, None), "413 SIZE_INVALID", "416 SIZE_INVALID"),
    ("chunk.max-code", "'TOO_LONG'", "chunk.max-length = 4", |c| chunk(c, None), "413 SIZE_INVALID", "413 TOO_LONG"),
    ("chunk.most", "1", "", |c| chunk(c, None), "202 -", "400 UNSUPPORTED"),
    ("chunk.most-status", "405", "chunk.most = 1", |c| chunk(c, None), "400 UNSUPPORTED", "405 UNSUPPORTED"),
    ("chunk.length-status", "411", "", |c| verdict(&endless(c)), "202 -", "411 SIZE_INVALID"),
    ("chunk.length-code", "'CONTENT_LENGTH_INVALID'", "chunk.length-status = 400", |c| verdict(&endless(c)), "400 SIZE_INVALID", "400 CONTENT_LENGTH_INVALID"),
    ("chunk.type-status", "500", "", |c| { let at = c.open(APP); verdict(&c.send(&format!("PATCH {at}"), &[("content-type", "text/plain")], b"x")) }, "202 -", "500 UNKNOWN"),
    ("chunk.closing-body", "'ignored-after-chunk'", "", |c| { let at = c.open(APP); patch(c, &at, None, b"hello"); commit(c, &at, b"hello", b"!") }, "400 DIGEST_INVALID", "201 -"),
    ("chunk.closing-body", "'ignored-without-length'", "", |c| { let at = c.open(APP); let put = target(&at, b""); unmeasured(c, &put, b"x").status().to_string() }, "400", "201"),
    ("range.opening", "'bytes=0-{last}'", "", |c| show(&post(c), "range"), "-", "bytes=0--1"),
    ("range.patch", "'0-{first} {chunk} {stored}'", "", |c| { let at = c.open(APP); patch(c, &at, None, b"hello"); show(&patch(c, &at, None, b"abc"), "range") }, "0-7", "0-4 2 8"),
    ("range.status", "'bytes=0-{stored}'", "", |c| { let at = c.open(APP); patch(c, &at, None, b"hello"); show(&c.get(&at), "range") }, "0-4", "bytes=0-5"),
    ("range.mismatch", "''", "", |c| show(&gap(c), "range"), "0-4", "-"),
    ("range.absent-when-empty", "true", "", |c| { let at = c.open(APP); show(&c.get(&at), "range") }, "0-0", "-"),
    ("range.mismatch-body", "false", "", |c| verdict(&gap(c)), "416 RANGE_INVALID", "416 -"),
    ("range.mismatch-code", "'BLOB_UPLOAD_INVALID'", "", |c| verdict(&gap(c)), "416 RANGE_INVALID", "416 BLOB_UPLOAD_INVALID"),
    ("range.mismatch-location", "false", "", |c| gap(c).header("location").is_some().to_string(), "true", "false"),
];

fn post(c: &mut Client) -> Answer {
    c.send(&format!("POST /v2/{APP}/blobs/uploads/"), &[], b"")
}

fn patch(c: &mut Client, at: &str, range: Option<&str>, bytes: &[u8]) -> Answer {
    let headers: Vec<_> = range
        .into_iter()
        .map(|range| ("content-range", range))
        .collect();
    c.send(&format!("PATCH {at}"), &headers, bytes)
}

fn target(at: &str, whole: &[u8]) -> String {
    let digest = Digest::sha256(whole);
    format!("PUT {}", with_query(at, &format!("digest={digest}")))
}

fn commit(c: &mut Client, at: &str, whole: &[u8], last: &[u8]) -> String {
    verdict(&c.send(&target(at, whole), &[], last))
}

/// The second of two chunks of five bytes.
fn chunk(c: &mut Client, range: Option<&str>) -> String {
    let at = c.open(APP);
    let first = patch(c, &at, Some("0-4"), b"hello");
    let Some(next) = first.header("location") else {
        return verdict(&first);
    };
    verdict(&patch(c, next, range, b"again"))
}

fn gap(c: &mut Client) -> Answer {
    let at = c.open(APP);
    patch(c, &at, None, b"hello");
    patch(c, &at, Some("9-9"), b"x")
}

/// After a chunk of five bytes one of this many, and then one of that many.
fn two_more(c: &mut Client, second: usize, third: usize) -> String {
    let at = c.open(APP);
    patch(c, &at, None, b"hello");
    patch(c, &at, None, &vec![b'x'; second]);
    verdict(&patch(c, &at, None, &vec![b'x'; third]))
}

/// A second chunk at the location of the first.
fn stale(c: &mut Client) -> u16 {
    let at = c.open(APP);
    assert_eq!(patch(c, &at, None, b"hello").status(), 202);
    patch(c, &at, None, b"again").status()
}

fn reordered(c: &mut Client) -> u16 {
    let at = c.open(APP);
    let (path, query) = at.split_once('?').unwrap();
    let (first, second) = query.split_once('&').unwrap();
    patch(c, &format!("{path}?{second}&{first}"), None, b"x").status()
}

fn later(c: &mut Client, seconds: u64) -> String {
    let at = c.open(APP);
    c.now += Duration::from_secs(seconds);
    c.get(&at).status().to_string()
}

/// How many bytes are left after a client vanished two bytes into its second chunk.
fn vanish(c: &mut Client) -> String {
    let at = c.open(APP);
    patch(c, &at, None, b"hello");
    let request = http::Request::patch(&at)
        .header("content-length", "9")
        .body(())
        .unwrap();
    let (parts, ()) = request.into_parts();
    let longshore_mock_registry::Begun::Receive(mut call) = c.core.begin(c.now, &parts) else {
        return "refused".into();
    };
    call.body(b"ab");
    c.core.drop_call(c.now, call);
    let left = c.core.open_sessions();
    left.first()
        .map_or("gone".into(), |session| session.stored.to_string())
}

fn unmeasured(c: &mut Client, request: &str, bytes: &'static [u8]) -> Answer {
    let (method, target) = request.split_once(' ').unwrap();
    let request = http::Request::builder().method(method).uri(target);
    let request = request.body(bytes::Bytes::from_static(bytes)).unwrap();
    Answer(c.core.handle(c.now, request))
}

fn endless(c: &mut Client) -> Answer {
    let at = c.open(APP);
    unmeasured(c, &format!("PATCH {at}"), b"x")
}

fn elsewhere(c: &mut Client) -> Answer {
    let request = http::Request::post(format!("/v2/{APP}/blobs/uploads/"));
    let request = request
        .header("host", "other.test")
        .body(bytes::Bytes::new());
    Answer(c.core.handle(c.now, request.unwrap()))
}

/// The same registry behind TLS.
fn secure(c: &Client) -> Client {
    let config = longshore_mock_registry::Config::new(c.core.profile().clone());
    Client::new(config.origin("https://registry.test"))
}

fn put_manifest(c: &mut Client) -> Answer {
    c.push_blob(APP, b"{}");
    let headers = [("content-type", crate::client::OCI_MANIFEST)];
    let body = crate::client::manifest(b"{}", &[]);
    c.send(
        &format!("PUT /v2/{APP}/manifests/v1"),
        &headers,
        body.as_bytes(),
    )
}

fn before(text: &str, what: &str) -> String {
    text.split(what).next().unwrap_or_default().to_owned()
}

/// The query of a location without its last value.
fn query(location: &str) -> String {
    let query = location.split_once('?').map_or("", |(_, query)| query);
    let (names, _) = query.split_once("tate=").unwrap_or((query, ""));
    match query.split_once("Hash=") {
        Some((name, _)) => format!("{name}Hash"),
        None if names.is_empty() => String::new(),
        None => format!("{names}tate"),
    }
}
