//! Shapes and costs of a detector: the maps of its backbone, then the pyramid and the heads.

use super::chain::{Field, ShapeError, walk};
use crate::detector::{FasterRcnn, Norm, Pyramid};
use crate::layer::product;
use crate::summary::{LayerSummary, Shape, Summary};

/// A map of the backbone that the detector reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The number of backbone layers up to and including it.
    pub end: usize,
    /// Channels.
    pub channels: usize,
    /// Cells, `[rows, columns]`.
    pub cells: [usize; 2],
    /// Pixels of the image from one cell to the next.
    pub stride: usize,
}

/// The maps of the backbone that the detector reads on images of `input` = `[C, H, W]`, finest first: one for each
/// stride of the pyramid, or the last.
///
/// # Errors
/// The layer that does not fit, or a stride that no map has.
pub fn stages(detector: &FasterRcnn, input: [usize; 3]) -> Result<Vec<Stage>, ShapeError> {
    let backbone = backbone(detector, input)?;
    stages_of(detector, &backbone)
}

fn backbone(detector: &FasterRcnn, input: [usize; 3]) -> Result<Summary, ShapeError> {
    let list = "model.backbone.layers";
    let [channels, height, width] = input;
    let image = Shape::Map {
        channels,
        height,
        width,
    };
    let summary = walk(list, &detector.backbone.layers, image)?;
    let flat = |layer: &LayerSummary| matches!(layer.output, Shape::Features(_));
    if let Some(index) = summary.layers.iter().position(flat) {
        return Err(ShapeError {
            layers: list.to_string(),
            index,
            name: summary.layers[index].name.clone(),
            what: "a backbone gives a map with rows and columns, not flat features".to_string(),
            help: "leave out flatten, global-avg-pool and linear: the heads flatten each region"
                .to_string(),
        });
    }
    let [down, right] = summary.stride;
    if down != right {
        return Err(ShapeError {
            layers: list.to_string(),
            index: summary.layers.len() - 1,
            name: "the last layer".to_string(),
            what: format!("a cell of the map is {down} pixels high and {right} wide"),
            help:
                "use the same strides for rows and columns: anchors and regions need square cells"
                    .to_string(),
        });
    }
    Ok(summary)
}

fn stages_of(detector: &FasterRcnn, backbone: &Summary) -> Result<Vec<Stage>, ShapeError> {
    let Some(pyramid) = &detector.pyramid else {
        let last = stage_at(backbone, backbone.layers.len());
        return Ok(last.into_iter().collect());
    };
    let ends = detector.map_ends();
    let stages = if ends.is_empty() {
        of_strides(pyramid, backbone)?
    } else {
        named(&ends, pyramid, backbone)?
    };
    let used = stages.last().map_or(0, |stage| stage.end);
    if let Some(layer) = backbone.layers.get(used) {
        let key = match pyramid.from.len() {
            0 => format!("{} to model.pyramid.strides", layer.stride[0]),
            _ => "\"backbone\" to model.pyramid.from".to_string(),
        };
        return Err(ShapeError {
            layers: "model.backbone.layers".to_string(),
            index: used,
            name: layer.name.clone(),
            what: "its output is not used".to_string(),
            help: format!("end the backbone before it, or add {key}"),
        });
    }
    Ok(stages)
}

/// The map that the first `end` layers make.
fn stage_at(backbone: &Summary, end: usize) -> Option<Stage> {
    let layer = &backbone.layers[end.checked_sub(1)?];
    match layer.output {
        Shape::Map {
            channels,
            height,
            width,
        } => Some(Stage {
            end,
            channels,
            cells: [height, width],
            stride: layer.stride[0],
        }),
        Shape::Features(_) => None,
    }
}

fn of_strides(pyramid: &Pyramid, backbone: &Summary) -> Result<Vec<Stage>, ShapeError> {
    let stage = |stride: usize| {
        let has = |layer: &LayerSummary| layer.stride == [stride, stride];
        stage_at(backbone, backbone.layers.iter().rposition(has)? + 1)
    };
    let mut stages = Vec::with_capacity(pyramid.strides.len());
    for (index, &stride) in pyramid.strides.iter().enumerate() {
        stages.push(stage(stride).ok_or_else(|| {
            let mut known: Vec<String> = backbone
                .layers
                .iter()
                .map(|layer| layer.stride[0].to_string())
                .collect();
            known.dedup();
            ShapeError {
                layers: "model.pyramid.strides".to_string(),
                index,
                name: format!("stride {stride}"),
                what: "no map of the backbone has this stride".to_string(),
                help: format!("its maps have the strides {}", known.join(", ")),
            }
        })?);
    }
    Ok(stages)
}

