//! The layers that a recipe can name: their options, defaults and limits, the shapes they make and what they cost.

mod pairs;

use super::options::{
    Check, Checked, MOST_PIXELS, at, below_1, count, each, filled, need, positive,
    positive_fraction, section, within,
};
use crate::summary::Shape;
use pairs::{avg_pool, max_pool, pair};
use serde::{Deserialize, Serialize};
use std::fmt;

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
    /// Each channel to mean 0 and variance 1 over the batch, then a trained scale and offset.
    BatchNorm {
        /// Weight of the newest batch in the running mean and variance; default 0.1.
        #[serde(default = "batch_norm_momentum")]
        momentum: f64,
        /// Added to the variance before its root; default 1e-5.
        #[serde(default = "batch_norm_epsilon")]
        epsilon: f64,
    },
    /// max(x, 0).
    Relu,
    /// x times the normal distribution function of x, exact (not the tanh approximation).
    Gelu,
    /// x times the logistic function of x.
    Silu,
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
                ..
            } => {
                at(name, count(channels))?;
                at("kernel", sides(*kernel, 1))?;
                at("stride", sides(*stride, 1))?;
                at("padding", sides(*padding, 0))?;
                at("dilation", sides(*dilation, 1))
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
                at(name, at("epsilon", positive(epsilon)))
            }
            Self::LeakyRelu { slope } => at(name, within(-1e6..=1e6)(slope)),
            Self::Dropout { rate } => at(name, below_1(rate)),
            Self::Linear { features, .. } => at(name, count(features)),
            Self::GlobalAvgPool | Self::Relu | Self::Gelu | Self::Silu | Self::Flatten => Ok(()),
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
            Self::BatchNorm { .. } => "batch-norm",
            Self::Relu => "relu",
            Self::Gelu => "gelu",
            Self::Silu => "silu",
            Self::LeakyRelu { .. } => "leaky-relu",
            Self::Dropout { .. } => "dropout",
            Self::Flatten => "flatten",
            Self::Linear { .. } => "linear",
        }
    }
}

impl Layer {
    /// Kernel, dilation and stride of a layer that slides a window.
    pub(crate) fn window(&self) -> Option<([usize; 2], [usize; 2], [usize; 2])> {
        match self {
            Self::Conv {
                kernel,
                dilation,
                stride,
                ..
            } => Some((*kernel, *dilation, *stride)),
            Self::MaxPool(pool) | Self::AvgPool(pool) => Some((pool.size, [1, 1], pool.stride)),
            _ => None,
        }
    }

