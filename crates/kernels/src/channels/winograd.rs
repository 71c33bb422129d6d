//! Winograd's F(4x4, 3x3): weights are transformed once for many calls.
//!
//! T tiles of 4x4 outputs in all images. Products are, for each of 36 points, `[T, in] x [in, out]`: a quarter of the
//! direct form's multiply-adds, but four times its weights to read, and these are worth transforming only where they are
//! used again. The transforms are shared with [`crate::conv`].

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors may stay separate functions, without the vector instructions"
)]

use std::ops::Range;

use rayon::prelude::*;

use super::{blocks, images, whole_blocks};
use crate::buffer::{Fill, Scratch, Shared};
use crate::conv::Conv;
use crate::conv::epilogue::relu;
use crate::conv::winograd::tiles::{TILE, Tiles};
use crate::conv::winograd::transforms::{POINTS, input_tile, output_tile, weight_tile};
use crate::lanes::LANES;
use crate::micro::{part, read};
use crate::simd::{Lanes, Simd, Task};

/// Input and output channels from which this path is used.
const LEAST_CHANNELS: usize = 16;
/// Tiles from which it is used where the weights do not stay in a cache: reading them takes longer than what is saved.
const LEAST_TILES: usize = 24;
/// Transformed weights that stay in the second-level cache from one image to the next, in floats.
const SMALL: usize = 256 << 10;
/// Floats of transformed inputs at most, 64 MiB: a thread keeps the scratch.
const MOST_SCRATCH: usize = 16 << 20;
/// Output channels of a task: two vectors, so that even 64 channels make two tasks.
const CHANNELS: usize = 2 * LANES;
/// Tiles whose products are kept until the output transform.
const TILES: usize = 16;
/// Tiles that share each load of the weights.
const AT_ONCE: usize = 4;

/// A convolution's weights in the transformed domain, for [`conv`].
#[derive(Debug)]
pub struct TransformedWeights {
    /// `[group of CHANNELS outputs][point][in][CHANNELS]`, zero where there is no channel
    points: Vec<f32>,
    in_channels: usize,
    out_channels: usize,
    /// Whole blocks.
    bias: Vec<f32>,
}

/// Whether this path can compute the convolution for this number of images of this size, and is faster.
pub fn supports(conv: &Conv, images: usize, size: [usize; 2]) -> bool {
    let [rows, columns] = size.map(|len| len.div_ceil(TILE));
    conv.kernel == [3, 3]
        && conv.stride == [1, 1]
        && conv.dilation == [1, 1]
        && conv.in_channels >= LEAST_CHANNELS
        && conv.out_channels >= LEAST_CHANNELS
        && (images * rows * columns >= LEAST_TILES
            || POINTS * conv.in_channels * conv.out_channels <= SMALL)
        && images * rows * columns * POINTS * conv.in_channels <= MOST_SCRATCH
}

impl TransformedWeights {
    /// G g G^T of weights `[out, in, 3, 3]`, and biases `[out]`.
    ///
    /// # Panics
    /// If the kernel is not 3 x 3, or the length does not match.
    pub fn new(conv: &Conv, weights: &[f32], bias: &[f32]) -> Self {
        assert_eq!(conv.kernel, [3, 3], "channels::winograd: kernel");
        let (inputs, outputs) = (conv.in_channels, conv.out_channels);
        assert_eq!(
            weights.len(),
            outputs * inputs * 9,
            "channels::winograd: weights"
        );
        let groups = outputs.div_ceil(CHANNELS);
        let mut points = vec![0.0; groups * POINTS * inputs * CHANNELS];
        let simd = Simd::current();
        points
            .par_chunks_mut(POINTS * inputs * CHANNELS)
            .enumerate()
            .for_each(|(group, to)| {
                simd.run(Transform {
                    weights,
                    inputs,
                    outputs,
                    first: group * CHANNELS,
                    to,
                });
            });
        Self {
            points,
            in_channels: inputs,
            out_channels: outputs,
            bias: whole_blocks(bias),
        }
    }

    /// Whether these are weights of such a convolution.
    pub fn fits(&self, conv: &Conv) -> bool {
        [self.in_channels, self.out_channels] == [conv.in_channels, conv.out_channels]
    }
}

/// The weights of one group of outputs.
struct Transform<'a> {
    weights: &'a [f32],
    inputs: usize,
    outputs: usize,
    first: usize,
    to: &'a mut [f32],
}

