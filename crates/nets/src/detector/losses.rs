//! The elementwise losses of the detector, as sums.

use burn::tensor::{Int, Tensor, TensorData, activation};

/// The rows of `x` with these numbers, `[M, C] -> [rows, C]`.
pub fn select_rows(x: Tensor<2>, rows: &[usize]) -> Tensor<2> {
    let numbers: Vec<i32> = rows.iter().map(|row| *row as i32).collect();
    let shape = [numbers.len()];
    let numbers = Tensor::<1, Int>::from_data(TensorData::new(numbers, shape), &x.device());
    x.select(0, numbers)
}

/// Binary cross-entropy on logits, summed; targets 0 or 1, of the same shape.
///
/// (1 - t) x - ln sigmoid(x): no overflow for large logits, and the gradient sigmoid(x) - t at 0 too.
pub fn binary_cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    ((targets.neg() + 1.0) * logits.clone() - activation::log_sigmoid(logits)).sum()
}

/// Smooth L1 (Girshick 2015), summed, for tensors of one shape.
///
/// d² / 2β where |d| < β, else |d| - β / 2; β = 0 is L1.
pub fn smooth_l1(prediction: Tensor<2>, target: Tensor<2>, beta: f64) -> Tensor<1> {
    let distance = (prediction - target).abs();
    if beta == 0.0 {
        return distance.sum();
    }
    // With m = min(d, β), m² / 2β + (d - m) is both branches at once.
    let near = distance.clone().clamp_max(beta);
    (near.clone().square() / (2.0 * beta) + (distance - near)).sum()
}
