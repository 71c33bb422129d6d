//! How a network is trained: epochs, batches, and what makes training better or cheaper.

use serde::{Deserialize, Serialize};

use super::{Checkpoints, Optimizer, Schedule};

/// Training options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Training {
    /// Times that every training image is seen; default 5.
    pub epochs: usize,
    /// Images that go through the network at a time; default 64.
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
    /// Batches whose gradients are averaged before each change of the weights; default 1.
    pub accumulate: usize,
    /// Blends each training image, and its label, with another of its batch (mixup, Zhang et al. 2018): the alpha of
    /// Beta(alpha, alpha), from which each batch draws the shares; default 0: none.
    pub mixup: f64,
    /// Decay of an exponential moving average of the weights, in [0, 1), which then is what is validated, evaluated and
    /// stored; default "none".
    #[serde(with = "super::value::optional")]
    pub ema: Option<f64>,
    /// When to stop before the last epoch, with the best weights; default "none".
    #[serde(with = "super::value::optional")]
    pub early_stopping: Option<EarlyStopping>,
    /// Fit one factor to a classifier's logits on the held-out images after training, so that its probabilities are
    /// neither too sure nor too unsure (Guo et al. 2017); default false.
    pub temperature_scaling: bool,
    /// Write the figures of each epoch for TensorBoard as well; default false.
    pub tensorboard: bool,
    /// What layers compute in, `f32`, `f16` or `bf16`; weights stay in f32. Only GPUs have the others; default `f32`.
    pub precision: Precision,
}

/// Ends training when a figure of the held-out images no longer gets better; the best epoch's weights are kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct EarlyStopping {
    /// The figure to watch; default `loss`.
    pub metric: Metric,
    /// Epochs without a better figure after which training ends; default 5.
    pub patience: usize,
    /// A figure is better only if it is so by more than this; default 0.
    pub min_delta: f64,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        Self {
            metric: Metric::default(),
            patience: 5,
            min_delta: 0.0,
        }
    }
}

/// A figure of the held-out images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// The validation loss; less is better.
    #[default]
    Loss,
    /// The share of images answered rightly, where each shows one object; more is better.
    Accuracy,
    /// COCO's average precision, where images show several objects; more is better.
    Ap,
}

impl Metric {
    /// Its name in a recipe.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Accuracy => "accuracy",
            Self::Ap => "ap",
        }
    }
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
            accumulate: 1,
            mixup: 0.0,
            ema: None,
            early_stopping: None,
            temperature_scaling: false,
            tensorboard: false,
            precision: Precision::default(),
        }
    }
}

/// The numbers that layers compute in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// 16 bits, 5 of them for the exponent: the loss is scaled so that small gradients do not vanish.
    F16,
    /// 16 bits, with the range of 32.
    Bf16,
}

impl Precision {
    /// As recipes write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        }
    }
}
