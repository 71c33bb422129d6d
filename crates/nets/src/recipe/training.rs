//! How a network is trained: epochs, batches, optimizer and the course of the learning rate.

use super::Checkpoints;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// Training options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Training {
    /// Times that every training image is seen; default 5.
    pub epochs: usize,
    /// Images per step; default 64.
    pub batch_size: usize,
    /// Same seed, same machine: same weights to the bit; default 0.
    pub seed: u64,
    /// What turns gradients into changes of the weights; default `adam`.
    pub optimizer: Optimizer,
    /// The learning rate over the steps; default `constant`.
    pub schedule: Schedule,
    /// Share of each target that is spread evenly over all classes, in [0, 1); default 0.
    pub label_smoothing: f64,
    /// Gradients whose norm over all parameters is larger are scaled down to it; default "none".
    #[serde(with = "super::value::optional")]
    pub clip_norm: Option<f64>,
    /// When the state of the training is written, so that it can be resumed; default each half minute.
    pub checkpoints: Checkpoints,
    /// Write the figures of each epoch for TensorBoard as well; default false.
    pub tensorboard: bool,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            epochs: 5,
            batch_size: 64,
            seed: 0,
            optimizer: Optimizer::default(),
            schedule: Schedule::default(),
            label_smoothing: 0.0,
            clip_norm: None,
            checkpoints: Checkpoints::default(),
            tensorboard: false,
        }
    }
}

/// The optimizer; `name` says which. Defaults are PyTorch's.
// Deserialized by `value.rs`, which takes the variant from the key `name`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// Stochastic gradient descent.
    Sgd(Sgd),
    /// Adam (Kingma and Ba 2014); weight decay is added to the gradient.
    Adam(Adam),
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2017).
    AdamW(AdamW),
    /// RMSprop (Hinton 2012).
    RmsProp(RmsProp),
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::Adam(Adam::default())
    }
}

impl Optimizer {
    /// The value of `name`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sgd(_) => "sgd",
            Self::Adam(_) => "adam",
            Self::AdamW(_) => "adamw",
            Self::RmsProp(_) => "rmsprop",
        }
    }

    /// The base learning rate, which the schedule multiplies.
    pub fn learning_rate(&self) -> f64 {
        match self {
            Self::Sgd(options) => options.learning_rate,
            Self::Adam(options) => options.learning_rate,
            Self::AdamW(options) => options.learning_rate,
            Self::RmsProp(options) => options.learning_rate,
        }
    }
}

/// Options of `sgd`. Momentum has no dampening: v = momentum * v + gradient.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sgd {
    /// Step size; default 0.001.
    pub learning_rate: f64,
    /// This much of each weight is added to its gradient; default 0.
    pub weight_decay: f64,
    /// Share of the last step that goes on, in [0, 1); default 0.
    pub momentum: f64,
    /// Look ahead along the momentum; default false.
    pub nesterov: bool,
}

impl Default for Sgd {
    fn default() -> Self {
        Self {
            learning_rate: 1e-3,
            weight_decay: 0.0,
            momentum: 0.0,
            nesterov: false,
        }
    }
}

/// Options of `adam`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Adam {
    /// Step size; default 0.001.
    pub learning_rate: f64,
    /// This much of each weight is added to its gradient; default 0.
    pub weight_decay: f64,
    /// Decay of the mean of gradients, in [0, 1); default 0.9.
    pub beta_1: f64,
    /// Decay of the mean of squared gradients, in [0, 1); default 0.999.
    pub beta_2: f64,
    /// Added to the denominator; default 1e-8.
    pub epsilon: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self {
            learning_rate: 1e-3,
            weight_decay: 0.0,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
        }
    }
}

/// Options of `adamw`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AdamW {
    /// Step size; default 0.001.
    pub learning_rate: f64,
    /// Each step shrinks the weights by this times the learning rate; default 0.01.
    pub weight_decay: f64,
    /// Decay of the mean of gradients, in [0, 1); default 0.9.
    pub beta_1: f64,
    /// Decay of the mean of squared gradients, in [0, 1); default 0.999.
    pub beta_2: f64,
    /// Added to the denominator; default 1e-8.
    pub epsilon: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        Self {
            learning_rate: 1e-3,
            weight_decay: 1e-2,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
        }
    }
}

