//! The checks of what was pushed before: mounts, second tags, identity tokens, fallback tags.

use longshore_mock_registry::judge::Verdict;
use longshore_protocol::Digest;

use crate::client::{Client, IDENTITY, LAYER, TYPE, manifest, open};

const ELSEWHERE: &str = "runs = 2\nfirst-to = { repository = 'demo/base', tag = 'latest' }";
const OTHER_TAG: &str = "runs = 2\nfirst-to = { repository = 'demo/app', tag = 'first' }";
const FALLBACK: &str = "PUT /v2/demo/app/manifests/sha256-0000000000000000000000000000000000000000000000000000000000000000";

#[test]
fn a_mount_needs_a_token_for_its_source() {
    let mount = |scope: &str| {
        let mut client = Client::of(ELSEWHERE);
        client.log_in();
        let token = format!("GET /token?service=registry.test&scope={scope}");
        client.send(&token, &[], b"");
        client.send(&mount_of_layer(), &[], b"");
        client.verdict("C21")
    };
    assert_eq!(mount("repository%3Ademo%2Fbase%3Apull"), Verdict::Pass);
    assert_eq!(mount("repository:demo/base:pull"), Verdict::Pass);
    assert_eq!(mount("repository:demo/other:pull"), Verdict::Fail);
    let anonymous = open("C21", ELSEWHERE, |c| {
        drop(c.send(&mount_of_layer(), &[], b""));
    });
    assert_eq!(anonymous, Verdict::Pass);
    assert_eq!(
        open("C21", ELSEWHERE, Client::push_all),
        Verdict::NotExercised
    );
}

#[test]
fn only_a_repetition_may_be_left_undone() {
    let push = |id: &str, scenario: &str| open(id, scenario, Client::push_all);
    assert_eq!(push("C25", "runs = 2"), Verdict::Warn);
    assert_eq!(push("C25", OTHER_TAG), Verdict::NotExercised);
    assert_eq!(push("C56", ELSEWHERE), Verdict::Pass);
    let idle = open("C56", ELSEWHERE, |_| ());
    assert_eq!(idle, Verdict::Fail, "what is elsewhere is not pushed here");
}

#[test]
fn a_second_tag_costs_no_blobs() {
    let tag = |again: bool| {
        let mut client = Client::open_door(OTHER_TAG);
        client.push(LAYER);
        client.send(
            "PUT /v2/demo/app/manifests/first",
            &[("content-type", TYPE)],
            manifest().as_bytes(),
        );
        client.known = vec![Digest::sha256(LAYER).to_string()];
        client.registry.recorder_mut().clear();
        if again {
            client.push(LAYER);
        }
        client.manifest();
        client.verdict("C68")
    };
    assert_eq!((tag(false), tag(true)), (Verdict::Pass, Verdict::Fail));
}

#[test]
fn entries_of_others_are_kept() {
    let put = |body: &str| {
        let mut client = Client::open_door("");
        client.referrer = Some("sha256:f00".into());
        client.send(&FALLBACK.replace("PUT", "GET"), &[("accept", TYPE)], b"");
        client.send(FALLBACK, &[("content-type", TYPE)], body.as_bytes());
        client.verdict("C66")
    };
    assert_eq!(
        put(r#"{"manifests":[{"digest":"sha256:f00"}]}"#),
        Verdict::Pass
    );
    assert_eq!(put(r#"{"manifests":[]}"#), Verdict::Fail);
}

#[test]
fn an_identity_token_is_exchanged_where_tokens_are_given() {
    let exchange = |fault: &str| {
        let mut client = Client::of(&format!("profile = 'acr'\nidentity = true\n{fault}"));
        let form =
            format!("grant_type=refresh_token&refresh_token={IDENTITY}&service=registry.test");
        client.send("POST /oauth2/token", &[], form.as_bytes());
        client.end.exit = Some(1);
        client.verdict("C41")
    };
    assert_eq!(exchange(""), Verdict::Pass, "whatever came of the push");
    assert_eq!(exchange("faults = ['post-token-404']"), Verdict::Fail);
    let hidden = Client::of("profile = 'acr'\nidentity = true").verdict("C41");
    assert_eq!(hidden, Verdict::NotExercised, "it used something else");
    let mut client = Client::of("profile = 'acr'\nidentity = true");
    client.log_in();
    client.send(
        "GET /v2/",
        &[("authorization", &format!("Bearer {IDENTITY}"))],
        b"",
    );
    let asked = client.evidence().exchanges;
    assert_eq!(asked.iter().last().unwrap().secrets[0].label, "<refresh:1>");
}

#[test]
fn what_a_client_prints_tells_where_it_went() {
    let says = |output: &str| {
        let scenario =
            "faults = ['location-ssrf:to=metadata']\nexpect = 'failure'\ndecides = ['C34']";
        open("C34", scenario, |c| {
            c.open();
            c.end.exit = Some(1);
            c.end.output = output.into();
        })
    };
    assert_eq!(
        says("dial tcp 169.254.169.254:80: connect: no route to host"),
        Verdict::Warn
    );
    assert_eq!(says("the upload's URL leads inside"), Verdict::Pass);
}

fn mount_of_layer() -> String {
    let digest = Digest::sha256(LAYER);
    format!("POST /v2/demo/app/blobs/uploads/?mount={digest}&from=demo%2Fbase")
}
