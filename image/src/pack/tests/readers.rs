//! Other people's programs read our layers.

use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use flate2::bufread::GzDecoder;

use crate::testing::{Tree, noise, pack, snapshot, tar};
use crate::{Compression, Options};

/// A tree with all that a layer keeps, and names of all sorts.
fn tree() -> Tree {
    let tree = Tree::new();
    let foreign = std::ffi::OsStr::from_bytes(b"\xff\xfe not text");
    let foreign_long = [&b"\xc3\x28"[..], &[b'n'; 240]].concat();
    tree.directory("bin", 0o755)
        .directory("closed", 0o700)
        .directory("tmp", 0o1777);
    tree.file("bin/tool", 0o755, &noise(8, 1_200_000))
        .hard_link("bin/tool2", "bin/tool");
    tree.hard_link("closed/tool3", "bin/tool")
        .file("empty", 0o400, b"");
    tree.file(foreign, 0o644, b"raw")
        .file(std::ffi::OsStr::from_bytes(&foreign_long), 0o644, b"");
    tree.file("line\nbreak", 0o644, b"n")
        .file("grün", 0o644, b"g")
        .file(" space ", 0o644, b"s");
    tree.file("back\\slash\t", 0o644, b"")
        .file("-dash", 0o644, b"")
        .file("x".repeat(255), 0o644, b"");
    tree.symlink("short", "bin/tool")
        .symlink("dangling", "/no/such/place");
    tree.symlink("long", "../".repeat(500))
        .symlink("foreign", foreign);
    let mut deep = String::from("d");
    for _ in 0..30 {
        tree.directory(&deep, 0o755);
        deep.push_str("/0123456789");
    }
    tree.file(&deep, 0o644, b"deep").settle();
    tree.mtime("empty", -86_400).mtime("-dash", (1 << 33) + 5);
    tree
}

fn run(command: &mut Command) -> Option<String> {
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: there is no {:?}", command.get_program());
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && complaints.is_empty(),
        "{complaints}"
    );
    Some(String::from_utf8(output.stdout).unwrap())
}

fn unpacked(layer: &[u8], extension: &str, unpack: impl Fn(&Path, &Path) -> Option<String>) {
    let place = tempfile::tempdir().unwrap();
    let archive = place.path().join(format!("layer.{extension}"));
    let root = place.path().join("root");
    fs::create_dir(&root).unwrap();
    fs::write(&archive, layer).unwrap();
    if unpack(&archive, &root).is_some() {
        let (mut found, mut expected) = (snapshot(&root), snapshot(tree().path()));
        // Python leaves the times of symbolic links alone.
        for node in found.values_mut().chain(expected.values_mut()) {
            node.mtime = if node.target.is_none() { node.mtime } else { 0 };
        }
        for (path, node) in &expected {
            assert_eq!(found.get(path), Some(node), "{}", path.display());
        }
        assert_eq!(found.len(), expected.len());
    }
}

#[test]
fn gnu_tar_unpacks_what_was_packed() {
    let (_, gzipped, _) = pack(tree().path(), &Options::default());
    for (layer, extension) in [(tar(tree().path()), "tar"), (gzipped, "tar.gz")] {
        for locale in ["C", "C.UTF-8"] {
            unpacked(&layer, extension, |archive, root| {
                let mut tar = Command::new("tar");
                tar.env("LC_ALL", locale)
                    .args(["-x", "-p", "-f"])
                    .arg(archive);
                // It warns of the times before 1970 and in the future.
                tar.arg("--warning=no-timestamp");
                run(tar.arg("-C").arg(root))
            });
        }
    }
}

#[test]
fn python_unpacks_what_was_packed() {
    let (_, gzipped, _) = pack(tree().path(), &Options::default());
    unpacked(&gzipped, "tar.gz", |archive, root| {
        let script = "import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])";
        let mut python = Command::new("python3");
        run(python
            .args(["-W", "ignore", "-c", script])
            .arg(archive)
            .arg(root))
    });
}

#[test]
fn the_owner_is_root_by_number_and_by_name() {
    let place = tempfile::tempdir().unwrap();
    let archive = place.path().join("layer.tar");
    fs::write(&archive, tar(tree().path())).unwrap();
    let script = "import sys, tarfile\n\
        print({(m.uid, m.gid, m.uname, m.gname) for m in tarfile.open(sys.argv[1])})";
    if let Some(owners) = run(Command::new("python3").args(["-c", script]).arg(&archive)) {
        assert_eq!(owners, "{(0, 0, 'root', 'root')}\n");
    }
}

