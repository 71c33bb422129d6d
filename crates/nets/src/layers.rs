//! Trainable layers, and chains of them built from a recipe.

mod unfused;

use burn::module::{Module, Param, RunningState};
use burn::tensor::{Device, Tensor, TensorData};

use crate::ops::{Conv, Epilogue, Maps, Pool, Weights};
use crate::random::{Key, Purpose, Stream};
use crate::recipe::{Layer, Shape, ShapeError, summary};
pub(crate) use unfused::unfused;

/// Whether a network is learning; layers such as dropout and batch-norm behave differently then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Learning, in training step `step` of a run with this seed.
    Training {
        /// The run's seed.
        seed: u64,
        /// Steps taken before this one.
        step: u64,
        /// Images of this step before the first of this batch: where several devices share its images.
        first: usize,
    },
    /// Predicting.
    Inference,
}

impl Mode {
    /// The same for images of which so many others of the step come before.
    pub(crate) fn after(self, images: usize) -> Self {
        match self {
            Self::Training { seed, step, first } => Self::Training {
                seed,
                step,
                first: first + images,
            },
            Self::Inference => self,
        }
    }

    fn is_training(self) -> bool {
        matches!(self, Self::Training { .. })
    }
}

/// Draws initial weights; every tensor has random numbers of its own, keyed by the seed and its number.
#[derive(Debug)]
pub struct Initializer {
    seed: u64,
    tensors: u64,
    device: Device,
}

impl Initializer {
    /// Weights on `device`, drawn from `seed`.
    pub fn new(seed: u64, device: &Device) -> Self {
        Self {
            seed,
            tensors: 0,
            device: device.clone(),
        }
    }

    /// Uniform values in ±`bound`.
    pub fn uniform<const D: usize>(&mut self, bound: f64, shape: [usize; D]) -> Param<Tensor<D>> {
        self.draw(shape, |stream| stream.uniform(-bound, bound))
    }

    /// Normal values of mean 0.
    pub fn normal<const D: usize>(
        &mut self,
        deviation: f64,
        shape: [usize; D],
    ) -> Param<Tensor<D>> {
        self.draw(shape, |stream| stream.normal() * deviation)
    }

    /// The same value everywhere.
    pub fn constant<const D: usize>(&self, value: f32, shape: [usize; D]) -> Param<Tensor<D>> {
        Param::from_tensor(Tensor::full(shape, value, &self.device))
    }

    fn draw<const D: usize>(
        &mut self,
        shape: [usize; D],
        mut value: impl FnMut(&mut Stream) -> f64,
    ) -> Param<Tensor<D>> {
        let key = Key {
            seed: self.seed,
            purpose: Purpose::Weights,
            epoch: 0,
            index: self.tensors,
        };
        self.tensors += 1;
        let mut stream = key.stream();
        let count = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..count).map(|_| value(&mut stream) as f32).collect();
        Param::from_tensor(Tensor::from_data(
            TensorData::new(values, shape),
            &self.device,
        ))
    }
}

/// Convolution, with what follows it in the same pass.
#[derive(Module, Debug)]
pub struct ConvLayer {
    /// `[out, in, rows, columns]`
    pub weight: Param<Tensor<4>>,
    /// `[out]`
    pub bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    conv: Conv,
    #[module(skip)]
    epilogue: Epilogue,
}

impl ConvLayer {
    /// Weights and biases uniform in ±1/√fan-in, PyTorch's default.
    pub fn new(conv: Conv, bias: bool, init: &mut Initializer) -> Self {
        let [rows, columns] = conv.kernel;
        let bound = 1.0 / ((conv.in_channels * rows * columns) as f64).sqrt();
        let shape = [conv.out_channels, conv.in_channels, rows, columns];
        Self {
            weight: init.uniform(bound, shape),
            bias: bias.then(|| init.uniform(bound, [conv.out_channels])),
            conv,
            epilogue: Epilogue::None,
        }
    }

