//! Winograd's F(4x4, 3x3) for 3x3 kernels with stride 1: 36 multiply-adds instead of 144 for each 4x4 output tile.
//!
//! Error: the transforms amplify rounding; compared with f64, results are within 3e-6 (seen: 1.8e-6) of the sum of the
//! products' magnitudes (direct summation: 2.4e-7), see the test `winograd_error_is_bounded`.

mod forward;
pub(crate) mod tiles;
pub(crate) mod transforms;
mod weights;

pub(super) use forward::convolve;
pub(super) use weights::backward_weights;
