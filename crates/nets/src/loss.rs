//! The classification loss, as a differentiable tensor.

use burn::tensor::{Int, Tensor, TensorData, activation};

use crate::batch::Mixed;

/// Softmax cross-entropy, mean over rows: logits `[N, K]`, labels `[N]`.
///
/// `smoothing` moves that share of each label's probability evenly to all K classes (Szegedy et al. 2016).
pub fn cross_entropy(logits: Tensor<2>, labels: &[usize], smoothing: f64) -> Tensor<1> {
    let log_probabilities = activation::log_softmax(logits, 1);
    let hit = likelihood(&log_probabilities, labels).neg();
    smoothed(hit, log_probabilities, smoothing)
}

/// The same where each row has two labels, its own and its partner's, in the shares of their images.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use nets::batch::Mixed;
/// use nets::loss::{cross_entropy, mixed_cross_entropy};
///
/// let logits = Tensor::<2>::from_data([[2.0, 0.0, -1.0]], &Device::flex());
/// let mixed = Mixed { labels: vec![2], share: 0.75 };
/// let loss = |x: Tensor<1>| x.into_scalar::<f32>();
/// let apart = |label| loss(cross_entropy(logits.clone(), &[label], 0.1));
/// let together = loss(mixed_cross_entropy(logits.clone(), &[0], &mixed, 0.1));
/// assert!((together - (0.75 * apart(0) + 0.25 * apart(2))).abs() < 1e-6);
/// ```
pub fn mixed_cross_entropy(
    logits: Tensor<2>,
    labels: &[usize],
    mixed: &Mixed,
    smoothing: f64,
) -> Tensor<1> {
    let log_probabilities = activation::log_softmax(logits, 1);
    let own = likelihood(&log_probabilities, labels) * mixed.share;
    let others = likelihood(&log_probabilities, &mixed.labels) * (1.0 - mixed.share);
    smoothed((own + others).neg(), log_probabilities, smoothing)
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
