//! What holds for any input: parsers of what comes from outside never panic, and what they accept
//! means what it says.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;

use crate::auth::challenge;
use crate::auth::scope::{Scope, Scopes};
use crate::auth::token;
use crate::classify::{Outcome, Step, classify};
use crate::redaction::redacted;
use crate::retry::retry_after;
use crate::text::printable;
use crate::wire::error_body;
use crate::wire::location::{location, permitted};
use crate::wire::origin::Scheme;
use crate::wire::range::{Claim, claim};
use crate::wire::url::{HttpUrl, encoded};
use crate::wire::warning::warnings;
use crate::*;

/// A header value of any bytes that one may have.
fn header_value() -> impl Strategy<Value = HeaderValue> {
    let byte = prop_oneof![Just(b'\t'), 0x20_u8..=0x7e, 0x80_u8..=0xff];
    prop::collection::vec(byte, 0..200)
        .prop_map(|bytes| HeaderValue::from_bytes(&bytes).expect("no control characters"))
}

/// Text that looks enough like what parsers look for to get them going.
fn tricky() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("Bearer".to_owned()),
        Just("Basic".to_owned()),
        Just("realm=".to_owned()),
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just(",".to_owned()),
        Just("=".to_owned()),
        Just(" ".to_owned()),
        Just("https://a.example/t?x".to_owned()),
        Just("//".to_owned()),
        Just("/../".to_owned()),
        Just("@".to_owned()),
        Just("[::1]".to_owned()),
        Just(":".to_owned()),
        Just("0-".to_owned()),
        Just("bytes".to_owned()),
        Just("299 - \"".to_owned()),
        "[a-z0-9]{1,5}",
        "\\PC{0,3}",
    ];
    prop::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

fn headers(name: &'static str, value: HeaderValue) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(name, value);
    headers
}

fn registry() -> HttpUrl {
    HttpUrl::parse("https://q.example/v2/a/blobs/uploads/").expect("it is a URL")
}

