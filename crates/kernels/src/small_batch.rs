//! Inference on a few images in plain NCHW: the pixels of one image fill the lanes.
//!
//! The layout 'lanes' computes sixteen images whatever their number; below about eight it is faster to compute them
//! one by one. A convolution reads a copy of its input in which neighbouring rows share their padding: with the rows
//! end to end, sixteen neighbouring outputs read sixteen neighbouring inputs for every tap, across the ends of rows, and
//! no weight needs packing. Positions between two rows are computed and discarded: one pixel in eight at 7x7.
//! Where the same weights are used for many calls, [`winograd`] is faster still.
//!
//! ```
//! use kernels::conv::{Conv, Epilogue};
//! use kernels::small_batch;
//! let blur = Conv {
//!     in_channels: 1,
//!     out_channels: 1,
//!     kernel: [1, 3],
//!     stride: [1, 1],
//!     padding: [0, 1],
//!     dilation: [1, 1],
//! };
//! assert!(small_batch::supports(&blur, 1));
//! let y = small_batch::conv(&blur, &[1.0, 2.0, 3.0], [1, 3], &[1.0; 3], &[0.0], Epilogue::None);
//! assert_eq!(y, [3.0, 6.0, 5.0]);
//! ```

mod conv;
mod linear;
#[cfg(test)]
mod tests;
pub mod winograd;

use crate::conv::Conv;
pub use conv::{conv, supports};
pub use linear::linear;

/// The largest number of images for which this path is faster than lanes.
pub const MAX_IMAGES: usize = 8;

/// max(0, x), NaN kept.
#[inline(always)]
fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// The number of images in `x`, and the size of the output.
fn check(conv: &Conv, x: &[f32], size: [usize; 2], bias: &[f32]) -> (usize, [usize; 2]) {
    let out = conv.checked_output(size);
    assert_eq!(bias.len(), conv.out_channels, "small_batch: bias");
    let image = conv.in_channels * size[0] * size[1];
    let images = x.len().checked_div(image).unwrap_or(0);
    assert_eq!(x.len(), images * image, "small_batch: x");
    (images, out)
}
