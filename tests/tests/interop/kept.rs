//! What `--preserve` keeps is what other people's programs restore.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use longshore_tests::real::clients::{buildah_from, skopeo_and_umoci, skopeo_layout};
use longshore_tests::real::docker_registry::{Auth, DockerRegistry};
use longshore_tests::real::longshore::{Longshore, Push};
use longshore_tests::real::scratch::{must, scratch};
use longshore_tests::real::tools::{run, tool};
use rustix::fs::XattrFlags;
use serde_json::Value;

use crate::harness::{Shared, Told};

pub(crate) fn comes_back(_: &Shared) -> Told {
    if !rustix::process::geteuid().is_root() {
        return Told::Skipped("only root can give files away and set capabilities");
    }
    let folder = scratch();
    let image = folder.path().join("image");
    if let Err(error) = make(&image) {
        let _ = writeln!(io::stderr(), "cannot set attributes: {error}");
        return Told::Skipped("the file system of the temporary folder refuses an attribute");
    }
    let registry = DockerRegistry::start(Auth::Htpasswd);
    let endpoint = registry.endpoint();
    let expected = look(&image);
    for options in [&KEEP[..], &[&KEEP[..], &["--layers", "4"]].concat()] {
        let push = Push {
            options,
            ..Push::new(&image, &endpoint, IMAGE)
        };
        let pushed = Longshore::new().push(&push);
        assert_eq!(pushed.report["warnings"], serde_json::json!([]));

        let folder = scratch();
        let unpacked = skopeo_and_umoci(&endpoint, IMAGE, folder.path());
        same("umoci", &expected, &look(&unpacked));

        let layout = folder.path().join("other");
        skopeo_layout(&endpoint, IMAGE, &layout);
        for (program, arguments) in [
            ("tar", &["--acls", "--xattrs", "--xattrs-include=*"][..]),
            ("bsdtar", &[]),
        ] {
            // libarchive 3.6.2 sets no default ACL of a directory that is there already.
            if program == "bsdtar" && layers(&layout).len() > 1 {
                continue;
            }
            let root = folder.path().join(program);
            must(&root, fs::create_dir(&root));
            for layer in layers(&layout) {
                let mut unpack = tool(program);
                unpack.args(arguments).arg("-C").arg(&root);
                run(unpack.arg("-xpf").arg(layer));
            }
            same(program, &expected, &look(&root));
        }

        // The driver that works everywhere copies the layer below, and leaves ACLs out of that.
        if layers(&layout).len() > 1 {
            continue;
        }
        let folder = scratch();
        buildah_from(&endpoint, IMAGE, folder.path());
        let stored = stored_by_buildah(folder.path());
        let is_whole = |stored: &Files| *stored == expected;
        assert!(
            stored.iter().any(is_whole),
            "no layer of buildah's is what was pushed: {expected:#?}, {stored:#?}"
        );
    }
    Told::Whole
}

/// A file as far as it is to be kept: mode, owner and attributes.
type Files = BTreeMap<PathBuf, (u32, u32, u32, BTreeMap<Vec<u8>, Vec<u8>>)>;

