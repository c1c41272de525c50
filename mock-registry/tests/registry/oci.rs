//! The `oci` profile: what any conformant registry does.

use crate::client::{Answer, Client, OCI_MANIFEST, manifest, with_query};
use longshore_mock_registry::{Config, Profile};
use longshore_protocol::Digest;

const APP: &str = "demo/app";

fn image(client: &mut Client) -> String {
    client.push_blob(APP, b"{}");
    client.push_blob(APP, b"layer");
    manifest(b"{}", &[b"layer"])
}

fn put(client: &mut Client, reference: &str, body: &str) -> Answer {
    let target = format!("PUT /v2/{APP}/manifests/{reference}");
    client.send(&target, &[("content-type", OCI_MANIFEST)], body.as_bytes())
}

#[test]
fn an_image_goes_in_and_comes_out() {
    let mut client = Client::of("oci");
    let body = image(&mut client);
    let digest = Digest::sha256(body.as_bytes()).to_string();
    let created = put(&mut client, "v1", &body);
    assert_eq!(created.status(), 201);
    assert_eq!(
        created.header("docker-content-digest"),
        Some(digest.as_str())
    );
    assert_eq!(
        created.location(),
        format!("http://registry.test/v2/{APP}/manifests/{digest}")
    );
    for reference in ["v1", &digest] {
        let got = client.get(&format!("/v2/{APP}/manifests/{reference}"));
        assert_eq!(got.text(), body);
        assert_eq!(got.header("content-type"), Some(OCI_MANIFEST));
        let head = client.send(&format!("HEAD /v2/{APP}/manifests/{reference}"), &[], b"");
        assert_eq!(
            head.header("content-length"),
            Some(body.len().to_string().as_str())
        );
        assert!(head.text().is_empty());
    }
    let layer = client.get(&format!("/v2/{APP}/blobs/{}", Digest::sha256(b"layer")));
    assert_eq!(layer.text(), "layer");
    let (media_type, bytes, found) = client.core.manifest(APP, "v1").unwrap();
    assert_eq!(
        (media_type.as_str(), bytes.as_ref()),
        (OCI_MANIFEST, body.as_bytes())
    );
    assert_eq!(found.to_string(), digest);
    assert!(client.core.open_sessions().is_empty());
}

#[test]
fn chunks_must_follow_each_other() {
    let mut client = Client::of("oci");
    let location = client.open(APP);
    let patch = format!("PATCH {location}");
    let first = client.send(&patch, &[("content-range", "0-4")], b"hello");
    assert_eq!((first.status(), first.header("range")), (202, Some("0-4")));
    let gap = client.send(&patch, &[("content-range", "6-6")], b"x");
    assert_eq!((gap.status(), gap.header("range")), (416, Some("0-4")));
    assert_eq!(gap.code().as_deref(), Some("RANGE_INVALID"));
    let again = client.send(&patch, &[("content-range", "0-4")], b"hello");
    assert_eq!(again.status(), 416);
    let odd = client.send(&patch, &[("content-range", "bytes 5-5/6")], b"x");
    assert_eq!(odd.status(), 400);
    let status = client.get(&location);
    assert_eq!(
        (status.status(), status.header("range")),
        (204, Some("0-4"))
    );
    assert_eq!(status.location(), location);
    let digest = Digest::sha256(b"hello world");
    let put = format!("PUT {}", with_query(&location, &format!("digest={digest}")));
    let done = client.send(&put, &[("content-range", "5-10")], b" world");
    assert_eq!(done.status(), 201);
    assert_eq!(client.core.blob(APP, &digest).unwrap(), "hello world");
}

