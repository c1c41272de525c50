//! F50–F72.

use std::time::Duration;

use longshore_mock_registry::fault::{Cut, Delivery};
use longshore_mock_registry::record::Listener;
use longshore_mock_registry::{Config, Profile};
use longshore_protocol::Digest;

use crate::harness::{Client, LAYER, POST, head, with_digest};

fn mount() -> String {
    format!("{POST}?mount={}&from=demo/base", Digest::sha256(LAYER))
}

fn patch(client: &mut Client, location: &str, bytes: &[u8]) -> crate::harness::Answer {
    client.send(&format!("PATCH {location}"), &[], bytes)
}

#[test]
fn a_session_is_lost_for_good() {
    for client in [
        &mut Client::of("session-lost"),
        &mut Client::of_alice("session-lost:code=BLOB_UPLOAD_INVALID"),
    ] {
        let location = client.open();
        let answer = patch(client, &location, LAYER);
        assert_eq!(answer.status(), 404);
        assert!(answer.code().starts_with("BLOB_UPLOAD_"));
        assert_eq!(client.put(&location, LAYER).status(), 404);
        assert!(client.registry.core().open_sessions().is_empty());
        assert_eq!(client.push(LAYER).status(), 201);
    }
}

#[test]
fn a_session_is_known_on_some_nodes() {
    let mut client = Client::of("session-wrong-node");
    let location = client.open();
    let statuses = [(); 3].map(|()| client.send(&format!("GET {location}"), &[], b"").status());
    assert_eq!(statuses, [404, 204, 404]);
}

#[test]
fn locations_change_with_each_answer() {
    let mut client = Client::of("location-rotates");
    let first = client.open();
    let patched = patch(&mut client, &first, LAYER);
    let second = patched.header("location").unwrap().to_owned();
    assert_ne!(first, second);
    assert_eq!(client.put(&first, b"").status(), 404, "the old one");
    let what = format!("PUT {}", with_digest(&second, LAYER));
    assert_eq!(client.send(&what, &[], b"").status(), 201);
}

#[test]
fn queries_come_back_as_they_were() {
    let mut client = Client::of("location-critical-query");
    let location = client.open();
    let (path, query) = location.split_once('?').unwrap();
    let mut pairs: Vec<&str> = query.split('&').collect();
    pairs.sort_unstable();
    let sorted = format!("{path}?{}", pairs.join("&"));
    assert_eq!(client.put(&sorted, LAYER).status(), 400);
    assert_eq!(
        client.put(&location.replace("%2f", "%2F"), LAYER).status(),
        400
    );
    assert_eq!(client.put(path, LAYER).status(), 400);
    assert_eq!(client.put(&location, LAYER).status(), 201);
}

#[test]
fn locations_are_elsewhere() {
    let mut client = Client::of_alice("location-off-host");
    let location = client.open();
    assert!(location.starts_with("http://elsewhere.test/v2/demo/app/blobs/uploads/"));
    let what = format!("PUT {}", with_digest(&location, LAYER));
    let token = client.token.clone().unwrap();
    let (with, _) = client.send_to(
        Listener::Elsewhere,
        &what,
        &[("authorization", &token)],
        LAYER,
    );
    assert_eq!(
        with.unwrap().status(),
        403,
        "as storage that was signed for"
    );
    let (without, _) = client.send_to(Listener::Elsewhere, &what, &[], LAYER);
    assert_eq!(without.unwrap().status(), 201);

    let config = Config::new(Profile::builtin("oci").unwrap()).origin("https://registry.test");
    let mut client = Client::new(config, "location-downgrade");
    let peer = longshore_mock_registry::record::Peer {
        secure: true,
        ..Default::default()
    };
    let request = http::Request::post("/v2/demo/app/blobs/uploads/").body(bytes::Bytes::new());
    let (opened, _) = client
        .registry
        .handle_as(Duration::ZERO, peer, request.unwrap());
    let location = opened.unwrap().headers()["location"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        location.starts_with("http://registry.test/v2/"),
        "{location}"
    );
    assert_eq!(client.put(&location, LAYER).status(), 400, "in the clear");
}

#[test]
fn locations_lead_where_nobody_should_go() {
    for (to, start) in [
        ("metadata", "http://169.254.169.254/v2/"),
        ("mapped", "http://[::ffff:169.254.169.254]/v2/"),
        ("loopback", "http://127.0.0.1:"),
        ("private", "http://10.0.0.1/v2/"),
        ("decimal", "http://2130706433:"),
        ("octal", "http://0177.0.0.1:"),
    ] {
        let mut client = Client::of("location-ssrf");
        client.registry.disarm();
        client
            .registry
            .arm(format!("location-ssrf:to={to}").parse().unwrap());
        let location = client.open();
        assert!(location.starts_with(start), "{location}");
    }
}

#[test]
fn locations_are_of_any_form() {
    let mut client = Client::of("location-off-path");
    let location = client.open();
    assert!(location.contains("/storage/bucket-1/part"), "{location}");
    assert_eq!(client.put(&location, LAYER).status(), 201);
    let location = Client::of("location-relative").open();
    assert!(
        location.starts_with("/v2/demo/app/blobs/uploads/"),
        "{location}"
    );
    let mut client = Client::of("location-huge");
    let location = client.open();
    assert!(location.len() > 8 << 10);
    assert_eq!(client.put(&location, LAYER).status(), 201);
}