    /// Normal weights and no initial bias, as the heads of Faster R-CNN's region proposal network.
    pub fn with_normal_weights(
        conv: Conv,
        deviation: f64,
        relu: bool,
        init: &mut Initializer,
    ) -> Self {
        let [rows, columns] = conv.kernel;
        let shape = [conv.out_channels, conv.in_channels, rows, columns];
        Self {
            weight: init.normal(deviation, shape),
            bias: Some(init.constant(0.0, [conv.out_channels])),
            conv,
            epilogue: if relu { Epilogue::Relu } else { Epilogue::None },
        }
    }

    /// Weights uniform in ±√(3 / fan-in), biases of 0 where there are any: torchvision's and detectron2's for feature
    /// pyramids.
    pub fn for_pyramid(conv: Conv, bias: bool, relu: bool, init: &mut Initializer) -> Self {
        let [rows, columns] = conv.kernel;
        let bound = (3.0 / (conv.in_channels * rows * columns) as f64).sqrt();
        let shape = [conv.out_channels, conv.in_channels, rows, columns];
        Self {
            weight: init.uniform(bound, shape),
            bias: bias.then(|| init.constant(0.0, [conv.out_channels])),
            conv,
            epilogue: if relu { Epilogue::Relu } else { Epilogue::None },
        }
    }

    /// `[N, in, H, W] -> [N, out, H', W']`
    pub fn forward(&self, x: Maps) -> Maps {
        let bias = match &self.bias {
            Some(bias) => bias.val(),
            None => Tensor::zeros([self.conv.out_channels], &x.device()),
        };
        let weight = self.weight.val();
        x.conv(weight, bias, &self.conv, self.epilogue, Weights::Parameter)
    }
}

/// Linear layer on rows of features, with ReLU where it follows.
#[derive(Module, Debug)]
pub struct LinearLayer {
    /// `[in, out]`
    pub weight: Param<Tensor<2>>,
    /// `[out]`
    pub bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    relu: bool,
}

impl LinearLayer {
    /// Weights and biases uniform in ±1/√in, PyTorch's default.
    pub fn new(
        inputs: usize,
        outputs: usize,
        bias: bool,
        relu: bool,
        init: &mut Initializer,
    ) -> Self {
        let bound = 1.0 / (inputs as f64).sqrt();
        Self {
            weight: init.uniform(bound, [inputs, outputs]),
            bias: bias.then(|| init.uniform(bound, [outputs])),
            relu,
        }
    }

    /// Normal weights and no initial bias, as the box head's outputs.
    pub fn with_normal_weights(
        inputs: usize,
        outputs: usize,
        deviation: f64,
        init: &mut Initializer,
    ) -> Self {
        Self {
            weight: init.normal(deviation, [inputs, outputs]),
            bias: Some(init.constant(0.0, [outputs])),
            relu: false,
        }
    }

    /// `[N, in, 1, 1] -> [N, out, 1, 1]`
    pub fn forward(&self, x: Maps) -> Maps {
        let bias = match &self.bias {
            Some(bias) => bias.val(),
            None => Tensor::zeros([self.weight.dims()[1]], &x.device()),
        };
        x.linear(self.weight.val(), bias, self.relu)
    }
}

/// Batch normalisation (Ioffe & Szegedy 2015) over images and pixels, with ReLU where it follows.
#[derive(Module, Debug)]
pub struct BatchNormLayer {
    /// Scale, `[C]`
    pub weight: Param<Tensor<1>>,
    /// Shift, `[C]`
    pub bias: Param<Tensor<1>>,
    /// Mean over training batches, `[C]`
    pub running_mean: RunningState<Tensor<1>>,
    /// Unbiased variance over training batches, `[C]`
    pub running_var: RunningState<Tensor<1>>,
    #[module(skip)]
    momentum: f64,
    #[module(skip)]
    epsilon: f64,
    #[module(skip)]
    relu: bool,
}

impl BatchNormLayer {
    /// Scale 1 and shift 0; `momentum` is the weight of the newest batch in the running statistics.
    pub fn new(
        channels: usize,
        momentum: f64,
        epsilon: f64,
        relu: bool,
        init: &Initializer,
    ) -> Self {
        Self {
            weight: init.constant(1.0, [channels]),
            bias: init.constant(0.0, [channels]),
            running_mean: RunningState::new(Tensor::zeros([channels], &init.device)),
            running_var: RunningState::new(Tensor::ones([channels], &init.device)),
            momentum,
            epsilon,
            relu,
        }
    }

