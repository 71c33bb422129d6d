//! Batch and group normalization on the lanes layout, with the ReLU behind them.
//!
//! Batch-norm (Ioffe and Szegedy 2015, arXiv:1502.03167): one mean and variance a channel over images and pixels.
//! Group-norm (Wu and He 2018, arXiv:1803.08494): one for each image and group of channels. Both then compute
//! `y = (x - mean) / sqrt(variance + epsilon) * gamma + beta`. Variances are biased (divided by the count).
//! Sums are taken in f32 over short runs around a centre near the mean, and combined in f64.

use std::mem::MaybeUninit;

use rayon::prelude::*;

use crate::buffer::Fill;
use crate::lanes::{LANES, blocks};
use crate::micro::{read, write};
use crate::simd::{Lanes, Simd, Task};

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

/// Batch-norm in training: `y` in the layout of `x`, zero in lanes without an image, and the moments of the batch.
///
/// # Panics
/// If a slice's length does not fit the shape.
pub fn batch_forward(x: &[f32], shape: Shape, affine: Affine) -> (Vec<f32>, Moments) {
    shape.check(x, "batch_forward: x");
    affine.check(shape.channels);
    let y = Fill::new(x.len());
    let simd = Simd::current();
    // A channel of the whole batch usually stays in the second-level cache for its three passes.
    let (mean, variance) = (0..shape.channels)
        .into_par_iter()
        .map(|channel| {
            let planes = Channel { x, shape, channel };
            let (mean, variance) = simd.run(ChannelMoments(planes));
            let scale = affine.gamma[channel] / (variance + affine.epsilon).sqrt();
            for block in 0..blocks(shape.images) {
                let at = planes.start(block);
                simd.run(Normalize {
                    x: planes.plane(block),
                    // SAFETY: this task alone has this channel.
                    y: unsafe { y.part(at, shape.area * LANES) },
                    mean: [mean; LANES],
                    scale: lanes(shape.used(block), |_| scale),
                    shift: lanes(shape.used(block), |_| affine.beta[channel]),
                    relu: affine.relu,
                });
            }
            (mean, variance)
        })
        .unzip();
    // SAFETY: every block of every channel was written.
    (unsafe { y.finish() }, Moments { mean, variance })
}

/// Batch-norm with moments that are given (running ones): `y` as in [`batch_forward`].
///
/// # Panics
/// If a slice's length does not fit the shape.
pub fn batch_inference(x: &[f32], shape: Shape, affine: Affine, moments: &Moments) -> Vec<f32> {
    shape.check(x, "batch_inference: x");
    affine.check(shape.channels);
    let mut y = Fill::new(x.len());
    if x.is_empty() {
        return Vec::new();
    }
    let simd = Simd::current();
    y.whole()
        .par_chunks_mut(shape.area * LANES)
        .with_min_len(1 + 4096 / (shape.area * LANES))
        .enumerate()
        .for_each(|(plane, y)| {
            let (block, channel) = (plane / shape.channels, plane % shape.channels);
            let used = shape.used(block);
            let deviation = (moments.variance[channel] + affine.epsilon).sqrt();
            simd.run(Normalize {
                x: x[plane * y.len()..][..y.len()].as_chunks().0,
                y,
                mean: [moments.mean[channel]; LANES],
                scale: lanes(used, |_| affine.gamma[channel] / deviation),
                shift: lanes(used, |_| affine.beta[channel]),
                relu: affine.relu,
            });
        });
    // SAFETY: every plane was written.
    unsafe { y.finish() }
}

/// The gradients of [`batch_forward`], given its `x`, `y` and moments; `y` is read only where `affine.relu` is set.
///
/// # Panics
/// If a slice's length does not fit the shape.
pub fn batch_backward(
    x: &[f32],
    y: &[f32],
    dy: &[f32],
    shape: Shape,
    affine: Affine,
    moments: &Moments,
) -> Gradients {
    shape.check(x, "batch_backward: x");
    shape.check(dy, "batch_backward: dy");
    affine.check(shape.channels);
    let y = mask(x, y, affine.relu, shape);
    let dx = Fill::new(x.len());
    let simd = Simd::current();
    let (dgamma, dbeta) = (0..shape.channels)
        .into_par_iter()
        .map(|channel| {
            let of = |x| Channel { x, shape, channel };
            let (x, y, dy) = (of(x), of(y), of(dy));
            let (mean, gamma) = (moments.mean[channel], f64::from(affine.gamma[channel]));
            let inverse =
                1.0 / (f64::from(moments.variance[channel]) + f64::from(affine.epsilon)).sqrt();
            let (mut plain, mut centred) = (0.0, 0.0);
            for block in 0..blocks(shape.images) {
                let sums = simd.run(GradientSums {
                    x: x.plane(block),
                    y: y.plane(block),
                    dy: dy.plane(block),
                    mean: [mean; LANES],
                    relu: affine.relu,
                });
                plain += sums.0[..shape.used(block)].iter().sum::<f64>();
                centred += sums.1[..shape.used(block)].iter().sum::<f64>();
            }
            let count = (shape.images * shape.area) as f64;
            let scale = gamma * inverse;
            for block in 0..blocks(shape.images) {
                let used = shape.used(block);
                simd.run(InputGradient {
                    x: x.plane(block),
                    y: y.plane(block),
                    dy: dy.plane(block),
                    // SAFETY: this task alone has this channel.
                    dx: unsafe { dx.part(x.start(block), shape.area * LANES) },
                    mean: [mean; LANES],
                    of_dy: lanes(used, |_| scale as f32),
                    of_x: lanes(used, |_| {
                        (-scale * inverse * inverse * centred / count) as f32
                    }),
                    shift: lanes(used, |_| (-scale * plain / count) as f32),
                    relu: affine.relu,
                });
            }
            ((centred * inverse) as f32, plain as f32)
        })
        .unzip();
    // SAFETY: every block of every channel was written.
    let dx = unsafe { dx.finish() };
    Gradients { dx, dgamma, dbeta }
}

