//! Maximum and average pooling on the lanes layout; an activation is `[planes, height, width, 16]`, where planes =
//! blocks * channels.

use std::mem::MaybeUninit;
use std::ops::Range;

use rayon::prelude::*;

use crate::buffer::Fill;
use crate::lanes::{LANES, Row, whole_blocks};
use crate::micro::{read, update, write};
use crate::simd::{Lanes, Simd, Task};

/// A pooling window; all pairs are `[rows, columns]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pool {
    /// Size of the window.
    pub kernel: [usize; 2],
    /// Distance of neighbouring windows.
    pub stride: [usize; 2],
    /// Pixels added on each side: less than any value for the maximum, zero for the average. At most half the kernel.
    pub padding: [usize; 2],
}

impl Pool {
    /// Height and width of the result for an input of `size`; windows that do not fit are dropped.
    ///
    /// # Panics
    /// If the kernel or the stride is zero, the padding is more than half the kernel, or no window fits.
    pub fn output(&self, size: [usize; 2]) -> [usize; 2] {
        [0, 1].map(|axis| {
            let (kernel, stride, padding) =
                (self.kernel[axis], self.stride[axis], self.padding[axis]);
            assert!(
                kernel > 0 && stride > 0 && padding <= kernel / 2,
                "pool: {self:?}"
            );
            assert!(
                size[axis] > 0 && size[axis] + 2 * padding >= kernel,
                "pool: {self:?} on {size:?}"
            );
            (size[axis] + 2 * padding - kernel) / stride + 1
        })
    }

    /// One over the pixels of a window: the weight of each in an average.
    #[inline(always)]
    fn weight(&self) -> f32 {
        1.0 / (self.kernel[0] * self.kernel[1]) as f32
    }

    /// The part of window `index` that lies on the input, along one axis, and how far it starts inside the window.
    #[inline(always)]
    fn window(&self, axis: usize, index: usize, size: usize) -> (Range<usize>, usize) {
        let (start, padding) = (index * self.stride[axis], self.padding[axis]);
        let cut = padding.saturating_sub(start);
        let end = (start + self.kernel[axis] - padding).min(size);
        (start + cut - padding..end, cut)
    }
}

/// What `max_forward` gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Maximum {
    /// The greatest values, `[planes, out_height, out_width, 16]`.
    pub y: Vec<f32>,
    /// Where in its window each was found: row * kernel columns + column, padding included; the first of equal ones.
    pub offset: Vec<u16>,
}

/// Maximum pooling of `[planes, size, 16]`; NaN counts as the greatest, as in PyTorch.
///
/// # Panics
/// As [`Pool::output`], if `x` is not `[planes, size, 16]`, or if the window has more than 65,536 pixels.
pub fn max_forward(x: &[f32], size: [usize; 2], pool: Pool) -> Maximum {
    let [rows, columns] = pool.output(size);
    assert!(
        pool.kernel[0]
            .checked_mul(pool.kernel[1])
            .is_some_and(|area| area <= 1 << 16),
        "pool: {pool:?} is too large"
    );
    let (from, to) = (size[0] * size[1] * LANES, rows * columns * LANES);
    let planes = whole_blocks(x.len(), from / LANES, "max_forward: x");
    let (mut y, mut offset) = (Fill::new(planes * to), Fill::new(planes * to));
    let simd = Simd::current();
    let outputs = y
        .whole()
        .par_chunks_mut(to)
        .zip(offset.whole().par_chunks_mut(to));
    x.par_chunks(from)
        .zip(outputs)
        .with_min_len(least_planes(from))
        .for_each(|(x, (y, offset))| {
            simd.run(Max {
                x: x.as_chunks().0,
                y,
                offset,
                size,
                pool,
            })
        });
    // SAFETY: every plane of both was written.
    let (y, offset) = unsafe { (y.finish(), offset.finish()) };
    Maximum { y, offset }
}

