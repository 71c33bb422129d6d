//! Layers one after the other, as a recipe lists them.

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};

use super::{BatchNormLayer, ConvLayer, Initializer, LinearLayer, Mode};
use crate::ops::{Conv, Epilogue, HALVING, Maps, Pool, WeightSource};
use data::random::{Key, Purpose};
use recipe::{Layer, Shape, ShapeError, summary};

/// One layer of a chain.
#[derive(Module, Debug)]
pub enum LayerModule {
    /// Convolution.
    Conv(ConvLayer),
    /// Linear.
    Linear(LinearLayer),
    /// Batch normalisation.
    BatchNorm(BatchNormLayer),
    /// A layer without parameters.
    Plain(PlainLayer),
}

/// A layer without parameters.
#[derive(Module, Debug)]
pub struct PlainLayer {
    #[module(skip)]
    layer: Layer,
    /// Its place in the recipe's list.
    #[module(skip)]
    number: u64,
    /// Whether the layer before it does its work in the same pass.
    #[module(skip)]
    fused: bool,
}

impl PlainLayer {
    /// `[N, C, H, W]` in, what the recipe's layer gives out.
    fn forward(&self, x: Maps, mode: Mode) -> Maps {
        if self.fused {
            return x;
        }
        match &self.layer {
            Layer::MaxPool(pool) => x.max_pool(&window(pool)),
            Layer::AvgPool(pool) => x.average_pool(&window(pool)),
            Layer::GlobalAvgPool => x.global_average_pool(),
            Layer::Relu => x.relu(),
            Layer::Gelu => x.gelu(),
            Layer::Silu => x.silu(),
            Layer::LeakyRelu { slope } => x.leaky_relu(*slope),
            Layer::Dropout { rate } => match mode {
                Mode::Training { seed, step, first } => {
                    dropout(x, *rate, dropout_key(seed, step, self.number), first)
                }
                Mode::Inference => x,
            },
            Layer::Flatten => x.flatten(),
            Layer::Conv { .. } | Layer::Linear { .. } | Layer::BatchNorm { .. } => {
                unreachable!("build() gives layers with parameters modules of their own")
            }
        }
    }
}

fn window(pool: &recipe::Pool) -> Pool {
    Pool {
        kernel: pool.size,
        stride: pool.stride,
        padding: pool.padding,
    }
}

/// What the random numbers of a layer's dropout depend on.
pub(crate) fn dropout_key(seed: u64, step: u64, layer: u64) -> Key {
    Key {
        seed,
        purpose: Purpose::Dropout,
        epoch: step,
        index: layer,
    }
}

/// Zeroes features at random and scales the others up (Srivastava et al. 2014): `[N, C, H, W] -> [N, C, H, W]`.
///
/// `first` rows of features come before those of `x` in the step: their random numbers are skipped, so that each row
/// has the same mask however many devices share the step's images.
pub(crate) fn dropout(x: Maps, rate: f64, key: Key, first: usize) -> Maps {
    let [channels, height, width] = x.shape();
    let shape = [x.images(), channels, height, width];
    let scale = (1.0 / (1.0 - rate)) as f32;
    let mut stream = key.stream();
    stream.skip_f32(first * channels * height * width);
    let mut draw = || {
        if f64::from(stream.unit_f32()) < rate {
            0.0
        } else {
            scale
        }
    };
    let mask: Vec<f32> = (0..shape.iter().product()).map(|_| draw()).collect();
    let mask = Tensor::from_data(TensorData::new(mask, shape), &x.device());
    x.masked(mask)
}

