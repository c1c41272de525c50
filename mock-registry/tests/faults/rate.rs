//! F87–F96.

use std::time::Duration;

use http::Request;
use longshore_mock_registry::fault::Edit;
use longshore_mock_registry::record::Peer;

use crate::harness::{Client, LAYER, POST, head};

fn refused(fault: &str) -> (u16, Option<String>) {
    let mut client = Client::of(fault);
    let answer = client.send(POST, &[], b"");
    let after = answer.header("retry-after").map(str::to_owned);
    let again = client.send(POST, &[], b"").status();
    assert!(again == 202 || fault.contains("forever"), "{fault}");
    (answer.status(), after)
}

#[test]
fn pauses_are_asked_for_in_all_forms() {
    assert_eq!(refused("429-seconds:seconds=7"), (429, Some("7".into())));
    assert_eq!(refused("429-bare"), (429, None));
    assert_eq!(
        refused("429-garbage:value=1767225600"),
        (429, Some("1767225600".into()))
    );
    assert_eq!(refused("503-retry-after"), (503, Some("1".into())));
    assert_eq!(refused("429-forever"), (429, None));
    for (form, date) in [
        ("soon", "Wed, 01 Jul 2026 12:00:01 GMT"),
        ("past", "Wed, 01 Jul 2026 11:00:00 GMT"),
        ("far", "Wed, 01 Jul 2099 12:00:00 GMT"),
        ("rfc850", "Wednesday, 01-Jul-26 12:00:01 GMT"),
        ("asctime", "Wed Jul  1 12:00:01 2026"),
        ("skewed", "Mon, 01 Jan 2001 00:00:01 GMT"),
    ] {
        let mut client = Client::of("429-date");
        client.registry.disarm();
        client
            .registry
            .arm(format!("429-date:form={form}").parse().unwrap());
        let answer = client.send(POST, &[], b"");
        assert_eq!(answer.header("retry-after"), Some(date));
        assert!(answer.header("date").is_some());
    }
    let hint = Client::of("429-body-hint").send(POST, &[], b"").json();
    assert!(hint.to_string().contains("retry-after: 10.3ms"));
}

#[test]
fn pauses_are_asked_for_in_places() {
    let mut client = Client::of("429-on-manifest");
    client.push(LAYER);
    assert_eq!(
        [client.manifest().status(), client.manifest().status()],
        [429, 201]
    );
    let mut client = Client::of("429-on-head");
    assert_eq!(
        [
            client.send(&head(), &[], b"").status(),
            client.send(&head(), &[], b"").status()
        ],
        [429, 404]
    );
}

#[test]
fn an_old_proxy_asks_for_a_pause() {
    let (answer, wire) = Client::of("429-close").try_send(POST, &[], b"");
    let answer = answer.unwrap();
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(wire.edits, [Edit::BareLf]);
}

#[test]
fn nothing_remains() {
    let answer = Client::of("ratelimit-headers").send(POST, &[], b"");
    assert_eq!(answer.status(), 202);
    assert_eq!(answer.header("ratelimit-remaining"), Some("0;w=21600"));
}

#[test]
fn only_so_much_at_once() {
    let mut client = Client::of("concurrency-limit:most=1");
    let (parts, ()) = Request::post("/v2/demo/app/blobs/uploads/")
        .body(())
        .unwrap()
        .into_parts();
    let zero = Duration::ZERO;
    let one = client.registry.begin(zero, Peer::default(), &parts);
    let two = client.registry.begin(zero, Peer::default(), &parts);
    assert_eq!(client.registry.end(zero, two).response.status(), 429);
    assert_eq!(client.registry.end(zero, one).response.status(), 202);
    assert_eq!(client.send(POST, &[], b"").status(), 202);
}
