//! The table `training`: epochs, batches, and what makes training better or cheaper.

use super::checkpoints::Checkpoints;
use super::classification::{ClassWeights, Loss, Sampler};
use super::optimizer::Optimizer;
use super::options::{
    Checked, at, at_least_1, below_1, given, need, not_negative, options, positive, section, within,
};
use super::schedule::Schedule;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// More epochs, or images in a step, than anyone needs.
const MOST_COUNT: usize = 1_000_000;

options! {
    /// How a network is trained.
    pub struct Training {
        /// How many times every training image is seen.
        epochs: usize = 5, within(1..=MOST_COUNT);
        /// Images in a mini-batch.
        batch_size: usize = 64, within(1..=MOST_COUNT);
        /// With the same seed on the same machine the weights are the same to the bit.
        seed: u64 = 0;
        /// What turns gradients into changes of the weights.
        optimizer: Optimizer = Optimizer::default(), section;
        /// The course of the learning rate over the steps.
        schedule: Schedule = Schedule::default(), section;
        /// What a classifier minimises: `cross-entropy` or `focal`.
        loss: Loss = Loss::default(), section;
        /// How much the images of each class count in a classifier's loss: a list of one number for each class, or
        /// `balanced`, the inverse of how frequent the class is among the training images. Left out, all count the same.
        /// The loss of a batch is the weighted mean.
        #[serde(with = "super::value::optional")]
        class_weights: Option<ClassWeights> = None, given(section);
        /// How a classifier's images are drawn: `shuffle`, each once an epoch, or `balanced`, every class equally often.
        sampler: Sampler = Sampler::default();
        /// Share of each target that is spread evenly over all classes, in [0, 1).
        label_smoothing: f64 = 0.0, below_1;
        /// Gradients whose norm over all parameters is larger are scaled down to it.
        #[serde(with = "super::value::optional")]
        clip_norm: Option<f64> = None, given(positive);
        /// Parts of the network that keep their weights, and cost no backward pass below the first part that is trained:
        /// `stem` (the layers before the first stage), `stage-1`, ..., `backbone`, `layers[0..4]`. Their batch-norms keep
        /// their statistics too.
        freeze: Vec<String> = Vec::new();
        /// Factors of the learning rate of parts of the network, by the names that `freeze` takes, as in
        /// `{ backbone = 0.1, stage-4 = 0.5 }`; of two parts, one within the other, the smaller one counts. All other
        /// parts have the factor 1.
        learning_rates: BTreeMap<String, f64> = BTreeMap::new(), factors;
        /// Every batch-norm of a classifier, or of a detector's backbone, keeps its statistics, scale and shift.
        freeze_norms: bool = false;
        /// When the state of the training is saved, so that it can be resumed.
        checkpoints: Checkpoints = Checkpoints::default(), section;
        /// Batches whose gradients are averaged before each change of the weights.
        accumulate: usize = 1, within(1..=MOST_COUNT);
        /// Blends each training image and its label with another of its batch (mixup, Zhang et al. 2018): the alpha of
        /// Beta(alpha, alpha), from which each batch draws its share; 0 turns it off.
        mixup: f64 = 0.0, mixup_alpha;
        /// Decay of an exponential moving average of the weights, in [0, 1). The average is then validated, evaluated
        /// and stored instead of the weights.
        #[serde(with = "super::value::optional")]
        ema: Option<f64> = None, given(below_1);
        /// When to stop before the last epoch, with the best weights.
        #[serde(with = "super::value::optional")]
        early_stopping: Option<EarlyStopping> = None, given(section);
        /// Fit a factor for a classifier's logits to the held-out images after training, so that its probabilities
        /// are neither too high nor too low (Guo et al. 2017).
        temperature_scaling: bool = false;
        /// Also write the metrics of each epoch for TensorBoard.
        tensorboard: bool = false;
        /// What layers compute in: `f32`, `f16` or `bf16`. Weights stay in f32. Only GPUs have the other two.
        precision: Precision = Precision::default();
    }
}

fn factors(factors: &BTreeMap<String, f64>) -> Checked {
    for (part, factor) in factors {
        let positive = need(
            (1e-6..=1e6).contains(factor),
            "from 0.000001 to 1000000 (training.freeze leaves a part as it is)",
            factor,
        );
        at(part, positive)?;
    }
    Ok(())
}

fn mixup_alpha(alpha: &f64) -> Checked {
    not_negative(alpha)?;
    // With less, Beta's samples are 0 or 1 in 32 bits, and their logarithms infinite.
    let holds = *alpha == 0.0 || (1e-3..=1e3).contains(alpha);
    need(holds, "0, or from 0.001 to 1000", format!("{alpha:e}"))
}

options! {
    /// Ends training when a metric on the held-out images no longer improves; the best epoch's weights are kept.
    #[derive(Copy)]
    pub struct EarlyStopping {
        /// The metric to watch.
        metric: Metric = Metric::default();
        /// Training ends after this many epochs without improvement.
        patience: usize = 5, at_least_1;
        /// Only changes larger than this count as an improvement.
        min_delta: f64 = 0.0, not_negative;
    }
}

/// A metric on the held-out images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// The validation loss; lower is better.
    #[default]
    Loss,
    /// The share of images classified correctly, if each shows one object; higher is better.
    Accuracy,
    /// COCO's average precision, if images show several objects; higher is better.
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
    /// Its name in a recipe.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        }
    }
}
