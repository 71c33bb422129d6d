//! Fully connected layers on the lanes layout: three products, each with the tile that needs the least packing.
//!
//! B blocks of sixteen rows (the batch), I inputs, O outputs; `x` is `[B, I, 16]`, `y` and `dy` are `[B, O, 16]`,
//! the weight is `[I, O]`. A tile is held in registers along the contraction. Forward: two rows by six registers of
//! outputs; backward to the data: R inputs by sixteen rows; backward to the weight: R inputs by sixteen outputs.
//! Work is cut into tasks by shape alone and sums are added in a fixed order, so the result's bits do not depend on
//! the number of threads.

mod backward_data;
mod backward_weights;
mod forward;
#[cfg(test)]
mod tests;

use crate::lanes::LANES;
pub use backward_data::backward_data;
pub use backward_weights::backward_weights;
pub use forward::forward;

/// Floats in a cache line.
const LINE: usize = 16;

/// Blocks in `[blocks, features, 16]`.
fn blocks_of(x: &[f32], features: usize, what: &str) -> usize {
    assert!(features > 0, "{what}: no features");
    assert_eq!(
        x.len() % (features * LANES),
        0,
        "{what}: not [blocks, {features}, 16]"
    );
    x.len() / (features * LANES)
}

/// Calls `$f::<L, R>` with the tile height for the registers: twelve accumulators hide the latency of a multiply-add
/// with AVX-512, six pairs with AVX2 (sixteen registers), six quads with NEON (thirty-two).
macro_rules! with_tile_height {
    ($task:ident.$f:ident($l:ident)) => {
        if <L::Register as Lanes>::WIDTH == LANES {
            $task.$f::<L, 12>($l)
        } else {
            $task.$f::<L, 6>($l)
        }
    };
}
use with_tile_height;
