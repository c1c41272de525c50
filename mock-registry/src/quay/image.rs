//! What images of both formats have in common once they are parsed.

use bytes::Bytes;

use super::json::{JsonError, Value};
use super::{Contents, Rejection};
use crate::core::is_digest_like;

/// A parsed image manifest.
pub(super) struct Image {
    pub(super) config: Value,
    pub(super) layers: Vec<Layer>,
    pub(super) annotations: Option<Value>,
}

/// A layer of it.
pub(super) struct Layer {
    pub(super) digest: String,
    pub(super) size: Value,
    /// Of a type whose bytes are elsewhere.
    pub(super) foreign: bool,
    /// With URLs, whatever its type.
    pub(super) urls: bool,
}

/// How layers are read beyond the schema.
pub(super) struct LayerRules {
    /// The media types whose bytes are elsewhere.
    pub(super) foreign: &'static [&'static str],
    /// Whether a negative size is refused (since Quay 3.16).
    pub(super) refuse_negative: bool,
}

impl Image {
    /// An image out of a document that fits its schema.
    pub(super) fn read(document: &Value, rules: &LayerRules) -> Result<Self, Rejection> {
        let layers = document.get("layers").map(Value::items).unwrap_or_default();
        Ok(Self {
            config: document.get("config").cloned().unwrap_or(Value::Null),
            layers: layers
                .iter()
                .map(|layer| Layer::read(layer, rules))
                .collect::<Result<_, _>>()?,
            annotations: document.get("annotations").cloned(),
        })
    }

    pub(super) fn config_digest(&self) -> &str {
        text(&self.config, "digest")
    }

    pub(super) fn config_type(&self) -> &str {
        text(&self.config, "mediaType")
    }

    pub(super) fn has_foreign(&self) -> bool {
        self.layers.iter().any(|layer| layer.foreign)
    }

    /// That every blob whose bytes should be here is here.
    pub(super) fn check_blobs(
        &self,
        contents: &dyn Contents,
        elsewhere: impl Fn(&Layer) -> bool,
    ) -> Result<(), Rejection> {
        let local = self.layers.iter().filter(|layer| !elsewhere(layer));
        let digests = local
            .map(|layer| layer.digest.as_str())
            .chain([self.config_digest()]);
        for digest in digests {
            if contents.blob_size(digest).is_none() {
                return Err(Rejection::Invalid(format!("Unknown blob `{digest}`")));
            }
        }
        Ok(())
    }

    /// That the sizes add up to something a database column takes. Not a number is stored as null.
    pub(super) fn check_total_size(&self) -> Result<(), Rejection> {
        let mut whole: i128 = 0;
        let mut float = 0.0_f64;
        for layer in &self.layers {
            match &layer.size {
                Value::Int(size) => {
                    whole = whole.saturating_add(*size);
                    float += *size as f64;
                }
                size => float += size.as_number().unwrap_or(0.0),
            }
        }
        let exact = self
            .layers
            .iter()
            .all(|layer| matches!(layer.size, Value::Int(_)));
        let fits = if exact {
            i64::try_from(whole).is_ok()
        } else {
            float.is_nan() || (-(2.0_f64.powi(63))..2.0_f64.powi(63)).contains(&float)
        };
        if fits { Ok(()) } else { Err(Rejection::Crash) }
    }

    /// The bytes of the config, if its size is as announced.
    pub(super) fn config_bytes(&self, contents: &dyn Contents) -> Result<Bytes, Rejection> {
        let digest = self.config_digest();
        let missing = || Rejection::Invalid("Could not load config blob for manifest".into());
        let size = contents.blob_size(digest).ok_or_else(missing)?;
        let announced = self.config.get("size").unwrap_or(&Value::Null);
        if !announced.equals(size) {
            return Err(Rejection::Invalid(format!(
                "Size of config does not match that retrieved: {size} vs {}",
                announced.repr()
            )));
        }
        if size > LARGEST_CONFIG {
            return Err(Rejection::Crash);
        }
        contents.blob(digest).ok_or_else(missing)
    }
}

/// A document out of bytes, `what` naming it in complaints.
pub(super) fn read_json(bytes: &[u8], what: &str) -> Result<Value, Rejection> {
    // Bytes that are not UTF-8 meet code that expects a string.
    let text = std::str::from_utf8(bytes).map_err(|_| Rejection::Crash)?;
    Value::parse(text).map_err(|error| match error {
        JsonError::Malformed(words) => {
            Rejection::Invalid(format!("malformed {what} data: {words}"))
        }
        JsonError::TooDeep => Rejection::Crash,
    })
}

impl Layer {
    fn read(layer: &Value, rules: &LayerRules) -> Result<Self, Rejection> {
        let digest = text(layer, "digest");
        let size = layer.get("size").cloned().unwrap_or(Value::Null);
        let negative = size.as_number().is_some_and(|size| size < 0.0);
        if negative && rules.refuse_negative {
            return Err(Rejection::Invalid("invalid layer size".into()));
        }
        if !is_digest_like(digest) {
            let words = format!("could not parse manifest digest: {digest}");
            return Err(Rejection::Invalid(words));
        }
        let foreign = rules.foreign.contains(&text(layer, "mediaType"));
        let urls = layer.get("urls").is_some_and(Value::is_truthy);
        if foreign && !urls {
            return Err(Rejection::Invalid("missing `urls` for remote layer".into()));
        }
        Ok(Self {
            digest: digest.to_owned(),
            size,
            foreign,
            urls,
        })
    }
}

/// A member that the schema has made sure is a text.
fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// A config that would not fit into memory is not worth judging.
const LARGEST_CONFIG: u64 = 64 << 20;