    /// `[N, C, H, W] -> [N, C, H, W]`
    pub fn forward(&self, x: Maps, mode: Mode) -> Maps {
        let (gamma, beta) = (self.weight.val(), self.bias.val());
        if !mode.is_training() {
            let (mean, variance) = (
                self.running_mean.value_sync(),
                self.running_var.value_sync(),
            );
            return x.normalize(mean, variance, gamma, beta, self.epsilon, self.relu);
        }
        let [_, height, width] = x.shape();
        let count = (x.images() * height * width) as f64;
        let (y, mean, variance) = x.batch_norm(gamma, beta, self.epsilon, self.relu);
        let unbiased = variance * (count / (count - 1.0).max(1.0));
        let blend = |state: &RunningState<Tensor<1>>, newest: Tensor<1>| {
            state.update(state.value_sync() * (1.0 - self.momentum) + newest * self.momentum);
            state.value_sync();
        };
        blend(&self.running_mean, mean);
        blend(&self.running_var, unbiased);
        y
    }
}

/// Group normalisation (Wu & He 2018) over groups of channels of each image, with ReLU where it follows.
#[derive(Module, Debug)]
pub struct GroupNormLayer {
    /// Scale, `[C]`
    pub weight: Param<Tensor<1>>,
    /// Shift, `[C]`
    pub bias: Param<Tensor<1>>,
    #[module(skip)]
    groups: usize,
    #[module(skip)]
    relu: bool,
}

impl GroupNormLayer {
    /// Scale 1 and shift 0; the most groups, at most 32 (Wu & He's default), that divide the channels.
    pub fn new(channels: usize, relu: bool, init: &Initializer) -> Self {
        let groups = (1..=32).rev().find(|&count| channels.is_multiple_of(count));
        Self {
            weight: init.constant(1.0, [channels]),
            bias: init.constant(0.0, [channels]),
            groups: groups.unwrap_or(1),
            relu,
        }
    }

    /// `[N, C, H, W] -> [N, C, H, W]`
    pub fn forward(&self, x: Maps) -> Maps {
        let (gamma, beta) = (self.weight.val(), self.bias.val());
        x.group_norm(gamma, beta, self.groups, 1e-5, self.relu)
    }
}

/// A layer without parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Plain {
    /// Done already by the layer before it.
    Fused,
    MaxPool(Pool),
    AvgPool(Pool),
    GlobalAvgPool,
    Relu,
    Gelu,
    Silu,
    LeakyRelu {
        slope: f64,
    },
    Dropout {
        rate: f64,
        layer: u64,
    },
    Flatten,
}

/// A layer without parameters, as Burn's modules want it.
#[derive(Module, Debug)]
pub struct PlainLayer {
    #[module(skip)]
    plain: Plain,
}

impl PlainLayer {
    fn forward(&self, x: Maps, mode: Mode) -> Maps {
        match self.plain {
            Plain::Fused => x,
            Plain::MaxPool(pool) => x.max_pool(&pool),
            Plain::AvgPool(pool) => x.average_pool(&pool),
            Plain::GlobalAvgPool => {
                let [_, height, width] = x.shape();
                let kernel = [height, width];
                x.average_pool(&Pool {
                    kernel,
                    stride: kernel,
                    padding: [0, 0],
                })
            }
            Plain::Relu => x.relu(),
            Plain::Gelu => x.gelu(),
            Plain::Silu => x.silu(),
            Plain::LeakyRelu { slope } => x.leaky_relu(slope),
            Plain::Dropout { rate, layer } => match mode {
                Mode::Training { seed, step, first } => {
                    let key = dropout_key(seed, step, layer);
                    dropout(x, rate, key, first)
                }
                Mode::Inference => x,
            },
            Plain::Flatten => x.flatten(),
        }
    }
}

