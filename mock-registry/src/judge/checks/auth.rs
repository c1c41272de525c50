//! C31–C44: authentication and secrecy.

use super::{Check, by_the_end, check};
use crate::fault::Step;
use crate::judge::evidence::Evidence;
use crate::judge::finding::Finding;
use crate::judge::finding::Severity::{Must, Should};
use crate::record::{Exchange, Listener, SecretKind};

pub(super) const ALL: &[Check] = &[
    check(
        "C31",
        Must,
        "sends no credentials to another origin",
        other_origin,
    ),
    check(
        "C32",
        Must,
        "sends passwords to the realm only, and tokens to the registry only",
        places,
    ),
    check("C33", Must, "refuses evil realms", evil_realm),
    check(
        "C34",
        Must,
        "refuses evil Locations, and never leaves TLS",
        evil_location,
    ),
    check("C35", Must, "puts no credentials into URLs", urls),
    check(
        "C36",
        Must,
        "understands challenges of every form",
        by_the_end,
    ),
    check(
        "C37",
        Must,
        "takes token or access_token, and odd lifetimes",
        by_the_end,
    ),
    check(
        "C38",
        Must,
        "survives a token's expiry at any point",
        by_the_end,
    ),
    check(
        "C39",
        Must,
        "asks for more when told to, and not for ever",
        challenges,
    ),
    check(
        "C40",
        Should,
        "asks for several scopes one by one on GET",
        scopes,
    ),
    check(
        "C41",
        Should,
        "exchanges an identity token for tokens, and gets tokens by GET where POST is refused",
        identity,
    ),
    check(
        "C42",
        Should,
        "sends Basic without being asked each time",
        basic,
    ),
    check("C43", Must, "shows no secrets in what it prints", output),
    check("C44", Should, "asks for no more than it needs", narrow),
];

fn other_origin(e: &Evidence) -> Finding {
    let tempted = e.exchanges.iter().filter(|exchange| {
        let faults = ["redirect", "location-off-host"];
        exchange
            .faults
            .iter()
            .any(|fault| faults.contains(&fault.as_str()))
    });
    let shown: Vec<u64> = tempted.map(|exchange| exchange.id).collect();
    let against = e
        .strayed()
        // A token endpoint may be anywhere: that is another check's concern.
        .filter(|exchange| exchange.step != Step::Token)
        .filter(|exchange| {
            exchange.header("authorization").is_some() || !exchange.secrets.is_empty()
        })
        .map(|exchange| (exchange.id, "credentials came to another origin".to_owned()));
    Finding::of(shown, against.collect())
}

fn places(e: &Evidence) -> Finding {
    let bearer = e.step(Step::Token).any(|exchange| exchange.succeeded());
    if !bearer {
        return Finding::skip();
    }
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e.asked().filter(|exchange| !exchange.secrets.is_empty()) {
        for sighting in &exchange.secrets {
            let kind = SecretKind::of(&sighting.label);
            let wrong = match exchange.step {
                Step::Token => kind == Some(SecretKind::Token),
                _ => kind != Some(SecretKind::Token) || sighting.place != "authorization",
            };
            if wrong {
                let what = format!("{} in {}", sighting.label, sighting.place);
                against.push((exchange.id, what));
            }
        }
        shown.push(exchange.id);
    }
    Finding::of(shown, against)
}

fn evil_realm(e: &Evidence) -> Finding {
    tempted(e, &["evil-realm"], "a password came to an evil realm")
}

fn evil_location(e: &Evidence) -> Finding {
    let clear = e
        .exchanges
        .iter()
        .filter(|exchange| e.scenario.tls && !exchange.secure && exchange.step != Step::Token);
    let against: Vec<_> = clear
        .filter(|exchange| exchange.header("authorization").is_some() || exchange.body.size > 0)
        .map(|exchange| (exchange.id, "this came in the clear".to_owned()))
        .collect();
    if !against.is_empty() {
        return Finding::of(Vec::new(), against);
    }
    let faults = [
        "bad-location",
        "location-off-host",
        "location-ssrf",
        "location-downgrade",
    ];
    tempted(e, &faults, "secrets came to where the Location led")
}

fn tempted(e: &Evidence, faults: &[&str], why: &str) -> Finding {
    if !e.played(faults) {
        return Finding::skip();
    }
    if let Some(phrase) = attempt(e) {
        let why = format!("it seems to have tried to go there: it says {phrase:?}");
        return Finding::warn(why, e.troubled());
    }
    let against = e.strayed().filter(|exchange| {
        !exchange.secrets.is_empty() || exchange.header("authorization").is_some()
    });
    let against: Vec<_> = against
        .map(|exchange| (exchange.id, why.to_owned()))
        .collect();
    Finding::of(e.troubled(), against)
}

