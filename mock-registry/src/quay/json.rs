//! JSON as CPython's `json` module reads it: `NaN` and the infinities are numbers, integers have
//! any size, of a repeated key the last one wins, and complaints have its words.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i128),
    /// An integer too large for anything; its digits.
    Huge(String),
    Float(f64),
    String(String),
    Array(Vec<Self>),
    Object(BTreeMap<String, Self>),
}

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum JsonError {
    /// CPython's words for it.
    Malformed(String),
    /// CPython's stack would overflow, which is no JSON error to it.
    TooDeep,
}

impl Value {
    pub(super) fn parse(text: &str) -> Result<Self, JsonError> {
        if text.starts_with('\u{feff}') {
            let words = "Unexpected UTF-8 BOM (decode using utf-8-sig)";
            return Err(malformed(text, words, 0));
        }
        let mut reader = Reader { text, at: 0 };
        reader.skip_space();
        let value = reader.value(DEEPEST)?;
        reader.skip_space();
        if reader.at < text.len() {
            return Err(malformed(text, "Extra data", reader.at));
        }
        Ok(value)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(key),
            _ => None,
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// The number as a float, which is good enough to compare it with a small one.
    pub(super) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Huge(digits) if digits.starts_with('-') => Some(f64::MIN),
            Self::Huge(_) => Some(f64::MAX),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether it is a number equal to this length.
    pub(super) fn equals(&self, length: u64) -> bool {
        match self {
            Self::Int(number) => *number == i128::from(length),
            // Lengths that a float cannot tell apart do not occur.
            Self::Float(number) => *number == length as f64,
            _ => false,
        }
    }

    /// Python's idea of truth.
    pub(super) fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Int(number) => *number != 0,
            Self::Huge(_) => true,
            Self::Float(number) => *number != 0.0,
            Self::String(text) => !text.is_empty(),
            Self::Array(items) => !items.is_empty(),
            Self::Object(members) => !members.is_empty(),
        }
    }

    /// As Python's `repr` writes it, cut when it gets long.
    pub(super) fn repr(&self) -> String {
        let mut out = String::new();
        self.write_repr(&mut out);
        out
    }

    fn write_repr(&self, out: &mut String) {
        if out.len() > LONGEST_REPR {
            return;
        }
        match self {
            Self::Null => out.push_str("None"),
            Self::Bool(true) => out.push_str("True"),
            Self::Bool(false) => out.push_str("False"),
            Self::Int(number) => {
                let _ = write!(out, "{number}");
            }
            Self::Huge(digits) => out.push_str(digits),
            Self::Float(number) => out.push_str(&repr_float(*number)),
            Self::String(text) => out.push_str(&repr_text(text)),
            Self::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    item.write_repr(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    let _ = write!(out, "{}: ", repr_text(key));
                    value.write_repr(out);
                }
                out.push('}');
            }
        }
    }
}

/// A string as Python's `repr` writes it, as far as texts in manifests go.
pub(super) fn repr_text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_ascii_control() => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

fn repr_float(number: f64) -> String {
    if number.is_nan() {
        "nan".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "inf" } else { "-inf" }.to_owned()
    } else {
        format!("{number:?}")
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        let depth = depth.checked_sub(1).ok_or(JsonError::TooDeep)?;
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            _ => self.scalar(),
        }
    }

    fn scalar(&mut self) -> Result<Value, JsonError> {
        for (word, value) in [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
            ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        ] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        self.number().ok_or_else(|| self.expecting("value"))
    }

    fn number(&mut self) -> Option<Value> {
        let bytes = self.rest().as_bytes();
        let digits = |from: usize| {
            let tail = bytes.get(from..).unwrap_or_default();
            tail.iter().take_while(|byte| byte.is_ascii_digit()).count()
        };
        let sign = usize::from(bytes.first() == Some(&b'-'));
        let whole = match bytes.get(sign) {
            Some(b'0') => 1,
            _ => digits(sign),
        };
        if whole == 0 {
            return None;
        }
        let integer = sign + whole;
        let mut end = integer;
        if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
            end += 1 + digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let signed = matches!(bytes.get(end + 1), Some(b'+' | b'-'));
            let first = end + 1 + usize::from(signed);
            if digits(first) > 0 {
                end = first + digits(first);
            }
        }
        let text = &self.rest()[..end];
        self.at += end;
        Some(if end == integer {
            text.parse()
                .map_or_else(|_| Value::Huge(text.to_owned()), Value::Int)
        } else {
            Value::Float(text.parse().ok()?)
        })
    }

    fn array(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(Value::Array(items));
            }
            if !self.take(b',') {
                return Err(self.expecting("',' delimiter"));
            }
            self.skip_space();
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        let mut members = BTreeMap::new();
        self.skip_space();
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.expecting("property name enclosed in double quotes"));
            }
            let key = self.string()?;
            self.skip_space();
            if !self.take(b':') {
                return Err(self.expecting("':' delimiter"));
            }
            self.skip_space();
            members.insert(key, self.value(depth)?);
            self.skip_space();
            if self.take(b'}') {
                return Ok(Value::Object(members));
            }
            if !self.take(b',') {
                return Err(self.expecting("',' delimiter"));
            }
            self.skip_space();
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        let begin = self.at;
        let unterminated = |text| malformed(text, "Unterminated string starting at", begin);
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let plain = rest.find(|c: char| c == '"' || c == '\\' || c < ' ');
            let plain = plain.ok_or_else(|| unterminated(self.text))?;
            out.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    let escape = self.at;
                    let Some(kind) = self.rest()[1..].chars().next() else {
                        return Err(unterminated(self.text));
                    };
                    self.at += 1 + kind.len_utf8();
                    out.push(match kind {
                        '"' | '\\' | '/' => kind,
                        'b' => '\u{8}',
                        'f' => '\u{c}',
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        'u' => self.unicode_escape()?,
                        _ => return Err(malformed(self.text, "Invalid \\escape", escape)),
                    });
                }
                _ => {
                    return Err(malformed(
                        self.text,
                        "Invalid control character at",
                        self.at,
                    ));
                }
            }
        }
    }

    /// The character of the four digits after `\u`, and of a second such escape if they make a
    /// pair. A lone half of a pair, which Python's strings can hold, becomes U+FFFD.
    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let high = self.four_digits()?;
        if (0xd800..0xdc00).contains(&high) && self.rest().starts_with("\\u") {
            let before = self.at;
            self.at += 2;
            let low = self.four_digits()?;
            if (0xdc00..0xe000).contains(&low) {
                let point = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.get(self.at..self.at + 4);
        let digits = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let number = digits.and_then(|text| u32::from_str_radix(text, 16).ok());
        let number =
            number.ok_or_else(|| malformed(self.text, "Invalid \\uXXXX escape", self.at - 1))?;
        self.at += 4;
        Ok(number)
    }

    fn skip_space(&mut self) {
        let space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
        self.at = self.text.len() - self.rest().trim_start_matches(space).len();
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn expecting(&self, what: &str) -> JsonError {
        malformed(self.text, &format!("Expecting {what}"), self.at)
    }
}

fn malformed(text: &str, words: &str, at: usize) -> JsonError {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let char = before.chars().count();
    JsonError::Malformed(format!(
        "{words}: line {line} column {column} (char {char})"
    ))
}

/// CPython's default recursion limit is 1000, some of which the web framework has used up.
const DEEPEST: usize = 900;
const LONGEST_REPR: usize = 500;

#[cfg(test)]
mod tests;
