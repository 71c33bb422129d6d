//! The layers that a recipe can name: their options, defaults and limits, the shapes they make and what they cost.

mod blocks;
mod groups;
mod pairs;
mod step;
mod text;

use super::options::{
    Check, Checked, MOST_PIXELS, at, below_1, count, each, filled, need, not_negative,
    positive_fraction, section, within,
};
pub use blocks::{Block, BlockActivation, Inverted, ResidualStage};
pub(crate) use blocks::{expanded, unbiased};
pub use groups::Groups;
use pairs::{avg_pool, max_pool, pair};
use serde::{Deserialize, Serialize};
pub(crate) use step::{Misfit, misfit, product};

/// One layer. In TOML either a name, `"relu"`, or a table whose first key is the name:
/// `{ conv = 32, kernel = 3, padding = 1 }`.
///
/// Sizes in `[rows, columns]` may be written as one number when both are equal.
// Deserialized by `value.rs`, which takes the variant from the key that is the name of a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Layer {
    /// Convolution (cross-correlation, as everywhere in deep learning) with zero padding.
    Conv {
        /// Output channels.
        #[serde(rename = "conv")]
        channels: usize,
        /// Height and width of the kernel; must be given.
        #[serde(with = "pair")]
        kernel: [usize; 2],
        /// Pixels between neighbouring outputs; default 1.
        #[serde(default = "ones", with = "pair")]
        stride: [usize; 2],
        /// Zeros added on each side; default 0.
        #[serde(default, with = "pair")]
        padding: [usize; 2],
        /// Pixels between neighbouring taps of the kernel; default 1.
        #[serde(default = "ones", with = "pair")]
        dilation: [usize; 2],
        /// Parts into which the channels are divided; outputs see the inputs of their part only. A number, or "depthwise":
        /// as many as there are channels in. Default 1.
        #[serde(default)]
        groups: Groups,
        /// Whether each output channel has a trained bias; default true.
        #[serde(default = "yes")]
        bias: bool,
    },
    /// The largest value under each window.
    MaxPool(#[serde(with = "max_pool")] Pool),
    /// The mean of each window; padding counts as zeros.
    AvgPool(#[serde(with = "avg_pool")] Pool),
    /// The mean of each channel: `[C, H, W] -> [C]`.
    GlobalAvgPool,
    /// The means of as many windows as it takes to give a map of this size: `[C, H, W] -> [C, rows, columns]`.
    AdaptiveAvgPool {
        /// Height and width of the output.
        #[serde(rename = "adaptive-avg-pool", with = "pair")]
        size: [usize; 2],
    },
    /// Each channel to mean 0 and variance 1 over the batch, then a trained scale and offset.
    BatchNorm {
        /// Weight of the newest batch in the running mean and variance; default 0.1.
        #[serde(default = "batch_norm_momentum")]
        momentum: f64,
        /// Added to the variance before its root; default 1e-5. 0 is for weights that were trained so.
        #[serde(default = "batch_norm_epsilon")]
        epsilon: f64,
    },
    /// max(x, 0).
    Relu,
    /// x times the normal distribution function of x, exact (not the tanh approximation).
    Gelu,
    /// x times the logistic function of x.
    Silu,
    /// The logistic function, 1 / (1 + exp(-x)).
    Sigmoid,
    /// The logistic function drawn with three straight lines: (x + 3) / 6, at least 0 and at most 1.
    HardSigmoid,
    /// x times its hard sigmoid.
    HardSwish,
    /// x where positive, else slope times x.
    LeakyRelu {
        /// Slope for negative values; default 0.01.
        #[serde(rename = "leaky-relu", default = "leaky_slope")]
        slope: f64,
    },
    /// During training, sets features to zero at random and scales the others up to compensate.
    Dropout {
        /// Probability of zero, in [0, 1); default 0.5.
        #[serde(rename = "dropout", default = "half")]
        rate: f64,
    },
    /// `[C, H, W] -> [C * H * W]`.
    Flatten,
    /// Every output is a weighted sum of every input.
    Linear {
        /// Output features.
        #[serde(rename = "linear")]
        features: usize,
        /// Whether each output has a trained bias; default true.
        #[serde(default = "yes")]
        bias: bool,
    },
    /// Weighs the channels by what all of the map shows (Hu et al. 2018): means of the channels, two linear layers with ReLU
    /// between them, and a gate that multiplies each channel.
    SqueezeExcitation {
        /// Features between the two layers.
        #[serde(rename = "squeeze-excitation")]
        features: usize,
        /// The function that ends in 0 to 1; default "sigmoid".
        #[serde(default)]
        gate: Gate,
    },
    /// What comes in is added to what the layers make of it (He et al. 2015).
    Residual {
        /// The layers, in order.
        #[serde(rename = "residual")]
        layers: Vec<Layer>,
        /// Layers that bring what comes in to the shape of the sum, where the layers change it; default none.
        #[serde(default)]
        shortcut: Vec<Layer>,
    },
    /// Residual blocks, one after the other.
    Stage(ResidualStage),
    /// A block of a MobileNet.
    Inverted(Inverted),
}

/// The function that makes weights from 0 to 1 of any numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// As in the paper.
    #[default]
    Sigmoid,
    /// As in MobileNetV3.
    HardSigmoid,
}

