//! Winograd's F(4x4, 3x3) for a few images: channels in the lanes, weights transformed once for many calls.
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

use super::conv::check;
use crate::buffer::{Fill, Scratch, Shared};
use crate::conv::epilogue::{relu, relu_pool_value};
use crate::conv::winograd::tiles::{TILE, Tiles};
use crate::conv::winograd::transforms::{POINTS, input_tile, output_tile, square, weight_tile};
use crate::conv::{Conv, Epilogue};
use crate::lanes::LANES;
use crate::micro::{part, read, update};
use crate::simd::{Lanes, Simd, Task};

/// Input and output channels from which this path is used. Timed with 32 and 64 inputs only, where it takes half the
/// time. Re-check this and the constants below: the lines 'one image, Winograd' of bench/kernels.
const LEAST_CHANNELS: usize = 16;
/// Floats of transformed inputs at most, 64 MiB: a thread keeps the scratch.
const MOST_SCRATCH: usize = 16 << 20;
/// Output channels of a task: two vectors, so that even 64 channels make two tasks.
const CHANNELS: usize = 2 * LANES;
/// Tiles whose products are kept until the output transform.
const TILES: usize = 16;
/// Pixels converted to channels-last at a time.
const STRIP: usize = LANES;
/// Tiles that share each load of the weights.
const AT_ONCE: usize = 4;

/// A convolution's weights in the transformed domain, for [`conv`].
#[derive(Debug)]
pub struct TransformedWeights {
    /// `[group of CHANNELS outputs][point][in][CHANNELS]`, zero where there is no channel
    points: Vec<f32>,
    in_channels: usize,
    out_channels: usize,
}

/// Whether this path can compute the convolution for this number of images of this size, and is faster.
pub fn supports(conv: &Conv, images: usize, size: [usize; 2]) -> bool {
    let [rows, columns] = size.map(|len| len.div_ceil(TILE));
    conv.kernel == [3, 3]
        && conv.stride == [1, 1]
        && conv.dilation == [1, 1]
        && conv.in_channels >= LEAST_CHANNELS
        && conv.out_channels >= LEAST_CHANNELS
        && images * rows * columns * POINTS * conv.in_channels <= MOST_SCRATCH
}

