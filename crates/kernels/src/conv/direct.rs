//! Convolution tap by tap, for every geometry: forward and the gradient of the input.
//!
//! Sixteen images fill the lanes, so an output pixel is a sum over (channel, tap) of one weight times sixteen
//! neighbouring floats. Both directions are the same loop: what differs is which taps reach which pixel, and an
//! [`Axis`] lists that per row and per column, so that padding, stride and dilation cost nothing in the loop.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors may stay separate functions, without the vector instructions"
)]

use rayon::prelude::*;

use super::Conv;
use super::epilogue::{Epilogue, Target};
use crate::lanes::LANES;
use crate::micro::accumulate;
use crate::simd::{Lanes, Simd, Task};

/// The taps that reach one position of the result along one axis: evenly spaced, none outside of the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Span {
    tap: usize,
    source: usize,
    count: usize,
}

/// Along one axis, which taps of the kernel carry which source positions to each position of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Axis {
    spans: Vec<Span>,
    tap_step: usize,
    source_step: isize,
}

impl Axis {
    /// Collects the (tap, source) pairs of each position; they are evenly spaced by construction.
    fn new(len: usize, pairs: impl Fn(usize) -> Vec<(usize, usize)>) -> Axis {
        let mut axis = Axis {
            spans: Vec::with_capacity(len),
            tap_step: 1,
            source_step: 1,
        };
        for position in 0..len {
            let pairs = pairs(position);
            if let [first, second, ..] = pairs[..] {
                axis.tap_step = second.0 - first.0;
                axis.source_step = second.1 as isize - first.1 as isize;
            }
            let (tap, source) = pairs.first().copied().unwrap_or_default();
            axis.spans.push(Span {
                tap,
                source,
                count: pairs.len(),
            });
        }
        axis
    }

    /// Output positions from input positions.
    fn forward(conv: &Conv, axis: usize, input: usize, output: usize) -> Axis {
        Axis::new(output, |position| {
            (0..conv.kernel[axis])
                .filter_map(|tap| {
                    let padded = position * conv.stride[axis] + tap * conv.dilation[axis];
                    let source = padded.checked_sub(conv.padding[axis])?;
                    (source < input).then_some((tap, source))
                })
                .collect()
        })
    }

    /// Input positions from output positions.
    fn backward(conv: &Conv, axis: usize, input: usize, output: usize) -> Axis {
        Axis::new(input, |position| {
            (0..conv.kernel[axis])
                .filter_map(|tap| {
                    let strided =
                        (position + conv.padding[axis]).checked_sub(tap * conv.dilation[axis])?;
                    let source = strided / conv.stride[axis];
                    (strided % conv.stride[axis] == 0 && source < output).then_some((tap, source))
                })
                .collect()
        })
    }
}

/// Output channels that share each load of the input.
const GROUP: usize = 6;

/// Splits channels into groups of at most [`GROUP`], as even as they go: 32 are 6, 6, 5, 5, 5, 5, so that no group is
/// too small to keep the multiply-add units busy.
pub(crate) fn groups(channels: usize) -> Vec<std::ops::Range<usize>> {
    let count = channels.div_ceil(GROUP);
    (0..count)
        .map(|i| i * channels / count..(i + 1) * channels / count)
        .collect()
}

/// A convolution in one direction, ready to run.
struct Plan<'a> {
    source: &'a [f32],
    source_channels: usize,
    source_size: [usize; 2],
    /// `[group][source channel][row][column][channel in group]`
    weights: Vec<f32>,
    bias: Vec<f32>,
    kernel: [usize; 2],
    axes: [Axis; 2],
    groups: Vec<std::ops::Range<usize>>,
    channels: usize,
    blocks: usize,
    target: Target<'a>,
}

