//! Ports that an image says it listens on.

use std::fmt;

/// A port and its protocol, as `ExposedPorts` has it (OCI image configuration). Without a protocol,
/// it is TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port {
    number: u16,
    protocol: Protocol,
}

/// A text that names no port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{}\" is no port; it is NUMBER[-NUMBER][/tcp|udp|sctp], with numbers from 1 to 65535",
    text.escape_debug()
)]
#[non_exhaustive]
pub struct UnknownPort {
    /// The text.
    pub text: String,
}

/// What docker takes behind a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Protocol {
    Tcp,
    Udp,
    Sctp,
}

impl Port {
    /// Reads `80`, `53/udp`, or `8000-8010/tcp` for several, as a Dockerfile's `EXPOSE` has it.
    ///
    /// # Errors
    /// It is none of these. Docker refuses to run an image with such a port.
    pub fn parse(text: &str) -> Result<impl Iterator<Item = Self>, UnknownPort> {
        let unknown = || UnknownPort {
            text: text.to_owned(),
        };
        let (numbers, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let protocol = match protocol.to_ascii_lowercase().as_str() {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "sctp" => Protocol::Sctp,
            _ => return Err(unknown()),
        };
        let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
        let number = |text: &str| {
            let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
            let number = text.parse::<u16>().ok();
            number.filter(|number| is_number && *number > 0)
        };
        match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => {
                Ok((first..=last).map(move |number| Self { number, protocol }))
            }
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Sctp => "sctp",
        };
        write!(f, "{}/{protocol}", self.number)
    }
}
