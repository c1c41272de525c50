use std::fs;

use super::*;
use crate::testing::Tree;

#[test]
fn a_scout_stays_within_sight_and_ends_with_its_packer() {
    let tree = tree(AHEAD + 10);
    let shared = Shared {
        state: Mutex::new(State {
            read: 0,
            is_over: false,
        }),
        changed: Condvar::new(),
    };
    assert_eq!(shared.wait_for(AHEAD), Some(true));
    shared.state().read = 10;
    assert_eq!(shared.wait_for(AHEAD + 10), Some(true));
    assert_eq!(shared.wait_for(10), Some(false), "it has been read");
    // To its end, since nothing is too far.
    walk(tree.path(), None, &shared).unwrap();
    shared.state().is_over = true;
    assert_eq!(shared.wait_for(AHEAD + 11), None);
    // One that waits for its packer does not wait for ever.
    drop(Scout::send(tree.path(), None, 0));
}

#[test]
fn a_scout_is_sent_where_files_are_slow_and_for_no_other_reason() {
    let waits = |bytes, waits: &[u64]| {
        let mut window = Window::default();
        for micros in waits {
            window.add(bytes, Duration::from_micros(*micros));
        }
        window.is_slow()
    };
    // Tests have no patience.
    assert!(waits(1000, &[2, 2, 2, 2]));
    assert!(waits(1000, &[2, 1, 2, 1]));
    assert!(!waits(1000, &[5000, 1, 1, 1]), "something else had a turn");
    assert!(!waits(1 << 20, &[1000, 1000]), "it had much to copy");
    let tree = tree(3);
    let mut pace = Pace::new(tree.path(), None);
    for _ in 0..WINDOW {
        assert!(pace.scout.is_none());
        pace.read(10, Duration::from_secs(1));
    }
    assert!(pace.scout.is_some());
}

#[test]
fn what_a_scout_cannot_read_is_not_its_business() {
    let tree = tree(1);
    let mut walk = Walk::new(tree.path()).unwrap();
    walk.next().unwrap();
    walk.next().unwrap();
    fs::remove_file(walk.host_path()).unwrap();
    walk.read_ahead(MOST);
}

fn tree(files: u64) -> Tree {
    let tree = Tree::new();
    for number in 0..files {
        tree.file(format!("file-{number}"), 0o644, b"content");
    }
    tree
}
