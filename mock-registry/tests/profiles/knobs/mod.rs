//! Each knob, turned by itself, and what a client sees of it.

mod auth;
mod blobs;
mod each;
mod house;
mod manifests;
mod uploads;

use std::collections::BTreeSet;

use longshore_mock_registry::{Config, Profile};

use crate::client::{Answer, Client};

/// A knob, its other value, what else must be set to see it, how to look, and what is seen before
/// and after.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    fn(&mut Client) -> String,
    &'static str,
    &'static str,
);

#[test]
fn each_knob_makes_the_difference_that_it_is_for() {
    let mut wrong = Vec::new();
    for (knob, value, setting, look, before, after) in cases() {
        assert_ne!(before, after, "{knob} = {value} shows nothing");
        let turned = format!("{setting}\n{knob} = {value}");
        for (setting, expected) in [(setting, before), (&turned, after)] {
            let seen = look(&mut client(knob, setting));
            if seen != expected {
                wrong.push(format!("{knob}: {setting}: {seen:?} for {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_knob_is_left_out() {
    let text = Profile::source("oci").unwrap();
    let table: toml::Table = toml::from_str(text).unwrap();
    let sections = table
        .iter()
        .filter_map(|(name, value)| Some((name, value.as_table()?)));
    let knobs: BTreeSet<String> = sections
        .flat_map(|(section, knobs)| knobs.keys().map(move |key| format!("{section}.{key}")))
        .collect();
    let tried: BTreeSet<String> = cases().map(|case| case.0.to_owned()).collect();
    let forgotten: Vec<_> = knobs.difference(&tried).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
}

fn cases() -> impl Iterator<Item = Case> {
    let all = [
        auth::CASES,
        blobs::CASES,
        house::CASES,
        manifests::CASES,
        uploads::CASES,
    ];
    all.into_iter().flatten().copied()
}

/// A registry with a user if it is about authentication, and without otherwise.
fn client(knob: &str, setting: &str) -> Client {
    let profile = Profile::from_toml(&format!("name = 't'\nsummary = ''\n{setting}")).unwrap();
    let mut config = Config::new(profile).sparse(true);
    if [knob, setting]
        .iter()
        .any(|text| text.starts_with("auth.") || text.starts_with("ping."))
    {
        config = config.user("alice", "secret");
        config
            .identity_tokens
            .insert("identity".into(), "alice".into());
        config.rights.closed.insert("closed/app".into());
        config.rights.pull_only.insert("read/only".into());
    }
    config.rights.immutable.insert("fixed/app".into());
    Client::new(config)
}

/// A header of an answer, or `-`.
fn show(answer: &Answer, header: &str) -> String {
    answer.header(header).unwrap_or("-").to_owned()
}

/// Status and code of an answer.
fn verdict(answer: &Answer) -> String {
    let code = answer.code().unwrap_or_else(|| "-".to_owned());
    format!("{} {code}", answer.status())
}