/// An image with something of each kind.
fn make(image: &Path) -> io::Result<()> {
    for directory in ["", "bin", "ch", "var", "var/default", "var/default/inner"] {
        fs::create_dir(image.join(directory))?;
        fs::set_permissions(image.join(directory), fs::Permissions::from_mode(0o755))?;
    }
    for (path, mode, uid, gid) in [
        ("bin/ping", 0o755, 0, 0),
        ("bin/su", 0o6755, 0, 0),
        ("var/acl", 0o640, 0, 0),
        ("var/default/file", 0o640, 0, 0),
        ("var/mailer", 0o4755, 999, 998),
        ("var/large", 0o644, 3_000_000, 4_000_000_000),
        ("var/note", 0o644, 0, 0),
    ] {
        let path = image.join(path);
        fs::write(&path, "content")?;
        chown(&path, Some(uid), Some(gid))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
    }
    let metadata = image.join("ch/metadata.json");
    fs::write(&metadata, r#"{"arch": "amd64"}"#)?;
    fs::set_permissions(&metadata, fs::Permissions::from_mode(0o644))?;
    fs::hard_link(image.join("var/note"), image.join("var/second"))?;
    std::os::unix::fs::symlink("note", image.join("var/link"))?;
    for (path, name, value) in [
        ("bin/ping", "security.capability", CAPABILITY),
        ("var/acl", "system.posix_acl_access", ACL),
        ("var/default", "system.posix_acl_default", ACL),
        ("var", "user.directory", b"1"),
        ("var/note", "user.note", b"=\0\n1 2=3\n"),
        ("var/note", "user.line\nbreak", b"1"),
        ("var/large", "user.large", &[7; 3000]),
    ] {
        let set = rustix::fs::lsetxattr(image.join(path), name, value, XattrFlags::empty());
        set?;
    }
    Ok(())
}

fn look(root: &Path) -> Files {
    let mut files = Files::new();
    let mut below = vec![root.to_owned()];
    while let Some(path) = below.pop() {
        let found = must(&path, fs::symlink_metadata(&path));
        if found.is_dir() {
            let entries = must(&path, fs::read_dir(&path));
            below.extend(entries.map(|entry| must(&path, entry).path()));
        }
        let inner = path.strip_prefix(root).unwrap_or(&path).to_owned();
        let mode = found.mode() & 0o7777;
        files.insert(inner, (mode, found.uid(), found.gid(), attributes(&path)));
    }
    files
}

fn attributes(path: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut names = vec![0; 1 << 16];
    let length = must(path, rustix::fs::llistxattr(path, &mut names[..]));
    let names = names[..length].split(|byte| *byte == 0);
    let attributes = names.filter(|name| !name.is_empty()).map(|name| {
        let mut value = vec![0; 1 << 16];
        let length = must(path, rustix::fs::lgetxattr(path, name, &mut value[..]));
        value.truncate(length);
        (name.to_vec(), value)
    });
    // What the machine labels its files with is none of the image's.
    let is_ours = |(name, _): &(Vec<u8>, Vec<u8>)| name != b"security.selinux";
    attributes.filter(is_ours).collect()
}

/// The layers in a layout, the lowest first.
fn layers(layout: &Path) -> Vec<PathBuf> {
    let blob = |digest: &Value| {
        let digest = digest
            .as_str()
            .and_then(|digest| digest.strip_prefix("sha256:"));
        layout.join("blobs/sha256").join(digest.expect("a digest"))
    };
    let json =
        |path: &Path| -> Value { must(path, serde_json::from_slice(&must(path, fs::read(path)))) };
    let index = json(&layout.join("index.json"));
    let manifest = json(&blob(&index["manifests"][0]["digest"]));
    let layers = manifest["layers"].as_array().expect("layers").iter();
    layers.map(|layer| blob(&layer["digest"])).collect()
}

/// The trees that buildah keeps: of the image, and of the container, which buildah 1.28 copies
/// without ACLs.
fn stored_by_buildah(scratch: &Path) -> Vec<Files> {
    let folder = scratch.join("root/vfs/dir");
    let trees = must(&folder, fs::read_dir(&folder));
    trees
        .map(|tree| look(&must(&folder, tree).path()))
        .collect()
}

#[track_caller]
fn same(program: &str, expected: &Files, found: &Files) {
    for (path, file) in expected {
        assert_eq!(Some(file), found.get(path), "{program}: {}", path.display());
    }
    assert_eq!(expected.len(), found.len(), "{program}");
}

const IMAGE: &str = "team/kept:1";
const KEEP: [&str; 3] = ["--strict", "--preserve", "owner,setuid,xattrs"];
/// `cap_net_raw+ep`.
const CAPABILITY: &[u8] = b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
/// `u::rw- u:999:rw- g::r-- m::rw- o::---`.
const ACL: &[u8] =
    b"\x02\0\0\0\x01\0\x06\0\xff\xff\xff\xff\x02\0\x06\0\xe7\x03\0\0\x04\0\x04\0\xff\
                     \xff\xff\xff\x10\0\x06\0\xff\xff\xff\xff\x20\0\0\0\xff\xff\xff\xff";
