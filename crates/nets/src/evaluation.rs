//! From a trained network and images with labels to predictions and their figures.

use std::time::Instant;

use burn::tensor::Device;
use kernels::boxes::{Xyxy, tight_box};
use measure::detection::{self, Category, CocoError, GroundTruth, Options, Xywh};
use measure::record::{Localisation, LocalisationFigures, Prediction, Predictions};

use crate::batch::Preparation;
use crate::data::Dataset;
use crate::network::{Answer, Network};
use crate::recipe;

/// Images that are predicted at a time: 500 of MNIST's size, fewer of larger ones.
fn batch_size(data: &Dataset) -> usize {
    (500 * 28 * 28 / (data.height * data.width).max(1)).clamp(16, 500)
}

/// A network's answers on a data set.
#[derive(Clone, Debug)]
pub struct Evaluated {
    /// One row an image.
    pub predictions: Predictions,
    /// Figures of the boxes, for a detector.
    pub localisation: Option<LocalisationFigures>,
    /// Throughput of preparing and predicting.
    pub images_per_s: f64,
}

/// Predicts all of `data` and holds the answers against its labels and boxes.
///
/// # Errors
/// [`CocoError`] when a detector's boxes are no boxes (not a number, say).
pub fn evaluate(
    network: &Network,
    data: &Dataset,
    preparation: &recipe::Data,
    device: &Device,
) -> Result<Evaluated, CocoError> {
    let start = Instant::now();
    let answers = answers(network, data, preparation, device);
    let images_per_s = data.count as f64 / start.elapsed().as_secs_f64();
    let area = data.height * data.width;
    let truths: Vec<Option<Xyxy>> = (0..data.count)
        .map(|i| tight_box(&data.image(i)[..area], data.width))
        .collect();
    let detector = matches!(network, Network::FasterRcnn(_));
    let rows = answers
        .iter()
        .enumerate()
        .map(|(index, answer)| Prediction {
            index,
            label: data.labels[index] as usize,
            predicted: answer.class,
            score: answer.score,
            probabilities: answer.probabilities.clone(),
            detection: answer.detections.first().map(|best| Localisation {
                bounds: corners(best.bounds),
                iou: truths[index].map_or(0.0, |truth| truth.iou(best.bounds)),
            }),
        })
        .collect();
    let predictions = Predictions {
        rows,
        classes: data.classes.clone(),
    };
    let localisation = detector
        .then(|| localisation(&predictions, &answers, data, &truths))
        .transpose()?;
    Ok(Evaluated {
        predictions,
        localisation,
        images_per_s,
    })
}

/// Mean loss (negative log-likelihood) and accuracy on `data`.
pub fn loss_and_accuracy(
    network: &Network,
    data: &Dataset,
    preparation: &recipe::Data,
    device: &Device,
) -> (f64, f64) {
    let answers = answers(network, data, preparation, device);
    let labelled = || {
        answers
            .iter()
            .zip(data.labels.iter().map(|label| *label as usize))
    };
    // As scikit-learn's log_loss on f32 probabilities: clipped at the type's epsilon.
    let loss: f64 = labelled()
        .map(|(answer, label)| -f64::from(answer.probabilities[label].max(f32::EPSILON)).ln())
        .sum();
    let right = labelled()
        .filter(|(answer, label)| answer.class == *label)
        .count();
    (loss / data.count as f64, right as f64 / data.count as f64)
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
        .flat_map(|chunk| network.predict(preparation.batch(data, chunk, 0, device).images))
        .collect()
}

fn corners(bounds: Xyxy) -> [f32; 4] {
    [bounds.x1, bounds.y1, bounds.x2, bounds.y2]
}

/// The twelve COCO figures of all detections, and the mean IoU of the best one of each image.
fn localisation(
    predictions: &Predictions,
    answers: &[Answer],
    data: &Dataset,
    truths: &[Option<Xyxy>],
) -> Result<LocalisationFigures, CocoError> {
    let xywh = |bounds: Xyxy| Xywh::from_corners(corners(bounds).map(f64::from));
    let ground_truth = GroundTruth {
        images: (0..data.count as i64).collect(),
        categories: data
            .classes
            .iter()
            .enumerate()
            .map(|(id, name)| Category {
                id: id as i64,
                name: name.clone(),
            })
            .collect(),
        truths: truths
            .iter()
            .enumerate()
            .filter_map(|(image, truth)| truth.map(|bounds| (image, xywh(bounds))))
            .map(|(image, bounds)| detection::Truth {
                image: image as i64,
                category: i64::from(data.labels[image]),
                id: image as i64 + 1,
                bounds,
                area: bounds.area(),
                crowd: false,
            })
            .collect(),
    };
    let detections: Vec<detection::Detection> = answers
        .iter()
        .enumerate()
        .flat_map(|(image, answer)| {
            answer
                .detections
                .iter()
                .map(move |found| detection::Detection {
                    image: image as i64,
                    category: found.class as i64,
                    bounds: xywh(found.bounds),
                    score: f64::from(found.score),
                })
        })
        .collect();
    let figures = detection::evaluate(&ground_truth, &detections, &Options::default())?.figures;
    Ok(LocalisationFigures {
        mean_iou: predictions.mean_iou().unwrap_or(0.0),
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
    })
}
