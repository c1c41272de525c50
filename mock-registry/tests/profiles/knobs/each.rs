//! Every knob in which a profile differs from what it is based on, put back.

use std::panic::{AssertUnwindSafe, catch_unwind};

use longshore_mock_registry::Profile;
use toml::{Table, Value};

use super::{Case, cases, client};
use crate::story::story;

#[test]
fn each_knob_of_each_profile_makes_a_difference() {
    let mut idle = Vec::new();
    for name in Profile::names().filter(|name| *name != "oci") {
        let plain = story(&Profile::builtin(name).unwrap());
        let own: Table = toml::from_str(Profile::source(name).unwrap()).unwrap();
        let base = own.get("base").and_then(Value::as_str).unwrap_or("oci");
        let usual = Table::try_from(Profile::builtin(base).unwrap()).unwrap();
        for (section, knobs) in &own {
            for key in knobs.as_table().into_iter().flat_map(Table::keys) {
                // Some say again what the base says, because somebody has seen it.
                if own[section][key] == usual[section][key] {
                    continue;
                }
                let knob = format!("{section}.{key}");
                let usual = format!("{knob} = {}", usual[section][key]);
                if !is_heard(name, &plain, &knob, &usual) && !is_seen(name, &knob, &usual) {
                    idle.push(format!("{name}: it might as well be {usual}"));
                }
            }
        }
    }
    assert!(idle.is_empty(), "{}", idle.join("\n"));
}

/// Whether anything in the story of a profile is told otherwise without the knob.
fn is_heard(profile: &str, plain: &str, knob: &str, usual: &str) -> bool {
    let found = VALUES.iter().find(|(name, _)| *name == knob);
    let setting = found.map_or("", |(_, setting)| setting);
    let told = |turned: &str| {
        let text = format!("name = '{profile}'\nbase = '{profile}'\n{turned}");
        story(&Profile::from_toml(&text).unwrap())
    };
    // The knob itself may be among the settings.
    let rest = if setting.starts_with(knob) {
        ""
    } else {
        setting
    };
    let without = told(&format!("{rest}\n{usual}"));
    match setting {
        "" => plain != without,
        _ => told(setting) != without,
    }
}

/// Whether whoever looks at a knob itself sees that it has another value in this profile.
fn is_seen(profile: &str, knob: &str, usual: &str) -> bool {
    cases().filter(|case| case.0 == knob).any(|case| {
        // Some are seen only where another knob is turned, too.
        [case.2, ""].into_iter().any(|setting| {
            let base = format!("base = '{profile}'\n{setting}");
            let with = seen(&base, case);
            with.is_some() && with != seen(&format!("{base}\n{usual}"), case)
        })
    })
}

/// What a client sees; nothing if the settings do not go together.
fn seen(setting: &str, (knob, _, _, look, _, _): Case) -> Option<String> {
    let text = format!("name = 't'\nsummary = ''\n{setting}");
    Profile::from_toml(&text).ok()?;
    // A look may expect more of a registry than this one does: that, too, is seen.
    let look = AssertUnwindSafe(|| look(&mut client(knob, setting)));
    Some(catch_unwind(look).unwrap_or_else(|_| "not what was expected".to_owned()))
}

/// What it takes to see a knob: a value within reach of a test instead of gigabytes or thousands of
/// requests, or another knob that it depends on.
const VALUES: [(&str, &str); 3] = [
    ("blob.max-size", "blob.max-size = 10"),
    ("rate.limit", "rate.limit = 20"),
    ("mount.only-referenced", "mount.with-from = true"),
];
