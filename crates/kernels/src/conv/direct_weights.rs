//! The gradient of the weights tap by tap, for every geometry.
//!
//! Each weight's gradient is a dot product of an output channel's plane of `dy` with an input channel's plane of `x`
//! shifted by the tap, over all pixels and all images. Four channels of `dy` and three (channel, tap) columns of `x`
//! share their loads.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors may stay separate functions, without the vector instructions"
)]

use rayon::prelude::*;

use super::geometry::Conv;
use crate::buffer::Shared;
use crate::lanes::LANES;
use crate::micro::{DOT_COLUMNS, DOT_ROWS, dots, part};
use crate::simd::{Lanes, Simd, Task};

struct WeightGradient<'a> {
    conv: &'a Conv,
    /// x with its padding: `[blocks, in, height, width, 16]`
    x: &'a [f32],
    padded: [usize; 2],
    dy: &'a [f32],
    out: [usize; 2],
    blocks: usize,
    /// Rows of `dy` that are summed in registers before they are added to the result.
    rows: usize,
    dw: Shared<'a, f32>,
}

/// Pixels whose products are summed in registers at a time: few enough for four channels of `dy` and a column of `x`
/// to stay in the first-level cache, and enough to make the cost of summing the lanes negligible.
const PIXELS: usize = 64;

/// Columns that one task takes: their loads of `dy` come from the cache.
const COLUMNS: usize = 24;

/// dw from x and dy. All of `dw` is written.
pub(super) fn backward_weights(
    conv: &Conv,
    x: &[f32],
    dy: &[f32],
    [size, out]: [[usize; 2]; 2],
    dw: Shared<f32>,
) {
    let blocks = x.len() / (conv.in_channels * size[0] * size[1] * LANES);
    let padded = [0, 1].map(|axis| size[axis] + 2 * conv.padding[axis]);
    let copy = (conv.padding != [0, 0]).then(|| pad(conv, x, size, padded));
    let gradient = WeightGradient {
        conv,
        x: copy.as_deref().unwrap_or(x),
        padded,
        dy,
        out,
        blocks,
        rows: (PIXELS / out[1].max(1)).clamp(1, out[0].max(1)),
        dw,
    };
    let columns = conv.in_channels * conv.kernel[0] * conv.kernel[1];
    let column_tasks = columns.div_ceil(COLUMNS);
    let simd = Simd::current();
    (0..conv.out_channels.div_ceil(DOT_ROWS) * column_tasks)
        .into_par_iter()
        .for_each(|task| {
            simd.run(Tile {
                gradient: &gradient,
                channel: task / column_tasks * DOT_ROWS,
                columns: part(task % column_tasks, COLUMNS, columns),
            });
        });
}

/// x with zeros around it, so that every tap of every pixel can be read.
fn pad(conv: &Conv, x: &[f32], size: [usize; 2], padded: [usize; 2]) -> Vec<f32> {
    let planes = x.len() / (size[0] * size[1] * LANES);
    let width = size[1] * LANES;
    let mut out = vec![0.0; planes * padded[0] * padded[1] * LANES];
    out.par_chunks_exact_mut(padded[0] * padded[1] * LANES)
        .zip(x.par_chunks_exact(size[0] * width))
        .with_min_len(4)
        .for_each(|(out, x)| {
            for (row, x) in x.chunks_exact(width).enumerate() {
                let start = ((row + conv.padding[0]) * padded[1] + conv.padding[1]) * LANES;
                out[start..start + width].copy_from_slice(x);
            }
        });
    out
}

/// The gradients of four output channels and a range of (input channel, tap) columns.
struct Tile<'a> {
    gradient: &'a WeightGradient<'a>,
    channel: usize,
    columns: std::ops::Range<usize>,
}

