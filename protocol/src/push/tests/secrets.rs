use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::bench::*;
use crate::wire::url::encoded;
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

proptest! {
    /// A registry that repeats the credentials, in any spelling, wherever it can put a text.
    #[test]
    fn nothing_that_a_registry_repeats_is_shown(
        secret in "[!-~]{8,24}",
        place in 0..PLACES,
        spelling in 0..5_usize,
        status in prop::sample::select(vec![201_u16, 307, 400, 401, 403, 404, 429, 500, 503]),
        kind in 0..3_usize,
    ) {
        // What of it could be in our own words proves nothing.
        prop_assume!(!secret.contains("secret"));
        let secret = format!("{secret}-cAnary");
        let credentials = match kind {
            0 => Credentials::password("me", secret.as_str()),
            1 => Credentials::RegistryToken(Secret::new(&secret)),
            _ => Credentials::IdentityToken(Secret::new(&secret)),
        };
        let spelt = match spelling {
            0 => secret.clone(),
            1 => STANDARD.encode(format!("me:{secret}")),
            2 => STANDARD.encode(&secret),
            3 => secret.bytes().map(|byte| format!("%{byte:02x}")).collect(),
            _ => encoded(&secret),
        };
        let mut bench = Bench::new(config());
        bench.answer("GET /v2/", 401, &[("www-authenticate", "Basic")]);
        bench.hand_in(Some(credentials));
        let call = bench.next();
        let trace = format!("{:?}", Exchange {
            ticket: Ticket(call.ticket.id()),
            request: call.request.clone(),
            limits: call.limits,
        });
        repeat(&mut bench, call, status, place, &spelt);
        let mut texts = vec![trace, format!("{:?} {:#?}", bench.push, bench.push)];
        texts.extend(bench.calls.drain(..).map(|call| {
            let Call { ticket, request, limits } = call;
            format!("{:?}", Exchange { ticket, request, limits })
        }));
        bench.push.cancel(bench.now);
        bench.push.cancel(bench.now);
        bench.drain();
        texts.push(format!("{:?}", bench.events));
        let error = bench.push.finish().expect_err("it was cancelled at the latest");
        texts.push(format!("{error} {error:?} {:?} {:?}", error.hint(), error.answer()));
        for text in texts {
            // Hosts are told in lower case.
            let text = text.to_lowercase();
            for form in [&spelt, &secret] {
                prop_assert!(!text.contains(&form.to_lowercase()), "{form} in {text}");
            }
        }
    }
}

/// Answers with `text` in one of so many places.
const PLACES: usize = 9;

fn repeat(bench: &mut Bench, call: Call, status: u16, place: usize, text: &str) {
    let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
    let warning = format!("299 - \"you said {quoted}.\"");
    let location = format!("https://x{}.example/{text}/?{text}", text.replace('/', ""));
    let realm = format!("Bearer realm=\"https://127.0.0.1/{text}\",service=\"{quoted}\"");
    let header = match place {
        0 => Some(("warning", warning)),
        1 => Some(("location", location)),
        2 => Some(("www-authenticate", realm)),
        3 => Some(("docker-content-digest", text.to_owned())),
        _ => None,
    };
    let json = |code: &str, message: &str, detail: &str| {
        let error = serde_json::json!({"code": code, "message": message, "detail": detail});
        serde_json::json!({ "errors": [error] }).to_string()
    };
    let body = match place {
        4 => json(text, "no", ""),
        5 => json("DENIED", &format!("no {text}"), ""),
        6 => json("DENIED", "", &format!("{}{text}", "long ".repeat(76))),
        7 => format!("<html><title>{}</title>", text.replace(['<', '>'], "-")),
        _ => format!("{text}\n"),
    };
    if place == 8 {
        let failure = Failure::new(FailureKind::Protocol, format!("it says {text}"));
        bench.push.handle_failure(bench.now, call.ticket, failure);
        return bench.drain();
    }
    let headers: Vec<(&str, &str)> = header.iter().map(|(n, v)| (*n, v.as_str())).collect();
    bench.reply(call, status, &headers, &body, Receipt::default());
}
