//! Batch and group normalisation.

mod on_channels;

use burn::tensor::{Tensor, activation};
use kernels::norm::{self, Moments};

use self::on_channels::{ChannelsGivenMoments, ChannelsNorm};
use super::cpu::{self, FlexTensor, Gradients, Operator, dims, floats, tensor};
use super::maps::{Layout, Maps, full, like};

/// What follows the division by the standard deviation.
#[derive(Clone, Debug)]
pub struct Affine {
    /// Factor of each channel, `[C]`.
    pub gamma: Tensor<1>,
    /// Summand of each channel, `[C]`.
    pub beta: Tensor<1>,
    /// Added to the variance.
    pub epsilon: f64,
    /// Whether ReLU follows.
    pub relu: bool,
}

/// A normalisation by given statistics, one value a channel.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// Mean, `[C]`.
    pub mean: Tensor<1>,
    /// Variance, `[C]`.
    pub variance: Tensor<1>,
    /// What follows the division by the standard deviation. Behind a convolution its ReLU is part of the epilogue.
    pub affine: Affine,
}

impl Maps {
    /// Batch normalisation by the batch's own statistics, `[N, C, H, W] -> [N, C, H, W]`: the output, and the mean and
    /// biased variance of each channel, `[C]`, through which no gradient flows.
    pub fn batch_norm(self, affine: Affine) -> (Self, Tensor<1>, Tensor<1>) {
        let images = self.images;
        let (layout, mean, variance) = match self.layout {
            Layout::Lanes(x) => {
                let (y, statistics) = normalize_lanes(x, affine, images, Over::Batch);
                let [mean, variance] = pair(statistics);
                (Layout::Lanes(y), mean, variance)
            }
            Layout::Channels(x, channels) => {
                let operator = ChannelsNorm {
                    epsilon: affine.epsilon as f32,
                    relu: affine.relu,
                };
                let inputs = cpu::inputs(x, affine.gamma, affine.beta);
                let (y, statistics) = cpu::apply_with_statistics(operator, inputs);
                let [mean, variance] = pair(statistics);
                (Layout::Channels(y, channels), mean, variance)
            }
            Layout::Plain(x) => {
                let (y, mean, variance) = composed_batch_norm(x, affine);
                (Layout::Plain(y), mean, variance)
            }
        };
        (Self { layout, images }, mean, variance)
    }

    /// Group normalisation over `groups` of channels of each image, `[N, C, H, W] -> [N, C, H, W]`.
    pub fn group_norm(self, affine: Affine, groups: usize) -> Self {
        let images = self.images;
        if let Layout::Channels(..) = self.layout {
            return self.into_lanes().group_norm(affine, groups).into_channels();
        }
        let on_nchw = affine.clone();
        self.map(
            |x| normalize_lanes(x, affine, images, Over::Groups(groups)).0,
            |x| composed_group_norm(x, on_nchw, groups),
        )
    }

    /// Normalisation by given statistics, as batch normalisation does in inference: `[N, C, H, W]` to the same
    /// shape. On the CPU only the maps get a gradient.
    pub fn normalize(self, statistics: Statistics) -> Self {
        let images = self.images;
        let Statistics {
            mean,
            variance,
            affine,
        } = statistics;
        let Affine { epsilon, relu, .. } = affine;
        if let Layout::Channels(x, channels) = self.layout {
            let operator = ChannelsGivenMoments {
                epsilon: epsilon as f32,
                relu,
            };
            let parameters = [mean, variance, affine.gamma, affine.beta];
            let [mean, variance, gamma, beta] = parameters.map(Tensor::into_dispatch);
            let y = cpu::apply(operator, [x.into_dispatch(), mean, variance, gamma, beta]);
            let layout = Layout::Channels(y, channels);
            return Self { layout, images };
        }
        let on_nchw = (mean.clone(), variance.clone(), affine.clone());
        self.map(
            |x| {
                let operator = GivenMoments {
                    images,
                    epsilon: epsilon as f32,
                    relu,
                };
                let parameters = [mean, variance, affine.gamma, affine.beta];
                let [mean, variance, gamma, beta] = parameters.map(Tensor::into_dispatch);
                cpu::apply(operator, [x.into_dispatch(), mean, variance, gamma, beta])
            },
            |x| {
                let (mean, variance, affine) = on_nchw;
                like(
                    composed_normalize(full(x.clone()), mean, variance, affine),
                    &x,
                )
            },
        )
    }
}

/// The statistics of a batch.
fn pair(statistics: Vec<Tensor<1>>) -> [Tensor<1>; 2] {
    statistics
        .try_into()
        .expect("the statistics of a batch are its mean and variance")
}

