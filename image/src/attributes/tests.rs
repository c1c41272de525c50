use super::*;

fn acl(entries: &[(u16, u16, u32)]) -> Vec<u8> {
    let mut value = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, number) in entries {
        value.extend_from_slice(&tag.to_le_bytes());
        value.extend_from_slice(&permissions.to_le_bytes());
        value.extend_from_slice(&number.to_le_bytes());
    }
    value
}

const NONE: u32 = u32::MAX;

fn mode(entries: &[(u16, u16, u32)], mode: u32) -> u32 {
    let acl = Attribute::new(ACCESS_ACL, acl(entries));
    Attributes::new(acl.into_iter().collect()).mode(mode)
}

#[test]
fn the_group_gets_what_its_own_entry_and_the_mask_allow() {
    let of = |group, mask| {
        let entries = [
            (0x01, 6, NONE),
            (0x02, 6, 999),
            (0x04, group, NONE),
            (0x10, mask, NONE),
            (0x20, 0, NONE),
        ];
        mode(&entries, 0o1600 | u32::from(mask) << 3)
    };
    assert_eq!(of(4, 6), 0o1640);
    assert_eq!(of(0, 6), 0o1600);
    assert_eq!(of(6, 4), 0o1640);
    assert_eq!(of(7, 7), 0o1670);
}

#[test]
fn an_acl_of_three_entries_is_a_mode() {
    let entries = [(0x01, 6, NONE), (0x04, 4, NONE), (0x20, 4, NONE)];
    assert_eq!(Attribute::new(ACCESS_ACL, acl(&entries)), None);
    assert!(Attribute::new(DEFAULT_ACL, acl(&entries)).is_some());
    assert_eq!(Attribute::new(DEFAULT_ACL, acl(&[])), None);
}

#[test]
fn an_acl_of_another_kind_is_kept_as_it_is_and_changes_no_mode() {
    for value in [&b""[..], b"\x03\0\0\0", b"\x02\0\0\0\x01"] {
        let attribute = Attribute::new(ACCESS_ACL, value.to_vec()).unwrap();
        assert_eq!(attribute.portable(), value);
        assert_eq!(Attributes::new(vec![attribute]).mode(0o664), 0o664);
    }
}

#[test]
fn an_acl_has_a_text() {
    let entries = [
        (0x01, 7, NONE),
        (0x02, 6, 999),
        (0x04, 4, NONE),
        (0x08, 1, 42),
        (0x10, 6, NONE),
        (0x20, 0, NONE),
    ];
    let text = |name: &[u8], value| Attribute::new(name, value).unwrap().acl_text();
    let expected = "user::rwx,user:999:rw-,group::r--,group:42:--x,mask::rw-,other::---";
    let access = text(ACCESS_ACL, acl(&entries));
    assert_eq!(access, Some(("access", expected.to_owned())));
    let default = text(DEFAULT_ACL, acl(&entries));
    assert_eq!(default, Some(("default", expected.to_owned())));
    assert_eq!(text(ACCESS_ACL, acl(&[(0x80, 7, NONE)]).split_off(4)), None);
    assert_eq!(text(b"user.a", acl(&entries)), None);
}

#[test]
fn what_the_machine_has_put_there_does_not_belong_to_an_image() {
    for name in [
        "security.selinux",
        "security.SMACK64",
        "security.SMACK64EXEC",
        "security.ima",
        "security.evm",
        "trusted.overlay.opaque",
        "trusted.lov",
        "user.overlay.origin",
        "system.nfs4_acl",
        "lustre.lov",
        "btrfs.compression",
    ] {
        assert_eq!(Attribute::new(name.as_bytes(), vec![1]), None, "{name}");
    }
    for (name, expected) in [
        ("security.capability", Sort::Capability),
        ("user.a", Sort::Other),
        ("user.overlayed", Sort::Other),
        ("security.other", Sort::Other),
    ] {
        let attribute = Attribute::new(name.as_bytes(), vec![1]).unwrap();
        assert_eq!(attribute.sort(), expected, "{name}");
    }
}

#[test]
fn capabilities_name_no_root_of_this_machine() {
    let capability = |value: &[u8]| Attribute::new(b"security.capability", value.to_vec()).unwrap();
    let (two, three) = (b"\x01\0\0\x02", b"\x01\0\0\x03");
    let data = [7; 16];
    let plain = [&two[..], &data].concat();
    let rooted = [&three[..], &data, &1000_u32.to_le_bytes()].concat();
    assert_eq!(*capability(&rooted).portable(), *plain);
    assert_eq!(*capability(&plain).portable(), *plain);
    for odd in [
        &b""[..],
        b"\x01",
        &rooted[..20],
        &[&rooted[..], b"x"].concat(),
    ] {
        assert_eq!(*capability(odd).portable(), *odd);
    }
}
