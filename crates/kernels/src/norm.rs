//! Batch and group normalization on the lanes layout, with the ReLU behind them.
//!
//! Batch-norm (Ioffe and Szegedy 2015, arXiv:1502.03167): one mean and variance a channel over images and pixels.
//! Group-norm (Wu and He 2018, arXiv:1803.08494): one for each image and group of channels. Both then compute
//! `y = (x - mean) / sqrt(variance + epsilon) * gamma + beta`. Variances are biased (divided by the count).
//! Sums are taken in f32 over short runs around a centre near the mean, and combined in f64.

mod batch;
mod group;
pub(crate) mod passes;
mod shape;

pub use batch::{batch_backward, batch_forward, batch_inference, batch_inference_backward};
pub use group::{group_backward, group_forward};
pub use shape::{Affine, Gradients, Moments, Shape};

#[cfg(test)]
mod tests;