/// Options of `rmsprop`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RmsProp {
    /// Step size; default 0.01.
    pub learning_rate: f64,
    /// This much of each weight is added to its gradient; default 0.
    pub weight_decay: f64,
    /// Share of the last step that goes on, in [0, 1); default 0.
    pub momentum: f64,
    /// Decay of the mean of squared gradients, in [0, 1); default 0.99.
    pub alpha: f64,
    /// Added to the denominator; default 1e-8.
    pub epsilon: f64,
}

impl Default for RmsProp {
    fn default() -> Self {
        Self {
            learning_rate: 1e-2,
            weight_decay: 0.0,
            momentum: 0.0,
            alpha: 0.99,
            epsilon: 1e-8,
        }
    }
}

/// The course of the learning rate; `name` says which. A step is one batch.
// Deserialized by `value.rs`, which takes the variant from the key `name`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// The base rate throughout.
    Constant(Constant),
    /// Multiplied by `gamma` every so many steps.
    Step(Step),
    /// Falls along half a cosine.
    Cosine(Cosine),
    /// Rises to a peak, then falls far below the start (Smith and Topin 2017).
    OneCycle(OneCycle),
}

impl Default for Schedule {
    fn default() -> Self {
        Self::Constant(Constant::default())
    }
}

/// Options of `constant`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Constant {
    /// Steps over which the rate first grows in a straight line to its base; default 0.
    pub warm_up: usize,
}

/// Options of `step`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// Steps between two cuts, counted after the warm-up; default 1000.
    pub every: usize,
    /// Each cut multiplies the rate by this, in (0, 1]; default 0.1.
    pub gamma: f64,
    /// Steps over which the rate first grows in a straight line to its base; default 0.
    pub warm_up: usize,
}

impl Default for Step {
    fn default() -> Self {
        Self {
            every: 1000,
            gamma: 0.1,
            warm_up: 0,
        }
    }
}

/// Options of `cosine`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cosine {
    /// The last rate as a fraction of the base, in [0, 1]; default 0.
    #[serde(rename = "final")]
    pub last: f64,
    /// Steps over which the rate first grows in a straight line to its base; default 0.
    pub warm_up: usize,
}

/// Options of `one-cycle`: PyTorch's `OneCycleLR` with cosine annealing, momentum left alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct OneCycle {
    /// The highest rate; default "none": the optimizer's `learning-rate`.
    #[serde(with = "super::value::optional")]
    pub peak: Option<f64>,
    /// Fraction of all steps on the way up, in (0, 1); default 0.3.
    pub rise: f64,
    /// The first rate is the peak divided by this; default 25.
    pub start_division: f64,
    /// The last rate is the first divided by this; default 10000.
    pub final_division: f64,
}

impl Default for OneCycle {
    fn default() -> Self {
        Self {
            peak: None,
            rise: 0.3,
            start_division: 25.0,
            final_division: 1e4,
        }
    }
}

impl Schedule {
    /// The value of `name`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Constant(_) => "constant",
            Self::Step(_) => "step",
            Self::Cosine(_) => "cosine",
            Self::OneCycle(_) => "one-cycle",
        }
    }

    /// The learning rate of `step` (from 0) out of `total_steps`, given the optimizer's rate
    /// `base`. A step beyond the last gets the last step's rate.
    pub fn learning_rate(&self, step: usize, total_steps: usize, base: f64) -> f64 {
        let step = step.min(total_steps.saturating_sub(1));
        let warming =
            |warm_up: usize| (step < warm_up).then(|| base * ((step + 1) as f64 / warm_up as f64));
        match *self {
            Self::Constant(Constant { warm_up }) => warming(warm_up).unwrap_or(base),
            Self::Step(Step {
                every,
                gamma,
                warm_up,
            }) => warming(warm_up).unwrap_or_else(|| {
                base * gamma.powi(((step - warm_up) / every.max(1)).min(1 << 20) as i32)
            }),
            Self::Cosine(Cosine { last, warm_up }) => warming(warm_up).unwrap_or_else(|| {
                // step < total_steps here, so the span is at least 1.
                let progress = (step - warm_up) as f64 / (total_steps - warm_up).max(1) as f64;
                base * cosine(1.0, last, progress)
            }),
            Self::OneCycle(options) => options.learning_rate(step, total_steps, base),
        }
    }
}

