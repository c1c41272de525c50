//! The examples work.
#![allow(
    clippy::unwrap_used,
    reason = "what a test cannot go on without may panic"
)]

use std::fs;

use longshore_mock_registry::MockRegistry;
use longshore_protocol::Digest;
use tempfile::TempDir;

#[allow(dead_code, reason = "the test has a beginning of its own")]
#[path = "../examples/custom_driver.rs"]
mod custom_driver;

#[allow(dead_code, reason = "the test has a beginning of its own")]
#[path = "../examples/push_directory_async.rs"]
mod push_directory_async;

#[allow(dead_code, reason = "the test has a beginning of its own")]
#[path = "../examples/push_directory_blocking.rs"]
mod push_directory_blocking;

#[test]
fn a_directory_is_pushed_with_threads() {
    let (directory, registry) = (image(), MockRegistry::builder().start().unwrap());
    let reference = format!("{}/demo/app:1", registry.host());
    let digest = push_directory_blocking::push(directory.path(), &reference).unwrap();
    assert_holds(&registry, &digest);
}

#[tokio::test]
async fn a_directory_is_pushed_on_a_runtime() {
    let (directory, registry) = (image(), MockRegistry::builder().start().unwrap());
    let reference = format!("{}/demo/app:1", registry.host());
    let pushed = push_directory_async::push(directory.path(), &reference).await;
    assert_holds(&registry, &pushed.unwrap());
}

#[test]
fn a_file_is_pushed_with_a_driver_of_ones_own() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "a layer").unwrap();
    let registry = MockRegistry::builder().start().unwrap();
    let reference = format!("{}/demo/app:1", registry.host());
    custom_driver::push_file(file.path().to_str().unwrap(), &reference).unwrap();
    registry.with(|core| {
        assert_eq!(core.tags("demo/app"), ["1"]);
        assert_eq!(core.blobs("demo/app").len(), 2);
        assert_eq!(core.open_sessions(), []);
    });
}

fn image() -> TempDir {
    let image = tempfile::tempdir().unwrap();
    fs::create_dir(image.path().join("bin")).unwrap();
    fs::write(image.path().join("bin/hello"), "#!/bin/sh\necho hello\n").unwrap();
    image
}

fn assert_holds(registry: &MockRegistry, digest: &Digest) {
    registry.with(|core| {
        let (_, _, held) = core.manifest("demo/app", "1").unwrap();
        assert_eq!(held, *digest);
        assert_eq!(core.blobs("demo/app").len(), 2);
        assert_eq!(core.open_sessions(), []);
    });
}
