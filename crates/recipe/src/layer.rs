//! The layers that a recipe can name, with their options, defaults and limits.

use super::options::{
    Check, Checked, MOST_PIXELS, at, below_1, count, each, filled, need, positive,
    positive_fraction, section, within,
};
use serde::{Deserialize, Deserializer, Serialize};
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

/// A pair of sizes, written as one number when both are equal.
mod pair {
    use serde::de::{self, Deserializer, SeqAccess, Visitor};
    use serde::ser::{Serialize, Serializer};
    use std::fmt;

    pub fn serialize<S: Serializer>(pair: &[usize; 2], serializer: S) -> Result<S::Ok, S::Error> {
        if pair[0] == pair[1] {
            pair[0].serialize(serializer)
        } else {
            pair.serialize(serializer)
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[usize; 2], D::Error> {
        struct Pair;

        impl<'de> Visitor<'de> for Pair {
            type Value = [usize; 2];

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a whole number or a pair [rows, columns]")
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<[usize; 2], E> {
                let size = usize::try_from(value)
                    .map_err(|_| E::custom(format!("{value} is too large")))?;
                Ok([size, size])
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<[usize; 2], E> {
                if value.fract() != 0.0 || !(0.0..1e9).contains(&value) {
                    return Err(E::invalid_type(de::Unexpected::Float(value), &self));
                }
                self.visit_u64(value as u64)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<[usize; 2], A::Error> {
                let wrong = || de::Error::custom("expected two numbers: [rows, columns]");
                let rows = seq.next_element()?.ok_or_else(wrong)?;
                let columns = seq.next_element()?.ok_or_else(wrong)?;
                match seq.next_element::<usize>()? {
                    None => Ok([rows, columns]),
                    Some(_) => Err(wrong()),
                }
            }
        }

        deserializer.deserialize_any(Pair)
    }
}

/// The two pooling layers differ only in the key that holds the window's size, which is their name.
macro_rules! pool_keys {
    ($module:ident, $name:literal) => {
        mod $module {
            use super::*;
            use serde::Serializer;

            #[derive(Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            struct Keys {
                #[serde(rename = $name, with = "pair")]
                size: [usize; 2],
                #[serde(default, with = "optional_pair")]
                stride: Option<[usize; 2]>,
                #[serde(default, with = "pair")]
                padding: [usize; 2],
            }

            pub fn serialize<S: Serializer>(pool: &Pool, serializer: S) -> Result<S::Ok, S::Error> {
                Keys {
                    size: pool.size,
                    stride: Some(pool.stride),
                    padding: pool.padding,
                }
                .serialize(serializer)
            }

            pub fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Pool, D::Error> {
                let keys = Keys::deserialize(deserializer)?;
                Ok(Pool {
                    size: keys.size,
                    stride: keys.stride.unwrap_or(keys.size),
                    padding: keys.padding,
                })
            }
        }
    };
}

pool_keys!(max_pool, "max-pool");
pool_keys!(avg_pool, "avg-pool");

/// A pair that may be left out.
mod optional_pair {
    use super::pair;
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(
        value: &Option<[usize; 2]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => pair::serialize(value, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<[usize; 2]>, D::Error> {
        pair::deserialize(deserializer).map(Some)
    }
}
