use super::header::split;
use super::*;
use crate::testing::list;

fn file<'a>(path: &'a [u8], size: u64) -> Member<'a> {
    Member {
        path,
        body: Body::File { size },
        mode: 0o644,
        mtime: 0,
        uid: 0,
        gid: 0,
        attributes: &[],
    }
}

fn symlink<'a>(path: &'a [u8], target: &'a [u8]) -> Member<'a> {
    Member {
        body: Body::Symlink { target },
        mode: 0o777,
        ..file(path, 0)
    }
}

fn encoded(member: &Member<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    member.encode(&mut bytes);
    bytes
}

/// The tar as a reader sees it: header without content, then the end.
fn archive(member: &Member<'_>) -> Vec<u8> {
    let mut bytes = encoded(member);
    bytes.extend_from_slice(&END);
    bytes
}

/// The type flags of a member's headers, the one of the member last.
fn kinds(bytes: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let size = std::str::from_utf8(&rest[124..135]).unwrap();
        let size = usize::from_str_radix(size, 8).unwrap();
        kinds.push(rest[156]);
        rest = &rest[512 + size.next_multiple_of(512)..];
    }
    kinds
}

#[test]
fn a_plain_member_is_one_ustar_block() {
    let mtime = 0o7654321;
    let member = Member {
        path: b"./etc",
        body: Body::Directory,
        mode: 0o1750,
        mtime: i64::from(mtime),
        uid: 0,
        gid: 0,
        attributes: &[],
    };
    let block = encoded(&member);
    assert_eq!(block.len(), 512);
    assert_eq!(&block[..7], b"./etc/\0");
    assert_eq!(&block[100..124], b"0001750\x000000000\x000000000\0");
    assert_eq!(&block[124..148], b"00000000000\x0000007654321\0");
    assert_eq!(block[156], b'5');
    assert_eq!(&block[257..265], b"ustar\x0000");
    assert_eq!(&block[265..270], b"root\0");
    assert_eq!(&block[297..302], b"root\0");
    assert_eq!(&block[329..345], b"0000000\x000000000\0");
    let without_sum = block[..148]
        .iter()
        .chain(&block[156..])
        .map(|byte| u32::from(*byte));
    let sum = without_sum.sum::<u32>() + 8 * u32::from(b' ');
    assert_eq!(&block[148..156], format!("{sum:06o}\0 ").as_bytes());
}

#[test]
fn a_path_is_split_at_a_slash_if_it_can_be() {
    let path = |parts: &[usize]| {
        let parts: Vec<_> = parts.iter().map(|length| "x".repeat(*length)).collect();
        parts.join("/").into_bytes()
    };
    let lengths = |path: &[u8]| split(path).map(|(prefix, name)| (prefix.len(), name.len()));
    assert_eq!(lengths(&path(&[100])), Some((0, 100)));
    assert_eq!(lengths(&path(&[101])), None);
    assert_eq!(lengths(&path(&[1, 100])), Some((1, 100)));
    assert_eq!(lengths(&path(&[155, 100])), Some((155, 100)));
    assert_eq!(lengths(&path(&[156, 99])), None);
    assert_eq!(lengths(&path(&[50, 104, 100])), Some((155, 100)));
    assert_eq!(lengths(&path(&[155, 101])), None);
    // The slash of a directory stays with its name.
    assert_eq!(lengths(&path(&[99, 0])), Some((0, 100)));
    assert_eq!(lengths(&path(&[100, 0])), None);
    assert_eq!(lengths(&path(&[20, 99, 0])), Some((20, 100)));
}

#[test]
fn a_record_counts_its_own_length() {
    // The lengths where the number of digits changes: one record of 999 bytes, none of 1000.
    for value in [
        160, 170, 180, 985, 986, 987, 988, 989, 990, 1980, 9983, 9984, 9985,
    ] {
        let name = "e".repeat(value);
        let bytes = archive(&file(name.as_bytes(), 0));
        let length: usize = String::from_utf8_lossy(&bytes[512..])
            .split_once(' ')
            .unwrap()
            .0
            .parse()
            .unwrap();
        assert_eq!(bytes[512 + length - 1], b'\n', "{value}");
        assert!(
            bytes[512 + length..1024.max(512 + length)]
                .iter()
                .all(|byte| *byte == 0)
        );
        assert_eq!(list(&bytes)[0].path, name.as_bytes());
    }
}

