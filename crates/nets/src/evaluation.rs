//! A trained network's predictions on annotated images, and their metrics.

use std::collections::BTreeMap;
use std::time::Instant;

use burn::tensor::Device;
use kernels::boxes::Xyxy;
use kernels::lanes::LANES;
use measure::detection::{
    self, Category, CocoError, Detection, Figures, GroundTruth, Options, Truth, Xywh,
};
use measure::energy::Meter;
use measure::record::{self, BoxPrecisionRecall, Localisation, LocalisationFigures, Predictions};

use crate::batch::Batch;
use crate::device::Computer;
use crate::layers::Mode;
use crate::loss::ClassificationLoss;
use crate::network::Network;
use crate::ops;
use crate::prediction::Prediction;
use data::Dataset;
use data::truth::BadTruth;
use recipe::{self, Recipe};

/// IoU from which an object counts as found.
const FOUND_IOU: f64 = 0.5;

/// Images in a batch of predictions: 500 of MNIST's size, fewer of larger ones, at least one block of lanes.
pub(crate) fn batch_size(data: &Dataset) -> usize {
    let like = 500 * 28 * 28 / (data.height * data.width).max(1);
    if data.sides().is_some() {
        // Padding makes a difference to a prediction: with one at a time, none depends on which others it is with.
        return 1;
    }
    // Whole blocks: in a small batch, empty lanes would cost a good part of the time.
    like.next_multiple_of(LANES).clamp(LANES, 500)
}

/// A network's predictions on a data set.
#[derive(Clone, Debug)]
pub struct Evaluated {
    /// One row an image; empty unless every image shows exactly one object.
    pub predictions: Predictions,
    /// Metrics of the boxes, for a detector.
    pub localisation: Option<LocalisationFigures>,
    /// Precision and recall of the boxes, for a detector.
    pub box_precision_recall: Option<BoxPrecisionRecall>,
    /// All detections, by the ids of the data set; empty where every image shows exactly one object.
    pub detections: Vec<Detection>,
    /// Throughput of preparing and predicting.
    pub images_per_s: f64,
    /// Joules of preparing and predicting all images, where the machine has a counter.
    pub energy_j: Option<f64>,
}

/// Predicts all of `data` and compares the predictions with its objects.
///
/// Only where each image shows exactly one object does the network give one class an image; elsewhere its boxes alone are
/// evaluated.
///
/// # Errors
/// [`CocoError`] when a box of the detector is invalid (not a number, say).
pub fn evaluate(
    network: &Network,
    data: &Dataset,
    computer: &Computer,
) -> Result<Evaluated, CocoError> {
    let detects = matches!(network, Network::FasterRcnn(_));
    let predict = || Ok(predict_all(network, data, &computer.device));
    evaluate_by(data, computer, detects, predict)
}

