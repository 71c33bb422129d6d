//! The layers a recipe can name, with their options and defaults.

use serde::{Deserialize, Deserializer, Serialize};

/// One layer. In TOML either a name, `"relu"`, or a table whose first key is the name:
/// `{ conv = 32, kernel = 3, padding = 1 }`.
///
/// Sizes in `[rows, columns]` may be written as one number when both are equal.
// Deserialized by `value.rs`, which takes the variant from the key that is a layer's name.
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
        /// Whether each output channel adds a trained constant; default true.
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
    /// While training, sets features to zero at random and scales the rest up to make up for it.
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
        /// Whether each output adds a trained constant; default true.
        #[serde(default = "yes")]
        bias: bool,
    },
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

/// The window of a pooling layer; pixels, `[rows, columns]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Height and width of the window.
    pub size: [usize; 2],
    /// Pixels between neighbouring windows; default the size: windows side by side.
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

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<[usize; 2], E> {
                let size = usize::try_from(value)
                    .map_err(|_| E::custom(format!("must not be negative, found {value}")))?;
                Ok([size, size])
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

/// The two pooling layers differ in one key only: the name, which carries the window's size.
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
