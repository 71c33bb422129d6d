//! Sizes and ratios of anchors from the shapes of boxes alone.

use super::survey::sorted_quantile;

/// Rounds of the search.
const ROUNDS: usize = 30;

/// `[height, width]` of boxes on the network's input, pixels.
pub type Shapes = [[f64; 2]];

/// The square roots of the boxes' areas, ascending.
pub fn sorted_sizes(shapes: &Shapes) -> Vec<f64> {
    sorted(shapes.iter().map(|[height, width]| (height * width).sqrt()))
}

/// Heights divided by widths, ascending.
pub fn sorted_ratios(shapes: &Shapes) -> Vec<f64> {
    sorted(shapes.iter().map(|[height, width]| height / width))
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// As many sizes and ratios as asked for, or fewer where they would coincide: k-means with the distance 1 - IoU of boxes
/// laid on one another (Redmon and Farhadi 2017), where every size comes in every ratio. It starts from quantiles.
pub fn fit(shapes: &Shapes, counts: [usize; 2]) -> [Vec<f64>; 2] {
    let features = [sorted_sizes(shapes), sorted_ratios(shapes)];
    let mut values = [0, 1].map(|which| -> Vec<f64> {
        let count = counts[which];
        let place = |index: usize| (index as f64 + 0.5) / count as f64;
        (0..count)
            .map(|index| sorted_quantile(&features[which], place(index)))
            .collect()
    });
    for _ in 0..ROUNDS {
        // Sums of logarithms and counts, a size or ratio each.
        let mut sums = [0, 1].map(|which| vec![(0.0, 0_usize); values[which].len()]);
        for &[height, width] in shapes {
            let (_, places) = nearest([height, width], &values);
            let feature = [(height * width).sqrt(), height / width];
            for which in 0..2 {
                let (sum, count) = &mut sums[which][places[which]];
                *sum += feature[which].ln();
                *count += 1;
            }
        }
        for which in 0..2 {
            for (value, (sum, count)) in values[which].iter_mut().zip(&sums[which]) {
                if *count > 0 {
                    *value = (sum / *count as f64).exp();
                }
            }
        }
    }
    let [sizes, ratios] = values;
    [rounded(sizes, 10.0), rounded(ratios, 100.0)]
}

/// Ascending, to this many parts of 1, each once.
pub fn rounded(values: Vec<f64>, parts: f64) -> Vec<f64> {
    let mut values = sorted(
        values
            .into_iter()
            .map(|value| (value * parts).round().max(1.0) / parts),
    );
    values.dedup();
    values
}

/// The share of the boxes that some size in some ratio overlaps with an IoU of at least 0.5 when laid on it.
pub fn share_covered(shapes: &Shapes, anchors: &[Vec<f64>; 2]) -> f64 {
    let covered = shapes
        .iter()
        .filter(|shape| nearest(**shape, anchors).0 >= 0.5);
    covered.count() as f64 / shapes.len().max(1) as f64
}

/// The best IoU of a box with any size in any ratio, and the indices of both.
fn nearest([height, width]: [f64; 2], [sizes, ratios]: &[Vec<f64>; 2]) -> (f64, [usize; 2]) {
    let mut best = (-1.0, [0, 0]);
    for (i, size) in sizes.iter().enumerate() {
        for (j, ratio) in ratios.iter().enumerate() {
            let (w, h) = (size / ratio.sqrt(), size * ratio.sqrt());
            let shared = w.min(width) * h.min(height);
            let iou = shared / (w * h + width * height - shared);
            if iou > best.0 {
                best = (iou, [i, j]);
            }
        }
    }
    best
}
