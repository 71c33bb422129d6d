//! Channels multiplied by a factor each, as squeeze-and-excitation does; an activation is `[planes, area, 16]`, where planes
//! = blocks * channels, and the factors are `[planes, 16]`.

#[cfg(test)]
mod tests;

use rayon::prelude::*;

use crate::lanes::{LANES, Row};
use crate::micro::{read, update};
use crate::simd::{Lanes, Simd, Task};

/// Every value of `x` times the factor of its plane.
///
/// # Panics
/// If `x` is not `area` values for each factor.
pub fn forward(x: &[f32], gate: &[f32], area: usize) -> Vec<f32> {
    let plane = area * LANES;
    assert_eq!(x.len(), gate.len() * area, "gate: x");
    let mut y = vec![0.0; x.len()];
    let simd = Simd::current();
    y.par_chunks_mut(plane.max(1))
        .zip(x.par_chunks(plane.max(1)))
        .zip(gate.as_chunks::<LANES>().0)
        .with_min_len(least_planes(plane))
        .for_each(|((y, x), gate)| {
            simd.run(Scale {
                x: x.as_chunks().0,
                y: y.as_chunks_mut().0,
                gate,
            })
        });
    y
}

/// The gradients of [`forward`] with respect to `x` and to `gate`.
///
/// # Panics
/// As [`forward`].
pub fn backward(x: &[f32], gate: &[f32], dy: &[f32], area: usize) -> [Vec<f32>; 2] {
    let plane = area * LANES;
    assert_eq!(x.len(), gate.len() * area, "gate: x");
    assert_eq!(dy.len(), x.len(), "gate: dy");
    let mut sums = vec![0.0; gate.len()];
    let simd = Simd::current();
    sums.as_chunks_mut::<LANES>()
        .0
        .par_iter_mut()
        .zip(x.par_chunks(plane.max(1)))
        .zip(dy.par_chunks(plane.max(1)))
        .with_min_len(least_planes(plane))
        .for_each(|((sum, x), dy)| {
            simd.run(Product {
                x: x.as_chunks().0,
                dy: dy.as_chunks().0,
                sum,
            })
        });
    [forward(dy, gate, area), sums]
}

/// Planes in a task, at least: enough work to be worth starting one.
fn least_planes(plane: usize) -> usize {
    1 + (1 << 14) / plane.max(1)
}

struct Scale<'a> {
    x: &'a [Row],
    y: &'a mut [Row],
    gate: &'a Row,
}

impl Task for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let gate = read(l, self.gate);
        for (y, x) in self.y.iter_mut().zip(self.x) {
            update(l, y, l.mul(read(l, x), gate));
        }
    }
}

struct Product<'a> {
    x: &'a [Row],
    dy: &'a [Row],
    sum: &'a mut Row,
}

/// Values that are summed before their sum is added to the others, so that a large map keeps its precision.
const RUN: usize = 64;

impl Task for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let mut sum = l.zero();
        for (x, dy) in self.x.chunks(RUN).zip(self.dy.chunks(RUN)) {
            let mut of_run = l.zero();
            for (x, dy) in x.iter().zip(dy) {
                of_run = l.mul_add(read(l, x), read(l, dy), of_run);
            }
            sum = l.add(sum, of_run);
        }
        update(l, self.sum, sum);
    }
}
