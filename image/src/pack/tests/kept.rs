//! What belongs to a file beside its content: told, counted, and kept if it is asked for.
//!
//! Capabilities and owners are set by root only, and file systems may refuse attributes: what
//! cannot be set here is skipped, and that is said.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::num::NonZeroU8;

use rustix::fs::XattrFlags;
use rustix::process::{Gid, Uid};

use crate::testing::{Tree, pack, serially};
use crate::{
    Compression, Layers, Lost, LostCounts, Notice, Options, PackError, Packer, Preserve, Watch,
    divide, survey,
};

#[test]
fn what_is_lost_is_told_and_counted() {
    let Some(tree) = tree() else { return };
    for work in [packed, packed_serially, surveyed, divided] {
        let told = work(&tree, &Options::default());
        assert_eq!(told, expected(), "{work:?}");
    }
    let (layer, _, _) = pack(tree.path(), &plain());
    let counts = LostCounts {
        capabilities: 1,
        acls: 2,
        attributes: 2,
        owners: 3,
    };
    assert_eq!(layer.unwrap().summary.lost, counts);
}

#[test]
fn layers_count_together_what_one_layer_counts() {
    let Some(tree) = tree() else { return };
    let (whole, _, _) = pack(tree.path(), &plain());
    let mut sum = LostCounts::default();
    for part in parts(&tree, &plain()) {
        let packer = Packer::new(plain()).of(part);
        let watch = Watch::default();
        let layer = packer.pack(tree.path(), std::io::sink(), &mut |_| {}, &watch);
        sum = sum.plus(layer.unwrap().summary.lost);
    }
    assert_eq!(sum, whole.unwrap().summary.lost);
}

#[test]
fn what_is_preserved_is_in_the_layer_and_not_told() {
    let Some(tree) = tree() else { return };
    let options = Options {
        preserve: everything(),
        strict: true,
        ..plain()
    };
    let (layer, bytes, notices) = pack(tree.path(), &options);
    assert_eq!(notices, []);
    assert!(layer.unwrap().summary.lost.is_empty());
    let members = members(&bytes);
    let ping = &members["./bin/ping"];
    assert_eq!(
        ping.xattrs,
        [("security.capability", CAPABILITY)].map(owned)
    );
    assert_eq!((ping.uid, ping.gid), (0, 0));
    assert_eq!(ping.names, ["root", "root"]);
    let big = &members["./var/big"];
    assert_eq!((big.uid, big.gid), (3_000_000, 4_000_000_000));
    assert_eq!(big.names, ["", ""]);
    let owned_file = &members["./var/owned"];
    assert_eq!((owned_file.uid, owned_file.gid), (999, 998));
    let acl = &members["./var/acl"];
    assert_eq!(
        acl.xattrs,
        [("system.posix_acl_access", &*access_acl())].map(owned)
    );
    let directory = &members["./var/"].xattrs;
    assert_eq!(directory[0].0, "system.posix_acl_default");
    // The `tar` crate takes the first end of a line for the end of the record.
    let record = b"37 SCHILY.xattr.user.line\nbreak=1\n=\0\n31 SCHILY.xattr.user.note=some\n";
    assert!(bytes.windows(record.len()).any(|window| window == record));
    // The second name is a link to the first and has none of its own.
    assert_eq!(members["./var/note2"].xattrs, []);
}

#[test]
fn one_thing_alone_can_be_preserved() {
    let Some(tree) = tree() else { return };
    tree.mode("bin/ping", 0o4755);
    let of = |preserve| {
        let options = Options {
            preserve,
            ..plain()
        };
        let (layer, bytes, _) = pack(tree.path(), &options);
        let summary = layer.unwrap().summary;
        (summary.lost, summary.setuid, members(&bytes))
    };
    let (lost, setuid, members) = of(Preserve {
        owner: true,
        ..Preserve::default()
    });
    assert_eq!((lost.owners, lost.acls, setuid), (0, 2, 1));
    assert_eq!(members["./var/owned"].uid, 999);
    assert_eq!(members["./bin/ping"].mode, 0o755);
    let (lost, setuid, members) = of(Preserve {
        setuid: true,
        ..Preserve::default()
    });
    assert_eq!((lost.owners, lost.acls, setuid), (3, 2, 0));
    assert_eq!(members["./bin/ping"].mode, 0o4755);
    assert!(
        members
            .values()
            .all(|member| member.uid == 0 && member.xattrs.is_empty())
    );
}

