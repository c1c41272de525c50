use std::io;

use rustls::{CertificateError, Error};

use super::{is_no_such_name, tls};

#[test]
fn a_name_that_does_not_exist_is_told_from_a_name_server_that_does_not_answer() {
    let error =
        |why: &str| io::Error::other(format!("failed to lookup address information: {why}"));
    for why in [
        "Name or service not known",
        "No address associated with hostname",
        "Name does not resolve",
        "nodename nor servname provided, or not known",
    ] {
        assert!(is_no_such_name(&error(why)), "{why}");
    }
    for why in [
        "Temporary failure in name resolution",
        "Non-recoverable failure in name resolution",
        "Try again",
        "System error",
    ] {
        assert!(!is_no_such_name(&error(why)), "{why}");
    }
}

#[test]
fn a_signature_that_is_not_supported_is_named_and_not_dumped() {
    // ecdsa-with-SHA512 (RFC 5758, section 3.2), and an algorithm that no list has.
    let sha512 = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4];
    for (id, words) in [
        (
            &sha512[..],
            "signed with ECDSA and SHA-512, which is not supported here",
        ),
        (&[6, 1, 42], "signed in a way that is not supported here"),
        (&[], "signed in a way that is not supported here"),
    ] {
        let error = CertificateError::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: id.to_vec(),
            supported_algorithms: Vec::new(),
        };
        let said = tls(&Error::InvalidCertificate(error));
        assert_eq!(said, format!("the certificate is {words}"));
    }
}