fn named(ends: &[usize], pyramid: &Pyramid, backbone: &Summary) -> Result<Vec<Stage>, ShapeError> {
    let mut stages: Vec<Stage> = Vec::with_capacity(ends.len());
    for (index, &end) in ends.iter().enumerate() {
        let Some(stage) = stage_at(backbone, end) else {
            continue; // never happens: a backbone has no flat features
        };
        let wrong = |what: String, help: &str| ShapeError {
            layers: "model.pyramid.from".to_string(),
            index,
            name: pyramid.from[index].clone(),
            what,
            help: help.to_string(),
        };
        let stride = backbone.layers[end - 1].stride;
        if stride != [stage.stride; 2] || !stage.stride.is_power_of_two() {
            let what = format!("the strides of its map are {} and {}", stride[0], stride[1]);
            let help = "name maps whose strides are the same power of 2 for rows and columns";
            return Err(wrong(what, help));
        }
        // The level of a region is the logarithm of its size, so strides double from level to level.
        if let Some(finer) = stages.last().map(|finer| finer.stride)
            && stage.stride != finer
            && stage.stride != 2 * finer
        {
            let what = format!(
                "its stride is {}, that of the map before it {finer}",
                stage.stride
            );
            return Err(wrong(
                what,
                "name maps of the same stride, or of twice the one before",
            ));
        }
        stages.push(stage);
    }
    Ok(stages)
}

/// A convolution of the pyramid or the heads.
struct HeadConv {
    name: String,
    from: usize,
    to: usize,
    kernel: usize,
    norm: bool,
}

impl HeadConv {
    /// On one map of `cells`, seen from `field`; further maps of `more` cells share its weights.
    fn summary(&self, cells: [usize; 2], more: u64, field: Option<&mut Field>) -> LayerSummary {
        let weights = product(&[self.from, self.to, self.kernel, self.kernel]);
        // A bias, or a normalisation's scale and shift.
        let others = product(&[if self.norm { 2 } else { 1 }, self.to]);
        let (receptive_field, stride) = match field {
            Some(field) => {
                field.grow([self.kernel; 2], [1, 1], [1, 1]);
                (Some(field.sees), field.stride)
            }
            None => (None, [1, 1]),
        };
        LayerSummary {
            name: self.name.clone(),
            output: Shape::Map {
                channels: self.to,
                height: cells[0],
                width: cells[1],
            },
            parameters: weights.saturating_add(others),
            multiply_adds: weights.saturating_mul(product(&cells).saturating_add(more)),
            activations: (self.to as u64).saturating_mul(product(&cells).saturating_add(more)),
            receptive_field,
            stride,
        }
    }
}