#[test]
fn a_set_id_bit_of_another_owner_does_not_become_roots() {
    let tree = Tree::new();
    tree.file("a", 0o644, b"").file("b", 0o644, b"");
    if !owner(&tree, "a", 999, 0) || !owner(&tree, "b", 0, 42) {
        return;
    }
    tree.mode("a", 0o6755).mode("b", 0o6755);
    let modes = |owner| {
        let setuid = true;
        let options = Options {
            preserve: Preserve {
                owner,
                setuid,
                ..Preserve::default()
            },
            ..plain()
        };
        let (_, bytes, notices) = pack(tree.path(), &options);
        let stripped = notices.iter().filter(|notice| {
            matches!(
                notice,
                Notice::StrippedSetuid(_) | Notice::StrippedSetgid(_)
            )
        });
        let members = members(&bytes);
        (members["./a"].mode, members["./b"].mode, stripped.count())
    };
    assert_eq!(modes(false), (0o2755, 0o4755, 2));
    assert_eq!(modes(true), (0o6755, 0o6755, 0));
}

#[test]
fn nothing_is_lost_if_it_is_forbidden() {
    let Some(tree) = tree() else { return };
    let strict = |options: Options| Options {
        strict: true,
        ..options
    };
    match pack(tree.path(), &strict(plain())).0 {
        Err(PackError::Lost { path, what }) => {
            assert_eq!((path, what), (tree.at("bin/ping"), Lost::Capabilities));
        }
        other => panic!("{other:?}"),
    }
    let looking = Options {
        look_at_attributes: true,
        ..strict(plain())
    };
    let looked = survey(tree.path(), &looking, &mut |_| {}, &Watch::default());
    assert!(matches!(looked, Err(PackError::Lost { .. })), "{looked:?}");
    let (layer, _, _) = pack(
        tree.path(),
        &strict(Options {
            preserve: Preserve {
                xattrs: true,
                ..Preserve::default()
            },
            ..plain()
        }),
    );
    let what = match layer {
        Err(PackError::Lost { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    let (uid, gid) = (3_000_000, 4_000_000_000);
    assert_eq!(what, Lost::Owner { uid, gid });
    tree.file("bin/su", 0o4755, b"");
    let error = pack(tree.path(), &strict(plain())).0.unwrap_err();
    assert!(matches!(
        error,
        PackError::Lost {
            what: Lost::Capabilities,
            ..
        }
    ));
    std::fs::remove_file(tree.at("bin/ping")).unwrap();
    let error = pack(tree.path(), &strict(plain())).0.unwrap_err();
    assert!(matches!(
        error,
        PackError::Lost {
            what: Lost::Setuid,
            ..
        }
    ));
}

#[test]
fn the_mask_of_an_acl_does_not_open_a_file_to_its_group() {
    let tree = Tree::new();
    tree.directory("usr", 0o755)
        .directory("usr/d", 0o755)
        .file("usr/d/a", 0o640, b"content")
        .hard_link("usr/d/b", "usr/d/a");
    if !attribute(&tree, "usr/d/a", "system.posix_acl_access", &access_acl())
        || !attribute(&tree, "usr/d", "system.posix_acl_access", &access_acl())
    {
        return;
    }
    let of = |bytes: &[u8]| -> BTreeMap<String, u32> {
        let members = members(bytes).into_iter();
        members.map(|(path, member)| (path, member.mode)).collect()
    };
    let (_, bytes, _) = pack(tree.path(), &plain());
    let whole = of(&bytes);
    assert_eq!(whole["./usr/d/a"], 0o640);
    assert_eq!(whole["./usr/d/b"], 0o640);
    assert_eq!(whole["./usr/d/"], 0o640);
    for part in parts(&tree, &plain()) {
        let mut bytes = Vec::new();
        let packer = Packer::new(plain()).of(part);
        let packed = packer.pack(tree.path(), &mut bytes, &mut |_| {}, &Watch::default());
        packed.unwrap();
        for (path, mode) in of(&bytes) {
            assert_eq!(mode, whole[&path], "{path}");
        }
    }
}

#[test]
fn nothing_inherits_an_acl_where_it_is_unpacked() {
    let tree = Tree::new();
    tree.directory("d", 0o755);
    if !attribute(&tree, "d", "system.posix_acl_default", &access_acl()) {
        return;
    }
    let clear = |path: &str| {
        for name in ["system.posix_acl_access", "system.posix_acl_default"] {
            // A file has no default ACL to take away.
            let _ = rustix::fs::removexattr(tree.at(path), name);
        }
    };
    tree.directory("d/sub", 0o755).file("d/a", 0o644, b"");
    ["d/sub", "d/a"].into_iter().for_each(clear);
    tree.mode("d/sub", 0o755).mode("d/a", 0o640);
    tree.file("d/sub/deep", 0o644, b"").symlink("d/x", "a");
    let options = Options {
        preserve: everything(),
        ..plain()
    };
    let (_, bytes, _) = pack(tree.path(), &options);
    let members = members(&bytes);
    let access = |user: u8, group: u8, others: u8| {
        let mut acl = b"\x02\0\0\0".to_vec();
        for (tag, may) in [(1, user), (4, group), (0x20, others)] {
            acl.extend_from_slice(&[tag, 0, may, 0, 0xff, 0xff, 0xff, 0xff]);
        }
        ("system.posix_acl_access".to_owned(), acl)
    };
    let none = (
        "system.posix_acl_default".to_owned(),
        b"\x02\0\0\0".to_vec(),
    );
    assert_eq!(members["./d/a"].xattrs, [access(6, 4, 0)]);
    assert_eq!(members["./d/sub/"].xattrs, [access(7, 5, 5), none]);
    assert_eq!(members["./d/sub/deep"].xattrs, []);
    assert_eq!(members["./d/x"].xattrs, []);
    let (_, bytes, _) = pack(tree.path(), &plain());
    assert!(members_without(&bytes));
}

#[test]
fn an_owner_of_the_whole_tree_is_nothing_to_tell() {
    let tree = Tree::new();
    tree.file("a", 0o644, b"").directory("d", 0o755);
    if !["", "a", "d"]
        .iter()
        .all(|path| owner(&tree, path, 1234, 5678))
    {
        return;
    }
    tree.file("root", 0o644, b"");
    let (layer, bytes, notices) = pack(tree.path(), &plain());
    assert_eq!(notices, []);
    assert!(layer.unwrap().summary.lost.is_empty());
    assert!(members(&bytes).values().all(|member| member.uid == 0));
}

#[test]
fn an_attribute_that_no_record_can_hold_is_told_even_so() {
    let tree = Tree::new();
    tree.file("a", 0o644, b"");
    if !attribute(&tree, "a", "user.x=y", b"1")
        || !attribute(&tree, "a", "user.x%3D", b"1")
        || !attribute(&tree, "a", "user.empty", b"")
    {
        return;
    }
    let options = Options {
        preserve: everything(),
        ..plain()
    };
    let (_, bytes, notices) = pack(tree.path(), &options);
    let told = ["user.empty", "user.x=y"].map(|name| Notice::NotKept {
        path: "./a".into(),
        what: Lost::Attribute(name.to_owned()),
    });
    assert_eq!(notices, told);
    assert_eq!(
        members(&bytes)["./a"].xattrs,
        [("user.x%3D", &b"1"[..])].map(owned)
    );
}

#[test]
fn a_closed_root_is_told_and_can_be_opened() {
    let tree = Tree::new();
    tree.mode("", 0o700);
    for work in [packed, packed_serially, surveyed, divided] {
        let told = work(&tree, &plain());
        assert_eq!(told, [Notice::ClosedRoot { mode: 0o700 }]);
    }
    let options = Options {
        root_mode: Some(0o755),
        ..plain()
    };
    let (_, bytes, notices) = pack(tree.path(), &options);
    assert_eq!(notices, []);
    assert_eq!(members(&bytes)["./"].mode, 0o755);
    for (mode, is_told) in [
        (0o711, false),
        (0o755, false),
        (0o750, true),
        (0o1777, false),
    ] {
        tree.mode("", mode);
        assert_eq!(!packed(&tree, &plain()).is_empty(), is_told, "{mode:o}");
    }
}

/// Something of each kind, unless this machine does not allow it.
fn tree() -> Option<Tree> {
    let tree = Tree::new();
    tree.directory("bin", 0o755)
        .file("bin/ping", 0o755, b"ping")
        .directory("var", 0o755)
        .file("var/acl", 0o640, b"a")
        .file("var/big", 0o644, b"b")
        .file("var/note", 0o644, b"n")
        .hard_link("var/note2", "var/note")
        .file("var/owned", 0o644, b"o")
        .file("var/system", 0o644, b"s")
        .symlink("var/x", "note");
    let is_set = attribute(&tree, "bin/ping", "security.capability", CAPABILITY)
        && attribute(&tree, "var/acl", "system.posix_acl_access", &access_acl())
        && attribute(&tree, "var", "system.posix_acl_default", &access_acl())
        && attribute(&tree, "var", "user.directory", b"1")
        && attribute(&tree, "var/note", "user.note", b"some")
        && attribute(&tree, "var/note", "user.line\nbreak", b"1\n=\0")
        && attribute(&tree, "var/system", "trusted.overlay.opaque", b"y")
        && owner(&tree, "var/owned", 999, 998)
        && owner(&tree, "var/big", 3_000_000, 4_000_000_000)
        && owner(&tree, "var/x", 7, 7);
    is_set.then_some(tree)
}

fn expected() -> Vec<Notice> {
    let other = |name: &str| Lost::Attribute(name.to_owned());
    let owner = |uid, gid| Lost::Owner { uid, gid };
    let told = [
        ("./bin/ping", Lost::Capabilities),
        ("./var", Lost::Acl),
        ("./var", other("user.directory")),
        ("./var/acl", Lost::Acl),
        ("./var/big", owner(3_000_000, 4_000_000_000)),
        ("./var/note", other("user.line\nbreak")),
        ("./var/note", other("user.note")),
        ("./var/owned", owner(999, 998)),
        ("./var/x", owner(7, 7)),
    ];
    let told = told.into_iter().map(|(path, what)| Notice::NotKept {
        path: path.into(),
        what,
    });
    told.collect()
}

fn packed(tree: &Tree, options: &Options) -> Vec<Notice> {
    pack(tree.path(), options).2
}

fn packed_serially(tree: &Tree, options: &Options) -> Vec<Notice> {
    serially(|| pack(tree.path(), options).2)
}

fn surveyed(tree: &Tree, options: &Options) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut keep = |notice| notices.push(notice);
    survey(tree.path(), &looking(options), &mut keep, &Watch::default()).unwrap();
    notices
}

fn divided(tree: &Tree, options: &Options) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut keep = |notice| notices.push(notice);
    let options = looking(options);
    divide(tree.path(), &options, FOUR, &mut keep, &Watch::default()).unwrap();
    notices
}

fn parts(tree: &Tree, options: &Options) -> Vec<crate::Part> {
    divide(tree.path(), options, FOUR, &mut |_| {}, &Watch::default()).unwrap()
}

fn looking(options: &Options) -> Options {
    Options {
        look_at_attributes: true,
        ..options.clone()
    }
}

fn plain() -> Options {
    Options {
        compression: Compression::None,
        ..Options::default()
    }
}

fn everything() -> Preserve {
    Preserve {
        owner: true,
        setuid: true,
        xattrs: true,
    }
}

/// Sets an attribute, or says that this cannot be tested here.
fn attribute(tree: &Tree, path: &str, name: &str, value: &[u8]) -> bool {
    let set = rustix::fs::lsetxattr(tree.at(path), name, value, XattrFlags::empty());
    is_allowed(set, &format!("to set {}", name.escape_debug()))
}

/// Gives a file to another owner, or says that this cannot be tested here.
fn owner(tree: &Tree, path: &str, uid: u32, gid: u32) -> bool {
    let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
    let (uid, gid) = (Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)));
    let path = tree.at(path);
    is_allowed(
        rustix::fs::chownat(rustix::fs::CWD, path, uid, gid, flags),
        "to give a file away",
    )
}

