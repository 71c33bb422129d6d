//! Winograd's gradient of the weights: dg = G^T [ sum over tiles of (B^T d B) . (A dy A^T) ] G.
//!
//! All 36 points of all tiles would be far more than a cache holds. So a task takes one line of six points, some input
//! channels and a share of the tiles, and goes through them a few tiles at a time: transformed values are read from
//! the second-level cache soon after they were written. Transforming line by line costs half as much again.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors may stay separate functions, without the vector instructions"
)]

use rayon::prelude::*;

use super::tiles::Tiles;
use super::transforms::{
    POINTS, SIDE, column, gradient_line, gradient_points, input_line, input_points, weight_gradient,
};
use crate::buffer::{Scratch, Shared};
use crate::conv::Conv;
use crate::lanes::LANES;
use crate::micro::{DOT_COLUMNS, DOT_ROWS, dots};
use crate::simd::{Lanes, Simd, Task};

/// Input channels of a task at most.
const INPUTS: usize = 64;
/// Output channels that are transformed at a time.
const OUTPUTS: usize = 24;
/// Floats of transformed inputs held at a time: half of a second-level cache of 512 KiB.
const TRANSFORMED: usize = 64 * 1024;
/// Shares of the tiles, each summed on its own: more tasks for more threads.
const SHARES: usize = 4;
/// Tiles (of sixteen images) that make a share worth its own sums.
const SHARE: usize = 16;

struct WeightGradient<'a> {
    conv: &'a Conv,
    tiles: Tiles,
    x: &'a [f32],
    dy: &'a [f32],
    /// Input channels rounded up to whole vectors.
    columns: usize,
    /// `[share][point][out][columns]`
    products: Shared<'a, f32>,
    shares: usize,
    dw: Shared<'a, f32>,
}

/// dw from x and dy. All of `dw` is written.
pub(in crate::conv) fn backward_weights(
    conv: &Conv,
    x: &[f32],
    dy: &[f32],
    [size, out]: [[usize; 2]; 2],
    dw: Shared<f32>,
) {
    let blocks = x.len() / (conv.in_channels * size[0] * size[1] * LANES);
    let tiles = Tiles::new(size, out, conv.padding);
    let count = blocks * tiles.per_block();
    let shares = (count / SHARE).clamp(1, SHARES);
    let columns = conv.in_channels.next_multiple_of(LANES);
    let products_len = shares * POINTS * conv.out_channels * columns;
    let mut products = Scratch::new(products_len);
    let gradient = WeightGradient {
        conv,
        tiles,
        x,
        dy,
        columns,
        products: Shared::new(products.floats(products_len)),
        shares,
        dw,
    };
    let parts = conv.in_channels.div_ceil(INPUTS);
    // Parts start at multiples of four, so that a task may store four sums even where its last channels are fewer.
    let part = |i: usize| {
        (i * conv.in_channels / parts)
            .next_multiple_of(DOT_ROWS)
            .min(conv.in_channels)
    };
    let simd = Simd::current();
    (0..shares * parts * SIDE)
        .into_par_iter()
        .with_max_len(1)
        .for_each(|task| {
            let (line, rest) = (task % SIDE, task / SIDE);
            let (share, i) = (rest % shares, rest / shares);
            let inputs = part(i)..part(i + 1);
            let tiles = share * count / shares..(share + 1) * count / shares;
            let most = (TRANSFORMED / (SIDE * inputs.len() * LANES)).clamp(4, 16);
            let at_once = tiles.len().div_ceil(tiles.len().div_ceil(most));
            let step = at_once * LANES + LANES;
            let mut x = Scratch::new(SIDE * inputs.len() * step);
            let mut dy = Scratch::new(SIDE * OUTPUTS * step);
            simd.run(Line {
                gradient: &gradient,
                line,
                share,
                inputs,
                tiles,
                at_once,
                step,
                x: x.start(),
                dy: dy.start(),
            });
        });
    (0..conv.out_channels)
        .into_par_iter()
        .with_min_len(8)
        .for_each(|channel| {
            simd.run(Back {
                gradient: &gradient,
                channel,
            })
        });
}

/// The six points of one line: their products of some input channels with all output channels, over some tiles.
struct Line<'a> {
    gradient: &'a WeightGradient<'a>,
    line: usize,
    share: usize,
    inputs: std::ops::Range<usize>,
    tiles: std::ops::Range<usize>,
    at_once: usize,
    /// Floats from one channel to the next in the transformed tiles.
    step: usize,
    /// `[point of the line][input channel][step]`
    x: *mut f32,
    /// `[point of the line][output channel of some][step]`
    dy: *mut f32,
}

