//! The course of the learning rate over the steps of a training.

#[cfg(test)]
mod tests;

use super::options::{
    Check, Checked, at, below_1, fraction, given, not_negative, options, positive,
    positive_fraction, within,
};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;
use std::ops::Bound::Excluded;

/// The course of the learning rate; the key `name` says which. A step is one mini-batch.
// serde's name for the enum is the key that names the variant: see `value.rs`. The first variant is the default.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "name", rename_all = "kebab-case")]
pub enum Schedule {
    /// The base rate throughout.
    Constant(Constant),
    /// Multiplied by `gamma` at regular intervals.
    Step(Step),
    /// Falls along half a cosine.
    Cosine(Cosine),
    /// Rises to a peak, then falls far below the start (Smith and Topin 2017).
    OneCycle(OneCycle),
    /// Cut whenever the loss has stopped falling.
    ReduceOnPlateau(ReduceOnPlateau),
}

impl Default for Schedule {
    fn default() -> Self {
        Self::Constant(Constant::default())
    }
}

impl Check for Schedule {
    fn check(&self) -> Checked {
        match self {
            Self::Constant(options) => options.check(),
            Self::Step(options) => options.check(),
            Self::Cosine(cosine) => at("final", fraction(&cosine.last)),
            Self::OneCycle(options) => options.check(),
            Self::ReduceOnPlateau(options) => options.check(),
        }
    }
}

options! {
    /// Options of `constant`.
    #[derive(Copy)]
    pub struct Constant {
        /// Steps over which the rate first grows linearly to its base.
        warm_up: usize = 0;
    }
}

options! {
    /// Options of `step`.
    #[derive(Copy)]
    pub struct Step {
        /// Steps between two cuts, counted after the warm-up.
        every: usize = 1000, within(1..);
        /// Each cut multiplies the rate by this, in (0, 1].
        gamma: f64 = 0.1, positive_fraction;
        /// Steps over which the rate first grows linearly to its base.
        warm_up: usize = 0;
    }
}

/// Options of `cosine`.
// Not by `options!`: `final` is a word of Rust.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cosine {
    /// The last rate as a fraction of the base, in [0, 1].
    #[serde(rename = "final")]
    pub last: f64,
    /// Steps over which the rate first grows linearly to its base.
    pub warm_up: usize,
}

options! {
    /// Options of `one-cycle`: PyTorch's `OneCycleLR` with cosine annealing, without its changes of momentum.
    #[derive(Copy)]
    pub struct OneCycle {
        /// The highest rate; "none": the optimizer's `learning-rate`.
        #[serde(with = "super::value::optional")]
        peak: Option<f64> = None, given(positive);
        /// Fraction of all steps on the way up, in (0, 1).
        rise: f64 = 0.3, within((Excluded(0.0), Excluded(1.0)));
        /// The first rate is the peak divided by this.
        start_division: f64 = 25.0, division;
        /// The last rate is the first divided by this.
        final_division: f64 = 1e4, division;
        /// Steps before the cycle, over which the rate grows linearly to the cycle's first.
        warm_up: usize = 0;
    }
}

options! {
    /// Options of `reduce-on-plateau`: PyTorch's `ReduceLROnPlateau` without its cooldown. It watches the validation loss or,
    /// where nothing is held out, the training loss.
    #[derive(Copy)]
    pub struct ReduceOnPlateau {
        /// Each cut multiplies the rate by this, in (0, 1].
        factor: f64 = 0.1, positive_fraction;
        /// Epochs without a new best loss that are borne; the next one cuts the rate.
        patience: usize = 10;
        /// A loss is a new best only if it is below the old one by this fraction, in [0, 1).
        threshold: f64 = 1e-4, below_1;
        /// The rate is never cut below this.
        minimum: f64 = 0.0, not_negative;
        /// Steps over which the rate first grows linearly to its base.
        warm_up: usize = 0;
    }
}