#[test]
fn long_and_foreign_names_survive() {
    let long = [b'n'; 255];
    let deep = "directory/".repeat(900);
    let names: [&[u8]; 6] = [
        &long,
        deep.trim_end_matches('/').as_bytes(),
        b"\xff\xfe",
        b"a\nb",
        "\u{00e9}".as_bytes(),
        &[0xf0; 300],
    ];
    for name in names {
        let listed = list(&archive(&file(name, 0)));
        assert_eq!(listed[0].path, name);
        let listed = list(&archive(&symlink(b"./l", name)));
        assert_eq!(
            (listed[0].path.as_slice(), listed[0].target.as_slice()),
            (&b"./l"[..], name)
        );
    }
}

#[test]
fn numbers_of_owners_have_a_record_where_they_do_not_fit() {
    let owned_by = |uid, gid| {
        encoded(&Member {
            uid,
            gid,
            ..file(b"./f", 0)
        })
    };
    let block = owned_by(0o777_7777, 1);
    assert_eq!(block.len(), 512);
    assert_eq!(&block[108..124], b"7777777\x000000001\0");
    assert_eq!(&block[265..329], [0; 64]);
    let bytes = owned_by(0o1000_0000, u32::MAX);
    let records = b"15 uid=2097152\n18 gid=4294967295\n";
    assert_eq!(&bytes[512..512 + records.len()], records);
    let header = &bytes[1024..];
    assert_eq!(&header[108..116], b"\x80\0\0\0\0\x20\0\0");
    assert_eq!(&header[116..124], b"\x80\0\0\0\xff\xff\xff\xff");
    let read = tar::Header::from_byte_slice(header);
    assert_eq!(
        (read.uid().unwrap(), read.gid().unwrap()),
        (0o1000_0000, u32::MAX.into())
    );
}

#[test]
fn long_names_and_attributes_share_the_records() {
    let attribute = Attribute::new(b"user.a", b"\0\n".to_vec()).unwrap();
    let name = "\u{00e9}".repeat(200);
    let bytes = encoded(&Member {
        attributes: &[&attribute],
        ..file(name.as_bytes(), 0)
    });
    assert_eq!(kinds(&bytes), [b'x', b'0']);
    let mut bytes = bytes;
    bytes.extend_from_slice(&END);
    assert_eq!(list(&bytes)[0].path, name.as_bytes());
    let record = b"26 SCHILY.xattr.user.a=\0\n\n";
    assert!(bytes.windows(record.len()).any(|window| window == record));
}

/// Where the locale is `C`, libarchive refuses a record with such text.
#[test]
fn text_beyond_ascii_stands_in_no_record() {
    let hard_link = |path, target| {
        encoded(&Member {
            body: Body::HardLink { target },
            ..file(path, 0)
        })
    };
    let plain = hard_link("./é".as_bytes(), b"./\xff");
    assert_eq!(plain.len(), 512);
    assert_eq!(&plain[..5], b"./\xc3\xa9\0");
    assert_eq!(&plain[157..161], b"./\xff\0");
    let long = format!("./{}", "é".repeat(100));
    let file = encoded(&file(long.as_bytes(), 0));
    assert_eq!(kinds(&file), [b'L', b'0']);
    assert_eq!(&file[512..714], long.as_bytes());
}

