//! Average pooling to an output of a given size, as PyTorch's `adaptive_avg_pool2d`; an activation is
//! `[planes, height, width, 16]`.
//!
//! Window i of n along a side of s pixels reaches from floor(i s / n) to ceil((i + 1) s / n): windows are equal where n
//! divides s, and overlap by a pixel elsewhere.

#[cfg(test)]
mod tests;

use std::ops::Range;

use rayon::prelude::*;

use crate::lanes::{LANES, Row, whole_blocks};

/// Window `index` of `count` along a side of `size` pixels.
pub fn window(index: usize, count: usize, size: usize) -> Range<usize> {
    index * size / count..((index + 1) * size).div_ceil(count)
}

/// `[planes, size, 16] -> [planes, output, 16]`
///
/// # Panics
/// If `x` does not hold whole planes, or a side is 0.
pub fn forward(x: &[f32], size: [usize; 2], output: [usize; 2]) -> Vec<f32> {
    let planes = whole_blocks(x.len(), size[0] * size[1], "adaptive pool: x");
    let mut y = vec![0.0; planes * output[0] * output[1] * LANES];
    y.par_chunks_mut(output[0] * output[1] * LANES)
        .zip(x.par_chunks(size[0] * size[1] * LANES))
        .for_each(|(y, x)| {
            let x = x.as_chunks::<LANES>().0;
            for (cell, y) in y.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
                let [rows, columns] = windows(cell, size, output);
                let share = 1.0 / (rows.len() * columns.len()) as f32;
                for row in rows {
                    for value in &x[row * size[1]..][columns.clone()] {
                        add_scaled(y, value, share);
                    }
                }
            }
        });
    y
}

/// The gradient of [`forward`] with respect to `x`.
///
/// # Panics
/// If `dy` does not hold whole planes, or a side is 0.
pub fn backward(dy: &[f32], size: [usize; 2], output: [usize; 2]) -> Vec<f32> {
    let planes = whole_blocks(dy.len(), output[0] * output[1], "adaptive pool: dy");
    let mut dx = vec![0.0; planes * size[0] * size[1] * LANES];
    dx.par_chunks_mut(size[0] * size[1] * LANES)
        .zip(dy.par_chunks(output[0] * output[1] * LANES))
        .for_each(|(dx, dy)| {
            let dx = dx.as_chunks_mut::<LANES>().0;
            for (cell, dy) in dy.as_chunks::<LANES>().0.iter().enumerate() {
                let [rows, columns] = windows(cell, size, output);
                let share = 1.0 / (rows.len() * columns.len()) as f32;
                for row in rows {
                    for value in &mut dx[row * size[1]..][columns.clone()] {
                        add_scaled(value, dy, share);
                    }
                }
            }
        });
    dx
}

/// The rows and columns that a cell of the output averages.
fn windows(cell: usize, size: [usize; 2], output: [usize; 2]) -> [Range<usize>; 2] {
    let place = [cell / output[1], cell % output[1]];
    [0, 1].map(|axis| window(place[axis], output[axis], size[axis]))
}

fn add_scaled(to: &mut Row, from: &Row, factor: f32) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from * factor;
    }
}