impl OneCycle {
    fn learning_rate(&self, step: usize, total_steps: usize, base: f64) -> f64 {
        let peak = self.peak.unwrap_or(base);
        let first = peak / self.start_division;
        let last = first / self.final_division;
        let step = step as f64;
        // PyTorch counts both ends as steps, hence the two subtractions of one. A run too short
        // to have a way up starts at the peak.
        let top = (self.rise * total_steps as f64 - 1.0).max(0.0);
        let end = total_steps as f64 - 1.0;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, name: &str) {
        let error = (found - expected).abs();
        assert!(
            error <= 1e-12 * expected.abs() + 1e-15,
            "{name}: {found} for {expected}"
        );
    }

    /// PyTorch's algorithm (`torch/optim/lr_scheduler.py`, class OneCycleLR, annealing 'cos'),
    /// restated in Python and run for these rows: the phases end at steps `pct_start * total - 1`
    /// and `total - 1`, and each goes from a to b as b + (a - b) / 2 * (1 + cos(pi * progress)).
    #[test]
    fn one_cycle_is_pytorchs() {
        let rows = [
            (0, 10, 0.01, 0.3, 0.000_399_999_999_999_999_3),
            (1, 10, 0.01, 0.3, 0.0052),
            (2, 10, 0.01, 0.3, 0.01),
            (3, 10, 0.01, 0.3, 0.009_504_846_320_134_737),
            (6, 10, 0.01, 0.3, 0.003_887_419_780_637_108),
            (9, 10, 0.01, 0.3, 4e-8),
            (30, 100, 0.1, 0.25, 0.098_429_164_339_799_33),
            (99, 100, 0.1, 0.25, 4e-7),
            (1000, 100, 0.1, 0.25, 4e-7),
        ];
        for (step, total, peak, rise, expected) in rows {
            let schedule = Schedule::OneCycle(OneCycle {
                peak: Some(peak),
                rise,
                ..OneCycle::default()
            });
            let name = format!("step {step} of {total}");
            close(schedule.learning_rate(step, total, 123.0), expected, &name);
        }
        let from_base = Schedule::OneCycle(OneCycle::default());
        close(
            from_base.learning_rate(2, 10, 0.01),
            0.01,
            "the peak is the base by default",
        );
    }

    #[test]
    fn other_schedules() {
        let constant = |warm_up| Schedule::Constant(Constant { warm_up });
        let step = |warm_up| {
            Schedule::Step(Step {
                every: 10,
                gamma: 0.1,
                warm_up,
            })
        };
        let cosine = |last, warm_up| Schedule::Cosine(Cosine { last, warm_up });
        let rows = [
            ("constant", constant(0), 7, 2.0),
            ("first step of the warm-up", constant(4), 0, 0.5),
            ("last step of the warm-up", constant(4), 3, 2.0),
            ("after the warm-up", constant(4), 4, 2.0),
            ("before the first cut", step(0), 9, 2.0),
            ("first cut", step(0), 10, 0.2),
            ("third cut", step(0), 39, 0.002),
            ("cuts count after the warm-up", step(5), 14, 2.0),
            ("cut after the warm-up", step(5), 15, 0.2),
            ("cosine starts at the base", cosine(0.0, 0), 0, 2.0),
            ("cosine's middle", cosine(0.5, 0), 50, 1.5),
            ("cosine's first third", cosine(0.0, 10), 40, 1.5),
        ];
        for (name, schedule, at, expected) in rows {
            close(schedule.learning_rate(at, 100, 2.0), expected, name);
        }
    }

    #[test]
    fn very_short_runs_get_a_rate() {
        let schedules = [
            Schedule::default(),
            Schedule::Step(Step {
                warm_up: 3,
                ..Step::default()
            }),
            Schedule::Cosine(Cosine {
                last: 0.0,
                warm_up: 3,
            }),
            Schedule::OneCycle(OneCycle::default()),
        ];
        for schedule in schedules {
            for total in 0..5 {
                for step in 0..=total {
                    let rate = schedule.learning_rate(step, total, 0.1);
                    assert!(
                        rate > 0.0 && rate <= 0.1,
                        "{schedule:?} {step} of {total}: {rate}"
                    );
                }
            }
        }
    }
}
