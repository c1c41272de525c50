//! Other decoders read what was written, whatever it was and however it was cut.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Read;

use flate2::read::DeflateDecoder;
use longshore_deflate::{Encoder, Ending, Level, WINDOW};
use proptest::prelude::*;

const LEVELS: [Level; 3] = [Level::Fast, Level::Default, Level::Best];

/// Compresses `text`, cut at these places, into one stream.
fn encode(encoder: &mut Encoder, text: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut start = 0;
    for end in cuts.iter().copied().chain([text.len()]) {
        let ending = if end == text.len() && start <= end && cuts.last() != Some(&text.len()) {
            Ending::Last
        } else {
            Ending::More
        };
        let window = start.saturating_sub(WINDOW);
        let mut part = vec![0xaa; Encoder::bound(end - start)];
        let length = encoder.encode(&text[window..end], start - window, ending, &mut part);
        stream.extend_from_slice(&part[..length]);
        start = end;
    }
    if cuts.last() == Some(&text.len()) {
        let mut part = vec![0; Encoder::bound(0)];
        let length = encoder.encode(&[], 0, Ending::Last, &mut part);
        stream.extend_from_slice(&part[..length]);
    }
    stream
}

/// Two decoders read the stream, all of it.
#[track_caller]
fn check(stream: &[u8], text: &[u8]) {
    let mut read = Vec::new();
    let mut decoder = DeflateDecoder::new(stream);
    decoder.read_to_end(&mut read).unwrap();
    assert!(read == text, "zlib-rs reads something else");
    assert_eq!(decoder.total_in(), stream.len() as u64, "nothing is left");
    let mut read = vec![0; text.len() + 1];
    let length = libdeflater::Decompressor::new()
        .deflate_decompress(stream, &mut read)
        .unwrap();
    assert!(read[..length] == *text, "libdeflate reads something else");
}

#[track_caller]
fn check_all(text: &[u8], cuts: &[usize]) {
    for level in LEVELS {
        let stream = encode(&mut Encoder::new(level), text, cuts);
        check(&stream, text);
    }
}

/// Bytes without any pattern, the same ones each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// Lines that have something in common.
fn lines(length: usize) -> Vec<u8> {
    let noise = noise(length / 8 + 1);
    let line = |byte: &u8| format!("entry {byte} of the table = {}\n", byte % 7);
    let mut text: Vec<u8> = noise.iter().map(line).collect::<String>().into_bytes();
    text.truncate(length);
    text
}

#[test]
fn short_texts_of_every_length() {
    for length in 0..300 {
        check_all(&lines(length), &[]);
        check_all(&noise(length), &[]);
        check_all(&vec![b'z'; length], &[]);
    }
}

#[test]
fn long_texts_of_one_kind() {
    let length = 700_001;
    check_all(&vec![0; length], &[]);
    check_all(&noise(length), &[1 << 19]);
    check_all(&lines(length), &[1, 300_000, 300_001]);
}

/// What repeats after a whole window is found, what repeats after a byte more cannot be.
#[test]
fn the_window_is_used_to_its_last_byte() {
    let noise = noise(WINDOW);
    let text = [&noise[..], &noise[..]].concat();
    for level in LEVELS {
        let stream = encode(&mut Encoder::new(level), &text, &[WINDOW]);
        check(&stream, &text);
        assert!(stream.len() < WINDOW + 2_000, "{level:?}: {}", stream.len());
    }
    check_all(&[&noise[..], b"-", &noise[..]].concat(), &[WINDOW + 1]);
}

#[test]
fn noise_takes_no_more_than_the_bound_and_little_more_than_itself() {
    for length in [0, 1, 5, 8_191, 16_384, 65_535, 65_536, 1 << 20] {
        let text = noise(length);
        for level in LEVELS {
            let stream = encode(&mut Encoder::new(level), &text, &[]);
            assert!(
                stream.len() <= length + 10 + length / 2_000,
                "{length} {level:?}"
            );
            check(&stream, &text);
        }
    }
}

/// Text, noise and zeros in turn: blocks of all three kinds, and matches that end where noise begins.
#[test]
fn texts_of_several_kinds() {
    let mut text = Vec::new();
    for round in 1..40_usize {
        text.extend(lines(round * 977 % 60_000));
        text.extend(noise(round * 7_919 % 50_000));
        text.extend(vec![0; round * 31 % 3_000]);
    }
    check_all(&text, &[100_000, 200_000, 200_000, 1_000_000]);
}

/// A thread's encoder has compressed other things before.
#[test]
fn bytes_do_not_depend_on_what_was_encoded_before() {
    let text = lines(400_000);
    for level in LEVELS {
        let fresh = encode(&mut Encoder::new(level), &text, &[200_000]);
        let mut used = Encoder::new(level);
        encode(&mut used, &noise(150_000), &[]);
        encode(&mut used, &text[1..], &[70_000]);
        assert!(encode(&mut used, &text, &[200_000]) == fresh, "{level:?}");
    }
}

/// Each level is smaller than the one before.
#[test]
fn more_time_makes_it_smaller() {
    let text = lines(1 << 20);
    let sizes = LEVELS.map(|level| encode(&mut Encoder::new(level), &text, &[]).len());
    assert!(sizes[0] > sizes[1] && sizes[1] > sizes[2], "{sizes:?}");
}

/// Pieces of earlier text and of noise, as a way to make texts that repeat themselves.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = (any::<bool>(), 0..40_000_usize, 1..400_usize, any::<u8>());
    prop::collection::vec(piece, 0..120).prop_map(|pieces| {
        let noise = noise(40_400);
        let mut text = Vec::new();
        for (is_new, back, length, byte) in pieces {
            if is_new || text.is_empty() {
                text.extend_from_slice(&noise[back..back + length]);
            } else {
                let back = back % text.len() + 1;
                for _ in 0..length {
                    text.push(text[text.len() - back]);
                }
            }
            text.push(byte);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_cut_anywhere(text in text(), cuts in prop::collection::vec(0..50_000_usize, 0..4)) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.sort_unstable();
        check_all(&text, &cuts);
    }

    #[test]
    fn any_bytes(text in prop::collection::vec(any::<u8>(), 0..2_000)) {
        check_all(&text, &[]);
    }
}
