//! Which knob of a text is wrong, when something is.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{DEEPEST_BASE, Profile, ProfileError, base_of, overlay, parse};

/// The first knob of a text that its base does not take, tried one by one.
pub(super) fn the_knob(text: &str) -> Option<ProfileError> {
    let spanned = DeTable::parse(text).ok()?;
    let mut own = parse(text).ok()?;
    let base = base_of(&mut own, DEEPEST_BASE).ok()?;
    let mut knobs = Vec::new();
    for (key, value) in spanned.get_ref() {
        let section = key.get_ref();
        match value.get_ref() {
            DeValue::Table(inner) => {
                let inner = inner.iter().map(|(key, _)| place(key));
                knobs.extend(inner.map(|(at, key)| (at, vec![section.to_string(), key])));
                // A section may be unknown as a whole, and empty.
                knobs.push((key.span().start, vec![section.to_string()]));
            }
            _ => knobs.push((key.span().start, vec![section.to_string()])),
        }
    }
    knobs.sort();
    knobs.into_iter().find_map(|(at, path)| {
        let mut whole = base.clone();
        overlay(&mut whole, alone(&own, &path)?);
        let error = whole.try_into::<Profile>().err()?;
        Some(ProfileError::Knob {
            line: text[..at].matches('\n').count() + 1,
            key: path.join("."),
            message: error.message().trim().to_owned(),
        })
    })
}

fn place(key: &Spanned<std::borrow::Cow<'_, str>>) -> (usize, String) {
    (key.span().start, key.get_ref().to_string())
}

/// A table with nothing but one knob of another, or with an empty section.
fn alone(own: &toml::Table, path: &[String]) -> Option<toml::Table> {
    let (first, rest) = path.split_first()?;
    let mut table = toml::Table::new();
    let value = match (own.get(first)?, rest) {
        (toml::Value::Table(inner), [key]) => {
            let mut section = toml::Table::new();
            section.insert(key.clone(), inner.get(key)?.clone());
            section.into()
        }
        (toml::Value::Table(_), _) => toml::Table::new().into(),
        (value, _) => value.clone(),
    };
    table.insert(first.clone(), value);
    Some(table)
}
