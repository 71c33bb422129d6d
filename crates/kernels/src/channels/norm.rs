//! Normalisation: one mean and variance, factor and summand for each channel.

use rayon::prelude::*;

use super::{blocks, images, whole_blocks};
use crate::buffer::Fill;
use crate::lanes::{LANES, Row};
use crate::norm::passes::{GradientSums, InputGradient, Normalize, centred_sums};
use crate::norm::{Affine, Gradients, Moments};
use crate::simd::{Lanes, Simd, Task};

/// y = x * scale + shift, then ReLU if `relu`: `x` `[n, blocks, area, 16]`, `scale` and `shift` one a channel.
///
/// # Panics
/// If a length does not match.
pub fn scale_shift(x: &[f32], area: usize, scale: &[f32], shift: &[f32], relu: bool) -> Vec<f32> {
    assert_eq!(
        scale.len(),
        shift.len(),
        "channels::scale_shift: factors and summands"
    );
    let count = blocks(scale.len());
    images(x.len(), count * area * LANES, "channels::scale_shift");
    let (scale, shift) = (whole_blocks(scale), whole_blocks(shift));
    let mut y = Fill::new(x.len());
    if x.is_empty() {
        return Vec::new();
    }
    let simd = Simd::current();
    y.whole()
        .par_chunks_mut(area * LANES)
        .with_min_len((4096 / (area * LANES)).max(1))
        .zip(x.par_chunks(area * LANES))
        .enumerate()
        .for_each(|(plane, (y, x))| {
            simd.run(Normalize {
                x: x.as_chunks().0,
                y,
                mean: [0.0; LANES],
                scale: block_of(&scale, plane % count),
                shift: block_of(&shift, plane % count),
                relu,
            });
        });
    // SAFETY: every plane was written.
    unsafe { y.finish() }
}

/// The values of a block of channels.
fn block_of(values: &[f32], block: usize) -> Row {
    std::array::from_fn(|lane| values[block * LANES + lane])
}

/// A block of channels of every image.
#[derive(Clone, Copy)]
struct Block<'a> {
    x: &'a [f32],
    area: usize,
    images: usize,
    blocks: usize,
    block: usize,
}

impl<'a> Block<'a> {
    #[inline(always)]
    fn start(&self, image: usize) -> usize {
        (image * self.blocks + self.block) * self.area * LANES
    }

    #[inline(always)]
    fn plane(&self, image: usize) -> &'a [Row] {
        self.x[self.start(image)..][..self.area * LANES]
            .as_chunks()
            .0
    }
}

/// Batch-norm in training: `y` `[n, blocks, area, 16]` as `x`, and the moments of the batch.
///
/// # Panics
/// If a length does not match.
pub fn batch_forward(x: &[f32], area: usize, affine: Affine) -> (Vec<f32>, Moments) {
    let count = blocks(affine.gamma.len());
    let images = images(x.len(), count * area * LANES, "channels::batch_forward");
    let (gamma, beta) = (whole_blocks(affine.gamma), whole_blocks(affine.beta));
    let y = Fill::new(x.len());
    let simd = Simd::current();
    let (mean, variance): (Vec<Row>, Vec<Row>) = (0..count)
        .into_par_iter()
        .map(|block| {
            let planes = Block {
                x,
                area,
                images,
                blocks: count,
                block,
            };
            let (mean, variance) = simd.run(BlockMoments(planes));
            let gamma = block_of(&gamma, block);
            for image in 0..images {
                simd.run(Normalize {
                    x: planes.plane(image),
                    // SAFETY: this task alone has this block.
                    y: unsafe { y.part(planes.start(image), area * LANES) },
                    mean,
                    scale: std::array::from_fn(|lane| {
                        gamma[lane] / (variance[lane] + affine.epsilon).sqrt()
                    }),
                    shift: block_of(&beta, block),
                    relu: affine.relu,
                });
            }
            (mean, variance)
        })
        .unzip();
    let of_channels = |rows: Vec<Row>| {
        let mut values = rows.concat();
        values.truncate(affine.gamma.len());
        values
    };
    let moments = Moments {
        mean: of_channels(mean),
        variance: of_channels(variance),
    };
    // SAFETY: every plane of every block was written.
    (unsafe { y.finish() }, moments)
}