/// [`evaluate`] of anything that predicts all of `data`, with boxes if it `detects`.
pub(crate) fn evaluate_by<E: From<CocoError>>(
    data: &Dataset,
    computer: &Computer,
    detects: bool,
    predict: impl FnOnce() -> Result<Vec<Prediction>, E>,
) -> Result<Evaluated, E> {
    let mut meter = computer.energy_meter().ok();
    let start = Instant::now();
    let predictions = predict()?;
    let images_per_s = data.count as f64 / start.elapsed().as_secs_f64();
    let energy_j = meter.as_mut().and_then(Meter::joules);
    // A detector from a file gives boxes and nothing else.
    let answers = |prediction: &Prediction| !prediction.probabilities.is_empty();
    let labels = data.labels().filter(|_| predictions.iter().all(answers));
    let labelled = labels.iter().flatten().zip(&predictions).enumerate();
    let row = |(index, (&label, prediction)): (usize, (&usize, &Prediction))| record::Prediction {
        index,
        label,
        predicted: prediction.class,
        score: prediction.score,
        probabilities: prediction.probabilities.clone(),
        detection: prediction.detections.first().map(|best| Localisation {
            bounds: best.bounds.into(),
            iou: data
                .objects(index)
                .first()
                .map_or(0.0, |object| object.bounds.iou(best.bounds)),
        }),
    };
    let mut evaluated = Evaluated {
        predictions: Predictions {
            rows: labelled.map(row).collect(),
            classes: data.classes.clone(),
        },
        localisation: None,
        box_precision_recall: None,
        detections: Vec::new(),
        images_per_s,
        energy_j,
    };
    if detects {
        let truths = ground_truth(data);
        let detections = detections(data, &predictions);
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

/// Losses and metrics on held-out images.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Validation {
    /// Mean loss: of a classifier its negative log-likelihood; of a detector the sum of its training losses, with
    /// normalisation and dropout as in prediction and the same random samples every time.
    pub loss: f64,
    /// A detector's losses by name.
    pub losses: BTreeMap<String, f64>,
    /// Share of the images classified correctly, where each shows exactly one object.
    pub accuracy: Option<f64>,
    /// COCO's average precision, of a detector.
    pub map: Option<f64>,
}

impl Validation {
    /// The name and value of the first loss that is not finite.
    pub(crate) fn not_finite(&self) -> Option<(String, f64)> {
        let named = self.losses.iter();
        let named = named.map(|(name, value)| (format!("validation {name} loss"), *value));
        let mut all = named.chain([("validation loss".to_string(), self.loss)]);
        all.find(|(_, value)| !value.is_finite())
    }
}

/// Why held-out images could not be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum ValidationError {
    /// An annotated box is invalid.
    #[error(transparent)]
    Truth(#[from] BadTruth),
    /// A detected box is invalid.
    #[error(transparent)]
    Boxes(#[from] CocoError),
}

/// Losses and metrics on `data`, which takes no part in training.
///
/// # Errors
/// [`ValidationError`] when a box, annotated or detected, is invalid.
pub fn validate(
    network: &Network,
    data: &Dataset,
    recipe: &Recipe,
    device: &Device,
) -> Result<Validation, ValidationError> {
    let predictions = predict_all(network, data, device);
    let mut validation = Validation::default();
    if let Some(labels) = data.labels() {
        let labelled = || predictions.iter().zip(&labels);
        let correct = labelled().filter(|(prediction, label)| prediction.class == **label);
        validation.accuracy = Some(correct.count() as f64 / data.count as f64);
        // As scikit-learn's log_loss on f32 probabilities: clipped at the type's epsilon.
        let losses = labelled().map(|(prediction, label)| {
            -f64::from(prediction.probabilities[*label].max(f32::EPSILON)).ln()
        });
        validation.loss = losses.sum::<f64>() / data.count as f64;
    }
    if matches!(network, Network::FasterRcnn(_)) {
        let (truths, detections) = (ground_truth(data), detections(data, &predictions));
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
    let loss = ClassificationLoss::cross_entropy(recipe.training.label_smoothing);
    let mut sums = BTreeMap::new();
    for batch in Batch::all(data, recipe.training.batch_size, device) {
        let (_, losses) = network.losses(&batch, &loss, Mode::Inference)?;
        let (names, values): (Vec<_>, Vec<_>) = losses.parts.into_iter().unzip();
        for (name, value) in names.into_iter().zip(ops::read(values)) {
            *sums.entry(name.to_string()).or_default() += value * batch.indices.len() as f64;
        }
    }
    sums.values_mut().for_each(|sum| *sum /= data.count as f64);
    Ok(sums)
}

fn predict_all(network: &Network, data: &Dataset, device: &Device) -> Vec<Prediction> {
    Batch::all(data, batch_size(data), device)
        .flat_map(|batch| network.predict_batch(batch))
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
            .map(move |object| (image, data.to_original(index, object.bounds), object))
    });
    GroundTruth {
        images: (0..data.count).map(|index| data.image_id(index)).collect(),
        categories: data.classes.iter().enumerate().map(name).collect(),
        truths: (1..)
            .zip(objects)
            .map(|(id, (image, bounds, object))| Truth {
                image,
                category: data.category_id(object.class),
                id,
                bounds: xywh(bounds),
                area: object.area,
                crowd: object.crowd,
            })
            .collect(),
    }
}

/// All detections, image by image, best first.
fn detections(data: &Dataset, predictions: &[Prediction]) -> Vec<Detection> {
    let images = predictions.iter().enumerate();
    images
        .flat_map(|(index, prediction)| {
            prediction.detections.iter().map(move |found| Detection {
                image: data.image_id(index),
                category: data.category_id(found.class),
                bounds: xywh(data.to_original(index, found.bounds)),
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
