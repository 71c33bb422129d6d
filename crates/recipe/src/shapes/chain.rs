//! Shapes and costs of a chain of layers, and of the chains inside of its layers.

use crate::layer::{Layer, Misfit, misfit};
use crate::summary::{LayerSummary, Shape, Summary};

/// A layer that cannot take the output of the layer before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{layers}[{index}] ({name}): {what}\n  help: {help}")]
pub struct ShapeError {
    /// The list's key in the recipe, such as `model.layers` or `model.layers[4].residual`.
    pub layers: String,
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
    let [channels, height, width] = input;
    summary_of(
        layers,
        Shape::Map {
            channels,
            height,
            width,
        },
    )
}

/// A chain of layers on an input of this shape, such as the inside of a layer.
///
/// # Errors
/// The first layer whose input does not fit.
pub fn summary_of(layers: &[Layer], input: Shape) -> Result<Summary, ShapeError> {
    walk("model.layers", layers, input)
}

pub(super) fn walk(list: &str, layers: &[Layer], input: Shape) -> Result<Summary, ShapeError> {
    let field = Field {
        sees: [1, 1],
        stride: [1, 1],
    };
    walk_from(list, layers, input, field)
}

/// The same where each cell of the input sees `field` already.
fn walk_from(
    list: &str,
    layers: &[Layer],
    input: Shape,
    field: Field,
) -> Result<Summary, ShapeError> {
    let mut field = field;
    let mut summary = Summary {
        input,
        layers: Vec::with_capacity(layers.len()),
        stride: field.stride,
        parameters: 0,
        multiply_adds: 0,
    };
    for (index, layer) in layers.iter().enumerate() {
        let place = Place { list, index };
        let costs = costs(&place, layer, summary.output(), field)?;
        field = costs.field;
        let local = matches!(costs.output, Shape::Map { .. });
        summary.push(LayerSummary {
            name: layer.to_string(),
            output: costs.output,
            parameters: costs.parameters,
            multiply_adds: costs.multiply_adds,
            activations: costs.activations,
            receptive_field: local.then_some(field.sees),
            stride: field.stride,
        });
    }
    summary.stride = field.stride;
    Ok(summary)
}

/// Where a layer stands in the recipe.
struct Place<'a> {
    list: &'a str,
    index: usize,
}

impl Place<'_> {
    fn error(&self, layer: &Layer, Misfit { what, help }: Misfit) -> ShapeError {
        ShapeError {
            layers: self.list.to_string(),
            index: self.index,
            name: layer.to_string(),
            what,
            help,
        }
    }

    fn inside(&self, key: &str) -> String {
        format!("{}[{}].{key}", self.list, self.index)
    }
}

/// One layer with all that it is made of.
struct Costs {
    output: Shape,
    parameters: u64,
    multiply_adds: u64,
    activations: u64,
    /// How much of the image a cell of its output sees, by the longest path.
    field: Field,
}

impl Costs {
    fn of(summary: &Summary, field: Field) -> Self {
        let activations = summary.layers.iter().map(|layer| layer.activations);
        let sees = summary.layers.iter().rev();
        Self {
            output: summary.output(),
            parameters: summary.parameters,
            multiply_adds: summary.multiply_adds,
            activations: activations.fold(0, u64::saturating_add),
            field: Field {
                sees: sees
                    .map(|layer| layer.receptive_field)
                    .next()
                    .flatten()
                    .unwrap_or(field.sees),
                stride: summary.stride,
            },
        }
    }
}

fn costs(place: &Place, layer: &Layer, input: Shape, field: Field) -> Result<Costs, ShapeError> {
    if let Layer::Residual { layers, shortcut } = layer {
        return residual(place, layer, [layers, shortcut], input, field);
    }
    if let Shape::Map { channels, .. } = input
        && let Some(parts) = layer.parts(channels)
    {
        let inside = walk_from(place.list, &parts, input, field).map_err(|error| {
            let what = format!("in what it stands for, {}: {}", error.name, error.what);
            let help = error.help;
            place.error(layer, Misfit { what, help })
        })?;
        return Ok(Costs::of(&inside, field));
    }
    let step = layer
        .after(input)
        .map_err(|misfit| place.error(layer, misfit))?;
    let mut field = field;
    if let Some((kernel, dilation, stride)) = layer.window(input) {
        field.grow(kernel, dilation, stride);
    }
    Ok(Costs {
        output: step.output,
        parameters: step.parameters,
        multiply_adds: step.multiply_adds,
        // The outputs of other layers are fused into these or computed again.
        activations: if step.multiply_adds > 0 {
            step.output.elements() as u64
        } else {
            0
        },
        field,
    })
}

/// What comes in, or what the shortcut makes of it, is added to what the layers make of it.
fn residual(
    place: &Place,
    layer: &Layer,
    [layers, shortcut]: [&[Layer]; 2],
    input: Shape,
    field: Field,
) -> Result<Costs, ShapeError> {
    let main = walk_from(&place.inside("residual"), layers, input, field)?;
    let side = walk_from(&place.inside("shortcut"), shortcut, input, field)?;
    let [sum, other] = [&main, &side].map(Summary::output);
    if sum != other {
        let stride = std::array::from_fn(|axis| main.stride[axis] / field.stride[axis].max(1));
        let problem = if shortcut.is_empty() {
            misfit(
                format!(
                    "its layers turn {input} into {sum}, which cannot be added to what came in"
                ),
                missing_shortcut(input, sum, stride),
            )
        } else {
            misfit(
                format!(
                    "its layers give {sum}, its shortcut {other}: only equal shapes can be added"
                ),
                "let the shortcut give the shape of the layers: the same channels, and the same strides",
            )
        };
        return Err(place.error(layer, problem));
    }
    let [main, side] = [Costs::of(&main, field), Costs::of(&side, field)];
    Ok(Costs {
        output: sum,
        parameters: main.parameters.saturating_add(side.parameters),
        multiply_adds: main.multiply_adds.saturating_add(side.multiply_adds),
        activations: main.activations.saturating_add(side.activations),
        field: Field {
            sees: std::array::from_fn(|axis| main.field.sees[axis].max(side.field.sees[axis])),
            stride: main.field.stride,
        },
    })
}

/// The shortcut to write where layers with this stride change the shape of what comes in.
fn missing_shortcut(input: Shape, output: Shape, stride: [usize; 2]) -> String {
    let side =
        |size: usize, stride: usize| (size.saturating_sub(1) / stride.max(1)).saturating_add(1);
    match (input, output) {
        (Shape::Features(_), Shape::Features(features)) => {
            format!("add shortcut = [{{ linear = {features} }}]")
        }
        (
            Shape::Map { height, width, .. },
            Shape::Map {
                channels,
                height: rows,
                width: columns,
            },
        ) if [side(height, stride[0]), side(width, stride[1])] == [rows, columns] => {
            let stride = match stride {
                [1, 1] => String::new(),
                [down, right] if down == right => format!("stride = {down}, "),
                [down, right] => format!("stride = [{down}, {right}], "),
            };
            format!(
                "add shortcut = [{{ conv = {channels}, kernel = 1, {stride}bias = false }}, \"batch-norm\"]"
            )
        }
        _ => "give the convolutions padding that keeps the size of the map (1 for a kernel of 3), or add a shortcut \
              that makes the same shape of what comes in"
            .to_string(),
    }
}

/// How much of the image a cell sees, and how far apart neighbouring cells look.
#[derive(Clone, Copy)]
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
