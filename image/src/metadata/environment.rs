//! Charliecloud's `ch/environment`: what an image without `metadata.json` may have.

use std::collections::BTreeMap;

use super::Fields;

/// Reads lines `NAME=VALUE`, as `ch-run --set-env` does: one pair of single quotes around the value
/// is taken off, nothing else is interpreted, empty lines are skipped and the last of several wins.
pub(super) fn read(bytes: &[u8], fields: &mut Fields<'_>) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        let line = std::str::from_utf8(line)
            .ok()
            .filter(|line| !line.contains('\0'));
        match line.and_then(|line| line.split_once('=')) {
            Some((name, value)) if !name.is_empty() => {
                let bare = value
                    .strip_prefix('\'')
                    .and_then(|value| value.strip_suffix('\''));
                env.insert(name.to_owned(), bare.unwrap_or(value).to_owned());
            }
            _ => {
                let field = format!("ch/environment line {}", number + 1);
                fields.ignore(&field, "not NAME=VALUE in UTF-8");
            }
        }
    }
    env
}
