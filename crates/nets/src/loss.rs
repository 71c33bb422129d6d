//! The classification loss, as a differentiable tensor.

use burn::tensor::{Int, Tensor, TensorData, activation};

/// Softmax cross-entropy, mean over rows: logits `[N, K]`, labels `[N]`.
///
/// `smoothing` moves that share of each label's probability evenly to all K classes (Szegedy et al. 2016).
pub fn cross_entropy(logits: Tensor<2>, labels: &[usize], smoothing: f64) -> Tensor<1> {
    let device = logits.device();
    let labels: Vec<i32> = labels.iter().map(|label| *label as i32).collect();
    let count = labels.len();
    let labels = Tensor::<2, Int>::from_data(TensorData::new(labels, [count, 1]), &device);
    let log_probabilities = activation::log_softmax(logits, 1);
    let hit = log_probabilities.clone().gather(1, labels).mean().neg();
    if smoothing == 0.0 {
        return hit;
    }
    hit * (1.0 - smoothing) + log_probabilities.mean().neg() * smoothing
}
