//! The examples work.
#![allow(
    clippy::unwrap_used,
    reason = "what a test cannot go on without may panic"
)]

use longshore_mock_registry::MockRegistry;

#[allow(dead_code, reason = "the test has a beginning of its own")]
#[path = "../examples/custom_driver.rs"]
mod custom_driver;

#[allow(dead_code, reason = "the test has a beginning of its own")]
#[path = "../examples/push_directory_blocking.rs"]
mod push_directory_blocking;

#[test]
fn a_directory_is_pushed_with_threads() {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in [("1.tar.gz", "one"), ("2.tar.gz", "two"), ("notes", "three")] {
        std::fs::write(dir.path().join(name), content).unwrap();
    }
    let registry = MockRegistry::builder().start().unwrap();
    let reference = format!("{}/demo/app:1", registry.host());
    push_directory_blocking::push(dir.path().to_str().unwrap(), &reference).unwrap();
    registry.with(|core| {
        assert_eq!(core.tags("demo/app"), ["1"]);
        assert_eq!(core.blobs("demo/app").len(), 3);
    });
}

#[test]
fn a_file_is_pushed_with_a_driver_of_ones_own() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "a layer").unwrap();
    let registry = MockRegistry::builder().start().unwrap();
    let reference = format!("{}/demo/app:1", registry.host());
    custom_driver::push_file(file.path().to_str().unwrap(), &reference).unwrap();
    registry.with(|core| {
        assert_eq!(core.tags("demo/app"), ["1"]);
        assert_eq!(core.blobs("demo/app").len(), 2);
        assert_eq!(core.open_sessions(), []);
    });
}
