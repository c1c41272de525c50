//! Which layers are for what.

use super::weigh::Weights;

/// How the layers are shared out: the first ones are for what distributions install, the others for
/// what changes often, and among each, the first ones are for large files. A small file in a layer
/// with a large one would cost as much to change as that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shares {
    firm: Share,
    lively: Share,
    /// From which size on a file is a large one.
    large: u64,
}

/// Layers in a row.
#[derive(Clone, Copy, Debug)]
struct Share {
    first: usize,
    /// How many are for large files.
    heavy: usize,
    /// How many, which come after those, are for everything else.
    light: usize,
}

impl Shares {
    /// Shares out `layers`, at least two, by weight.
    pub(super) fn new(layers: usize, weights: &Weights) -> Self {
        let Weights { total, lively, .. } = *weights;
        let large = 1 << (total / layers as u64).max(1).ilog2();
        let heavy = |is_lively: bool| weights.files.at_least(large, is_lively);
        let number = portion(layers, lively, total);
        let firm = layers - number;
        Self {
            firm: Share::new(0, firm, heavy(false), total - lively),
            lively: Share::new(firm, number, heavy(true), lively),
            large,
        }
    }

    /// One of the layers for a thing of this kind and size; the hash says which.
    pub(super) fn pick(&self, hash: u64, is_lively: bool, size: u64) -> usize {
        let (wanted, other) = match is_lively {
            true => (self.lively, self.firm),
            false => (self.firm, self.lively),
        };
        let share = if wanted.layers() > 0 { wanted } else { other };
        share.pick(hash, size >= self.large)
    }
}

impl Share {
    fn new(first: usize, layers: usize, heavy: u64, total: u64) -> Self {
        let heavy = match layers {
            0 | 1 => 0,
            _ => portion(layers, heavy, total),
        };
        Self {
            first,
            heavy,
            light: layers - heavy,
        }
    }

    fn layers(self) -> usize {
        self.heavy + self.light
    }

    fn pick(self, hash: u64, is_heavy: bool) -> usize {
        let (first, count) = match (is_heavy, self.heavy, self.light) {
            (_, 0, _) | (_, _, 0) => (self.first, self.layers()),
            (true, heavy, _) => (self.first, heavy),
            (false, heavy, light) => (self.first + heavy, light),
        };
        let scaled = (u128::from(hash) * count as u128) >> 64;
        first + usize::try_from(scaled).unwrap_or(0)
    }
}

/// How many of `layers`, at least two, are for a `part` of `total`. Powers of two on one side or the
/// other: a number that moved with every byte would move files with it.
fn portion(layers: usize, part: u64, total: u64) -> usize {
    if part == 0 {
        return 0;
    }
    if part >= total {
        return layers;
    }
    let share = u128::from(part) * layers as u128 / u128::from(total.max(1));
    let share = usize::try_from(share).unwrap_or(layers);
    let floor = |number: usize| 1 << number.max(1).ilog2();
    if share <= layers / 2 {
        floor(share)
    } else {
        layers - floor(layers - share).min(layers - 1)
    }
}

#[cfg(test)]
mod tests;
