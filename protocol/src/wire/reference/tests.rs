use super::*;

fn parsed(text: &str) -> String {
    text.parse::<Reference>()
        .map_or_else(|e| e.to_string(), |r| r.to_string())
}

#[test]
fn missing_parts_are_filled_in() {
    for (text, full) in [
        ("alpine", "docker.io/library/alpine:latest"),
        ("alpine:3.17", "docker.io/library/alpine:3.17"),
        ("me/app", "docker.io/me/app:latest"),
        ("docker.io/me/app:1", "docker.io/me/app:1"),
        ("index.docker.io/app", "docker.io/library/app:latest"),
        ("registry-1.docker.io/me/app", "docker.io/me/app:latest"),
        ("docker.io:443/me/app", "docker.io/me/app:latest"),
        ("docker://me/app", "docker.io/me/app:latest"),
        ("docker://q.example/app:1", "q.example/app:1"),
        ("localhost/app", "localhost/app:latest"),
        ("LOCALHOST:5000/app", "localhost:5000/app:latest"),
        ("host/app", "docker.io/host/app:latest"),
        ("q.example/a/b/c:T_.-x", "q.example/a/b/c:T_.-x"),
        ("[::1]:5000/a", "[::1]:5000/a:latest"),
        ("[::1]/a:b", "[::1]/a:b"),
        ("q.example%a%b+1", "q.example/a/b:1"),
        ("localhost+5000%a", "localhost:5000/a:latest"),
        (
            "q.example/a__b/c--d/e.f_g",
            "q.example/a__b/c--d/e.f_g:latest",
        ),
    ] {
        assert_eq!(parsed(text), full, "{text}");
    }
}

#[test]
fn docker_hub_is_called_docker_io_and_answers_elsewhere() {
    for text in [
        "app",
        "docker.io/app",
        "index.docker.io/app",
        "registry-1.docker.io/app",
    ] {
        let reference: Reference = text.parse().expect("it has the form");
        let origin = reference.registry().origin(Scheme::Https);
        assert_eq!(reference.registry().to_string(), "docker.io", "{text}");
        assert_eq!(origin.to_string(), "https://registry-1.docker.io", "{text}");
    }
}

#[test]
fn a_reference_is_no_address() {
    for (text, word) in [
        ("https://q.example/a:1", "drop https://"),
        ("HTTPS://q.example/a:1", "drop https://"),
        ("http://localhost:5000/a", "drop http://"),
        ("oci://q.example/a", "drop oci://"),
        ("docker-daemon://a", "drop everything up to"),
        ("DOCKER://q.example/a", "lower case"),
        ("docker://docker://q.example/a", "once"),
        ("docker://https://q.example/a", "drop https://"),
    ] {
        let told = parsed(text);
        assert!(told.contains(word), "{told}");
        assert!(told.contains(&format!("\"{text}\"")), "{told}");
    }
    assert_eq!(position("docker://q.example/A"), 20);
}

#[test]
fn credentials_are_refused_and_not_repeated() {
    for (text, shown, position) in [
        ("me:canary@q.example/a:1", "<secret>@q.example/a:1", 1),
        ("canary@q.example/a", "<secret>@q.example/a", 1),
        ("me:can/ary@q.example", "<secret>@q.example", 1),
        ("me:canary@q.example", "<secret>@q.example", 1),
        (
            "https://me:canary@q.example/a",
            "https://<secret>@q.example/a",
            9,
        ),
        (
            "docker://me:canary@q.example/a",
            "docker://<secret>@q.example/a",
            10,
        ),
        ("me+canary@q.example%a", "<secret>@q.example%a", 1),
    ] {
        let error = text.parse::<Reference>().unwrap_err();
        assert!(error.has_credentials());
        assert_eq!((error.text.as_str(), error.position), (shown, position));
        let all = format!("{error} {error:?}");
        assert!(
            !all.contains("canary") && all.contains("do not belong"),
            "{all}"
        );
        assert!(text.parse::<Repository>().unwrap_err().has_credentials());
        assert!(text.parse::<Tag>().unwrap_err().has_credentials());
    }
    for text in ["q.example/a:1@latest", "a@latest", "q.example/A"] {
        assert!(!text.parse::<Reference>().unwrap_err().has_credentials());
    }
}

#[test]
fn a_registry_is_named_or_not() {
    for text in [
        "q.example/a",
        "docker.io/a",
        "localhost/a",
        "[::1]/a",
        "q.example%a",
        "docker://h:1/a",
    ] {
        assert!(Reference::names_registry(text), "{text}");
    }
    for text in ["a", "a:1", "me/a", "me%a+1", "docker://me/a", ""] {
        assert!(!Reference::names_registry(text), "{text}");
    }
}

