//! Early stopping of bad trials by asynchronous successive halving (Li et al. 2018, "A System for Massively Parallel
//! Hyperparameter Tuning", the variant that stops instead of pausing, as in Ray Tune and Optuna).
//!
//! Rungs stand after 1, f, f^2, ... epochs for a factor f. A trial that reaches a rung goes on if its figure is among the
//! best 1/f of all trials that were there: of those with smaller numbers, not of those that happened to be quicker, so that
//! the outcome does not depend on how many trials run at a time.

use measure::record::SweepMetric;

/// Which trials go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halving {
    /// One in so many goes on; at least 2.
    pub factor: usize,
}

impl Halving {
    /// Whether a trial of `epochs` is judged after `epoch`; not after its last, where it is done anyway.
    pub fn is_rung(self, epoch: usize, epochs: usize) -> bool {
        let mut rung = 1_usize;
        while rung < epoch {
            rung = rung.saturating_mul(self.factor.max(2));
        }
        rung == epoch && epoch < epochs
    }

    /// Whether a trial with the figure `own` goes on, given those of earlier trials at the same rung: among the best
    /// `ceil(n / factor)` of these n, itself included. The best so far always does.
    pub fn goes_on(self, own: f64, earlier: &[f64], metric: SweepMetric) -> bool {
        let better = earlier
            .iter()
            .filter(|other| metric.order(**other, own).is_lt());
        better.count() < (earlier.len() + 1).div_ceil(self.factor.max(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SweepMetric::{Accuracy, Loss};
    use proptest::prelude::*;

    #[test]
    fn rungs() {
        let rungs = |factor, epochs| -> Vec<usize> {
            let halving = Halving { factor };
            (1..=epochs)
                .filter(|epoch| halving.is_rung(*epoch, epochs))
                .collect()
        };
        assert_eq!(rungs(3, 1), [0; 0]);
        assert_eq!(rungs(3, 2), [1]);
        assert_eq!(rungs(3, 5), [1, 3]);
        assert_eq!(rungs(3, 9), [1, 3]);
        assert_eq!(rungs(3, 28), [1, 3, 9, 27]);
        assert_eq!(rungs(2, 9), [1, 2, 4, 8]);
    }

    #[test]
    fn one_in_three_goes_on() {
        let halving = Halving { factor: 3 };
        let cases: [(&str, f64, &[f64], SweepMetric, bool); 8] = [
            ("the first", 0.1, &[], Accuracy, true),
            ("the better of two", 0.9, &[0.8], Accuracy, true),
            ("the worse of two", 0.8, &[0.9], Accuracy, false),
            ("as good as the best", 0.9, &[0.9], Accuracy, true),
            ("second of three", 0.8, &[0.9, 0.7], Accuracy, false),
            ("second of four", 0.8, &[0.9, 0.7, 0.6], Accuracy, true),
            ("third of four", 0.7, &[0.9, 0.8, 0.6], Accuracy, false),
            ("the lower loss", 0.1, &[0.2, 0.3], Loss, true),
        ];
        for (name, own, earlier, metric, expected) in cases {
            assert_eq!(halving.goes_on(own, earlier, metric), expected, "{name}");
        }
    }

    proptest! {
        /// The obvious way: sort, and look where one's own figure first stands.
        #[test]
        fn is_the_obvious_rule(own in 0..10_u8, earlier in proptest::collection::vec(0..10_u8, 0..30), factor in 2..5_usize) {
            let earlier: Vec<f64> = earlier.into_iter().map(f64::from).collect();
            let mut all = earlier.clone();
            all.push(f64::from(own));
            all.sort_by(|a, b| b.total_cmp(a));
            let place = all.iter().position(|value| *value == f64::from(own)).unwrap();
            let expected = (place as f64) < (all.len() as f64 / factor as f64).ceil();
            prop_assert_eq!(Halving { factor }.goes_on(f64::from(own), &earlier, Accuracy), expected);
        }
    }
}
