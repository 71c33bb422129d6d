//! Group-norm: one mean and variance for each image and group of channels.

use rayon::prelude::*;

use super::passes::{GradientSums, InputGradient, Normalize, centred_sums, lanes, mask};
use super::shape::{Affine, Gradients, Moments, Shape};
use crate::buffer::Fill;
use crate::lanes::{LANES, Row, blocks};
use crate::simd::{Lanes, Simd, Task};

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
            // Once per group: for maps of one pixel, a square root per channel would be most of the work.
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

/// Mean and variance of each lane; in two passes, as for batch-norm.
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
