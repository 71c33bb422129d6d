//! From a trained network and images with truths to predictions and their figures.

use std::collections::BTreeMap;
use std::time::Instant;

use burn::tensor::Device;
use kernels::boxes::Xyxy;
use kernels::lanes::LANES;
use measure::detection::{
    self, Category, CocoError, Detection, Figures, GroundTruth, Options, Truth, Xywh,
};
use measure::energy::Meter;
use measure::record::{
    BoxPrecisionRecall, Localisation, LocalisationFigures, Prediction, Predictions,
};

use crate::batch::Batch;
use crate::detector::BadTruth;
use crate::device::Computer;
use crate::layers::Mode;
use crate::network::Network;
use crate::ops;
use crate::outputs::Answer;
use data::Dataset;
use data::preparation::Preparation;
use recipe::{self, Recipe};

/// IoU from which an object counts as found.
const FOUND_IOU: f64 = 0.5;

/// Images that are predicted at a time: 500 of MNIST's size, fewer of larger ones, down to one block of lanes.
pub(crate) fn batch_size(data: &Dataset) -> usize {
    let like = 500 * 28 * 28 / (data.height * data.width).max(1);
    // Whole blocks: where there are few, lanes without an image cost a good part of the time.
    like.next_multiple_of(LANES).clamp(LANES, 500)
}

/// A network's answers on a data set.
#[derive(Clone, Debug)]
pub struct Evaluated {
    /// One row an image; none where images show several objects, or none.
    pub predictions: Predictions,
    /// Figures of the boxes, for a detector.
    pub localisation: Option<LocalisationFigures>,
    /// Precision and recall of the boxes, for a detector.
    pub box_precision_recall: Option<BoxPrecisionRecall>,
    /// Everything that was detected where images show several objects, by the ids of the data set.
    pub detections: Vec<Detection>,
    /// Throughput of preparing and predicting.
    pub images_per_s: f64,
    /// Joules of preparing and predicting all images, where the machine tells.
    pub energy_j: Option<f64>,
}

/// Predicts all of `data` and holds the answers against its objects.
///
/// Where each image shows exactly one object, the network gives one answer an image; elsewhere its boxes are all that
/// can be judged.
///
/// # Errors
/// [`CocoError`] when a detector's boxes are no boxes (not a number, say).
pub fn evaluate(
    network: &Network,
    data: &Dataset,
    preparation: &recipe::Data,
    computer: &Computer,
) -> Result<Evaluated, CocoError> {
    let mut meter = computer.energy_meter().ok();
    let start = Instant::now();
    let answers = answers(network, data, preparation, &computer.device);
    let images_per_s = data.count as f64 / start.elapsed().as_secs_f64();
    let energy_j = meter.as_mut().and_then(Meter::joules);
    let objects: Vec<_> = (0..data.count).map(|index| data.objects(index)).collect();
    let labels = data.labels();
    let rows = labels.iter().flatten().zip(&answers).enumerate();
    let rows = rows
        .map(|(index, (&label, answer))| Prediction {
            index,
            label,
            predicted: answer.class,
            score: answer.score,
            probabilities: answer.probabilities.clone(),
            detection: answer.detections.first().map(|best| Localisation {
                bounds: best.bounds.into(),
                iou: objects[index]
                    .first()
                    .map_or(0.0, |object| object.bounds.iou(best.bounds)),
            }),
        })
        .collect();
    let predictions = Predictions {
        rows,
        classes: data.classes.clone(),
    };
    let mut evaluated = Evaluated {
        predictions,
        localisation: None,
        box_precision_recall: None,
        detections: Vec::new(),
        images_per_s,
        energy_j,
    };
    if matches!(network, Network::FasterRcnn(_)) {
        let truths = ground_truth(data);
        let detections = detections(data, &answers);
        let report = detection::evaluate(&truths, &detections, &Options::default())?;
        let figures = report.figures;
        let boxes = match labels {
            Some(_) => LocalisationFigures {
                mean_iou: evaluated.predictions.mean_iou().unwrap_or(0.0),
                ..twelve(&figures)
            },
            None => several(&truths, &detections, &figures),
        };
        evaluated.localisation = Some(LocalisationFigures {
            mistakes: Some(detection::mistakes(&truths, &detections)?),
            ..boxes
        });
        evaluated.box_precision_recall = BoxPrecisionRecall::of(&report);
        if labels.is_none() {
            evaluated.detections = detections;
        }
    }
    Ok(evaluated)
}

/// Figures on held-out images.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Validation {
    /// Mean loss: of a classifier its negative log-likelihood, of a detector the sum of its losses, as in training but
    /// without learning (normalisation and dropout as when predicting, the same draws every time).
    pub loss: f64,
    /// A detector's losses by name.
    pub losses: BTreeMap<String, f64>,
    /// Share of the images answered rightly, where each shows one object.
    pub accuracy: Option<f64>,
    /// COCO's average precision, of a detector.
    pub map: Option<f64>,
}