/// What kernels take.
fn affine_of<'a>(
    gamma: &'a FlexTensor,
    beta: &'a FlexTensor,
    epsilon: f32,
    relu: bool,
) -> norm::Affine<'a> {
    norm::Affine {
        gamma: floats(gamma),
        beta: floats(beta),
        epsilon,
        relu,
    }
}

/// Batch normalisation by given statistics, on lanes `[B, C, H, W, 16]`.
#[derive(Clone, Debug)]
struct GivenMoments {
    images: usize,
    epsilon: f32,
    relu: bool,
}

impl Operator<5> for GivenMoments {
    /// The output, the variance, and the affine's parameters.
    type Saved = [FlexTensor; 4];

    fn forward(
        &self,
        [x, mean, variance, gamma, beta]: [FlexTensor; 5],
        _: bool,
    ) -> (FlexTensor, Self::Saved) {
        let moments = Moments {
            mean: floats(&mean).to_vec(),
            variance: floats(&variance).to_vec(),
        };
        let shape = norm_shape(dims(&x), self.images);
        let affine = affine_of(&gamma, &beta, self.epsilon, self.relu);
        let y = norm::batch_inference(floats(&x), shape, affine, &moments);
        let y = tensor(y, dims::<5>(&x));
        (y.clone(), [y, variance, gamma, beta])
    }

    fn backward(
        &self,
        [y, variance, gamma, beta]: Self::Saved,
        dy: FlexTensor,
        _: [bool; 5],
    ) -> Gradients<5> {
        let shape = norm_shape(dims(&y), self.images);
        let affine = affine_of(&gamma, &beta, self.epsilon, self.relu);
        let dx = norm::batch_inference_backward(
            floats(&y),
            floats(&dy),
            shape,
            affine,
            floats(&variance),
        );
        [Some(tensor(dx, dims::<5>(&y))), None, None, None, None]
    }
}

/// What the statistics are taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// Each channel of the batch.
    Batch,
    /// This number of groups of channels, in each image.
    Groups(usize),
}

fn normalize_lanes(
    x: Tensor<5>,
    affine: Affine,
    images: usize,
    over: Over,
) -> (Tensor<5>, Vec<Tensor<1>>) {
    let operator = Norm {
        over,
        images,
        epsilon: affine.epsilon as f32,
        relu: affine.relu,
    };
    cpu::apply_with_statistics(operator, cpu::inputs(x, affine.gamma, affine.beta))
}

/// On lanes `[B, C, H, W, 16]`.
#[derive(Clone, Debug)]
struct Norm {
    over: Over,
    images: usize,
    epsilon: f32,
    relu: bool,
}

#[derive(Clone, Debug)]
struct Saved {
    x: FlexTensor,
    y: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
    moments: Moments,
}

impl Saved {
    /// Mean and variance.
    fn statistics(&self) -> Vec<FlexTensor> {
        let Moments { mean, variance } = self.moments.clone();
        let channels = mean.len();
        vec![tensor(mean, [channels]), tensor(variance, [channels])]
    }

    fn gradients(&self, gradients: norm::Gradients) -> Gradients<3> {
        let channels = gradients.dgamma.len();
        [
            Some(tensor(gradients.dx, dims::<5>(&self.x))),
            Some(tensor(gradients.dgamma, [channels])),
            Some(tensor(gradients.dbeta, [channels])),
        ]
    }
}

impl Operator<3> for Norm {
    type Saved = Saved;

    fn forward(&self, [x, gamma, beta]: [FlexTensor; 3], _: bool) -> (FlexTensor, Saved) {
        let affine = affine_of(&gamma, &beta, self.epsilon, self.relu);
        let shape = norm_shape(dims(&x), self.images);
        let (y, moments) = match self.over {
            Over::Batch => norm::batch_forward(floats(&x), shape, affine),
            Over::Groups(groups) => norm::group_forward(floats(&x), shape, groups, affine),
        };
        let y = tensor(y, dims::<5>(&x));
        let saved = Saved {
            x,
            y: y.clone(),
            gamma,
            beta,
            moments,
        };
        (y, saved)
    }

    fn statistics(&self, saved: &Saved) -> Vec<FlexTensor> {
        if self.over != Over::Batch {
            return Vec::new();
        }
        saved.statistics()
    }

