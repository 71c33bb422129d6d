//! Telling cases of the detector's sampler.

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