/// A list of at least one layer, each with sensible options.
pub(super) fn check_all(layers: &[Layer]) -> Checked {
    filled("layer", layers)?;
    each(section)(&layers)
}

impl Check for Layer {
    fn check(&self) -> Checked {
        let name = self.name();
        match self {
            Self::Conv {
                channels,
                kernel,
                stride,
                padding,
                dilation,
                groups,
                ..
            } => {
                at(name, count(channels))?;
                at("kernel", sides(*kernel, 1))?;
                at("stride", sides(*stride, 1))?;
                at("padding", sides(*padding, 0))?;
                at("dilation", sides(*dilation, 1))?;
                at("groups", groups.check(*channels))
            }
            Self::MaxPool(pool) | Self::AvgPool(pool) => {
                let Pool {
                    size,
                    stride,
                    padding,
                } = *pool;
                at(name, sides(size, 1))?;
                at("stride", sides(stride, 1))?;
                let small = size[0] * size[1] <= 1 << 16;
                at(
                    name,
                    need(small, "at most 65536 pixels", format!("{size:?}")),
                )?;
                // A window wholly inside the padding would have no value of its own.
                let fits = padding[0] <= size[0] / 2 && padding[1] <= size[1] / 2;
                let found = format!("{padding:?} for {size:?}");
                at("padding", need(fits, "at most half the window", found))
            }
            Self::BatchNorm { momentum, epsilon } => {
                at(name, at("momentum", positive_fraction(momentum)))?;
                at(name, at("epsilon", not_negative(epsilon)))
            }
            Self::LeakyRelu { slope } => at(name, within(-1e6..=1e6)(slope)),
            Self::Dropout { rate } => at(name, below_1(rate)),
            Self::Linear { features, .. } => at(name, count(features)),
            Self::AdaptiveAvgPool { size } => at(name, sides(*size, 1)),
            Self::SqueezeExcitation { features, .. } => at(name, count(features)),
            Self::Residual { layers, shortcut } => {
                at(name, check_all(layers))?;
                at("shortcut", each(section)(shortcut))
            }
            Self::Stage(stage) => stage.check(),
            Self::Inverted(inverted) => inverted.check(),
            Self::GlobalAvgPool
            | Self::Relu
            | Self::Gelu
            | Self::Silu
            | Self::Sigmoid
            | Self::HardSigmoid
            | Self::HardSwish
            | Self::Flatten => Ok(()),
        }
    }
}

fn sides(pair: [usize; 2], least: usize) -> Checked {
    let holds = pair.iter().all(|side| (least..=MOST_PIXELS).contains(side));
    let found = match pair {
        [rows, columns] if rows == columns => rows.to_string(),
        _ => format!("{pair:?}"),
    };
    need(holds, &format!("from {least} to {MOST_PIXELS}"), found)
}

impl Layer {
    /// The layer's name in a recipe.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Conv { .. } => "conv",
            Self::MaxPool(_) => "max-pool",
            Self::AvgPool(_) => "avg-pool",
            Self::GlobalAvgPool => "global-avg-pool",
            Self::AdaptiveAvgPool { .. } => "adaptive-avg-pool",
            Self::BatchNorm { .. } => "batch-norm",
            Self::Relu => "relu",
            Self::Gelu => "gelu",
            Self::Silu => "silu",
            Self::Sigmoid => "sigmoid",
            Self::HardSigmoid => "hard-sigmoid",
            Self::HardSwish => "hard-swish",
            Self::LeakyRelu { .. } => "leaky-relu",
            Self::Dropout { .. } => "dropout",
            Self::Flatten => "flatten",
            Self::Linear { .. } => "linear",
            Self::SqueezeExcitation { .. } => "squeeze-excitation",
            Self::Residual { .. } => "residual",
            Self::Stage(_) => "stage",
            Self::Inverted(_) => "inverted",
        }
    }
}

/// The window of a pooling layer; pixels, `[rows, columns]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Height and width of the window.
    pub size: [usize; 2],
    /// Pixels between neighbouring windows; by default the size, so that windows do not overlap.
    pub stride: [usize; 2],
    /// Pixels added on each side, at most half the size; default 0.
    pub padding: [usize; 2],
}

fn ones() -> [usize; 2] {
    [1, 1]
}

fn yes() -> bool {
    true
}

fn half() -> f64 {
    0.5
}

fn leaky_slope() -> f64 {
    0.01
}

fn batch_norm_momentum() -> f64 {
    0.1
}

fn batch_norm_epsilon() -> f64 {
    1e-5
}
