//! The layout 'channels': sixteen channels of one pixel side by side, for pictures that are few or large.
//!
//! N images `[C, H, W]` become `[N, ceil(C / 16), H, W, 16]`. Whatever treats the planes of [`crate::lanes`] alike (pooling,
//! activations, sums, gates, upsampling) works on this layout too; here is what does not: convolutions and normalisation.
//! Lanes without a channel (in the last block) hold finite values that nobody reads.

#![expect(
    clippy::needless_range_loop,
    reason = "tiles of sixteen by sixteen read best by their two indices"
)]

mod backward;
mod conv;
mod depthwise;
mod norm;
mod padded;
mod pool;
#[cfg(test)]
mod tests;
pub mod winograd;

use rayon::prelude::*;

use crate::buffer::Fill;
use crate::lanes::LANES;

pub use backward::{backward_weights, spread, spread_pixels, transposed, transposed_weights};
pub use conv::{Weights, conv, supports};
pub use depthwise::{DepthwiseWeights, depthwise};
pub use norm::{batch_backward, batch_forward, channel_sums, scale_shift};
pub use pool::halve;

/// Pixels that one task converts.
const STRIP: usize = 256;
/// Values that one thread converts before it is worth calling another.
const ALONE: usize = 16_384;

/// Up to how many images this layout is the faster one, whatever their size.
const FEW_IMAGES: usize = 8;
/// Pixels of an image from which it is in inference, however many images there are.
const LARGE_IMAGE: usize = 4096;

/// Whether images of this area are computed faster with channels than with images side by side.
pub fn suits(images: usize, area: usize) -> bool {
    suits_training(images) || area >= LARGE_IMAGE
}

/// The same in training. More images are faster side by side there, however large: the gradient of the weights is summed over the
/// pixels of a row, and the rows of deep layers are short.
pub fn suits_training(images: usize) -> bool {
    images <= FEW_IMAGES
}

/// Blocks that hold this many channels.
pub fn blocks(channels: usize) -> usize {
    channels.div_ceil(LANES)
}

/// `[n, channels, area]` row-major -> `[n, blocks, area, 16]`, lanes without a channel zero.
///
/// # Panics
/// If the length does not match.
pub fn pack(x: &[f32], channels: usize, area: usize) -> Vec<f32> {
    let images = images(x.len(), channels * area, "channels::pack");
    if area == 1 && channels.is_multiple_of(LANES) {
        return x.to_vec();
    }
    let (count, strips) = (blocks(channels), area.div_ceil(STRIP));
    let mut y = Fill::<f32>::new(images * count * area * LANES);
    let shared = y.shared();
    (0..images * count * strips)
        .into_par_iter()
        .with_min_len((ALONE / (area.min(STRIP) * LANES).max(1)).max(1))
        .for_each(|task| {
            let (plane, first) = (task / strips, task % strips * STRIP);
            let (image, block) = (plane / count, plane % count);
            let some = (channels - block * LANES).min(LANES);
            let from = &x[(image * channels + block * LANES) * area..][..some * area];
            for pixel in first..(first + STRIP).min(area) {
                let mut row = [0f32; LANES];
                for lane in 0..some {
                    row[lane] = from[lane * area + pixel];
                }
                // SAFETY: a pixel of this plane, which this task alone writes.
                unsafe {
                    shared
                        .at((plane * area + pixel) * LANES)
                        .cast::<[f32; LANES]>()
                        .write(row)
                };
            }
        });
    // SAFETY: every pixel of every plane was written.
    unsafe { y.finish() }
}

/// `[n, blocks, area, 16]` -> `[n, channels, area]` row-major; lanes without a channel are dropped.
///
/// # Panics
/// If the length does not match.
pub fn unpack(x: &[f32], channels: usize, area: usize) -> Vec<f32> {
    let count = blocks(channels);
    let images = images(x.len(), count * area * LANES, "channels::unpack");
    if area == 1 && channels.is_multiple_of(LANES) {
        return x.to_vec();
    }
    let mut y = vec![0.0; images * channels * area];
    if y.is_empty() {
        return y;
    }
    y.par_chunks_mut(area)
        .with_min_len((ALONE / area).max(1))
        .enumerate()
        .for_each(|(plane, to)| {
            let (image, channel) = (plane / channels, plane % channels);
            let from = &x[(image * count + channel / LANES) * area * LANES..][..area * LANES];
            for (to, pixel) in to.iter_mut().zip(from.as_chunks::<LANES>().0) {
                *to = pixel[channel % LANES];
            }
        });
    y
}

/// How many images of this many values there are.
fn images(len: usize, image: usize, what: &str) -> usize {
    let images = len.checked_div(image).unwrap_or(0);
    assert_eq!(
        len,
        images * image,
        "{what}: {len} values are not whole images of {image}"
    );
    images
}

/// One value a channel, with zeros where the last block has no channel.
pub(crate) fn whole_blocks(values: &[f32]) -> Vec<f32> {
    let mut all = values.to_vec();
    all.resize(blocks(values.len()) * LANES, 0.0);
    all
}