#[test]
fn a_wrong_digest_ends_the_session() {
    let mut client = Client::of("oci");
    let location = client.open(APP);
    let none = client.send(&format!("PUT {location}"), &[], b"");
    assert_eq!(
        (none.status(), none.code().as_deref()),
        (400, Some("DIGEST_INVALID"))
    );
    assert_eq!(client.core.open_sessions().len(), 1);
    let wrong = format!("digest={}", Digest::sha256(b"other"));
    let put = format!("PUT {}", with_query(&location, &wrong));
    let answer = client.send(&put, &[], b"this");
    assert_eq!(
        (answer.status(), answer.code().as_deref()),
        (400, Some("DIGEST_INVALID"))
    );
    assert_eq!(
        client.send(&put, &[], b"this").code().as_deref(),
        Some("BLOB_UPLOAD_UNKNOWN")
    );
    assert!(client.core.blobs(APP).is_empty());
}

#[test]
fn a_single_post_uploads_a_blob() {
    let mut client = Client::of("oci");
    for (digest, bytes) in [
        (Digest::sha256(b"x"), &b"x"[..]),
        (Digest::sha256(b""), b""),
        (sha512_of_abc(), b"abc"),
    ] {
        let target = format!("POST /v2/{APP}/blobs/uploads/?digest={digest}");
        let answer = client.send(&target, &[], bytes);
        assert_eq!(answer.status(), 201, "{digest}");
        assert_eq!(client.get(&answer.location()).0.body(), bytes);
        let wrong = client.send(&target, &[], b"something else");
        assert_eq!(wrong.status(), 400);
    }
    assert!(client.core.open_sessions().is_empty());
}

#[test]
fn mounts_need_the_blob_to_be_there() {
    let mut client = Client::of("oci");
    let digest = client.push_blob("demo/base", b"shared");
    let target = |from: &str| format!("POST /v2/{APP}/blobs/uploads/?mount={digest}{from}");
    let missing = client.send(&target("&from=demo/nowhere"), &[], b"");
    assert_eq!(missing.status(), 202);
    assert!(!client.core.has_blob(APP, &digest));
    let mounted = client.send(&target("&from=demo/base"), &[], b"");
    assert_eq!(mounted.status(), 201);
    assert!(
        mounted
            .location()
            .ends_with(&format!("/v2/{APP}/blobs/{digest}"))
    );
    assert!(client.core.has_blob(APP, &digest));
    let other = Client::of("oci");
    assert!(other.core.repositories().is_empty());
    let anonymous = client.send(&target("").replace(APP, "demo/third"), &[], b"");
    assert_eq!(anonymous.status(), 201);
}

#[test]
fn a_blob_can_be_there_from_the_start() {
    let mut client = Client::of("oci");
    let layer = bytes::Bytes::from_static(b"layer");
    let digest = client.core.add_blob(APP, layer).unwrap();
    let target = format!("HEAD /v2/{APP}/blobs/{digest}");
    assert_eq!(client.send(&target, &[], b"").status(), 200);
    assert_eq!(client.core.requests().count(), 1);
}

#[test]
fn a_blob_shows_only_where_it_was_pushed() {
    let mut client = Client::of("oci");
    let digest = client.push_blob(APP, b"layer");
    client.open("demo/other");
    let there = client.get(&format!("/v2/demo/other/blobs/{digest}"));
    assert_eq!(there.code().as_deref(), Some("BLOB_UNKNOWN"));
}

#[test]
fn a_manifest_needs_its_content() {
    let mut client = Client::of("oci");
    let body = manifest(b"{}", &[b"layer", b"layer", b"more"]);
    client.push_blob(APP, b"{}");
    let refused = put(&mut client, "v1", &body);
    assert_eq!(refused.status(), 400);
    let errors = refused.json()["errors"].as_array().unwrap().clone();
    assert_eq!(errors.len(), 2, "one entry per blob, each once");
    assert_eq!(errors[0]["code"], "MANIFEST_BLOB_UNKNOWN");
    assert_eq!(
        errors[0]["detail"]["digest"],
        Digest::sha256(b"layer").to_string()
    );
    assert_eq!(client.core.manifest(APP, "v1"), None);
}

