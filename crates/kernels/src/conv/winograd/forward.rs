//! Winograd forward, and the gradient of the input, which is a convolution with turned kernels.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors may stay separate functions, without the vector instructions"
)]

use std::ops::Range;

use rayon::prelude::*;

use super::tiles::{Place, TILE, Tiles};
use super::transforms::{POINTS, input_tile, output_tile, square, weight_tile};
use crate::buffer::{Fill, Scratch, Shared};
use crate::conv::epilogue::Epilogue;
use crate::conv::geometry::Pass;
use crate::lanes::LANES;
use crate::micro::{GROUP, accumulate_rows, channel_groups, with_group_size};
use crate::simd::{Lanes, Simd, Task};

/// Groups whose products are kept until the output transform.
const GROUPS: usize = 6;
/// Channels in them at most.
const CHANNELS: usize = GROUPS * GROUP;

/// Transformed inputs that a task holds at a time, in floats: they share the second-level cache with the products.
const INPUTS: usize = 80 * 1024;

/// A pass with its weights transformed.
struct TransformedPass<'a> {
    pass: &'a Pass<'a>,
    tiles: Tiles,
    /// `[point][channel][row]`: the source channels, rounded up to whole vectors
    weights: &'a [f32],
    row: usize,
    groups: Vec<Range<usize>>,
}

/// target = epilogue(conv(source, weight) + bias).
pub(in crate::conv) fn convolve(pass: &Pass) {
    let pad = pass.conv.padding;
    let pad = if pass.backward {
        pad.map(|pad| 2 - pad)
    } else {
        pad
    };
    let tiles = Tiles::new(pass.source_size, pass.size, pad);
    let count = pass.blocks * tiles.per_block();
    let simd = Simd::current();
    let row = pass.source_channels.next_multiple_of(LANES);
    let mut weights = Fill::new(POINTS * pass.channels * row);
    let to = weights.shared();
    (0..pass.channels)
        .into_par_iter()
        .with_min_len(8)
        .for_each(|channel| {
            simd.run(Weights {
                pass,
                channel,
                row,
                to,
            });
        });
    // SAFETY: every row of every point was written, whole vectors at a time.
    let weights = unsafe { weights.finish() };
    let per_task = (INPUTS / (POINTS * pass.source_channels * LANES)).clamp(2, 8);
    // Enough tasks to share out even for one block; the partition never depends on the number of threads.
    let per_task = per_task.min(count.div_ceil(8)).max(1);
    let transformed = TransformedPass {
        pass,
        tiles,
        weights: &weights,
        row,
        groups: channel_groups(pass.channels),
    };
    (0..count.div_ceil(per_task))
        .into_par_iter()
        .for_each(|task| {
            let first = task * per_task;
            let tiles = per_task.min(count - first);
            let step = tiles * pass.source_channels * LANES + LANES;
            let product_step = tiles * CHANNELS * LANES + LANES;
            let mut inputs = Scratch::new(POINTS * step);
            let mut products = Scratch::new(POINTS * product_step);
            simd.run(Chunk {
                transformed: &transformed,
                first,
                tiles,
                inputs: inputs.start(),
                step,
                products: products.start(),
                product_step,
            });
        });
}

/// Transforms all weights of one channel.
struct Weights<'a> {
    pass: &'a Pass<'a>,
    channel: usize,
    row: usize,
    to: Shared<'a, f32>,
}

impl Task for Weights<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let pass = self.pass;
        for first in (0..pass.source_channels).step_by(LANES) {
            let mut taps = [[0f32; LANES]; 9];
            for lane in 0..(pass.source_channels - first).min(LANES) {
                let kernel = pass.kernel(self.channel, first + lane);
                for tap in 0..9 {
                    // The gradient of the input is a convolution with the kernel turned by half a circle.
                    taps[if pass.backward { 8 - tap } else { tap }][lane] = kernel[tap];
                }
            }
            // SAFETY: the rows of this channel are written by this task only, and are whole vectors long.
            unsafe {
                let to = self.to.at(self.channel * self.row + first);
                weight_tile(l, &taps, to, pass.channels * self.row);
            }
        }
    }
}

