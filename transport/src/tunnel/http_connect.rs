//! `CONNECT` (RFC 9110, section 9.3.6).

use std::fmt;

use super::{Refusal, Turn};
use crate::proxy::{Proxy, wants_login};

/// The talk with an HTTP proxy.
pub(super) struct HttpConnect {
    request: Vec<u8>,
    answer: Vec<u8>,
    open: bool,
    has_login: bool,
}

impl HttpConnect {
    pub(super) fn new(proxy: &Proxy, host: &str, port: u16) -> Self {
        let request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
        let mut request = request.into_bytes();
        let login = proxy.authorization();
        if let Some(login) = &login {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(login.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        Self {
            request,
            answer: Vec::new(),
            open: false,
            has_login: login.is_some(),
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

    pub(super) fn received(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.answer.extend_from_slice(bytes);
        if self.answer.windows(4).any(|window| window == b"\r\n\r\n") {
            self.open = true;
            return self.judge();
        }
        if bytes.is_empty() || self.answer.len() > LONGEST {
            return Err(Refusal::now(NOT_HTTP));
        }
        Ok(())
    }

    fn judge(&self) -> Result<(), Refusal> {
        let line = self.answer.split(|byte| *byte == b'\r').next();
        let line = String::from_utf8_lossy(line.unwrap_or_default());
        let code = line.split(' ').nth(1);
        let code = code.filter(|code| code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit()));
        match code {
            Some(code) if code.starts_with('2') => Ok(()),
            Some("407") => Err(Refusal::forever(wants_login(self.has_login))),
            // It has no time, or had none.
            Some(code @ ("408" | "429")) => Err(Refusal::now(format!("it answers {code}"))),
            Some(code) if code.starts_with('4') => {
                Err(Refusal::forever(format!("it answers {code}")))
            }
            Some(code) => Err(Refusal::now(format!("it answers {code}"))),
            None => Err(Refusal::now(NOT_HTTP)),
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
