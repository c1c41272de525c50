//! F1–F13, as messages to the shell; `wire.rs` sees the shell obey.

use std::time::Duration;

use longshore_mock_registry::fault::{Cut, Delivery, H2Fault, TlsFault, Wire};

use crate::harness::{Client, LAYER, MANIFEST, POST, with_digest};

fn wire_of_put(fault: &str) -> (Option<u16>, Wire, Client) {
    let mut client = Client::of(fault);
    let location = client.open();
    let what = format!("PUT {}", with_digest(&location, LAYER));
    let (answer, wire) = client.try_send(&what, &[("expect", "100-continue")], LAYER);
    (answer.map(|answer| answer.status()), wire, client)
}

#[test]
fn a_request_is_cut_at_a_byte() {
    let (status, wire, client) = wire_of_put("reset-at-byte:at=7");
    assert_eq!((status, wire.cut), (None, Some(Cut { at: 7, reset: true })));
    let sessions = client.registry.core().open_sessions();
    assert_eq!(sessions[0].stored, 7, "the oci profile keeps what came");
    let (_, wire, _) = wire_of_put("reset-at-byte:at=7,by=close");
    assert_eq!(
        wire.cut,
        Some(Cut {
            at: 7,
            reset: false
        })
    );
}

#[test]
fn an_answer_is_lost_after_the_fact() {
    let (status, wire, client) = wire_of_put("close-before-answer");
    assert_eq!((status, wire.delivery), (None, Delivery::Lost));
    assert_eq!(client.registry.core().blobs("demo/app").len(), 1);
    let (_, wire, _) = wire_of_put("close-before-answer:by=reset");
    assert_eq!(wire.delivery, Delivery::Reset);
}

#[test]
fn an_answer_is_early() {
    let (status, wire, client) = wire_of_put("early-response:at=3,status=429,then=close");
    assert_eq!(
        (status, wire.early, wire.abrupt),
        (Some(429), Some(3), true)
    );
    let asked = client.registry.recorder().exchanges();
    assert_eq!(asked.method("PUT").bytes(), 3);
}

#[test]
fn an_answer_is_cut() {
    let (_, wire, _) = wire_of_put("truncate-response:keep=5");
    assert_eq!(wire.delivery, Delivery::Truncated(5));
}

#[test]
fn things_are_slow() {
    let (_, wire, _) = wire_of_put("slow-read:bytes=4,pause=9");
    assert_eq!(wire.slow_read, Some((4, Duration::from_millis(9))));
    let (_, wire, _) = wire_of_put("stall:for=5");
    assert_eq!(wire.stall, Some(Duration::from_millis(5)));
    let (_, wire, _) = wire_of_put("stall:for=5,what=answering");
    assert_eq!(wire.delay, Some(Duration::from_millis(5)));
    let (_, wire, _) = wire_of_put("slow-headers:step=put,pause=3");
    assert_eq!(wire.slow_head, Some(Duration::from_millis(3)));
    let (status, wire, _) = wire_of_put("slow-commit:for=60000");
    assert_eq!(
        (status, wire.delay),
        (Some(201), Some(Duration::from_secs(60)))
    );
    let mut client = Client::of_alice("token-slow:for=7");
    let (_, wire) = client.try_send(crate::harness::TOKEN, &[], b"");
    assert_eq!(wire.delay, Some(Duration::from_millis(7)));
}

#[test]
fn connections_are_refused_for_a_while() {
    let (status, wire, _) = wire_of_put("connect-refused:step=put,for=11");
    assert_eq!(
        (status, wire.refuse),
        (None, Some(Duration::from_millis(11)))
    );
}

#[test]
fn tls_fails() {
    for (form, fault) in [
        ("unknown", TlsFault::Unknown),
        ("wrong-host", TlsFault::WrongHost),
        ("expired", TlsFault::Expired),
        ("close", TlsFault::Close),
    ] {
        let mut client = Client::of("tls-fail");
        client.registry.disarm();
        client
            .registry
            .arm(format!("tls-fail:form={form}").parse().unwrap());
        assert_eq!(client.registry.connect(Duration::ZERO).tls, Some(fault));
    }
}

#[test]
fn connections_are_not_kept() {
    let (status, wire, _) = wire_of_put("keepalive-close");
    assert_eq!((status, wire.close), (Some(201), true));
    let answer = Client::of("keepalive-close:say=close").send(POST, &[], b"");
    assert_eq!(answer.header("connection"), Some("close"));
}

#[test]
fn http_2_has_its_own() {
    let wire = |fault: &str| Client::of(fault).try_send(POST, &[], b"").1;
    assert_eq!(wire("h2-goaway").h2, Some(H2Fault::GoAway));
    assert_eq!(wire("h2-refused").h2, Some(H2Fault::Refused));
    let (status, wire, _) = wire_of_put("h2-rst-no-error");
    assert_eq!(
        (status, wire.early, wire.h2),
        (Some(413), Some(0), Some(H2Fault::NoError))
    );
}

#[test]
fn expectations_are_disappointed() {
    let (status, wire, _) = wire_of_put("no-continue");
    assert!(wire.no_continue && status == Some(201));
    let (status, ..) = wire_of_put("expect-417");
    assert_eq!(status, Some(417));
    assert_eq!(Client::of("expect-417").send(POST, &[], b"").status(), 202);
}

#[test]
fn there_are_interim_answers() {
    let mut client = Client::of("interim-responses");
    let (_, wire) = client.try_send(MANIFEST, &[], b"{}");
    assert_eq!(wire.interim, [102, 103]);
}