/// y = epilogue(conv(x, weight) + bias). All of the target is written.
pub(super) fn forward(
    conv: &Conv,
    x: &[f32],
    [size, out]: [[usize; 2]; 2],
    weight: &[f32],
    bias: Option<&[f32]>,
    target: Target,
) {
    let [kh, kw] = conv.kernel;
    let weights = pack(conv.out_channels, conv.in_channels, kh * kw, |o, c, tap| {
        weight[(o * conv.in_channels + c) * kh * kw + tap]
    });
    run(&Plan {
        source: x,
        source_channels: conv.in_channels,
        source_size: size,
        weights,
        bias: bias.map_or_else(|| vec![0.0; conv.out_channels], <[f32]>::to_vec),
        kernel: conv.kernel,
        axes: [0, 1].map(|axis| Axis::forward(conv, axis, size[axis], out[axis])),
        groups: groups(conv.out_channels),
        channels: conv.out_channels,
        blocks: x.len() / (conv.in_channels * size[0] * size[1] * LANES),
        target,
    });
}

/// dx from dy. All of the target is written.
pub(super) fn backward_data(
    conv: &Conv,
    dy: &[f32],
    [size, out]: [[usize; 2]; 2],
    weight: &[f32],
    target: Target,
) {
    let [kh, kw] = conv.kernel;
    let weights = pack(conv.in_channels, conv.out_channels, kh * kw, |c, o, tap| {
        weight[(o * conv.in_channels + c) * kh * kw + tap]
    });
    run(&Plan {
        source: dy,
        source_channels: conv.out_channels,
        source_size: out,
        weights,
        bias: vec![0.0; conv.in_channels],
        kernel: conv.kernel,
        axes: [0, 1].map(|axis| Axis::backward(conv, axis, size[axis], out[axis])),
        groups: groups(conv.in_channels),
        channels: conv.in_channels,
        blocks: dy.len() / (conv.out_channels * out[0] * out[1] * LANES),
        target,
    });
}

/// `[group][source channel][tap][channel in group]`
fn pack(
    channels: usize,
    sources: usize,
    taps: usize,
    weight: impl Fn(usize, usize, usize) -> f32,
) -> Vec<f32> {
    let mut packed = Vec::with_capacity(channels * sources * taps);
    for group in groups(channels) {
        for source in 0..sources {
            for tap in 0..taps {
                packed.extend(group.clone().map(|channel| weight(channel, source, tap)));
            }
        }
    }
    packed
}

/// Multiply-adds (of sixteen lanes) that make a task: about 30 microseconds.
const TASK: usize = 100_000;

fn run(plan: &Plan) {
    let factor = plan.target.epilogue.factor();
    let rows = plan.axes[0].spans.len() / factor;
    let columns = plan.axes[1].spans.len() / factor;
    if rows * columns == 0 {
        return;
    }
    let pixel = factor * factor * plan.kernel[0] * plan.kernel[1] * plan.source_channels * GROUP;
    let row_cost = (pixel * columns).max(1);
    let groups = plan.groups.len();
    // Whole channels for a few rows while the rows are enough, so that the input rows stay in the cache.
    let groups_per_task = (TASK / row_cost).clamp(1, groups);
    let rows_per_task = (TASK / (row_cost * groups_per_task)).clamp(1, rows);
    let (row_tasks, group_tasks) = (
        rows.div_ceil(rows_per_task),
        groups.div_ceil(groups_per_task),
    );
    let simd = Simd::current();
    (0..plan.blocks * row_tasks * group_tasks)
        .into_par_iter()
        .for_each(|task| {
            let (group_task, rest) = (task % group_tasks, task / group_tasks);
            let (row_task, block) = (rest % row_tasks, rest / row_tasks);
            let first = row_task * rows_per_task;
            let first_group = group_task * groups_per_task;
            simd.run(Rows {
                plan,
                block,
                rows: first..(first + rows_per_task).min(rows),
                groups: first_group..(first_group + groups_per_task).min(groups),
            });
        });
}

/// Some rows of some channel groups of one block.
struct Rows<'a> {
    plan: &'a Plan<'a>,
    block: usize,
    rows: std::ops::Range<usize>,
    groups: std::ops::Range<usize>,
}

