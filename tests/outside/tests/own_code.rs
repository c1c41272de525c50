//! What a program's own use of rustls comes to.

mod exchange;

use exchange::failures;

#[test]
fn rustls_finds_the_programs_own_cryptography() {
    // Panics where the features of two providers are on, or of none.
    let builder = rustls::ClientConfig::builder();
    assert!(!builder.crypto_provider().cipher_suites.is_empty());
    // It is the process's default from now on, and Longshore's, too.
    for words in failures() {
        assert!(!words.contains("no TLS"), "{words}");
    }
}

#[test]
fn the_mock_registry_says_that_it_has_no_tls() {
    let started = longshore_mock_registry::MockRegistry::builder()
        .tls(true)
        .start();
    assert!(
        started
            .unwrap_err()
            .to_string()
            .contains("aws-lc-rs or ring")
    );
}