/// The gradient of [`max_forward`] with respect to `x`: each `dy` goes to the pixel its maximum came from.
///
/// # Panics
/// As [`Pool::output`], or if `dy` and `offset` do not fit.
pub fn max_backward(dy: &[f32], offset: &[u16], size: [usize; 2], pool: Pool) -> Vec<f32> {
    assert_eq!(dy.len(), offset.len(), "max_backward: offset");
    let [rows, columns] = pool.output(size);
    let (from, to) = (rows * columns * LANES, size[0] * size[1] * LANES);
    let planes = whole_blocks(dy.len(), from / LANES, "max_backward: dy");
    let mut dx = Fill::new(planes * to);
    let simd = Simd::current();
    dy.par_chunks(from)
        .zip(offset.par_chunks(from))
        .zip(dx.whole().par_chunks_mut(to))
        .with_min_len(least_planes(to))
        .for_each(|((dy, offset), dx)| {
            let (dy, offset) = (dy.as_chunks().0, offset.as_chunks().0);
            simd.run(MaxBackward {
                dy,
                offset,
                dx: zeroed(dx),
                size,
                pool,
            });
        });
    // SAFETY: every plane was written.
    unsafe { dx.finish() }
}

/// Average pooling of `[planes, size, 16]`. The divisor is the whole window, padding included (PyTorch's default).
///
/// # Panics
/// As [`Pool::output`], or if `x` is not `[planes, size, 16]`.
pub fn average_forward(x: &[f32], size: [usize; 2], pool: Pool) -> Vec<f32> {
    let [rows, columns] = pool.output(size);
    let (from, to) = (size[0] * size[1] * LANES, rows * columns * LANES);
    let planes = whole_blocks(x.len(), from / LANES, "average_forward: x");
    let mut y = Fill::new(planes * to);
    let simd = Simd::current();
    x.par_chunks(from)
        .zip(y.whole().par_chunks_mut(to))
        .with_min_len(least_planes(from))
        .for_each(|(x, y)| {
            simd.run(Average {
                x: x.as_chunks().0,
                y,
                size,
                pool,
            })
        });
    // SAFETY: every plane was written.
    unsafe { y.finish() }
}

/// The gradient of [`average_forward`] with respect to `x`.
///
/// # Panics
/// As [`Pool::output`], or if `dy` does not fit.
pub fn average_backward(dy: &[f32], size: [usize; 2], pool: Pool) -> Vec<f32> {
    let [rows, columns] = pool.output(size);
    let (from, to) = (rows * columns * LANES, size[0] * size[1] * LANES);
    let planes = whole_blocks(dy.len(), from / LANES, "average_backward: dy");
    let mut dx = Fill::new(planes * to);
    let simd = Simd::current();
    dy.par_chunks(from)
        .zip(dx.whole().par_chunks_mut(to))
        .with_min_len(least_planes(to))
        .for_each(|(dy, dx)| {
            let dy = dy.as_chunks().0;
            simd.run(AverageBackward {
                dy,
                dx: zeroed(dx),
                size,
                pool,
            });
        });
    // SAFETY: every plane was written.
    unsafe { dx.finish() }
}

/// Planes in a task, at least: enough work to be worth starting one.
fn least_planes(plane: usize) -> usize {
    1 + (1 << 14) / plane
}

fn zeroed(plane: &mut [MaybeUninit<f32>]) -> &mut [Row] {
    plane.fill(MaybeUninit::new(0.0));
    // SAFETY: every value was just written.
    let plane = unsafe { &mut *(plane as *mut [MaybeUninit<f32>] as *mut [f32]) };
    plane.as_chunks_mut().0
}

struct Max<'a> {
    x: &'a [Row],
    y: &'a mut [MaybeUninit<f32>],
    offset: &'a mut [MaybeUninit<u16>],
    size: [usize; 2],
    pool: Pool,
}

