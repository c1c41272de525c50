//! Changes to answers that several faults share.

use http::header::{HeaderName, LOCATION};
use http::{HeaderValue, Response, StatusCode};

use crate::core::Body;
use crate::fault::Scene;
use crate::fault::play::{Edit, Made, Play};

/// The registry answers with one header replaced.
pub(super) fn header(name: &'static str, value: impl Into<String>) -> Play {
    let value = value.into();
    Play::change(move |_, response| put(response, name, &value))
}

/// The registry answers without one of its headers.
pub(super) fn without(name: &'static str) -> Play {
    Play::change(move |_, response| {
        response.headers_mut().remove(name);
    })
}

/// The registry answers with another status, if it answered well.
pub(super) fn status(status: u16) -> Play {
    Play::change(move |_, response| {
        if response.status().is_success()
            && let Ok(status) = StatusCode::from_u16(status)
        {
            *response.status_mut() = status;
        }
    })
}

/// The registry answers with one header written as HTTP libraries would not.
pub(super) fn raw_header(name: &'static str, line: impl Into<Vec<u8>>) -> Play {
    Play::edit(vec![Edit::Remove(name), Edit::Add(line.into())])
}

/// A redirect there, whatever was asked.
pub(super) fn redirect(status: u16, to: &str) -> Made {
    Made::status(status).header("location", to)
}

/// The registry answers with a challenge that reads like this wherever it would challenge, and
/// challenges requests without credentials even where it would not.
pub(super) fn challenge(scene: &Scene, values: &[String]) -> Play {
    let mut made = Made::error(401, "UNAUTHORIZED", "authentication required");
    for value in values {
        made = made.header("www-authenticate", value.clone());
    }
    if scene.authorized {
        return Play::pass();
    }
    Play::instead(made)
}

/// The scope that a request of this kind needs.
pub(super) fn scope(scene: &Scene) -> String {
    if scene.repository.is_empty() {
        String::new()
    } else {
        format!("repository:{}:pull,push", scene.repository)
    }
}

/// The service that tokens of this registry are for.
pub(super) fn service(scene: &Scene) -> &str {
    scene.origin.split("://").last().unwrap_or_default()
}

/// Replaces the token answer's object, if the registry gave a token.
pub(super) fn token_answer(change: impl FnOnce(&mut serde_json::Value) + Send + 'static) -> Play {
    Play::change(move |_, response| {
        if !response.status().is_success() {
            return;
        }
        if let Body::Bytes(bytes) = response.body()
            && let Ok(mut value) = serde_json::from_slice(bytes)
        {
            change(&mut value);
            response.headers_mut().remove("content-length");
            *response.body_mut() = Body::Bytes(value.to_string().into());
        }
    })
}

/// Changes the `Location` of an answer that has one.
pub(super) fn location(change: impl FnOnce(&Scene, &str) -> String + Send + 'static) -> Play {
    Play::change(move |scene, response| {
        let old = response.headers().get(LOCATION);
        if let Some(old) = old.map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned()) {
            put(response, "location", &change(scene, &old));
        }
    })
}

/// Sets a header; a value that cannot stand in one is left out.
pub(super) fn put(response: &mut Response<Body>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        let name = HeaderName::from_static(name);
        response.headers_mut().insert(name, value);
    }
}

/// Path and query of a URL that may be absolute.
pub(crate) fn path_of(url: &str) -> &str {
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => url,
    }
}