#[test]
fn a_manifest_is_judged() {
    let mut client = Client::of("oci");
    let good = image(&mut client);
    let by_wrong_digest = put(&mut client, &Digest::sha256(b"x").to_string(), &good);
    assert_eq!(by_wrong_digest.code().as_deref(), Some("DIGEST_INVALID"));
    assert_eq!(
        put(&mut client, ".v1", &good).code().as_deref(),
        Some("TAG_INVALID")
    );
    let other_type = good.replace("image.manifest", "image.index");
    for body in [
        "",
        "[]",
        "{",
        "{}",
        &other_type,
        &good.replace("sha256:", "sha1:"),
    ] {
        let answer = put(&mut client, "v1", body);
        assert_eq!(answer.code().as_deref(), Some("MANIFEST_INVALID"), "{body}");
    }
    let spaces = " ".repeat(5 << 20);
    assert_eq!(put(&mut client, "v1", &spaces).status(), 413);
}

#[test]
fn an_index_needs_its_manifests() {
    let mut client = Client::of("oci");
    let child = image(&mut client);
    let index = serde_json::json!({
        "schemaVersion": 2,
        "manifests": [{
            "mediaType": OCI_MANIFEST,
            "digest": Digest::sha256(child.as_bytes()).to_string(),
            "size": child.len(),
        }],
    })
    .to_string();
    let target = format!("PUT /v2/{APP}/manifests/all");
    let headers = [("content-type", "application/vnd.oci.image.index.v1+json")];
    let early = client.send(&target, &headers, index.as_bytes());
    assert_eq!(early.code().as_deref(), Some("MANIFEST_BLOB_UNKNOWN"));
    put(
        &mut client,
        &Digest::sha256(child.as_bytes()).to_string(),
        &child,
    );
    assert_eq!(
        client.send(&target, &headers, index.as_bytes()).status(),
        201
    );
    assert_eq!(client.core.tags(APP), ["all"]);
}

#[test]
fn referrers_are_listed() {
    let mut client = Client::of("oci");
    let body = image(&mut client);
    let subject = Digest::sha256(b"not there yet").to_string();
    let mut referring: serde_json::Value = serde_json::from_str(&body).unwrap();
    referring["subject"] = serde_json::json!({
        "mediaType": OCI_MANIFEST, "digest": subject, "size": 13
    });
    referring["artifactType"] = "text/x-signature".into();
    let answer = put(&mut client, "sig", &referring.to_string());
    assert_eq!(answer.header("oci-subject"), Some(subject.as_str()));
    let list = |client: &mut Client, query: &str| {
        let answer = client.get(&format!("/v2/{APP}/referrers/{subject}{query}"));
        assert_eq!(answer.status(), 200);
        answer.json()["manifests"].as_array().unwrap().len()
    };
    assert_eq!(list(&mut client, ""), 1);
    assert_eq!(list(&mut client, "?artifactType=text/x-signature"), 1);
    assert_eq!(list(&mut client, "?artifactType=other"), 0);
    let bad = client.get(&format!("/v2/{APP}/referrers/nope"));
    assert_eq!(bad.status(), 400);
}

#[test]
fn tags_come_in_pages() {
    let mut client = Client::of("oci");
    let body = image(&mut client);
    for tag in ["c", "a", "b"] {
        put(&mut client, tag, &body);
    }
    let page = client.get(&format!("/v2/{APP}/tags/list?n=2"));
    assert_eq!(page.json()["tags"], serde_json::json!(["a", "b"]));
    assert_eq!(
        page.header("link"),
        Some(format!("</v2/{APP}/tags/list?n=2&last=b>; rel=\"next\"").as_str())
    );
    let rest = client.get(&format!("/v2/{APP}/tags/list?n=2&last=b"));
    assert_eq!(rest.json()["tags"], serde_json::json!(["c"]));
    assert_eq!(rest.header("link"), None);
    assert_eq!(
        client.get("/v2/no/such/tags/list").code().as_deref(),
        Some("NAME_UNKNOWN")
    );
}