#[test]
fn ranges_lie_or_say_the_unexpected() {
    let mut client = Client::of("partial-accept:keep=4");
    let location = client.open();
    let answer = patch(&mut client, &location, LAYER);
    assert_eq!(
        (answer.status(), answer.header("range")),
        (202, Some("0-3"))
    );
    assert_eq!(patch(&mut client, &location, &LAYER[4..]).status(), 202);
    let last = Client::put(&mut client, &location, LAYER);
    assert_ne!(
        last.status(),
        201,
        "the blob was there already, and came again"
    );

    let range = |fault: &str| {
        let mut client = Client::of(fault);
        let location = client.open();
        let answer = patch(&mut client, &location, LAYER);
        answer.header("range").unwrap().to_owned()
    };
    assert_eq!(range("stale-range"), "0-0");
    assert_eq!(range("range-ahead"), "0-999999999");
}

#[test]
fn chunks_are_refused() {
    let patched = |fault: &str| {
        let mut client = Client::of(fault);
        let location = client.open();
        let answer = patch(&mut client, &location, LAYER);
        (answer.status(), answer.header("range").map(str::to_owned))
    };
    assert_eq!(patched("out-of-order-416"), (416, Some("0-0".into())));
    assert_eq!(patched("out-of-order-416:location=no"), (416, None));
    assert_eq!(patched("chunk-too-big:largest=3,status=413").0, 413);
    assert_eq!(patched("chunk-too-big:largest=300").0, 202);
    assert_eq!(patched("chunk-too-small:smallest=300").0, 400);
    assert_eq!(patched("chunk-too-small:smallest=3").0, 202);
    assert_eq!(patched("no-chunking:status=405").0, 405);
    assert_eq!(patched("duplicate-delivery").0, 416);
    let mut client = Client::of("chunk-too-big:largest=3,by=reset");
    let location = client.open();
    let (answer, wire) = client.try_send(&format!("PATCH {location}"), &[], LAYER);
    assert!(answer.is_none());
    assert_eq!(wire.cut, Some(Cut { at: 3, reset: true }));
}

#[test]
fn blobs_are_too_large_at_once() {
    assert_eq!(Client::of("mono-413:largest=3").push(LAYER).status(), 413);
    assert_eq!(Client::of("mono-413:largest=300").push(LAYER).status(), 201);
    let page = Client::of("mono-413:largest=3,form=html").push(LAYER);
    assert_eq!(page.header("content-type"), Some("text/html"));
    let mut client = Client::of("mono-413:largest=3,form=reset");
    let location = client.open();
    let (answer, wire) = client.try_send(
        &format!("PUT {}", with_digest(&location, LAYER)),
        &[],
        LAYER,
    );
    assert!(answer.is_none() && wire.cut.is_some());
}

#[test]
fn a_single_post_opens_a_session() {
    let what = with_digest(POST, LAYER);
    assert_eq!(
        Client::of("missing-range").send(&what, &[], LAYER).status(),
        201
    );
    assert_eq!(
        Client::of("single-post-202")
            .send(&what, &[], LAYER)
            .status(),
        202
    );
}

#[test]
fn cancelling_fails() {
    let mut client = Client::of("cancel-fails:form=500");
    let location = client.open();
    assert_eq!(
        client
            .send(&format!("DELETE {location}"), &[], b"")
            .status(),
        500
    );
    let mut client = Client::of("cancel-fails:form=hang");
    let location = client.open();
    let (_, wire) = client.try_send(&format!("DELETE {location}"), &[], b"");
    assert_eq!(wire.delay, Some(Duration::from_secs(3600)));
}

#[test]
fn mounts_fail_and_lie() {
    for (form, status) in [
        ("202", 202),
        ("401", 401),
        ("403", 403),
        ("404", 404),
        ("400", 400),
        ("405", 405),
        ("500", 500),
    ] {
        let mut client = Client::of("mount-fails");
        client.registry.disarm();
        client
            .registry
            .arm(format!("mount-fails:form={form}").parse().unwrap());
        assert_eq!(client.send(&mount(), &[], b"").status(), status);
    }
    let (answer, wire) = Client::of("mount-fails:form=close").try_send(&mount(), &[], b"");
    assert!(answer.is_none() && wire.delivery == Delivery::Lost);

    let mut client = Client::of("mount-lies");
    assert_eq!(client.send(&mount(), &[], b"").status(), 201);
    assert_eq!(client.send(&head(), &[], b"").status(), 404);
    assert_eq!(client.manifest().code(), "MANIFEST_BLOB_UNKNOWN");
}

#[test]
fn there_is_no_status() {
    let mut client = Client::of("status-get-404:status=405");
    let location = client.open();
    assert_eq!(
        client.send(&format!("GET {location}"), &[], b"").status(),
        405
    );
}

#[test]
fn a_proxy_sends_twice() {
    let mut client = Client::of("duplicate-delivery:step=put");
    assert_eq!(client.push(LAYER).status(), 404);
    assert_eq!(
        client.send(&head(), &[], b"").status(),
        200,
        "the first one went well"
    );
}
