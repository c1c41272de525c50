use super::bench::*;
use crate::*;

const CANARIES: [&str; 4] = [
    "pass-canary",
    "token-canary",
    "sig-canary",
    "cGFzcy1jYW5hcnk",
];

fn assert_clean(text: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "invariant 12: {canary} in {text}");
    }
}

#[test]
fn nothing_that_can_be_printed_has_a_secret_in_it() {
    assert_eq!(format!("{:?}", Secret::new("pass-canary")), "<secret>");
    let mut bench = Bench::new(config());
    let challenge = r#"Bearer realm="https://auth.example/t""#;
    bench.answer("GET /v2/", 401, &[("www-authenticate", challenge)]);
    let request = bench.asked.pop_front().expect("credentials are asked for");
    assert_clean(&format!("{request:?}"));
    let me = Credentials::password("me", "pass-canary");
    assert_clean(&format!("{me:?}"));
    bench
        .push
        .handle_credentials(bench.now, request.ticket, Some(me));
    assert_clean(&format!("{:?}", bench.push));
    let Output::Send(exchange) = bench.push.poll(bench.now) else {
        panic!("a token is asked for");
    };
    assert_clean(&format!("{exchange:?}"));
    let response = http::Response::new(r#"{"token":"token-canary"}"#.into());
    bench
        .push
        .handle_response(bench.now, exchange.ticket, response, Receipt::default());
    bench.drain();
    assert_clean(&format!("{:?}", bench.push));
    let location = ("location", "https://store.example/up?sig=sig-canary");
    bench.answer_next(202, &[location]);
    bench.add(BlobSpec::known(blob("a")));
    bench.answer_next(404, &[]);
    let put = bench.next();
    assert_clean(&format!("{:?} {:?}", bench.push, bench.events));
    // A server that repeats what it was told.
    let body = r#"{"errors":[{"code":"DENIED","message":"token-canary is not pass-canary"}]}"#;
    bench.reply(put, 403, &[], body, part(1));
    assert_clean(&format!("{:?} {:?}", bench.push, bench.events));
    let error = bench.error();
    assert_clean(&format!("{error} {error:?}"));
    assert!(
        error.to_string().contains("<secret> is not <secret>"),
        "{error}"
    );
}