#[test]
fn what_is_deleted_is_gone() {
    let mut client = Client::of("oci");
    let body = image(&mut client);
    put(&mut client, "v1", &body);
    put(&mut client, "v2", &body);
    let digest = Digest::sha256(body.as_bytes());
    let delete = |client: &mut Client, what: &str| {
        client
            .send(&format!("DELETE /v2/{APP}/{what}"), &[], b"")
            .status()
    };
    assert_eq!(delete(&mut client, "manifests/v1"), 202);
    assert_eq!(client.core.tags(APP), ["v2"]);
    assert_eq!(delete(&mut client, &format!("manifests/{digest}")), 202);
    assert_eq!(client.core.manifest(APP, "v2"), None);
    assert!(client.core.tags(APP).is_empty(), "its tags went with it");
    assert_eq!(delete(&mut client, &format!("manifests/{digest}")), 404);
    let layer = Digest::sha256(b"layer");
    assert_eq!(delete(&mut client, &format!("blobs/{layer}")), 202);
    assert!(!client.core.has_blob(APP, &layer));
    let location = client.open(APP);
    assert_eq!(
        client
            .send(&format!("DELETE {location}"), &[], b"")
            .status(),
        204
    );
    assert_eq!(
        client
            .send(&format!("DELETE {location}"), &[], b"")
            .status(),
        404
    );
}

#[test]
fn ranges_of_blobs_are_served() {
    let mut client = Client::of("oci");
    let digest = client.push_blob(APP, b"0123456789");
    let target = format!("GET /v2/{APP}/blobs/{digest}");
    let part = client.send(&target, &[("range", "bytes=2-4")], b"");
    assert_eq!((part.status(), part.text().as_str()), (206, "234"));
    assert_eq!(part.header("content-range"), Some("bytes 2-4/10"));
    assert_eq!(
        client
            .send(&target, &[("range", "bytes=10-")], b"")
            .status(),
        416
    );
}

#[test]
fn odd_requests_are_refused() {
    let mut client = Client::of("oci");
    for (request, status) in [
        ("GET /", 404),
        ("GET /v2", 308),
        ("POST /v2/", 405),
        ("PUT /v2/demo/app/blobs/uploads/", 405),
        ("POST /v2/Demo/app/blobs/uploads/", 400),
        ("GET /v2/demo/app/blobs/nope", 400),
        ("PATCH /v2/demo/app/blobs/uploads/nope", 404),
        ("GET /token", 404),
    ] {
        assert_eq!(client.send(request, &[], b"").status(), status, "{request}");
    }
}

#[test]
fn the_query_of_a_location_must_come_back() {
    for state in ["fixed", "rotating"] {
        let text = format!("name = 'x'\n[location]\nform = 'relative'\nstate = '{state}'");
        let mut client = Client::new(Config::new(Profile::from_toml(&text).unwrap()));
        let location = client.open(APP);
        assert!(
            location.starts_with("/v2/") && location.contains("_state="),
            "{location}"
        );
        let bare = location.split('?').next().unwrap();
        assert_eq!(
            client.send(&format!("PATCH {bare}"), &[], b"x").status(),
            404
        );
        let first = client.send(&format!("PATCH {location}"), &[], b"x");
        assert_eq!(first.status(), 202);
        let old = client
            .send(&format!("PATCH {location}"), &[], b"y")
            .status();
        assert_eq!(old, if state == "fixed" { 202 } else { 416 });
        assert_eq!(first.location() == location, state == "fixed");
    }
}