/// What the draws of a layer's dropout depend on.
pub(crate) fn dropout_key(seed: u64, step: u64, layer: u64) -> Key {
    Key {
        seed,
        purpose: Purpose::Dropout,
        epoch: step,
        index: layer,
    }
}

/// Zeroes features at random and scales the others up (Srivastava et al. 2014).
///
/// `first` rows of features come before those of `x` in the step: with their draws left out, each row has the same mask
/// however many devices share the step's images.
pub(crate) fn dropout(x: Maps, rate: f64, key: Key, first: usize) -> Maps {
    let [channels, height, width] = x.shape();
    let shape = [x.images(), channels, height, width];
    let scale = (1.0 / (1.0 - rate)) as f32;
    let mut stream = key.stream();
    stream.skip_f32(first * channels * height * width);
    let mask: Vec<f32> = (0..shape.iter().product())
        .map(|_| {
            if f64::from(stream.unit_f32()) < rate {
                0.0
            } else {
                scale
            }
        })
        .collect();
    let mask = Tensor::from_data(TensorData::new(mask, shape), &x.device());
    x.masked(mask)
}

/// One layer of a chain.
#[derive(Module, Debug)]
pub enum LayerModule {
    /// Convolution.
    Conv(ConvLayer),
    /// Linear.
    Linear(LinearLayer),
    /// Batch normalisation.
    BatchNorm(BatchNormLayer),
    /// Anything without parameters.
    Plain(PlainLayer),
}

/// The modules of `layers` for maps of shape `input` (`[C, H, W]`), one each, and the shape that comes out.
///
/// ReLU and pooling that a layer does in the same pass leave an empty module in their place, so that a
/// parameter's name always holds the number its layer has in the recipe. What the first `end` modules give, for each
/// of `ends` (ascending), is read on its own: no pass reaches beyond it.
///
/// # Errors
/// [`ShapeError`] naming the layer that does not fit what the one before it gives.
pub fn build(
    layers: &[Layer],
    input: [usize; 3],
    ends: &[usize],
    init: &mut Initializer,
) -> Result<(Vec<LayerModule>, Shape), ShapeError> {
    let summary = summary(layers, input)?;
    let mut modules = Vec::with_capacity(layers.len());
    let [channels, height, width] = input;
    let mut shape = Shape::Map {
        channels,
        height,
        width,
    };
    while modules.len() < layers.len() {
        let i = modules.len();
        let end = ends.iter().copied().find(|&end| end > i);
        let followers = &layers[i + 1..end.unwrap_or(layers.len())];
        let relu = matches!(followers.first(), Some(Layer::Relu));
        let channels = match shape {
            Shape::Map { channels, .. } => channels,
            Shape::Features(features) => features,
        };
        let mut fused = 0;
        modules.push(match &layers[i] {
            Layer::Conv {
                channels: out,
                kernel,
                stride,
                padding,
                dilation,
                bias,
            } => {
                let conv = Conv {
                    in_channels: channels,
                    out_channels: *out,
                    kernel: *kernel,
                    stride: *stride,
                    padding: *padding,
                    dilation: *dilation,
                };
                let mut layer = ConvLayer::new(conv, *bias, init);
                if relu {
                    let pooled =
                        matches!(followers.get(1), Some(Layer::MaxPool(pool)) if window(pool) == HALVING);
                    fused = 1 + usize::from(pooled);
                    layer.epilogue = if pooled {
                        Epilogue::ReluPool
                    } else {
                        Epilogue::Relu
                    };
                }
                LayerModule::Conv(layer)
            }
            Layer::Linear { features, bias } => {
                fused = usize::from(relu);
                LayerModule::Linear(LinearLayer::new(channels, *features, *bias, relu, init))
            }
            Layer::BatchNorm { momentum, epsilon } => {
                fused = usize::from(relu);
                LayerModule::BatchNorm(BatchNormLayer::new(
                    channels, *momentum, *epsilon, relu, init,
                ))
            }
            Layer::MaxPool(pool) => plain(Plain::MaxPool(window(pool))),
            Layer::AvgPool(pool) => plain(Plain::AvgPool(window(pool))),
            Layer::GlobalAvgPool => plain(Plain::GlobalAvgPool),
            Layer::Relu => plain(Plain::Relu),
            Layer::Gelu => plain(Plain::Gelu),
            Layer::Silu => plain(Plain::Silu),
            Layer::LeakyRelu { slope } => plain(Plain::LeakyRelu { slope: *slope }),
            Layer::Dropout { rate } => plain(Plain::Dropout {
                rate: *rate,
                layer: i as u64,
            }),
            Layer::Flatten => plain(Plain::Flatten),
        });
        modules.extend((0..fused).map(|_| plain(Plain::Fused)));
        shape = summary.layers[modules.len() - 1].output;
    }
    Ok((modules, shape))
}