/// The gradients of [`batch_forward`], given its `x`, `y` and moments; `y` is read only where `affine.relu` is set.
///
/// # Panics
/// If a length does not match.
pub fn batch_backward(
    x: &[f32],
    y: &[f32],
    dy: &[f32],
    area: usize,
    affine: Affine,
    moments: &Moments,
) -> Gradients {
    let channels = affine.gamma.len();
    let count = blocks(channels);
    let images = images(x.len(), count * area * LANES, "channels::batch_backward");
    assert!(
        y.len() == x.len() && dy.len() == x.len(),
        "channels::batch_backward: y and dy"
    );
    let (gamma, mean) = (whole_blocks(affine.gamma), whole_blocks(&moments.mean));
    let variance = whole_blocks(&moments.variance);
    let dx = Fill::new(x.len());
    let simd = Simd::current();
    let (dgamma, dbeta): (Vec<Row>, Vec<Row>) = (0..count)
        .into_par_iter()
        .map(|block| {
            let of = |x| Block {
                x,
                area,
                images,
                blocks: count,
                block,
            };
            let (x, y, dy) = (of(x), of(y), of(dy));
            let mean = block_of(&mean, block);
            let (mut plain, mut centred) = ([0f64; LANES], [0f64; LANES]);
            for image in 0..images {
                let sums = simd.run(GradientSums {
                    x: x.plane(image),
                    y: y.plane(image),
                    dy: dy.plane(image),
                    mean,
                    relu: affine.relu,
                });
                for lane in 0..LANES {
                    plain[lane] += sums.0[lane];
                    centred[lane] += sums.1[lane];
                }
            }
            let values = (images * area) as f64;
            let inverse: [f64; LANES] = std::array::from_fn(|lane| {
                1.0 / (f64::from(variance[block * LANES + lane]) + f64::from(affine.epsilon)).sqrt()
            });
            let scale: [f64; LANES] =
                std::array::from_fn(|lane| f64::from(gamma[block * LANES + lane]) * inverse[lane]);
            for image in 0..images {
                simd.run(InputGradient {
                    x: x.plane(image),
                    y: y.plane(image),
                    dy: dy.plane(image),
                    // SAFETY: this task alone has this block.
                    dx: unsafe { dx.part(x.start(image), area * LANES) },
                    mean,
                    of_dy: std::array::from_fn(|lane| scale[lane] as f32),
                    of_x: std::array::from_fn(|lane| {
                        (-scale[lane] * inverse[lane] * inverse[lane] * centred[lane] / values)
                            as f32
                    }),
                    shift: std::array::from_fn(|lane| (-scale[lane] * plain[lane] / values) as f32),
                    relu: affine.relu,
                });
            }
            let dgamma: Row = std::array::from_fn(|lane| (centred[lane] * inverse[lane]) as f32);
            (dgamma, plain.map(|sum| sum as f32))
        })
        .unzip();
    let of_channels = |rows: Vec<Row>| {
        let mut values = rows.concat();
        values.truncate(channels);
        values
    };
    Gradients {
        // SAFETY: every plane of every block was written.
        dx: unsafe { dx.finish() },
        dgamma: of_channels(dgamma),
        dbeta: of_channels(dbeta),
    }
}

/// Means and variances of a block's channels, in two passes: the second is centred on the first one's means and corrects them.
struct BlockMoments<'a>(Block<'a>);

impl Task for BlockMoments<'_> {
    type Output = (Row, Row);

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) -> (Row, Row) {
        let count = (self.0.images * self.0.area).max(1) as f64;
        let (mut mean, mut variance) = ([0f32; LANES], [0f32; LANES]);
        for _pass in 0..2 {
            let (mut sums, mut squares) = ([0f64; LANES], [0f64; LANES]);
            for image in 0..self.0.images {
                let of_image = centred_sums(l, self.0.plane(image), &mean);
                for lane in 0..LANES {
                    sums[lane] += of_image.0[lane];
                    squares[lane] += of_image.1[lane];
                }
            }
            for lane in 0..LANES {
                let offset = sums[lane] / count;
                variance[lane] = (squares[lane] / count - offset * offset).max(0.0) as f32;
                mean[lane] = (f64::from(mean[lane]) + offset) as f32;
            }
        }
        (mean, variance)
    }
}

/// The sum of each channel, as a bias's gradient is: `x` `[n, blocks, area, 16]`.
///
/// # Panics
/// If the length does not match.
pub fn channel_sums(x: &[f32], channels: usize, area: usize) -> Vec<f32> {
    let count = blocks(channels);
    let images = images(x.len(), count * area * LANES, "channels::channel_sums");
    let simd = Simd::current();
    let sums: Vec<Row> = (0..count)
        .into_par_iter()
        .map(|block| {
            simd.run(BlockSums(Block {
                x,
                area,
                images,
                blocks: count,
                block,
            }))
        })
        .collect();
    let mut sums = sums.concat();
    sums.truncate(channels);
    sums
}

struct BlockSums<'a>(Block<'a>);

impl Task for BlockSums<'_> {
    type Output = Row;

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) -> Row {
        let mut total = [0f64; LANES];
        for image in 0..self.0.images {
            let sums = centred_sums(l, self.0.plane(image), &[0.0; LANES]);
            for lane in 0..LANES {
                total[lane] += sums.0[lane];
            }
        }
        total.map(|sum| sum as f32)
    }
}
