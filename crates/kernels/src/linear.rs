//! Fully connected layers on the lanes layout: three products, each with the tile that needs the least packing.
//!
//! B blocks of sixteen rows (the batch), I inputs, O outputs; `x` is `[B, I, 16]`, `y` and `dy` are `[B, O, 16]`,
//! the weight is `[I, O]`. A tile is held in registers along the contraction. Forward: two rows by six registers of
//! outputs; backward to the data: R inputs by sixteen rows; backward to the weight: R inputs by sixteen outputs.
//! Work is cut into tasks by shape alone and sums are added in a fixed order, so the result's bits do not depend on
//! the number of threads. [`few`] is the forward product of a few rows that are not in lanes.

mod backward_data;
mod backward_weights;
mod few;
mod forward;
#[cfg(test)]
mod tests;

pub use backward_data::backward_data;
pub use backward_weights::backward_weights;
pub use few::few;
pub use forward::forward;
