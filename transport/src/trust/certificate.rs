//! What a certificate says of itself (RFC 5280, section 4.1), as far as it is needed for one that is
//! trusted by itself: webpki tells these things only of a certificate at the end of a chain.

use std::time::Duration;

use rustls_pki_types::UnixTime;

use crate::calendar;

/// When a certificate is valid, and whether it is for servers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) not_before: UnixTime,
    pub(super) not_after: UnixTime,
    /// It has no list of purposes, or the list has `serverAuth` (section 4.2.1.12).
    pub(super) is_for_servers: bool,
}

/// The facts of a certificate in DER; `None` where it makes no sense.
pub(super) fn read(der: &[u8]) -> Option<Facts> {
    let (certificate, _) = element(der, SEQUENCE)?;
    let (mut rest, _) = element(certificate, SEQUENCE)?;
    if let Some((_, after)) = element(rest, VERSION) {
        rest = after;
    }
    // The serial number, the algorithm of the signature and the issuer.
    for _ in 0..3 {
        (_, _, rest) = any(rest)?;
    }
    let (validity, rest) = element(rest, SEQUENCE)?;
    let (not_before, validity) = time(validity)?;
    let (not_after, _) = time(validity)?;
    Some(Facts {
        not_before,
        not_after,
        is_for_servers: is_for_servers(rest)?,
    })
}

/// Looks at the extensions in what follows the validity.
fn is_for_servers(mut rest: &[u8]) -> Option<bool> {
    while !rest.is_empty() {
        let (tag, content, after) = any(rest)?;
        rest = after;
        if tag != EXTENSIONS {
            continue;
        }
        let (mut extensions, _) = element(content, SEQUENCE)?;
        while !extensions.is_empty() {
            let (extension, after) = element(extensions, SEQUENCE)?;
            extensions = after;
            let (id, mut value) = element(extension, OBJECT_ID)?;
            if id != EXTENDED_KEY_USAGE {
                continue;
            }
            if let Some((_, after)) = element(value, BOOLEAN) {
                value = after;
            }
            let (purposes, _) = element(value, OCTET_STRING)?;
            let (mut purposes, _) = element(purposes, SEQUENCE)?;
            while !purposes.is_empty() {
                let (purpose, after) = element(purposes, OBJECT_ID)?;
                if purpose == SERVER_AUTH {
                    return Some(true);
                }
                purposes = after;
            }
            return Some(false);
        }
    }
    Some(true)
}

/// A time in either form (section 4.1.2.5), and what follows it.
fn time(der: &[u8]) -> Option<(UnixTime, &[u8])> {
    let (tag, content, rest) = any(der)?;
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<i64>().ok();
    let (year, content) = match tag {
        UTC_TIME => {
            let (year, content) = content.split_at_checked(2)?;
            let year = number(year)?;
            (year + if year < 50 { 2000 } else { 1900 }, content)
        }
        GENERALIZED_TIME => {
            let (year, content) = content.split_at_checked(4)?;
            (number(year)?, content)
        }
        _ => return None,
    };
    let [digits @ .., b'Z'] = content else {
        return None;
    };
    if digits.len() != 10 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let part = |index: usize| number(digits.get(2 * index..2 * index + 2)?);
    let days = calendar::days(year, part(0)?, part(1)?);
    let seconds = ((days * 24 + part(2)?) * 60 + part(3)?) * 60 + part(4)?;
    // What was before 1970 is as far away as 1970 is.
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    Some((UnixTime::since_unix_epoch(since), rest))
}

/// The content of the element at the beginning, if it has this tag, and what follows it.
fn element(der: &[u8], expected: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = any(der)?;
    (tag == expected).then_some((content, rest))
}

/// The tag and the content of the element at the beginning, and what follows it.
fn any(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, length, rest @ ..] = der else {
        return None;
    };
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
            let length = bytes.iter().try_fold(0_usize, |length, byte| {
                length.checked_mul(256)?.checked_add(usize::from(*byte))
            })?;
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

const BOOLEAN: u8 = 0x01;
const OCTET_STRING: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

/// 2.5.29.37
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];

/// 1.3.6.1.5.5.7.3.1
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