/// The backbone, then the pyramid and the heads; the region head is counted once per region in detection.
pub(super) fn summary(
    detector: &FasterRcnn,
    input: [usize; 3],
    classes: usize,
) -> Result<Summary, ShapeError> {
    let mut summary = backbone(detector, input)?;
    let stages = stages_of(detector, &summary)?;
    let sees = |stage: &Stage| summary.layers[stage.end - 1].receptive_field;
    let mut fields: Vec<Field> = stages
        .iter()
        .map(|stage| Field {
            sees: sees(stage).unwrap_or([1, 1]),
            stride: [stage.stride; 2],
        })
        .collect();
    let mut levels: Vec<[usize; 2]> = stages.iter().map(|stage| stage.cells).collect();
    let mut channels = stages.first().map_or(0, |stage| stage.channels);

    if let Some(pyramid) = &detector.pyramid {
        channels = pyramid.channels;
        let norm = pyramid.norm != Norm::None;
        // The coarsest map reaches every finer one.
        if let Some(widest) = fields.last().map(|field| field.sees) {
            fields.iter_mut().for_each(|field| field.sees = widest);
        }
        for (stage, field) in stages.iter().zip(&mut fields) {
            for (what, from, kernel) in
                [("1x1 and coarser", stage.channels, 1), ("3x3", channels, 3)]
            {
                let conv = HeadConv {
                    name: format!("pyramid, stride {}: {what}", stage.stride),
                    from,
                    to: channels,
                    kernel,
                    norm,
                };
                summary.push(conv.summary(stage.cells, 0, Some(&mut *field)));
            }
        }
        if let (true, Some(&[rows, columns])) = (pyramid.extra_level, levels.last()) {
            levels.push([rows.div_ceil(2), columns.div_ceil(2)]);
        }
    }

    let finest = levels.first().copied().unwrap_or_default();
    let more = levels
        .iter()
        .skip(1)
        .fold(0, |sum: u64, cells| sum.saturating_add(product(cells)));
    let hidden = detector.rpn.channels.unwrap_or(channels);
    let anchors = detector.anchors.per_cell();
    let shared = match levels.len() {
        1 => String::new(),
        count => format!(", {count} levels"),
    };
    let convolutions = (0..detector.rpn.convolutions).map(|number| {
        (
            "conv 3x3, relu",
            if number == 0 { channels } else { hidden },
            hidden,
            3,
        )
    });
    for (name, from, to, kernel) in convolutions.chain([
        ("objectness, 1x1", hidden, anchors, 1),
        ("deltas, 1x1", hidden, anchors.saturating_mul(4), 1),
    ]) {
        let conv = HeadConv {
            name: format!("rpn: {name}{shared}"),
            from,
            to,
            kernel,
            norm: false,
        };
        summary.push(conv.summary(finest, more, fields.first_mut()));
    }
    push_region_head(detector, channels, classes, &mut summary);
    Ok(summary)
}

fn push_region_head(detector: &FasterRcnn, channels: usize, classes: usize, summary: &mut Summary) {
    let regions = detector.rpn.post_nms_test;
    let roi = &detector.roi;
    let sampled = roi.sample as u64;
    let side = roi.output;
    let [norm, hidden_norm] = [roi.norm, roi.norm_of_hidden()].map(|norm| norm != Norm::None);
    let map = |channels| Shape::Map {
        channels,
        height: side,
        width: side,
    };
    summary.push(LayerSummary {
        name: format!("roi: align, {regions} regions"),
        output: map(channels),
        parameters: 0,
        // Each sample is a mean of four cells.
        multiply_adds: product(&[regions, channels, side, side, 4])
            .saturating_mul(product(&[roi.sampling, roi.sampling])),
        activations: product(&[roi.sample, channels, side, side]),
        receptive_field: None,
        stride: [1, 1],
    });
    let mut from = channels;
    for &to in &roi.convolutions {
        let conv = HeadConv {
            name: format!("roi: conv {to}, 3x3, relu"),
            from,
            to,
            kernel: 3,
            norm,
        };
        let mut layer = conv.summary([side, side], 0, None);
        layer.multiply_adds = layer.multiply_adds.saturating_mul(regions as u64);
        layer.activations = layer.activations.saturating_mul(sampled);
        summary.push(layer);
        from = to;
    }
    let mut linear = |name: String, from: usize, to: usize, norm: bool| {
        let weights = product(&[from, to]);
        let scales = if norm { product(&[2, to]) } else { 0 };
        summary.push(LayerSummary {
            name,
            output: Shape::Features(to),
            parameters: weights.saturating_add(to as u64).saturating_add(scales),
            multiply_adds: weights.saturating_mul(regions as u64),
            activations: sampled.saturating_mul(to as u64),
            receptive_field: None,
            stride: [1, 1],
        });
    };
    let mut features = map(from).elements();
    for &next in &roi.hidden {
        linear(
            format!("roi: linear {next}, relu"),
            features,
            next,
            hidden_norm,
        );
        features = next;
    }
    let outputs = classes.saturating_add(1);
    linear(
        "roi: classes and background".to_string(),
        features,
        outputs,
        false,
    );
    let boxes = roi.box_regression.boxes(classes);
    let name = match boxes {
        1 => "roi: deltas",
        _ => "roi: deltas of each class",
    };
    linear(name.to_string(), features, boxes.saturating_mul(4), false);
}
