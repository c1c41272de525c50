//! What went wrong, in words for people.

#[cfg(test)]
mod tests;

use std::io;

use longshore_protocol::text::printable;
use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

use crate::calendar;

/// An error of the operating system, as the end of a sentence.
pub(crate) fn io(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "the other side reset the connection".to_owned(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => {
            "the other side closed the connection".to_owned()
        }
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer in time".to_owned(),
        io::ErrorKind::HostUnreachable => "the host cannot be reached".to_owned(),
        io::ErrorKind::NetworkUnreachable => "the network cannot be reached".to_owned(),
        _ => {
            // `failed to lookup address information: ` and the like explain nothing.
            let text = error.to_string();
            let text = text
                .rsplit_once("information: ")
                .map_or(&*text, |(_, text)| text);
            text.split(" (os error")
                .next()
                .unwrap_or(text)
                .to_lowercase()
        }
    }
}

/// Whether the name servers say that there is no such name, or that it has no address. Other errors
/// may be gone the next time: `EAI_AGAIN` is a name server that does not answer.
///
/// The standard library hands on what `gai_strerror` says, and not the code (Rust 1.95). The texts
/// are those of glibc, musl, macOS and the BSDs for `EAI_NONAME` and `EAI_NODATA`, and the code of
/// Windows for `WSAHOST_NOT_FOUND`.
pub(crate) fn is_no_such_name(error: &io::Error) -> bool {
    let text = error.to_string();
    [
        "Name or service not known",
        "No address associated with hostname",
        "Name does not resolve",
        "Name has no usable address",
        "nodename nor servname provided",
        "No address associated with name",
    ]
    .iter()
    .any(|known| text.contains(known))
        || error.raw_os_error() == Some(11001) && cfg!(windows)
}

/// An error of TLS, as the end of a sentence.
pub(crate) fn tls(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::InvalidMessage(_) => {
            "the other side does not speak TLS; perhaps it speaks plain HTTP".to_owned()
        }
        Error::AlertReceived(alert) => format!("the other side refuses: {}", alert_words(*alert)),
        Error::PeerIncompatible(
            PeerIncompatible::NoSignatureSchemesInCommon
            | PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon,
        ) => "no way of signing in common".to_owned(),
        Error::PeerIncompatible(_) => {
            "the other side offers no version or cipher that is safe enough".to_owned()
        }
        other => other.to_string(),
    }
}

fn certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::UnknownIssuer => {
            "the certificate is from an issuer that is not trusted here".to_owned()
        }
        CertificateError::Expired => "the certificate has expired".to_owned(),
        CertificateError::ExpiredContext { not_after, .. } => {
            let date = calendar::date(not_after.as_secs());
            format!("the certificate has expired: it was valid until {date}")
        }
        CertificateError::NotValidYet => {
            "the certificate is not valid yet; is the clock right?".to_owned()
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            let date = calendar::date(not_before.as_secs());
            format!("the certificate is not valid yet, but from {date} on; is the clock right?")
        }
        CertificateError::NotValidForName => "the certificate is for another host name".to_owned(),
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            "the certificate names no host: it has no subject alternative name, and a common name \
             does not count (RFC 9525)"
                .to_owned()
        }
        CertificateError::NotValidForNameContext {
            presented,
            expected,
        } => {
            let names = presented.iter().take(NAMES).map(|name| plain(name));
            let names: Vec<_> = names.collect();
            let more = if presented.len() > NAMES { ", ..." } else { "" };
            format!(
                "the certificate is for another host name: {}{more}, and not {}",
                names.join(", "),
                expected.to_str()
            )
        }
        CertificateError::Revoked => "the certificate was revoked".to_owned(),
        CertificateError::BadSignature => "the certificate's signature is wrong".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the certificate is not for servers".to_owned()
        }
        CertificateError::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id,
            ..
        } => unsupported(signature_algorithm_id, "the certificate is signed"),
        CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id,
            ..
        } => unsupported(
            signature_algorithm_id,
            "the certificate is signed, by a key on a curve that is not supported here,",
        ),
        CertificateError::BadEncoding => "the certificate makes no sense".to_owned(),
        other => {
            let text = format!("{other:?}");
            if text.contains("CaUsedAsEndEntity") {
                "the certificate is a self-signed authority's, and is not trusted here".to_owned()
            } else if text.contains("UnsupportedCertVersion") {
                "the certificate is of version 1, which is not supported here".to_owned()
            } else if text.contains("UnsupportedSignatureAlgorithm") {
                "the certificate is signed in a way that is not supported here".to_owned()
            } else {
                format!(
                    "the certificate is not valid: {}",
                    printable(&other.to_string(), CHARS)
                )
            }
        }
    }
}

/// A certificate's name, which webpki hands on as `DnsName("a.example")` or `IpAddress(10.0.0.1)`.
fn plain(name: &str) -> String {
    let inner = name
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    printable(inner.unwrap_or(name).trim_matches('"'), CHARS)
}

/// A signature algorithm that is not supported; `id` is the content of its `AlgorithmIdentifier`.
fn unsupported(id: &[u8], what: &str) -> String {
    let known = ALGORITHMS.iter().find(|(oid, _)| {
        id.strip_prefix(&[OBJECT_ID, oid.len() as u8])
            .is_some_and(|rest| rest.starts_with(oid))
    });
    match known {
        Some((_, name)) => format!("{what} with {name}, which is not supported here"),
        None => format!("{what} in a way that is not supported here"),
    }
}

fn alert_words(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => "it wants a client certificate".to_owned(),
        AlertDescription::ProtocolVersion => "no version of TLS in common".to_owned(),
        AlertDescription::HandshakeFailure => "no cipher in common".to_owned(),
        AlertDescription::UnrecognisedName => "it does not know this host name".to_owned(),
        other => format!("{other:?}"),
    }
}

/// How many of a certificate's names are shown.
const NAMES: usize = 3;

/// How many characters of a peer's text are shown.
const CHARS: usize = 200;

const OBJECT_ID: u8 = 6;

/// Signature algorithms of certificates (RFC 3279, RFC 4055, RFC 5758, RFC 8410).
const ALGORITHMS: &[(&[u8], &str)] = &[
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04],
        "ECDSA and SHA-512",
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03],
        "ECDSA and SHA-384",
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
        "ECDSA and SHA-256",
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01],
        "ECDSA and SHA-1",
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04],
        "RSA and MD5",
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05],
        "RSA and SHA-1",
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a],
        "RSASSA-PSS",
    ),
    (&[0x2b, 0x65, 0x71], "Ed448"),
];
