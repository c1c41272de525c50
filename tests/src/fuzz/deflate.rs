//! The encoder of layers: two decoders read what it wrote.

use std::io::Read;

use flate2::bufread::DeflateDecoder;
use longshore_deflate::{Encoder, Ending, Level, WINDOW};

/// The first byte says the level, the next two where the text is cut. The rest makes the text: see
/// [`expand`].
pub(super) fn deflate(bytes: &[u8]) {
    let [level, high, low, steps @ ..] = bytes else {
        return;
    };
    let level = match level % 3 {
        0 => Level::Fast,
        1 => Level::Default,
        _ => Level::Best,
    };
    let text = expand(steps);
    let cut = text.len().min(usize::from(*high) << 8 | usize::from(*low));
    let mut encoder = Encoder::new(level);
    let mut stream = Vec::new();
    for (start, end, ending) in [(0, cut, Ending::More), (cut, text.len(), Ending::Last)] {
        let window = start.saturating_sub(WINDOW);
        let mut part = vec![0; Encoder::bound(end - start)];
        let length = encoder.encode(&text[window..end], start - window, ending, &mut part);
        stream.extend_from_slice(&part[..length]);
    }
    let mut read = Vec::new();
    let mut decoder = DeflateDecoder::new(&stream[..]);
    decoder.read_to_end(&mut read).expect("zlib-rs reads it");
    assert!(read == text && decoder.into_inner().is_empty());
    let mut read = vec![0; text.len() + 1];
    let length = libdeflater::Decompressor::new().deflate_decompress(&stream, &mut read);
    assert!(read[..length.expect("libdeflate reads it")] == text);
}

/// A text in steps, up to a few windows long: a byte below 128 says how many bytes follow that stand
/// there as they are; any other, how many times four bytes to repeat, from as far back as the next
/// two bytes say.
fn expand(steps: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut left = steps;
    while let Some((step, rest)) = left.split_first()
        && text.len() < 4 * WINDOW
    {
        left = rest;
        if *step < 128 {
            let (literals, rest) = left.split_at(left.len().min(usize::from(*step)));
            text.extend_from_slice(literals);
            left = rest;
        } else if let [high, low, rest @ ..] = left {
            let back = (usize::from(*high) << 8 | usize::from(*low)) + 1;
            for _ in 0..4 * usize::from(*step - 127) {
                let byte = text.len().checked_sub(back).map_or(0, |at| text[at]);
                text.push(byte);
            }
            left = rest;
        }
    }
    text
}
