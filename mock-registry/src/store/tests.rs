use super::*;

fn each_store(check: impl Fn(&mut dyn Store)) {
    check(&mut Memory::default());
    check(&mut Discard::default());
    let folder = tempfile::tempdir().unwrap();
    check(&mut Directory::open(folder.path()).unwrap());
}

fn read(store: &dyn Store, digest: &Digest) -> Option<Vec<u8>> {
    let mut reader = store.open(digest).unwrap()?;
    let mut all = Vec::new();
    loop {
        let piece = reader.read(all.len() as u64, 3).unwrap();
        if piece.is_empty() {
            return Some(all);
        }
        all.extend_from_slice(&piece);
    }
}

#[test]
fn what_is_being_written_can_be_read_again() {
    each_store(|store| {
        let mut writer = store.start().unwrap();
        let mut seen = Vec::new();
        assert!(
            writer
                .reread(&mut |piece| seen.extend_from_slice(piece))
                .unwrap()
        );
        assert!(seen.is_empty());
        writer.write(b"some ").unwrap();
        writer.park();
        writer.write(b"layer").unwrap();
        assert!(
            writer
                .reread(&mut |piece| seen.extend_from_slice(piece))
                .unwrap()
        );
        assert_eq!(seen, b"some layer");
        writer.write(b"s").unwrap();
        let digest = Digest::sha256(b"some layers");
        store.commit(writer, &digest).unwrap();
        assert_eq!(read(store, &digest).unwrap(), b"some layers");
    });
}

#[test]
fn what_was_written_can_be_read_and_removed() {
    each_store(|store| {
        let digest = Digest::sha256(b"some layer");
        let mut writer = store.start().unwrap();
        writer.write(b"some ").unwrap();
        writer.park();
        writer.write(b"letter").unwrap();
        writer.truncate(6).unwrap();
        writer.write(b"ayer").unwrap();
        assert_eq!(store.size(&digest), None);
        store.commit(writer, &digest).unwrap();
        assert_eq!(store.size(&digest), Some(10));
        assert_eq!(read(store, &digest).unwrap(), b"some layer");
        store.remove(&digest).unwrap();
        store.remove(&digest).unwrap();
        assert_eq!(store.size(&digest), None);
        assert_eq!(read(store, &digest), None);
    });
}

#[test]
fn an_empty_blob_is_a_blob() {
    each_store(|store| {
        let digest = Digest::sha256(b"");
        let writer = store.start().unwrap();
        store.commit(writer, &digest).unwrap();
        assert_eq!(store.size(&digest), Some(0));
        assert_eq!(read(store, &digest).unwrap(), b"");
    });
}

#[test]
fn discard_keeps_the_size_of_a_large_blob_and_little_else() {
    let mut store = Discard::default();
    let mut writer = store.start().unwrap();
    for _ in 0..40 {
        writer.write(&[7; 100_000]).unwrap();
    }
    let digest = Digest::sha256(b"pretend");
    store.commit(writer, &digest).unwrap();
    assert_eq!(store.size(&digest), Some(4_000_000));
    let mut reader = store.open(&digest).unwrap().unwrap();
    assert_eq!(reader.read(3_999_999, 100).unwrap().as_ref(), [0]);
    assert!(reader.read(4_000_000, 100).unwrap().is_empty());
}

#[test]
fn a_directory_survives_and_forgets_unfinished_uploads() {
    let folder = tempfile::tempdir().unwrap();
    let digest = Digest::sha256(b"kept");
    let change = Change::Blob {
        name: "a/b".into(),
        digest: digest.clone(),
    };
    let abandoned = {
        let mut store = Directory::open(folder.path()).unwrap();
        store.put(&digest, Bytes::from_static(b"kept")).unwrap();
        store.record(&change).unwrap();
        let mut writer = store.start().unwrap();
        writer.write(b"half").unwrap();
        std::mem::forget(writer);
        folder.path().join("uploads")
    };
    assert_eq!(std::fs::read_dir(&abandoned).unwrap().count(), 1);
    let mut store = Directory::open(folder.path()).unwrap();
    assert_eq!(std::fs::read_dir(&abandoned).unwrap().count(), 0);
    assert_eq!(store.recall().unwrap(), [change]);
    assert_eq!(store.size(&digest), Some(4));
}

#[test]
fn a_journal_line_cut_by_a_crash_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let change = |name: &str| Change::Repository { name: name.into() };
    let mut store = Directory::open(folder.path()).unwrap();
    store.record(&change("one")).unwrap();
    store.record(&change("two")).unwrap();
    drop(store);
    let journal = folder.path().join("journal.jsonl");
    let text = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &text[..text.len() - 5]).unwrap();
    let mut store = Directory::open(folder.path()).unwrap();
    assert_eq!(store.recall().unwrap(), [change("one")]);
    store.record(&change("three")).unwrap();
    assert_eq!(store.recall().unwrap(), [change("one"), change("three")]);
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let uploads = folder.path().join("uploads");
    std::fs::create_dir(&uploads).unwrap();
    std::fs::write(uploads.join("holiday"), "pictures").unwrap();
    let error = Directory::open(folder.path()).unwrap_err();
    assert!(error.to_string().contains("other files"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(uploads.join("holiday").exists());
}

#[test]
fn what_a_store_has_not_made_stays_in_it() {
    let folder = tempfile::tempdir().unwrap();
    drop(Directory::open(folder.path()).unwrap());
    let uploads = folder.path().join("uploads");
    std::fs::write(uploads.join("1"), "mine").unwrap();
    std::fs::create_dir(uploads.join("longshore-upload-1")).unwrap();
    std::fs::write(uploads.join("longshore-upload-2"), "left over").unwrap();
    drop(Directory::open(folder.path()).unwrap());
    let mut left: Vec<_> = std::fs::read_dir(&uploads)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["1", "longshore-upload-1"]);
}

#[test]
fn a_link_in_the_place_of_a_stores_folder_is_not_followed() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(Directory::open(folder.path()).unwrap());
    let uploads = folder.path().join("uploads");
    std::fs::remove_dir(&uploads).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), &uploads).unwrap();
    std::fs::write(elsewhere.path().join("longshore-upload-1"), "mine").unwrap();
    assert!(Directory::open(folder.path()).is_err());
    assert!(elsewhere.path().join("longshore-upload-1").exists());
}

#[test]
fn a_store_is_open_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = Directory::open(folder.path()).unwrap();
    let error = Directory::open(folder.path()).unwrap_err();
    assert!(error.to_string().contains("another server"), "{error}");
    drop(first);
    assert!(Directory::open(folder.path()).is_ok());
}

#[test]
fn the_writer_of_another_store_is_refused() {
    let writer = Discard::default().start().unwrap();
    let digest = Digest::sha256(b"");
    assert!(Memory::default().commit(writer, &digest).is_err());
}
