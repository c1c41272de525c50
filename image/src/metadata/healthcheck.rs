//! How docker finds out whether an image's program is well.

use serde::Serialize;
use serde_json::Value;

use super::Fields;

/// A `Healthcheck` (Docker image specification 1.2; OCI reserves the name). Times are nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Healthcheck {
    /// `["CMD", …]`, `["CMD-SHELL", …]` or `["NONE"]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<Vec<String>>,
    /// From one check to the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<u64>,
    /// How long a check may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// For how long after the start failures do not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_period: Option<u64>,
    /// From one check to the next during that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_interval: Option<u64>,
    /// How many failures in a row count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u64>,
}

/// Reads one. Docker cannot read a config of which any part has the wrong type.
pub(super) fn read(key: &str, value: &Value, fields: &mut Fields<'_>) -> Option<Healthcheck> {
    let Value::Object(members) = value else {
        fields.ignore(key, "not an object");
        return None;
    };
    let mut check = Healthcheck::default();
    for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
        let key = format!("{key}.{name}");
        let number = match name.as_str() {
            "Test" => {
                check.test = fields.text_list(&key, value);
                continue;
            }
            "Interval" => &mut check.interval,
            "Timeout" => &mut check.timeout,
            "StartPeriod" => &mut check.start_period,
            "StartInterval" => &mut check.start_interval,
            "Retries" => &mut check.retries,
            _ => {
                fields.ignore(&key, "no such key");
                continue;
            }
        };
        *number = value.as_u64().filter(|number| *number <= MOST);
        if number.is_none() {
            fields.ignore(&key, "not a whole number from 0 to 2^63 - 1");
        }
    }
    (check != Healthcheck::default()).then_some(check)
}

/// Docker reads signed numbers.
const MOST: u64 = i64::MAX.cast_unsigned();
