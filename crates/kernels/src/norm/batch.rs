//! Batch-norm: one mean and variance a channel, over images and pixels.

use rayon::prelude::*;

use super::passes::{GradientSums, InputGradient, Normalize, centred_sums, lanes, mask};
use super::shape::{Affine, Gradients, Moments, Shape};
use crate::buffer::Fill;
use crate::lanes::{LANES, Row, blocks};
use crate::simd::{Lanes, Simd, Task};

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

/// The gradient of `x` of [`batch_inference`], given its `y` and the `variance` of each channel: the moments are constants.
/// `y` is read only where `affine.relu` is set.
///
/// # Panics
/// If a slice's length does not fit the shape.
pub fn batch_inference_backward(
    y: &[f32],
    dy: &[f32],
    shape: Shape,
    affine: Affine,
    variance: &[f32],
) -> Vec<f32> {
    shape.check(dy, "batch_inference_backward: dy");
    affine.check(shape.channels);
    if dy.is_empty() {
        return Vec::new();
    }
    let y = mask(dy, y, affine.relu, shape);
    let mut dx = Fill::new(dy.len());
    let simd = Simd::current();
    let length = shape.area * LANES;
    dx.whole()
        .par_chunks_mut(length)
        .with_min_len(1 + 4096 / length)
        .enumerate()
        .for_each(|(plane, dx)| {
            let (block, channel) = (plane / shape.channels, plane % shape.channels);
            let scale = affine.gamma[channel] / (variance[channel] + affine.epsilon).sqrt();
            let [y, dy] = [y, dy].map(|x| x[plane * length..][..length].as_chunks().0);
            simd.run(InputGradient {
                // Counts nothing.
                x: dy,
                y,
                dy,
                dx,
                mean: [0.0; LANES],
                of_dy: lanes(shape.used(block), |_| scale),
                of_x: [0.0; LANES],
                shift: [0.0; LANES],
                relu: affine.relu,
            });
        });
    // SAFETY: every plane was written.
    unsafe { dx.finish() }
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
