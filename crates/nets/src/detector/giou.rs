//! Generalised intersection over union of corrected boxes, differentiable (Rezatofighi et al. 2019, arXiv:1902.09630).
//!
//! P pairs of boxes. 'deltas' are (dx, dy, dw, dh), as in `box_coder`.

use burn::tensor::{Tensor, TensorData};
use kernels::boxes::Xyxy;

use kernels::box_coder::{BoxCoder, MOST_GROWTH};

/// The generalised IoU of each box decoded from `deltas [P, 4]` and its truth: `[P, 1]`, from -1 to 1.
///
/// With A and B the boxes, C the smallest box around both: |A ∩ B| / |A ∪ B| - (|C| - |A ∪ B|) / |C| (algorithm 1).
/// Unlike the IoU it has a gradient where the boxes do not meet. Truths need an area; a decoded box without one gives
/// no NaN, because neither union nor hull is empty then.
///
/// # Panics
/// Unless there are P references and P truths.
pub fn giou(
    deltas: Tensor<2>,
    coder: &BoxCoder,
    references: &[Xyxy],
    truths: &[Xyxy],
) -> Tensor<2> {
    let count = deltas.dims()[0];
    assert_eq!(references.len(), count, "one reference a row");
    assert_eq!(truths.len(), count, "one truth a row");
    let device = deltas.device();
    let constant = |boxes: &[Xyxy], pair: fn(Xyxy) -> [f32; 2]| {
        let values: Vec<f32> = boxes.iter().flat_map(|b| pair(*b)).collect();
        Tensor::<2>::from_data(TensorData::new(values, [count, 2]), &device)
    };
    // x and y side by side in every tensor: [P, 2].
    let centre = |b: Xyxy| [b.x1 + 0.5 * b.width(), b.y1 + 0.5 * b.height()];
    let centres = constant(references, centre);
    let sides = constant(references, |b| [b.width(), b.height()]);
    let least = constant(truths, |b| [b.x1, b.y1]);
    let most = constant(truths, |b| [b.x2, b.y2]);
    let truth_area = constant(truths, |b| [b.width() * b.height(), 0.0]).narrow(1, 0, 1);
    let [wx, wy, ww, wh] = coder.weights;
    let shift_weights = Tensor::<2>::from_data([[wx, wy]], &device);
    let growth_weights = Tensor::<2>::from_data([[ww, wh]], &device);

    let shift = deltas.clone().narrow(1, 0, 2) / shift_weights;
    let growth = (deltas.narrow(1, 2, 2) / growth_weights).clamp_max(MOST_GROWTH);
    let centre = shift * sides.clone() + centres;
    let half = growth.exp() * sides * 0.5;
    let (low, high) = (centre.clone() - half.clone(), centre + half.clone());

    let meet = smaller(high.clone(), most.clone()) - larger(low.clone(), least.clone());
    let intersection = area(meet.clamp_min(0.0));
    let union = area(half * 2.0) + truth_area - intersection.clone();
    let hull = area(larger(high, most) - smaller(low, least));
    intersection / union.clone() + union / hull - 1.0
}

/// The product of both columns, `[P, 2] -> [P, 1]`.
fn area(sides: Tensor<2>) -> Tensor<2> {
    sides.clone().narrow(1, 0, 1) * sides.narrow(1, 1, 1)
}

fn smaller(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    a.min_pair(b)
}

fn larger(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    a.max_pair(b)
}

#[cfg(test)]
mod tests;
