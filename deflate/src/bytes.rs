//! Words of eight bytes at any place: the only `unsafe` code of the crate.
//!
//! The encoder reads and writes such words several times for each byte of its input. Each access
//! here compares the place with one limit. A slice compares two, and encoding then takes 3 to 5 %
//! longer (a tar of 544 MB, three runs in turn).

#![expect(unsafe_code, reason = "unaligned words after one comparison")]

use std::marker::PhantomData;

/// Bytes that are read in words.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    first: *const u8,
    length: usize,
    /// One more than the last place where a word begins; 0 if there is no room for one.
    words: usize,
    bytes: PhantomData<&'a [u8]>,
}

impl<'a> Text<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            first: bytes.as_ptr(),
            length: bytes.len(),
            words: bytes.len().saturating_sub(WORD - 1),
            bytes: PhantomData,
        }
    }

    /// How many bytes there are.
    pub(crate) fn len(self) -> usize {
        self.length
    }

    /// The eight bytes from `at` on, the first one lowest; 0 where the text has fewer.
    #[inline(always)]
    pub(crate) fn word(self, at: usize) -> u64 {
        if at >= self.words {
            return 0;
        }
        // SAFETY: `first` points to `length` bytes that live and are not written to for `'a`. As
        // `at < words`, and `words` is `length - 7` then, `at + 8 <= length`: all eight bytes are
        // among them. The read needs no alignment, and every pattern of bits is an integer.
        let word = unsafe { self.first.add(at).cast::<u64>().read_unaligned() };
        u64::from_le(word)
    }

    /// The words that begin at the eight places from `at` on; 0 where the text ends before the last.
    #[inline(always)]
    pub(crate) fn words(self, at: usize) -> [u64; 8] {
        if at >= self.words.saturating_sub(WORD - 1) {
            return [0; 8];
        }
        // SAFETY: as in `word`, for `at + 7` in place of `at`, and so for all places before it.
        std::array::from_fn(|number| unsafe {
            u64::from_le(self.first.add(at + number).cast::<u64>().read_unaligned())
        })
    }

    /// The bytes in this range.
    pub(crate) fn slice(self, range: std::ops::Range<usize>) -> &'a [u8] {
        // SAFETY: `new` took these two from one slice of the lifetime `'a`.
        let bytes = unsafe { std::slice::from_raw_parts(self.first, self.length) };
        &bytes[range]
    }
}

/// Writes a word at `at`; nothing where `out` has not as much room.
#[inline(always)]
pub(crate) fn put_word(out: &mut [u8], at: usize, word: u64) {
    if at >= out.len().saturating_sub(WORD - 1) {
        return;
    }
    // SAFETY: `at + 8 <= out.len()`, as in `Text::word`, and `out` is borrowed exclusively. The
    // write needs no alignment.
    unsafe {
        let place = out.as_mut_ptr().add(at).cast::<u64>();
        place.write_unaligned(word.to_le());
    }
}

const WORD: usize = size_of::<u64>();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_where_all_of_it_is() {
        for length in 0..20_u8 {
            let bytes: Vec<u8> = (1..=length).collect();
            let text = Text::new(&bytes);
            for at in (0..30).chain([usize::MAX - 7, usize::MAX]) {
                let expected = bytes.get(at..at.saturating_add(8)).map_or(0, |bytes| {
                    u64::from_le_bytes(bytes.try_into().expect("eight bytes"))
                });
                assert_eq!(text.word(at), expected, "{length} {at}");
            }
        }
    }

    #[test]
    fn a_word_is_written_where_all_of_it_fits() {
        for length in 0..20 {
            for at in (0..30).chain([usize::MAX - 7, usize::MAX]) {
                let mut bytes = vec![0; length];
                put_word(&mut bytes, at, 0x0807_0605_0403_0201);
                let mut expected = vec![0; length];
                if let Some(place) = expected.get_mut(at..at.saturating_add(8)) {
                    place.copy_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8]);
                }
                assert_eq!(bytes, expected, "{length} {at}");
            }
        }
    }
}
