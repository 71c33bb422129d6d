//! Functions of single values that Burn would compute in several passes over memory: the sum with ReLU that ends a residual
//! block, and MobileNet's activations.

#[cfg(test)]
mod tests;

use rayon::prelude::*;

use crate::micro::relu;

/// Values that one task computes.
const CHUNK: usize = 1 << 14;

/// max(0, a + b), NaN kept.
///
/// # Panics
/// If the lengths differ.
pub fn add_relu(a: &[f32], b: &[f32]) -> Vec<f32> {
    both(a, b, |a, b| relu(a + b))
}

/// The gradient of ReLU's input from its output `y` and the gradient of that.
///
/// # Panics
/// If the lengths differ.
pub fn relu_backward(y: &[f32], dy: &[f32]) -> Vec<f32> {
    both(y, dy, |y, dy| if y > 0.0 { dy } else { 0.0 })
}

/// min(max(x + 3, 0), 6) / 6
pub fn hard_sigmoid(x: &[f32]) -> Vec<f32> {
    each(x, sigmoid)
}

/// The gradient of [`hard_sigmoid`] with respect to `x`.
///
/// # Panics
/// If the lengths differ.
pub fn hard_sigmoid_backward(x: &[f32], dy: &[f32]) -> Vec<f32> {
    both(x, dy, |x, dy| if x.abs() < 3.0 { dy / 6.0 } else { 0.0 })
}

/// x times its hard sigmoid.
pub fn hard_swish(x: &[f32]) -> Vec<f32> {
    each(x, |x| x * sigmoid(x))
}

/// The gradient of [`hard_swish`] with respect to `x`.
///
/// # Panics
/// If the lengths differ.
pub fn hard_swish_backward(x: &[f32], dy: &[f32]) -> Vec<f32> {
    both(x, dy, |x, dy| {
        let slope = if x.abs() < 3.0 {
            x / 3.0 + 0.5
        } else if x > 0.0 {
            1.0
        } else {
            0.0
        };
        dy * slope
    })
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    // Of NaN, which `max` and `min` would drop, it is NaN.
    (x + 3.0).clamp(0.0, 6.0) / 6.0
}

fn each(x: &[f32], function: impl Fn(f32) -> f32 + Sync) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    y.par_chunks_mut(CHUNK)
        .zip(x.par_chunks(CHUNK))
        .for_each(|(y, x)| {
            for (y, x) in y.iter_mut().zip(x) {
                *y = function(*x);
            }
        });
    y
}

fn both(a: &[f32], b: &[f32], function: impl Fn(f32, f32) -> f32 + Sync) -> Vec<f32> {
    assert_eq!(a.len(), b.len(), "as many values");
    let mut y = vec![0.0; a.len()];
    y.par_chunks_mut(CHUNK)
        .zip(a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)))
        .for_each(|(y, (a, b))| {
            for (y, (a, b)) in y.iter_mut().zip(a.iter().zip(b)) {
                *y = function(*a, *b);
            }
        });
    y
}
