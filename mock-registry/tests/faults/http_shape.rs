//! F14–F35 and F100.

use longshore_mock_registry::fault::Edit;
use longshore_protocol::Digest;

use crate::harness::{Client, LAYER, POST, TOKEN, head};

fn edits(fault: &str) -> Vec<Edit> {
    Client::of(fault).try_send(POST, &[], b"").1.edits
}

#[test]
fn servers_fail_for_a_while() {
    let mut client = Client::of("5xx-burst:step=post,status=502,times=2");
    let statuses = [(); 3].map(|()| client.send(POST, &[], b"").status());
    assert_eq!(statuses, [502, 502, 202]);
}

#[test]
fn errors_have_odd_bodies() {
    let body = |fault: &str| {
        let answer = Client::of(fault).manifest();
        String::from_utf8_lossy(answer.0.body()).into_owned()
    };
    assert!(body("html-error:status=413").contains("<h1>413 from a proxy</h1>"));
    assert_eq!(body("empty-error"), "");
    for (form, text) in [
        ("empty", ""),
        ("object", "{}"),
        ("null", r#"{"errors":null}"#),
        ("string", r#""no""#),
        (
            "detail",
            r#"{"errors":[{"code":"DENIED","message":"no","detail":["a",{"b":2}]},{"code":7,"detail":3}]}"#,
        ),
    ] {
        assert_eq!(body(&format!("odd-error:form={form}")), text);
    }
    assert!(body("odd-error:form=html").starts_with("<html>"));
    assert!(body("odd-error:form=binary").starts_with('\0'));
}

#[test]
fn content_types_are_wrong() {
    let plain = Client::of("wrong-content-type").send("GET /v2/", &[], b"");
    assert_eq!(plain.header("content-type"), Some("text/plain"));
    let none = Client::of("wrong-content-type:type=none").send("GET /v2/", &[], b"");
    assert_eq!(none.header("content-type"), None);
}

#[test]
fn answers_are_compressed_unasked() {
    let answer = Client::of_alice("gzip-json").send(
        TOKEN,
        &[("authorization", &crate::harness::basic())],
        b"",
    );
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(answer.0.body()[..2], [0x1f, 0x8b]);
}

#[test]
fn bodies_hardly_end() {
    let mut client = Client::of("big-body:bytes=1000000");
    let (answer, wire) = client.try_send(crate::harness::MANIFEST, &[], b"{}");
    assert_eq!(
        (answer.unwrap().status(), wire.endless),
        (400, Some(1_000_000))
    );
    let bomb = Client::of("decompress-bomb:megabytes=2").manifest();
    assert_eq!(bomb.header("content-encoding"), Some("gzip"));
    assert!(bomb.0.body().len() < 16 << 10);
    let deep = Client::of("json-depth:depth=1000").manifest();
    assert_eq!(
        deep.0.body().iter().filter(|byte| **byte == b'[').count(),
        1000
    );
}

#[test]
fn heads_are_odd() {
    assert!(matches!(&edits("big-headers")[..], [Edit::Add(line)] if line.len() > 1 << 20));
    assert_eq!(edits("big-headers:form=many").len(), 10_000);
    assert_eq!(edits("big-headers:form=warnings").len(), 100);
    assert_eq!(edits("bare-lf"), [Edit::BareLf]);
    assert_eq!(edits("header-case"), [Edit::Shout]);
    assert_eq!(
        edits("obs-fold"),
        [Edit::Add(b"X-Folded: one\r\n two".to_vec())]
    );
    for (header, line) in [
        ("location", "Location: http://registry.test/v2/other"),
        ("content-length", "Content-Length: 7"),
        ("docker-content-digest", "Docker-Content-Digest: sha256:000"),
    ] {
        let edits = edits(&format!("dup-headers:header={header}"));
        assert!(matches!(&edits[..], [Edit::Add(added)] if added.starts_with(line.as_bytes())));
    }
}

#[test]
fn locations_are_missing_or_bad() {
    let location = |fault: &str| {
        let answer = Client::of(fault).send(POST, &[], b"");
        answer.header("location").map(str::to_owned)
    };
    assert_eq!(location("missing-location"), None);
    for (form, start) in [
        ("unparsable", "http://[::1:/v2/"),
        ("empty", ""),
        ("spaces", "http://registry.test/v2/a b"),
        ("userinfo", "http://user:password@elsewhere.test/v2/demo"),
        ("ftp", "ftp://"),
        ("file", "file:///"),
        ("null", "null:"),
    ] {
        let found = location(&format!("bad-location:form={form}")).unwrap();
        assert!(found.starts_with(start), "{form}: {found}");
    }
    assert!(
        location("bad-location:form=fragment")
            .unwrap()
            .ends_with("#fragment")
    );
}

#[test]
fn ranges_are_missing_or_bad() {
    let range = |fault: &str| {
        let mut client = Client::of(fault);
        let location = client.open();
        let answer = client.send(&format!("PATCH {location}"), &[], LAYER);
        answer.header("range").map(str::to_owned)
    };
    assert_eq!(range("missing-range"), None);
    assert_eq!(range("bad-range").as_deref(), Some("bytes=0-9"));
    assert_eq!(range("bad-range:form=0--1").as_deref(), Some("0--1"));
}

#[test]
fn statuses_vary_where_things_went_well() {
    assert_eq!(
        Client::of("status-variant:status=204")
            .send(POST, &[], b"")
            .status(),
        204
    );
    let mut client = Client::of("status-variant:step=put,status=202");
    assert_eq!(client.push(LAYER).status(), 202);
    let location = client.open();
    assert_eq!(client.put(&location, b"").status(), 202);
    assert_eq!(
        client.put("/v2/demo/app/blobs/uploads/none", b"").status(),
        404
    );
}

#[test]
fn redirects_lead_here_and_elsewhere() {
    let mut client = Client::of("redirect:status=302");
    let answer = client.send(&head(), &[], b"");
    let path = head().replace("HEAD ", "");
    assert_eq!(answer.status(), 302);
    assert_eq!(
        answer.header("location").unwrap(),
        format!("http://elsewhere.test{path}")
    );
    assert_eq!(client.send(&head(), &[], b"").status(), 404, "once");
    let here = Client::of("redirect:to=here").send(&head(), &[], b"");
    assert_eq!(
        here.header("location").unwrap(),
        format!("http://registry.test{path}")
    );
    let hop = Client::of("redirect-loop:form=chain").send(&head(), &[], b"");
    assert!(hop.header("location").unwrap().ends_with("?hop=1"));
    let around = Client::of("redirect-loop").send(&head(), &[], b"");
    assert_eq!(
        around.header("location").unwrap(),
        format!("http://registry.test{path}")
    );
}

#[test]
fn requests_are_refused_for_their_form() {
    let chunked = [("transfer-encoding", "chunked")];
    assert_eq!(
        Client::of("411-without-length")
            .send(POST, &chunked, b"")
            .status(),
        411
    );
    assert_eq!(
        Client::of("411-without-length")
            .send(POST, &[], b"")
            .status(),
        202
    );
    let long = format!("{}?{}", crate::harness::MANIFEST, "tag=a&".repeat(100));
    assert_eq!(Client::of("414").send(&long, &[], b"{}").status(), 414);
    let accept = [("accept", crate::harness::TYPE)];
    assert_eq!(
        Client::of("406-on-accept")
            .send(&head(), &accept, b"")
            .status(),
        406
    );
    assert_eq!(
        Client::of("406-on-accept").send(&head(), &[], b"").status(),
        404
    );
}

#[test]
fn heads_lie() {
    assert_eq!(Client::of("405-head").send(&head(), &[], b"").status(), 405);
    let mut client = Client::of("head-no-length");
    client.push(LAYER);
    let answer = client.send(&head(), &[], b"");
    assert_eq!(
        (answer.status(), answer.header("content-length")),
        (200, None)
    );
    let answer = Client::of("head-wrong-length").send(&head(), &[], b"");
    assert_eq!(
        (answer.status(), answer.header("content-length")),
        (200, Some("1"))
    );
    let answer = Client::of("head-wrong-digest").send(&head(), &[], b"");
    let digest = Digest::sha256(LAYER).to_string();
    assert_ne!(
        answer.header("docker-content-digest"),
        Some(digest.as_str())
    );
}

#[test]
fn warnings_come_in_all_forms() {
    let warnings = Client::of("warning-headers")
        .send(POST, &[], b"")
        .headers("warning");
    assert_eq!(warnings.len(), 4);
    assert_eq!(warnings[0], "299 - \"a warning for you\"");
}
