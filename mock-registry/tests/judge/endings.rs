//! The checks of failure and of the newer API, by good clients and bad ones.

use std::time::Duration;

use longshore_mock_registry::judge::Verdict;
use longshore_protocol::Digest;

use crate::client::{Client, LAYER, TYPE, open, with_digest};

const POST: &str = "POST /v2/demo/app/blobs/uploads/";
const MANIFEST: &str = "PUT /v2/demo/app/manifests/latest";

#[test]
fn pauses_are_made() {
    let wait = |seconds: u64| {
        open("C45", "faults = ['429-seconds:seconds=3']", |c| {
            c.send(POST, &[], b"");
            c.now += Duration::from_secs(seconds);
            c.push_all();
        })
    };
    assert_eq!((wait(3), wait(1)), (Verdict::Pass, Verdict::Fail));
    let tries = |id: &str, count: u32, growth: u32| {
        open(id, "faults = ['5xx-burst:step=post,times=always']", |c| {
            for n in 0..count {
                c.send(POST, &[], b"");
                c.now += Duration::from_millis(100) * growth.pow(n);
            }
        })
    };
    assert_eq!(
        (tries("C46", 5, 1), tries("C46", 13, 1)),
        (Verdict::Pass, Verdict::Fail)
    );
    assert_eq!(
        (tries("C47", 5, 2), tries("C47", 5, 1)),
        (Verdict::Pass, Verdict::Fail)
    );
    let again = |count: u32| {
        open("C48", "faults = ['quota']", |c| {
            (0..count).for_each(|_| drop(c.send(POST, &[], b"")));
        })
    };
    assert_eq!((again(1), again(2)), (Verdict::Pass, Verdict::Fail));
    let mut client = Client::open_door("faults = ['stall']");
    client.push(LAYER);
    client.end.timed_out = true;
    assert_eq!(client.verdict("C60"), Verdict::Fail);
}

#[test]
fn the_end_decides_where_nothing_else_can() {
    for id in [
        "C9", "C11", "C36", "C37", "C38", "C41", "C49", "C50", "C51", "C52", "C53", "C54", "C61",
        "C70", "C71",
    ] {
        let scenario = format!("decides = ['{id}']\nfaults = ['session-lost']");
        let good = open(id, &scenario, |c| {
            c.push(LAYER);
            c.push_all();
        });
        assert_eq!(good, Verdict::Pass, "{id}");
        let bad = open(id, &scenario, |c| {
            c.push(LAYER);
            c.end.exit = Some(1);
        });
        assert_eq!(bad, Verdict::Fail, "{id}");
        let unreached = open(id, &scenario, |c| c.end.exit = Some(1));
        assert_eq!(unreached, Verdict::NotExercised, "{id}");
    }
}

#[test]
fn tags_and_reports_are_true() {
    let unmoved = open("C55", "faults = ['immutable-tag']", |c| {
        c.push_all();
        c.end.exit = Some(1);
    });
    assert_eq!(unmoved, Verdict::Pass);
    assert_eq!(open("C56", "", |_| ()), Verdict::Fail);
    assert_eq!(open("C57", "", |_| ()), Verdict::Fail);
    let dumb = open("C57", "", |c| c.end.exit = Some(1));
    assert_eq!(dumb, Verdict::Fail);
    let raw = open(
        "C57",
        "faults = ['html-error:step=manifest']\nexpect = 'failure'",
        |c| {
            c.push_all();
            c.end.exit = Some(1);
            c.end.output = "502 \u{1b}[31m".into();
        },
    );
    assert_eq!(raw, Verdict::Fail);
    let pipe = open("C58", "faults = ['early-response']", |c| {
        c.push(LAYER);
        c.end.output = "write: Broken pipe".into();
    });
    assert_eq!(pipe, Verdict::Fail);
    let fat = open("C59", "", |c| c.end.memory = Some(1 << 30));
    assert_eq!(fat, Verdict::Fail);
    let said = |times: usize| {
        open("C64", "faults = ['warning-headers']", |c| {
            c.push_all();
            c.end.output = "a warning for you\n".repeat(times);
        })
    };
    assert_eq!(
        (said(1), said(0), said(2)),
        (Verdict::Pass, Verdict::Fail, Verdict::Fail)
    );
    assert_eq!(open("C74", "", Client::push_all), Verdict::Fail);
}

