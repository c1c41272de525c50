//! Each check, by what it says of a client that does it right and of one that does not.

use std::time::Duration;

use longshore_mock_registry::judge::{Severity, Verdict, checks};
use longshore_mock_registry::record::Listener;
use longshore_protocol::Digest;

use crate::client::{Client, LAYER, TYPE, open, verdict, with_digest};

const POST: &str = "POST /v2/demo/app/blobs/uploads/";
const MANIFEST: &str = "PUT /v2/demo/app/manifests/latest";

#[test]
fn there_are_seventy_four() {
    let ids: Vec<&str> = checks().map(|check| check.id).collect();
    let all: Vec<String> = (1..=74).map(|n| format!("C{n}")).collect();
    assert_eq!(ids, all);
    assert!(
        checks()
            .filter(|check| check.severity == Severity::Must)
            .count()
            > 40
    );
}

#[test]
fn a_push_as_it_should_be_fails_nothing() {
    let mut client = Client::of("");
    client.log_in();
    client.push_all();
    let digest = client.evidence().store.digest.unwrap();
    client.end.output = format!("pushed {digest}");
    for check in checks() {
        let finding = client.finding(check.id);
        assert_ne!(
            finding.verdict,
            Verdict::Fail,
            "{} {}",
            check.id,
            finding.why
        );
    }
    for id in
        "C1 C2 C3 C4 C7 C8 C10 C14 C15 C17 C20 C26 C27 C28 C30 C32 C35 C43 C44 C56 C74".split(' ')
    {
        assert_eq!(client.verdict(id), Verdict::Pass, "{id}");
    }
}

#[test]
fn manifests_come_last_and_are_what_they_are() {
    assert_eq!(open("C1", "", |c| _ = c.manifest()), Verdict::Fail);
    let wrong = format!("PUT /v2/demo/app/manifests/{}", Digest::sha256(b"other"));
    assert_eq!(
        open("C2", "", |c| drop(c.send(&wrong, &[], b"{}"))),
        Verdict::Fail
    );
    let typed = |kind: &'static str| {
        open("C3", "", |c| {
            let body = format!(r#"{{"mediaType":"{TYPE}"}}"#);
            c.send(MANIFEST, &[("content-type", kind)], body.as_bytes());
        })
    };
    assert_eq!(typed("application/json"), Verdict::Fail);
    assert_eq!(typed(TYPE), Verdict::Pass);
}

#[test]
fn locations_are_kept_and_the_newest_is_used() {
    let critical = "faults = ['location-critical-query']";
    assert_eq!(open("C4", critical, |c| _ = c.push(LAYER)), Verdict::Pass);
    let mangled = open("C4", critical, |c| {
        let location = c.open().replace("%2f", "%2F");
        c.put(&location, LAYER);
    });
    assert_eq!(mangled, Verdict::Fail);
    let patched = |newest: bool| {
        open("C5", "faults = ['location-rotates']", |c| {
            let first = c.open();
            let answer = c.send(&format!("PATCH {first}"), &[], LAYER).unwrap();
            let second = answer.headers()["location"].to_str().unwrap().to_owned();
            let location = if newest { second } else { first };
            c.send(&format!("PUT {}", with_digest(&location, LAYER)), &[], b"");
        })
    };
    assert_eq!(
        (patched(true), patched(false)),
        (Verdict::Pass, Verdict::Fail)
    );
}

#[test]
fn chunks_are_counted_and_sized() {
    let patch = |id: &'static str, range: &'static str, profile: &'static str| {
        open(id, profile, move |c| {
            let location = c.open();
            c.send(
                &format!("PATCH {location}"),
                &[("content-range", range)],
                &LAYER[..10],
            );
            c.send(
                &format!("PATCH {location}"),
                &[("content-range", "10-19")],
                &LAYER[10..],
            );
        })
    };
    assert_eq!(patch("C6", "0-9", ""), Verdict::Pass);
    assert_eq!(patch("C6", "0-10", ""), Verdict::Fail);
    assert_eq!(patch("C6", "bytes 0-9/20", ""), Verdict::Fail);
    assert_eq!(patch("C6", "5-14", ""), Verdict::Fail);
}

#[test]
fn announced_limits_of_chunks_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let text = "name = 'mine'\nsummary = 'with limits'\n[chunk]\nmin-length = 8\nmax-length = 10\n";
    std::fs::write(&path, text).unwrap();
    let profile = format!("profile = '{}'", path.display());
    let chunks = |id: &str, first: usize| {
        open(id, &profile, |c| {
            let location = c.open();
            c.send(&format!("PATCH {location}"), &[], &LAYER[..first]);
            c.send(&format!("PATCH {location}"), &[], &LAYER[..2]);
        })
    };
    assert_eq!(
        (chunks("C12", 9), chunks("C12", 4)),
        (Verdict::Pass, Verdict::Fail)
    );
    assert_eq!(
        (chunks("C13", 9), chunks("C13", 12)),
        (Verdict::Pass, Verdict::Fail)
    );
}

