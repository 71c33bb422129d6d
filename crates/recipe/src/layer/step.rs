//! The shape that a layer makes of an input, and what it costs.

use super::{Layer, Pool};
use crate::summary::Shape;

impl Layer {
    /// Kernel, dilation and stride of a layer that slides a window over this input.
    pub(crate) fn window(&self, input: Shape) -> Option<([usize; 2], [usize; 2], [usize; 2])> {
        match (self, input) {
            (
                Self::Conv {
                    kernel,
                    dilation,
                    stride,
                    ..
                },
                _,
            ) => Some((*kernel, *dilation, *stride)),
            (Self::MaxPool(pool) | Self::AvgPool(pool), _) => {
                Some((pool.size, [1, 1], pool.stride))
            }
            (Self::AdaptiveAvgPool { size }, Shape::Map { height, width, .. }) => {
                let [rows, columns] = size.map(|side| side.max(1));
                let kernel = [height.div_ceil(rows), width.div_ceil(columns)];
                let stride = [height / rows, width / columns].map(|side| side.max(1));
                Some((kernel, [1, 1], stride))
            }
            _ => None,
        }
    }

    /// What it makes of an input, and at what cost; of layers made of others, `shapes` adds up.
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
                    groups,
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
                let groups = groups.of(channels);
                divides(groups, channels, *out)?;
                let weights = product(&[*out, channels / groups.max(1), kernel[0], kernel[1]]);
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
            (Self::AdaptiveAvgPool { size }, Shape::Map { channels, .. }) => free(Shape::Map {
                channels,
                height: size[0],
                width: size[1],
            }),
            (Self::SqueezeExcitation { features, .. }, Shape::Map { channels, .. }) => {
                let weights = product(&[2, channels, *features]);
                Ok(Step {
                    output: input,
                    parameters: weights
                        .saturating_add((channels as u64).saturating_add(*features as u64)),
                    multiply_adds: weights,
                })
            }
            (
                Self::Conv { .. }
                | Self::MaxPool(_)
                | Self::AvgPool(_)
                | Self::GlobalAvgPool
                | Self::AdaptiveAvgPool { .. }
                | Self::SqueezeExcitation { .. }
                | Self::Stage(_)
                | Self::Inverted(_),
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
                | Self::Sigmoid
                | Self::HardSigmoid
                | Self::HardSwish
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
            (Self::Residual { .. } | Self::Stage(_) | Self::Inverted(_), _) => {
                unreachable!("the layers that these are made of are added up by shapes")
            }
            (Self::Linear { .. }, Shape::Map { .. }) => Err(misfit(
                format!("needs flat features, but its input is {input}"),
                "put \"flatten\" or \"global-avg-pool\" before it",
            )),
        }
    }
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

pub(crate) fn misfit(what: impl Into<String>, help: impl Into<String>) -> Misfit {
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

/// Channels in and out divide into the groups.
fn divides(groups: usize, channels: usize, out: usize) -> Result<(), Misfit> {
    for (count, which) in [(channels, "channels that come in"), (out, "channels out")] {
        if groups == 0 || !count.is_multiple_of(groups) {
            return Err(misfit(
                format!("its {groups} groups do not divide the {count} {which}"),
                "choose a number of groups that divides both; of a depthwise convolution, a multiple of the channels in",
            ));
        }
    }
    Ok(())
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
