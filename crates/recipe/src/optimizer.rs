//! Optimizers: what turns gradients into changes of the weights.

use serde::{Deserialize, Serialize};

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
    /// Muon (Jordan 2024) on hidden weights, AdamW on all others.
    Muon(Muon),
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
            Self::Muon(_) => "muon",
        }
    }

    /// The base learning rate, which the schedule multiplies.
    pub fn learning_rate(&self) -> f64 {
        match self {
            Self::Sgd(options) => options.learning_rate,
            Self::Adam(options) => options.learning_rate,
            Self::AdamW(options) => options.learning_rate,
            Self::RmsProp(options) => options.learning_rate,
            Self::Muon(options) => options.learning_rate,
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

/// Options of `muon`. A hidden weight is one of at least two dimensions that is neither the first of the network nor
/// one of its outputs; biases, normalisations, the first layer and the outputs take AdamW's steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Muon {
    /// Step size of hidden weights; default 0.02.
    pub learning_rate: f64,
    /// Each step shrinks the weights by this times their learning rate; default 0.
    pub weight_decay: f64,
    /// Share of the mean of gradients that goes on, in [0, 1); default 0.95.
    pub momentum: f64,
    /// Look ahead along the momentum; default true.
    pub nesterov: bool,
    /// Step size of all other parameters, which the schedule multiplies likewise; default 0.001.
    pub adam_learning_rate: f64,
    /// Decay of AdamW's mean of gradients, in [0, 1); default 0.9.
    pub beta_1: f64,
    /// Decay of AdamW's mean of squared gradients, in [0, 1); default 0.999.
    pub beta_2: f64,
    /// Added to AdamW's denominator; default 1e-8.
    pub epsilon: f64,
}

impl Default for Muon {
    fn default() -> Self {
        Self {
            learning_rate: 0.02,
            weight_decay: 0.0,
            momentum: 0.95,
            nesterov: true,
            adam_learning_rate: 1e-3,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
        }
    }
}
