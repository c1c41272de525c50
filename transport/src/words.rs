//! What went wrong, in words for people.

use std::io;

use rustls::{AlertDescription, CertificateError, Error};

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

/// An error of TLS, as the end of a sentence.
pub(crate) fn tls(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::InvalidMessage(_) => {
            "the other side does not speak TLS; perhaps it speaks plain HTTP".to_owned()
        }
        Error::AlertReceived(alert) => format!("the other side refuses: {}", alert_words(*alert)),
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
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet; is the clock right?".to_owned()
        }
        CertificateError::NotValidForName => "the certificate is for another host name".to_owned(),
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            "the certificate is for another host name".to_owned()
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names = presented.iter().take(NAMES).map(|name| printable(name));
            let names: Vec<_> = names.collect();
            format!(
                "the certificate is for another host name: {}",
                names.join(", ")
            )
        }
        CertificateError::Revoked => "the certificate was revoked".to_owned(),
        CertificateError::BadSignature => "the certificate's signature is wrong".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the certificate is not for servers".to_owned()
        }
        other => {
            let text = format!("{other:?}");
            if text.contains("CaUsedAsEndEntity") {
                "the certificate is a self-signed authority's, and is not trusted here".to_owned()
            } else {
                format!(
                    "the certificate is not valid: {}",
                    printable(&other.to_string())
                )
            }
        }
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

/// What a peer wrote, on one line and not too long.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(CHARS)
        .collect()
}

/// How many of a certificate's names are shown.
const NAMES: usize = 3;

/// How many characters of a peer's text are shown.
const CHARS: usize = 200;
