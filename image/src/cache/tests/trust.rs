//! What is the cache's own, and what others have put into its directory.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{Kept, kept};
use crate::{Cache, CacheError};

#[test]
fn pruning_takes_what_is_ours_and_nothing_else() {
    let Kept {
        cache, key, place, ..
    } = &kept();
    let at = |path: &str| place.path().join(path);
    let name = "0".repeat(64);
    for folder in ["v99/layers", "v/theirs", "v1/layers"] {
        fs::create_dir_all(at(folder)).unwrap();
    }
    let (of_another_version, unfinished) = (at("v99/layers").join(&name), at("v1/layers/.new-1"));
    fs::write(&of_another_version, "").unwrap();
    fs::write(&unfinished, "").unwrap();
    let theirs = [
        at("v/theirs").join(&name),
        at("v1/layers/notes"),
        at("v1").join(&name),
        at("z"),
    ];
    for path in &theirs {
        fs::write(path, "theirs").unwrap();
    }
    let size = cache.size().unwrap();
    assert_eq!(size.files, 3);
    assert_eq!(cache.prune().unwrap(), size);
    assert_eq!(cache.layer(key), None);
    assert_eq!(cache.size().unwrap().files, 0);
    assert!(!of_another_version.exists() && !unfinished.exists());
    assert!(theirs.iter().all(|path| path.exists()));
}

#[test]
fn a_directory_with_other_things_in_it_is_left_alone() {
    let Kept { key, layer, .. } = &kept();
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
    let theirs = place.path().join("v1/layers").join("0".repeat(64));
    fs::create_dir_all(theirs.parent().unwrap()).unwrap();
    fs::write(&theirs, "theirs").unwrap();
    let cache = Cache::new(place.path());
    assert!(matches!(cache.check(), Err(CacheError::Foreign)));
    assert!(matches!(cache.prune(), Err(CacheError::Foreign)));
    assert!(matches!(
        cache.keep_layer(key, layer),
        Err(CacheError::Foreign)
    ));
    assert!(theirs.exists());
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
}

#[test]
fn a_cache_from_before_there_were_marks_is_marked() {
    let Kept { key, place, .. } = &kept();
    let tag = place.path().join("CACHEDIR.TAG");
    fs::remove_file(&tag).unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o700)).unwrap();
    assert!(Cache::new(place.path()).layer(key).is_some());
    assert!(tag.exists());
    // With anything else in it, it is not.
    fs::remove_file(&tag).unwrap();
    fs::write(place.path().join("notes"), "theirs").unwrap();
    assert!(matches!(
        Cache::new(place.path()).check(),
        Err(CacheError::Foreign)
    ));
    assert!(!tag.exists());
}

#[test]
fn links_are_not_followed() {
    let Kept {
        cache,
        key,
        layer,
        file,
        ..
    } = &kept();
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = file.parent().unwrap();
    fs::rename(file, elsewhere.path().join(key.name())).unwrap();
    for number in 0..1100 {
        fs::write(elsewhere.path().join(format!("{number:064x}")), "").unwrap();
    }
    fs::remove_dir(folder).unwrap();
    symlink(elsewhere.path(), folder).unwrap();
    assert_eq!(cache.layer(key), None);
    cache.keep_layer(key, layer).unwrap_err();
    assert_eq!(cache.prune().unwrap().files, 0);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1101);
    // Nor is a file that is a link.
    fs::remove_file(folder).unwrap();
    fs::create_dir(folder).unwrap();
    symlink(elsewhere.path().join(key.name()), file).unwrap();
    assert_eq!(cache.layer(key), None);
    assert_eq!(cache.prune().unwrap().files, 0);
}

#[test]
fn what_others_may_have_written_is_not_believed() {
    let Kept {
        key, file, place, ..
    } = &kept();
    let fresh = || Cache::new(place.path());
    let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    assert!(fresh().layer(key).is_some());
    let folder = file.parent().unwrap();
    for (path, usual) in [(place.path(), 0o700), (folder, 0o700), (file, 0o600)] {
        for wide in [usual | 0o020, usual | 0o002] {
            mode(path, wide);
            assert_eq!(fresh().layer(key), None, "{} {wide:o}", path.display());
        }
        mode(path, usual);
        assert!(fresh().layer(key).is_some());
        if rustix::process::geteuid().is_root() {
            chown(path, Some(12345), None).unwrap();
            assert_eq!(fresh().layer(key), None, "{}", path.display());
            chown(path, Some(0), None).unwrap();
        }
    }
    mode(place.path(), 0o777);
    let refused = fresh().check().unwrap_err().to_string();
    assert!(refused.contains("0777"), "{refused}");
    assert!(fresh().prune().is_err());
}

#[test]
fn a_fifo_in_the_place_of_a_file_is_not_waited_for() {
    let Kept {
        cache,
        key,
        layer,
        file,
        ..
    } = &kept();
    fs::remove_file(file).unwrap();
    mknodat(CWD, file, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    assert_eq!(cache.layer(key), None);
    assert_eq!(cache.prune().unwrap().files, 0);
    cache.keep_layer(key, layer).unwrap();
    assert!(cache.layer(key).is_some());
}
