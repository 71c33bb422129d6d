//! Nearest upsampling onto a finer map: where each cell reads from, the sum with the finer map, and its transpose.
//!
//! Maps are planes of H x W cells of sixteen lanes (sixteen images). 'fine' is the larger map, 'coarse' the one that is
//! enlarged to its size.

use kernels::lanes::LANES;
use rayon::prelude::*;

/// The source cell of each of `to` cells along an axis of `from` cells: floor(i * from / to), for any sizes.
///
/// In f32, product after quotient, as PyTorch's `interpolate(size=...)`: where `i * from / to` is whole, rounding may
/// give the cell before it, and pretrained weights expect that.
pub(super) fn sources(from: usize, to: usize) -> Vec<usize> {
    let scale = from as f32 / to as f32;
    (0..to)
        .map(|i| ((i as f32 * scale) as usize).min(from.saturating_sub(1)))
        .collect()
}

/// `fine [P, H, W, 16]` plus `coarse [P, h, w, 16]` enlarged to its size, on each of P planes.
pub(super) fn add(
    fine: &[f32],
    fine_size: [usize; 2],
    coarse: &[f32],
    coarse_size: [usize; 2],
) -> Vec<f32> {
    let [height, width] = fine_size;
    let rows = sources(coarse_size[0], height);
    let columns = sources(coarse_size[1], width);
    let mut sum = fine.to_vec();
    if sum.is_empty() {
        return sum;
    }
    let line = coarse_size[1] * LANES;
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

/// The gradient of [`add`]'s `coarse` from that of the sum: each cell collects what was copied from it.
pub(super) fn collect(
    gradient: &[f32],
    fine_size: [usize; 2],
    coarse_size: [usize; 2],
    planes: usize,
) -> Vec<f32> {
    let [height, width] = fine_size;
    let rows = sources(coarse_size[0], height);
    let columns = sources(coarse_size[1], width);
    let line = coarse_size[1] * LANES;
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
    use super::*;

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
}
