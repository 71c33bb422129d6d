//! The table `training.optimizer`: what turns gradients into changes of the weights.

use super::options::{Check, Checked, at, below_1, need, not_negative, options, positive};
use serde::{Deserialize, Serialize};

/// The optimizer; the key `name` says which. Defaults are PyTorch's.
// serde's name for the enum is the key that names the variant: see `value.rs`. The first variant is the default.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "name", rename_all = "lowercase")]
pub enum Optimizer {
    /// Adam (Kingma and Ba 2014); weight decay is added to the gradient.
    Adam(Adam),
    /// Stochastic gradient descent.
    Sgd(Sgd),
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2017).
    AdamW(AdamW),
    /// RMSprop (Hinton 2012).
    RmsProp(RmsProp),
    /// Muon (Jordan 2024) on hidden weights, AdamW on all others.
    Muon(Muon),
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::Adam(Adam::default())
    }
}

impl Check for Optimizer {
    fn check(&self) -> Checked {
        match self {
            Self::Adam(options) => options.check(),
            Self::Sgd(options) => options.check(),
            Self::AdamW(options) => options.check(),
            Self::RmsProp(options) => options.check(),
            Self::Muon(options) => options.check(),
        }
    }
}

impl Optimizer {
    /// The value of `name`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Adam(_) => "adam",
            Self::Sgd(_) => "sgd",
            Self::AdamW(_) => "adamw",
            Self::RmsProp(_) => "rmsprop",
            Self::Muon(_) => "muon",
        }
    }

    /// The base learning rate, which the schedule multiplies.
    pub fn learning_rate(&self) -> f64 {
        match self {
            Self::Adam(options) => options.learning_rate,
            Self::Sgd(options) => options.learning_rate,
            Self::AdamW(options) => options.learning_rate,
            Self::RmsProp(options) => options.learning_rate,
            Self::Muon(options) => options.learning_rate,
        }
    }
}

fn nesterov(nesterov: bool, momentum: f64) -> Checked {
    let holds = !nesterov || momentum > 0.0;
    at("nesterov", need(holds, "false without momentum", nesterov))
}

options! {
    /// Options of `sgd`. Momentum has no dampening: v = momentum * v + gradient.
    #[derive(Copy)]
    pub struct Sgd {
        /// Step size.
        learning_rate: f64 = 1e-3, positive;
        /// This fraction of each weight is added to its gradient.
        weight_decay: f64 = 0.0, not_negative;
        /// Share of the last step that is added to the next, in [0, 1).
        momentum: f64 = 0.0, below_1;
        /// Whether to look ahead along the momentum.
        nesterov: bool = false;
    }
    also |sgd: &Sgd| nesterov(sgd.nesterov, sgd.momentum);
}

options! {
    /// Options of `adam`.
    #[derive(Copy)]
    pub struct Adam {
        /// Step size.
        learning_rate: f64 = 1e-3, positive;
        /// This fraction of each weight is added to its gradient.
        weight_decay: f64 = 0.0, not_negative;
        /// Decay of the running mean of gradients, in [0, 1).
        beta_1: f64 = 0.9, below_1;
        /// Decay of the running mean of squared gradients, in [0, 1).
        beta_2: f64 = 0.999, below_1;
        /// Added to the denominator.
        epsilon: f64 = 1e-8, positive;
    }
}

options! {
    /// Options of `adamw`.
    #[derive(Copy)]
    pub struct AdamW {
        /// Step size.
        learning_rate: f64 = 1e-3, positive;
        /// Each step shrinks the weights by this times the learning rate.
        weight_decay: f64 = 1e-2, not_negative;
        /// Decay of the running mean of gradients, in [0, 1).
        beta_1: f64 = 0.9, below_1;
        /// Decay of the running mean of squared gradients, in [0, 1).
        beta_2: f64 = 0.999, below_1;
        /// Added to the denominator.
        epsilon: f64 = 1e-8, positive;
    }
}

options! {
    /// Options of `rmsprop`.
    #[derive(Copy)]
    pub struct RmsProp {
        /// Step size.
        learning_rate: f64 = 1e-2, positive;
        /// This fraction of each weight is added to its gradient.
        weight_decay: f64 = 0.0, not_negative;
        /// Share of the last step that is added to the next, in [0, 1).
        momentum: f64 = 0.0, below_1;
        /// Decay of the running mean of squared gradients, in [0, 1).
        alpha: f64 = 0.99, below_1;
        /// Added to the denominator.
        epsilon: f64 = 1e-8, positive;
    }
}

options! {
    /// Options of `muon`. Hidden weights have at least two dimensions and belong neither to the first layer nor to the
    /// outputs. Biases, normalisations, the first layer and the outputs are trained by AdamW.
    #[derive(Copy)]
    pub struct Muon {
        /// Step size of hidden weights.
        learning_rate: f64 = 0.02, positive;
        /// Each step shrinks the weights by this times their learning rate.
        weight_decay: f64 = 0.0, not_negative;
        /// Decay of the running mean of gradients, in [0, 1).
        momentum: f64 = 0.95, below_1;
        /// Whether to look ahead along the momentum.
        nesterov: bool = true;
        /// Step size of all other parameters; the schedule multiplies it likewise.
        adam_learning_rate: f64 = 1e-3, positive;
        /// Decay of AdamW's running mean of gradients, in [0, 1).
        beta_1: f64 = 0.9, below_1;
        /// Decay of AdamW's running mean of squared gradients, in [0, 1).
        beta_2: f64 = 0.999, below_1;
        /// Added to AdamW's denominator.
        epsilon: f64 = 1e-8, positive;
    }
    also |muon: &Muon| nesterov(muon.nesterov, muon.momentum);
}