/// sqfstar would take `../` off the beginning of a record.
#[test]
fn the_target_of_a_symbolic_link_stands_in_no_record() {
    let short = encoded(&symlink(b"./l", "../é".as_bytes()));
    assert_eq!(short.len(), 512);
    assert_eq!(&short[157..162], b"../\xc3\xa9");
    let target = "../".repeat(34);
    let long = encoded(&symlink(b"./l", target.as_bytes()));
    assert_eq!(kinds(&long), [b'K', b'2']);
    assert_eq!(&long[512..614], target.as_bytes());
    assert_eq!(long[614], 0);
    // A record beside it would make tar2sqfs forget it.
    let path = [b'p'; 300];
    let both = encoded(&symlink(&path, target.as_bytes()));
    assert_eq!(kinds(&both), [b'K', b'L', b'2']);
    let beside = encoded(&symlink("é".as_bytes(), target.as_bytes()));
    assert_eq!(kinds(&beside), [b'K', b'2']);
}

/// sqfstar makes no hard link whose target begins with `./` and stands in GNU's form.
#[test]
fn the_target_of_a_hard_link_stands_in_a_record() {
    let target = [b't'; 101];
    let link = Member {
        body: Body::HardLink { target: &target },
        ..file(b"./l", 0)
    };
    assert_eq!(kinds(&encoded(&link)), [b'x', b'1']);
    let target = "é".repeat(100);
    let link = Member {
        body: Body::HardLink {
            target: target.as_bytes(),
        },
        ..file(target.as_bytes(), 0)
    };
    let bytes = encoded(&link);
    assert_eq!(kinds(&bytes), [b'x', b'1']);
    assert_eq!(bytes[512..].split(|byte| *byte == b'\n').count(), 3);
}

#[test]
fn a_long_name_that_is_not_utf8_stands_in_no_record() {
    let name = [&b"./\xff"[..], &[b'n'; 120]].concat();
    let member = encoded(&file(&name, 0));
    assert_eq!(kinds(&member), [b'L', b'0']);
    assert_eq!(&member[512..635], name.as_slice());
    let link = Member {
        body: Body::HardLink { target: &name },
        ..file("é".as_bytes(), 0)
    };
    assert_eq!(kinds(&encoded(&link)), [b'K', b'1']);
}

#[test]
fn numbers_beyond_octal_go_into_records() {
    let largest = encoded(&file(b"./f", (8 << 30) - 1));
    assert_eq!(largest.len(), 512);
    assert_eq!(&largest[124..136], b"77777777777\0");
    let larger = encoded(&file(b"./f", 8 << 30));
    assert_eq!(&larger[512..531], b"19 size=8589934592\n");
    let base_256 = |value: u64| [&b"\x80\0\0\0"[..], &value.to_be_bytes()].concat();
    assert_eq!(larger[1024 + 124..1024 + 136], base_256(8 << 30));
    let largest = encoded(&file(b"./f", u64::MAX));
    assert_eq!(largest[1024 + 124..1024 + 136], base_256(u64::MAX));

    let at = |mtime| {
        encoded(&Member {
            mtime,
            ..file(b"./f", 0)
        })
    };
    let ancient = at(-1);
    assert_eq!(&ancient[512..526], b"14 mtime=-1.0\n");
    assert_eq!(&ancient[1024 + 136..1024 + 148], b"00000000000\0");
    assert_eq!(at((1 << 33) - 1).len(), 512);
    let far = at(1 << 33);
    assert_eq!(&far[512..534], b"22 mtime=8589934592.0\n");
    assert_eq!(far[1024 + 136..1024 + 148], base_256(1 << 33));
    assert_eq!(
        &at(i64::MIN)[512..544],
        b"32 mtime=-9223372036854775808.0\n"
    );
}

/// Two forms in one member confuse some readers, so the one that has times wins.
#[test]
fn a_time_in_a_record_takes_the_texts_along() {
    let target = [b't'; 101];
    let link = Member {
        mtime: -1,
        ..symlink(b"./l", &target)
    };
    let bytes = encoded(&link);
    assert_eq!(kinds(&bytes), [b'x', b'2']);
    assert_eq!(list(&archive(&link))[0].target, target);
}

#[test]
fn content_is_padded_to_whole_blocks() {
    let paddings = [0, 1, 511, 512, 513, u64::MAX].map(padding);
    assert_eq!(paddings, [0, 511, 1, 0, 511, 1]);
}
