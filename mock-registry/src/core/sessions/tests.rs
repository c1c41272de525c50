use super::*;

#[test]
fn a_range_is_two_numbers_and_nothing_else() {
    assert_eq!(parse_range("0-4"), Some((0, 5)));
    assert_eq!(parse_range("5-4"), Some((5, 0)));
    for text in [
        "",
        "-",
        "0-",
        "-4",
        "5-3",
        "+0-4",
        "bytes=0-4",
        "0-4/5",
        "0 - 4",
        "0-18446744073709551615",
    ] {
        assert_eq!(parse_range(text), None, "{text}");
    }
}

#[test]
fn range_templates_know_five_numbers() {
    let session = |stored, first, chunk| Session {
        name: String::new(),
        stored,
        opened: Duration::ZERO,
        touched: Duration::ZERO,
        state: String::new(),
        chunks: 0,
        first,
        chunk,
        unfit: false,
        single: false,
        upload: None,
    };
    let all = "{stored} {last} {last0} {first} {chunk}";
    assert_eq!(fill(all, &session(0, 0, 0)), "0 -1 0 0 0");
    assert_eq!(fill(all, &session(7, 3, 4)), "7 6 6 2 3");
    assert_eq!(fill("", &session(7, 3, 4)), "");
}

#[test]
fn a_session_dies_at_the_very_second_and_not_before() {
    let profile = crate::profile::Profile::builtin("oci").expect("it is embedded");
    let lifetime = Duration::from_secs(profile.session.lifetime);
    let config = crate::core::Config::new(profile);
    let mut core = Core::new(config).expect("memory has nothing to recall");
    let opened = core.new_session(Duration::ZERO, "app", None);
    assert!(opened.is_ok_and(|id| core.sessions.contains_key(&id)));
    core.reap(lifetime - Duration::from_millis(1));
    assert_eq!(core.sessions.len(), 1);
    core.reap(lifetime);
    assert!(core.sessions.is_empty());
}

#[test]
fn opening_a_session_looks_at_no_other() {
    let profile = crate::profile::Profile::builtin("oci").unwrap();
    let mut core = Core::new(crate::core::Config::new(profile)).unwrap();
    let lifetime = Duration::from_secs(core.profile.session.lifetime);
    let at = |number: u64| Duration::from_millis(number);
    let mut ids = Vec::new();
    for number in 0..1000 {
        let now = at(number);
        assert_eq!(core.reap(now), 0);
        ids.push(core.new_session(now, "app", None).ok().unwrap());
    }
    // One was written to, and one is being written.
    core.sessions.get_mut(&ids[0]).unwrap().touched = at(999);
    let writing = core.sessions.get_mut(&ids[1]).unwrap();
    let upload = writing.upload.take();
    assert_eq!(core.reap(lifetime + at(9)), 10);
    assert_eq!(core.sessions.len(), 992);
    assert_eq!(core.reap(lifetime + at(9)), 1);
    core.sessions.get_mut(&ids[1]).unwrap().upload = upload;
    core.reap(lifetime + at(998));
    let left: Vec<_> = core.sessions.keys().cloned().collect();
    let mut expected = vec![ids[0].clone(), ids[999].clone()];
    expected.sort();
    assert_eq!(left, expected);
    core.reap(lifetime + at(999));
    assert!(core.sessions.is_empty() && core.expiries.is_empty());
}