impl Task for Line<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let WeightGradient { conv, tiles, .. } = self.gradient;
        let x_plane = tiles.source[0] * tiles.source[1] * LANES;
        let dy_plane = tiles.out[0] * tiles.out[1] * LANES;
        for first in self.tiles.clone().step_by(self.at_once) {
            let count = self.at_once.min(self.tiles.end - first);
            for tile in 0..count {
                let place = tiles.place(first + tile);
                let line = input_line(tiles, place, self.line);
                for row in 0..self.inputs.len() {
                    let channel = self.inputs.start + row;
                    // SAFETY: planes of x, whose length the caller checked, and this task's scratch.
                    unsafe {
                        let plane = (place.block * conv.in_channels + channel) * x_plane;
                        let from = self.gradient.x.as_ptr().add(plane);
                        let to = self.x.add(row * self.step + tile * LANES);
                        let points = self.inputs.len() * self.step;
                        input_points(l, &line, from, to, points);
                    }
                }
            }
            for first_output in (0..conv.out_channels).step_by(OUTPUTS) {
                let outputs = OUTPUTS.min(conv.out_channels - first_output);
                for tile in 0..count {
                    let place = tiles.place(first + tile);
                    let line = gradient_line(tiles, place, self.line);
                    for row in 0..outputs {
                        let channel = first_output + row;
                        // SAFETY: planes of dy, and this task's scratch.
                        unsafe {
                            let plane = (place.block * conv.out_channels + channel) * dy_plane;
                            let from = self.gradient.dy.as_ptr().add(plane);
                            let to = self.dy.add(row * self.step + tile * LANES);
                            let points = OUTPUTS * self.step;
                            gradient_points(l, &line, from, to, points);
                        }
                    }
                }
                for point in 0..SIDE {
                    let outputs = first_output..first_output + outputs;
                    self.products(l, point, outputs, count, first == self.tiles.start);
                }
            }
        }
    }
}

impl Line<'_> {
    /// Adds one point's products of some output channels with this task's input channels; the `first` are stored.
    #[inline(always)]
    fn products<L: Lanes>(
        &self,
        l: L,
        point: usize,
        outputs: std::ops::Range<usize>,
        tiles: usize,
        first: bool,
    ) {
        let l = l.register();
        let gradient = self.gradient;
        let inputs = self.inputs.len();
        let count = tiles * LANES / L::Register::WIDTH;
        let point_row =
            (self.share * POINTS + self.line * SIDE + point) * gradient.conv.out_channels;
        let x = self.x.wrapping_add(point * inputs * self.step).cast_const();
        let dy = self
            .dy
            .wrapping_add(point * OUTPUTS * self.step)
            .cast_const();
        let row = |i: usize| x.wrapping_add(i.min(inputs - 1) * self.step);
        let column = |i: usize| dy.wrapping_add(i.min(outputs.len() - 1) * self.step);
        for input in (0..inputs).step_by(DOT_ROWS) {
            let rows = [row(input), row(input + 1), row(input + 2), row(input + 3)];
            for output in (0..outputs.len()).step_by(DOT_COLUMNS) {
                let columns = [column(output), column(output + 1), column(output + 2)];
                let mut sums = [[l.zero(); DOT_COLUMNS]; DOT_ROWS];
                // SAFETY: rows that were just transformed (beyond the last, the last again); the products of these
                // channels and this share belong to this task, in rows that are whole vectors long.
                unsafe {
                    dots(l, count, rows, columns, &mut sums);
                    for c in 0..DOT_COLUMNS {
                        if output + c == outputs.len() {
                            break;
                        }
                        let mut four = l.sum4([sums[0][c], sums[1][c], sums[2][c], sums[3][c]]);
                        let at = (point_row + outputs.start + output + c) * gradient.columns;
                        let to = gradient
                            .products
                            .at(at + self.inputs.start + input)
                            .cast::<[f32; 4]>();
                        if !first {
                            for r in 0..DOT_ROWS {
                                four[r] += (*to)[r];
                            }
                        }
                        *to = four;
                    }
                }
            }
        }
    }
}

/// The final transform, for one output channel and all input channels.
struct Back<'a> {
    gradient: &'a WeightGradient<'a>,
    channel: usize,
}

impl Task for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let gradient = self.gradient;
        let (inputs, outputs) = (gradient.conv.in_channels, gradient.conv.out_channels);
        for first in (0..inputs).step_by(LANES) {
            let mut lines = [[l.zero(); 3]; SIDE];
            let mut taps = [[0f32; LANES]; 9];
            // SAFETY: rows of products are whole vectors long; `dw` holds out * in * 9, and this channel's part is
            // written by this task only.
            unsafe {
                for i in 0..SIDE {
                    let mut points = [l.zero(); SIDE];
                    for j in 0..SIDE {
                        for share in 0..gradient.shares {
                            let row = (share * POINTS + i * SIDE + j) * outputs + self.channel;
                            let sum = l.load(gradient.products.at(row * gradient.columns + first));
                            points[j] = l.add(points[j], sum);
                        }
                    }
                    lines[i] = weight_gradient(l, points);
                }
                for j in 0..3 {
                    let column = weight_gradient(l, column(&lines, j));
                    for i in 0..3 {
                        l.store(taps[i * 3 + j].as_mut_ptr(), column[i]);
                    }
                }
                for lane in 0..(inputs - first).min(LANES) {
                    let to = gradient.dw.at((self.channel * inputs + first + lane) * 9);
                    for tap in 0..9 {
                        *to.add(tap) = taps[tap][lane];
                    }
                }
            }
        }
    }
}
