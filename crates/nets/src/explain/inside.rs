//! What a network computes on the way to its answer, as numbers: the outputs of its layers, or a detector's boxes.

use burn::tensor::Device;

use super::classifier::{grad_cam, shown_layers};
use super::detector::stages;
use super::{DetectorStages, ExplainError};
use crate::cnn::Cnn;
use crate::layers::LayerModule;
use crate::network::Network;
use crate::ops::to_host;
use crate::predict::{Predictor, tensor};
use crate::run::Trained;
use crate::weights::Weight;
use data::image::Fitted;
use recipe::{Layer, Model};

/// What a network computes for one image.
#[derive(Clone, Debug, PartialEq)]
pub enum Inside {
    /// A classifier.
    Classifier(ClassifierInside),
    /// A detector; boxes are in pixels of its input.
    Detector(DetectorStages),
}

/// What a classifier computes for one image.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassifierInside {
    /// The layers whose outputs are maps, in order.
    pub layers: Vec<LayerOutput>,
    /// Rows of the Grad-CAM map of the predicted class; 0 or more. Empty for a network without convolutions.
    pub grad_cam: Vec<Vec<f32>>,
    /// One a class.
    pub probabilities: Vec<f32>,
}

/// What one layer gives out.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerOutput {
    /// The layer's number in the recipe, from 0.
    pub layer: usize,
    /// `[C, H, W]`
    pub shape: [usize; 3],
    /// The values.
    pub values: Vec<f32>,
}

/// One value in a layer's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The layer's number in the recipe, from 0.
    pub layer: usize,
    /// The map.
    pub channel: usize,
    /// From the top.
    pub row: usize,
    /// From the left.
    pub column: usize,
}

/// How a convolution comes to one value: the sum over patch times kernel, plus the bias.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Rows and columns of each channel that the value is made of; zeros outside of the input.
    pub patch: Vec<Vec<Vec<f32>>>,
    /// The weights, in the same order.
    pub kernel: Vec<Vec<Vec<f32>>>,
    /// 0 for a convolution without biases.
    pub bias: f32,
    /// The value.
    pub value: f32,
}

/// What `predictor` computes for an image that its [`fit`](Predictor::fit) prepared.
///
/// # Errors
/// [`ExplainError::Closed`] for a model from a file.
pub fn inside(predictor: Predictor<'_>, fitted: &Fitted) -> Result<Inside, ExplainError> {
    let Predictor::Network(trained, device) = predictor else {
        return Err(ExplainError::Closed);
    };
    Ok(match &trained.network {
        Network::Cnn(cnn) => Inside::Classifier(classifier(trained, cnn, fitted, device)),
        Network::FasterRcnn(detector) => {
            let (image, _) = tensor(trained, &[fitted], device);
            Inside::Detector(stages(trained, &detector.inspect(image, None)))
        }
    })
}

fn classifier(trained: &Trained, cnn: &Cnn, fitted: &Fitted, device: &Device) -> ClassifierInside {
    let layers = recipe_layers(trained);
    let numbers: Vec<usize> = (0..maps(layers)).collect();
    let last = shown_layers(layers).last().map(|&(_, number)| number);
    let last = last.filter(|number| numbers.contains(number));
    let (image, _) = tensor(trained, &[fitted], device);
    let trace = cnn.trace(image, &numbers, last.unwrap_or(usize::MAX));
    let shown = last.map(|number| grad_cam(trace.maps.get(number), &trace.gradient));
    let output = |(layer, maps): (usize, Weight)| LayerOutput {
        layer,
        shape: [maps.shape[1], maps.shape[2], maps.shape[3]],
        values: maps.values,
    };
    ClassifierInside {
        layers: numbers.into_iter().zip(trace.maps).map(output).collect(),
        grad_cam: shown.map_or_else(Vec::new, |heat| heat.rows()),
        probabilities: cnn.probabilities(&trace.logits),
    }
}