    fn backward(&self, saved: Saved, dy: FlexTensor, _: [bool; 3]) -> Gradients<3> {
        let affine = affine_of(&saved.gamma, &saved.beta, self.epsilon, self.relu);
        let shape = norm_shape(dims(&saved.x), self.images);
        let (x, y, dy) = (floats(&saved.x), floats(&saved.y), floats(&dy));
        let gradients = match self.over {
            Over::Batch => norm::batch_backward(x, y, dy, shape, affine, &saved.moments),
            Over::Groups(groups) => {
                norm::group_backward(x, y, dy, shape, groups, affine, &saved.moments)
            }
        };
        saved.gradients(gradients)
    }
}

fn norm_shape([_, channels, height, width, _]: [usize; 5], images: usize) -> norm::Shape {
    norm::Shape {
        images,
        channels,
        area: height * width,
    }
}

/// Of Burn's operators: the output, mean and biased variance.
fn composed_batch_norm(input: Tensor<4>, affine: Affine) -> (Tensor<4>, Tensor<1>, Tensor<1>) {
    // Sums over a batch are too much for 16 bits.
    let x = full(input.clone());
    let channels = x.dims()[1];
    let flat: Tensor<2> = x.clone().swap_dims(0, 1).flatten(1, 3);
    let flat = flat.reshape([channels as i32, -1]);
    let mean = flat.clone().mean_dim(1);
    let variance = (flat - mean.clone()).square().mean_dim(1);
    let mean = mean.reshape([channels]);
    let variance = variance.reshape([channels]);
    let y = composed_normalize(x, mean.clone(), variance.clone(), affine);
    (like(y, &input), mean.detach(), variance.detach())
}

/// Of Burn's operators.
fn composed_group_norm(input: Tensor<4>, affine: Affine, groups: usize) -> Tensor<4> {
    let x = full(input.clone());
    let [images, channels, height, width] = x.dims();
    let grouped = x.reshape([images, groups, channels / groups * height * width]);
    let mean = grouped.clone().mean_dim(2);
    let centred = grouped - mean;
    let variance = centred.clone().square().mean_dim(2);
    let y = centred / (variance + affine.epsilon).sqrt();
    let y = y.reshape([images, channels, height, width]);
    let shape = [1, channels, 1, 1];
    let y = y * affine.gamma.reshape(shape) + affine.beta.reshape(shape);
    let y = if affine.relu { activation::relu(y) } else { y };
    like(y, &input)
}

/// Of Burn's operators, in 32 bits.
fn composed_normalize(
    x: Tensor<4>,
    mean: Tensor<1>,
    variance: Tensor<1>,
    affine: Affine,
) -> Tensor<4> {
    let shape = [1, x.dims()[1], 1, 1];
    let scale = affine.gamma / (variance + affine.epsilon).sqrt();
    let shift = affine.beta - mean * scale.clone();
    let y = x * scale.reshape(shape) + shift.reshape(shape);
    if affine.relu { activation::relu(y) } else { y }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::tests::{assert_near, check, leaf, leaf_on};
    use crate::ops::to_host;

    fn affine(gamma: &Tensor<1>, beta: &Tensor<1>, relu: bool) -> Affine {
        Affine {
            gamma: gamma.clone(),
            beta: beta.clone(),
            epsilon: 1e-5,
            relu,
        }
    }

    #[test]
    fn normalisations() {
        let shape = [21, 6, 4, 5];
        for relu in [false, true] {
            let parameters = || [leaf::<1>(3, [6]), leaf::<1>(4, [6])];
            check("batch-norm", shape, parameters(), |x, [gamma, beta]| {
                x.batch_norm(affine(gamma, beta, relu)).0
            });
            check("group-norm", shape, parameters(), |x, [gamma, beta]| {
                x.group_norm(affine(gamma, beta, relu), 3)
            });
        }
    }

    #[test]
    fn given_statistics() {
        for relu in [false, true] {
            check("given statistics", [21, 6, 4, 5], [], |x, []| {
                let device = x.device();
                let constant = |index| leaf_on::<1>(&device, index, [6]).set_require_grad(false);
                let affine = affine(&constant(3), &constant(4), relu);
                x.normalize(Statistics {
                    mean: constant(5),
                    variance: constant(6).square(),
                    affine,
                })
            });
        }
    }

    #[test]
    fn batch_statistics() {
        let statistics = |enter: fn(Tensor<4>) -> Maps| {
            let x = enter(leaf(1, [21, 6, 4, 5]));
            let (_, mean, variance) = x.batch_norm(affine(&leaf(3, [6]), &leaf(4, [6]), false));
            [to_host(mean), to_host(variance)]
        };
        let [mean, variance] = statistics(Maps::new);
        let [plain_mean, plain_variance] = statistics(Maps::plain);
        assert_near("batch-norm", "mean", &mean, &plain_mean);
        assert_near("batch-norm", "variance", &variance, &plain_variance);
    }
}