/// A few tiles from the input to the finished output, all channels.
struct Chunk<'a> {
    transformed: &'a TransformedPass<'a>,
    first: usize,
    tiles: usize,
    /// `[point][tile][source channel][16]`, points `step` apart
    inputs: *mut f32,
    step: usize,
    /// `[point][tile][channel of some groups][16]`, points `product_step` apart
    products: *mut f32,
    product_step: usize,
}

impl Task for Chunk<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let TransformedPass {
            pass,
            tiles,
            groups,
            ..
        } = self.transformed;
        let sources = pass.source_channels;
        let plane = tiles.source[0] * tiles.source[1] * LANES;
        for tile in 0..self.tiles {
            let place = tiles.place(self.first + tile);
            for c in 0..sources {
                // SAFETY: the plane lies in the source, and the products of this tile and channel in `inputs`.
                unsafe {
                    let from = (place.block * sources + c) * plane;
                    let from = pass.source.as_ptr().add(from);
                    let to = self.inputs.add((tile * sources + c) * LANES);
                    input_tile(l, tiles, place, from, LANES, to, self.step);
                }
            }
        }
        for groups in groups.chunks(GROUPS) {
            for point in 0..POINTS {
                for group in groups {
                    let to = group.start - groups[0].start;
                    with_group_size!(group.len(), self.products::<L>(l, point, group.start, to));
                }
            }
            let channels = groups[0].start..groups[groups.len() - 1].end;
            for tile in 0..self.tiles {
                let place = tiles.place(self.first + tile);
                for channel in channels.clone() {
                    self.finish(l, tile, place, channel, channel - channels.start);
                }
            }
        }
    }
}

impl Chunk<'_> {
    /// Products of R channels for one point of every tile.
    #[inline(always)]
    fn products<L: Lanes, const R: usize>(&self, l: L, point: usize, channel: usize, to: usize) {
        let &TransformedPass {
            pass, weights, row, ..
        } = self.transformed;
        let sources = pass.source_channels;
        let weights = weights[(point * pass.channels + channel) * row..][..R * row].as_ptr();
        for tile in 0..self.tiles {
            let mut sums = [l.zero(); R];
            // SAFETY: inputs and products of this tile and point lie within the scratch that `convolve` allocated.
            unsafe {
                let x = self.inputs.add(point * self.step + tile * sources * LANES);
                accumulate_rows::<L, R>(l, sources, x, weights, row, &mut sums);
                let place = point * self.product_step + (tile * CHANNELS + to) * LANES;
                let products = self.products.add(place);
                for r in 0..R {
                    l.store(products.add(r * LANES), sums[r]);
                }
            }
        }
    }

    /// Transforms one channel's products of one tile back, and stores what exists of the tile.
    #[inline(always)]
    fn finish<L: Lanes>(&self, l: L, tile: usize, place: Place, channel: usize, from: usize) {
        let l = l.register();
        let TransformedPass { pass, tiles, .. } = self.transformed;
        let target = &pass.target;
        let [rows, columns] = tiles.extent(place);
        let factor = target.epilogue.factor();
        let (height, width) = (tiles.out[0] / factor, tiles.out[1] / factor);
        let bias = l.splat(pass.bias[channel]);
        let plane = (place.block * pass.channels + channel) * height;
        let corner = (plane + place.row * TILE / factor) * width + place.column * TILE / factor;
        for half in (0..LANES).step_by(L::Register::WIDTH) {
            // SAFETY: the products lie within the scratch.
            let y = unsafe {
                let from = self.products.add((tile * CHANNELS + from) * LANES + half);
                output_tile(l, from, self.product_step, bias)
            };
            if target.epilogue == Epilogue::ReluPool {
                for i in 0..rows / 2 {
                    for j in 0..columns / 2 {
                        let at = (corner + i * width + j) * LANES + half;
                        // SAFETY: a pooled pixel that exists, written by this task only.
                        unsafe { target.store_pooled(l, at, square(&y, i, j)) };
                    }
                }
                continue;
            }
            for j in 0..columns {
                for i in 0..rows {
                    let at = (corner + i * width + j) * LANES + half;
                    // SAFETY: a pixel that exists, written by this task only.
                    unsafe { target.store(l, at, y[j][i]) };
                }
            }
        }
    }
}