/// How the value at `place` of a convolution's output comes about, for an image that [`Predictor::fit`] prepared.
///
/// # Errors
/// [`ExplainError::Closed`] for a model from a file, [`ExplainError::NoCell`] where there is no such value.
pub fn cell(predictor: Predictor<'_>, fitted: &Fitted, place: Place) -> Result<Cell, ExplainError> {
    let Predictor::Network(trained, device) = predictor else {
        return Err(ExplainError::Closed);
    };
    let Network::Cnn(cnn) = &trained.network else {
        return Err(ExplainError::NoCell(
            "the network is not a classifier".to_string(),
        ));
    };
    let (layers, number) = (recipe_layers(trained), place.layer);
    let (
        Some(Layer::Conv {
            kernel: [rows, columns],
            stride,
            padding,
            dilation,
            groups,
            ..
        }),
        Some(LayerModule::Conv(module)),
    ) = (layers.get(number), cnn.layers().get(number))
    else {
        let what = format!("layer {number} is not a convolution in the recipe's own list");
        return Err(ExplainError::NoCell(what));
    };
    let (image, _) = tensor(trained, &[fitted], device);
    let first = number.saturating_sub(1);
    let mut traced = cnn.trace(image.clone(), &[first, number], usize::MAX).maps;
    let (Some(output), before) = (traced.pop(), traced.pop()) else {
        return Err(ExplainError::NoMaps);
    };
    let Place {
        channel,
        row,
        column,
        ..
    } = place;
    let [_, channels, height, width] = output.shape[..] else {
        return Err(ExplainError::NoMaps);
    };
    if channel >= channels || row >= height || column >= width {
        return Err(ExplainError::NoCell(format!(
            "layer {number} gives {channels} maps of {height} x {width}, counted from 0"
        )));
    }
    let input = match before {
        Some(before) => before,
        None => Weight {
            shape: image.dims().to_vec(),
            values: to_host(image),
        },
    };
    let [in_channels, in_height, in_width] = [input.shape[1], input.shape[2], input.shape[3]];
    let weight = to_host(module.weight.val());
    let seen = in_channels / groups.of(in_channels);
    let of_group = channel / (channels / groups.of(in_channels)) * seen;
    let at = |from: usize, tap: usize, side: usize| {
        let place = from * stride[side] + tap * dilation[side];
        place.checked_sub(padding[side])
    };
    let pixel = |plane: usize, y: usize, x: usize| {
        let (Some(y), Some(x)) = (at(row, y, 0), at(column, x, 1)) else {
            return 0.0;
        };
        if y >= in_height || x >= in_width {
            return 0.0;
        }
        input.values[((of_group + plane) * in_height + y) * in_width + x]
    };
    let tap = |plane, y, x| weight[((channel * seen + plane) * rows + y) * columns + x];
    Ok(Cell {
        patch: cube([seen, *rows, *columns], pixel),
        kernel: cube([seen, *rows, *columns], tap),
        bias: match &module.bias {
            Some(bias) => to_host(bias.val())[channel],
            None => 0.0,
        },
        value: output.values[(channel * height + row) * width + column],
    })
}

/// Planes of rows of values.
fn cube(
    [planes, rows, columns]: [usize; 3],
    value: impl Fn(usize, usize, usize) -> f32,
) -> Vec<Vec<Vec<f32>>> {
    let row = |plane, row| {
        (0..columns)
            .map(|column| value(plane, row, column))
            .collect()
    };
    let plane = |plane| (0..rows).map(|number| row(plane, number)).collect();
    (0..planes).map(plane).collect()
}

fn recipe_layers(trained: &Trained) -> &[Layer] {
    match &trained.recipe.model {
        Model::Cnn(recipe) => &recipe.layers,
        Model::FasterRcnn(_) => &[],
    }
}

/// How many layers give out maps before the first that does not.
fn maps(layers: &[Layer]) -> usize {
    let is_end = |layer: &Layer| {
        matches!(
            layer,
            Layer::Flatten
                | Layer::Linear { .. }
                | Layer::GlobalAvgPool
                | Layer::AdaptiveAvgPool { .. }
        )
    };
    layers.iter().position(is_end).unwrap_or(layers.len())
}
