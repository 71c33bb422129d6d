//! Convolution tap by tap, for every geometry: forward and the gradient of the input.
//!
//! Sixteen images fill the lanes, so an output pixel is a sum over (channel, tap) of one weight times sixteen
//! neighbouring floats. Both directions are the same loop: what differs is which taps reach which pixel, and an
//! [`Axis`] lists that per row and per column, so that padding, stride and dilation cost nothing in the loop.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors may stay separate functions, without the vector instructions"
)]

use std::ops::Range;

use rayon::prelude::*;

use super::epilogue::Epilogue;
use super::geometry::Pass;
use crate::lanes::LANES;
use crate::micro::{GROUP, accumulate, channel_groups, part, with_group_size};
use crate::simd::{Lanes, Simd, Task};

/// The taps that reach one position of the result along one axis: evenly spaced, all inside the source.
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
    fn new(pass: &Pass, axis: usize) -> Axis {
        let conv = pass.conv;
        let (stride, padding) = (conv.stride[axis], conv.padding[axis]);
        let mut this = Axis {
            spans: Vec::with_capacity(pass.size[axis]),
            tap_step: 1,
            source_step: 1,
        };
        for position in 0..pass.size[axis] {
            let reach = |tap: usize| {
                let offset = tap * conv.dilation[axis];
                let source = if pass.backward {
                    let strided = (position + padding).checked_sub(offset)?;
                    strided.is_multiple_of(stride).then_some(strided / stride)?
                } else {
                    (position * stride + offset).checked_sub(padding)?
                };
                (source < pass.source_size[axis]).then_some((tap, source))
            };
            let pairs: Vec<_> = (0..conv.kernel[axis]).filter_map(reach).collect();
            if let [first, second, ..] = pairs[..] {
                this.tap_step = second.0 - first.0;
                this.source_step = second.1 as isize - first.1 as isize;
            }
            let (tap, source) = pairs.first().copied().unwrap_or_default();
            this.spans.push(Span {
                tap,
                source,
                count: pairs.len(),
            });
        }
        this
    }
}

/// A pass with its weights packed.
struct PackedPass<'a> {
    pass: &'a Pass<'a>,
    /// `[group][source channel][row][column][channel in group]`
    weights: Vec<f32>,
    groups: Vec<Range<usize>>,
    axes: [Axis; 2],
    /// Size of the result, after pooling.
    stored: [usize; 2],
}

/// Multiply-adds (of sixteen lanes) in a task: about 30 microseconds.
const TASK: usize = 100_000;

/// target = epilogue(conv(source, weight) + bias). All of the target is written.
pub(super) fn convolve(pass: &Pass) {
    let groups = channel_groups(pass.channels);
    let [kh, kw] = pass.conv.kernel;
    let mut weights = Vec::with_capacity(pass.weight.len());
    for group in &groups {
        for source in 0..pass.source_channels {
            for tap in 0..kh * kw {
                weights.extend(
                    group
                        .clone()
                        .map(|channel| pass.kernel(channel, source)[tap]),
                );
            }
        }
    }
    let factor = pass.target.epilogue.factor();
    let packed = PackedPass {
        pass,
        weights,
        groups,
        axes: [0, 1].map(|axis| Axis::new(pass, axis)),
        stored: pass.size.map(|len| len / factor),
    };
    let [rows, columns] = packed.stored;
    let pixel_cost = factor * factor * kh * kw * pass.source_channels * GROUP;
    let row_cost = (pixel_cost * columns).max(1);
    let groups = packed.groups.len();
    // All channels of a few rows where there are enough rows, so that the input rows stay in the cache.
    let groups_per_task = (TASK / row_cost).clamp(1, groups);
    let rows_per_task = (TASK / (row_cost * groups_per_task)).clamp(1, rows);
    let row_tasks = rows.div_ceil(rows_per_task);
    let group_tasks = groups.div_ceil(groups_per_task);
    let simd = Simd::current();
    (0..pass.blocks * row_tasks * group_tasks)
        .into_par_iter()
        .for_each(|task| {
            let (group_task, rest) = (task % group_tasks, task / group_tasks);
            let (row_task, block) = (rest % row_tasks, rest / row_tasks);
            simd.run(Rows {
                packed: &packed,
                block,
                rows: part(row_task, rows_per_task, rows),
                groups: part(group_task, groups_per_task, groups),
            });
        });
}

/// Some rows of some channel groups of one block.
struct Rows<'a> {
    packed: &'a PackedPass<'a>,
    block: usize,
    rows: Range<usize>,
    groups: Range<usize>,
}

impl Task for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        for group in &self.packed.groups[self.groups.clone()] {
            with_group_size!(group.len(), self.group::<L>(l, group.start));
        }
    }
}

impl Rows<'_> {
    /// R channels from `channel` on.
    #[inline(always)]
    fn group<L: Lanes, const R: usize>(&self, l: L, channel: usize) {
        let PackedPass {
            pass,
            axes,
            stored: [rows, columns],
            ..
        } = self.packed;
        let target = &pass.target;
        for row in self.rows.clone() {
            for column in 0..*columns {
                let place = |r: usize| {
                    (((self.block * pass.channels + channel + r) * rows + row) * columns + column)
                        * LANES
                };
                if target.epilogue == Epilogue::ReluPool {
                    let mut square = [[l.zero(); R]; 4];
                    for k in 0..4 {
                        square[k] = self.pixel::<L, R>(
                            l,
                            channel,
                            axes[0].spans[2 * row + k / 2],
                            axes[1].spans[2 * column + k % 2],
                        );
                    }
                    for r in 0..R {
                        let four = [square[0][r], square[1][r], square[2][r], square[3][r]];
                        // SAFETY: a pixel of this task's rows and channels; the target holds them all.
                        unsafe { target.store_pooled(l, place(r), four) };
                    }
                } else {
                    let (row, column) = (axes[0].spans[row], axes[1].spans[column]);
                    let sums = self.pixel::<L, R>(l, channel, row, column);
                    for r in 0..R {
                        // SAFETY: as above.
                        unsafe { target.store(l, place(r), sums[r]) };
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
        let PackedPass {
            pass,
            axes,
            weights,
            ..
        } = self.packed;
        let [height, width] = pass.source_size;
        let [kh, kw] = pass.conv.kernel;
        let plane = height * width * LANES;
        let mut sums = [l.zero(); R];
        for r in 0..R {
            sums[r] = l.splat(pass.bias[channel + r]);
        }
        if row.count == 0 || column.count == 0 {
            return sums;
        }
        let first = (row.source * width + column.source) * LANES;
        let first_tap = (row.tap * kw + column.tap) * R;
        let x = pass.source[self.block * pass.source_channels * plane..].as_ptr();
        let w = weights[channel * pass.source_channels * kh * kw..].as_ptr();
        let (x, w) = (x.wrapping_add(first), w.wrapping_add(first_tap));
        let w_channel = kh * kw * R;
        let x_row = axes[0].source_step * (width * LANES) as isize;
        let w_row = (axes[0].tap_step * kw * R) as isize;
        let x_column = axes[1].source_step * LANES as isize;
        let w_column = (axes[1].tap_step * R) as isize;
        // SAFETY: spans hold taps of the kernel and positions of the source only, so that every pixel read lies in
        // a plane of this block, and every weight in this group's part.
        unsafe {
            if row.count * column.count == 1 {
                let (channels, plane) = (pass.source_channels, plane as isize);
                accumulate::<L, R>(l, channels, x, plane, w, w_channel as isize, &mut sums);
                return sums;
            }
            for c in 0..pass.source_channels {
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
