//! Depthwise convolution: every channel has kernels of its own, and output `o` reads channel `o / m`, where m outputs share
//! a channel.
//!
//! One tap after the other adds its product to a row of results, which stays in the first-level cache.

use std::ops::Range;

use rayon::prelude::*;

use crate::conv::Conv;
use crate::lanes::{LANES, Row, whole_blocks};
use crate::micro::{read, update};
use crate::simd::{Lanes, Simd, Task};

/// See [`super::Grouped::forward`].
pub(super) fn forward(
    conv: &Conv,
    x: &[f32],
    size: [usize; 2],
    weight: &[f32],
    bias: &[f32],
    relu: bool,
) -> Vec<f32> {
    let out = conv.checked_output(size);
    let (from, to) = (plane(size), plane(out));
    let blocks = whole_blocks(
        x.len(),
        conv.in_channels * size[0] * size[1],
        "convolution: x",
    );
    let mut y = vec![0.0; blocks * conv.out_channels * to];
    let simd = Simd::current();
    planes(&mut y, to).for_each(|(index, y)| {
        let (block, o) = (index / conv.out_channels, index % conv.out_channels);
        let source = block * conv.in_channels + o / shared(conv);
        simd.run(Forward {
            taps: Taps::new(conv, size, kernel(conv, weight, o)),
            x: x[source * from..][..from].as_chunks().0,
            y: y.as_chunks_mut().0,
            bias: bias[o],
            relu,
        });
    });
    y
}

/// See [`super::Grouped::backward_data`].
pub(super) fn backward_data(conv: &Conv, dy: &[f32], size: [usize; 2], weight: &[f32]) -> Vec<f32> {
    let out = conv.checked_output(size);
    let (from, to) = (plane(out), plane(size));
    let blocks = whole_blocks(
        dy.len(),
        conv.out_channels * out[0] * out[1],
        "convolution: dy",
    );
    let mut dx = vec![0.0; blocks * conv.in_channels * to];
    let simd = Simd::current();
    planes(&mut dx, to).for_each(|(index, dx)| {
        let (block, channel) = (index / conv.in_channels, index % conv.in_channels);
        for o in channel * shared(conv)..(channel + 1) * shared(conv) {
            let source = block * conv.out_channels + o;
            simd.run(BackwardData {
                taps: Taps::new(conv, size, kernel(conv, weight, o)),
                dy: dy[source * from..][..from].as_chunks().0,
                dx: dx.as_chunks_mut().0,
            });
        }
    });
    dx
}

/// See [`super::Grouped::backward_weights`].
pub(super) fn backward_weights(conv: &Conv, x: &[f32], dy: &[f32], size: [usize; 2]) -> Vec<f32> {
    let out = conv.checked_output(size);
    let blocks = whole_blocks(
        x.len(),
        conv.in_channels * size[0] * size[1],
        "convolution: x",
    );
    assert_eq!(
        dy.len(),
        blocks * conv.out_channels * plane(out),
        "convolution: dy"
    );
    let taps = conv.kernel[0] * conv.kernel[1];
    let mut dw = vec![0.0; conv.out_channels * taps];
    let simd = Simd::current();
    dw.par_chunks_mut(taps).enumerate().for_each(|(o, dw)| {
        let mut sums = vec![0f64; taps];
        for block in 0..blocks {
            let source = block * conv.in_channels + o / shared(conv);
            let target = block * conv.out_channels + o;
            simd.run(BackwardWeights {
                taps: Taps::new(conv, size, &[]),
                x: x[source * plane(size)..][..plane(size)].as_chunks().0,
                dy: dy[target * plane(out)..][..plane(out)].as_chunks().0,
                sums: &mut sums,
            });
        }
        for (dw, sum) in dw.iter_mut().zip(sums) {
            *dw = sum as f32;
        }
    });
    dw
}

/// Values of a plane.
fn plane(size: [usize; 2]) -> usize {
    size[0] * size[1] * LANES
}

/// Outputs that read the same channel.
fn shared(conv: &Conv) -> usize {
    conv.out_channels / conv.in_channels
}

fn kernel<'a>(conv: &Conv, weight: &'a [f32], o: usize) -> &'a [f32] {
    let taps = conv.kernel[0] * conv.kernel[1];
    &weight[o * taps..][..taps]
}

/// Planes with their numbers, several to a task.
fn planes(
    values: &mut [f32],
    plane: usize,
) -> impl IndexedParallelIterator<Item = (usize, &mut [f32])> {
    values
        .par_chunks_mut(plane.max(1))
        .enumerate()
        .with_min_len(1 + (1 << 14) / plane.max(1))
}

/// The taps of one channel's kernel over its plane.
#[derive(Clone, Copy)]
struct Taps<'a> {
    conv: Conv,
    size: [usize; 2],
    out: [usize; 2],
    weight: &'a [f32],
}

