//! Answers, good and bad.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use longshore_protocol::ErrorCode;
use serde_json::{Value, json};

use super::{Body, HangUp};
use crate::profile::{ErrorForm, ErrorKnobs, RoutingErrors};

/// An answer being put together.
pub(crate) struct Reply(Response<Body>);

impl Reply {
    pub(crate) fn new(status: u16) -> Self {
        let mut response = Response::new(Body::Empty);
        // A status out of a profile may be nonsense; a client then sees a broken server.
        *response.status_mut() =
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self(response)
    }

    /// With a header, unless its value cannot stand in one.
    pub(crate) fn with(mut self, name: impl Into<HeaderName>, value: impl AsRef<str>) -> Self {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.0.headers_mut().append(name.into(), value);
        }
        self
    }

    /// With a header if there is a value.
    pub(crate) fn with_some(self, name: HeaderName, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(crate) fn body(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        *self.0.body_mut() = Body::Bytes(body.into());
        self.with(header::CONTENT_TYPE, media_type)
    }

    pub(crate) fn stored(mut self, body: Body) -> Self {
        *self.0.body_mut() = body;
        self
    }

    pub(crate) fn done(self) -> Response<Body> {
        self.0
    }
}

/// A request that is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: u16,
    form: Form,
    headers: Vec<(HeaderName, String)>,
    hang_up: bool,
}

#[derive(Debug)]
enum Form {
    /// The specification's JSON.
    Oci(Vec<Value>),
    /// A body of this media type.
    Text(&'static str, String),
    Empty,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: ErrorCode, message: impl Into<String>) -> Self {
        Self::detailed(status, code, message, json!({}))
    }

    pub(crate) fn detailed(
        status: u16,
        code: ErrorCode,
        message: impl Into<String>,
        detail: Value,
    ) -> Self {
        let entry = entry(&code, message, detail);
        Self::of(status, Form::Oci(vec![entry]))
    }

    /// Several errors at once.
    pub(crate) fn several(
        status: u16,
        errors: impl IntoIterator<Item = (ErrorCode, String, Value)>,
    ) -> Self {
        let entries = errors
            .into_iter()
            .map(|(code, message, detail)| entry(&code, message, detail))
            .collect();
        Self::of(status, Form::Oci(entries))
    }

    pub(crate) fn text(status: u16, media_type: &'static str, body: impl Into<String>) -> Self {
        Self::of(status, Form::Text(media_type, body.into()))
    }

    /// A page, as web frameworks make them.
    pub(crate) fn html(status: u16) -> Self {
        Self::text(status, HTML, page(status))
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self::of(status, Form::Empty)
    }

    /// The storage failed under the registry.
    pub(crate) fn storage(error: &std::io::Error) -> Self {
        Self::new(500, ErrorCode::UNKNOWN, format!("storage: {error}"))
    }

    pub(crate) fn with(mut self, name: impl Into<HeaderName>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Not sent at all by a server: it hangs up.
    pub(crate) fn hanging_up(mut self) -> Self {
        self.hang_up = true;
        self
    }

    /// With the URL that was asked where a header has to name it.
    pub(crate) fn to(mut self, url: &str) -> Self {
        for (_, value) in &mut self.headers {
            *value = value.replace("{url}", url);
        }
        self
    }

    pub(crate) fn into_response(self, knobs: &ErrorKnobs) -> Response<Body> {
        let mut reply = Reply::new(self.status);
        for (name, value) in &self.headers {
            reply = reply.with(name.clone(), value);
        }
        let mut response = match self.form {
            Form::Oci(_) if self.status == 401 && !knobs.unauthorized_text.is_empty() => {
                reply.body(TEXT, knobs.unauthorized_text.clone())
            }
            Form::Oci(_) if by_proxy(self.status) && knobs.proxy == RoutingErrors::Html => {
                reply.body(HTML, page(self.status))
            }
            Form::Oci(_) if by_proxy(self.status) && knobs.proxy == RoutingErrors::Text => {
                reply.body(TEXT, reason(self.status))
            }
            Form::Oci(errors) => match knobs.form {
                ErrorForm::Oci => {
                    let mut text = json!({ "errors": errors }).to_string();
                    text.push('\n');
                    reply.body(&knobs.media_type, text)
                }
                ErrorForm::Text => {
                    let messages = errors.iter().filter_map(|error| error["message"].as_str());
                    let messages: Vec<&str> = messages.collect();
                    reply.body(TEXT, messages.join("\n"))
                }
                ErrorForm::Html => reply.body(HTML, page(self.status)),
                ErrorForm::Empty => reply,
                ErrorForm::Braces => reply.body(&knobs.media_type, "{}"),
            },
            Form::Text(media_type, text) => reply.body(media_type, text),
            Form::Empty => reply,
        }
        .done();
        if self.hang_up {
            response.extensions_mut().insert(HangUp);
        }
        response
    }

    fn of(status: u16, form: Form) -> Self {
        Self {
            status,
            form,
            headers: Vec::new(),
            hang_up: false,
        }
    }
}

fn entry(code: &ErrorCode, message: impl Into<String>, detail: Value) -> Value {
    json!({ "code": code.as_str(), "message": message.into(), "detail": detail })
}

fn reason(status: u16) -> &'static str {
    let status = StatusCode::from_u16(status).ok();
    status
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Error")
}

fn page(status: u16) -> String {
    let reason = reason(status);
    format!(
        "<!doctype html>\n<html lang=en>\n<title>{status} {reason}</title>\n<h1>{reason}</h1>\n"
    )
}

/// What a proxy in front of a registry says itself.
fn by_proxy(status: u16) -> bool {
    matches!(status, 411 | 413 | 414 | 500..)
}

pub(crate) const TEXT: &str = "text/plain; charset=utf-8";
pub(crate) const HTML: &str = "text/html; charset=utf-8";
pub(crate) const API_VERSION: HeaderName =
    HeaderName::from_static("docker-distribution-api-version");
pub(crate) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