impl Task for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        for group in self.groups.clone() {
            match self.plan.groups[group].len() {
                1 => self.group::<L, 1>(l, group),
                2 => self.group::<L, 2>(l, group),
                3 => self.group::<L, 3>(l, group),
                4 => self.group::<L, 4>(l, group),
                5 => self.group::<L, 5>(l, group),
                _ => self.group::<L, GROUP>(l, group),
            }
        }
    }
}

impl Rows<'_> {
    #[inline(always)]
    fn group<L: Lanes, const R: usize>(&self, l: L, group: usize) {
        let plan = self.plan;
        let channel = plan.groups[group].start;
        let factor = plan.target.epilogue.factor();
        let columns = plan.axes[1].spans.len() / factor;
        let rows = plan.axes[0].spans.len() / factor;
        for row in self.rows.clone() {
            for column in 0..columns {
                let place = |r: usize| {
                    (((self.block * plan.channels + channel + r) * rows + row) * columns + column)
                        * LANES
                };
                if plan.target.epilogue == Epilogue::ReluPool {
                    let mut square = [[l.zero(); R]; 4];
                    for k in 0..4 {
                        square[k] = self.pixel::<L, R>(
                            l,
                            channel,
                            plan.axes[0].spans[2 * row + k / 2],
                            plan.axes[1].spans[2 * column + k % 2],
                        );
                    }
                    for r in 0..R {
                        let four = [square[0][r], square[1][r], square[2][r], square[3][r]];
                        // SAFETY: a pixel of this task's rows and channels; the target is as long as the plan says.
                        unsafe { plan.target.store_pooled(l, place(r), four) };
                    }
                } else {
                    let (row, column) = (plan.axes[0].spans[row], plan.axes[1].spans[column]);
                    let sums = self.pixel::<L, R>(l, channel, row, column);
                    for r in 0..R {
                        // SAFETY: as above.
                        unsafe { plan.target.store(l, place(r), sums[r]) };
                    }
                }
            }
        }
    }

    /// Sums of R channels at one pixel, the bias included.
    #[inline(always)]
    fn pixel<L: Lanes, const R: usize>(
        &self,
        l: L,
        channel: usize,
        row: Span,
        column: Span,
    ) -> [L::V; R] {
        let plan = self.plan;
        let [height, width] = plan.source_size;
        let [kh, kw] = plan.kernel;
        let plane = height * width * LANES;
        let mut sums = [l.zero(); R];
        for r in 0..R {
            sums[r] = l.splat(plan.bias[channel + r]);
        }
        if row.count == 0 || column.count == 0 {
            return sums;
        }
        let first = (row.source * width + column.source) * LANES;
        let first_tap = (row.tap * kw + column.tap) * R;
        let x = plan.source[self.block * plan.source_channels * plane..].as_ptr();
        let w = plan.weights[channel * plan.source_channels * kh * kw..].as_ptr();
        let (x, w) = (x.wrapping_add(first), w.wrapping_add(first_tap));
        let w_channel = kh * kw * R;
        let (x_row, w_row) = (
            plan.axes[0].source_step * (width * LANES) as isize,
            (plan.axes[0].tap_step * kw * R) as isize,
        );
        let (x_column, w_column) = (
            plan.axes[1].source_step * LANES as isize,
            (plan.axes[1].tap_step * R) as isize,
        );
        // SAFETY: spans hold taps of the kernel and positions of the source only, so that every pixel read lies in
        // a plane of this block, and every weight in this group's part.
        unsafe {
            if row.count * column.count == 1 {
                let (channels, plane) = (plan.source_channels, plane as isize);
                accumulate::<L, R>(l, channels, x, plane, w, w_channel as isize, &mut sums);
                return sums;
            }
            for c in 0..plan.source_channels {
                let (mut x, mut w) = (x.wrapping_add(c * plane), w.wrapping_add(c * w_channel));
                for _ in 0..row.count {
                    accumulate::<L, R>(l, column.count, x, x_column, w, w_column, &mut sums);
                    x = x.wrapping_offset(x_row);
                    w = w.wrapping_offset(w_row);
                }
            }
        }
        sums
    }
}
