use std::collections::BTreeSet;

use super::Exit;

#[test]
fn codes_and_classes_are_distinct() {
    let codes: BTreeSet<_> = Exit::ALL.iter().map(|exit| exit.code()).collect();
    let classes: BTreeSet<_> = Exit::ALL.iter().map(|exit| exit.class()).collect();
    assert_eq!(
        (codes.len(), classes.len()),
        (Exit::ALL.len(), Exit::ALL.len())
    );
}

#[test]
fn a_command_line_that_clap_refuses_has_claps_code() {
    assert_eq!(Exit::Usage.code(), 2);
}
