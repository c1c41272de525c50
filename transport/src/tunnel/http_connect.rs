//! `CONNECT` (RFC 9110, section 9.3.6).

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::Turn;
use crate::proxy::User;

/// The talk with an HTTP proxy.
pub(super) struct HttpConnect {
    request: Vec<u8>,
    answer: Vec<u8>,
    open: bool,
    /// It was given a user name and a password.
    has_user: bool,
}

impl HttpConnect {
    pub(super) fn new(user: Option<&User>, host: &str, port: u16) -> Self {
        let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
        if let Some(User { name, password }) = user {
            let pair = [&name[..], b":", password].concat();
            let pair = BASE64_STANDARD.encode(pair);
            request.push_str(&format!("Proxy-Authorization: Basic {pair}\r\n"));
        }
        request.push_str("\r\n");
        Self {
            request: request.into_bytes(),
            answer: Vec::new(),
            open: false,
            has_user: user.is_some(),
        }
    }

    pub(super) fn turn(&mut self) -> Turn {
        if !self.request.is_empty() {
            Turn::Send(std::mem::take(&mut self.request))
        } else if self.open {
            Turn::Open
        } else {
            // Whoever is behind the tunnel stays silent until spoken to, in TLS as in HTTP: nothing
            // that follows the head can be read by mistake.
            Turn::Receive(PIECE)
        }
    }

    pub(super) fn received(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.answer.extend_from_slice(bytes);
        if self.answer.windows(4).any(|window| window == b"\r\n\r\n") {
            self.open = true;
            return self.judge();
        }
        if bytes.is_empty() || self.answer.len() > LONGEST {
            return Err(NOT_HTTP.to_owned());
        }
        Ok(())
    }

    fn judge(&self) -> Result<(), String> {
        let line = self.answer.split(|byte| *byte == b'\r').next();
        let line = String::from_utf8_lossy(line.unwrap_or_default());
        match line.split(' ').nth(1) {
            Some(code) if code.len() == 3 && code.starts_with('2') => Ok(()),
            Some("407") if self.has_user => Err(
                "it does not take the user name and password that it was given (407)".to_owned(),
            ),
            Some("407") => Err("it wants a user name and a password (407)".to_owned()),
            Some(code) if code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit()) => {
                Err(format!("it answers {code}"))
            }
            _ => Err(NOT_HTTP.to_owned()),
        }
    }
}

impl fmt::Debug for HttpConnect {
    /// Without the request, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpConnect")
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

const NOT_HTTP: &str = "it does not answer in HTTP";

/// How much is received at a time.
const PIECE: usize = 1024;

/// The longest head a proxy may answer with.
const LONGEST: usize = 16 * 1024;
