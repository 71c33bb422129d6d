//! Sizes and ratios of anchors from the shapes of boxes alone.

use super::survey::sorted_quantile;
use crate::AnchorShapes;

/// `[height, width]` of boxes on the network's input, pixels.
pub type Shapes = [[f64; 2]];

/// The square roots of the boxes' areas, ascending.
pub fn sorted_sizes(shapes: &Shapes) -> Vec<f64> {
    sorted(shapes, 0)
}

/// Heights divided by widths, ascending.
pub fn sorted_ratios(shapes: &Shapes) -> Vec<f64> {
    sorted(shapes, 1)
}

fn sorted(shapes: &Shapes, which: usize) -> Vec<f64> {
    let of = |shape: &[f64; 2]| AnchorShapes::of(*shape)[which];
    let mut values: Vec<f64> = shapes.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// This many sizes and ratios, or fewer if some would coincide: k-means that starts from quantiles.
pub fn fit(shapes: &Shapes, [sizes, ratios]: [usize; 2]) -> AnchorShapes {
    let spread = |values: Vec<f64>, count: usize| {
        let place = |index: usize| (index as f64 + 0.5) / count as f64;
        (0..count)
            .map(|index| sorted_quantile(&values, place(index)))
            .collect()
    };
    let start = AnchorShapes {
        sizes: spread(sorted_sizes(shapes), sizes),
        ratios: spread(sorted_ratios(shapes), ratios),
    };
    let (fitted, _) = start.fitted(shapes);
    let mut found = fitted.rounded();
    found.sizes.dedup();
    found.ratios.dedup();
    found
}

/// The share of the boxes that some size in some ratio overlaps with an IoU of at least 0.5 when laid on it.
pub fn share_covered(shapes: &Shapes, anchors: &AnchorShapes) -> f64 {
    let covered = shapes
        .iter()
        .filter(|shape| anchors.best_iou(**shape) >= 0.5);
    covered.count() as f64 / shapes.len().max(1) as f64
}
