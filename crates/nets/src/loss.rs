//! The values of a batch's losses, and the classification loss as a differentiable tensor.

use burn::tensor::{Int, Tensor, TensorData, activation};

use crate::ops::{Scalar, weighted_sum};

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

/// The mean log-probability of the labels, `[1]`.
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
