//! Blocks as bits (RFC 1951, section 3.2.3 to 3.2.7).

use crate::bits::Bits;
use crate::bytes::Text;
use crate::histogram::Histogram;
use crate::huffman::Code;
use crate::sequences::Sequence;
use crate::symbols::{
    DISTANCES, END, FIRST_LENGTH, LENGTH_BASE, LENGTH_EXTRA, LENGTH_SYMBOL, LITERALS, LONGEST,
    NO_DISTANCE, SHORTEST, distance_extra,
};

/// Writes a block in the shortest of the three ways: with codes of its own, with the fixed codes,
/// or as it is. `literals` has some bytes more than the sequences need, `stored` is the text of the
/// block.
#[inline(always)]
pub(crate) fn write(
    sequences: &[Sequence],
    literals: &[u8],
    mut histogram: Histogram,
    stored: &[u8],
    is_last: bool,
    out: &mut Bits<'_>,
) {
    histogram.literals[END] = 1;
    let own = Codes {
        literals: Code::new(&histogram.literals, LONGEST_LITERAL),
        distances: Code::new(&histogram.distances, LONGEST_DISTANCE),
    };
    let fixed = Codes::fixed();
    let header = Header::new(&own);
    let own_cost = header.cost + own.cost(&histogram);
    let fixed_cost = HEAD + fixed.cost(&histogram);
    let stored_cost = 8 * stored_size(stored.len());
    if stored_cost <= own_cost.min(fixed_cost) {
        store(stored, is_last, out);
    } else if fixed_cost <= own_cost {
        out.put(u64::from(is_last) | FIXED << 1, 3);
        body(sequences, literals, &fixed, out);
    } else {
        out.put(u64::from(is_last) | OWN << 1, 3);
        header.write(out);
        body(sequences, literals, &own, out);
    }
}

/// How many bytes a text of `length` bytes takes as it is, in blocks of 65,535 bytes at most.
pub(crate) const fn stored_size(length: usize) -> u64 {
    let blocks = if length == 0 {
        1
    } else {
        length.div_ceil(STORED)
    };
    (length + 5 * blocks) as u64
}

/// An empty block after which a byte ends, for what comes behind (zlib's "sync flush").
pub(crate) fn synchronize(out: &mut Bits<'_>) {
    if !out.is_aligned() {
        store(&[], false, out);
    }
}

/// A block without anything in it.
pub(crate) fn empty(is_last: bool, out: &mut Bits<'_>) {
    out.put(u64::from(is_last) | FIXED << 1, 3);
    // The fixed code's end of a block: seven zeros.
    out.put(0, 7);
}

fn store(mut text: &[u8], is_last: bool, out: &mut Bits<'_>) {
    loop {
        let (block, rest) = text.split_at(text.len().min(STORED));
        out.put(u64::from(is_last && rest.is_empty()), 3);
        out.align();
        let length = block.len() as u64;
        out.put(length | (length ^ 0xffff) << 16, 32);
        out.put_bytes(block);
        text = rest;
        if text.is_empty() {
            return;
        }
    }
}

struct Codes {
    literals: Code<LITERALS>,
    distances: Code<DISTANCES>,
}

impl Codes {
    /// Section 3.2.6.
    fn fixed() -> Self {
        let mut literals = [8; LITERALS_FIXED];
        literals[144..256].fill(9);
        literals[256..280].fill(7);
        let all = Code::of(literals);
        let mut code = Code {
            lengths: [0; LITERALS],
            bits: [0; LITERALS],
        };
        code.lengths.copy_from_slice(&all.lengths[..LITERALS]);
        code.bits.copy_from_slice(&all.bits[..LITERALS]);
        Self {
            literals: code,
            distances: Code::of([5; DISTANCES]),
        }
    }

    /// How many bits the body of a block has.
    fn cost(&self, histogram: &Histogram) -> u64 {
        let literals = self.literals.cost(&histogram.literals);
        literals + self.distances.cost(&histogram.distances) + histogram.extra()
    }
}