#[test]
fn gzip_has_one_member() {
    let (layer, gzipped, _) = pack(tree().path(), &Options::default());
    assert_eq!(&gzipped[..10], b"\x1f\x8b\x08\0\0\0\0\0\0\xff");
    let mut plain = Vec::new();
    // It stops after the first member, as some of those that unpack layers do.
    let mut decoder = GzDecoder::new(gzipped.as_slice());
    decoder.read_to_end(&mut plain).unwrap();
    assert!(decoder.into_inner().is_empty());
    assert!(plain == tar(tree().path()));
    let layer = layer.unwrap();
    assert_eq!(layer.uncompressed_size, plain.len() as u64);
    assert_eq!(layer.diff_id, longshore_protocol::Digest::sha256(&plain));
    assert_eq!(layer.content, longshore_protocol::Content::of(&gzipped));

    let place = tempfile::tempdir().unwrap();
    let archive = place.path().join("layer.gz");
    fs::write(&archive, &gzipped).unwrap();
    run(Command::new("gzip").arg("-t").arg(&archive));
}

#[test]
fn zstd_has_one_frame() {
    let options = Options {
        compression: Compression::Zstd,
        ..Options::default()
    };
    let (layer, packed, _) = pack(tree().path(), &options);
    let mut decoder = zstd::Decoder::with_buffer(packed.as_slice())
        .unwrap()
        .single_frame();
    let mut plain = Vec::new();
    decoder.read_to_end(&mut plain).unwrap();
    assert!(decoder.finish().is_empty());
    assert!(plain == tar(tree().path()));
    let layer = layer.unwrap();
    assert_eq!(layer.diff_id, longshore_protocol::Digest::sha256(&plain));
    assert_eq!(layer.content, longshore_protocol::Content::of(&packed));

    let place = tempfile::tempdir().unwrap();
    let archive = place.path().join("layer.zst");
    fs::write(&archive, &packed).unwrap();
    run(Command::new("zstd").arg("-tq").arg(&archive));
}

/// A sparse file takes no room on the disk and no time to read, but all of it has to be hashed.
#[test]
#[ignore = "hashes 9 GiB: a few seconds in a release build, a minute or more in a debug build"]
fn a_file_beyond_eight_gibibytes_is_read_by_others() {
    let size = (8 << 30) + 12_345;
    let tree = Tree::new();
    let file = fs::File::create(tree.at("huge")).unwrap();
    file.set_len(size).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, b"end", size - 3).unwrap();
    tree.file("next", 0o644, b"after");
    let place = tempfile::tempdir().unwrap();
    let archive = place.path().join("layer.tar.gz");
    let options = Options {
        compression: Compression::Gzip,
        ..Options::default()
    };
    let packer = crate::Packer::new(options);
    let sink = fs::File::create(&archive).unwrap();
    let layer = packer
        .pack(tree.path(), sink, &mut |_| {}, &crate::Watch::default())
        .unwrap();
    assert_eq!(layer.summary.bytes, size + 5);

    let script = "import sys, tarfile\n\
        print([(m.name, m.size) for m in tarfile.open(sys.argv[1])])";
    if let Some(members) = run(Command::new("python3").args(["-c", script]).arg(&archive)) {
        assert_eq!(
            members,
            format!("[('.', 0), ('./huge', {size}), ('./next', 5)]\n")
        );
    }
    if let Some(listing) = run(Command::new("tar").arg("-tvf").arg(&archive)) {
        assert!(listing.contains(&format!(" {size} ")), "{listing}");
        assert!(listing.ends_with(" ./next\n"), "{listing}");
    }
    // They know no record of a size, so the header has to say it.
    for program in ["busybox", "toybox"] {
        let mut tar = Command::new(program);
        if let Some(listing) = run(tar.args(["tar", "-tvzf"]).arg(&archive)) {
            assert!(listing.contains(&format!(" {size} ")), "{listing}");
            assert!(listing.ends_with(" ./next\n"), "{listing}");
        }
    }
}
