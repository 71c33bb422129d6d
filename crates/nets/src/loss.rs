//! The values of a batch's losses, and the classification loss as a differentiable tensor.

use burn::tensor::{Int, Tensor, TensorData, activation};

use crate::batch::Batch;
use crate::ops::{Scalar, weighted_sum};
use recipe::Loss;

/// The values of a batch's losses; on a GPU they may still have to be read.
#[derive(Clone, Debug)]
pub struct Losses {
    /// Mean losses by name; their sum is minimised. One for a classifier.
    pub parts: Vec<(&'static str, Scalar)>,
    /// Number of correct classifications; a detector counts its sampled regions with an object.
    pub correct: Scalar,
    /// Number of classifications that were counted.
    pub counted: usize,
}

impl Losses {
    /// The losses of a whole batch from those of its parts, each with its share of the images; at least one part.
    pub(crate) fn joined(parts: &[(Self, f64)]) -> Self {
        let loss = |(place, &(name, _)): (usize, &(&'static str, Scalar))| {
            let terms = parts
                .iter()
                .map(|(part, share)| (part.parts[place].1.clone(), *share));
            (name, weighted_sum(terms))
        };
        Self {
            parts: parts[0].0.parts.iter().enumerate().map(loss).collect(),
            correct: weighted_sum(parts.iter().map(|(part, _)| (part.correct.clone(), 1.0))),
            counted: parts.iter().map(|(part, _)| part.counted).sum(),
        }
    }

    /// Every value, always in the same order.
    pub(crate) fn scalars(&mut self) -> impl Iterator<Item = &mut Scalar> {
        let parts = self.parts.iter_mut().map(|(_, value)| value);
        parts.chain([&mut self.correct])
    }
}

/// How a classifier's loss is computed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassificationLoss {
    /// The share of each label's probability that is moved evenly to all K classes.
    pub smoothing: f64,
    /// Cross-entropy, or focal loss.
    pub kind: Loss,
    /// How much each of the K classes counts; `None` where all count the same.
    pub class_weights: Option<Vec<f64>>,
}

/// 1 - p is not taken to be smaller than this, whose powers below 1 have a finite gradient.
const LEAST_DOUBT: f64 = 1e-7;

impl ClassificationLoss {
    /// Plain cross-entropy.
    pub fn cross_entropy(smoothing: f64) -> Self {
        Self {
            smoothing,
            ..Self::default()
        }
    }

    /// The loss `[1]` of logits `[N, K]` for the labels of `batch`, blended or not.
    ///
    /// The cost of a class c with probability p is -w_c (1 - p)^gamma log p, where gamma is 0 for cross-entropy. The
    /// cost of an image is the sum over the classes, each times its share in the smoothed and blended target, as in
    /// PyTorch and Keras. Cross-entropy is the weighted mean of the images: the sum of their costs is divided by the sum
    /// of their targets' weights, as in PyTorch. Focal loss is the mean over the images: weights are Lin et al.'s alpha.
    pub fn of(&self, logits: Tensor<2>, batch: &Batch) -> Tensor<1> {
        let labels = classes(&batch.labels);
        let partners = batch
            .mixed
            .as_ref()
            .map(|mixed| (classes(&mixed.labels), mixed.share));
        let smoothing = self.smoothing;
        if self.is_plain() {
            return match partners {
                None => cross_entropy(logits, &labels, smoothing),
                Some((partners, share)) => {
                    mixed_cross_entropy(logits, [&labels, &partners], share, smoothing)
                }
            };
        }
        let divisor = self.mass(batch);
        let divisor = if divisor > 0.0 { divisor } else { 1.0 }; // where no image counts
        let costs = self.costs(logits);
        let sum = |labels: &[usize]| likelihood(&costs, labels) * labels.len() as f64;
        let hit = match partners {
            None => sum(&labels),
            Some((partners, share)) => sum(&labels) * share + sum(&partners) * (1.0 - share),
        };
        let total = if smoothing == 0.0 {
            hit
        } else {
            let [_, columns] = costs.dims();
            hit * (1.0 - smoothing) + costs.sum() * (smoothing / columns as f64)
        };
        total / divisor
    }

