//! Whether a difference is more than chance: McNemar's exact test, the paired bootstrap, Holm's
//! correction, Wilson's interval, and trainings with several seeds by Student's t.

mod seeds;
mod student;

pub use seeds::{PairedT, Spread, images_to_tell, paired_t};
pub use student::{student_t_critical, student_t_two_sided};

use std::f64::consts::PI;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::cost::quantile_of_sorted;

/// Below this a p-value is called significant.
pub const SIGNIFICANCE: f64 = 0.05;
/// Resamples of [`bootstrap`], [`bootstrap_difference`] and [`bootstrap_mean`].
pub const RESAMPLES: usize = 10_000;
/// The standard normal distribution's quantile at 0.975, for 95 % intervals.
const Z_95: f64 = 1.959_963_984_540_054;

/// An interval with both ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether it holds a sign: all of it is above zero, or all below.
    pub fn excludes_zero(self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// Two-sided p-value of McNemar's exact test: the chance that, of the images that only one of two
/// models answers rightly, the split is at least as uneven as `only_a` to `only_b` if each were equally
/// likely to be that one (Q. McNemar, "Note on the sampling error of the difference between correlated
/// proportions or percentages", 1947; exact form as statsmodels' `mcnemar(exact=True)`). 1 where both
/// are 0.
///
/// ```
/// use measure::significance::mcnemar_exact;
/// let by_hand = 2.0 * (1.0 + 6.0) / 64.0;
/// assert!((mcnemar_exact(1, 5) - by_hand).abs() < 1e-15);
/// ```
pub fn mcnemar_exact(only_a: u64, only_b: u64) -> f64 {
    let (few, all) = (only_a.min(only_b), only_a + only_b);
    if 2 * few >= all {
        return 1.0; // The split is as even as can be.
    }
    // The sum over i <= few of C(all, i) / 2^all, from its largest term downwards.
    let mut term = half_binomial(all, few);
    let mut sum = term;
    for i in (1..=few).rev() {
        term *= i as f64 / (all - i + 1) as f64;
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    (2.0 * sum).min(1.0)
}

/// `C(n, k) / 2^n` for `2 k < n`, by C. Loader, "Fast and accurate computation of binomial
/// probabilities", 2000: logarithms of factorials would lose nine digits at n = 10^6.
fn half_binomial(n: u64, k: u64) -> f64 {
    if k == 0 {
        return (-(n as f64)).exp2();
    }
    let (total, less, more) = (n as f64, k as f64, (n - k) as f64);
    let half = total / 2.0;
    let off = (half - less) / half;
    // How far k is from the middle, in nats.
    let deviance = half * ((1.0 - off) * (-off).ln_1p() + (1.0 + off) * off.ln_1p());
    let correction = stirling_error(n) - stirling_error(k) - stirling_error(n - k);
    (correction - deviance).exp() * (total / (2.0 * PI * less * more)).sqrt()
}

/// `ln n! - ln(sqrt(2 pi n) (n / e)^n)` for n > 0.
fn stirling_error(n: u64) -> f64 {
    let x = n as f64;
    if n < 16 {
        let factorial: f64 = (1..=n).map(|i| i as f64).product();
        return factorial.ln() - (0.5 * (2.0 * PI * x).ln() + x * x.ln() - x);
    }
    let inverse = 1.0 / (x * x);
    let series = 1.0 / 1260.0 - inverse * (1.0 / 1680.0 - inverse / 1188.0);
    (1.0 / 12.0 - inverse * (1.0 / 360.0 - inverse * series)) / x
}

/// 95 % interval of `accuracy(a) - accuracy(b)` for two models on the same images, by the paired
/// percentile bootstrap (B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993, 13.3):
/// [`RESAMPLES`] times, images are drawn with replacement. Only the first `min(a, b)` images count; an
/// empty list gives `[0, 0]`. The same `seed` gives the same interval on every machine and any number of threads: each
/// resample draws from a stream of its own.
pub fn bootstrap_difference(a: &[bool], b: &[bool], seed: u64) -> Interval {
    let differences = a
        .iter()
        .zip(b)
        .map(|(&a, &b)| f64::from(i8::from(a) - i8::from(b)));
    bootstrap_mean(&differences.collect::<Vec<_>>(), seed)
}

/// 95 % interval of the mean of `values`, by the percentile bootstrap. For two models on the same
/// images give the differences image by image: that is the paired bootstrap of any figure that is
/// a mean over images, such as the loss or the IoU. An empty list gives `[0, 0]`.
pub fn bootstrap_mean(values: &[f64], seed: u64) -> Interval {
    let count = values.len();
    let groups = equal_values(values);
    // Where few values differ, draw how often each comes instead of drawing image after image: the same distribution
    // at a tenth of the time. Each group asks of all images that those before it left.
    let mut left = count;
    let asked = groups.iter().map(|group| {
        let before = left;
        left -= group.1;
        before
    });
    if asked.sum::<usize>() <= 3 * count {
        return percentiles(count, seed, |draws| {
            let mut images = count as u64;
            let mut whole = count as u64;
            let mut sum = 0.0;
            for &(value, part) in &groups {
                let drawn = draws.binomial(images, part as u64, whole);
                sum += value * drawn as f64;
                images -= drawn;
                whole -= part as u64;
            }
            sum / count as f64
        });
    }
    percentiles(count, seed, |draws| {
        let mut sum = 0.0;
        draws.images(count, |image| sum += values[image]);
        sum / count as f64
    })
}

/// Each value and how often it comes, the most frequent first.
fn equal_values(values: &[f64]) -> Vec<(f64, usize)> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let groups = sorted.chunk_by(|a, b| a.to_bits() == b.to_bits());
    let mut groups: Vec<(f64, usize)> = groups.map(|group| (group[0], group.len())).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.1));
    groups
}

