//! A record as a file.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Exchange, Exchanges};

/// A record as JSON Lines: one exchange a line.
#[must_use]
pub fn json_lines(exchanges: &Exchanges) -> String {
    let lines = exchanges
        .iter()
        .filter_map(|exchange| serde_json::to_string(exchange).ok());
    lines.fold(String::new(), |all, line| all + &line + "\n")
}

/// A record as an HTTP archive (HAR 1.2), which browsers' developer tools show. `origin` is where
/// the registry is, `epoch` the time since 1970 at which its clock said zero.
#[must_use]
pub fn har(exchanges: &Exchanges, origin: &str, epoch: Duration) -> String {
    let entries: Vec<Value> = exchanges
        .iter()
        .map(|exchange| entry(exchange, origin, epoch))
        .collect();
    let archive = json!({ "log": {
        "version": "1.2",
        "creator": { "name": "mock-registry", "version": env!("CARGO_PKG_VERSION") },
        "entries": entries,
    } });
    format!("{archive:#}\n")
}

fn entry(exchange: &Exchange, origin: &str, epoch: Duration) -> Value {
    let pairs = |headers: &[(String, String)]| -> Vec<Value> {
        let headers = headers.iter();
        headers
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect()
    };
    let query: Vec<Value> = exchange
        .query()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            json!({ "name": name, "value": value })
        })
        .collect();
    let took = exchange.took.as_micros() as f64 / 1000.0;
    let response = exchange.answer.as_ref().map_or_else(
        || {
            json!({
                "status": 0, "statusText": "", "httpVersion": exchange.protocol, "cookies": [],
                "headers": [], "content": { "size": 0, "mimeType": "" }, "redirectURL": "",
                "headersSize": -1, "bodySize": -1,
            })
        },
        |answer| {
            json!({
                "status": answer.status,
                "statusText": "",
                "httpVersion": exchange.protocol,
                "cookies": [],
                "headers": pairs(&answer.headers),
                "content": {
                    "size": answer.size,
                    "mimeType": exchange.answer_header("content-type").unwrap_or_default(),
                    "text": answer.text.clone().unwrap_or_default(),
                },
                "redirectURL": exchange.answer_header("location").unwrap_or_default(),
                "headersSize": -1,
                "bodySize": answer.size,
            })
        },
    );
    let mut request = json!({
        "method": exchange.method,
        "url": format!("{origin}{}", exchange.target),
        "httpVersion": exchange.protocol,
        "cookies": [],
        "headers": pairs(&exchange.headers),
        "queryString": query,
        "headersSize": -1,
        "bodySize": exchange.body.size,
    });
    if exchange.body.size > 0 {
        request["postData"] = json!({
            "mimeType": exchange.header("content-type").unwrap_or_default(),
            "text": exchange.body.text.clone().unwrap_or_default(),
        });
    }
    json!({
        "startedDateTime": date(epoch + exchange.at),
        "time": took,
        "request": request,
        "response": response,
        "cache": {},
        "timings": { "send": 0, "wait": took, "receive": 0 },
        "connection": exchange.connection.to_string(),
        "_listener": exchange.listener,
        "_faults": exchange.faults,
        "_secrets": exchange.secrets,
    })
}

/// A date as RFC 3339 writes it, in UTC.
pub(crate) fn date(since_epoch: Duration) -> String {
    let seconds = since_epoch.as_secs();
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // Days since 0000-03-01, in eras of 400 years.
    let z = days + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60,
        since_epoch.subsec_millis()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_dates() {
        let date = |seconds| date(Duration::from_secs(seconds));
        assert_eq!(date(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(date(951_782_400), "2000-02-29T00:00:00.000Z");
        assert_eq!(date(1_767_225_599), "2025-12-31T23:59:59.000Z");
    }
}