impl Task for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        for half in (0..CHANNELS).step_by(LANES) {
            let channels = self.outputs.saturating_sub(self.first + half).min(LANES);
            for k in 0..self.inputs {
                let mut taps = [[0f32; LANES]; 9];
                for lane in 0..channels {
                    let kernel = (self.first + half + lane) * self.inputs + k;
                    let kernel = &self.weights[kernel * 9..][..9];
                    for tap in 0..9 {
                        taps[tap][lane] = kernel[tap];
                    }
                }
                // SAFETY: sixteen of the CHANNELS floats of each point and input.
                unsafe {
                    let to = self.to.as_mut_ptr().add(k * CHANNELS + half);
                    weight_tile(l, &taps, to, self.inputs * CHANNELS);
                }
            }
        }
    }
}

/// y = conv(x) + bias, then ReLU if `relu`, as [`super::conv`]. Rounding errors are larger than the direct form's, as always
/// with Winograd's algorithm.
///
/// # Panics
/// If [`supports`] refuses the convolution, the weights belong to another one, a length does not match, or the kernel does not
/// fit.
pub fn conv(
    conv: &Conv,
    x: &[f32],
    size: [usize; 2],
    weights: &TransformedWeights,
    relu: bool,
) -> Vec<f32> {
    assert!(weights.fits(conv), "channels::winograd: weights");
    let out = conv.checked_output(size);
    let (inputs, outputs) = (blocks(conv.in_channels), blocks(conv.out_channels));
    let plane = size[0] * size[1] * LANES;
    let images = images(x.len(), inputs * plane, "channels::winograd");
    assert!(
        supports(conv, images, size),
        "channels::winograd: {images} of {size:?} through {conv:?}"
    );
    let tiles = Tiles::new(size, out, conv.padding);
    let count = images * tiles.per_block();
    let mut y = Fill::new(images * outputs * out[0] * out[1] * LANES);
    let inputs = inputs * LANES;
    let mut points = Scratch::new(POINTS * count * inputs);
    let points = points.floats(POINTS * count * inputs);
    let to = Shared::new(points);
    let simd = Simd::current();
    (0..count).into_par_iter().with_min_len(4).for_each(|tile| {
        let image = tiles.place(tile).block * inputs / LANES * plane;
        simd.run(InputTile {
            tiles,
            tile,
            count,
            planes: &x[image..][..inputs / LANES * plane],
            inputs,
            to,
        });
    });
    let transformed = TransformedInput {
        conv,
        weights,
        relu,
        tiles,
        count,
        inputs,
        values: points,
        y: y.shared(),
    };
    let groups = conv.out_channels.div_ceil(CHANNELS);
    let chunks = count.div_ceil(TILES);
    (0..groups * chunks).into_par_iter().for_each(|task| {
        simd.run(Products {
            input: &transformed,
            group: task % groups,
            tiles: part(task / groups, TILES, count),
        });
    });
    // SAFETY: the tiles and groups cover every pixel of every block.
    unsafe { y.finish() }
}

/// Transforms one input tile, all channels.
struct InputTile<'a> {
    tiles: Tiles,
    tile: usize,
    /// Tiles in all.
    count: usize,
    /// The image's, `[in block][row][column][16]`.
    planes: &'a [f32],
    /// Input channels, whole blocks.
    inputs: usize,
    /// `[point][tile][in, whole vectors]`
    to: Shared<'a, f32>,
}

impl Task for InputTile<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let (tiles, inputs) = (&self.tiles, self.inputs);
        let place = tiles.place(self.tile);
        let plane = tiles.source[0] * tiles.source[1] * LANES;
        for first in (0..inputs).step_by(LANES) {
            let pixels = self.planes[first / LANES * plane..][..plane].as_ptr();
            // SAFETY: a plane; sixteen channels of this tile at each point, which this task alone writes.
            unsafe {
                let to = self.to.at(self.tile * inputs + first);
                input_tile(l, tiles, place, pixels, LANES, to, self.count * inputs);
            }
        }
    }
}

/// Everything that the products need.
struct TransformedInput<'a> {
    conv: &'a Conv,
    weights: &'a TransformedWeights,
    relu: bool,
    tiles: Tiles,
    /// Tiles in all.
    count: usize,
    inputs: usize,
    /// `[point][tile][in, whole vectors]`
    values: &'a [f32],
    y: Shared<'a, f32>,
}

/// One group of output channels of some tiles.
struct Products<'a> {
    input: &'a TransformedInput<'a>,
    group: usize,
    tiles: Range<usize>,
}

