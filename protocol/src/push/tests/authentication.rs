use std::time::Duration;

use super::bench::*;
use crate::*;

const BEARER: &str = r#"Bearer realm="https://auth.example/token",service="q",scope="repository:team/app:pull,push""#;
const TOKEN: &str = "GET https://auth.example/token?service=q&scope=repository:team/app:pull,push";
const OPEN: &str = "POST /v2/team/app/blobs/uploads/";

fn me() -> Option<Credentials> {
    Some(Credentials::password("me", "pass-canary"))
}

/// A push that has answered its first Bearer challenge and is asking for a token.
fn challenged(credentials: Option<Credentials>) -> Bench {
    let mut bench = Bench::new(config());
    bench.answer("GET /v2/", 401, &[("www-authenticate", BEARER)]);
    assert_eq!(bench.hand_in(credentials), CredentialsReason::Challenged);
    bench
}

fn token(bench: &mut Bench, text: &str, seconds: u64) {
    let body = format!(r#"{{"token":"{text}","expires_in":{seconds}}}"#);
    bench.answer_with(TOKEN, 200, &[], &body);
}

#[test]
fn bearer_asks_for_the_push_scope_at_once_and_carries_the_token_only_to_the_registry() {
    let mut bench = challenged(me());
    let call = bench.calls.front().expect("a token is asked for");
    assert_eq!(
        call.header("authorization"),
        Some("Basic bWU6cGFzcy1jYW5hcnk=")
    );
    token(&mut bench, "token-canary", 300);
    let open = bench.next();
    assert_eq!(open.line(), OPEN);
    assert_eq!(open.header("authorization"), Some("Bearer token-canary"));
    bench.reply(
        open,
        202,
        &[("location", "https://store.example/up?sig=1")],
        "",
        part(0),
    );
    bench.add(BlobSpec::known(blob("a")));
    bench.answer_next(404, &[]);
    let put = bench.next();
    assert_eq!(
        put.line(),
        format!(
            "PUT https://store.example/up?sig=1&digest={}",
            blob("a").digest
        )
    );
    assert_eq!(put.header("authorization"), None);
    assert!(
        bench
            .events
            .contains(&Event::Authenticated(Authentication::Bearer))
    );
}

#[test]
fn a_wrong_password_is_known_before_anything_is_packed() {
    let mut bench = challenged(me());
    bench.answer_with(
        TOKEN,
        401,
        &[],
        r#"{"errors":[{"code":"UNAUTHORIZED","message":"Invalid"}]}"#,
    );
    assert_eq!(bench.hand_in(None), CredentialsReason::Refused);
    let error = bench.error();
    assert_eq!(
        (error.kind(), error.phase()),
        (PushErrorKind::Unauthenticated, Phase::Authentication)
    );
    assert!(error.to_string().contains("Invalid"), "{error}");
}

#[test]
fn other_credentials_may_follow_wrong_ones() {
    let mut bench = challenged(me());
    bench.answer(TOKEN, 401, &[]);
    assert_eq!(
        bench.hand_in(Some(Credentials::password("you", "x"))),
        CredentialsReason::Refused
    );
    token(&mut bench, "t", 300);
    assert_eq!(bench.lines(), [OPEN]);
}

#[test]
fn what_was_refused_is_not_sent_again() {
    let mut bench = challenged(me());
    bench.answer(TOKEN, 401, &[]);
    while !bench.done {
        assert_eq!(bench.hand_in(me()), CredentialsReason::Refused);
        assert!(bench.calls.is_empty());
    }
    assert_eq!(bench.error().kind(), PushErrorKind::Unauthenticated);
}

#[test]
fn somebody_who_makes_up_answers_is_asked_a_few_times_only() {
    let mut bench = challenged(me());
    for n in 0..20 {
        if bench.done {
            break;
        }
        bench.answer(TOKEN, 401, &[]);
        if !bench.asked.is_empty() {
            bench.hand_in(Some(Credentials::password("me", format!("guess-{n}"))));
        }
    }
    let error = bench.error();
    assert_eq!(error.kind(), PushErrorKind::Unauthenticated);
    assert!(error.to_string().contains("are not taken"), "{error}");
    assert_eq!(error.hint(), Some("check user name and password"));
}

#[test]
fn a_password_that_was_good_a_moment_ago_is_tried_once_more() {
    let mut bench = Bench::new(config());
    bench.answer("GET /v2/", 401, &[("www-authenticate", "Basic")]);
    bench.hand_in(me());
    bench.answer(OPEN, 202, &[("location", "/up/0")]);
    bench.add(BlobSpec::known(blob("a")));
    bench.answer_next(401, &[("www-authenticate", "Basic")]);
    assert!(bench.asked.is_empty());
    bench.answer_next(401, &[("www-authenticate", "Basic")]);
    assert_eq!(bench.hand_in(None), CredentialsReason::Refused);
}

#[test]
fn a_token_that_permits_too_little_is_replaced_once() {
    let mut bench = challenged(me());
    token(&mut bench, "t1", 300);
    bench.answer(OPEN, 401, &[("www-authenticate", BEARER)]);
    token(&mut bench, "t2", 300);
    let open = bench.next();
    assert_eq!(open.header("authorization"), Some("Bearer t2"));
    bench.reply(open, 401, &[("www-authenticate", BEARER)], "", part(0));
    let error = bench.error();
    assert_eq!(
        (error.kind(), error.phase()),
        (PushErrorKind::Denied, Phase::Preflight)
    );
}

#[test]
fn without_credentials_an_anonymous_token_is_tried_and_then_credentials_are_wanted() {
    let mut bench = challenged(None);
    assert_eq!(bench.calls[0].header("authorization"), None);
    token(&mut bench, "anon", 300);
    bench.answer(OPEN, 401, &[("www-authenticate", BEARER)]);
    token(&mut bench, "anon2", 300);
    bench.answer(OPEN, 401, &[("www-authenticate", BEARER)]);
    assert_eq!(bench.hand_in(me()), CredentialsReason::AnonymousRefused);
    token(&mut bench, "mine", 300);
    assert_eq!(bench.next().header("authorization"), Some("Bearer mine"));
}

#[test]
fn without_credentials_and_without_hope_the_push_says_so() {
    let mut bench = challenged(None);
    bench.answer(TOKEN, 401, &[]);
    assert_eq!(bench.hand_in(None), CredentialsReason::AnonymousRefused);
    assert_eq!(bench.error().kind(), PushErrorKind::Unauthenticated);
}

#[test]
fn basic_goes_with_every_request() {
    let mut bench = Bench::new(config());
    bench.answer(
        "GET /v2/",
        401,
        &[("www-authenticate", "Basic realm=\"x\"")],
    );
    bench.hand_in(me());
    let open = bench.next();
    assert_eq!(
        open.header("authorization"),
        Some("Basic bWU6cGFzcy1jYW5hcnk=")
    );
    bench.reply(open, 401, &[("www-authenticate", "Basic")], "", part(0));
    assert_eq!(bench.hand_in(None), CredentialsReason::Refused);
    assert_eq!(bench.error().kind(), PushErrorKind::Unauthenticated);
}

#[test]
fn a_registry_token_needs_no_server_and_an_identity_token_a_form() {
    let mut bench = challenged(Some(Credentials::RegistryToken(Secret::new("reg"))));
    assert_eq!(bench.next().header("authorization"), Some("Bearer reg"));

    let mut bench = challenged(Some(Credentials::IdentityToken(Secret::new("refresh"))));
    let call = bench.next();
    assert_eq!(call.line(), "POST https://auth.example/token");
    assert_eq!(
        call.request.body(),
        &Payload::Bytes("grant_type=refresh_token&service=q&client_id=longshore&scope=repository:team/app:pull,push&refresh_token=refresh".into())
    );
    bench.reply(call, 405, &[], "", part(0));
    let get = bench.calls.front().expect("the other form is tried");
    assert!(
        get.header("authorization")
            .is_some_and(|header| header.starts_with("Basic "))
    );
    token(&mut bench, "t", 300);
    assert_eq!(bench.lines(), [OPEN]);
}

/// A token that lives for so many seconds is used after a while, and another one after a while more.
#[track_caller]
fn assert_replaced(life: u64, used: Duration, replaced: Duration) {
    let mut bench = challenged(me());
    token(&mut bench, "t1", life);
    bench.answer(OPEN, 202, &[("location", "/up/0")]);
    let granted = bench.now;
    bench.now = granted + used;
    bench.add(BlobSpec::known(blob("a")));
    let head = bench.next();
    assert_eq!(head.header("authorization"), Some("Bearer t1"));
    bench.now = granted + replaced;
    bench.reply(head, 404, &[], "", part(0));
    token(&mut bench, "t2", life);
    assert_eq!(bench.next().header("authorization"), Some("Bearer t2"));
}

#[test]
fn a_token_is_replaced_before_it_dies() {
    assert_replaced(60, Duration::from_secs(49), Duration::from_secs(51));
}

#[test]
fn a_short_token_is_used_for_most_of_its_life() {
    assert_replaced(16, Duration::from_secs(11), Duration::from_secs(13));
}

#[test]
fn a_token_may_die_a_second_before_its_time() {
    assert_replaced(2, Duration::from_millis(999), Duration::from_secs(1));
}

#[test]
fn a_one_time_password_does_not_spoil_a_token_that_still_works() {
    let mut bench = challenged(me());
    token(&mut bench, "t1", 60);
    bench.answer(OPEN, 202, &[("location", "/up/0")]);
    bench.now = bench.now + Duration::from_secs(55);
    bench.add(BlobSpec::known(blob("a")));
    bench.answer(TOKEN, 401, &[]);
    assert_eq!(bench.next().header("authorization"), Some("Bearer t1"));
}

#[test]
fn a_401_in_the_middle_of_an_upload_costs_a_token_and_not_the_session() {
    let mut bench = challenged(me());
    token(&mut bench, "t1", 3600);
    bench.answer(OPEN, 202, &[("location", "/up/0")]);
    bench.add(BlobSpec::known(blob("a")));
    bench.answer_next(404, &[]);
    let put = bench.next();
    bench.reply(put, 401, &[("www-authenticate", BEARER)], "", part(1));
    token(&mut bench, "t2", 3600);
    let put = bench.next();
    assert_eq!(put.line(), format!("PUT /up/0?digest={}", blob("a").digest));
    assert_eq!(put.header("authorization"), Some("Bearer t2"));
    assert_eq!(put.slice(), Some((0, Extent::Exact(1))));
}

#[test]
fn two_requests_refused_with_one_token_cost_one_token() {
    let mut bench = challenged(me());
    token(&mut bench, "t1", 3600);
    bench.answer(OPEN, 202, &[("location", "/up/0")]);
    bench.add(BlobSpec::known(blob("a")));
    bench.add(BlobSpec::known(blob("b")));
    let (a, b) = (bench.next(), bench.next());
    bench.reply(a, 401, &[("www-authenticate", BEARER)], "", part(0));
    token(&mut bench, "t2", 3600);
    bench.reply(b, 401, &[("www-authenticate", BEARER)], "", part(0));
    let headers: Vec<_> = bench
        .calls
        .iter()
        .map(|call| call.header("authorization"))
        .collect();
    assert_eq!(headers, [Some("Bearer t2"); 2]);
}

#[test]
fn a_token_that_died_in_a_pause_is_not_a_refusal() {
    let mut bench = challenged(me());
    token(&mut bench, "t1", 3600);
    bench.answer(OPEN, 202, &[("location", "/up/0")]);
    bench.add(BlobSpec::known(blob("a")));
    bench.add(BlobSpec::known(blob("b")));
    let (a, b) = (bench.next(), bench.next());
    bench.reply(a, 401, &[("www-authenticate", BEARER)], "", part(0));
    bench.reply(b, 429, &[("retry-after", "9")], "", part(0));
    token(&mut bench, "t2", 3600);
    assert!(bench.sleep() >= Duration::from_secs(9));
    let lines = bench.lines();
    assert!(
        lines.iter().all(|line| line.starts_with("HEAD")),
        "{lines:?}"
    );
    // The server said that it would live for an hour.
    bench.answer_next(401, &[("www-authenticate", BEARER)]);
    token_last(&mut bench, "t3");
    let again = bench.calls.back().expect("it is asked again");
    assert_eq!(again.request.method(), "HEAD");
    assert_eq!(again.header("authorization"), Some("Bearer t3"));
}

/// Answers the newest request, which is for a token.
fn token_last(bench: &mut Bench, text: &str) {
    let call = bench.calls.pop_back().expect("a token is asked for");
    assert_eq!(call.line(), TOKEN);
    let body = format!(r#"{{"token":"{text}"}}"#);
    bench.reply(call, 200, &[], &body, part(0));
}

#[test]
fn what_does_not_exist_may_be_answered_with_401() {
    let mut bench = challenged(me());
    token(&mut bench, "t1", 3600);
    bench.answer(OPEN, 202, &[("location", "/up/0")]);
    bench.add(BlobSpec::known(blob("a")));
    bench.answer_next(401, &[("www-authenticate", BEARER)]);
    token(&mut bench, "t2", 3600);
    bench.answer_next(401, &[("www-authenticate", BEARER)]);
    assert_eq!(
        bench.lines(),
        [format!("PUT /up/0?digest={}", blob("a").digest)]
    );
}

#[test]
fn realms_that_are_refused() {
    for realm in [
        "http://auth.example/token",
        "https://169.254.169.254/",
        "https://127.0.0.1/token",
        "https://[::ffff:10.0.0.1]/",
    ] {
        let mut bench = Bench::new(config());
        bench.answer_next(
            401,
            &[("www-authenticate", &format!("Bearer realm=\"{realm}\""))],
        );
        let error = bench.error();
        assert_eq!(error.kind(), PushErrorKind::Unsafe, "{realm}: {error}");
    }
}

#[test]
fn a_token_server_may_be_busy_too() {
    let mut bench = challenged(me());
    bench.answer(TOKEN, 429, &[("retry-after", "3")]);
    assert!(bench.sleep() >= Duration::from_secs(3));
    bench.answer(TOKEN, 500, &[]);
    bench.sleep();
    token(&mut bench, "t", 60);
    assert_eq!(bench.lines(), [OPEN]);
}

#[test]
fn a_scope_that_is_not_to_be_had_does_not_spoil_the_push() {
    let mut bench = challenged(me());
    token(&mut bench, "t1", 3600);
    bench.answer(OPEN, 202, &[("location", "/up/0")]);
    let source: Repository = "other/app".parse().expect("it has the form");
    bench.add(BlobSpec::known(blob("a")).with_mount_from(source));
    bench.answer(
        &format!("{TOKEN}&scope=repository:other/app:pull"),
        403,
        &[],
    );
    token(&mut bench, "t2", 3600);
    assert_eq!(bench.next().header("authorization"), Some("Bearer t2"));
}

#[test]
fn a_token_that_lacks_a_scope_when_it_comes_is_replaced() {
    let mut bench = challenged(me());
    let source: Repository = "other/app".parse().expect("it has the form");
    bench.add(BlobSpec::known(blob("a")).with_mount_from(source));
    token(&mut bench, "t1", 3600);
    bench.answer_with(
        &format!("{TOKEN}&scope=repository:other/app:pull"),
        200,
        &[],
        r#"{"token":"t2"}"#,
    );
    assert_eq!(bench.next().header("authorization"), Some("Bearer t2"));
}

#[test]
fn a_token_answer_without_a_token_is_the_end() {
    let mut bench = challenged(me());
    bench.answer_with(TOKEN, 200, &[], "<html>login</html>");
    assert_eq!(bench.error().kind(), PushErrorKind::Unintelligible);
}

#[test]
fn a_token_server_does_not_pass_credentials_on() {
    let mut bench = challenged(me());
    bench.answer(TOKEN, 307, &[("location", "https://evil.example/token")]);
    assert_eq!(bench.error().kind(), PushErrorKind::Unsafe);
}

#[test]
fn an_invitation_on_success_is_taken() {
    let mut bench = Bench::new(config());
    bench.answer("GET /v2/", 200, &[("www-authenticate", BEARER)]);
    bench.hand_in(me());
    token(&mut bench, "t", 60);
    assert_eq!(bench.next().header("authorization"), Some("Bearer t"));
}

#[test]
fn where_there_is_no_token_server_an_identity_token_stands_in_for_a_password() {
    let mut bench = Bench::new(config());
    bench.answer(
        "GET /v2/",
        401,
        &[("www-authenticate", "Basic realm=\"r\"")],
    );
    let ask = bench.asked.pop_front().expect("credentials are asked for");
    let token = Credentials::IdentityToken(Secret::new("identity"));
    assert!(format!("{token:?}").contains("<identity token>"));
    bench
        .push
        .handle_credentials(bench.now, ask.ticket, Some(token));
    bench.drain();
    let header = bench.next().header("authorization").map(str::to_owned);
    assert!(header.is_some_and(|header| header.starts_with("Basic ")));
}

#[test]
fn credentials_that_cannot_stand_in_a_header_are_named() {
    let mut bench = Bench::new(config());
    bench.answer(
        "GET /v2/",
        401,
        &[("www-authenticate", "Basic realm=\"r\"")],
    );
    let ask = bench.asked.pop_front().expect("credentials are asked for");
    let broken = Credentials::RegistryToken(Secret::new("two\nlines"));
    assert!(format!("{broken:?}").contains("<registry token>"));
    bench
        .push
        .handle_credentials(bench.now, ask.ticket, Some(broken));
    bench.drain();
    let error = bench.error();
    assert_eq!(error.kind(), PushErrorKind::Unauthenticated);
    assert!(
        error.to_string().contains("cannot stand in a header"),
        "{error}"
    );
}

#[test]
fn a_user_name_that_cannot_be_sent_is_not_left_out() {
    for challenge in [BEARER, "Basic realm=\"r\""] {
        let mut bench = Bench::new(config());
        bench.answer("GET /v2/", 401, &[("www-authenticate", challenge)]);
        let ask = bench.asked.pop_front().expect("credentials are asked for");
        let broken = Credentials::password("a:b", "secret");
        bench
            .push
            .handle_credentials(bench.now, ask.ticket, Some(broken));
        bench.drain();
        assert!(bench.calls.is_empty(), "{challenge}");
        let told = bench.error().to_string();
        assert!(told.contains("cannot stand in a header"), "{told}");
    }
}

#[test]
fn an_answer_to_an_old_question_for_credentials_is_ignored() {
    let mut bench = Bench::new(config());
    bench.answer("GET /v2/", 401, &[("www-authenticate", BEARER)]);
    let ask = bench.asked.pop_front().expect("credentials are asked for");
    bench.push.cancel(bench.now);
    bench.push.handle_credentials(bench.now, ask.ticket, me());
    bench.drain();
    assert!(bench.calls.is_empty());
    assert_eq!(bench.error().kind(), PushErrorKind::Cancelled);
}
