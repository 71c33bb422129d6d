//! Pictures of a classifier: the activation maps of its convolutions, and Grad-CAM.

use burn::tensor::Device;
use image::RgbImage;
use serde::Serialize;

use super::heat::{Heat, scale};
use super::{Drawing, ExplainError, Explained, ExplainedBy, View, enlarged, percent};
use crate::cnn::Cnn;
use crate::predict::tensor;
use crate::run::Trained;
use crate::weights::Weight;
use data::draw::{self, BLACK, Sheet, heat_map};
use data::image::Fitted;
use kernels::scores::argmax;
use recipe::{Layer, Model};

/// A classifier's activation maps and probabilities.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassifierMaps {
    /// One a class, before softmax.
    pub logits: Vec<f32>,
    /// One a class.
    pub probabilities: Vec<f32>,
    /// One a convolution, or a layer that is made of several.
    pub maps: Vec<LayerMaps>,
    /// Rows of the Grad-CAM map: how much each place of the last convolution supports the class; 0 or more.
    pub grad_cam: Vec<Vec<f32>>,
}

/// The activation maps of one convolution, or of one layer that is made of several.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerMaps {
    /// The layer whose output is shown, counted from 0 as in the recipe.
    pub layer: usize,
    /// `[C, H, W]`
    pub shape: [usize; 3],
    /// The greatest value of each map.
    pub greatest: Vec<f32>,
}

/// For each convolution, the layer whose output shows it best: the last activation function before the next layer with
/// weights (batch normalisation does not count), or the convolution itself. A stage, a block or a residual layer with
/// convolutions counts as one.
pub(super) fn shown_layers(layers: &[Layer]) -> Vec<(usize, usize)> {
    use Layer::{
        AdaptiveAvgPool, Flatten, Gelu, GlobalAvgPool, HardSigmoid, HardSwish, LeakyRelu, Linear,
        Relu, Residual, Sigmoid, Silu,
    };

    let is_conv = |i: &usize| convolves(&layers[*i]);
    let ends = |i: &usize| {
        let layer = &layers[*i];
        let ends = matches!(
            layer,
            Linear { .. } | Flatten | GlobalAvgPool | AdaptiveAvgPool { .. } | Residual { .. }
        );
        ends || convolves(layer)
    };
    let activates = |i: &usize| {
        matches!(
            layers[*i],
            Relu | Gelu | Silu | Sigmoid | HardSigmoid | HardSwish | LeakyRelu { .. }
        )
    };
    let shown = (0..layers.len()).filter(is_conv).map(|conv| {
        let stage = (conv + 1..layers.len()).take_while(|i| !ends(i));
        (conv, stage.filter(activates).last().unwrap_or(conv))
    });
    shown.collect()
}

/// Whether a layer is a convolution or is made of some.
fn convolves(layer: &Layer) -> bool {
    match layer {
        Layer::Conv { .. } | Layer::Stage(_) | Layer::Inverted(_) => true,
        Layer::Residual { layers, shortcut } => layers.iter().chain(shortcut).any(convolves),
        _ => false,
    }
}

/// What people call such a layer.
fn kind(layer: &Layer) -> &'static str {
    match layer {
        Layer::Stage(_) => "stage",
        Layer::Inverted(_) => "block",
        Layer::Residual { .. } => "residual block",
        _ => "convolution",
    }
}

/// The pictures of a prediction for `fitted`.
pub(super) fn explain(
    trained: &Trained,
    cnn: &Cnn,
    fitted: &Fitted,
    view: &View,
    device: &Device,
) -> Result<Explained, ExplainError> {
    let Model::Cnn(recipe) = &trained.recipe.model else {
        return Err(ExplainError::NoMaps); // a classifier's recipe is one
    };
    let shown = shown_layers(&recipe.layers);
    let &(_, last) = shown.last().ok_or(ExplainError::NoMaps)?;
    let numbers: Vec<usize> = shown.iter().map(|(_, number)| *number).collect();
    let (image, _) = tensor(trained, &[fitted], device);
    let trace = cnn.trace(image, &numbers, last);
    let class = argmax(&trace.logits);
    let probabilities = cnn.probabilities(&trace.logits);
    let mut drawings = Vec::new();
    let mut maps = Vec::new();
    for (&(conv, number), activation) in shown.iter().zip(&trace.maps) {
        let (layer, picture) = contact_sheet(recipe.layers.as_slice(), [conv, number], activation);
        drawings.push(Drawing {
            file: format!("{}-maps-of-layer-{conv}.png", drawings.len() + 1),
            shows: format!(
                "the {} maps of the {} in layer {conv}",
                layer.shape[0],
                kind(&recipe.layers[conv])
            ),
            picture,
        });
        maps.push(layer);
    }
    let cam = grad_cam(trace.maps.last(), &trace.gradient);
    let name = &trained.classes[class];
    let score = probabilities[class];
    drawings.push(Drawing {
        file: format!("{}-grad-cam.png", drawings.len() + 1),
        shows: format!("where in the image the network sees class {name} (Grad-CAM)"),
        picture: cam_sheet(&cam, view, name, score, last),
    });
    Ok(Explained {
        class: name.clone(),
        score,
        drawings,
        by: ExplainedBy::Classifier(ClassifierMaps {
            logits: trace.logits,
            probabilities,
            maps,
            grad_cam: cam.rows(),
        }),
    })
}

