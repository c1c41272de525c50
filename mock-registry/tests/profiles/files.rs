//! Profiles of one's own, and what is said of mistakes in them.

use longshore_mock_registry::{Profile, ProfileError};

#[test]
fn a_mistake_is_told_by_line_and_key() {
    for (text, line, key, words) in [
        (
            "name = 'x'\n\n[auth]\ncolour = 'red'\n",
            4,
            "auth.colour",
            "unknown field",
        ),
        (
            "[chunk]\npatch-status = 9\n",
            2,
            "chunk.patch-status",
            "9 is no status code",
        ),
        (
            "[chunk]\ncontent-range = 'often'",
            2,
            "chunk.content-range",
            "unknown variant",
        ),
        ("[chunk]\nmost = -1", 2, "chunk.most", "invalid value"),
        ("[chunk]\nmost = 'all'", 2, "chunk.most", "invalid type"),
        ("name = 'x'\n[paint]\n", 2, "paint", "unknown field"),
        (
            "name = 'x'\n[paint]\ncolour = 1",
            2,
            "paint",
            "unknown field",
        ),
        ("summary = 7", 1, "summary", "invalid type"),
        ("a = 1\n[ping]\nopen = 'yes'", 1, "a", "unknown field"),
        (
            "[range]\npatch = '0-{end}'",
            2,
            "range.patch",
            "{end} stands for nothing",
        ),
        (
            "[range]\npatch = '0-{last'",
            2,
            "range.patch",
            "a brace is not closed",
        ),
        (
            "[location]\nquery = 'state=1'",
            2,
            "location.query",
            "no parameter",
        ),
        (
            "[location]\nupload-path = '/v2/{id}'",
            2,
            "location.upload-path",
            "outside /v2/",
        ),
        (
            "[location]\nupload-path = '/up/{id}/x'",
            2,
            "location.upload-path",
            "end in",
        ),
        (
            "location = { form = 'absolute',\n host = 'mine' }",
            2,
            "location.host",
            "unknown variant",
        ),
        (
            "ping.body = 'x'\nping.type = 1",
            2,
            "ping.type",
            "invalid type",
        ),
        (
            "base = 'quay'\n[auth]\nexpires-in = []",
            3,
            "auth.expires-in",
            "did not match",
        ),
    ] {
        let error = Profile::from_toml(text).expect_err(text);
        let shown = error.to_string();
        let ProfileError::Knob {
            line: at,
            key: who,
            message,
        } = error
        else {
            panic!("{text}: {shown}");
        };
        assert_eq!((at, who.as_str()), (line, key), "{text}: {shown}");
        assert!(message.contains(words), "{text}: {message}");
        assert!(
            shown.starts_with(&format!("line {line}, `{key}`: ")),
            "{shown}"
        );
    }
}

#[test]
fn what_is_no_toml_is_told_by_line() {
    let shown = Profile::from_toml("name = 'x'\nsummary = \n")
        .unwrap_err()
        .to_string();
    assert!(shown.contains("line 2"), "{shown}");
    let twice = Profile::from_toml("name = 'x'\nname = 'y'\n")
        .unwrap_err()
        .to_string();
    assert!(twice.contains("line 2"), "{twice}");
    let base = Profile::from_toml("base = 'nobody'")
        .unwrap_err()
        .to_string();
    assert!(
        base.contains("nobody") && base.contains("distribution-3"),
        "{base}"
    );
}

#[test]
fn a_file_is_named_in_what_is_said_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let path = path.to_str().unwrap();
    std::fs::write(
        path,
        "name = 'mine'\nbase = 'ghcr'\n[chunk]\nmax-length = 'long'",
    )
    .unwrap();
    let shown = Profile::load(path).unwrap_err().to_string();
    assert!(
        shown.starts_with(&format!("{path}: line 4, `chunk.max-length`: ")),
        "{shown}"
    );
    std::fs::write(
        path,
        "name = 'mine'\nbase = 'ghcr'\n[chunk]\nmax-length = 7",
    )
    .unwrap();
    let mine = Profile::load(path).unwrap();
    assert_eq!((mine.name.as_str(), mine.chunk.max_length), ("mine", 7));
    assert_eq!(mine.chunk.max_status, 416, "as ghcr has it");
}

/// Every knob that differs from the base says where that is known from, and how well; a profile
/// with the least certain ones says so in its summary or in its comments.
#[test]
fn each_knob_says_how_well_it_is_known() {
    for name in Profile::names().filter(|name| *name != "oci") {
        let text = Profile::source(name).unwrap();
        let table: toml::Table = toml::from_str(text).unwrap();
        let count = table
            .values()
            .filter_map(toml::Value::as_table)
            .map(toml::Table::len);
        let graded = text.lines().filter(|line| {
            let comment = line
                .split_once('#')
                .map(|(knob, comment)| (knob.contains('='), comment));
            let grades = ["H)", "M)", "L)"];
            comment
                .is_some_and(|(knob, comment)| knob && grades.iter().any(|g| comment.ends_with(g)))
        });
        assert_eq!(graded.count(), count.sum::<usize>(), "{name}");
        let profile = Profile::from_toml(text).unwrap();
        assert!(!profile.summary.is_empty(), "{name}");
        assert!(
            profile.summary.chars().count() <= 90,
            "{name}: {}",
            profile.summary
        );
    }
}