/// Whether something could be done here. If not, who runs the tests sees that, although the test
/// passes: only what macros print is held back.
fn is_allowed(done: rustix::io::Result<()>, what: &str) -> bool {
    if let Err(errno) = done {
        let text = format!("SKIPPED: it is not allowed {what} here: {errno}");
        let _ = writeln!(std::io::stderr(), "{text}");
    }
    done.is_ok()
}

/// A member as the `tar` crate reads it.
struct Member {
    mode: u32,
    uid: u64,
    gid: u64,
    names: [String; 2],
    xattrs: Vec<(String, Vec<u8>)>,
}

fn members(tar: &[u8]) -> BTreeMap<String, Member> {
    let mut archive = tar::Archive::new(tar);
    let members = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut member = Member {
            mode: entry.header().mode().unwrap(),
            uid: entry.header().uid().unwrap(),
            gid: entry.header().gid().unwrap(),
            names: [entry.header().username(), entry.header().groupname()]
                .map(|name| name.unwrap().unwrap_or_default().to_owned()),
            xattrs: Vec::new(),
        };
        for record in entry.pax_extensions().unwrap().into_iter().flatten() {
            let Ok(record) = record else { break };
            let (key, value) = (record.key().unwrap(), record.value_bytes());
            let number = || std::str::from_utf8(value).unwrap().parse().unwrap();
            match key.strip_prefix("SCHILY.xattr.") {
                Some(name) => member.xattrs.push((name.to_owned(), value.to_owned())),
                None if key == "uid" => member.uid = number(),
                None if key == "gid" => member.gid = number(),
                None => {}
            }
        }
        (
            String::from_utf8(entry.path_bytes().into_owned()).unwrap(),
            member,
        )
    });
    members.collect()
}

fn members_without(tar: &[u8]) -> bool {
    members(tar).values().all(|member| member.xattrs.is_empty())
}

fn owned((name, value): (&str, &[u8])) -> (String, Vec<u8>) {
    (name.to_owned(), value.to_owned())
}

/// `u::rw- u:999:rw- g::r-- m::rw- o::---`.
fn access_acl() -> Vec<u8> {
    let entries: [(u16, u16, u32); 5] = [
        (0x01, 6, u32::MAX),
        (0x02, 6, 999),
        (0x04, 4, u32::MAX),
        (0x10, 6, u32::MAX),
        (0x20, 0, u32::MAX),
    ];
    let mut acl = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, number) in entries {
        acl.extend_from_slice(&tag.to_le_bytes());
        acl.extend_from_slice(&permissions.to_le_bytes());
        acl.extend_from_slice(&number.to_le_bytes());
    }
    acl
}

/// `cap_net_raw+ep`.
const CAPABILITY: &[u8] = b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
const FOUR: Layers = Layers::AtMost(NonZeroU8::new(4).unwrap());