/// A block's codes in short (section 3.2.7).
struct Header {
    /// Symbols of the lengths of the codes, and the number that follows.
    steps: Vec<(u8, u8)>,
    code: Code<19>,
    literals: usize,
    distances: usize,
    /// How many lengths of the code of lengths are written.
    lengths: usize,
    /// How many bits it has.
    cost: u64,
}

impl Header {
    fn new(codes: &Codes) -> Self {
        let used = |lengths: &[u8]| lengths.iter().rposition(|length| *length > 0);
        let literals = used(&codes.literals.lengths).map_or(0, |last| last + 1);
        let literals = literals.max(FIRST_LENGTH);
        let distances = used(&codes.distances.lengths).map_or(1, |last| last + 1);
        let mut all = [0; LITERALS + DISTANCES];
        all[..literals].copy_from_slice(&codes.literals.lengths[..literals]);
        all[literals..literals + distances].copy_from_slice(&codes.distances.lengths[..distances]);
        let steps = shorten(&all[..literals + distances]);
        let mut frequencies = [0; 19];
        let mut extra = 0;
        for (symbol, _) in &steps {
            frequencies[usize::from(*symbol)] += 1;
            extra += u64::from(step_extra(*symbol));
        }
        let code = Code::new(&frequencies, 7);
        let is_used = |symbol: &u8| code.lengths[usize::from(*symbol)] > 0;
        let lengths = ORDER.iter().rposition(is_used).map_or(4, |last| last + 1);
        let lengths = lengths.max(4);
        let cost = HEAD + 14 + 3 * lengths as u64 + code.cost(&frequencies) + extra;
        Self {
            steps,
            code,
            literals,
            distances,
            lengths,
            cost,
        }
    }

    fn write(&self, out: &mut Bits<'_>) {
        out.put((self.literals - FIRST_LENGTH) as u64, 5);
        out.put((self.distances - 1) as u64, 5);
        out.put((self.lengths - 4) as u64, 4);
        for symbol in &ORDER[..self.lengths] {
            out.put(u64::from(self.code.lengths[usize::from(*symbol)]), 3);
        }
        for (symbol, more) in &self.steps {
            let (index, count) = (usize::from(*symbol), step_extra(*symbol));
            out.put(
                u64::from(self.code.bits[index]),
                u32::from(self.code.lengths[index]),
            );
            out.put(u64::from(*more), count);
        }
    }
}

/// Says a row of lengths in steps: a length itself, or that one repeats.
fn shorten(lengths: &[u8]) -> Vec<(u8, u8)> {
    let mut steps = Vec::with_capacity(lengths.len());
    for run in lengths.chunk_by(PartialEq::eq) {
        let length = run[0];
        let mut left = run.len();
        if length == 0 {
            while left >= 11 {
                let count = left.min(138);
                steps.push((18, (count - 11) as u8));
                left -= count;
            }
            if left >= 3 {
                steps.push((17, (left - 3) as u8));
                left = 0;
            }
        } else if left >= 4 {
            steps.push((length, 0));
            left -= 1;
            while left >= 3 {
                let count = left.min(6);
                steps.push((16, (count - 3) as u8));
                left -= count;
            }
        }
        steps.extend(std::iter::repeat_n((length, 0), left));
    }
    steps
}

/// How many bits follow a symbol of a length of a code.
fn step_extra(symbol: u8) -> u32 {
    match symbol {
        16 => 2,
        17 => 3,
        18 => 7,
        _ => 0,
    }
}

