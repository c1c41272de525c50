//! Nothing that is sent breaks the registry.

use longshore_mock_registry::{Begun, Config, Core, Profile};
use proptest::prelude::*;
use std::time::Duration;

fn path() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("v2".to_owned()),
        Just("demo".to_owned()),
        Just("blobs".to_owned()),
        Just("uploads".to_owned()),
        Just("manifests".to_owned()),
        Just("tags".to_owned()),
        Just("list".to_owned()),
        Just("referrers".to_owned()),
        Just("auth".to_owned()),
        Just("token".to_owned()),
        Just(format!("sha256:{}", "0".repeat(64))),
        "[a-z0-9%._:-]{0,12}",
    ];
    prop::collection::vec(part, 0..7).prop_map(|parts| format!("/{}", parts.join("/")))
}

fn headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let name = prop::sample::select(vec![
        "authorization",
        "content-type",
        "content-length",
        "content-range",
        "range",
        "accept",
        "host",
        "user-agent",
    ]);
    let value = prop_oneof![
        "[ -~]{0,30}".prop_map(String::into_bytes),
        "[0-9]{0,20}-[0-9]{0,20}".prop_map(String::into_bytes),
        "bytes=[0-9]{0,20}-[0-9]{0,20}".prop_map(String::into_bytes),
        "(Basic|Bearer) [A-Za-z0-9.=_-]{0,40}".prop_map(String::into_bytes),
        Just(b"application/vnd.oci.image.manifest.v1+json".to_vec()),
        prop::collection::vec(0x80_u8..=0xff, 0..8),
    ];
    prop::collection::vec((name.prop_map(str::to_owned), value), 0..5)
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..64),
        "[\\[\\]{}:,\" a0-9.eE-]{0,64}".prop_map(String::into_bytes),
        Just(br#"{"schemaVersion":2,"config":{},"layers":[{}],"manifests":[1]}"#.to_vec()),
    ]
}

proptest! {
    #[test]
    fn every_request_gets_an_answer(
        profile in prop::sample::select(Profile::names().collect::<Vec<_>>()),
        users in any::<bool>(),
        requests in prop::collection::vec(
            (prop::sample::select(vec!["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "BREW"]),
             path(), "[ -~&&[^ #\"<>`{}|\\\\^]]{0,30}", headers(), body(), any::<bool>()),
            1..12,
        ),
    ) {
        let mut config = Config::new(Profile::builtin(profile).unwrap());
        if users {
            config = config.user("alice", "secret");
        }
        let mut core = Core::new(config).unwrap();
        let mut location = None;
        for (method, path, query, headers, body, follow) in requests {
            let target = match &location {
                Some(location) if follow => location,
                _ => &format!("{path}?{query}"),
            };
            let mut builder = http::Request::builder().method(method).uri(target.as_str());
            for (name, value) in headers {
                builder = builder.header(name, value);
            }
            let Ok(request) = builder.body(()) else {
                continue;
            };
            let (parts, ()) = request.into_parts();
            let response = match core.begin(Duration::ZERO, &parts) {
                Begun::Answer(response) => response,
                Begun::Receive(mut call) => {
                    call.body(&body);
                    core.end(Duration::MAX, call)
                }
            };
            prop_assert!((200..=599).contains(&response.status().as_u16()));
            if let Some(next) = response.headers().get("location") {
                location = Some(next.to_str().unwrap().to_owned());
            }
        }
        prop_assert!(core.open_sessions().len() <= 12);
    }
}