/// Runs a chain: `[N, C, H, W]` in, whatever its last layer gives out.
pub fn forward(layers: &[LayerModule], x: Maps, mode: Mode) -> Maps {
    let mut x = x;
    let mut rest = layers;
    while let [layer, followers @ ..] = rest {
        rest = followers;
        x = match layer {
            LayerModule::Conv(conv) => match normalized(conv, followers, mode) {
                Some((folded, done)) => {
                    rest = &followers[done..];
                    folded.apply(x)
                }
                None => conv.forward(x),
            },
            LayerModule::Linear(layer) => layer.forward(x),
            LayerModule::BatchNorm(layer) => layer.forward(x, mode),
            LayerModule::Plain(layer) => layer.forward(x, mode),
        };
    }
    x
}

/// A convolution with the batch normalisation behind it in its weights.
struct Folded {
    weight: Tensor<4>,
    bias: Tensor<1>,
    conv: Conv,
    epilogue: Epilogue,
}

impl Folded {
    fn apply(self, x: Maps) -> Maps {
        let Self { weight, bias, .. } = self;
        x.conv(weight, bias, &self.conv, self.epilogue, Weights::Computed)
    }
}

/// In inference, where the statistics are fixed: the convolution, the normalisation that follows it, and a ReLU and
/// pooling after that as one; and how many of the followers that makes needless.
fn normalized(layer: &ConvLayer, followers: &[LayerModule], mode: Mode) -> Option<(Folded, usize)> {
    let [LayerModule::BatchNorm(norm), after @ ..] = followers else {
        return None;
    };
    if mode.is_training() || layer.epilogue != Epilogue::None {
        return None;
    }
    // (conv(x) + b - mean) gamma / deviation + beta, with the factor moved into the weights.
    let deviation = (norm.running_var.value_sync() + norm.epsilon).sqrt();
    let scale = norm.weight.val() / deviation;
    let shift = norm.bias.val() - norm.running_mean.value_sync() * scale.clone();
    let bias = match &layer.bias {
        Some(bias) => bias.val() * scale.clone() + shift,
        None => shift,
    };
    let weight = layer.weight.val() * scale.reshape([layer.conv.out_channels, 1, 1, 1]);
    let plain = |layer: Option<&LayerModule>| match layer {
        Some(LayerModule::Plain(layer)) => Some(layer.plain),
        _ => None,
    };
    // A normalisation with ReLU is followed by the empty module of that ReLU.
    let pooled = matches!(plain(after.get(1)), Some(Plain::MaxPool(pool)) if pool == HALVING);
    let (epilogue, done) = match (norm.relu, pooled) {
        (false, _) => (Epilogue::None, 1),
        (true, false) => (Epilogue::Relu, 2),
        (true, true) => (Epilogue::ReluPool, 3),
    };
    let conv = layer.conv;
    Some((
        Folded {
            weight,
            bias,
            conv,
            epilogue,
        },
        done,
    ))
}

/// The pooling that a convolution does in the same pass.
const HALVING: Pool = Pool {
    kernel: [2, 2],
    stride: [2, 2],
    padding: [0, 0],
};

fn plain(plain: Plain) -> LayerModule {
    LayerModule::Plain(PlainLayer { plain })
}

fn window(pool: &crate::recipe::Pool) -> Pool {
    Pool {
        kernel: pool.size,
        stride: pool.stride,
        padding: pool.padding,
    }
}