#[test]
fn requests_are_in_form() {
    let twice = open("C7", "", |c| {
        let location = c.open();
        let target = with_digest(&with_digest(&location, LAYER), LAYER);
        c.send(&format!("PUT {target}"), &[], LAYER);
    });
    assert_eq!(twice, Verdict::Fail);
    let other = open("C7", "", |c| {
        let location = c.open();
        c.send(
            &format!("PUT {}", with_digest(&location, b"other")),
            &[],
            LAYER,
        );
    });
    assert_eq!(other, Verdict::Fail);
    let chunked = [("transfer-encoding", "chunked")];
    assert_eq!(
        open("C8", "", |c| drop(c.send(POST, &chunked, b""))),
        Verdict::Fail
    );
    assert_eq!(
        open("C8", "", |c| drop(c.send(POST, &[("no-length", "")], b""))),
        Verdict::Fail
    );
    let typed = open("C10", "", |c| {
        let location = c.open();
        c.send(
            &format!("PATCH {location}"),
            &[("content-type", "text/plain")],
            LAYER,
        );
    });
    assert_eq!(typed, Verdict::Fail);
    let lengths = [("content-length", "0"), ("content-length", "0")];
    assert_eq!(
        open("C14", "", |c| drop(c.send(POST, &lengths, b""))),
        Verdict::Fail
    );
    let nameless = open("C15", "", |c| {
        c.agent = None;
        c.open();
    });
    assert_eq!(nameless, Verdict::Fail);
    let accept = [("accept", TYPE)];
    assert_eq!(
        open("C17", "", |c| drop(c.send(POST, &accept, b""))),
        Verdict::Fail
    );
    let blind = open("C17", "", |c| {
        drop(c.send("HEAD /v2/demo/app/manifests/x", &[], b""));
    });
    assert_eq!(blind, Verdict::Fail);
    let trap = "faults = ['cookie-trap']";
    assert_eq!(open("C16", trap, |c| drop(c.open())), Verdict::Pass);
    let cookie = [("cookie", "trap=canary-cookie")];
    assert_eq!(
        open("C16", trap, |c| drop(c.send(POST, &cookie, b""))),
        Verdict::Fail
    );
    let waits = open("C18", "", |c| {
        c.send(POST, &[("expect", "100-continue")], b"");
        c.push_all();
    });
    assert_eq!(waits, Verdict::Pass);
}

#[test]
fn work_is_not_done_twice() {
    let again = |upload: bool, id: &str| {
        open(id, "runs = 2", |c| {
            c.push_all();
            c.known = vec![Digest::sha256(LAYER).to_string()];
            c.registry.recorder_mut().clear();
            c.send(
                &format!("HEAD /v2/demo/app/blobs/{}", Digest::sha256(LAYER)),
                &[],
                b"",
            );
            c.send(
                "HEAD /v2/demo/app/manifests/latest",
                &[("accept", TYPE)],
                b"",
            );
            if upload {
                c.push_all();
            }
        })
    };
    assert_eq!(
        (again(false, "C19"), again(true, "C19")),
        (Verdict::Pass, Verdict::Fail)
    );
    assert_eq!(
        (again(false, "C25"), again(true, "C25")),
        (Verdict::Pass, Verdict::Warn)
    );
    let twice = open("C20", "", |c| {
        c.push(LAYER);
        c.push(LAYER);
    });
    assert_eq!(twice, Verdict::Fail);
    assert_eq!(open("C26", "", |c| drop(c.open())), Verdict::Fail);
    let refused = open("C26", "faults = ['cancel-fails']", |c| {
        let location = c.open();
        c.send(&format!("DELETE {location}"), &[], b"");
    });
    assert_eq!(refused, Verdict::Pass);
    let busy = open("C27", "", |c| {
        for connection in 1..9 {
            c.peer.connection = connection;
            c.open();
        }
    });
    assert_eq!(busy, Verdict::Fail);
    let tokens = verdict("C30", "", |c| {
        c.log_in();
        c.token = None;
        c.log_in();
    });
    assert_eq!(tokens, Verdict::Fail);
}

#[test]
fn parallel_work_is_bounded() {
    let mut client = Client::open_door("");
    let (parts, ()) = http::Request::post("/v2/demo/app/blobs/uploads/")
        .body(())
        .unwrap()
        .into_parts();
    let turns: Vec<_> = (0..33)
        .map(|_| client.registry.begin(Duration::ZERO, client.peer, &parts))
        .collect();
    for turn in turns {
        client.registry.end(Duration::ZERO, turn);
    }
    assert_eq!(client.verdict("C28"), Verdict::Fail);
}

