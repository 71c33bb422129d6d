//! Convolution of each channel by a kernel of its own.

use rayon::prelude::*;

use super::padded::Padded;
use super::{blocks, images, whole_blocks};
use crate::buffer::{Fill, Scratch, Shared};
use crate::conv::Conv;
use crate::conv::epilogue::relu;
use crate::lanes::LANES;
use crate::simd::{Lanes, Simd, Task};

/// Neighbouring outputs that share each load of a weight.
const PIXELS: usize = 6;

/// A depthwise convolution's weights in the order in which they are used, and its biases.
#[derive(Debug)]
pub struct DepthwiseWeights {
    /// `[block][row][column][16]`
    values: Vec<f32>,
    bias: Vec<f32>,
}

impl DepthwiseWeights {
    /// Of weights `[channels, 1, rows, columns]` and biases `[channels]`.
    ///
    /// # Panics
    /// If a length does not match, or there are not as many outputs as inputs.
    pub fn new(conv: &Conv, weights: &[f32], bias: &[f32]) -> Self {
        let (channels, taps) = (conv.out_channels, conv.kernel[0] * conv.kernel[1]);
        assert_eq!(conv.in_channels, channels, "channels::depthwise: channels");
        assert_eq!(
            weights.len(),
            channels * taps,
            "channels::depthwise: weights"
        );
        assert_eq!(bias.len(), channels, "channels::depthwise: bias");
        let mut values = vec![0.0; blocks(channels) * taps * LANES];
        for (channel, kernel) in weights.chunks_exact(taps).enumerate() {
            for (tap, weight) in kernel.iter().enumerate() {
                values[(channel / LANES * taps + tap) * LANES + channel % LANES] = *weight;
            }
        }
        Self {
            values,
            bias: whole_blocks(bias),
        }
    }
}

/// y = conv(x) + bias, then ReLU if `relu`: `x` `[n, blocks, H, W, 16]` -> `[n, blocks, OH, OW, 16]`.
///
/// # Panics
/// If the weights belong to another convolution, a length does not match, or the kernel does not fit.
pub fn depthwise(
    conv: &Conv,
    x: &[f32],
    size: [usize; 2],
    weights: &DepthwiseWeights,
    relu: bool,
) -> Vec<f32> {
    let out = conv.checked_output(size);
    let count = blocks(conv.in_channels);
    let taps = conv.kernel[0] * conv.kernel[1];
    assert_eq!(
        weights.values.len(),
        count * taps * LANES,
        "channels::depthwise: weights"
    );
    let images = images(
        x.len(),
        count * size[0] * size[1] * LANES,
        "channels::depthwise",
    );
    let padded = Padded::new(conv, size);
    let mut y = Fill::new(images * count * out[0] * out[1] * LANES);
    let to = y.shared();
    let simd = Simd::current();
    let work = taps * out[0] * out[1] * LANES;
    (0..images * count)
        .into_par_iter()
        .with_min_len((100_000 / work.max(1)).max(1))
        .for_each(|plane| {
            let from = &x[plane * size[0] * size[1] * LANES..][..size[0] * size[1] * LANES];
            let mut copy = Scratch::new(padded.plane());
            let copy = copy.floats(padded.plane());
            padded.fill(from, copy);
            simd.run(Plane {
                conv,
                padded,
                x: copy,
                out,
                weights: &weights.values[plane % count * taps * LANES..][..taps * LANES],
                bias: &weights.bias[plane % count * LANES..][..LANES],
                relu,
                to,
                first: plane * out[0] * out[1] * LANES,
            });
        });
    // SAFETY: every plane was written.
    unsafe { y.finish() }
}

/// Sixteen channels of one image.
struct Plane<'a> {
    conv: &'a Conv,
    padded: Padded,
    x: &'a [f32],
    out: [usize; 2],
    weights: &'a [f32],
    bias: &'a [f32],
    relu: bool,
    to: Shared<'a, f32>,
    /// Where this plane's outputs begin.
    first: usize,
}

impl Task for Plane<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let columns = self.out[1];
        for row in 0..self.out[0] {
            let whole = columns / PIXELS * PIXELS;
            for column in (0..whole).step_by(PIXELS) {
                self.sums::<L, PIXELS>(l, row, column);
            }
            for column in whole..columns {
                self.sums::<L, 1>(l, row, column);
            }
        }
    }
}

impl Plane<'_> {
    #[inline(always)]
    fn sums<L: Lanes, const P: usize>(&self, l: L, row: usize, column: usize) {
        let [rows, columns] = self.conv.kernel;
        let [down, right] = self.conv.dilation;
        let first = row * self.conv.stride[0] * self.padded.row() + column * LANES;
        assert!(self.bias.len() == LANES && self.weights.len() == rows * columns * LANES);
        // SAFETY: asserted.
        let mut sums = [unsafe { l.load(self.bias.as_ptr()) }; P];
        for y in 0..rows {
            for x in 0..columns {
                let at = first + y * down * self.padded.row() + self.padded.column(x * right);
                let pixels = &self.x[at..at + P * LANES];
                // SAFETY: one tap's weights; P pixels.
                unsafe {
                    let weight = l.load(self.weights.as_ptr().add((y * columns + x) * LANES));
                    for p in 0..P {
                        sums[p] =
                            l.mul_add(l.load(pixels.as_ptr().add(p * LANES)), weight, sums[p]);
                    }
                }
            }
        }
        let to = self.first + (row * self.out[1] + column) * LANES;
        for p in 0..P {
            let sum = sums[p];
            let sum = if self.relu { relu(l, sum) } else { sum };
            // SAFETY: P pixels of this task's own plane.
            unsafe { l.store(self.to.at(to + p * LANES), sum) };
        }
    }
}