#[test]
fn words_count_where_words_are_meant() {
    let scenario =
        "faults = ['quota']\nexpect = 'failure'\nsays = ['quota']\ndecides = ['C48', 'C57']";
    let fail = |id: &str, output: &str| {
        open(id, scenario, |c| {
            c.send(POST, &[], b"");
            c.end.exit = Some(1);
            c.end.output = output.into();
        })
    };
    assert_eq!(
        (fail("C57", "over quota"), fail("C57", "oops")),
        (Verdict::Pass, Verdict::Fail)
    );
    assert_eq!(fail("C48", "oops"), Verdict::Pass);
}

#[test]
fn redirects_end_and_keep_their_method() {
    let put = |get: bool| {
        open(
            "C62",
            "faults = ['redirect:step=put,status=302,to=here']",
            |c| {
                let location = c.open();
                c.put(&location, LAYER);
                if get {
                    c.send(&format!("GET {location}"), &[], b"");
                }
            },
        )
    };
    assert_eq!((put(false), put(true)), (Verdict::Pass, Verdict::Fail));
    let follow = |times: u32| {
        open("C63", "faults = ['redirect-loop']", |c| {
            (0..times).for_each(|_| drop(c.send("HEAD /v2/demo/app/blobs/sha256:x", &[], b"")));
        })
    };
    assert_eq!((follow(5), follow(30)), (Verdict::Pass, Verdict::Fail));
}

#[test]
fn the_newer_api_is_used_rightly() {
    let subject = Digest::sha256(b"subject");
    let push = |c: &mut Client| {
        let body = format!(
            r#"{{"schemaVersion":2,"mediaType":"{TYPE}","config":{{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{0}","size":{1}}},"layers":[],"subject":{{"mediaType":"{TYPE}","digest":"{subject}","size":1}}}}"#,
            Digest::sha256(LAYER),
            LAYER.len()
        );
        c.push(LAYER);
        c.send(MANIFEST, &[("content-type", TYPE)], body.as_bytes());
    };
    assert_eq!(open("C65", "", push), Verdict::Pass);
    let fallback = format!(
        "/v2/demo/app/manifests/{}",
        subject.to_string().replacen(':', "-", 1)
    );
    let needless = open("C65", "", |c| {
        push(c);
        c.send(&format!("PUT {fallback}"), &[("content-type", TYPE)], b"{}");
    });
    assert_eq!(needless, Verdict::Fail);
    let blind = |read: bool| {
        open("C66", "", |c| {
            if read {
                c.send(&format!("GET {fallback}"), &[("accept", TYPE)], b"");
            }
            c.send(&format!("PUT {fallback}"), &[("content-type", TYPE)], b"{}");
        })
    };
    assert_eq!((blind(true), blind(false)), (Verdict::Pass, Verdict::Fail));
    assert_eq!(
        open("C67", "", |c| drop(c.send(
            &format!("{MANIFEST}?tag=a"),
            &[],
            b"{}"
        ))),
        Verdict::Pass
    );
    let second = |again: bool| {
        open("C68", "", |c| {
            c.push_all();
            if again {
                c.push(LAYER);
            }
            let what = "PUT /v2/demo/app/manifests/second";
            c.send(
                what,
                &[("content-type", TYPE)],
                crate::client::manifest().as_bytes(),
            );
        })
    };
    assert_eq!(
        (second(false), second(true)),
        (Verdict::Pass, Verdict::Fail)
    );
    let sha512 = format!("sha512:{}", "0".repeat(128));
    let other = |announce: &str| {
        open("C69", "", |c| {
            c.send(&format!("{POST}{announce}"), &[], b"");
            let location = c.open();
            c.send(&format!("PUT {location}?digest={sha512}"), &[], LAYER);
        })
    };
    assert_eq!(
        (other("?digest-algorithm=sha512"), other("")),
        (Verdict::Pass, Verdict::Fail)
    );
    let single = open("C72", "", |c| {
        drop(c.send(&with_digest(POST, LAYER), &[], LAYER));
    });
    assert_eq!(single, Verdict::Pass);
    assert_eq!(
        open("C73", "", |c| drop(c.send(
            POST,
            &[("x-injected", "yes")],
            b""
        ))),
        Verdict::Fail
    );
}
