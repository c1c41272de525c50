//! `longshore-async` against answers that no registry gives.
#![allow(
    clippy::unwrap_used,
    reason = "what a test cannot go on without may panic"
)]

use std::time::{Duration, Instant};

use bytes::Bytes;
use longshore_async::{Client, push};
use longshore_protocol::{
    BlobSpec, Config, Content, Descriptor, ManifestSpec, MediaType, Phase, PushError,
    PushErrorKind, Report, Scheme,
};
use wiremock::matchers::{any, method, path, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

#[tokio::test]
async fn a_server_that_says_yes_to_everything_is_no_registry() {
    let server = MockServer::start().await;
    answer_all(&server, ResponseTemplate::new(200)).await;
    let error = push_to(&server, |_| {}).await.unwrap_err();
    assert_eq!(error.kind(), PushErrorKind::Unintelligible, "{error}");
}

#[tokio::test]
async fn a_web_page_for_everything_is_no_registry() {
    let server = MockServer::start().await;
    let page = "<html>".to_owned() + &"welcome ".repeat(100_000);
    let page = ResponseTemplate::new(404).set_body_raw(page, "text/html");
    answer_all(&server, page).await;
    let error = push_to(&server, |_| {}).await.unwrap_err();
    assert_eq!(error.kind(), PushErrorKind::Rejected, "{error}");
    assert_eq!(error.phase(), Phase::Preflight);
    assert!(error.to_string().len() < 1000, "{error}");
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_not_waited_for() {
    let server = MockServer::start().await;
    let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(3600));
    answer_all(&server, late).await;
    let started = Instant::now();
    let error = push_to(&server, |config| {
        config.idle = Duration::from_millis(200);
        config.attempts = 2;
    })
    .await
    .unwrap_err();
    assert_eq!(error.kind(), PushErrorKind::Unreachable, "{error}");
    assert!(error.to_string().contains("for 0.2 s"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn the_barest_registry_will_do() {
    let server = MockServer::start().await;
    let session = "/anywhere/at/all";
    for (asked, at, answer) in [
        ("GET", "^/v2/$", ResponseTemplate::new(200)),
        ("HEAD", "/blobs/", ResponseTemplate::new(404)),
        (
            "POST",
            "/blobs/uploads/$",
            ResponseTemplate::new(202).insert_header("location", session),
        ),
        ("PUT", "^/anywhere", ResponseTemplate::new(201)),
        ("PUT", "/manifests/", ResponseTemplate::new(201)),
        ("HEAD", "/manifests/", ResponseTemplate::new(200)),
    ] {
        let mock = Mock::given(method(asked)).and(path_regex(at));
        mock.respond_with(answer).mount(&server).await;
    }
    let report = push_to(&server, |_| {}).await.unwrap();
    assert_eq!(report.blobs.len(), 1);
    let received = server.received_requests().await.unwrap();
    let put = received
        .iter()
        .find(|request| request.url.path() == session)
        .unwrap();
    assert_eq!(put.body, BLOB.as_bytes());
}

#[tokio::test]
async fn a_registry_that_is_always_elsewhere_is_given_up() {
    let server = MockServer::start().await;
    let round = ResponseTemplate::new(307).insert_header("location", "/v2/");
    Mock::given(path("/v2/"))
        .respond_with(round)
        .mount(&server)
        .await;
    assert!(push_to(&server, |_| {}).await.is_err());
    let received = server.received_requests().await.unwrap();
    assert!(received.len() < 50, "{} requests", received.len());
}

async fn answer_all(server: &MockServer, answer: ResponseTemplate) {
    Mock::given(any()).respond_with(answer).mount(server).await;
}

/// Pushes an image of one blob.
async fn push_to(
    server: &MockServer,
    change: impl FnOnce(&mut Config),
) -> Result<Report, PushError> {
    let reference = format!("{}/team/app:1", server.address());
    let mut config = Config::new(reference.parse().unwrap());
    config.scheme = Scheme::Http;
    config.backoff = Duration::from_millis(1);
    config.backoff_limit = Duration::from_millis(2);
    change(&mut config);
    let blob = Bytes::from_static(BLOB.as_bytes());
    let descriptor = Descriptor::new(MediaType::OCI_CONFIG, Content::of(&blob));
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_MANIFEST,
        "config": descriptor, "layers": [],
    });
    let manifest = ManifestSpec::new(MediaType::OCI_MANIFEST, manifest.to_string());
    let client = Client::builder().proxy(None).build().unwrap();
    let blobs: Vec<(BlobSpec, Box<dyn longshore_async::Source>)> =
        vec![(BlobSpec::known(descriptor), Box::new(blob))];
    push(&client, config, blobs, manifest, ()).await
}

const BLOB: &str = r#"{"architecture":"amd64","os":"linux"}"#;