    /// What it makes of an input, and at what cost.
    pub(crate) fn after(&self, input: Shape) -> Result<Step, Misfit> {
        let free = |output| {
            Ok(Step {
                output,
                parameters: 0,
                multiply_adds: 0,
            })
        };
        match (self, input) {
            (
                Self::Conv {
                    channels: out,
                    kernel,
                    stride,
                    padding,
                    dilation,
                    bias,
                },
                Shape::Map {
                    channels,
                    height,
                    width,
                },
            ) => {
                let rows = slide(
                    height,
                    kernel[0],
                    stride[0],
                    padding[0],
                    dilation[0],
                    "high",
                )?;
                let columns = slide(width, kernel[1], stride[1], padding[1], dilation[1], "wide")?;
                let weights = product(&[*out, channels, kernel[0], kernel[1]]);
                Ok(Step {
                    output: Shape::Map {
                        channels: *out,
                        height: rows,
                        width: columns,
                    },
                    parameters: weights.saturating_add(if *bias { *out as u64 } else { 0 }),
                    multiply_adds: weights.saturating_mul(product(&[rows, columns])),
                })
            }
            (
                Self::MaxPool(pool) | Self::AvgPool(pool),
                Shape::Map {
                    channels,
                    height,
                    width,
                },
            ) => {
                let Pool {
                    size,
                    stride,
                    padding,
                } = pool;
                free(Shape::Map {
                    channels,
                    height: slide(height, size[0], stride[0], padding[0], 1, "high")?,
                    width: slide(width, size[1], stride[1], padding[1], 1, "wide")?,
                })
            }
            (Self::GlobalAvgPool, Shape::Map { channels, .. }) => free(Shape::Features(channels)),
            (
                Self::Conv { .. } | Self::MaxPool(_) | Self::AvgPool(_) | Self::GlobalAvgPool,
                Shape::Features(features),
            ) => Err(misfit(
                format!("needs rows and columns, but its input is flat: {features} features"),
                "move it before the layer that flattens (flatten, global-avg-pool or linear)",
            )),
            (Self::BatchNorm { .. }, _) => {
                let channels = match input {
                    Shape::Map { channels, .. } => channels,
                    Shape::Features(features) => features,
                };
                Ok(Step {
                    output: input,
                    parameters: product(&[2, channels]),
                    multiply_adds: 0,
                })
            }
            (
                Self::Relu
                | Self::Gelu
                | Self::Silu
                | Self::LeakyRelu { .. }
                | Self::Dropout { .. },
                _,
            ) => free(input),
            (Self::Flatten, _) => free(Shape::Features(input.elements())),
            (
                Self::Linear {
                    features: out,
                    bias,
                },
                Shape::Features(features),
            ) => {
                let weights = product(&[*out, features]);
                Ok(Step {
                    output: Shape::Features(*out),
                    parameters: weights.saturating_add(if *bias { *out as u64 } else { 0 }),
                    multiply_adds: weights,
                })
            }
            (Self::Linear { .. }, Shape::Map { .. }) => Err(misfit(
                format!("needs flat features, but its input is {input}"),
                "put \"flatten\" or \"global-avg-pool\" before it",
            )),
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        match self {
            Self::Conv {
                channels,
                kernel,
                stride,
                padding,
                dilation,
                bias,
            } => {
                write!(formatter, "{name} {channels}, {}x{}", kernel[0], kernel[1])?;
                side_option(formatter, "stride", *stride, [1, 1])?;
                side_option(formatter, "padding", *padding, [0, 0])?;
                side_option(formatter, "dilation", *dilation, [1, 1])?;
                formatter.write_str(if *bias { "" } else { ", no bias" })
            }
            Self::MaxPool(pool) | Self::AvgPool(pool) => {
                write!(formatter, "{name} {}x{}", pool.size[0], pool.size[1])?;
                side_option(formatter, "stride", pool.stride, pool.size)?;
                side_option(formatter, "padding", pool.padding, [0, 0])
            }
            Self::LeakyRelu { slope } => write!(formatter, "{name} {slope}"),
            Self::Dropout { rate } => write!(formatter, "{name} {rate}"),
            Self::Linear { features, bias } => {
                write!(formatter, "{name} {features}")?;
                formatter.write_str(if *bias { "" } else { ", no bias" })
            }
            _ => formatter.write_str(name),
        }
    }
}

fn side_option(
    formatter: &mut fmt::Formatter<'_>,
    name: &str,
    value: [usize; 2],
    usual: [usize; 2],
) -> fmt::Result {
    match value {
        _ if value == usual => Ok(()),
        [rows, columns] if rows == columns => write!(formatter, ", {name} {rows}"),
        [rows, columns] => write!(formatter, ", {name} {rows}x{columns}"),
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

/// What a layer makes of an input.
pub(crate) struct Step {
    pub output: Shape,
    pub parameters: u64,
    pub multiply_adds: u64,
}

/// Why a layer can't take an input.
pub(crate) struct Misfit {
    /// What does not fit.
    pub what: String,
    /// What to do.
    pub help: String,
}

fn misfit(what: impl Into<String>, help: impl Into<String>) -> Misfit {
    Misfit {
        what: what.into(),
        help: help.into(),
    }
}

pub(crate) fn product(factors: &[usize]) -> u64 {
    factors
        .iter()
        .fold(1, |all, &factor| all.saturating_mul(factor as u64))
}

/// Positions of a window along one side.
fn slide(
    size: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
    dilation: usize,
    side: &str,
) -> Result<usize, Misfit> {
    let padded = size.saturating_add(padding.saturating_mul(2));
    let span = kernel
        .saturating_sub(1)
        .saturating_mul(dilation)
        .saturating_add(1);
    match padded.checked_sub(span) {
        Some(room) => Ok((room / stride.max(1)).saturating_add(1)),
        None => {
            let with_padding = match padding {
                0 => String::new(),
                _ => format!(" with padding {padding}"),
            };
            Err(misfit(
                format!("its window is {span} {side}, its input only {size}{with_padding}"),
                "use a smaller kernel, more padding, or fewer pools and strides before it",
            ))
        }
    }
}
