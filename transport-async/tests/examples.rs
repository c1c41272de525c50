//! The example works.
#![allow(
    clippy::unwrap_used,
    reason = "what a test cannot go on without may panic"
)]

use longshore_mock_registry::MockRegistry;

#[allow(dead_code, reason = "the test has a beginning of its own")]
#[path = "../examples/push_directory.rs"]
mod push_directory;

#[tokio::test]
async fn a_directory_is_pushed() {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in [("1.tar.gz", "one"), ("2.tar.gz", "two"), ("notes", "three")] {
        std::fs::write(dir.path().join(name), content).unwrap();
    }
    let registry = MockRegistry::builder().start().unwrap();
    let reference = format!("{}/demo/app:1", registry.host());
    push_directory::push(dir.path().to_str().unwrap(), &reference)
        .await
        .unwrap();
    registry.with(|core| {
        assert_eq!(core.tags("demo/app"), ["1"]);
        assert_eq!(core.blobs("demo/app").len(), 3);
    });
}