impl Task for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let input = self.input;
        let inputs = input.conv.in_channels;
        let mut scratch = Scratch::new(POINTS * TILES * CHANNELS);
        // `[point][tile][CHANNELS]`
        let products = scratch.floats(POINTS * TILES * CHANNELS);
        for point in 0..POINTS {
            let weights = (self.group * POINTS + point) * inputs * CHANNELS;
            let weights = &input.weights.points[weights..][..inputs * CHANNELS];
            for first in self.tiles.clone().step_by(AT_ONCE) {
                let count = (self.tiles.end - first).min(AT_ONCE);
                let x = &input.values[(point * input.count + first) * input.inputs..];
                let to = (point * TILES + first - self.tiles.start) * CHANNELS;
                let to = &mut products[to..];
                match count {
                    1 => multiply::<L, 1>(l, x, input.inputs, inputs, weights, to),
                    2 => multiply::<L, 2>(l, x, input.inputs, inputs, weights, to),
                    3 => multiply::<L, 3>(l, x, input.inputs, inputs, weights, to),
                    _ => multiply::<L, AT_ONCE>(l, x, input.inputs, inputs, weights, to),
                }
            }
        }
        for tile in self.tiles.clone() {
            for half in (0..CHANNELS).step_by(LANES) {
                let from = (tile - self.tiles.start) * CHANNELS + half;
                self.finish(l, tile, half, &products[from..]);
            }
        }
    }
}

/// Sums over the inputs of T tiles for CHANNELS outputs: `x` `[T, row]`, `weights` `[inputs, CHANNELS]` -> `to` `[T, CHANNELS]`.
#[inline(always)]
fn multiply<L: Lanes, const T: usize>(
    l: L,
    x: &[f32],
    row: usize,
    inputs: usize,
    weights: &[f32],
    to: &mut [f32],
) {
    let l = l.register();
    assert!(x.len() >= (T - 1) * row + inputs && weights.len() >= inputs * CHANNELS);
    assert!(to.len() >= T * CHANNELS);
    let mut rows = [x.as_ptr(); T];
    for t in 0..T {
        rows[t] = rows[t].wrapping_add(t * row);
    }
    // As in `micro`: without it the compiler finds each row from the one before it, at every step.
    let rows = std::hint::black_box(rows);
    // Two registers of outputs for every tile: eight sums, two weights and one input at a time.
    for first in (0..CHANNELS).step_by(2 * L::Register::WIDTH) {
        let width = L::Register::WIDTH;
        let mut sums = [[l.zero(); 2]; T];
        let mut at = weights[first..].as_ptr();
        for k in 0..inputs {
            // SAFETY: asserted above; the last step reads up to the end of the weights.
            unsafe {
                let w = [l.load(at), l.load(at.wrapping_add(width))];
                for t in 0..T {
                    let x = l.splat(*rows[t].add(k));
                    sums[t][0] = l.mul_add(x, w[0], sums[t][0]);
                    sums[t][1] = l.mul_add(x, w[1], sums[t][1]);
                }
            }
            at = at.wrapping_add(CHANNELS);
        }
        for t in 0..T {
            for i in 0..2 {
                let to = &mut to[t * CHANNELS + first + i * width..][..width];
                // SAFETY: one register's floats.
                unsafe { l.store(to.as_mut_ptr(), sums[t][i]) };
            }
        }
    }
}

impl Products<'_> {
    /// Transforms sixteen channels' products of one tile back, and stores what exists of the tile. `from` begins with
    /// the products of the first point.
    #[inline(always)]
    fn finish<L: Lanes>(&self, l: L, tile: usize, half: usize, from: &[f32]) {
        let TransformedInput {
            conv, tiles, y: to, ..
        } = self.input;
        let first = self.group * CHANNELS + half;
        if first >= conv.out_channels {
            return;
        }
        assert!(from.len() >= (POINTS - 1) * TILES * CHANNELS + LANES);
        let bias = self.input.weights.bias[first..]
            .first_chunk()
            .expect("whole blocks of biases");
        // SAFETY: sixteen products of each point, as asserted.
        let y = unsafe { output_tile(l, from.as_ptr(), TILES * CHANNELS, read(l, bias)) };
        let place = tiles.place(tile);
        let [rows, columns] = tiles.extent(place);
        let [height, width] = tiles.out;
        let plane = place.block * blocks(conv.out_channels) + first / LANES;
        let corner = (plane * height + place.row * TILE) * width + place.column * TILE;
        for i in 0..rows {
            for j in 0..columns {
                let value = if self.input.relu {
                    relu(l, y[j][i])
                } else {
                    y[j][i]
                };
                // SAFETY: a pixel that exists, written by this task only.
                unsafe { l.store(to.at((corner + i * width + j) * LANES), value) };
            }
        }
    }
}
