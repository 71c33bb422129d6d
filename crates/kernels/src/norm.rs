//! Batch and group normalization on the lanes layout, with the ReLU behind them.
//!
//! Batch-norm (Ioffe and Szegedy 2015, arXiv:1502.03167): one mean and variance a channel over images and pixels.
//! Group-norm (Wu and He 2018, arXiv:1803.08494): one for each image and group of channels. Both then compute
//! `y = (x - mean) / sqrt(variance + epsilon) * gamma + beta`. Variances are biased (divided by the count).
//! Sums are taken in f32 over short runs around a centre near the mean, and combined in f64.

mod batch;
mod group;

use std::mem::MaybeUninit;

use crate::lanes::{LANES, blocks};
use crate::micro::{read, write};
use crate::simd::{Lanes, Task};
pub use batch::{batch_backward, batch_forward, batch_inference};
pub use group::{group_backward, group_forward};

/// Sixteen values, one a lane.
type Row = [f32; LANES];
/// Rows that are summed in f32 before the sum goes to f64.
const RUN: usize = 64;

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
    fn len(&self) -> usize {
        blocks(self.images) * self.channels * self.area * LANES
    }

    /// Images in a block.
    fn used(&self, block: usize) -> usize {
        LANES.min(self.images - block * LANES)
    }

    fn check(&self, x: &[f32], what: &str) {
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
    fn check(&self, channels: usize) {
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

/// What shows where the ReLU let values through: `y`, or without ReLU anything of the right length.
fn mask<'a>(x: &'a [f32], y: &'a [f32], relu: bool, shape: Shape) -> &'a [f32] {
    if relu {
        shape.check(y, "norm: y");
        y
    } else {
        x
    }
}

/// A value for each lane that has an image, zero in the others.
fn lanes(used: usize, value: impl Fn(usize) -> f32) -> Row {
    std::array::from_fn(|lane| if lane < used { value(lane) } else { 0.0 })
}

/// For each lane the sum of `x - centre` and of its square.
#[inline(always)]
fn centred_sums<L: Lanes>(l: L, x: &[Row], centre: &Row) -> ([f64; LANES], [f64; LANES]) {
    let centre = read(l, centre);
    let mut sums = ([0f64; LANES], [0f64; LANES]);
    for run in x.chunks(RUN) {
        let (mut sum, mut squares) = (l.zero(), l.zero());
        for x in run {
            let d = l.sub(read(l, x), centre);
            sum = l.add(sum, d);
            squares = l.mul_add(d, d, squares);
        }
        add(l, &mut sums.0, sum);
        add(l, &mut sums.1, squares);
    }
    sums
}

#[inline(always)]
fn add<L: Lanes>(l: L, to: &mut [f64; LANES], v: L::V) {
    let mut values = [0f32; LANES];
    crate::micro::update(l, &mut values, v);
    for lane in 0..LANES {
        to[lane] += f64::from(values[lane]);
    }
}

/// `y = (x - mean) scale + shift`, then the ReLU. Not `x scale + ...`: a mean far from zero would cost digits.
struct Normalize<'a> {
    x: &'a [Row],
    y: &'a mut [MaybeUninit<f32>],
    mean: Row,
    scale: Row,
    shift: Row,
    relu: bool,
}

impl Task for Normalize<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let [mean, scale, shift] = [&self.mean, &self.scale, &self.shift].map(|row| read(l, row));
        // A floor below every float without ReLU costs one operation and saves a second loop.
        let floor = l.splat(if self.relu { 0.0 } else { f32::NEG_INFINITY });
        for (x, y) in self.x.iter().zip(self.y.as_chunks_mut().0) {
            let v = l.mul_add(l.sub(read(l, x), mean), scale, shift);
            write(l, y, l.select_gt(floor, v, floor, v));
        }
    }
}

/// For each lane the sum of `dy` where the ReLU was open, and of that times `x - mean`.
struct GradientSums<'a> {
    x: &'a [Row],
    y: &'a [Row],
    dy: &'a [Row],
    mean: Row,
    relu: bool,
}

impl Task for GradientSums<'_> {
    type Output = ([f64; LANES], [f64; LANES]);

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) -> Self::Output {
        let mean = read(l, &self.mean);
        let mut sums = ([0f64; LANES], [0f64; LANES]);
        let runs = self
            .x
            .chunks(RUN)
            .zip(self.y.chunks(RUN))
            .zip(self.dy.chunks(RUN));
        for ((x, y), dy) in runs {
            let (mut plain, mut centred) = (l.zero(), l.zero());
            for ((x, y), dy) in x.iter().zip(y).zip(dy) {
                let dy = open(l, dy, y, self.relu);
                plain = l.add(plain, dy);
                centred = l.mul_add(dy, l.sub(read(l, x), mean), centred);
            }
            add(l, &mut sums.0, plain);
            add(l, &mut sums.1, centred);
        }
        sums
    }
}

#[inline(always)]
fn open<L: Lanes>(l: L, dy: &Row, y: &Row, relu: bool) -> L::V {
    let dy = read(l, dy);
    if relu {
        l.select_gt(read(l, y), l.zero(), dy, l.zero())
    } else {
        dy
    }
}

/// `dx = of_dy dy + of_x (x - mean) + shift`, `dy` where the ReLU was open.
struct InputGradient<'a> {
    x: &'a [Row],
    y: &'a [Row],
    dy: &'a [Row],
    dx: &'a mut [MaybeUninit<f32>],
    mean: Row,
    of_dy: Row,
    of_x: Row,
    shift: Row,
    relu: bool,
}

impl Task for InputGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let mean = read(l, &self.mean);
        let [of_dy, of_x, shift] = [&self.of_dy, &self.of_x, &self.shift].map(|row| read(l, row));
        let rows = self.x.iter().zip(self.y).zip(self.dy);
        for (((x, y), dy), dx) in rows.zip(self.dx.as_chunks_mut().0) {
            let dy = open(l, dy, y, self.relu);
            let centred = l.mul_add(l.sub(read(l, x), mean), of_x, shift);
            write(l, dx, l.mul_add(dy, of_dy, centred));
        }
    }
}

#[cfg(test)]
mod tests;