impl Task for Max<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let [rows, columns] = self.pool.output(self.size);
        let mut outputs = self
            .y
            .as_chunks_mut()
            .0
            .iter_mut()
            .zip(self.offset.as_chunks_mut::<LANES>().0);
        for row in 0..rows {
            let (ys, top) = self.pool.window(0, row, self.size[0]);
            for column in 0..columns {
                let (xs, left) = self.pool.window(1, column, self.size[1]);
                let mut best = l.splat(f32::NEG_INFINITY);
                let mut found = l.splat((top * self.pool.kernel[1] + left) as f32);
                for (y, ky) in ys.clone().zip(top..) {
                    let line = &self.x[y * self.size[1]..][xs.clone()];
                    for (x, kx) in line.iter().zip(left..) {
                        let v = read(l, x);
                        let here = l.splat((ky * self.pool.kernel[1] + kx) as f32);
                        // Only a greater value replaces the best, so the first of equals stays; NaN, which is not
                        // equal to itself, always does.
                        found = l.select_eq(v, v, l.select_gt(v, best, here, found), here);
                        best = l.select_eq(v, v, l.select_gt(v, best, v, best), v);
                    }
                }
                let Some((y, offset)) = outputs.next() else {
                    return;
                };
                write(l, y, best);
                let mut whole = Row::default();
                update(l, &mut whole, found);
                for (offset, whole) in offset.iter_mut().zip(whole) {
                    // SAFETY: a whole number below 65,536; a checked conversion would not be vectorized.
                    offset.write(unsafe { whole.to_int_unchecked::<i32>() } as u16);
                }
            }
        }
    }
}

struct MaxBackward<'a> {
    dy: &'a [Row],
    offset: &'a [[u16; LANES]],
    dx: &'a mut [Row],
    size: [usize; 2],
    pool: Pool,
}

impl Task for MaxBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let [rows, columns] = self.pool.output(self.size);
        let mut inputs = self.dy.iter().zip(self.offset);
        for row in 0..rows {
            let (ys, top) = self.pool.window(0, row, self.size[0]);
            for column in 0..columns {
                let (xs, left) = self.pool.window(1, column, self.size[1]);
                let Some((dy, offset)) = inputs.next() else {
                    return;
                };
                let mut found = Row::default();
                for lane in 0..LANES {
                    found[lane] = f32::from(offset[lane]);
                }
                let (dy, found) = (read(l, dy), read(l, &found));
                for (y, ky) in ys.clone().zip(top..) {
                    let line = &mut self.dx[y * self.size[1]..][xs.clone()];
                    for (dx, kx) in line.iter_mut().zip(left..) {
                        let here = l.splat((ky * self.pool.kernel[1] + kx) as f32);
                        let share = l.select_eq(found, here, dy, l.zero());
                        update(l, dx, l.add(read(l, dx), share));
                    }
                }
            }
        }
    }
}

struct Average<'a> {
    x: &'a [Row],
    y: &'a mut [MaybeUninit<f32>],
    size: [usize; 2],
    pool: Pool,
}

impl Task for Average<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let [rows, columns] = self.pool.output(self.size);
        let weight = l.splat(self.pool.weight());
        let mut outputs = self.y.as_chunks_mut().0.iter_mut();
        for row in 0..rows {
            let (ys, _) = self.pool.window(0, row, self.size[0]);
            for column in 0..columns {
                let (xs, _) = self.pool.window(1, column, self.size[1]);
                let mut sum = l.zero();
                for y in ys.clone() {
                    // Each row has its own sum, so that the sum of a large window keeps its precision.
                    let mut line = l.zero();
                    for x in &self.x[y * self.size[1]..][xs.clone()] {
                        line = l.add(line, read(l, x));
                    }
                    sum = l.add(sum, line);
                }
                let Some(y) = outputs.next() else { return };
                write(l, y, l.mul(sum, weight));
            }
        }
    }
}

struct AverageBackward<'a> {
    dy: &'a [Row],
    dx: &'a mut [Row],
    size: [usize; 2],
    pool: Pool,
}

impl Task for AverageBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let [rows, columns] = self.pool.output(self.size);
        let weight = l.splat(self.pool.weight());
        let mut inputs = self.dy.iter();
        for row in 0..rows {
            let (ys, _) = self.pool.window(0, row, self.size[0]);
            for column in 0..columns {
                let (xs, _) = self.pool.window(1, column, self.size[1]);
                let Some(dy) = inputs.next() else { return };
                let share = l.mul(read(l, dy), weight);
                for y in ys.clone() {
                    for dx in &mut self.dx[y * self.size[1]..][xs.clone()] {
                        update(l, dx, l.add(read(l, dx), share));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
