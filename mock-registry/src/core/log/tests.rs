use http::Request;

use super::*;

fn parts(target: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::get(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

#[test]
fn no_secret_is_kept() {
    let mut log = Log::new(8);
    for value in ["Basic YWxpY2U6c2VjcmV0", "bearer s3cr3t", "s3cr3t"] {
        log.open(
            Duration::ZERO,
            &parts(
                "/token?password=s3cr3t&scope=x",
                &[("authorization", value)],
            ),
        );
    }
    let text = format!("{:?}", log.iter().collect::<Vec<_>>());
    assert!(!text.contains("s3cr3t") && !text.contains("YWxp"), "{text}");
    assert!(text.contains("<basic>") && text.contains("<bearer>") && text.contains("<other>"));
    assert!(text.contains("scope=x"));
}

#[test]
fn the_oldest_are_dropped_and_late_answers_find_their_request() {
    let mut log = Log::new(2);
    let first = log.open(Duration::ZERO, &parts("/1", &[]));
    log.open(Duration::ZERO, &parts("/2", &[]));
    let third = log.open(Duration::ZERO, &parts("/3", &[]));
    log.close(first, 1, Some(StatusCode::OK));
    log.close(third, 3, Some(StatusCode::CREATED));
    let seen: Vec<_> = log.iter().map(|r| (r.target.as_str(), r.body)).collect();
    assert_eq!(seen, [("/2", 0), ("/3", 3)]);
}

#[test]
fn long_texts_are_cut() {
    let mut log = Log::new(1);
    let long = "ü".repeat(20_000);
    let target = format!("/v2/{}", "x".repeat(20_000));
    log.open(Duration::ZERO, &parts(&target, &[("user-agent", &long)]));
    let request = log.iter().next().unwrap();
    assert_eq!(request.target.len(), 8 << 10);
    assert_eq!(request.headers[0].1.len(), 8 << 10);
}
