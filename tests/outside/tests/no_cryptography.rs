//! What Longshore says in a program that has chosen no cryptography.

mod exchange;

use exchange::failures;

#[test]
fn a_client_without_cryptography_says_how_to_have_some() {
    for words in failures() {
        assert!(words.starts_with("no TLS: "), "{words}");
        assert!(words.contains("aws-lc-rs or ring"), "{words}");
    }
}