/// Writes the sequences and the end of the block.
#[inline(always)]
fn body(sequences: &[Sequence], literals: &[u8], codes: &Codes, out: &mut Bits<'_>) {
    let table = Table::new(codes);
    let text = Text::new(literals);
    let mut at = 0;
    for sequence in sequences {
        let mut left = usize::from(sequence.literals);
        // Four at a time, those that are too many as no bits at all: most often there are no more,
        // and a loop that always ends after one round costs less than one that ends anywhere.
        loop {
            let word = text.word(at);
            let entry = |number: usize| {
                let byte = (word >> (8 * number)) as u8;
                table.literals[if number < left { byte.into() } else { NOTHING }]
            };
            let [one, two, three, four] = [entry(0), entry(1), entry(2), entry(3)];
            out.add(
                u64::from(one.bits) | u64::from(two.bits) << one.count,
                one.count + two.count,
            );
            out.add(
                u64::from(three.bits) | u64::from(four.bits) << three.count,
                three.count + four.count,
            );
            out.flush();
            if left <= 4 {
                at += left;
                break;
            }
            at += 4;
            left -= 4;
        }
        let length = table.lengths[usize::from(sequence.length).min(LONGEST)];
        let distance = table.distances[usize::from(sequence.symbol & NO_DISTANCE)];
        out.add(u64::from(length.bits), length.count);
        let extra = u64::from(sequence.distance) & ((1 << distance.extra) - 1);
        out.add(
            u64::from(distance.bits) | extra << distance.count,
            distance.count + distance.extra,
        );
        out.flush();
    }
    let end = table.literals[END];
    out.put(u64::from(end.bits), end.count);
}

/// A symbol's bits, with what follows it where that is known.
#[derive(Clone, Copy, Default)]
struct Entry {
    bits: u32,
    count: u32,
}

#[derive(Clone, Copy, Default)]
struct DistanceEntry {
    bits: u32,
    count: u32,
    extra: u32,
}

struct Table {
    /// By byte, then the end of the block and nothing.
    literals: [Entry; NOTHING + 1],
    /// By length. For none, which a sequence without a match has, there are no bits.
    lengths: [Entry; LONGEST + 1],
    /// By symbol. For [`NO_DISTANCE`] there are no bits.
    distances: [DistanceEntry; 32],
}

impl Table {
    fn new(codes: &Codes) -> Self {
        let mut table = Self {
            literals: [Entry::default(); NOTHING + 1],
            lengths: [Entry::default(); LONGEST + 1],
            distances: [DistanceEntry::default(); 32],
        };
        let literal = |symbol: usize| Entry {
            bits: u32::from(codes.literals.bits[symbol]),
            count: u32::from(codes.literals.lengths[symbol]),
        };
        for symbol in 0..=END {
            table.literals[symbol] = literal(symbol);
        }
        let lengths = table.lengths.iter_mut().zip(LENGTH_SYMBOL);
        for (length, (entry, symbol)) in lengths.enumerate().skip(SHORTEST) {
            let symbol = usize::from(symbol);
            let Entry { bits, count } = literal(FIRST_LENGTH + symbol);
            let extra = (length - usize::from(LENGTH_BASE[symbol])) as u32;
            *entry = Entry {
                bits: bits | extra << count,
                count: count + u32::from(LENGTH_EXTRA[symbol]),
            };
        }
        for symbol in 0..DISTANCES {
            table.distances[symbol] = DistanceEntry {
                bits: u32::from(codes.distances.bits[symbol]),
                count: u32::from(codes.distances.lengths[symbol]),
                extra: distance_extra(symbol as u8),
            };
        }
        table
    }
}

/// Where a table of literals has no bits.
const NOTHING: usize = END + 1;
/// Four literals and seven bits that are left over have to fit into 64 bits.
const LONGEST_LITERAL: usize = 14;
const LONGEST_DISTANCE: usize = 15;
/// The fixed code has two symbols that never occur.
const LITERALS_FIXED: usize = 288;
/// The bits in front of a block: whether it is the last one, and its kind.
const HEAD: u64 = 3;
const FIXED: u64 = 1;
const OWN: u64 = 2;
/// The largest block that is stored as it is.
const STORED: usize = 0xffff;
/// In which order the lengths of the code of lengths stand.
const ORDER: [u8; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];
