//! What a normalization takes and gives.

use crate::lanes::{LANES, blocks};

/// The sizes of an activation `[blocks(images), channels, area, 16]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Images; the lanes of the last block beyond them do not count.
    pub images: usize,
    /// Channels.
    pub channels: usize,
    /// Pixels of one channel, height times width.
    pub area: usize,
}

impl Shape {
    pub(super) fn len(&self) -> usize {
        blocks(self.images) * self.channels * self.area * LANES
    }

    /// Images in a block.
    pub(super) fn used(&self, block: usize) -> usize {
        LANES.min(self.images - block * LANES)
    }

    pub(super) fn check(&self, x: &[f32], what: &str) {
        assert_eq!(x.len(), self.len(), "{what} does not fit {self:?}");
    }
}

/// What follows the normalization.
#[derive(Clone, Copy, Debug)]
pub struct Affine<'a> {
    /// Factor of each channel.
    pub gamma: &'a [f32],
    /// Summand of each channel.
    pub beta: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
    /// Whether negative results become zero.
    pub relu: bool,
}

impl Affine<'_> {
    pub(super) fn check(&self, channels: usize) {
        assert_eq!(self.gamma.len(), channels, "norm: gamma");
        assert_eq!(self.beta.len(), channels, "norm: beta");
    }
}

/// Mean and biased variance: of each channel (`[channels]`), or of each image and group (`[blocks, groups, 16]`).
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// The means.
    pub mean: Vec<f32>,
    /// The variances, divided by the count.
    pub variance: Vec<f32>,
}

/// What the backward pass of a normalization gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients {
    /// With respect to `x`, in its layout; zero in lanes without an image.
    pub dx: Vec<f32>,
    /// With respect to `gamma`, `[channels]`.
    pub dgamma: Vec<f32>,
    /// With respect to `beta`, `[channels]`.
    pub dbeta: Vec<f32>,
}