/// 95 % interval of any figure of `count` images, by the percentile bootstrap: `statistic` is given
/// the images of a resample, `count` indices below `count`, [`RESAMPLES`] times. An empty list gives
/// `[0, 0]`.
pub fn bootstrap(count: usize, seed: u64, statistic: impl Fn(&[usize]) -> f64 + Sync) -> Interval {
    let [interval] = bootstrap_each(count, RESAMPLES, seed, |drawn| [statistic(drawn)]);
    interval
}

/// [`bootstrap`] of several figures of the same resamples, `resamples` of them.
pub fn bootstrap_each<const N: usize>(
    count: usize,
    resamples: usize,
    seed: u64,
    statistic: impl Fn(&[usize]) -> [f64; N] + Sync,
) -> [Interval; N] {
    let figures = resampled(count, resamples, seed, |draws| {
        let mut drawn = Vec::with_capacity(count);
        draws.images(count, |image| drawn.push(image));
        statistic(&drawn)
    });
    std::array::from_fn(|figure| middle_95(figures.iter().map(|row| row[figure]).collect()))
}

fn percentiles(count: usize, seed: u64, resample: impl Fn(&mut Draws) -> f64 + Sync) -> Interval {
    middle_95(resampled(count, RESAMPLES, seed, resample))
}

/// A figure of each resample; none without images.
fn resampled<T: Send>(
    count: usize,
    resamples: usize,
    seed: u64,
    figure: impl Fn(&mut Draws) -> T + Sync,
) -> Vec<T> {
    let Ok(bound @ 1..) = u32::try_from(count) else {
        return vec![];
    };
    (0..resamples)
        .into_par_iter()
        .with_min_len(64)
        .map(|stream| figure(&mut Draws::new(seed, stream as u64, bound)))
        .collect()
}

/// The interval that holds the middle 95 % of figures; `[0, 0]` without any.
fn middle_95(mut figures: Vec<f64>) -> Interval {
    figures.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - 0.95) / 2.0;
    match (
        quantile_of_sorted(&figures, tail),
        quantile_of_sorted(&figures, 1.0 - tail),
    ) {
        (Some(low), Some(high)) => Interval { low, high },
        _ => Interval {
            low: 0.0,
            high: 0.0,
        },
    }
}