/// Group-norm: `y` in the layout of `x`, zero in lanes without an image, and the moments of each image and group.
///
/// # Panics
/// If a slice's length does not fit the shape, or `groups` does not divide the channels.
pub fn group_forward(
    x: &[f32],
    shape: Shape,
    groups: usize,
    affine: Affine,
) -> (Vec<f32>, Moments) {
    shape.check(x, "group_forward: x");
    affine.check(shape.channels);
    let size = group_size(shape, groups);
    let y = Fill::new(x.len());
    let simd = Simd::current();
    let moments: Vec<(Row, Row)> = (0..blocks(shape.images) * groups)
        .into_par_iter()
        .map(|task| {
            let (block, first) = (task / groups, task % groups * size);
            let rows = size * shape.area;
            let of_group = &x.as_chunks().0[task * rows..][..rows];
            let (mean, variance) = simd.run(LaneMoments(of_group));
            let used = shape.used(block);
            // Once a group: where maps are single pixels, a root for every channel would be most of the work.
            let deviation: Row =
                std::array::from_fn(|lane| (variance[lane] + affine.epsilon).sqrt());
            for (channel, x) in (first..first + size).zip(of_group.chunks_exact(shape.area)) {
                simd.run(Normalize {
                    x,
                    // SAFETY: this task alone has this group of this block.
                    y: unsafe {
                        y.part(
                            (block * shape.channels + channel) * shape.area * LANES,
                            shape.area * LANES,
                        )
                    },
                    mean,
                    scale: lanes(used, |lane| affine.gamma[channel] / deviation[lane]),
                    shift: lanes(used, |_| affine.beta[channel]),
                    relu: affine.relu,
                });
            }
            (mean, variance)
        })
        .collect();
    let (mean, variance): (Vec<Row>, Vec<Row>) = moments.into_iter().unzip();
    let moments = Moments {
        mean: mean.into_flattened(),
        variance: variance.into_flattened(),
    };
    // SAFETY: every channel of every group was written.
    (unsafe { y.finish() }, moments)
}

