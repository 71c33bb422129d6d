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

pub use conv::{MAX_IMAGES, conv, supports};
pub use linear::linear;
