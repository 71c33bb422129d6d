//! Layers one after the other, as a recipe lists them, and the chains inside of layers.

mod freeze;

use burn::module::Module;

use super::plain::{PlainLayer, window};
use super::squeeze::SqueezeLayer;
use super::{BatchNormLayer, ConvLayer, Initializer, LinearLayer, Mode};
use crate::ops::{Conv, Epilogue, HALVING, Maps};
pub(crate) use freeze::freeze;
use recipe::{Layer, Shape, ShapeError, Summary, summary, summary_of};

/// One layer of a chain.
#[allow(clippy::large_enum_variant)] // there are a hundred at most, and Burn has no boxed modules
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
    /// Squeeze-and-excitation.
    Squeeze(SqueezeLayer),
    /// A sum of what comes in and what layers make of it.
    Residual(ResidualLayer),
    /// Shorthand for several layers.
    Parts(PartsLayer),
}

/// What comes in, or what the shortcut makes of it, plus what the layers make of it, with ReLU where it follows.
#[derive(Module, Debug)]
pub struct ResidualLayer {
    pub(crate) residual: Vec<LayerModule>,
    pub(crate) shortcut: Vec<LayerModule>,
    #[module(skip)]
    relu: bool,
}

impl ResidualLayer {
    /// `[N, C, H, W]` in, what its layers give out.
    fn forward(&self, x: Maps, mode: Mode) -> Maps {
        let kept = forward(&self.shortcut, x.clone(), mode);
        let y = forward(&self.residual, x, mode);
        if self.relu {
            y.plus_relu(kept)
        } else {
            y.plus(kept)
        }
    }
}

/// The layers that a layer of the recipe is shorthand for.
#[derive(Module, Debug)]
pub struct PartsLayer {
    pub(crate) blocks: Vec<LayerModule>,
    /// Whether they are residual blocks, each with a ReLU behind it, and not one block of a MobileNet.
    #[module(skip)]
    pub(crate) is_stage: bool,
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
    init.set_shortcuts(layers.iter().any(|layer| {
        matches!(
            layer,
            Layer::Residual { .. } | Layer::Stage(_) | Layer::Inverted(_)
        )
    }));
    let modules = modules(layers, &summary, ends, &Numbers::OfRecipe, init)?;
    Ok((modules, summary.output()))
}

/// The numbers of a list's layers.
enum Numbers {
    /// The places in the recipe's own list.
    OfRecipe,
    /// Those of a list inside of a layer, from this one on.
    From(u64),
}

impl Numbers {
    /// Longest list inside of a layer whose numbers are its own.
    const LONGEST: u64 = 1 << 12;

    fn of(&self, index: usize) -> u64 {
        match self {
            Self::OfRecipe => index as u64,
            Self::From(first) => first.wrapping_add(index as u64),
        }
    }

    /// For list `which` of those inside of the layer with this number.
    fn inside(number: u64, which: u64) -> Self {
        let place = number.wrapping_add(1).wrapping_mul(2).wrapping_add(which);
        Self::From(place.wrapping_mul(Self::LONGEST))
    }
}

/// The modules of layers with these shapes.
fn modules(
    layers: &[Layer],
    summary: &Summary,
    ends: &[usize],
    numbers: &Numbers,
    init: &mut Initializer,
) -> Result<Vec<LayerModule>, ShapeError> {
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
                groups,
                bias,
            } => {
                let groups = groups.of(channels);
                let conv = Conv {
                    in_channels: channels,
                    out_channels: *out,
                    kernel: *kernel,
                    stride: *stride,
                    padding: *padding,
                    dilation: *dilation,
                };
                let mut layer = ConvLayer::new(conv, groups, *bias, init);
                (layer.epilogue, fused) = match followers {
                    [Layer::Relu, Layer::MaxPool(pool), ..]
                        if window(pool) == HALVING && groups == 1 =>
                    {
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
            Layer::SqueezeExcitation { features, gate } => {
                LayerModule::Squeeze(SqueezeLayer::new(channels, *features, *gate, init))
            }
            Layer::Residual { layers, shortcut } => {
                fused = usize::from(relu);
                let mut list = |layers, which| {
                    let numbers = Numbers::inside(numbers.of(number), which);
                    self::modules(layers, &summary_of(layers, shape)?, &[], &numbers, init)
                };
                LayerModule::Residual(ResidualLayer {
                    residual: list(layers, 0)?,
                    shortcut: list(shortcut, 1)?,
                    relu,
                })
            }
            Layer::Stage(_) | Layer::Inverted(_) => {
                let parts = layer.parts(channels).unwrap_or_default();
                let inside = summary_of(&parts, shape)?;
                let numbers = Numbers::inside(numbers.of(number), 0);
                let blocks = self::modules(&parts, &inside, &[], &numbers, init)?;
                let is_stage = matches!(layer, Layer::Stage(_));
                LayerModule::Parts(PartsLayer { blocks, is_stage })
            }
            layer => {
                let layer = PlainLayer {
                    layer: layer.clone(),
                    number: numbers.of(number),
                    fused: fused > 0,
                };
                fused = fused.saturating_sub(1);
                LayerModule::Plain(layer)
            }
        });
        shape = summary.layers[number].output;
    }
    Ok(modules)
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
            LayerModule::Residual(layer) => layer.relu = false,
            LayerModule::Squeeze(_) | LayerModule::Parts(_) => {}
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
            LayerModule::Conv(conv) => match followers {
                // Where the statistics are fixed, the normalisation becomes part of the weights.
                [LayerModule::BatchNorm(norm), after @ ..]
                    if conv.epilogue == Epilogue::None && norm.is_fixed(mode) =>
                {
                    let (epilogue, done) = fold_epilogue(conv, norm, after);
                    rest = &after[done..];
                    conv.forward_normalized(x, norm, epilogue)
                }
                _ => conv.forward(x),
            },
            LayerModule::Linear(layer) => layer.forward(x),
            LayerModule::BatchNorm(layer) => layer.forward(x, mode),
            LayerModule::Plain(layer) => layer.forward(x, mode),
            LayerModule::Squeeze(layer) => layer.forward(x),
            LayerModule::Residual(layer) => layer.forward(x, mode),
            LayerModule::Parts(layer) => forward(&layer.blocks, x, mode),
        };
    }
    x
}

/// What a convolution does in the same pass when `norm` is part of its weights, and how many of the layers `after` the
/// normalisation that makes needless.
fn fold_epilogue(
    conv: &ConvLayer,
    norm: &BatchNormLayer,
    after: &[LayerModule],
) -> (Epilogue, usize) {
    if !norm.relu {
        return (Epilogue::None, 0);
    }
    // The first of them is the ReLU that the normalisation does.
    match after.get(1) {
        Some(LayerModule::Plain(PlainLayer {
            layer: Layer::MaxPool(pool),
            ..
        })) if window(pool) == HALVING && conv.groups == 1 => (Epilogue::ReluPool, 2),
        _ => (Epilogue::Relu, 1),
    }
}
