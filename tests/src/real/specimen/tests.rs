use std::path::Path;

use super::{Special, Specimen};
use crate::real::tree::{self, Kind};

#[test]
fn it_is_as_large_and_as_odd_as_asked_for() {
    let specimen = Specimen::with_files(Special::Included, 100);
    let tree = specimen.tree();
    assert!(tree.files() > 100, "{} files", tree.files());

    let at = |path: &str| &tree.entries[Path::new(path)];
    assert_eq!(at("usr/odd/setuid").mode, 0o4755);
    assert_eq!(at("usr/odd/fifo").kind, Kind::Special(tree::Special::Fifo));
    assert_eq!(
        at("usr/odd/socket").kind,
        Kind::Special(tree::Special::Socket)
    );
    assert_eq!(at("usr/odd/time-epoch").mtime, 0);
    assert_eq!(at("usr/odd/folder").mtime, 1_234_567_891);
    for name in ["links-a", "links-b", "folder/links-c"] {
        let Kind::File { links, .. } = &at(&format!("usr/odd/{name}")).kind else {
            panic!("{name} is a file")
        };
        assert_eq!(
            links.as_deref(),
            Some(Path::new("usr/odd/folder/links-c")),
            "{name}"
        );
    }
}