/// What a client says if it tried to reach an address at which nobody is.
fn attempt(e: &Evidence) -> Option<&'static str> {
    let unheard = ["metadata", "mapped", "private"];
    let mut faults = e.scenario.faults.iter();
    if !faults.any(|fault| unheard.contains(&fault.get("to"))) {
        return None;
    }
    let output = e.client.output.to_lowercase();
    ATTEMPTS.into_iter().find(|phrase| output.contains(phrase))
}

fn urls(e: &Evidence) -> Finding {
    if !e.has_secrets() {
        return Finding::skip();
    }
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e.exchanges.iter() {
        match exchange
            .secrets
            .iter()
            .find(|s| s.place == "target" || s.place == "referer")
        {
            Some(s) => against.push((exchange.id, format!("{} in a URL", s.label))),
            None => shown.push(exchange.id),
        }
    }
    Finding::of(shown, against)
}

fn challenges(e: &Evidence) -> Finding {
    let refused: Vec<u64> = e
        .asked()
        .filter(|exchange| {
            exchange.status() == Some(401)
                && exchange.header("authorization").is_some()
                && exchange.step != Step::Token
        })
        .map(|exchange| exchange.id)
        .collect();
    if refused.len() > MOST_REFUSALS {
        let why = format!(
            "{} requests with credentials were refused by 401",
            refused.len()
        );
        return Finding::fail(why, refused);
    }
    Finding::skip()
}

fn scopes(e: &Evidence) -> Finding {
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e
        .step(Step::Token)
        .filter(|exchange| exchange.method == "GET")
    {
        let scopes = exchange
            .query()
            .split('&')
            .filter(|pair| pair.starts_with("scope="));
        let scopes: Vec<&str> = scopes.collect();
        if scopes
            .iter()
            .any(|scope| scope.contains('+') || scope.contains("%20"))
        {
            against.push((exchange.id, "two scopes in one parameter".into()));
        } else if scopes.len() > 1 {
            shown.push(exchange.id);
        }
    }
    Finding::of(shown, against)
}

fn identity(e: &Evidence) -> Finding {
    if !e.scenario.identity {
        return Finding::skip();
    }
    let is_exchange = |exchange: &&Exchange| {
        let form = exchange.body.text.as_deref().unwrap_or_default();
        form.contains("grant_type=refresh_token")
    };
    let exchanged: Vec<&Exchange> = e.step(Step::Token).filter(is_exchange).collect();
    let ids = exchanged.iter().map(|exchange| exchange.id).collect();
    // Once there is a token, what becomes of the push is for other checks.
    if exchanged.iter().any(|exchange| exchange.succeeded()) {
        return Finding::pass(ids);
    }
    match e.ending() {
        _ if exchanged.is_empty() => Finding::skip(),
        Ok(()) => Finding::pass(ids),
        Err(why) => Finding::fail(why, ids),
    }
}

fn basic(e: &Evidence) -> Finding {
    let basic = e.step(Step::Token).next().is_none() && e.has_secrets();
    if !basic {
        return Finding::skip();
    }
    let refused = e.asked().filter(|exchange| exchange.status() == Some(401));
    let refused: Vec<u64> = refused.map(|exchange| exchange.id).collect();
    if refused.len() > 2 {
        let why = format!("{} requests were refused first", refused.len());
        return Finding::fail(why, refused);
    }
    Finding::pass(e.asked().map(|exchange| exchange.id).collect())
}

fn output(e: &Evidence) -> Finding {
    if !e.client.watched || !e.has_secrets() {
        return Finding::skip();
    }
    match e.client.leaked.first() {
        Some(label) => Finding::fail(format!("it printed {label}"), Vec::new()),
        None => Finding::pass(Vec::new()),
    }
}

fn narrow(e: &Evidence) -> Finding {
    let (mut shown, mut against) = (Vec::new(), Vec::new());
    for exchange in e.step(Step::Token) {
        let form = exchange.body.text.as_deref().unwrap_or_default();
        let asked = format!("{}&{form}", exchange.query());
        let wide = asked.split('&').filter(|pair| pair.starts_with("scope="));
        let mut wide = wide.filter(|pair| pair.contains('*') || pair.contains("delete"));
        match wide.next() {
            Some(scope) => against.push((exchange.id, format!("it asked for {scope}"))),
            None if exchange.listener == Listener::Registry => shown.push(exchange.id),
            None => {}
        }
    }
    Finding::of(shown, against)
}

/// Generous: two for each of some parallel uploads.
const MOST_REFUSALS: usize = 16;
const ATTEMPTS: [&str; 6] = [
    "dial tcp",
    "unreachable",
    "no route to host",
    "timed out",
    "timeout",
    "connection refused",
];
