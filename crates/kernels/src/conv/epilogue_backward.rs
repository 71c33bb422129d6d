//! Gradients back through a convolution's ReLU and pooling, with their sums per channel (the bias gradient).

use rayon::prelude::*;

use super::epilogue::CUT;
use crate::buffer::{Fill, Shared};
use crate::lanes::{LANES, whole_blocks};
use crate::simd::{Lanes, Simd, Task};

/// Channels that one task takes: enough work to be worth a task on small maps.
fn channels_per_task(blocks: usize, area: usize) -> usize {
    (4096 / (blocks * area).max(1)).max(1)
}

/// Gradient before ReLU from the gradient after it, and its sum per channel (the bias gradient).
///
/// `y` (the output of ReLU) and `dy`: `[blocks, channels, area, 16]` -> the same shape, and `[channels]`.
///
/// # Panics
/// If the lengths differ or are not whole blocks.
pub fn relu_backward(y: &[f32], dy: &[f32], channels: usize, area: usize) -> (Vec<f32>, Vec<f32>) {
    assert_eq!(y.len(), dy.len(), "relu_backward: y and dy");
    let blocks = whole_blocks(dy.len(), channels * area, "relu_backward");
    let mut out = Fill::new(dy.len());
    let mut sums = vec![0.0; channels];
    let simd = Simd::current();
    let to = out.shared();
    each_channel(&mut sums, blocks, area, |channel| {
        simd.run(ChannelSum {
            dy,
            relu: Some((y, to)),
            channel,
            channels,
            blocks,
            area,
        })
    });
    // SAFETY: the tasks of all channels have written every plane.
    (unsafe { out.finish() }, sums)
}

/// Gradient of a convolution's output through ReLU and 2x2 max pooling, and its sum per channel (the bias gradient).
///
/// `argmax` as [`Conv::forward_relu_pool`](super::Conv::forward_relu_pool) gave it; `dy`: `[blocks, channels,
/// rows / 2, columns / 2, 16]`; `size`: the convolution's output before pooling -> `[blocks, channels, rows,
/// columns, 16]` and `[channels]`.
///
/// # Panics
/// If the lengths differ or are not whole blocks.
pub fn relu_pool_backward(
    argmax: &[u8],
    dy: &[f32],
    channels: usize,
    size: [usize; 2],
) -> (Vec<f32>, Vec<f32>) {
    assert_eq!(argmax.len(), dy.len(), "relu_pool_backward: argmax and dy");
    let [rows, columns] = size;
    let pooled = (rows / 2) * (columns / 2);
    let blocks = whole_blocks(dy.len(), channels * pooled, "relu_pool_backward");
    let mut out = Fill::new(blocks * channels * rows * columns * LANES);
    let mut sums = vec![0.0; channels];
    let simd = Simd::current();
    let to = out.shared();
    each_channel(&mut sums, blocks, rows * columns, |channel| {
        simd.run(PoolBackward {
            argmax,
            dy,
            to,
            channel,
            channels,
            blocks,
            size,
        })
    });
    // SAFETY: the tasks of all channels have written every plane.
    (unsafe { out.finish() }, sums)
}

/// Sum of the gradient per channel: `[blocks, channels, area, 16]` -> `[channels]`.
///
/// # Panics
/// If the length is not a number of whole blocks.
pub fn bias_gradient(dy: &[f32], channels: usize, area: usize) -> Vec<f32> {
    let blocks = whole_blocks(dy.len(), channels * area, "bias_gradient");
    let mut sums = vec![0.0; channels];
    let simd = Simd::current();
    each_channel(&mut sums, blocks, area, |channel| {
        simd.run(ChannelSum {
            dy,
            relu: None,
            channel,
            channels,
            blocks,
            area,
        })
    });
    sums
}

fn each_channel(
    sums: &mut [f32],
    blocks: usize,
    area: usize,
    sum: impl Fn(usize) -> f32 + Send + Sync,
) {
    sums.par_iter_mut()
        .enumerate()
        .with_min_len(channels_per_task(blocks, area))
        .for_each(|(channel, to)| *to = sum(channel));
}

/// Sums one channel of `dy`; behind a ReLU, what it let through, which is also stored.
struct ChannelSum<'a> {
    dy: &'a [f32],
    /// The output of the ReLU, and where the gradient before it goes.
    relu: Option<(&'a [f32], Shared<'a, f32>)>,
    channel: usize,
    channels: usize,
    blocks: usize,
    area: usize,
}

impl Task for ChannelSum<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) -> f32 {
        let mut sum = l.zero();
        for block in 0..self.blocks {
            let plane = (block * self.channels + self.channel) * self.area * LANES;
            for i in (plane..plane + self.area * LANES).step_by(LANES) {
                // SAFETY: the plane lies within the arrays, all of one length; only this task writes it.
                unsafe {
                    let mut dy = l.load(self.dy.as_ptr().add(i));
                    if let Some((y, to)) = self.relu {
                        let y = l.load(y.as_ptr().add(i));
                        dy = l.select_gt(y, l.zero(), dy, l.zero());
                        l.store(to.at(i), dy);
                    }
                    sum = l.add(sum, dy);
                }
            }
        }
        l.sum(sum)
    }
}

struct PoolBackward<'a> {
    argmax: &'a [u8],
    dy: &'a [f32],
    to: Shared<'a, f32>,
    channel: usize,
    channels: usize,
    blocks: usize,
    size: [usize; 2],
}

impl Task for PoolBackward<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) -> f32 {
        let [rows, columns] = self.size;
        let (pooled_rows, pooled_columns) = (rows / 2, columns / 2);
        let mut sum = l.zero();
        for block in 0..self.blocks {
            let plane = block * self.channels + self.channel;
            let mut from = plane * pooled_rows * pooled_columns * LANES;
            for row in 0..pooled_rows {
                for column in 0..pooled_columns {
                    // SAFETY: the pooled planes lie within `argmax` and `dy`, of one length, and the square within
                    // the plane of `to` that only this task writes.
                    unsafe {
                        let index = l.load_bytes(self.argmax.as_ptr().add(from));
                        let dy = l.load(self.dy.as_ptr().add(from));
                        let live = l.select_eq(index, l.splat(CUT), l.zero(), dy);
                        sum = l.add(sum, live);
                        let corner = (plane * rows + 2 * row) * columns + 2 * column;
                        for k in 0..4 {
                            let place = k / 2 * columns + k % 2;
                            let part = l.select_eq(index, l.splat(k as f32), dy, l.zero());
                            l.store(self.to.at((corner + place) * LANES), part);
                        }
                    }
                    from += LANES;
                }
            }
            // What the squares leave over: an odd last row or column.
            for y in 0..rows {
                let first = if y < 2 * pooled_rows {
                    2 * pooled_columns
                } else {
                    0
                };
                for x in first..columns {
                    let at = ((plane * rows + y) * columns + x) * LANES;
                    // SAFETY: a pixel of this task's plane.
                    unsafe { l.store(self.to.at(at), l.zero()) };
                }
            }
        }
        l.sum(sum)
    }
}
