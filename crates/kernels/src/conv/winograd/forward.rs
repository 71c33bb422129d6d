//! Winograd forward, and the gradient of the input, which is a convolution with turned weights.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors may stay separate functions, without the vector instructions"
)]

use rayon::prelude::*;

use super::transforms::{POINTS, Place, SIDE, TILE, Tiles, column, input_tile, output, weight};
use crate::buffer::{Fill, Scratch, Shared};
use crate::conv::direct::groups;
use crate::conv::epilogue::{Epilogue, Target};
use crate::lanes::LANES;
use crate::micro::accumulate_rows;
use crate::simd::{Lanes, Simd, Task};

/// What is convolved: activations `[blocks, channels, rows, columns, 16]`.
pub(in crate::conv) struct Source<'a> {
    pub(in crate::conv) values: &'a [f32],
    pub(in crate::conv) channels: usize,
    pub(in crate::conv) size: [usize; 2],
    pub(in crate::conv) pad: [usize; 2],
}

struct Plan<'a> {
    source: Source<'a>,
    tiles: Tiles,
    /// `[point][channel][row]`: the source channels, rounded up to whole vectors
    weights: &'a [f32],
    row: usize,
    groups: Vec<std::ops::Range<usize>>,
    bias: Vec<f32>,
    channels: usize,
    target: Target<'a>,
}

/// Groups whose products wait together for the output transform.
const GROUPS: usize = 6;
/// Channels in them at most.
const CHANNELS: usize = GROUPS * 6;

/// Transformed inputs that a task holds at a time, in floats: they share the second-level cache with the products.
const INPUTS: usize = 80 * 1024;

/// 3x3 weights `[out, in, 3, 3]`, for the forward pass or turned for the gradient of the input.
#[derive(Clone, Copy)]
pub(in crate::conv) struct Weights<'a> {
    pub(in crate::conv) values: &'a [f32],
    pub(in crate::conv) in_channels: usize,
    pub(in crate::conv) turned: bool,
}

/// target = epilogue(conv(source, weight) + bias).
pub(in crate::conv) fn convolve(
    source: Source,
    channels: usize,
    out: [usize; 2],
    weights: Weights,
    bias: Option<&[f32]>,
    target: Target,
) {
    let tiles = Tiles::new(source.size, out, source.pad);
    let plane = source.size[0] * source.size[1] * LANES;
    let blocks = source.values.len() / (source.channels * plane);
    let count = blocks * tiles.per_block();
    let simd = Simd::current();
    let groups = groups(channels);
    let row = source.channels.next_multiple_of(LANES);
    let mut transformed = Fill::new(POINTS * channels * row);
    let to = transformed.shared();
    (0..channels)
        .into_par_iter()
        .with_min_len(8)
        .for_each(|channel| {
            simd.run(Transform {
                weights,
                channel,
                channels,
                sources: source.channels,
                row,
                to,
            });
        });
    // SAFETY: every row of every point was written, whole vectors at a time.
    let transformed = unsafe { transformed.finish() };
    let per_task = (INPUTS / (POINTS * source.channels * LANES)).clamp(2, 8);
    // Enough tasks to share out even for one block; the partition never depends on the number of threads.
    let per_task = per_task.min(count.div_ceil(8)).max(1);
    let plan = Plan {
        source,
        tiles,
        weights: &transformed,
        row,
        groups,
        bias: bias.map_or_else(|| vec![0.0; channels], <[f32]>::to_vec),
        channels,
        target,
    };
    (0..count.div_ceil(per_task))
        .into_par_iter()
        .for_each(|task| {
            let first = task * per_task;
            let tiles = per_task.min(count - first);
            let step = tiles * plan.source.channels * LANES + LANES;
            let product_step = tiles * CHANNELS * LANES + LANES;
            let mut inputs = Scratch::new(POINTS * step);
            let mut products = Scratch::new(POINTS * product_step);
            simd.run(Chunk {
                plan: &plan,
                first,
                tiles,
                inputs: inputs.start(),
                step,
                products: products.start(),
                product_step,
            });
        });
}

/// G g G^T of all weights of one channel.
struct Transform<'a> {
    weights: Weights<'a>,
    channel: usize,
    channels: usize,
    sources: usize,
    row: usize,
    to: Shared<'a, f32>,
}

impl Task for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let Weights {
            values,
            in_channels,
            turned,
        } = self.weights;
        for first in (0..self.sources).step_by(LANES) {
            let mut taps = [[0f32; LANES]; 9];
            for lane in 0..(self.sources - first).min(LANES) {
                let source = first + lane;
                let pair = if turned {
                    source * in_channels + self.channel
                } else {
                    self.channel * in_channels + source
                };
                let pair = &values[pair * 9..][..9];
                for tap in 0..9 {
                    taps[if turned { 8 - tap } else { tap }][lane] = pair[tap];
                }
            }
            let mut lines = [[l.zero(); SIDE]; 3];
            // SAFETY: every array holds sixteen floats; the rows of this channel are written by this task only, and
            // are whole vectors long.
            unsafe {
                for i in 0..3 {
                    let taps = [
                        taps[3 * i].as_ptr(),
                        taps[3 * i + 1].as_ptr(),
                        taps[3 * i + 2].as_ptr(),
                    ];
                    lines[i] = weight(l, [l.load(taps[0]), l.load(taps[1]), l.load(taps[2])]);
                }
                for j in 0..SIDE {
                    let points = weight(l, column(&lines, j));
                    for i in 0..SIDE {
                        let at = ((i * SIDE + j) * self.channels + self.channel) * self.row + first;
                        l.store(self.to.at(at), points[i]);
                    }
                }
            }
        }
    }
}

