use super::*;

#[test]
fn every_embedded_profile_loads_under_its_own_name() {
    for name in Profile::names() {
        assert_eq!(Profile::builtin(name).unwrap().name, name);
    }
}

#[test]
fn a_profile_lists_only_what_differs_from_its_base() {
    let quay = Profile::builtin("quay").unwrap();
    let eager = Profile::builtin("quay-3.3").unwrap();
    assert_eq!(eager.range, quay.range);
    assert_eq!(eager.manifest.rules, ManifestRules::QuayEager);
    assert_eq!(quay.manifest.rules, ManifestRules::QuayLazy);
    assert_eq!(quay.session.status_get, 204, "taken over from oci");
}

#[test]
fn each_knob_that_differs_from_oci_says_where_it_comes_from() {
    for name in Profile::names().filter(|name| *name != ROOT) {
        let text = Profile::source(name).unwrap();
        let knobs = text.lines().filter(|line| {
            let line = line.trim_start();
            line.contains(" = ") && !line.starts_with('#')
        });
        for line in knobs.skip(3) {
            let comment = line.split_once('#').map(|(_, comment)| comment.trim());
            let graded =
                comment.is_some_and(|c| ["H)", "M)", "L)"].iter().any(|grade| c.ends_with(grade)));
            assert!(graded, "{name}: {line}");
        }
    }
}

#[test]
fn unknown_knobs_and_bases_are_refused() {
    let wrong = [
        "name = 'x'\n[auth]\ncolour = 'red'",
        "name = 'x'\n[chunk]\ncontent-range = 'sometimes'",
        "base = 'nobody'",
        "base = 7",
        "[auth",
    ];
    for text in wrong {
        assert!(Profile::from_toml(text).is_err(), "{text}");
    }
}

#[test]
fn a_profile_can_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    std::fs::write(
        &path,
        "name = 'mine'\nbase = 'quay'\n[auth]\nexpires-in = 60",
    )
    .unwrap();
    let profile = Profile::load(path.to_str().unwrap()).unwrap();
    assert_eq!(profile.auth.expires_in, ExpiresIn::Seconds(60));
    assert_eq!(profile.auth.lifetime, 3600);
    assert!(matches!(
        Profile::load("mine"),
        Err(ProfileError::Unknown(_))
    ));
}
