//! Shapes and costs of a chain of layers.

use crate::layer::{Layer, Pool};
use crate::summary::{LayerSummary, Shape, Summary};

/// A layer that cannot take the output of the layer before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{layers}[{index}] ({name}): {what}\n  help: {help}")]
pub struct ShapeError {
    /// The list's key in the recipe.
    pub layers: &'static str,
    /// From 0, as in `--set model.layers[0]=...`.
    pub index: usize,
    /// Such as `linear 512`.
    pub name: String,
    /// What does not fit.
    pub what: String,
    /// What to do.
    pub help: String,
}

/// A chain of layers on images of `input` = `[C, H, W]`.
///
/// # Errors
/// The first layer whose input does not fit.
pub fn summary(layers: &[Layer], input: [usize; 3]) -> Result<Summary, ShapeError> {
    walk("model.layers", layers, input)
}

pub(super) fn walk(
    list: &'static str,
    layers: &[Layer],
    [channels, height, width]: [usize; 3],
) -> Result<Summary, ShapeError> {
    let input = Shape::Map {
        channels,
        height,
        width,
    };
    let mut summary = Summary {
        input,
        layers: Vec::with_capacity(layers.len()),
        stride: [1, 1],
        parameters: 0,
        multiply_adds: 0,
    };
    let mut field = Field {
        sees: [1, 1],
        stride: [1, 1],
    };
    for (index, layer) in layers.iter().enumerate() {
        let step = after(layer, summary.output()).map_err(|Misfit { what, help }| ShapeError {
            layers: list,
            index,
            name: layer.to_string(),
            what,
            help,
        })?;
        if let Some((kernel, dilation, stride)) = window(layer) {
            field.grow(kernel, dilation, stride);
        }
        let local = matches!(step.output, Shape::Map { .. });
        summary.push(LayerSummary {
            name: layer.to_string(),
            output: step.output,
            parameters: step.parameters,
            multiply_adds: step.multiply_adds,
            // The outputs of other layers are fused into these or computed again.
            activations: if step.multiply_adds > 0 {
                step.output.elements() as u64
            } else {
                0
            },
            receptive_field: local.then_some(field.sees),
            stride: field.stride,
        });
    }
    summary.stride = field.stride;
    Ok(summary)
}

/// How much of the image a cell sees, and how far apart neighbouring cells look.
pub(super) struct Field {
    pub sees: [usize; 2],
    pub stride: [usize; 2],
}

impl Field {
    pub(super) fn grow(&mut self, kernel: [usize; 2], dilation: [usize; 2], stride: [usize; 2]) {
        for side in 0..2 {
            let reach = kernel[side]
                .saturating_sub(1)
                .saturating_mul(dilation[side]);
            let pixels = reach.saturating_mul(self.stride[side]);
            self.sees[side] = self.sees[side].saturating_add(pixels);
            self.stride[side] = self.stride[side].saturating_mul(stride[side]);
        }
    }
}

/// Kernel, dilation and stride of a layer that slides a window.
fn window(layer: &Layer) -> Option<([usize; 2], [usize; 2], [usize; 2])> {
    match layer {
        Layer::Conv {
            kernel,
            dilation,
            stride,
            ..
        } => Some((*kernel, *dilation, *stride)),
        Layer::MaxPool(pool) | Layer::AvgPool(pool) => Some((pool.size, [1, 1], pool.stride)),
        _ => None,
    }
}

struct Step {
    output: Shape,
    parameters: u64,
    multiply_adds: u64,
}

struct Misfit {
    what: String,
    help: String,
}

fn misfit(what: impl Into<String>, help: impl Into<String>) -> Misfit {
    Misfit {
        what: what.into(),
        help: help.into(),
    }
}

pub(super) fn product(factors: &[usize]) -> u64 {
    factors
        .iter()
        .fold(1, |all, &factor| all.saturating_mul(factor as u64))
}

/// One layer on one input.
fn after(layer: &Layer, input: Shape) -> Result<Step, Misfit> {
    let free = |output| {
        Ok(Step {
            output,
            parameters: 0,
            multiply_adds: 0,
        })
    };
    match (layer, input) {
        (
            Layer::Conv {
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
            Layer::MaxPool(pool) | Layer::AvgPool(pool),
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
        (Layer::GlobalAvgPool, Shape::Map { channels, .. }) => free(Shape::Features(channels)),
        (
            Layer::Conv { .. } | Layer::MaxPool(_) | Layer::AvgPool(_) | Layer::GlobalAvgPool,
            Shape::Features(features),
        ) => Err(misfit(
            format!("needs rows and columns, but its input is flat: {features} features"),
            "move it before the layer that flattens (flatten, global-avg-pool or linear)",
        )),
        (Layer::BatchNorm { .. }, _) => {
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
            Layer::Relu
            | Layer::Gelu
            | Layer::Silu
            | Layer::LeakyRelu { .. }
            | Layer::Dropout { .. },
            _,
        ) => free(input),
        (Layer::Flatten, _) => free(Shape::Features(input.elements())),
        (
            Layer::Linear {
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
        (Layer::Linear { .. }, Shape::Map { .. }) => Err(misfit(
            format!("needs flat features, but its input is {input}"),
            "put \"flatten\" or \"global-avg-pool\" before it",
        )),
    }
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
