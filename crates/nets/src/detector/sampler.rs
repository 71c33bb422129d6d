//! Sampling: a fixed number of labelled candidates per image counts in the loss, with a cap on the positives.
//!
//! Randomness is a key for each candidate; those with the smallest keys are taken. What is drawn depends on the keys
//! alone, not on the order or number of earlier draws.

use super::matcher::Match;

/// How many candidates are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampler {
    /// Most candidates per image.
    pub budget: usize,
    /// The share of the budget that positives may take (rounded down); negatives fill what they leave.
    pub positive_fraction: f64,
}

/// What was drawn: ascending candidate indices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Those that stand for a truth.
    pub positive: Vec<usize>,
    /// Those that are background.
    pub negative: Vec<usize>,
}

impl Sampler {
    /// Draws from `matches` the positives and negatives with the smallest `key(candidate)`, equal keys by index.
    pub fn sample(&self, matches: &[Match], key: impl Fn(usize) -> u64) -> Sample {
        let all = |wanted: fn(&Match) -> bool| -> Vec<usize> {
            (0..matches.len())
                .filter(|&i| wanted(&matches[i]))
                .collect()
        };
        let cap = (self.budget as f64 * self.positive_fraction) as usize;
        let positive = smallest(all(|m| matches!(m, Match::Truth(_))), cap, &key);
        let rest = self.budget.saturating_sub(positive.len());
        let negative = smallest(all(|m| *m == Match::Background), rest, &key);
        Sample { positive, negative }
    }
}

/// Up to `count` of `candidates`, those with the smallest keys, ascending.
fn smallest(candidates: Vec<usize>, count: usize, key: impl Fn(usize) -> u64) -> Vec<usize> {
    if count >= candidates.len() {
        return candidates;
    }
    // Not sorted: of nine thousand anchors a hundred are drawn.
    let mut keyed: Vec<(u64, usize)> = candidates.into_iter().map(|i| (key(i), i)).collect();
    keyed.select_nth_unstable(count);
    keyed.truncate(count);
    let mut drawn: Vec<usize> = keyed.into_iter().map(|(_, i)| i).collect();
    drawn.sort_unstable();
    drawn
}

/// Keys for [`Sampler::sample`] from one seed an image: the i-th output of SplitMix64 (Steele, Lea and Flood 2014,
/// doi:10.1145/2660193.2660195), which is a function of seed and i.
pub fn keys(seed: u64) -> impl Fn(usize) -> u64 {
    move |i| {
        let mut z = seed.wrapping_add((i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests;
