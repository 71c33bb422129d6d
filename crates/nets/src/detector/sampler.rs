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
mod tests {
    use super::Match::{Background as B, Ignored as I, Truth};
    use super::*;

    const T: Match = Truth(0);

    #[test]
    fn telling_cases() {
        struct Case {
            name: &'static str,
            matches: &'static [Match],
            positive: &'static [usize],
            negative: &'static [usize],
        }
        // Keys fall with the index: the last candidates are drawn first.
        let cases = [
            Case {
                name: "half of four",
                matches: &[T, T, T, B, B, B],
                positive: &[1, 2],
                negative: &[4, 5],
            },
            Case {
                name: "negatives fill up",
                matches: &[T, B, B, B, B],
                positive: &[0],
                negative: &[2, 3, 4],
            },
            Case {
                name: "positives do not",
                matches: &[T, T, T, T, B],
                positive: &[2, 3],
                negative: &[4],
            },
            Case {
                name: "ignored are never drawn",
                matches: &[I, I, B, I],
                positive: &[],
                negative: &[2],
            },
            Case {
                name: "nothing to draw from",
                matches: &[],
                positive: &[],
                negative: &[],
            },
        ];
        let sampler = Sampler {
            budget: 4,
            positive_fraction: 0.5,
        };
        for Case {
            name,
            matches,
            positive,
            negative,
        } in cases
        {
            let sample = sampler.sample(matches, |i| u64::MAX - i as u64);
            assert_eq!(
                (&sample.positive[..], &sample.negative[..]),
                (positive, negative),
                "{name}"
            );
        }
    }

    #[test]
    fn keys_are_those_of_splitmix64_and_depend_on_the_seed() {
        // The first output for seed 1234567 in the reference implementation (https://prng.di.unimi.it/splitmix64.c).
        assert_eq!(keys(1_234_567)(0), 6_457_827_717_110_365_317);
        assert_eq!(keys(1_234_567)(1), 3_203_168_211_198_807_973);
        let sampler = Sampler {
            budget: 10,
            positive_fraction: 0.5,
        };
        let of_seed = |seed| sampler.sample(&[B; 100], keys(seed));
        assert_eq!(of_seed(5), of_seed(5));
        assert_ne!(of_seed(5), of_seed(6));
    }

    #[test]
    fn every_candidate_is_drawn_equally_often() {
        let sampler = Sampler {
            budget: 5,
            positive_fraction: 0.5,
        };
        let mut drawn = [0; 20];
        for seed in 0..4000 {
            for i in sampler
                .sample(&[B; 20], keys(seed * 0x1234_5678_9ABC))
                .negative
            {
                drawn[i] += 1;
            }
        }
        // 1000 expected, standard deviation 27.
        assert!(drawn.iter().all(|n| (880..1120).contains(n)), "{drawn:?}");
    }
}
