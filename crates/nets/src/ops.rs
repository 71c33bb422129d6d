//! The operators of the networks, with ordinary NCHW meaning, whatever runs them.
//!
//! A model works on [`Maps`] and never sees how they lie in memory. On the CPU a run of operators stays in the
//! kernels' own layout (sixteen images in the SIMD lanes) and is converted only at its ends; on other devices the
//! same operators are composed of Burn's own. Each file defines one family of operators: its methods of [`Maps`] with
//! their shapes, the passes on the kernels with a gradient by hand, the composition of Burn's operators, and the tests
//! that hold the two together.

mod conv;
mod cpu;
mod elementwise;
mod grouped;
mod host;
mod linear;
mod maps;
mod norm;
mod pool;
mod roi_align;
mod step;
#[cfg(test)]
mod tests;
mod upsample;

pub use conv::{Conv, Epilogue};
pub use host::{Scalar, both_to_host, read, reads, to_host, weighted_sum};
pub use maps::Maps;
pub(crate) use maps::has_lanes;
pub use norm::{Affine, Statistics};
pub use pool::{HALVING, Pool};
pub use roi_align::RoiAlign;
pub use step::{Step, average, sum_of_squares};
