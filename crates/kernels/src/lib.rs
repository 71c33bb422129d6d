//! Numeric leaves of atelier: plain slices in, plain slices out, no framework.
//!
//! The operators of a network work on activations in the layout 'lanes' ([`lanes`]): sixteen images side by side in
//! the innermost dimension, so that one image's odd sizes never break a vector. [`simd`] picks the instruction set at
//! run time. Every fast kernel has an obvious twin in [`mod@reference`], which works in plain NCHW, and a property test that
//! holds the two together. Work is split in pieces that do not depend on the number of threads, and sums are made in a
//! fixed order: the same machine gives the same bits for any number of threads.
//!
//! This is the only crate with `unsafe` code.
//!
//! ```
//! use kernels::conv::{Conv, Epilogue};
//! use kernels::lanes::{pack, unpack};
//!
//! // One image of 2 x 2 pixels and one channel; a 1x1 kernel that doubles.
//! let double = Conv {
//!     in_channels: 1,
//!     out_channels: 1,
//!     kernel: [1, 1],
//!     stride: [1, 1],
//!     padding: [0, 0],
//!     dilation: [1, 1],
//! };
//! let x = pack(&[1.0, -2.0, 3.0, 4.0], 1, 4);
//! let y = double.forward(&x, [2, 2], &[2.0], None, Epilogue::Relu);
//! assert_eq!(unpack(&y, 1, 4), [2.0, 0.0, 6.0, 8.0]);
//! ```

pub mod boxes;
mod buffer;
pub mod conv;
pub mod lanes;
pub mod linear;
pub mod memory;
mod micro;
pub mod nms;
pub mod norm;
pub mod optimizer;
pub mod pool;
pub mod reference;
pub mod roi_align;
pub mod simd;
pub mod small_batch;
#[cfg(test)]
mod tests;
