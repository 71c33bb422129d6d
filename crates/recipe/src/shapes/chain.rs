//! Shapes and costs of a chain of layers.

use crate::layer::{Layer, Misfit};
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
        let step = layer
            .after(summary.output())
            .map_err(|Misfit { what, help }| ShapeError {
                layers: list,
                index,
                name: layer.to_string(),
                what,
                help,
            })?;
        if let Some((kernel, dilation, stride)) = layer.window() {
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