#[test]
fn the_parts_are_what_they_are_called() {
    let digest = Digest::sha256(b"");
    let text = format!("q.example:5000/team/app:1.0@{digest}");
    let reference: Reference = text.parse().expect("it has the form");
    assert_eq!(reference.registry().host(), "q.example");
    assert_eq!(reference.registry().port(), Some(5000));
    assert_eq!(reference.repository().as_str(), "team/app");
    assert_eq!(reference.tag().map(Tag::as_str), Some("1.0"));
    assert_eq!(reference.digest(), Some(&digest));
    assert_eq!(digest.short(), "e3b0c44");
    assert_eq!(digest.to_string(), format!("sha256:{}", digest.hex()));
    let printed = format!("{:?} {digest:?}", reference.repository());
    assert_eq!(printed, format!("team/app {digest}"));
    let tag: Tag = "1.0".parse().expect("it has the form");
    assert_eq!(reference.tag(), Some(&tag));
    let printed = format!("{reference:?} {:?} {tag:?}", reference.registry());
    assert_eq!(printed, format!("{text} q.example:5000 1.0"));
    let bare: Reference = "q.example/app".parse().expect("it has the form");
    assert_eq!(bare.registry().port(), None);
}

#[test]
fn what_docker_hub_adds_to_a_name_counts() {
    let longest = "a".repeat(247);
    let full = format!("docker.io/library/{longest}:latest");
    assert_eq!(parsed(&longest), full);
    assert_eq!(parsed(&full), full);
    let error = format!("{longest}a")
        .parse::<Reference>()
        .expect_err("it is 256 long");
    assert_eq!(error.position, 249, "{error}");
}

#[test]
fn a_digest_replaces_the_default_tag() {
    let digest = Digest::sha256(b"");
    let reference: Reference = format!("q.example/a@{digest}")
        .parse()
        .expect("it has the form");
    assert_eq!(reference.tag(), None);
    assert_eq!(reference.manifest_name(), digest.to_string());
    let both: Reference = format!("q.example/a:t@{digest}")
        .parse()
        .expect("it has the form");
    assert_eq!(both.manifest_name(), "t");
    assert_eq!(both.digest(), Some(&digest));
}

#[test]
fn errors_say_where() {
    for (text, position) in [
        ("", 1),
        ("q.example/", 11),
        ("q.example/A", 11),
        ("q.example/a b", 12),
        ("q.example/a:", 13),
        ("q.example/a:-x", 13),
        ("q.example/a:x!", 14),
        ("q.example/a//b", 13),
        // What can stand nowhere is said before what cannot stand there.
        ("q.example/a//B", 14),
        (".q.example/a", 1),
        ("-q.example/a", 1),
        ("q.example-/a", 1),
        ("q.example./a", 1),
        (":5000/a", 1),
        ("q.example/-a", 11),
        ("q.example/ab/c/-d", 16),
        ("q.example/a-", 12),
        ("q.example/a..b", 12),
        ("q.example/a___b", 12),
        ("q.example/a@sha256:12", 13),
        ("q.example:0/a", 11),
        ("q.example:x/a", 11),
        ("q.example:70000/a", 11),
        ("q.exa\u{e4}mple/a", 6),
        ("\u{e4}/b", 1),
        ("a:b:c", 2),
        ("a\r\nb", 2),
    ] {
        assert_eq!(self::position(text), position, "{text}");
    }
}

/// Where the first mistake is, counted from 1.
fn position(text: &str) -> usize {
    text.parse::<Reference>().expect_err(text).position
}

#[test]
fn errors_say_what_a_part_has() {
    let error = "q.example/a b".parse::<Reference>().expect_err("a space");
    let told = error.to_string();
    assert!(told.contains("a repository has letters, digits"), "{told}");
}

#[test]
fn lengths_are_bounded() {
    let name = "a".repeat(255);
    assert!(format!("q.example/{name}").parse::<Reference>().is_ok());
    assert_eq!(position(&format!("q.example/{name}a")), 11 + 255);
    let tag = "t".repeat(128);
    assert!(format!("q.example/a:{tag}").parse::<Reference>().is_ok());
    assert_eq!(position(&format!("q.example/a:{tag}t")), 13 + 128);
}

#[test]
fn defaults_can_be_another_registry() {
    let defaults = ReferenceDefaults {
        host: "q.example".to_owned(),
        port: Some(5000),
        path_prefix: Some("team/x".to_owned()),
    };
    let with = |text| {
        Reference::parse(text, &defaults)
            .expect("it has the form")
            .to_string()
    };
    assert_eq!(with("app:1"), "q.example:5000/team/x/app:1");
    assert_eq!(with("other.example/app:1"), "other.example/app:1");
    let longest = "a".repeat(248);
    assert!(Reference::parse(&longest, &defaults).is_ok());
    let defaults = |prefix: &str| ReferenceDefaults {
        path_prefix: Some(prefix.to_owned()),
        ..defaults.clone()
    };
    let too_long = format!("{longest}a");
    for (text, prefix) in [(too_long.as_str(), "team/x"), ("app", "team-of-X")] {
        let error = Reference::parse(text, &defaults(prefix)).expect_err("together they are wrong");
        assert_eq!(error.position, 1, "{error}");
    }
}