/// The gradients of [`group_forward`], given its `x`, `y` and moments; `y` is read only where `affine.relu` is set.
///
/// # Panics
/// If a slice's length does not fit the shape, or `groups` does not divide the channels.
pub fn group_backward(
    x: &[f32],
    y: &[f32],
    dy: &[f32],
    shape: Shape,
    groups: usize,
    affine: Affine,
    moments: &Moments,
) -> Gradients {
    shape.check(x, "group_backward: x");
    shape.check(dy, "group_backward: dy");
    affine.check(shape.channels);
    let size = group_size(shape, groups);
    let y = mask(x, y, affine.relu, shape);
    let (x, y, dy) = (x.as_chunks().0, y.as_chunks().0, dy.as_chunks().0);
    let means = moments.mean.as_chunks().0;
    let variances = moments.variance.as_chunks::<LANES>().0;
    let dx = Fill::new(x.len() * LANES);
    let simd = Simd::current();
    let partial: Vec<Vec<(f64, f64)>> = (0..blocks(shape.images) * groups)
        .into_par_iter()
        .map(|task| {
            let (block, first) = (task / groups, task % groups * size);
            let used = shape.used(block);
            let mean = means[task];
            let inverse: [f64; LANES] = std::array::from_fn(|lane| {
                1.0 / (f64::from(variances[task][lane]) + f64::from(affine.epsilon)).sqrt()
            });
            let rows = |channel| {
                let start = (block * shape.channels + channel) * shape.area;
                start..start + shape.area
            };
            let (mut plain, mut centred) = ([0f64; LANES], [0f64; LANES]);
            let mut of_channels = Vec::with_capacity(size);
            for channel in first..first + size {
                let rows = rows(channel);
                let sums = simd.run(GradientSums {
                    x: &x[rows.clone()],
                    y: &y[rows.clone()],
                    dy: &dy[rows],
                    mean,
                    relu: affine.relu,
                });
                let (mut dgamma, mut dbeta) = (0.0, 0.0);
                for lane in 0..used {
                    plain[lane] += sums.0[lane] * f64::from(affine.gamma[channel]);
                    centred[lane] += sums.1[lane] * f64::from(affine.gamma[channel]);
                    dgamma += sums.1[lane] * inverse[lane];
                    dbeta += sums.0[lane];
                }
                of_channels.push((dgamma, dbeta));
            }
            let count = (size * shape.area) as f64;
            let of_x = lanes(used, |lane| {
                (-inverse[lane].powi(3) * centred[lane] / count) as f32
            });
            let shift = lanes(used, |lane| (-inverse[lane] * plain[lane] / count) as f32);
            for channel in first..first + size {
                let rows = rows(channel);
                simd.run(InputGradient {
                    x: &x[rows.clone()],
                    y: &y[rows.clone()],
                    dy: &dy[rows.clone()],
                    // SAFETY: this task alone has this group of this block.
                    dx: unsafe { dx.part(rows.start * LANES, shape.area * LANES) },
                    mean,
                    of_dy: lanes(used, |lane| {
                        (f64::from(affine.gamma[channel]) * inverse[lane]) as f32
                    }),
                    of_x,
                    shift,
                    relu: affine.relu,
                });
            }
            of_channels
        })
        .collect();
    let (dgamma, dbeta) = (0..shape.channels)
        .map(|channel| {
            let of_blocks = partial.iter().skip(channel / size).step_by(groups);
            let (dgamma, dbeta) = of_blocks
                .map(|channels| channels[channel % size])
                .fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            (dgamma as f32, dbeta as f32)
        })
        .unzip();
    // SAFETY: every channel of every group was written.
    let dx = unsafe { dx.finish() };
    Gradients { dx, dgamma, dbeta }
}

fn group_size(shape: Shape, groups: usize) -> usize {
    assert!(
        groups > 0 && shape.channels.is_multiple_of(groups) && shape.channels > 0,
        "norm: {groups} groups do not divide {} channels",
        shape.channels
    );
    shape.channels / groups
}

/// What tells where the ReLU was open: `y`, or anything of the right length where there was none.
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

/// One channel of every image.
#[derive(Clone, Copy)]
struct Channel<'a> {
    x: &'a [f32],
    shape: Shape,
    channel: usize,
}

impl<'a> Channel<'a> {
    #[inline(always)]
    fn start(&self, block: usize) -> usize {
        (block * self.shape.channels + self.channel) * self.shape.area * LANES
    }

    #[inline(always)]
    fn plane(&self, block: usize) -> &'a [Row] {
        self.x[self.start(block)..][..self.shape.area * LANES]
            .as_chunks()
            .0
    }
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

/// Mean and variance of a channel, in two passes: the second is centred on the first one's mean and corrects it.
struct ChannelMoments<'a>(Channel<'a>);

impl Task for ChannelMoments<'_> {
    type Output = (f32, f32);

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) -> (f32, f32) {
        let shape = self.0.shape;
        let count = (shape.images * shape.area).max(1) as f64;
        let mut centre = 0f32;
        let mut moments = (0.0, 0.0);
        for _pass in 0..2 {
            let (mut sum, mut squares) = (0.0, 0.0);
            for block in 0..blocks(shape.images) {
                let sums = centred_sums(l, self.0.plane(block), &[centre; LANES]);
                for lane in 0..shape.used(block) {
                    sum += sums.0[lane];
                    squares += sums.1[lane];
                }
            }
            let offset = sum / count;
            moments = (
                f64::from(centre) + offset,
                squares / count - offset * offset,
            );
            centre = moments.0 as f32;
        }
        (moments.0 as f32, moments.1.max(0.0) as f32)
    }
}

/// Mean and variance of each lane; passes as in [`ChannelMoments`].
struct LaneMoments<'a>(&'a [Row]);

impl Task for LaneMoments<'_> {
    type Output = (Row, Row);

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) -> (Row, Row) {
        let count = self.0.len().max(1) as f64;
        let (mut mean, mut variance) = ([0f32; LANES], [0f32; LANES]);
        for _pass in 0..2 {
            let sums = centred_sums(l, self.0, &mean);
            for lane in 0..LANES {
                let offset = sums.0[lane] / count;
                mean[lane] = (f64::from(mean[lane]) + offset) as f32;
                variance[lane] = (sums.1[lane] / count - offset * offset).max(0.0) as f32;
            }
        }
        (mean, variance)
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
        // A floor below every float where there is no ReLU costs one operation and saves a second loop.
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
