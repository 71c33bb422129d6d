//! Nearest upsampling onto a finer map: which cell each one copies, the sum with the finer map, and its transpose.
//!
//! Maps are planes of H x W cells of sixteen lanes. 'fine' is the larger map, 'coarse' the one enlarged to its size.

use rayon::prelude::*;

use crate::lanes::LANES;

/// The source cell of each of `to` cells along an axis of `from` cells: floor(i * from / to), for any sizes.
///
/// In f32, product after quotient, as PyTorch's `interpolate(size=...)`: where `i * from / to` is whole, rounding may
/// give the cell before it, and pretrained weights expect that.
pub fn sources(from: usize, to: usize) -> Vec<usize> {
    let scale = from as f32 / to as f32;
    (0..to)
        .map(|i| ((i as f32 * scale) as usize).min(from.saturating_sub(1)))
        .collect()
}

/// `fine` `[planes, H, W, 16]` plus `coarse` `[planes, h, w, 16]` enlarged to its size, in the shape of `fine`.
///
/// # Panics
/// If a length is not a number of whole planes, or their numbers differ.
pub fn add(
    fine: &[f32],
    fine_size: [usize; 2],
    coarse: &[f32],
    coarse_size: [usize; 2],
) -> Vec<f32> {
    let [height, width] = fine_size;
    let rows = sources(coarse_size[0], height);
    let columns = sources(coarse_size[1], width);
    let planes = fine.len() / (height * width * LANES).max(1);
    let line = coarse_size[1] * LANES;
    assert_eq!(fine.len(), planes * height * width * LANES, "add: fine");
    assert_eq!(coarse.len(), planes * coarse_size[0] * line, "add: coarse");
    let mut sum = fine.to_vec();
    if sum.is_empty() {
        return sum;
    }
    sum.par_chunks_exact_mut(height * width * LANES)
        .zip(coarse.par_chunks_exact(coarse_size[0] * line))
        .for_each(|(sum, coarse)| {
            for (to, &row) in sum.chunks_exact_mut(width * LANES).zip(&rows) {
                let from = coarse[row * line..][..line].as_chunks::<LANES>().0;
                for (to, &column) in to.as_chunks_mut::<LANES>().0.iter_mut().zip(&columns) {
                    for (to, from) in to.iter_mut().zip(&from[column]) {
                        *to += from;
                    }
                }
            }
        });
    sum
}

/// The gradient of [`add`]'s `coarse` from that of the sum: each cell sums the gradients of its copies.
///
/// # Panics
/// If `gradient` does not hold so many planes.
pub fn backward(
    gradient: &[f32],
    fine_size: [usize; 2],
    coarse_size: [usize; 2],
    planes: usize,
) -> Vec<f32> {
    let [height, width] = fine_size;
    let rows = sources(coarse_size[0], height);
    let columns = sources(coarse_size[1], width);
    let line = coarse_size[1] * LANES;
    assert_eq!(
        gradient.len(),
        planes * height * width * LANES,
        "upsample::backward: gradient"
    );
    let mut coarse = vec![0.0; planes * coarse_size[0] * line];
    if gradient.is_empty() {
        return coarse;
    }
    coarse
        .par_chunks_exact_mut(coarse_size[0] * line)
        .zip(gradient.par_chunks_exact(height * width * LANES))
        .for_each(|(coarse, gradient)| {
            for (from, &row) in gradient.chunks_exact(width * LANES).zip(&rows) {
                let to = coarse[row * line..][..line].as_chunks_mut::<LANES>().0;
                for (from, &column) in from.as_chunks::<LANES>().0.iter().zip(&columns) {
                    for (to, from) in to[column].iter_mut().zip(from) {
                        *to += from;
                    }
                }
            }
        });
    coarse
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reference;
    use crate::tests::{assert_close, assert_sums_close, random, wide};

    #[test]
    fn sources_are_pytorchs() {
        let cases: [(&str, usize, usize, &[usize]); 5] = [
            ("doubled", 2, 4, &[0, 0, 1, 1]),
            ("to an odd size", 4, 7, &[0, 0, 1, 1, 2, 2, 3]),
            ("by less than two", 2, 3, &[0, 0, 1]),
            ("one cell", 1, 3, &[0, 0, 0]),
            ("the same size", 3, 3, &[0, 1, 2]),
        ];
        for (name, from, to, expected) in cases {
            assert_eq!(sources(from, to), expected, "{name}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn agrees_with_the_obvious_loops_and_slopes(
            planes in 1..4usize,
            fine in [1..7usize, 1..7usize],
            coarse in [1..5usize, 1..5usize],
        ) {
            let count = |size: [usize; 2]| planes * size[0] * size[1] * LANES;
            let x = random(1, count(coarse));
            let to = random(2, count(fine));
            let dy = random(3, count(fine));
            let sum = |x: &[f64]| reference::add_upsampled(&wide(&to), fine, x, coarse);
            assert_close(&add(&to, fine, &x, coarse), &sum(&wide(&x)), 1e-6, "sum");
            let slopes = reference::gradient(&wide(&x), &wide(&dy), sum);
            assert_sums_close(&backward(&dy, fine, coarse, planes), &slopes, 1e-5, "gradient");
        }
    }
}
