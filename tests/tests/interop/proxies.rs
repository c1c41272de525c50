//! Pushes through squid.

use std::fs;
use std::path::Path;
use std::process::Output;

use longshore_mock_registry::MockRegistry;
use longshore_tests::real::longshore::through_proxy;
use longshore_tests::real::scratch::{must, scratch};
use longshore_tests::real::squid::{HOST, PASSWORD, Squid};
use longshore_tests::real::tools::said;

use crate::harness::{Shared, Told};

/// Every kind of registry through every kind of proxy, by each transport.
pub(crate) fn squid(_: &Shared) -> Told {
    let (plain, secure) = (registry(false), registry(true));
    let squid = Squid::start(secure.address().port());
    let image = image();
    for transport in ["blocking", "async"] {
        for over_tls in [false, true] {
            let proxy = squid.url(PASSWORD, over_tls);
            for registry in [&plain, &secure] {
                let is_secure = registry.ca_pem().is_some();
                let tag = format!("{transport}-{over_tls}");
                let output = push(&squid, &proxy, registry, image.path(), transport, &tag);
                assert!(output.status.success(), "{}", said(&output));
                registry.with(|core| assert!(core.tags("team/app").contains(&tag)));
                let port = registry.address().port();
                let expected = if is_secure {
                    format!("CONNECT {HOST}:{port} ")
                } else {
                    format!("PUT http://{HOST}:{port}/v2/team/app/manifests/{tag} ")
                };
                let seen = squid.seen(|seen| seen.contains(&expected));
                let tunnel = format!("CONNECT {HOST}:{port} ");
                assert_eq!(seen.contains(&tunnel), is_secure, "{seen}");
            }
        }
    }
    Told::Whole
}

/// Who refuses, and what is wrong with the password.
pub(crate) fn squid_refuses(_: &Shared) -> Told {
    let (plain, secure) = (registry(false), registry(true));
    // No tunnel to the port of this registry.
    let squid = Squid::start(443);
    let image = image();
    for transport in ["blocking", "async"] {
        for (registry, password, words) in [
            (&plain, "wrong", "the password that were given (407)"),
            (&secure, PASSWORD, "it answers 403"),
        ] {
            let proxy = squid.url(password, false);
            let output = push(&squid, &proxy, registry, image.path(), transport, "refused");
            assert_eq!(output.status.code(), Some(7), "{}", said(&output));
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(stderr.contains(words), "{}", said(&output));
            assert!(stderr.contains("through the proxy localhost:"), "{stderr}");
            assert!(!said(&output).contains(password), "{}", said(&output));
        }
    }
    let asked = |seen: &str| seen.lines().filter(|line| line.contains("CONNECT")).count();
    let seen = squid.seen(|seen| asked(seen) >= 2);
    assert_eq!(asked(&seen), 2, "a refusal is final:\n{seen}");
    Told::Whole
}

fn registry(is_tls: bool) -> MockRegistry {
    let builder = MockRegistry::builder().tls(is_tls);
    builder.start().expect("a registry on loopback starts")
}

fn image() -> tempfile::TempDir {
    let folder = scratch();
    // Without such a directory it looks like no image.
    let directory = folder.path().join("bin");
    must(&directory, fs::create_dir(&directory));
    let file = directory.join("a-file");
    must(&file, fs::write(&file, vec![b'a'; 3_000_000]));
    folder
}

fn push(
    squid: &Squid,
    proxy: &str,
    registry: &MockRegistry,
    image: &Path,
    transport: &str,
    tag: &str,
) -> Output {
    let reference = format!("{HOST}:{}/team/app:{tag}", registry.address().port());
    // The certificates of both are made by authorities of their own; the registry's is for another
    // name than the one that squid knows.
    let channel: &[&str] = if registry.ca_pem().is_some() {
        &["--tls-no-verify"]
    } else {
        &["--plain-http"]
    };
    let options = [&["--transport", transport], channel].concat();
    through_proxy(proxy, &squid.authority(), image, &reference, &options)
}
