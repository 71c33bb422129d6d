//! Early stopping of bad trials by asynchronous successive halving (Li et al. 2018, "A System for Massively Parallel
//! Hyperparameter Tuning", the variant that stops instead of pausing, as in Ray Tune and Optuna).
//!
//! There are rungs after 1, f, f^2, ... epochs for a factor f. A trial at a rung goes on if its metric is among the
//! best 1/f of the trials with smaller numbers at that rung (not of those that were faster), so that the outcome does not
//! depend on how many trials run at a time.

use measure::record::SweepMetric;

/// The rule by which trials go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halving {
    /// One in `factor` trials goes on; at least 2.
    pub factor: usize,
}

impl Halving {
    /// Whether there is a rung after `epoch` of a trial of `epochs`; not after the last one, where the trial ends anyway.
    pub fn is_rung(self, epoch: usize, epochs: usize) -> bool {
        let mut rung = 1_usize;
        while rung < epoch {
            rung = rung.saturating_mul(self.factor.max(2));
        }
        rung == epoch && epoch < epochs
    }

    /// Whether a trial with the metric `own` goes on, given those of earlier trials at the same rung: if it is among the
    /// best `ceil(n / factor)` of these n, itself included. The best so far always goes on.
    pub fn goes_on(self, own: f64, earlier: &[f64], metric: SweepMetric) -> bool {
        let better = earlier
            .iter()
            .filter(|other| metric.order(**other, own).is_lt());
        better.count() < (earlier.len() + 1).div_ceil(self.factor.max(2))
    }
}

#[cfg(test)]
mod tests;