/// Why held-out images could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum ValidationError {
    /// An annotated box is not one.
    #[error(transparent)]
    Truth(#[from] BadTruth),
    /// A detected box is not one.
    #[error(transparent)]
    Boxes(#[from] CocoError),
}

/// Losses and answers on `data`, which takes no part in training.
///
/// # Errors
/// [`ValidationError`] when boxes, annotated or detected, are none.
pub fn validate(
    network: &Network,
    data: &Dataset,
    recipe: &Recipe,
    device: &Device,
) -> Result<Validation, ValidationError> {
    let answers = answers(network, data, &recipe.data, device);
    let mut validation = Validation::default();
    if let Some(labels) = data.labels() {
        let labelled = || answers.iter().zip(&labels);
        let right = labelled().filter(|(answer, label)| answer.class == **label);
        validation.accuracy = Some(right.count() as f64 / data.count as f64);
        // As scikit-learn's log_loss on f32 probabilities: clipped at the type's epsilon.
        let likelihood = |(answer, label): (&Answer, &usize)| {
            -f64::from(answer.probabilities[*label].max(f32::EPSILON)).ln()
        };
        validation.loss = labelled().map(likelihood).sum::<f64>() / data.count as f64;
    }
    if matches!(network, Network::FasterRcnn(_)) {
        let (truths, detections) = (ground_truth(data), detections(data, &answers));
        let report = detection::evaluate(&truths, &detections, &Options::default())?;
        validation.map = report.figures.ap;
        validation.losses = losses(network, data, recipe, device)?;
        validation.loss = validation.losses.values().sum();
    }
    Ok(validation)
}

/// The parts of the loss, each the mean over the images.
fn losses(
    network: &Network,
    data: &Dataset,
    recipe: &Recipe,
    device: &Device,
) -> Result<BTreeMap<String, f64>, BadTruth> {
    let preparation = Preparation {
        normalize: recipe.data.normalize,
        augment: None,
    };
    let mut sums = BTreeMap::new();
    let numbers: Vec<usize> = (0..data.count).collect();
    for chunk in numbers.chunks(recipe.training.batch_size) {
        let batch = Batch::prepare(&preparation, data, chunk, 0, device);
        let losses = network.losses(&batch, &recipe.training, Mode::Inference)?;
        let (names, values): (Vec<_>, Vec<_>) = losses.parts.into_iter().unzip();
        for (name, value) in names.into_iter().zip(ops::read(values)) {
            *sums.entry(name.to_string()).or_default() += value * chunk.len() as f64;
        }
    }
    sums.values_mut().for_each(|sum| *sum /= data.count as f64);
    Ok(sums)
}

fn answers(
    network: &Network,
    data: &Dataset,
    preparation: &recipe::Data,
    device: &Device,
) -> Vec<Answer> {
    let preparation = Preparation {
        normalize: preparation.normalize,
        augment: None,
    };
    let numbers: Vec<usize> = (0..data.count).collect();
    numbers
        .chunks(batch_size(data))
        .flat_map(|chunk| {
            network.predict(Batch::prepare(&preparation, data, chunk, 0, device).images)
        })
        .collect()
}

fn xywh(bounds: Xyxy) -> Xywh {
    Xywh::from_corners(<[f32; 4]>::from(bounds).map(f64::from))
}

/// The objects of `data` as COCO's evaluation takes them, the images in their order.
pub fn ground_truth(data: &Dataset) -> GroundTruth {
    let name = |(class, name): (usize, &String)| Category {
        id: data.category_id(class),
        name: name.clone(),
    };
    let objects = (0..data.count).flat_map(|index| {
        let image = data.image_id(index);
        data.objects(index)
            .into_iter()
            .map(move |object| (image, object))
    });
    GroundTruth {
        images: (0..data.count).map(|index| data.image_id(index)).collect(),
        categories: data.classes.iter().enumerate().map(name).collect(),
        truths: (1..)
            .zip(objects)
            .map(|(id, (image, object))| Truth {
                image,
                category: data.category_id(object.class),
                id,
                bounds: xywh(object.bounds),
                area: object.area,
                crowd: object.crowd,
            })
            .collect(),
    }
}

/// Everything that was detected, image by image, best first.
fn detections(data: &Dataset, answers: &[Answer]) -> Vec<Detection> {
    let images = answers.iter().enumerate();
    images
        .flat_map(|(index, answer)| {
            answer.detections.iter().map(move |found| Detection {
                image: data.image_id(index),
                category: data.category_id(found.class),
                bounds: xywh(found.bounds),
                score: f64::from(found.score),
            })
        })
        .collect()
}

/// COCO's figures; the others are left at nothing.
fn twelve(figures: &Figures) -> LocalisationFigures {
    LocalisationFigures {
        map: figures.ap,
        map_50: figures.ap_50,
        map_75: figures.ap_75,
        map_small: figures.ap_small,
        map_medium: figures.ap_medium,
        map_large: figures.ap_large,
        mar_1: figures.ar_low,
        mar_10: figures.ar_middle,
        mar_100: figures.ar_high,
        mar_small: figures.ar_small,
        mar_medium: figures.ar_medium,
        mar_large: figures.ar_large,
        ..LocalisationFigures::default()
    }
}

/// The figures where images show several objects.
fn several(
    truths: &GroundTruth,
    detections: &[Detection],
    figures: &Figures,
) -> LocalisationFigures {
    let pairs = detection::matches(&truths.truths, detections, FOUND_IOU);
    let objects = truths.truths.iter().filter(|truth| !truth.crowd).count();
    let right = pairs
        .iter()
        .filter(|pair| truths.truths[pair.truth].category == detections[pair.detection].category);
    let share = |part: f64, whole: usize| (whole > 0).then(|| part / whole as f64);
    // Not `sum`, which is -0.0 if nothing was found.
    let ious = pairs.iter().fold(0.0, |sum, pair| sum + pair.iou);
    LocalisationFigures {
        mean_iou: share(ious, objects).unwrap_or(0.0),
        found: share(pairs.len() as f64, objects),
        found_accuracy: share(right.count() as f64, pairs.len()),
        ..twelve(figures)
    }
}