/// Uniform whole numbers below a bound, without bias: D. Lemire, "Fast random integer generation in
/// an interval", 2019.
struct Draws {
    random: ChaCha8Rng,
    bound: u32,
    /// Products whose lower half is below this are drawn again.
    reject: u32,
    /// Drawn ahead, because the generator is fastest in bulk.
    words: [u32; WORDS],
    /// The first of `words` not used yet.
    at: usize,
}

const WORDS: usize = 256;

impl Draws {
    fn new(seed: u64, stream: u64, bound: u32) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(stream);
        Self {
            random,
            bound,
            reject: bound.wrapping_neg() % bound,
            words: [0; WORDS],
            at: WORDS,
        }
    }

    /// Draws `count` images, one after the other.
    fn images(&mut self, count: usize, mut take: impl FnMut(usize)) {
        let mut left = count;
        while left > 0 {
            if self.at == WORDS {
                self.refill();
            }
            let end = WORDS.min(self.at + left);
            for &word in &self.words[self.at..end] {
                let product = u64::from(word) * u64::from(self.bound);
                if product as u32 >= self.reject {
                    take((product >> 32) as usize);
                    left -= 1;
                }
            }
            self.at = end;
        }
    }

    fn refill(&mut self) {
        let mut bytes = [0; 4 * WORDS];
        self.random.fill_bytes(&mut bytes);
        for (word, bytes) in self.words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        self.at = 0;
    }

    /// How many of `trials` succeed, each with probability `part / whole`.
    fn binomial(&mut self, trials: u64, part: u64, whole: u64) -> u64 {
        if part >= whole {
            return trials;
        }
        let mut successes = 0;
        for first in (0..trials).step_by(64) {
            // 64 trials at once: each draws a number below 1 and compares it with part / whole, bit
            // by bit from the first after the point. Most are decided after a few bits.
            let mut undecided = u64::MAX >> (64 - (trials - first).min(64));
            let mut rest = part;
            while undecided != 0 && rest != 0 {
                let bits = self.random.next_u64();
                rest *= 2;
                if rest >= whole {
                    rest -= whole;
                    successes += u64::from((undecided & !bits).count_ones());
                    undecided &= bits;
                } else {
                    undecided &= !bits;
                }
            }
        }
        successes
    }
}

/// P-values of several tests, raised so that the chance of calling any difference significant that
/// is none stays below the level (S. Holm, "A simple sequentially rejective multiple test
/// procedure", 1979). In the order given.
///
/// ```
/// use measure::significance::holm;
/// assert_eq!(holm(&[0.5, 0.125, 0.375]), [0.75, 0.375, 0.75]);
/// ```
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut last = 0.0_f64;
    for (rank, &test) in order.iter().enumerate() {
        let tests_left = (p_values.len() - rank) as f64;
        last = last.max((tests_left * p_values[test]).min(1.0));
        adjusted[test] = last;
    }
    adjusted
}

/// 95 % interval of a proportion (E. B. Wilson, "Probable inference, the law of succession, and
/// statistical inference", 1927): stays within 0 to 1 and is honest near both ends, where an accuracy
/// of 99 % lies. Without trials nothing is known: `[0, 1]`.
pub fn wilson_95(successes: u64, trials: u64) -> Interval {
    if trials == 0 {
        return Interval {
            low: 0.0,
            high: 1.0,
        };
    }
    let (n, p) = (trials as f64, successes as f64 / trials as f64);
    let square = Z_95 * Z_95;
    let centre = (p + square / (2.0 * n)) / (1.0 + square / n);
    let spread = Z_95 / (1.0 + square / n) * (p * (1.0 - p) / n + square / (4.0 * n * n)).sqrt();
    Interval {
        low: (centre - spread).max(0.0),
        high: (centre + spread).min(1.0),
    }
}

#[cfg(test)]
mod tests;