#[test]
fn mounts_go_on_as_they_should() {
    let mount = format!("{POST}?mount={}&from=demo/base", Digest::sha256(LAYER));
    let go_on = |same: bool| {
        open("C22", "", |c| {
            let answer = c.send(&mount, &[], b"").unwrap();
            let mut location = answer.headers()["location"].to_str().unwrap().to_owned();
            if !same {
                location = c.open();
            }
            c.put(&location, LAYER);
        })
    };
    assert_eq!((go_on(true), go_on(false)), (Verdict::Pass, Verdict::Fail));
    assert_eq!(
        open("C21", "", |c| drop(c.send(&mount, &[], b""))),
        Verdict::Pass
    );
    let refused = |goes_on: bool| {
        open("C23", "faults = ['mount-fails:form=403']", |c| {
            c.send(&mount, &[], b"");
            if goes_on {
                c.push_all();
            } else {
                c.end.exit = Some(1);
            }
        })
    };
    assert_eq!(
        (refused(true), refused(false)),
        (Verdict::Pass, Verdict::Fail)
    );
    let anonymous = format!("{POST}?mount={}", Digest::sha256(LAYER));
    let pushed = open("C24", "", |c| {
        c.send(&anonymous, &[], b"");
        c.push_all();
    });
    assert_eq!(pushed, Verdict::Pass);
    let failed = open("C24", "", |c| {
        c.send(&anonymous, &[], b"");
        c.end.exit = Some(1);
    });
    assert_eq!(failed, Verdict::Fail);
}

#[test]
fn cut_uploads_are_resumed() {
    let cut = |resume: bool| {
        open("C29", "faults = ['reset-at-byte:step=patch,at=5']", |c| {
            let first = c.open();
            assert!(c.send(&format!("PATCH {first}"), &[], LAYER).is_none());
            if resume {
                c.send(
                    &format!("PATCH {first}"),
                    &[("content-range", "5-19")],
                    &LAYER[5..],
                );
                c.send(&format!("PUT {}", with_digest(&first, LAYER)), &[], b"");
            } else {
                c.push(LAYER);
            }
            c.manifest();
        })
    };
    assert_eq!((cut(true), cut(false)), (Verdict::Pass, Verdict::Fail));
}

#[test]
fn secrets_stay_where_they_belong() {
    let elsewhere = |headers: &'static [(&'static str, &'static str)]| {
        let mut client = Client::of("faults = ['location-off-host']");
        client.log_in();
        let location = client.open();
        let token = client.token.take();
        client.peer.listener = Listener::Elsewhere;
        if !headers.is_empty() {
            client.token = token;
        }
        client.put(&location, LAYER);
        (client.verdict("C31"), client.verdict("C34"))
    };
    assert_eq!(elsewhere(&[]), (Verdict::Pass, Verdict::Pass));
    assert_eq!(elsewhere(&[("x", "y")]), (Verdict::Fail, Verdict::Fail));
    let basic = "Basic YWxpY2U6Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5";
    let password = verdict("C32", "", |c| {
        c.log_in();
        c.send(POST, &[("authorization", basic)], b"");
    });
    assert_eq!(password, Verdict::Fail);
    let realm = |answer: bool| {
        verdict("C33", "faults = ['evil-realm']", |c| {
            c.send(POST, &[], b"");
            c.peer.listener = Listener::Elsewhere;
            if answer {
                c.send("GET /token", &[("authorization", basic)], b"");
            }
        })
    };
    assert_eq!((realm(false), realm(true)), (Verdict::Pass, Verdict::Fail));
    let clear = verdict("C34", "tls = true\nusers = false", |c| {
        c.peer.secure = false;
        c.send("PUT /v2/demo/app/blobs/uploads/x", &[], LAYER);
    });
    assert_eq!(clear, Verdict::Fail);
    let url = verdict("C35", "", |c| {
        c.send(
            &format!("GET /token?password={}", crate::client::PASSWORD),
            &[],
            b"",
        );
    });
    assert_eq!(url, Verdict::Fail);
    let mut client = Client::of("");
    client.log_in();
    client.end.leaked = vec!["<password:alice>".into()];
    assert_eq!(client.verdict("C43"), Verdict::Fail);
}

#[test]
fn scopes_are_narrow_and_apart() {
    let ask = |id: &str, scope: &str| {
        verdict(id, "", |c| {
            drop(c.send(&format!("GET /token?{scope}"), &[], b""));
        })
    };
    assert_eq!(ask("C40", "scope=a:b:pull&scope=a:c:pull"), Verdict::Pass);
    assert_eq!(ask("C40", "scope=a:b:pull%20a:c:pull"), Verdict::Fail);
    assert_eq!(ask("C44", "scope=repository:a:pull,push"), Verdict::Pass);
    assert_eq!(ask("C44", "scope=repository:a:*"), Verdict::Fail);
    let basic = "Basic YWxpY2U6Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5";
    let asked = |first: bool| {
        verdict("C42", "auth = 'basic'", |c| {
            for _ in 0..4 {
                if first {
                    c.send(POST, &[], b"");
                }
                c.send(POST, &[("authorization", basic)], b"");
            }
        })
    };
    assert_eq!((asked(false), asked(true)), (Verdict::Pass, Verdict::Fail));
    let storm = verdict("C39", "faults = ['401-forever']", |c| {
        c.log_in();
        (0..20).for_each(|_| drop(c.send(POST, &[], b"")));
    });
    assert_eq!(storm, Verdict::Fail);
}