#[test]
fn the_query_of_a_location_may_have_to_come_back_untouched() {
    for (verbatim, status) in [(false, 202), (true, 404)] {
        let text = format!("name = 'x'\n[location]\nstate = 'fixed'\nverbatim = {verbatim}");
        let mut client = Client::new(Config::new(Profile::from_toml(&text).unwrap()));
        let location = client.open(APP);
        let (path, query) = location.split_once('?').unwrap();
        let (first, second) = query.split_once('&').unwrap();
        let encoded = second.replacen('=', "%3D", 3).replacen("%3D", "=", 1);
        for changed in [format!("{second}&{first}"), format!("{first}&{encoded}")] {
            let patch = format!("PATCH {path}?{changed}");
            assert_eq!(client.send(&patch, &[], b"").status(), status, "{changed}");
        }
        let put = with_query(&location, &format!("digest={}", Digest::sha256(b"")));
        assert_eq!(client.send(&format!("PUT {put}"), &[], b"").status(), 201);
    }
}

#[test]
fn the_same_seed_gives_the_same_answers() {
    let locations = |seed| {
        let mut config = Config::new(Profile::builtin("oci").unwrap());
        config.seed = seed;
        let mut client = Client::new(config);
        [client.open("a"), client.open("a")]
    };
    assert_eq!(locations(1), locations(1));
    assert_ne!(locations(1), locations(2));
    assert_ne!(locations(1)[0], locations(1)[1]);
}

#[test]
fn a_client_that_vanishes_leaves_what_arrived() {
    for (rule, left) in [("keep", Some(3)), ("rollback", Some(2)), ("destroy", None)] {
        let text = format!("name = 'x'\n[session]\nshort-body = '{rule}'");
        let mut client = Client::new(Config::new(Profile::from_toml(&text).unwrap()));
        let location = client.open(APP);
        client.send(&format!("PATCH {location}"), &[], b"ab");
        let request = http::Request::patch(&location).body(()).unwrap();
        let begun = client.core.begin(client.now, &request.into_parts().0);
        let longshore_mock_registry::Begun::Receive(mut call) = begun else {
            panic!("a body is wanted");
        };
        call.body(b"c");
        let busy = client.send(&format!("PATCH {location}"), &[], b"d");
        assert_eq!(busy.status(), 409, "one writer at a time");
        client.core.drop_call(client.now, call);
        let sessions = client.core.open_sessions();
        assert_eq!(
            sessions.first().map(|session| session.stored),
            left,
            "{rule}"
        );
        if let Some(left) = left {
            let whole = &b"abcdef"[..];
            let digest = Digest::sha256(whole);
            let put = format!("PUT {}", with_query(&location, &format!("digest={digest}")));
            assert_eq!(
                client.send(&put, &[], &whole[left as usize..]).status(),
                201
            );
            assert_eq!(client.core.blob(APP, &digest).unwrap(), whole);
        }
        let status = client
            .core
            .requests()
            .filter(|r| r.status.is_none())
            .count();
        assert_eq!(status, 1, "the vanished one has no answer");
    }
}

#[test]
fn a_single_post_that_breaks_leaves_nothing() {
    let mut client = Client::of("oci");
    let digest = Digest::sha256(b"whole");
    let target = format!("/v2/{APP}/blobs/uploads/?digest={digest}");
    let request = http::Request::post(target).body(()).unwrap();
    let begun = client.core.begin(client.now, &request.into_parts().0);
    let longshore_mock_registry::Begun::Receive(mut call) = begun else {
        panic!("a body is wanted");
    };
    call.body(b"who");
    assert_eq!(client.core.open_sessions().len(), 1);
    client.core.drop_call(client.now, call);
    assert!(client.core.open_sessions().is_empty());
}

#[test]
fn idle_sessions_are_forgotten() {
    let text = "name = 'x'\n[session]\nlifetime = 60";
    let mut client = Client::new(Config::new(Profile::from_toml(text).unwrap()));
    let used = client.open(APP);
    let idle = client.open(APP);
    client.now = std::time::Duration::from_secs(30);
    client.send(&format!("PATCH {used}"), &[], b"x");
    client.now = std::time::Duration::from_secs(60);
    client.open(APP);
    assert_eq!(client.get(&used).status(), 204);
    assert_eq!(client.get(&idle).status(), 404);
}

fn sha512_of_abc() -> Digest {
    "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
     2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        .parse()
        .unwrap()
}