proptest! {
    #[test]
    fn references_are_read_back_as_they_are_written(
        host in "[a-z]{1,5}\\.[a-z]{2,3}(:[1-9][0-9]{0,3})?",
        path in "[a-z0-9]{1,4}([._-][a-z0-9]{1,3}){0,2}(/[a-z0-9]{1,4}){0,3}",
        tag in prop::option::of("[A-Za-z0-9_][A-Za-z0-9._-]{0,20}"),
        digest in prop::option::of(any::<[u8; 4]>()),
    ) {
        let mut text = format!("{host}/{path}");
        text.extend(tag.iter().map(|tag| format!(":{tag}")));
        text.extend(digest.iter().map(|bytes| format!("@{}", Digest::sha256(bytes))));
        let reference: Reference = text.parse().expect("it has the form");
        let again: Reference = reference.to_string().parse().expect("it was one before");
        prop_assert_eq!(&again, &reference);
        prop_assert_eq!(reference.repository().as_str(), path);
        let charliecloud = text.replace('/', "%").replace(':', "+");
        prop_assert_eq!(charliecloud.parse::<Reference>(), Ok(reference));
    }

    #[test]
    fn a_text_is_a_reference_or_the_error_names_a_place_in_it(text in tricky()) {
        match text.parse::<Reference>() {
            Ok(reference) => {
                let again = reference.to_string().parse::<Reference>();
                prop_assert_eq!(again, Ok(reference));
            }
            Err(error) => prop_assert!((1..=text.chars().count() + 1).contains(&error.position)),
        }
    }

    #[test]
    fn digests_are_read_back_and_nothing_else_is_one(text in "(sha256|sha512|md5|):?[0-9a-fA-F]{0,130}") {
        if let Ok(digest) = text.parse::<Digest>() {
            prop_assert_eq!(digest.to_string(), text);
        }
    }

    #[test]
    fn challenges_never_panic(value in header_value()) {
        challenge::best(&headers("www-authenticate", value));
    }

    #[test]
    fn tricky_challenges_never_panic(text in tricky()) {
        if let Ok(value) = HeaderValue::from_str(&text) {
            challenge::best(&headers("www-authenticate", value));
        }
    }

    #[test]
    fn a_realm_is_found_whatever_stands_around_it(
        before in "(Negotiate|Digest a=\"b, c\"|Basic realm=\"x\")",
        service in "[a-z .,=]{0,12}",
        after in "(Negotiate|Basic)",
    ) {
        let text = format!(
            "{before}, Bearer realm=\"https://a.example/t\",service=\"{service}\", {after}"
        );
        let value = HeaderValue::from_str(&text).expect("it is printable");
        let best = challenge::best(&headers("www-authenticate", value));
        let Some(challenge::Challenge::Bearer(bearer)) = best else {
            panic!("no Bearer in {text}");
        };
        prop_assert_eq!(bearer.service.unwrap_or_default(), service);
    }

    #[test]
    fn locations_never_lead_from_tls_to_clear_text_nor_to_credentials_in_urls(text in tricky()) {
        let Ok(value) = HeaderValue::from_str(&text) else { return Ok(()) };
        let base = registry();
        if let Ok(url) = location(base.origin(), &base, &headers("location", value)) {
            prop_assert_eq!(url.origin().scheme(), Scheme::Https);
            let uri = url.to_uri().expect("what was checked can be asked for");
            prop_assert!(!uri.authority().expect("it is absolute").as_str().contains('@'));
        }
    }

    #[test]
    fn addresses_inside_are_never_permitted_from_outside(octets in any::<[u8; 4]>(), mapped: bool) {
        let address = std::net::Ipv4Addr::from(octets);
        let is_inside = address.is_loopback() || address.is_private() || address.is_link_local();
        let host = if mapped {
            format!("[{}]", address.to_ipv6_mapped())
        } else {
            address.to_string()
        };
        let url = HttpUrl::parse(&format!("https://{host}/x")).expect("it is a URL");
        let refused = permitted(registry().origin(), url).is_err();
        prop_assert!(refused || !is_inside, "{host}");
    }

    #[test]
    fn a_query_stays_byte_for_byte(query in "[A-Za-z0-9%._~!$&'()*+,;=:@/?-]{0,60}") {
        let joined = registry().join(&format!("/up/1?{query}")).expect("it is a reference");
        let uri = joined.to_uri().expect("it is a URI").to_string();
        prop_assert_eq!(&uri, &format!("https://q.example/up/1?{query}"));
        let with = joined.with_query_pair("digest=d").to_uri().expect("it is a URI").to_string();
        prop_assert!(with.starts_with(&uri) && with.ends_with("digest=d"));
    }

    #[test]
    fn joining_never_panics_and_stays_below_the_root(text in tricky()) {
        if let Ok(url) = registry().join(&text) {
            let uri = url.to_uri();
            prop_assert!(uri.is_ok(), "{text}");
            prop_assert!(!uri.expect("just looked").path().contains("/../"));
        }
    }

    #[test]
    fn encoding_leaves_nothing_that_ends_a_value(text in "\\PC{0,40}") {
        let encoded = encoded(&text);
        prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_graphic() && !b"&=+#?".contains(&byte)));
    }

    #[test]
    fn ranges_claim_what_they_say(end in 1_u64..u64::MAX - 1, form in 0..3) {
        let text = match form {
            0 => format!("0-{end}"),
            1 => format!("bytes=0-{end}"),
            _ => format!("bytes 0-{end}/*"),
        };
        prop_assert_eq!(claim(&text), Some(Claim::Bytes(end + 1)));
    }

    #[test]
    fn odd_headers_and_bodies_never_panic(
        value in header_value(),
        text in tricky(),
        body in prop::collection::vec(any::<u8>(), 0..300),
        status in 100_u16..1000,
    ) {
        claim(&text);
        retry_after(&headers("retry-after", value.clone()));
        for warning in warnings(&headers("warning", value.clone()), &redacted) {
            prop_assert!(!warning.contains(|c: char| c.is_control()));
        }
        let status = StatusCode::from_u16(status).expect("it is in range");
        let read = error_body::read(status, &headers("content-type", value), &body, &redacted);
        prop_assert!(!read.answer.message.contains(|c: char| c.is_control()));
        token::read(&body);
    }

    #[test]
    fn an_error_document_of_any_shape_is_survived(json in json(), status in 400_u16..600) {
        let status = StatusCode::from_u16(status).expect("it is in range");
        let read = error_body::read(status, &HeaderMap::new(), json.to_string().as_bytes(), &redacted);
        prop_assert!(read.answer.message.chars().count() <= 401);
        if let Some(token) = token::read(json.to_string().as_bytes()) {
            prop_assert!(token.life >= Duration::from_secs(1));
            prop_assert!(token.life <= Duration::from_secs(24 * 60 * 60));
            prop_assert!(token::bearer_header(&token.text).is_some());
        }
    }

    #[test]
    fn printable_text_is_one_short_line(text in "\\PC{0,300}|(.|\n){0,50}", limit in 1_usize..50) {
        let line = printable(&text, limit);
        prop_assert!(!line.contains(|c: char| c.is_control()));
        prop_assert!(line.chars().count() <= limit + 1);
    }

    #[test]
    fn scopes_are_read_back_as_they_are_written(name in "[a-z]{1,5}(/[a-z]{1,5}){0,2}", more in tricky()) {
        let scope = Scope::push(&name.parse().expect("it has the form"));
        prop_assert_eq!(Scope::list(&scope.to_string()), vec![scope.clone()]);
        let mut scopes = Scopes::default();
        scopes.add(scope.clone());
        for scope in Scope::list(&more) {
            scopes.add(scope);
        }
        prop_assert_eq!(scopes.iter().next(), Some(&scope));
    }

    #[test]
    fn every_outcome_has_a_verdict(status in 100_u16..1000, code in tricky(), fresh: bool) {
        for step in [Step::Probe, Step::Put, Step::Chunk, Step::Manifest, Step::Delete] {
            classify(step, Outcome::Answer {
                status: StatusCode::from_u16(status).expect("it is in range"),
                code: &code,
                message: &code,
                fresh,
            });
        }
    }

    /// Any answers at all, in any order: the machine ends, and says nothing that it must not.
    #[test]
    fn no_sequence_of_answers_breaks_the_machine(answers in prop::collection::vec(answer(), 0..60)) {
        let reference = "q.example/a:1".parse().expect("it has the form");
        let mut now = Timestamp::ZERO;
        let mut push = Push::new(Config::new(reference), now);
        for content in [&b"one"[..], b"two"] {
            let descriptor = Descriptor::new(MediaType::OCI_LAYER, Content::of(content));
            push.add_blob(BlobSpec::known(descriptor)).expect("the push has not ended");
        }
        push.add_blob(BlobSpec::unknown(MediaType::OCI_LAYER, Replay::FromStart))
            .expect("the push has not ended");
        push.set_manifest(ManifestSpec::new(MediaType::OCI_MANIFEST, &b"{}"[..]))
            .expect("it is the first");
        let mut answers = answers.into_iter();
        for _ in 0..5_000 {
            match push.poll(now) {
                Output::Send(exchange) => match answers.next() {
                    Some(Some((status, header, value, body))) => {
                        let mut response = http::Response::new(Bytes::from(body));
                        *response.status_mut() = status;
                        if let Ok(value) = HeaderValue::from_str(&value) {
                            response.headers_mut().insert(header, value);
                        }
                        push.handle_response(now, exchange.ticket, response, Receipt::default());
                    }
                    Some(None) => {
                        let failure = Failure::new(FailureKind::Interrupted, "cut");
                        push.handle_failure(now, exchange.ticket, failure);
                    }
                    None => {
                        let failure = Failure::new(FailureKind::Connect, "refused");
                        push.handle_failure(now, exchange.ticket, failure);
                    }
                },
                Output::Ask(request) => push.handle_credentials(now, request.ticket, None),
                Output::Wait(until) => {
                    let until = until.expect("something is always going on");
                    prop_assert!(until > now, "invariant 1");
                    now = until;
                }
                Output::Done => {
                    prop_assert!(push.finish().is_err(), "nobody has confirmed the blobs");
                    return Ok(());
                }
                Output::Abort(_) | Output::CutShort(_) | Output::Event(_) => {}
            }
        }
        prop_assert!(false, "invariant 5");
    }
}

