//! Figures of several trainings: their mean and spread, the paired t test, and how many images would be needed.

use serde::{Deserialize, Serialize};

use super::{Interval, SIGNIFICANCE, Z_95, student_t_critical, student_t_two_sided};

/// The standard normal distribution's quantile at 0.8: a difference that is there is found four times in five.
const Z_POWER: f64 = 0.841_621_233_572_914_2;
/// Differences that vary by less than this part of their size differ by rounding alone.
const ROUNDING: f64 = 1e-9;

/// Mean and spread of a figure over trainings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Number of values.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Sample standard deviation, with `count - 1`; `None` for a single value.
    pub sd: Option<f64>,
    /// 95 % interval of the mean, `mean +- t sd / sqrt(count)` by Student's t with `count - 1` degrees of freedom;
    /// `None` for a single value. It supposes that values are spread normally.
    pub interval: Option<Interval>,
}

impl Spread {
    /// Summarises `values`; `None` without any, and where one is not finite.
    ///
    /// ```
    /// use measure::significance::Spread;
    /// let spread = Spread::of(&[0.25, 0.5, 0.75]).unwrap();
    /// assert_eq!((spread.mean, spread.sd), (0.5, Some(0.25)));
    /// // Three values tell little: 4.30 standard errors to each side.
    /// assert!(spread.interval.unwrap().low < 0.0);
    /// ```
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let count = values.len();
        let mean = values.iter().sum::<f64>() / count as f64;
        if count == 1 {
            return Some(Self {
                count,
                mean,
                sd: None,
                interval: None,
            });
        }
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let sd = (squares / (count - 1) as f64).sqrt();
        let reach = student_t_critical(SIGNIFICANCE, count - 1) * sd / (count as f64).sqrt();
        Some(Self {
            count,
            mean,
            sd: Some(sd),
            interval: Some(Interval {
                low: mean - reach,
                high: mean + reach,
            }),
        })
    }
}

/// The paired t test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PairedT {
    /// Mean, spread and interval of the differences.
    pub difference: Spread,
    /// Mean over standard error, `mean sqrt(count) / sd`; `None` where there is no test.
    pub t: Option<f64>,
    /// Two-sided p-value of `t`; `None` where there is no test.
    pub p_value: Option<f64>,
}

/// Student's t test of paired values, given their differences, such as the difference in accuracy of two recipes for
/// each seed (scipy's `ttest_rel`). It supposes that differences are spread normally, which a handful can't
/// show; with `n` of them their mean must exceed `t / sqrt(n)` of their standard deviations to count: 8.98 with two,
/// 2.48 with three, 1.24 with five.
///
/// There is no test, `t` and `p_value` are `None`, for a single difference and where all are the same: the test judges
/// the mean by the spread. `None` without differences, and where one is not finite.
///
/// ```
/// use measure::significance::paired_t;
/// let test = paired_t(&[0.25, 0.5, 0.75]).unwrap();
/// assert!((test.t.unwrap() - 0.5 * 3.0_f64.sqrt() / 0.25).abs() < 1e-12);
/// assert!(test.p_value.unwrap() > 0.05);
/// ```
pub fn paired_t(differences: &[f64]) -> Option<PairedT> {
    let difference = Spread::of(differences)?;
    let size = differences
        .iter()
        .fold(0.0, |size: f64, d| size.max(d.abs()));
    let spread = difference.sd.filter(|&sd| sd > ROUNDING * size);
    let t = spread.map(|sd| difference.mean * (difference.count as f64).sqrt() / sd);
    Some(PairedT {
        difference,
        t,
        p_value: t.map(|t| student_t_two_sided(t, difference.count - 1)),
    })
}

/// How many images it would take to call a difference significant four times in five, if of every `images` one model
/// alone were right on `only_a` and the other alone on `only_b`: `(z_95 sqrt(p) + z_80 sqrt(p - d^2))^2 / d^2` with `p`
/// the share of images that tell the models apart and `d` the difference (R. J. Connor, "Sample size for testing
/// differences in proportions for the paired-sample design", 1987). `None` where there is no difference.
///
/// ```
/// use measure::significance::images_to_tell;
/// assert_eq!(images_to_tell(78, 62, 10_000), Some(42_922));
/// assert_eq!(images_to_tell(5, 5, 100), None);
/// ```
pub fn images_to_tell(only_a: u64, only_b: u64, images: u64) -> Option<u64> {
    if only_a == only_b || images == 0 {
        return None;
    }
    let images = images as f64;
    let apart = (only_a + only_b) as f64 / images;
    let difference = only_a.abs_diff(only_b) as f64 / images;
    let reach = Z_95 * apart.sqrt() + Z_POWER * (apart - difference * difference).max(0.0).sqrt();
    Some((reach / difference).powi(2).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_is_no_test() {
        assert_eq!(paired_t(&[]), None);
        assert_eq!(paired_t(&[0.5, f64::NAN]), None);
        for (name, differences) in [
            ("one seed", vec![0.25]),
            ("no difference", vec![0.0; 3]),
            ("always the same", vec![0.5; 3]),
            // 0.3 - 0.2 and 0.4 - 0.3 are not the same number.
            ("the same but for rounding", vec![0.3 - 0.2, 0.4 - 0.3, 0.1]),
        ] {
            let test = paired_t(&differences).unwrap();
            assert_eq!((test.t, test.p_value), (None, None), "{name}");
            assert_eq!(
                test.difference.sd.is_some(),
                differences.len() > 1,
                "{name}"
            );
        }
    }

    /// The reach of the interval and the test are two sides of the same coin.
    #[test]
    fn the_interval_excludes_zero_where_the_test_is_significant() {
        for shift in 0..40 {
            let mean = f64::from(shift) * 0.1;
            let test = paired_t(&[mean - 1.0, mean, mean + 1.0]).unwrap();
            let interval = test.difference.interval.unwrap();
            let significant = test.p_value.unwrap() < SIGNIFICANCE;
            assert_eq!(interval.excludes_zero(), significant, "{mean}");
        }
    }

    #[test]
    fn enough_images_to_tell() {
        // So many images, in the same proportions, are significant with room to spare for bad luck.
        let (only_a, only_b, images) = (30, 20, 1000);
        let needed = images_to_tell(only_a, only_b, images).unwrap();
        let times = needed as f64 / images as f64;
        let scaled = |count: u64| (count as f64 * times).round() as u64;
        let p_value = super::super::mcnemar_exact(scaled(only_a), scaled(only_b));
        assert!((0.001..0.02).contains(&p_value), "{needed}: {p_value}");
        assert_eq!(images_to_tell(3, 1, 0), None);
    }
}
