use super::Findings;

#[test]
fn a_plain_file_is_tidy() {
    let findings = look("protocol/src/lib.rs", "//! Nothing to see.\n");
    assert_eq!((findings.errors, findings.warnings), (vec![], vec![]));
}

#[test]
fn long_files_are_listed_and_very_long_ones_refused() {
    let of = |lines: usize| look("a.rs", &"x\n".repeat(lines));
    assert_eq!(of(500).warnings, [""; 0]);
    assert_eq!(of(501).warnings, ["a.rs: 501 lines, more than 500"]);
    assert_eq!(of(800).errors, [""; 0]);
    assert_eq!(of(801).errors, ["a.rs: 801 lines, 800 at most"]);
    assert_eq!(look("a.toml", &"x\n".repeat(801)).errors, [""; 0]);
}

#[test]
fn a_mark_needs_its_reason() {
    let mark = concat!("TO", "DO");
    assert_eq!(
        look("a.rs", &format!("\n// {mark}: later")).errors,
        [format!("a.rs:2: {mark} without (reason)")]
    );
    assert_eq!(look("a.rs", &format!("// {mark}() later")).errors.len(), 1);
    assert_eq!(
        look(
            "a.rs",
            &format!("// {mark}(until the registry answers) later")
        )
        .errors,
        [""; 0]
    );
    assert_eq!(look("a.rs", &format!("let {mark}S = 1;")).errors, [""; 0]);
}

#[test]
fn private_paths_are_found_and_look_alikes_are_not() {
    let private = concat!("/wo", "rk/main");
    assert_eq!(look("a.md", &format!("see {private}")).errors.len(), 1);
    assert_eq!(look("a.md", &format!("see /home{private}")).errors, [""; 0]);
    assert_eq!(
        look("a.md", concat!("see sha", "red/reference/x.md"))
            .errors
            .len(),
        1
    );
}

#[test]
fn leftovers_are_found_by_name() {
    for path in ["target/x", "cli/target/x", "run.log", "src/a.rs.orig"] {
        assert_eq!(look(path, "").errors.len(), 1, "{path}");
    }
    assert_eq!(look("src/target.rs", "").errors, [""; 0]);
}

#[test]
fn what_is_no_text_is_left_alone() {
    let mut findings = Findings::default();
    findings.look_at("golden.bin", concat!("\0 FIX", "ME").as_bytes());
    assert_eq!(findings.errors, [""; 0]);
}

fn look(path: &str, content: &str) -> Findings {
    let mut findings = Findings::default();
    findings.look_at(path, content.as_bytes());
    findings
}
