//! 2x2 max pooling behind a convolution.

use rayon::prelude::*;

use super::images;
use crate::lanes::LANES;

/// The greatest of each 2x2 square, where NaN counts only if it comes first: `x` `[planes, H, W, 16]` ->
/// `[planes, H / 2, W / 2, 16]`. An odd last row or column is dropped.
///
/// # Panics
/// If the length does not match.
pub fn halve(x: &[f32], size: [usize; 2]) -> Vec<f32> {
    let [rows, columns] = size.map(|side| side / 2);
    let plane = size[0] * size[1] * LANES;
    let planes = images(x.len(), plane, "channels::halve");
    let row = size[1] * LANES;
    let mut y = vec![0.0; planes * rows * columns * LANES];
    if y.is_empty() {
        return y;
    }
    y.par_chunks_mut(rows * columns * LANES)
        .with_min_len((16_384 / plane).max(1))
        .zip(x.par_chunks(plane))
        .for_each(|(y, x)| {
            let pairs = x.chunks_exact(2 * row);
            for (pair, y) in pairs.zip(y.chunks_exact_mut(columns * LANES)) {
                let (top, bottom) = pair.split_at(row);
                let (top, bottom) = (top.chunks_exact(2 * LANES), bottom.chunks_exact(2 * LANES));
                for ((top, bottom), y) in top.zip(bottom).zip(y.chunks_exact_mut(LANES)) {
                    for lane in 0..LANES {
                        let greater = |a: f32, b: f32| if b > a { b } else { a };
                        let left = greater(top[lane], bottom[lane]);
                        let right = greater(top[LANES + lane], bottom[LANES + lane]);
                        y[lane] = greater(left, right);
                    }
                }
            }
        });
    y
}