type Answer = Option<(StatusCode, &'static str, String, Vec<u8>)>;

fn answer() -> impl Strategy<Value = Answer> {
    let status = prop_oneof![
        Just(200_u16),
        Just(202),
        Just(204),
        Just(301),
        Just(307),
        Just(400),
        Just(401),
        Just(403),
        Just(404),
        Just(409),
        Just(413),
        Just(416),
        Just(429),
        Just(500),
        Just(503),
        100_u16..600,
    ];
    let header = prop_oneof![
        Just("location"),
        Just("location"),
        Just("range"),
        Just("www-authenticate"),
        Just("retry-after"),
        Just("docker-content-digest"),
        Just("oci-chunk-max-length"),
    ];
    let value = prop_oneof![
        Just("/up/1".to_owned()),
        Just("0-1".to_owned()),
        Just("3".to_owned()),
        Just("Bearer realm=\"https://a.example/t\"".to_owned()),
        tricky(),
    ];
    let body = prop_oneof![
        Just(Vec::new()),
        Just(br#"{"token":"t"}"#.to_vec()),
        Just(br#"{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}"#.to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::option::weighted(0.9, (status, header, value, body)).prop_map(|parts| {
        let (status, header, value, body) = parts?;
        let status = StatusCode::from_u16(status).expect("it is in range");
        Some((status, header, value, body))
    })
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let key = prop_oneof![
        Just("errors"),
        Just("code"),
        Just("message"),
        Just("detail"),
        Just("token"),
        Just("access_token"),
        Just("expires_in"),
        Just("error"),
        Just("reason"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        let pairs = prop::collection::vec((key.clone(), inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            pairs.prop_map(|pairs| {
                Value::Object(
                    pairs
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}