impl TransformedWeights {
    /// G g G^T of weights `[out, in, 3, 3]`.
    ///
    /// # Panics
    /// If the kernel is not 3 x 3, or the length does not match.
    pub fn new(conv: &Conv, weights: &[f32]) -> Self {
        assert_eq!(conv.kernel, [3, 3], "small_batch::Transformed: kernel");
        let (inputs, outputs) = (conv.in_channels, conv.out_channels);
        assert_eq!(
            weights.len(),
            outputs * inputs * 9,
            "small_batch::Transformed: weights"
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

/// y = epilogue(conv(x, weights) + bias), as [`super::conv`] but with transformed weights. Rounding errors are larger
/// than the direct form's, as always with Winograd's algorithm.
///
/// # Panics
/// If [`supports`] refuses the convolution, the weights belong to another one, a length does not match, or the kernel does not
/// fit.
pub fn conv(
    conv: &Conv,
    x: &[f32],
    size: [usize; 2],
    weights: &TransformedWeights,
    bias: &[f32],
    epilogue: Epilogue,
) -> Vec<f32> {
    assert!(weights.fits(conv), "small_batch::winograd: weights");
    let (images, out) = check(conv, x, size, bias);
    assert!(
        supports(conv, images, size),
        "small_batch::winograd: {images} of {size:?} through {conv:?}"
    );
    let tiles = Tiles::new(size, out, conv.padding);
    let count = images * tiles.per_block();
    let stored = out.map(|len| len / epilogue.factor());
    let mut y = Fill::new(images * conv.out_channels * stored[0] * stored[1]);
    let inputs = conv.in_channels.next_multiple_of(LANES);
    let mut inputs_of_tiles = Scratch::new(POINTS * count * inputs);
    let inputs_of_tiles = inputs_of_tiles.floats(POINTS * count * inputs);
    let shared = Shared::new(inputs_of_tiles);
    let simd = Simd::current();
    let area = size[0] * size[1];
    let mut pixels = Scratch::new(images * area * inputs);
    let pixels = pixels.floats(images * area * inputs);
    pixels
        .par_chunks_mut(STRIP * inputs)
        .with_min_len(2)
        .enumerate()
        .for_each(|(strip, to)| {
            simd.run(ChannelsLast {
                x,
                channels: conv.in_channels,
                area,
                first: strip * STRIP,
                inputs,
                to,
            });
        });
    let pixels = &*pixels;
    (0..count).into_par_iter().with_min_len(4).for_each(|tile| {
        simd.run(InputTile {
            tiles,
            tile,
            count,
            pixels,
            inputs,
            to: shared,
        });
    });
    let transformed = TransformedInput {
        conv,
        weights,
        bias,
        epilogue,
        stored,
        tiles,
        count,
        inputs,
        values: inputs_of_tiles,
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
    // SAFETY: the tiles and groups cover every stored pixel of every channel.
    unsafe { y.finish() }
}

/// Sixteen pixels (of all images in a row) of `[N, C, H * W]` -> `[pixel][channel, whole vectors]`.
struct ChannelsLast<'a> {
    x: &'a [f32],
    channels: usize,
    area: usize,
    first: usize,
    inputs: usize,
    to: &'a mut [f32],
}

impl Task for ChannelsLast<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let count = self.to.len() / self.inputs;
        let (image, pixel) = (self.first / self.area, self.first % self.area);
        let whole = count == STRIP && pixel + STRIP <= self.area;
        for c in (0..self.inputs).step_by(LANES) {
            let channels = self.channels.saturating_sub(c).min(LANES);
            let mut tile = [[0f32; LANES]; STRIP];
            if whole {
                for i in 0..channels {
                    let plane = (image * self.channels + c + i) * self.area + pixel;
                    let row = &self.x[plane..plane + STRIP];
                    for p in 0..STRIP {
                        tile[p][i] = row[p];
                    }
                }
            } else {
                for p in 0..count {
                    let (image, pixel) =
                        ((self.first + p) / self.area, (self.first + p) % self.area);
                    for i in 0..channels {
                        tile[p][i] = self.x[(image * self.channels + c + i) * self.area + pixel];
                    }
                }
            }
            for p in 0..count {
                self.to[p * self.inputs + c..][..LANES].copy_from_slice(&tile[p]);
            }
        }
    }
}

/// Transforms one input tile, all channels.
struct InputTile<'a> {
    tiles: Tiles,
    tile: usize,
    /// Tiles in all.
    count: usize,
    /// `[image][row][column][in, whole vectors]`
    pixels: &'a [f32],
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
        let image = tiles.source[0] * tiles.source[1] * inputs;
        let pixels = self.pixels[place.block * image..][..image].as_ptr();
        // SAFETY: an image's pixels; the channels of this tile at each point, which this task alone writes.
        unsafe {
            let to = self.to.at(self.tile * inputs);
            input_tile(l, tiles, place, pixels, inputs, to, self.count * inputs);
        }
    }
}

/// Everything that the products need.
struct TransformedInput<'a> {
    conv: &'a Conv,
    weights: &'a TransformedWeights,
    bias: &'a [f32],
    epilogue: Epilogue,
    stored: [usize; 2],
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
            conv,
            tiles,
            epilogue,
            stored: [height, width],
            y: to,
            ..
        } = self.input;
        let first = self.group * CHANNELS + half;
        let channels = conv.out_channels.saturating_sub(first).min(LANES);
        if channels == 0 {
            return;
        }
        let mut bias = [0f32; LANES];
        bias[..channels].copy_from_slice(&self.input.bias[first..first + channels]);
        assert!(from.len() >= (POINTS - 1) * TILES * CHANNELS + LANES);
        // SAFETY: sixteen products of each point, as asserted.
        let y = unsafe { output_tile(l, from.as_ptr(), TILES * CHANNELS, read(l, &bias)) };
        let place = tiles.place(tile);
        let factor = epilogue.factor();
        let side = TILE / factor;
        // `[row][column][channel]`
        let mut cells = [[[0f32; LANES]; TILE]; TILE];
        for i in 0..side {
            for j in 0..side {
                let value = match epilogue {
                    Epilogue::None => y[j][i],
                    Epilogue::Relu => relu(l, y[j][i]),
                    Epilogue::ReluPool => relu_pool_value(l, square(&y, i, j)),
                };
                update(l, &mut cells[i][j], value);
            }
        }
        let [rows, columns] = tiles.extent(place).map(|len| len / factor);
        let plane = (place.block * conv.out_channels + first) * height * width;
        let corner = plane + place.row * side * width + place.column * side;
        for lane in 0..channels {
            for i in 0..rows {
                for j in 0..columns {
                    let at = corner + lane * height * width + i * width + j;
                    // SAFETY: a pixel that exists, written by this task only.
                    unsafe { to.at(at).write(cells[i][j][lane]) };
                }
            }
        }
    }
}
