//! The crate as a stranger's tests use it.

use longshore_mock_registry::fault::Step;
use longshore_mock_registry::judge::{Verdict, judge_session};
use longshore_mock_registry::{MockRegistry, Profile};

use crate::client::{LAYER, TYPE, manifest, with_digest};

fn push(registry: &MockRegistry) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let url = registry.url();
    loop {
        let opened = agent
            .post(format!("{url}/v2/demo/app/blobs/uploads/"))
            .send_empty()
            .unwrap();
        let location = opened.headers()["location"].to_str().unwrap().to_owned();
        let put = agent.put(with_digest(&location, LAYER));
        if put
            .content_type("application/octet-stream")
            .send(LAYER)
            .is_ok_and(|a| a.status() == 201)
        {
            break;
        }
    }
    let put = agent.put(format!("{url}/v2/demo/app/manifests/latest"));
    assert_eq!(
        put.content_type(TYPE).send(manifest()).unwrap().status(),
        201
    );
}

#[test]
fn a_blocking_test_breaks_things_and_asks_what_came() {
    let registry = MockRegistry::builder().start().unwrap();
    registry.inject("reset-at-byte:at=7").unwrap();
    push(&registry);
    registry.assert_pushed("demo/app", "latest");
    let asked = registry.exchanges();
    assert_eq!(asked.step(Step::Put).count(), 2);
    assert_eq!(asked.step(Step::Put).first().unwrap().body.size, 7);
    assert_eq!(
        asked
            .step(Step::Manifest)
            .repository("demo/app")
            .with_status(201)
            .count(),
        1
    );
}

#[tokio::test]
async fn an_async_test_does_the_same() {
    let registry = MockRegistry::builder()
        .inject("5xx-burst:step=put,times=1")
        .unwrap();
    let registry = registry.start().unwrap();
    let registry = tokio::task::spawn_blocking(move || {
        push(&registry);
        registry
    })
    .await
    .unwrap();
    registry.assert_pushed("demo/app", "latest");
    assert_eq!(
        registry
            .exchanges()
            .step(Step::Put)
            .with_status(503)
            .count(),
        1
    );
}

#[test]
#[should_panic(expected = "demo/app:latest is not pushed: there is no manifest latest")]
fn what_is_not_pushed_is_not() {
    MockRegistry::builder()
        .start()
        .unwrap()
        .assert_pushed("demo/app", "latest");
}

#[test]
fn a_session_is_judged_without_scenarios() {
    let registry = MockRegistry::builder()
        .record_digests(true)
        .start()
        .unwrap();
    push(&registry);
    let report = judge_session(&registry);
    let verdict = |id: &str| {
        report
            .checks
            .iter()
            .find(|check| check.id == id)
            .unwrap()
            .verdict
    };
    assert_eq!(verdict("C1"), Verdict::Pass);
    assert_eq!(verdict("C7"), Verdict::Pass);
    assert_eq!(
        verdict("C56"),
        Verdict::NotExercised,
        "nobody knows how the client ended"
    );
    assert_eq!(report.count(Verdict::Fail), 0, "{}", report.text());
}

#[test]
fn profiles_and_chaos_go_together() {
    for seed in 0..4 {
        let builder = MockRegistry::builder().profile("quay").unwrap();
        let registry = builder.chaos(seed).start().unwrap();
        assert!(registry.with_faulty(|faulty| faulty.armed().count()) > 0);
        assert_eq!(
            registry.with(|core| core.profile().name.clone()),
            Profile::builtin("quay").unwrap().name
        );
    }
}

#[test]
fn the_verdict_is_served_live() {
    let builder = MockRegistry::builder()
        .record_digests(true)
        .live_verdict(true);
    let registry = builder.start().unwrap();
    push(&registry);
    let asked = registry.exchanges().len();
    let page = ureq::get(format!("{}/_longshore/", registry.url()))
        .call()
        .unwrap();
    let page = page.into_body().read_to_string().unwrap();
    assert!(page.contains("How this client pushes") && page.contains("href=\"#C74\""));
    assert_eq!(registry.exchanges().len(), asked, "looking is not recorded");
}
