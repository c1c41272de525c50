use super::header::split;
use super::*;
use crate::testing::list;

fn file<'a>(path: &'a [u8], size: u64) -> Member<'a> {
    Member {
        path,
        body: Body::File { size },
        mode: 0o644,
        mtime: 0,
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

#[test]
fn a_plain_member_is_one_ustar_block() {
    let mtime = 0o7654321;
    let member = Member {
        path: b"./etc",
        body: Body::Directory,
        mode: 0o1750,
        mtime: i64::from(mtime),
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
    // The lengths where the number of digits changes: one record of 99 bytes, none of 100.
    for value in [80, 85, 86, 87, 88, 89, 90, 91, 985, 986, 987, 988, 989, 990] {
        let name = "é".repeat(value);
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
        let link = Member {
            path: b"./l",
            body: Body::Symlink { target: name },
            mode: 0o777,
            mtime: 0,
        };
        let listed = list(&archive(&link));
        assert_eq!(
            (listed[0].path.as_slice(), listed[0].target.as_slice()),
            (&b"./l"[..], name)
        );
    }
}

/// A reader may take the header's own text for another encoding than UTF-8.
#[test]
fn text_beyond_ascii_stands_in_a_record_and_other_bytes_do_not() {
    let header = |path, target| {
        let member = Member {
            path,
            body: Body::Symlink { target },
            mode: 0o777,
            mtime: 0,
        };
        encoded(&member)
    };
    let records = |bytes: &[u8]| String::from_utf8_lossy(&bytes[512..]).into_owned();
    assert!(records(&header("é".as_bytes(), b"t")).starts_with("11 path=é\n\0"));
    assert!(records(&header(b"l", "é".as_bytes())).starts_with("15 linkpath=é\n\0"));
    assert_eq!(header(b"\xff", b"\xfe").len(), 512);
}

#[test]
fn numbers_beyond_octal_go_into_records() {
    let largest = encoded(&file(b"./f", (8 << 30) - 1));
    assert_eq!(largest.len(), 512);
    assert_eq!(&largest[124..136], b"77777777777\0");
    let larger = encoded(&file(b"./f", 8 << 30));
    assert_eq!(&larger[512..531], b"19 size=8589934592\n");
    assert_eq!(&larger[1024 + 124..1024 + 136], b"00000000000\0");
    let ancient = Member {
        mtime: -1,
        ..file(b"./f", 0)
    };
    assert_eq!(&encoded(&ancient)[512..524], b"12 mtime=-1\n");
    let far = Member {
        mtime: 1 << 33,
        ..file(b"./f", 0)
    };
    assert_eq!(&encoded(&far)[512..532], b"20 mtime=8589934592\n");
}

#[test]
fn content_is_padded_to_whole_blocks() {
    let paddings = [0, 1, 511, 512, 513, u64::MAX].map(padding);
    assert_eq!(paddings, [0, 511, 1, 0, 511, 1]);
}