    /// How much the images of `batch` count together, which the sum of their costs is divided by: their number, or with
    /// weighted cross-entropy the sum of the weights of their targets.
    pub(crate) fn mass(&self, batch: &Batch) -> f64 {
        match (&self.class_weights, self.kind) {
            (Some(weights), Loss::CrossEntropy) => {
                let sum = |labels: &[Option<usize>]| {
                    let labels = labels.iter().flatten();
                    labels.map(|&label| weights[label]).sum::<f64>()
                };
                match &batch.mixed {
                    None => sum(&batch.labels),
                    Some(mixed) => {
                        sum(&batch.labels) * mixed.share + sum(&mixed.labels) * (1.0 - mixed.share)
                    }
                }
            }
            _ => batch.indices.len() as f64,
        }
    }

    fn is_plain(&self) -> bool {
        self.class_weights.is_none() && self.kind == Loss::CrossEntropy
    }

    /// What each class would cost if it were the label: logits `[N, K]` -> `[N, K]`.
    fn costs(&self, logits: Tensor<2>) -> Tensor<2> {
        let device = logits.device();
        let log_probabilities = activation::log_softmax(logits, 1);
        let mut costs = log_probabilities.clone().neg();
        if let Loss::Focal(focal) = self.kind {
            let doubt = (log_probabilities.exp().neg() + 1.0).clamp_min(LEAST_DOUBT);
            costs = costs * doubt.powf_scalar(focal.gamma);
        }
        if let Some(weights) = &self.class_weights {
            let row: Vec<f32> = weights.iter().map(|&weight| weight as f32).collect();
            let row = TensorData::new(row, [1, weights.len()]);
            costs = costs * Tensor::<2>::from_data(row, &device);
        }
        costs
    }
}

/// A classifier's images have one class each.
pub(crate) fn classes(labels: &[Option<usize>]) -> Vec<usize> {
    labels.iter().copied().flatten().collect()
}

/// Softmax cross-entropy, mean over rows: logits `[N, K]`, labels `[N]`.
///
/// `smoothing` moves that share of each label's probability evenly to all K classes (Szegedy et al. 2016).
pub fn cross_entropy(logits: Tensor<2>, labels: &[usize], smoothing: f64) -> Tensor<1> {
    let log_probabilities = activation::log_softmax(logits, 1);
    let hit = likelihood(&log_probabilities, labels).neg();
    smoothed(hit, log_probabilities, smoothing)
}

/// The same for images blended by mixup: each row has its own label and its partner's, in the shares `share` and
/// 1 - `share`.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use nets::loss::{cross_entropy, mixed_cross_entropy};
///
/// let logits = Tensor::<2>::from_data([[2.0, 0.0, -1.0]], &Device::flex());
/// let loss = |x: Tensor<1>| x.into_scalar::<f32>();
/// let single = |label| loss(cross_entropy(logits.clone(), &[label], 0.1));
/// let mixed = loss(mixed_cross_entropy(logits.clone(), [&[0], &[2]], 0.75, 0.1));
/// assert!((mixed - (0.75 * single(0) + 0.25 * single(2))).abs() < 1e-6);
/// ```
pub fn mixed_cross_entropy(
    logits: Tensor<2>,
    [own, partners]: [&[usize]; 2],
    share: f64,
    smoothing: f64,
) -> Tensor<1> {
    let log_probabilities = activation::log_softmax(logits, 1);
    let own = likelihood(&log_probabilities, own) * share;
    let partners = likelihood(&log_probabilities, partners) * (1.0 - share);
    smoothed((own + partners).neg(), log_probabilities, smoothing)
}

/// The mean of the labels' columns, `[1]`: of log-probabilities, say.
fn likelihood(log_probabilities: &Tensor<2>, labels: &[usize]) -> Tensor<1> {
    let device = log_probabilities.device();
    let labels: Vec<i32> = labels.iter().map(|label| *label as i32).collect();
    let count = labels.len();
    let labels = Tensor::<2, Int>::from_data(TensorData::new(labels, [count, 1]), &device);
    log_probabilities.clone().gather(1, labels).mean()
}

fn smoothed(hit: Tensor<1>, log_probabilities: Tensor<2>, smoothing: f64) -> Tensor<1> {
    if smoothing == 0.0 {
        return hit;
    }
    hit * (1.0 - smoothing) + log_probabilities.mean().neg() * smoothing
}

#[cfg(test)]
mod tests;
