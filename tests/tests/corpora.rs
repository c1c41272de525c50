//! What fuzzing found worth keeping, played through the same functions without a fuzzer.

use std::path::{Path, PathBuf};

use longshore_tests::fuzz::{TARGETS, run};

#[test]
fn every_target_survives_its_corpus() {
    for (name, _) in TARGETS {
        let folder = corpora().join(name);
        let mut count = 0;
        for entry in std::fs::read_dir(&folder).expect("every target has a corpus") {
            let path = entry.expect("the folder can be read").path();
            let bytes = std::fs::read(&path).expect("it can be read");
            // A panic says what does not hold; this says for which file.
            let survived = std::panic::catch_unwind(|| run(name, &bytes));
            assert!(survived.is_ok(), "{name}: {}", path.display());
            count += 1;
        }
        assert!(count > 0, "{} is empty", folder.display());
    }
}

#[test]
fn every_target_survives_nothing_at_all() {
    for (_, body) in TARGETS {
        body(&[]);
        body(&[0; 64]);
        body(&[0xff; 64]);
    }
}

/// A target that only a fuzzer knows would not be replayed, and one that it does not know never
/// grows.
#[test]
fn the_fuzzer_has_the_same_targets() {
    let manifest = std::fs::read_to_string(corpora().with_file_name("Cargo.toml"));
    let manifest = manifest.expect("it can be read");
    let named = manifest.matches("[[bin]]").count();
    assert_eq!(named, TARGETS.len());
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus")
}
