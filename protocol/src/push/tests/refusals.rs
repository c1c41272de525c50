//! Which 401 is final, which costs a token, and who is asked then.

use std::time::Duration;

use super::bench::*;
use crate::*;

const BEARER: &str = r#"Bearer realm="https://auth.example/token",service="q""#;
const BASIC: &str = "Basic realm=\"x\"";
const TOKEN: &str = "GET https://auth.example/token?service=q&scope=repository:team/app:pull,push";
const OPEN: &str = "POST /v2/team/app/blobs/uploads/";

/// A push that was challenged like this and is given a password next.
fn asking(challenge: &str) -> Bench {
    let mut bench = Bench::new(config());
    refuse_next(&mut bench, challenge);
    bench
}

/// One that looks for two blobs with its first token, which lives for so many seconds.
fn looking(life: u64) -> (Bench, Call, Call) {
    let mut bench = asking(BEARER);
    hand_in_password(&mut bench);
    grant(&mut bench, "t1", life);
    bench.answer(OPEN, 202, &[("location", "/up/0")]);
    bench.add(BlobSpec::known(blob("a")));
    bench.add(BlobSpec::known(blob("b")));
    let (a, b) = (bench.next(), bench.next());
    (bench, a, b)
}

fn hand_in_password(bench: &mut Bench) {
    bench.hand_in(Some(Credentials::password("me", "pass-canary")));
}

/// Answers the request for a token, which is the newest of all.
fn grant(bench: &mut Bench, text: &str, life: u64) {
    let call = bench.calls.pop_back().expect("a token is asked for");
    assert_eq!(call.line(), TOKEN);
    let body = format!(r#"{{"token":"{text}","expires_in":{life}}}"#);
    bench.reply(call, 200, &[], &body, part(0));
}

fn refuse(bench: &mut Bench, call: Call, challenge: &str) {
    bench.reply(call, 401, &[("www-authenticate", challenge)], "", part(0));
}

fn refuse_next(bench: &mut Bench, challenge: &str) {
    let call = bench.next();
    refuse(bench, call, challenge);
}

#[test]
fn whoever_asks_for_credentials_says_who_gets_them() {
    for (challenge, recipient) in [
        (BEARER, "https://auth.example"),
        (BASIC, "https://q.example"),
    ] {
        let mut bench = asking(challenge);
        let request = bench.asked.pop_front().expect("credentials are asked for");
        assert_eq!(request.recipient.to_string(), recipient);
        assert_eq!(request.registry, "q.example");
    }
}

#[test]
fn nobody_is_asked_for_a_password_that_was_good_for_what_was_sent_with_it() {
    let mut bench = asking(BASIC);
    hand_in_password(&mut bench);
    bench.answer(OPEN, 202, &[("location", "/up/0")]);
    bench.add(BlobSpec::known(blob("a")));
    bench.add(BlobSpec::known(blob("b")));
    // Both were on their way when the registry had its moment.
    let (a, b) = (bench.next(), bench.next());
    refuse(&mut bench, a, BASIC);
    refuse(&mut bench, b, BASIC);
    assert!(bench.asked.is_empty());
    assert_eq!(bench.calls.len(), 2);
    // Both are there, and the registry has another moment.
    bench.answer_next(200, &[]);
    bench.answer_next(200, &[]);
    bench.set_manifest();
    refuse_next(&mut bench, BASIC);
    assert!(bench.asked.is_empty());
}

#[test]
fn whoever_had_no_credentials_is_asked_whether_there_are_some_now() {
    let mut bench = asking(BASIC);
    assert_eq!(bench.hand_in(None), CredentialsReason::Challenged);
    refuse_next(&mut bench, BASIC);
    let reason = bench.hand_in(Some(Credentials::password("me", "pass-canary")));
    assert_eq!(reason, CredentialsReason::AnonymousRefused);
}

#[test]
fn a_scope_that_a_token_under_way_has_costs_no_other_one() {
    let mut bench = asking(BEARER);
    let source: Repository = "other/app".parse().expect("it has the form");
    let mounted = |text| BlobSpec::known(blob(text)).with_mount_from(source.clone());
    bench.add(mounted("a"));
    hand_in_password(&mut bench);
    bench.add(mounted("b"));
    let with_scope = format!("{TOKEN}&scope=repository:other/app:pull");
    bench.answer_with(&with_scope, 200, &[], r#"{"token":"t1"}"#);
    assert_eq!(bench.next().header("authorization"), Some("Bearer t1"));
}

#[test]
fn a_refusal_of_an_older_token_than_the_newest_is_not_final() {
    let (mut bench, a, b) = looking(3600);
    refuse(&mut bench, a, BEARER);
    grant(&mut bench, "t2", 3600);
    let a = bench.next();
    assert_eq!(a.header("authorization"), Some("Bearer t2"));
    refuse(&mut bench, b, BEARER);
    let b = bench.next();
    assert_eq!(b.header("authorization"), Some("Bearer t2"));
    bench.add(BlobSpec::known(blob("c")));
    let c = bench.next();
    refuse(&mut bench, c, BEARER);
    grant(&mut bench, "t3", 3600);
    // It was refused twice, and the token of the second time has been replaced.
    refuse(&mut bench, a, BEARER);
    let again = bench.calls.back().expect("it is sent again");
    assert_eq!(again.request.method(), "HEAD");
    assert_eq!(again.header("authorization"), Some("Bearer t3"));
}

#[test]
fn a_refusal_of_the_same_token_twice_is_not_final() {
    let (mut bench, a, _b) = looking(1);
    let refused = (a.line(), "Bearer t1");
    bench.now = bench.now + Duration::from_millis(600);
    bench.add(BlobSpec::known(blob("c")));
    // The token is old; while the next one is asked for, the old one is refused, and the server has
    // no next one.
    refuse(&mut bench, a, BEARER);
    bench.answer(TOKEN, 401, &[]);
    let a = bench.next();
    assert_eq!(
        (a.line(), a.header("authorization").unwrap_or_default()),
        (refused.0, refused.1)
    );
    refuse(&mut bench, a, BEARER);
    grant(&mut bench, "t2", 3600);
    assert!(!bench.done);
}

#[test]
fn tokens_that_die_in_every_pause_are_no_accident() {
    let (mut bench, mut a, mut b) = looking(3600);
    for refusals in 1..=5 {
        refuse(&mut bench, a, BEARER);
        if refusals == 5 {
            break;
        }
        bench.reply(b, 429, &[("retry-after", "9")], "", part(0));
        grant(&mut bench, "t", 3600);
        bench.sleep();
        (a, b) = (bench.next(), bench.next());
    }
    // A blob that may not be looked for is sent.
    let line = bench.calls.back().map(Call::line);
    assert!(
        line.as_deref().is_some_and(|line| line.starts_with("PUT")),
        "{line:?}"
    );
}

#[test]
fn a_session_is_deleted_while_a_token_is_fetched() {
    let mut config = config();
    config.controls = 1;
    let mut bench = Bench::new(config);
    refuse_next(&mut bench, BEARER);
    hand_in_password(&mut bench);
    grant(&mut bench, "t1", 3600);
    bench.answer(OPEN, 202, &[("location", "/up/0")]);
    bench.add(BlobSpec::unknown(MediaType::OCI_LAYER_GZIP, Replay::Never));
    let patch = bench.next();
    bench.add(BlobSpec::known(blob("a")));
    let head = bench.next();
    refuse(&mut bench, head, BEARER);
    bench.break_off(patch, FailureKind::Interrupted, part(0));
    assert_eq!(bench.lines(), [TOKEN, "DELETE /up/0"]);
}