impl<'a> Taps<'a> {
    fn new(conv: &Conv, size: [usize; 2], weight: &'a [f32]) -> Self {
        Self {
            conv: *conv,
            size,
            out: conv.checked_output(size),
            weight,
        }
    }

    /// The row of the input that this tap reads for a row of the output.
    #[inline(always)]
    fn row(&self, row: usize, tap: usize) -> Option<usize> {
        let at = row * self.conv.stride[0] + tap * self.conv.dilation[0];
        at.checked_sub(self.conv.padding[0])
            .filter(|&at| at < self.size[0])
    }

    /// The columns of the output for which this tap reads the input, and the column that the first of them reads.
    #[inline(always)]
    fn columns(&self, tap: usize) -> (Range<usize>, usize) {
        let stride = self.conv.stride[1];
        let (reach, padding) = (tap * self.conv.dilation[1], self.conv.padding[1]);
        let first = padding.saturating_sub(reach).div_ceil(stride);
        let end = match (self.size[1] + padding).checked_sub(reach + 1) {
            Some(room) => (room / stride + 1).min(self.out[1]),
            None => 0,
        };
        let first = first.min(end);
        (first..end, (first * stride + reach).saturating_sub(padding))
    }
}

struct Forward<'a> {
    taps: Taps<'a>,
    x: &'a [Row],
    y: &'a mut [Row],
    bias: f32,
    relu: bool,
}

impl Task for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let taps = self.taps;
        let [width, columns] = [taps.size[1], taps.out[1]];
        let stride = taps.conv.stride[1];
        for row in 0..taps.out[0] {
            let y = &mut self.y[row * columns..][..columns];
            for y in &mut *y {
                update(l, y, l.splat(self.bias));
            }
            for ky in 0..taps.conv.kernel[0] {
                let Some(source) = taps.row(row, ky) else {
                    continue;
                };
                let line = &self.x[source * width..][..width];
                for kx in 0..taps.conv.kernel[1] {
                    let (range, start) = taps.columns(kx);
                    let weight = l.splat(taps.weight[ky * taps.conv.kernel[1] + kx]);
                    let mut at = start;
                    for y in &mut y[range] {
                        update(l, y, l.mul_add(weight, read(l, &line[at]), read(l, y)));
                        at += stride;
                    }
                }
            }
            if self.relu {
                for y in y {
                    let v = read(l, y);
                    // NaN is kept: nothing is greater than it.
                    update(l, y, l.select_gt(l.zero(), v, l.zero(), v));
                }
            }
        }
    }
}

struct BackwardData<'a> {
    taps: Taps<'a>,
    dy: &'a [Row],
    dx: &'a mut [Row],
}

impl Task for BackwardData<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let taps = self.taps;
        let [width, columns] = [taps.size[1], taps.out[1]];
        let stride = taps.conv.stride[1];
        for row in 0..taps.out[0] {
            let dy = &self.dy[row * columns..][..columns];
            for ky in 0..taps.conv.kernel[0] {
                let Some(target) = taps.row(row, ky) else {
                    continue;
                };
                let line = &mut self.dx[target * width..][..width];
                for kx in 0..taps.conv.kernel[1] {
                    let (range, start) = taps.columns(kx);
                    let weight = l.splat(taps.weight[ky * taps.conv.kernel[1] + kx]);
                    let mut at = start;
                    for dy in &dy[range] {
                        let dx = &mut line[at];
                        update(l, dx, l.mul_add(weight, read(l, dy), read(l, dx)));
                        at += stride;
                    }
                }
            }
        }
    }
}

struct BackwardWeights<'a> {
    taps: Taps<'a>,
    x: &'a [Row],
    dy: &'a [Row],
    sums: &'a mut [f64],
}

impl Task for BackwardWeights<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let taps = self.taps;
        let [width, columns] = [taps.size[1], taps.out[1]];
        let stride = taps.conv.stride[1];
        for ky in 0..taps.conv.kernel[0] {
            for kx in 0..taps.conv.kernel[1] {
                let (range, start) = taps.columns(kx);
                let mut sum = l.zero();
                for row in 0..taps.out[0] {
                    let Some(source) = taps.row(row, ky) else {
                        continue;
                    };
                    let line = &self.x[source * width..][..width];
                    let dy = &self.dy[row * columns..][..columns];
                    // Each row has its own sum, so that the sum of a large map keeps its precision.
                    let mut of_row = l.zero();
                    let mut at = start;
                    for dy in &dy[range.clone()] {
                        of_row = l.mul_add(read(l, dy), read(l, &line[at]), of_row);
                        at += stride;
                    }
                    sum = l.add(sum, of_row);
                }
                self.sums[ky * taps.conv.kernel[1] + kx] += f64::from(l.sum(sum));
            }
        }
    }
}
