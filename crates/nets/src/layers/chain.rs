//! Chains of layers, built from a recipe's list.

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};

use super::{BatchNormLayer, ConvLayer, Initializer, LinearLayer, Mode};
use crate::ops::{Conv, Epilogue, Maps, Pool, Weights};
use data::random::{Key, Purpose};
use recipe::{Layer, Shape, ShapeError, summary};

/// A layer without parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Plain {
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
    pub(super) plain: Plain,
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
pub(super) const HALVING: Pool = Pool {
    kernel: [2, 2],
    stride: [2, 2],
    padding: [0, 0],
};

pub(super) fn plain(plain: Plain) -> LayerModule {
    LayerModule::Plain(PlainLayer { plain })
}

fn window(pool: &recipe::Pool) -> Pool {
    Pool {
        kernel: pool.size,
        stride: pool.stride,
        padding: pool.padding,
    }
}