/// A few tiles from the input to the finished output, all channels.
struct Chunk<'a> {
    plan: &'a Plan<'a>,
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
        let plan = self.plan;
        let plane = plan.source.size[0] * plan.source.size[1] * LANES;
        for tile in 0..self.tiles {
            let place = plan.tiles.place(self.first + tile);
            for c in 0..plan.source.channels {
                let from = (place.block * plan.source.channels + c) * plane;
                // SAFETY: the plane lies in the source, and the products of this tile and channel in `inputs`.
                unsafe {
                    let from = plan.source.values.as_ptr().add(from);
                    let to = self.inputs.add((tile * plan.source.channels + c) * LANES);
                    input_tile(l, &plan.tiles, place, from, to, self.step);
                }
            }
        }
        for groups in plan.groups.chunks(GROUPS) {
            for point in 0..POINTS {
                for group in groups {
                    let to = group.start - groups[0].start;
                    match group.len() {
                        1 => self.products::<L, 1>(l, point, group.start, to),
                        2 => self.products::<L, 2>(l, point, group.start, to),
                        3 => self.products::<L, 3>(l, point, group.start, to),
                        4 => self.products::<L, 4>(l, point, group.start, to),
                        5 => self.products::<L, 5>(l, point, group.start, to),
                        _ => self.products::<L, 6>(l, point, group.start, to),
                    }
                }
            }
            let channels = groups[0].start..groups[groups.len() - 1].end;
            for tile in 0..self.tiles {
                let place = plan.tiles.place(self.first + tile);
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
        let plan = self.plan;
        let sources = plan.source.channels;
        let weights = (point * plan.channels + channel) * plan.row;
        let weights = plan.weights[weights..weights + R * plan.row].as_ptr();
        for tile in 0..self.tiles {
            let mut sums = [l.zero(); R];
            // SAFETY: inputs and products of this tile and point lie within the scratch that `convolve` measured.
            unsafe {
                let x = self.inputs.add(point * self.step + tile * sources * LANES);
                accumulate_rows::<L, R>(l, sources, x, weights, plan.row, &mut sums);
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
        let plan = self.plan;
        let step = self.product_step;
        let [rows, columns] = plan.tiles.extent(place);
        let factor = plan.target.epilogue.factor();
        let (height, width) = (plan.tiles.out[0] / factor, plan.tiles.out[1] / factor);
        let bias = l.splat(plan.bias[channel]);
        let plane = (place.block * plan.channels + channel) * height;
        let corner = (plane + place.row * TILE / factor) * width + place.column * TILE / factor;
        for half in (0..LANES).step_by(L::Register::WIDTH) {
            let mut lines = [[l.zero(); TILE]; SIDE];
            for i in 0..SIDE {
                // SAFETY: the six products lie within the scratch.
                unsafe {
                    let at = i * SIDE * step + (tile * CHANNELS + from) * LANES + half;
                    let m = self.products.add(at);
                    lines[i] = output(
                        l,
                        [
                            l.load(m),
                            l.load(m.add(step)),
                            l.load(m.add(2 * step)),
                            l.load(m.add(3 * step)),
                            l.load(m.add(4 * step)),
                            l.load(m.add(5 * step)),
                        ],
                    );
                }
            }
            let mut y = [[bias; TILE]; TILE];
            for j in 0..TILE {
                let sums = output(l, column(&lines, j));
                for i in 0..TILE {
                    y[j][i] = l.add(sums[i], bias);
                }
            }
            // `y` holds columns: y[j][i] is row i, column j.
            if plan.target.epilogue == Epilogue::ReluPool {
                for i in 0..rows / 2 {
                    for j in 0..columns / 2 {
                        let square = [
                            y[2 * j][2 * i],
                            y[2 * j + 1][2 * i],
                            y[2 * j][2 * i + 1],
                            y[2 * j + 1][2 * i + 1],
                        ];
                        let at = (corner + i * width + j) * LANES + half;
                        // SAFETY: a pooled pixel that exists, written by this task only.
                        unsafe { plan.target.store_pooled(l, at, square) };
                    }
                }
                continue;
            }
            for j in 0..columns {
                for i in 0..rows {
                    let at = (corner + i * width + j) * LANES + half;
                    // SAFETY: a pixel that exists, written by this task only.
                    unsafe { plan.target.store(l, at, y[j][i]) };
                }
            }
        }
    }
}