/// Limits of the longer side of a tile, in pixels.
const TILE: [u32; 2] = [48, 128];
/// Pixels between tiles, with room for the number of a map.
const GAP: u32 = 20;
/// Width of a row of tiles, unless the tiles would be too small.
const MOST_WIDTH: u32 = 900;

/// All maps of one layer, numbered and on one scale, so that they can be compared.
fn contact_sheet(
    layers: &[Layer],
    [conv, number]: [usize; 2],
    maps: &Weight,
) -> (LayerMaps, RgbImage) {
    let [channels, height, width] = [maps.shape[1], maps.shape[2], maps.shape[3]];
    let values = maps.values.chunks_exact((height * width).max(1));
    let most = |map: &[f32]| map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let greatest: Vec<f32> = values.clone().map(most).collect();
    let high = most(&greatest);
    let low = maps.values.iter().copied().fold(0.0_f32, f32::min);
    // About square, with full rows where possible.
    let square = (channels as f64).sqrt().ceil() as u32;
    let columns = (square..=2 * square)
        .find(|columns| (channels as u32).is_multiple_of(*columns))
        .unwrap_or(square);
    let tile = (MOST_WIDTH / columns).saturating_sub(GAP);
    let factor = tile.clamp(TILE[0], TILE[1]) / height.max(width) as u32;
    let [tile_width, tile_height] = [width, height].map(|side| side as u32 * factor.max(1));
    let rows = (channels as u32).div_ceil(columns);
    let mut canvas = RgbImage::from_pixel(
        columns * (tile_width + GAP) + GAP,
        rows * (tile_height + GAP) + GAP,
        draw::WHITE,
    );
    for (channel, map) in values.enumerate() {
        let tile = heat_map(map, width, [low, high]);
        let (column, row) = (channel as u32 % columns, channel as u32 / columns);
        let x = i64::from(GAP + column * (tile_width + GAP));
        let y = i64::from(GAP + row * (tile_height + GAP));
        image::imageops::replace(&mut canvas, &enlarged(&tile, factor.max(1)), x, y);
        draw::write(&mut canvas, [x, y - 16], &channel.to_string(), 2, BLACK);
    }
    let sheet = Sheet {
        title: format!("Layer {conv}: {channels} maps of {height} x {width}"),
        notes: vec![if number == conv {
            "Its output.".to_string()
        } else {
            format!("After layer {number}, {}.", layers[number].name())
        }],
        legend: scale(low, high),
    };
    let figures = LayerMaps {
        layer: number,
        shape: [channels, height, width],
        greatest,
    };
    (figures, sheet.around(&canvas))
}

/// Grad-CAM (Selvaraju et al. 2017, equations 1 and 2): each map A_k is weighted by its mean gradient, and negative sums
/// are dropped: ReLU(sum over k of mean(dy/dA_k) A_k).
pub(super) fn grad_cam(maps: Option<&Weight>, gradient: &[f32]) -> Heat {
    let [height, width] = maps.map_or([0, 0], |maps| [maps.shape[2], maps.shape[3]]);
    let area = height * width;
    let mut values = vec![0.0; area];
    let activations = maps.map_or(&[][..], |maps| &maps.values);
    for (map, gradient) in activations
        .chunks_exact(area.max(1))
        .zip(gradient.chunks_exact(area.max(1)))
    {
        let weight = gradient.iter().sum::<f32>() / area as f32;
        for (value, activation) in values.iter_mut().zip(map) {
            *value += weight * activation;
        }
    }
    values.iter_mut().for_each(|value| *value = value.max(0.0));
    Heat {
        height,
        width,
        values,
    }
}

/// The image, and the map laid over it.
fn cam_sheet(cam: &Heat, view: &View, class: &str, score: f32, layer: usize) -> RgbImage {
    let note = if cam.most() > 0.0 {
        "Light: places that support this class (Selvaraju et al. 2017)."
    } else {
        "No place supports this class."
    };
    let notes = [
        note.to_string(),
        format!("From layer {layer}, {} x {} places.", cam.height, cam.width),
    ];
    cam.sheet(
        view,
        format!("Grad-CAM of class {class} ({})", percent(score)),
        notes,
    )
}

#[cfg(test)]
mod tests;
