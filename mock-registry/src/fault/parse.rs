//! Faults from flags and files.

use std::fmt;
use std::time::Duration;

use super::{Fault, Step, catalogue};

/// Why a text describes no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FaultError(String);

impl FaultError {
    pub(super) fn unknown_fault(name: &str) -> Self {
        let mut near: Vec<&str> = catalogue().map(|entry| entry.name).collect();
        near.sort_by_key(|known| distance(name, known));
        near.truncate(4);
        Self(format!(
            "there is no fault {name:?}; the nearest are {} (`mock-registry faults` lists all)",
            near.join(", ")
        ))
    }
}

/// The faults of a TOML file: a `[[fault]]` table each, with the words of the flag as keys.
///
/// ```
/// let faults = longshore_mock_registry::fault::read_faults(
///     "[[fault]]\nname = \"5xx-burst\"\nstep = \"manifest\"\nstatus = 502\ntimes = 2\n",
/// )?;
/// assert_eq!(faults[0].to_string(), "5xx-burst:step=manifest,times=2,status=502");
/// # Ok::<(), longshore_mock_registry::fault::FaultError>(())
/// ```
///
/// # Errors
/// It is not TOML, or a table in it describes no fault. The error says which.
pub fn read_faults(text: &str) -> Result<Vec<Fault>, FaultError> {
    let file: toml::Table = toml::from_str(text).map_err(|e| FaultError(e.to_string()))?;
    if let Some(key) = file.keys().find(|key| *key != "fault") {
        return Err(FaultError(format!(
            "unknown key {key:?}: a file of faults has [[fault]] tables only"
        )));
    }
    let tables = match file.get("fault") {
        None => return Ok(Vec::new()),
        Some(toml::Value::Array(tables)) => tables,
        Some(_) => return Err(FaultError("`fault` has to be [[fault]] tables".into())),
    };
    let each = tables.iter().enumerate();
    each.map(|(at, table)| {
        let found = table
            .as_table()
            .map_or_else(|| Err(FaultError("not a table".into())), fault_of_table);
        found.map_err(|error| FaultError(format!("fault {}: {error}", at + 1)))
    })
    .collect()
}

/// The fault of one table, whose `name` says which.
pub(crate) fn fault_of_table(table: &toml::Table) -> Result<Fault, FaultError> {
    let name = table
        .get("name")
        .and_then(toml::Value::as_str)
        .ok_or_else(|| FaultError("a fault needs a `name`".into()))?;
    let mut fault = Fault::new(name)?;
    for (key, value) in table.iter().filter(|(key, _)| *key != "name") {
        let value = match value {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        set(&mut fault, key, &value)?;
    }
    Ok(fault)
}

/// The fault of a flag: `name` or `name:key=value,key=value`.
pub(super) fn flag(text: &str) -> Result<Fault, FaultError> {
    let (name, settings) = text.split_once(':').unwrap_or((text, ""));
    let mut fault = Fault::new(name.trim())?;
    for setting in settings.split(',').filter(|setting| !setting.is_empty()) {
        let (key, value) = setting
            .split_once('=')
            .ok_or_else(|| FaultError(format!("{setting:?}: a setting is written key=value")))?;
        set(&mut fault, key.trim(), value.trim())?;
    }
    Ok(fault)
}

/// Sets one key of a fault.
pub(super) fn set(fault: &mut Fault, key: &str, value: &str) -> Result<(), FaultError> {
    let wrong =
        |why: &dyn fmt::Display| FaultError(format!("{}: {key}={value}: {why}", fault.entry.name));
    let number = || {
        value
            .parse::<u64>()
            .map_err(|_| wrong(&"a whole number is wanted"))
    };
    match key {
        "step" => {
            let step = Step::named(value).ok_or_else(|| {
                let known: Vec<_> = Step::ALL.iter().map(|step| step.name()).collect();
                wrong(&format!("known steps are {}", known.join(", ")))
            })?;
            fault.step = Some(step);
        }
        "nth" => fault.nth = number()?.max(1),
        "times" if value == "always" => fault.times = None,
        "times" => fault.times = Some(number()?),
        "from" => fault.from = Duration::from_millis(number()?),
        "until" => fault.until = Some(Duration::from_millis(number()?)),
        _ => {
            let param = fault.entry.params.iter().find(|param| param.name == key);
            let Some(param) = param else {
                let own = fault.entry.params.iter().map(|param| param.name);
                let known: Vec<_> = COMMON.into_iter().chain(own).collect();
                return Err(wrong(&format!("known settings are {}", known.join(", "))));
            };
            if let Some(why) = param.kind.refuse(value) {
                return Err(wrong(&why));
            }
            fault.params.0.insert(param.name, value.to_owned());
        }
    }
    Ok(())
}

/// How many letters differ, roughly: enough to find what somebody meant.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut left = i + 1;
        let mut diagonal = i;
        for (j, y) in b.iter().enumerate() {
            let here = (diagonal + usize::from(x != *y))
                .min(left + 1)
                .min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j] = left;
            left = here;
        }
        row[b.len()] = left;
    }
    row[b.len()]
}

const COMMON: [&str; 5] = ["step", "nth", "times", "from", "until"];

#[cfg(test)]
mod tests;
