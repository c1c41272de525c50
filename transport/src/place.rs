//! Where a request goes.

use std::fmt;

use http::Uri;
use http::request::Parts;
use longshore_protocol::NamedBy;
use rustls_pki_types::{InvalidDnsNameError, ServerName};

/// The server that a request goes to.
#[derive(Clone, Debug)]
pub struct Place {
    host: String,
    port: u16,
    secure: bool,
    authority: String,
    named_by: Option<NamedBy>,
}

impl Place {
    /// The server that `uri` names.
    ///
    /// # Errors
    /// Why it names none that a request could go to.
    pub fn of(uri: &Uri) -> Result<Self, &'static str> {
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("the request's URI is neither http nor https"),
        };
        let authority = uri.authority().ok_or("the request's URI has no host")?;
        // Whatever it is meant for, it would be sent to the server.
        if authority.as_str().contains('@') {
            return Err("the request's URI holds a user name");
        }
        let port = authority.port_u16();
        Ok(Self {
            host: authority.host().to_owned(),
            port: port.unwrap_or(if secure { 443 } else { 80 }),
            secure,
            authority: authority.as_str().to_owned(),
            named_by: None,
        })
    }

    /// The server that a request goes to, and who named it.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn of_request(request: &Parts) -> Result<Self, &'static str> {
        let named_by = request.extensions.get().cloned();
        Ok(Self {
            named_by,
            ..Self::of(&request.uri)?
        })
    }

    /// The registry that named it, if it is not the registry's own.
    #[must_use]
    pub fn named_by(&self) -> Option<&NamedBy> {
        self.named_by.as_ref()
    }

    /// This port of `host`, an IPv6 address in brackets.
    pub(crate) fn at(host: &str, port: u16, secure: bool) -> Self {
        Self {
            host: host.to_owned(),
            port,
            secure,
            authority: format!("{host}:{port}"),
            named_by: None,
        }
    }

    /// The host's name or address. An IPv6 address is in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, by default that of the scheme.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is spoken to over TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Host and port as the URI has them.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The name that its certificate has to be for.
    ///
    /// # Errors
    /// When no certificate can be for such a name.
    pub fn server_name(&self) -> Result<ServerName<'static>, InvalidDnsNameError> {
        ServerName::try_from(bare(&self.host).to_owned())
    }
}

/// `host:port`, for messages.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// `host` without the brackets of an IPv6 address: what a resolver takes.
#[must_use]
pub fn bare(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}
