//! The part of JSON Schema that Quay's schemas use, with the words of Python's `jsonschema`.

use super::json::{Value, repr_text};

/// What a value must be.
pub(super) struct Schema {
    /// Any of these types.
    pub(super) types: &'static [Type],
    /// And this.
    pub(super) rule: Rule,
}

/// A type of JSON value. A boolean is not a number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Object,
    Array,
    String,
    Number,
    Boolean,
    Null,
}

/// What else a value of the right type must be.
pub(super) enum Rule {
    Anything,
    /// With these members, all of the second list required.
    Members(&'static [(&'static str, Schema)], &'static [&'static str]),
    /// Every item like this.
    Items(&'static Schema),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A media type by Quay's pattern, which may match anywhere in the text.
    MediaType,
    /// The number two.
    Two,
}

impl Schema {
    pub(super) const fn of(kind: &'static [Type]) -> Self {
        Self {
            types: kind,
            rule: Rule::Anything,
        }
    }

    pub(super) const fn members(
        members: &'static [(&'static str, Self)],
        required: &'static [&'static str],
    ) -> Self {
        Self {
            types: &[Type::Object],
            rule: Rule::Members(members, required),
        }
    }

    pub(super) const fn items(schema: &'static Self) -> Self {
        Self {
            types: &[Type::Array],
            rule: Rule::Items(schema),
        }
    }

    pub(super) const fn one_of(texts: &'static [&'static str]) -> Self {
        Self {
            types: &[Type::String],
            rule: Rule::OneOf(texts),
        }
    }

    /// The best match among the things wrong with a value: the first of those that lie least deep.
    pub(super) fn check(&self, value: &Value) -> Result<(), String> {
        let mut worst = None;
        self.collect(value, 0, &mut worst);
        match worst {
            Some((_, words)) => Err(words),
            None => Ok(()),
        }
    }

    fn collect(&self, value: &Value, depth: usize, worst: &mut Option<(usize, String)>) {
        if worst.as_ref().is_some_and(|(found, _)| *found <= depth) {
            return;
        }
        if !self.types.iter().any(|kind| kind.has(value)) {
            let types: Vec<_> = self
                .types
                .iter()
                .map(|kind| repr_text(kind.name()))
                .collect();
            let words = format!("{} is not of type {}", value.repr(), types.join(", "));
            *worst = Some((depth, words));
            return;
        }
        let wrong = match (&self.rule, value) {
            (Rule::Members(members, required), Value::Object(_)) => {
                let missing = required.iter().find(|name| value.get(name).is_none());
                if missing.is_none() {
                    for (name, schema) in *members {
                        if let Some(member) = value.get(name) {
                            schema.collect(member, depth + 1, worst);
                        }
                    }
                }
                missing.map(|name| format!("{} is a required property", repr_text(name)))
            }
            (Rule::Items(schema), Value::Array(items)) => {
                for item in items {
                    schema.collect(item, depth + 1, worst);
                }
                None
            }
            (Rule::OneOf(texts), Value::String(text)) if !texts.contains(&text.as_str()) => {
                let texts: Vec<_> = texts.iter().map(|text| repr_text(text)).collect();
                Some(format!(
                    "{} is not one of [{}]",
                    repr_text(text),
                    texts.join(", ")
                ))
            }
            (Rule::MediaType, Value::String(text)) if !looks_like_media_type(text) => Some(
                format!("{} does not match {MEDIA_TYPE_PATTERN}", repr_text(text)),
            ),
            (Rule::Two, _) => match value.as_number() {
                Some(number) if number < 2.0 => {
                    Some(format!("{} is less than the minimum of 2", value.repr()))
                }
                Some(number) if number > 2.0 => {
                    Some(format!("{} is greater than the maximum of 2", value.repr()))
                }
                _ => None,
            },
            _ => None,
        };
        if let Some(words) = wrong {
            *worst = Some((depth, words));
        }
    }
}

impl Type {
    fn has(self, value: &Value) -> bool {
        match value {
            Value::Object(_) => self == Self::Object,
            Value::Array(_) => self == Self::Array,
            Value::String(_) => self == Self::String,
            Value::Int(_) | Value::Huge(_) | Value::Float(_) => self == Self::Number,
            Value::Bool(_) => self == Self::Boolean,
            Value::Null => self == Self::Null,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Null => "null",
        }
    }
}

pub(super) const OBJECT: Schema = Schema::of(&[Type::Object]);
pub(super) const STRING: Schema = Schema::of(&[Type::String]);
pub(super) const NUMBER: Schema = Schema::of(&[Type::Number]);
pub(super) const BOOLEAN: Schema = Schema::of(&[Type::Boolean]);
pub(super) const TWO: Schema = Schema {
    types: &[Type::Number],
    rule: Rule::Two,
};
pub(super) const MEDIA_TYPE: Schema = Schema {
    types: &[Type::String],
    rule: Rule::MediaType,
};

/// A slash between a word character and one that may follow it.
fn looks_like_media_type(text: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let chars: Vec<char> = text.chars().collect();
    chars.windows(3).any(|three| {
        word(three[0]) && three[1] == '/' && (word(three[2]) || "-.".contains(three[2]))
    })
}

const MEDIA_TYPE_PATTERN: &str = r"'\\w+/[-.\\w]+(?:\\+[-.\\w]+)?'";