impl ReduceOnPlateau {
    /// The rate after epochs with these losses.
    fn reduced(&self, base: f64, losses: impl Iterator<Item = f64>) -> f64 {
        let (mut rate, mut best, mut bad) = (base, f64::INFINITY, 0);
        for loss in losses {
            if loss < best * (1.0 - self.threshold) {
                (best, bad) = (loss, 0);
                continue;
            }
            bad += 1;
            if bad > self.patience {
                rate = (rate * self.factor).max(self.minimum).min(rate);
                bad = 0;
            }
        }
        rate
    }
}

/// Rates stay finite in 32 bits.
fn division(value: &f64) -> Checked {
    positive(value)?;
    within(1e-3..=1e12)(value)
}

impl Schedule {
    /// The value of `name`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Constant(_) => "constant",
            Self::Step(_) => "step",
            Self::Cosine(_) => "cosine",
            Self::OneCycle(_) => "one-cycle",
            Self::ReduceOnPlateau(_) => "reduce-on-plateau",
        }
    }

    /// Steps over which the rate first grows in a straight line.
    pub fn warm_up(&self) -> usize {
        match self {
            Self::Constant(options) => options.warm_up,
            Self::Step(options) => options.warm_up,
            Self::Cosine(options) => options.warm_up,
            Self::OneCycle(options) => options.warm_up,
            Self::ReduceOnPlateau(options) => options.warm_up,
        }
    }

    /// Whether the optimizer's learning rate changes nothing: the schedule has a peak of its own.
    pub fn ignores_base(&self) -> bool {
        matches!(self, Self::OneCycle(OneCycle { peak: Some(_), .. }))
    }

    /// The optimizer's rate as the losses of the epochs so far have left it; only `reduce-on-plateau` looks at them.
    pub fn base_after(&self, base: f64, losses: impl Iterator<Item = f64>) -> f64 {
        match self {
            Self::ReduceOnPlateau(options) => options.reduced(base, losses),
            _ => base,
        }
    }

    /// The learning rate of `step` (from 0) out of `total_steps`, given the optimizer's rate
    /// `base`. A step beyond the last gets the last step's rate.
    ///
    /// A warm-up of W steps comes before the schedule, which then has W steps less: its step i has (i + 1) / W of the
    /// rate that the schedule begins with (Goyal et al. 2017).
    pub fn learning_rate(&self, step: usize, total_steps: usize, base: f64) -> f64 {
        let warm_up = self.warm_up();
        let step = step.min(total_steps.saturating_sub(1));
        // At least one step, also where the warm-up is longer than the training.
        let rest = total_steps.saturating_sub(warm_up).max(1);
        if step < warm_up {
            return self.after_warm_up(0, rest, base) * ((step + 1) as f64 / warm_up as f64);
        }
        self.after_warm_up(step - warm_up, rest, base)
    }

    /// The rate of `step` out of `steps`, both counted from the end of the warm-up; `step` is less than `steps`.
    fn after_warm_up(&self, step: usize, steps: usize, base: f64) -> f64 {
        match *self {
            Self::Constant(_) | Self::ReduceOnPlateau(_) => base,
            Self::Step(Step { every, gamma, .. }) => {
                base * gamma.powi((step / every.max(1)).min(1 << 20) as i32)
            }
            Self::Cosine(Cosine { last, .. }) => {
                base * cosine(1.0, last, step as f64 / steps as f64)
            }
            Self::OneCycle(options) => options.learning_rate(step, steps, base),
        }
    }
}

impl OneCycle {
    fn learning_rate(&self, step: usize, steps: usize, base: f64) -> f64 {
        let peak = self.peak.unwrap_or(base);
        let first = peak / self.start_division;
        let last = first / self.final_division;
        let step = step as f64;
        // PyTorch counts both ends as steps, hence the two subtractions of one. A run too short
        // to have a way up starts at the peak.
        let top = (self.rise * steps as f64 - 1.0).max(0.0);
        let end = steps as f64 - 1.0;
        if step < top {
            cosine(first, peak, step / top)
        } else if end > top {
            cosine(peak, last, (step - top) / (end - top))
        } else {
            peak
        }
    }
}

/// From `from` to `to` along half a cosine, for a progress of 0 to 1.
fn cosine(from: f64, to: f64, progress: f64) -> f64 {
    to + (from - to) * 0.5 * (1.0 + (PI * progress).cos())
}