/// The modules of `layers` for maps of shape `input` (`[C, H, W]`), one each, and the shape of the output.
///
/// A convolution, linear layer or normalisation also does the ReLU (and pooling) behind it, unless the chain is read in
/// between: after each of `ends` (ascending) layers. Every layer of the recipe still has a module, so that a
/// parameter's name always holds the number of its layer.
///
/// # Errors
/// [`ShapeError`] naming the layer that does not fit its input.
pub fn build(
    layers: &[Layer],
    input: [usize; 3],
    ends: &[usize],
    init: &mut Initializer,
) -> Result<(Vec<LayerModule>, Shape), ShapeError> {
    let summary = summary(layers, input)?;
    let mut shape = summary.input;
    let mut modules = Vec::with_capacity(layers.len());
    // Layers to come that the one before them has done.
    let mut fused: usize = 0;
    for (number, layer) in layers.iter().enumerate() {
        let end = ends.iter().copied().find(|&end| end > number);
        let followers = &layers[number + 1..end.unwrap_or(layers.len())];
        let relu = matches!(followers.first(), Some(Layer::Relu));
        let channels = match shape {
            Shape::Map { channels, .. } => channels,
            Shape::Features(features) => features,
        };
        modules.push(match layer {
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
                (layer.epilogue, fused) = match followers {
                    [Layer::Relu, Layer::MaxPool(pool), ..] if window(pool) == HALVING => {
                        (Epilogue::ReluPool, 2)
                    }
                    [Layer::Relu, ..] => (Epilogue::Relu, 1),
                    _ => (Epilogue::None, 0),
                };
                LayerModule::Conv(layer)
            }
            Layer::Linear { features, bias } => {
                fused = usize::from(relu);
                LayerModule::Linear(LinearLayer::new(channels, *features, *bias, relu, init))
            }
            Layer::BatchNorm { momentum, epsilon } => {
                fused = usize::from(relu);
                let layer = BatchNormLayer::new(channels, *momentum, *epsilon, relu, init);
                LayerModule::BatchNorm(layer)
            }
            layer => {
                let layer = PlainLayer {
                    layer: layer.clone(),
                    number: number as u64,
                    fused: fused > 0,
                };
                fused = fused.saturating_sub(1);
                LayerModule::Plain(layer)
            }
        });
        shape = summary.layers[number].output;
    }
    Ok((modules, shape))
}

/// The same chain with each layer on its own: the output of number i is what layer i of the recipe gives.
pub(crate) fn unfused(layers: &[LayerModule]) -> Vec<LayerModule> {
    let mut layers = layers.to_vec();
    for layer in &mut layers {
        match layer {
            LayerModule::Conv(layer) => layer.epilogue = Epilogue::None,
            LayerModule::Linear(layer) => layer.relu = false,
            LayerModule::BatchNorm(layer) => layer.relu = false,
            LayerModule::Plain(layer) => layer.fused = false,
        }
    }
    layers
}

/// Runs a chain: `[N, C, H, W]` in, the output of its last layer out.
pub fn forward(layers: &[LayerModule], x: Maps, mode: Mode) -> Maps {
    let mut x = x;
    let mut rest = layers;
    while let [layer, followers @ ..] = rest {
        rest = followers;
        x = match layer {
            LayerModule::Conv(conv) => match (mode, followers) {
                // In inference the statistics are fixed, and the normalisation becomes part of the weights.
                (Mode::Inference, [LayerModule::BatchNorm(norm), after @ ..])
                    if conv.epilogue == Epilogue::None =>
                {
                    let (epilogue, done) = fold_epilogue(norm, after);
                    rest = &after[done..];
                    normalized_conv(x, conv, norm, epilogue)
                }
                _ => conv.forward(x),
            },
            LayerModule::Linear(layer) => layer.forward(x),
            LayerModule::BatchNorm(layer) => layer.forward(x, mode),
            LayerModule::Plain(layer) => layer.forward(x, mode),
        };
    }
    x
}

/// What a convolution does in the same pass when `norm` is part of its weights, and how many of the layers `after` the
/// normalisation that makes needless.
fn fold_epilogue(norm: &BatchNormLayer, after: &[LayerModule]) -> (Epilogue, usize) {
    if !norm.relu {
        return (Epilogue::None, 0);
    }
    // The first of them is the ReLU that the normalisation does.
    match after.get(1) {
        Some(LayerModule::Plain(PlainLayer {
            layer: Layer::MaxPool(pool),
            ..
        })) if window(pool) == HALVING => (Epilogue::ReluPool, 2),
        _ => (Epilogue::Relu, 1),
    }
}

/// `[N, in, H, W] -> [N, out, H', W']`: (conv(x) + bias - mean) * gamma / deviation + beta, with the factor moved into
/// the weights.
fn normalized_conv(x: Maps, layer: &ConvLayer, norm: &BatchNormLayer, epilogue: Epilogue) -> Maps {
    let deviation = (norm.running_var.value_sync() + norm.epsilon).sqrt();
    let scale = norm.weight.val() / deviation;
    let shift = norm.bias.val() - norm.running_mean.value_sync() * scale.clone();
    let bias = match &layer.bias {
        Some(bias) => bias.val() * scale.clone() + shift,
        None => shift,
    };
    let weight = layer.weight.val() * scale.reshape([layer.conv.out_channels, 1, 1, 1]);
    x.conv(weight, bias, &layer.conv, epilogue, WeightSource::Computed)
}