impl Task for Tile<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let l = l.register();
        let gradient = self.gradient;
        let all_columns =
            gradient.conv.in_channels * gradient.conv.kernel[0] * gradient.conv.kernel[1];
        let mut totals = [[0f32; COLUMNS]; DOT_ROWS];
        for block in 0..gradient.blocks {
            for row in (0..gradient.out[0]).step_by(gradient.rows) {
                let rows = row..(row + gradient.rows).min(gradient.out[0]);
                for first in (0..self.columns.len()).step_by(DOT_COLUMNS) {
                    let sums = self.part(l, block, rows.clone(), self.columns.start + first);
                    for c in 0..DOT_COLUMNS {
                        let four = l.sum4([sums[0][c], sums[1][c], sums[2][c], sums[3][c]]);
                        for r in 0..DOT_ROWS {
                            totals[r][first + c] += four[r];
                        }
                    }
                }
            }
        }
        let channels = gradient.conv.out_channels - self.channel;
        for (r, totals) in totals.iter().enumerate().take(channels) {
            for (i, &total) in totals.iter().enumerate().take(self.columns.len()) {
                let place = (self.channel + r) * all_columns + self.columns.start + i;
                // SAFETY: a weight of this task's channels and columns; `dw` holds out * in * kh * kw.
                unsafe { *gradient.dw.at(place) = total };
            }
        }
    }
}

/// The pointers, each `by` floats further.
#[inline(always)]
fn moved<const N: usize>(mut pointers: [*const f32; N], by: usize) -> [*const f32; N] {
    for i in 0..N {
        pointers[i] = pointers[i].wrapping_add(by);
    }
    pointers
}

impl Tile<'_> {
    /// Sums of a few rows of one block for four channels and the three columns from `column` on; beyond the last
    /// channel or column, the last one is repeated.
    #[inline(always)]
    fn part<L: Lanes>(
        &self,
        l: L,
        block: usize,
        rows: std::ops::Range<usize>,
        column: usize,
    ) -> [[L::V; DOT_COLUMNS]; DOT_ROWS] {
        let gradient = self.gradient;
        let [kh, kw] = gradient.conv.kernel;
        let [height, width] = gradient.padded;
        let mut x = [gradient.x.as_ptr(); DOT_COLUMNS];
        for i in 0..DOT_COLUMNS {
            let column = (column + i).min(self.columns.end - 1);
            let (channel, tap) = (column / (kh * kw), column % (kh * kw));
            let (ky, kx) = (
                tap / kw * gradient.conv.dilation[0],
                tap % kw * gradient.conv.dilation[1],
            );
            let plane = block * gradient.conv.in_channels + channel;
            let place = ((plane * height + ky) * width + kx) * LANES;
            x[i] = x[i].wrapping_add(place);
        }
        let mut dy = [gradient.dy.as_ptr(); DOT_ROWS];
        for i in 0..DOT_ROWS {
            let channel = (self.channel + i).min(gradient.conv.out_channels - 1);
            let plane = block * gradient.conv.out_channels + channel;
            dy[i] = dy[i].wrapping_add(plane * gradient.out[0] * gradient.out[1] * LANES);
        }
        let mut sums = [[l.zero(); DOT_COLUMNS]; DOT_ROWS];
        let step = gradient.conv.stride[1] * LANES;
        for row in rows {
            let at = row * gradient.out[1] * LANES;
            let from = row * gradient.conv.stride[0] * width * LANES;
            let (dy, x) = (moved(dy, at), moved(x, from));
            if step == LANES {
                let count = gradient.out[1] * LANES / L::WIDTH;
                // SAFETY: a row of dy, and as many pixels of the padded x under one tap.
                unsafe { dots(l, count, dy, x, &mut sums) };
                continue;
            }
            for pixel in 0..gradient.out[1] {
                let (dy, x) = (moved(dy, pixel * LANES), moved(x, pixel * step));
                // SAFETY: the pixel lies in the planes of dy, and its taps in those of the padded x.
                unsafe { dots(l, LANES / L::WIDTH, dy, x, &mut sums) };
            }
        }
        sums
    }
}
