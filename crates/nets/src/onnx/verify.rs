//! The last check before a file appears: what was written is read back and run beside the network.

use burn::tensor::{Device, Tensor, TensorData};
use data::preparation::normalize;
use onnx::{Dimension, Model, Tensor as Value};

use super::options::{OnnxOptions, Part};
use crate::prediction::Prediction;
use crate::run::Trained;

/// Images that are made where the run's own can't be read.
const MADE: usize = 16;
/// Multiples of the first, modulo the second, are spread evenly enough to look like noise.
const NOISE: [usize; 2] = [40_503, 65_521];
/// Sizes of batches that are tried.
const BATCHES: [usize; 3] = [1, 3, 16];
/// Most that probabilities and scores may differ.
const SCORES: f32 = 1e-4;
/// Most pixels that the sides of boxes may differ.
const BOXES: f32 = 1e-2;
/// One image in this many may have other detections: where scores are equal, rounding decides which box suppresses which.
const TIES: usize = 20;

/// Images to try an export on, with what the network predicts for them.
pub(super) struct Trial {
    /// `[C, H, W]`, 0 to 255, each.
    images: Vec<Vec<u8>>,
    predictions: Vec<Prediction>,
}

impl Trial {
    /// Of images `[C, H, W]` as the run's preparation makes them; without any, of black, white and noise.
    pub fn new(mut images: Vec<Vec<u8>>, trained: &Trained, device: &Device) -> Self {
        let [channels, height, width] = trained.input;
        let length = channels * height * width;
        images.retain(|image| image.len() == length);
        if images.is_empty() {
            images = (0..MADE).map(|image| made(image, length)).collect();
        }
        let predict = |batch: &[Vec<u8>]| {
            let values = inputs(batch, trained);
            let shape = [batch.len(), channels, height, width];
            let batch = Tensor::from_data(TensorData::new(values, shape), device);
            trained.network.predict(batch)
        };
        Self {
            predictions: images.chunks(BATCHES[2]).flat_map(predict).collect(),
            images,
        }
    }
}

/// Black, white, or noise that grows stronger with the number of the image.
fn made(image: usize, length: usize) -> Vec<u8> {
    let strength = 255 * image / (MADE - 1);
    let noise = |place: usize| (place * NOISE[0] % NOISE[1]) * strength / NOISE[1];
    let pixel = |place: usize| match image {
        0 => 0,
        1 => 255,
        _ => noise(image * length + place) as u8,
    };
    (0..length).map(pixel).collect()
}

/// What a network takes for images, `[N, C, H, W]`.
fn inputs(images: &[Vec<u8>], trained: &Trained) -> Vec<f32> {
    let length = images.first().map_or(1, Vec::len).max(1);
    let mut values = vec![0.0; images.len() * length];
    for (image, values) in images.iter().zip(values.chunks_exact_mut(length)) {
        normalize(&trained.preparation, image, values);
    }
    values
}

/// Reads `bytes` back and holds what they compute for the trial's images against the network's predictions.
///
/// Of a detector in parts, only the form of the file is checked: what is between them is left to others.
///
/// # Errors
/// What differs, for people.
pub(super) fn verify(
    bytes: &[u8],
    part: Part,
    trained: &Trained,
    options: OnnxOptions,
    trial: &Trial,
) -> Result<(), String> {
    let model = Model::read(bytes).map_err(|cause| format!("does not read back: {cause}"))?;
    if part != Part::Whole {
        return Ok(());
    }
    let [channels, height, width] = trained.input;
    let input = model
        .inputs()
        .first()
        .ok_or("reads back without an input")?;
    let sides = match options.with_preparation {
        true => [height, width, channels],
        false => [channels, height, width],
    };
    let found = input.shape.as_deref().and_then(|shape| shape.get(1..));
    let found = found.unwrap_or_default();
    if !found.iter().eq(&sides.map(Dimension::Fixed)) {
        return Err(format!(
            "reads back with images of {found:?}, not {sides:?}"
        ));
    }
    let name = input.name.clone();
    for size in BATCHES {
        let mut ties = 0;
        let batches = trial
            .images
            .chunks(size)
            .zip(trial.predictions.chunks(size));
        for (images, expected) in batches {
            let value = if options.with_preparation {
                interleaved(images, trained.input)
            } else {
                let shape = [images.len(), channels, height, width];
                Value::new(&shape, inputs(images, trained))
            };
            let run = value.and_then(|value| model.run(&[(&name, value)]));
            let outputs = run.map_err(|cause| format!("does not run: {cause}"))?;
            let outputs: Vec<&Value> = outputs.iter().map(|(_, value)| value).collect();
            match outputs[..] {
                [scores] => same_classes(scores, expected, options.softmax)?,
                [boxes, scores, labels, count] => {
                    let found = [boxes, scores, labels, count];
                    let differ = other_detections(found, expected)?.into_iter();
                    // On an empty image anchors are equally good wherever they are, and rounding chooses among them.
                    let is_empty = |at: &usize| images[*at].windows(2).all(|two| two[0] == two[1]);
                    ties += differ.filter(|at| !is_empty(at)).count();
                }
                _ => return Err(format!("gives {} outputs", outputs.len())),
            }
        }
        if ties * TIES > trial.images.len() {
            return Err(format!(
                "finds other objects than the network in {ties} of {} images in batches of {size}",
                trial.images.len()
            ));
        }
    }
    Ok(())
}

/// Bytes `[N, H, W, C]`.
fn interleaved(
    images: &[Vec<u8>],
    [channels, height, width]: [usize; 3],
) -> Result<Value, onnx::OnnxError> {
    let area = height * width;
    let pixels = images.iter().flat_map(|image| {
        (0..area).flat_map(move |pixel| (0..channels).map(move |plane| image[plane * area + pixel]))
    });
    Value::new(&[images.len(), height, width, channels], pixels.collect())
}

/// Classes and probabilities of a batch.
fn same_classes(
    scores: &Value,
    expected: &[Prediction],
    are_probabilities: bool,
) -> Result<(), String> {
    let values = scores.values::<f32>().ok_or("gives no floats")?;
    let classes = values.len() / expected.len().max(1);
    for (row, expected) in values.chunks_exact(classes.max(1)).zip(expected) {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = row.iter().map(|logit| (logit - largest).exp()).sum();
        let probability = |value: f32| match are_probabilities {
            true => value,
            false => (value - largest).exp() / sum,
        };
        if row.len() != expected.probabilities.len() {
            return Err(format!("gives {} classes", row.len()));
        }
        for (class, (&value, &wanted)) in row.iter().zip(&expected.probabilities).enumerate() {
            let found = probability(value);
            // Not `>`, which NaN passes.
            if !((found - wanted).abs() <= SCORES) {
                return Err(format!(
                    "gives class {class} a probability of {found}, the network {wanted}"
                ));
            }
        }
    }
    Ok(())
}

/// The places of a batch's images whose detections differ.
fn other_detections(
    [boxes, scores, labels, count]: [&Value; 4],
    expected: &[Prediction],
) -> Result<Vec<usize>, String> {
    let floats = "gives no floats";
    let whole = "gives no whole numbers";
    let boxes = boxes.values::<f32>().ok_or(floats)?;
    let scores = scores.values::<f32>().ok_or(floats)?;
    let labels = labels.values::<i64>().ok_or(whole)?;
    let counts = count.values::<i64>().ok_or(whole)?;
    let most = scores.len() / expected.len().max(1);
    let differs = |(index, expected): (usize, &Prediction)| {
        let found = usize::try_from(counts[index]).unwrap_or(usize::MAX);
        let same = |(place, wanted): (usize, &crate::prediction::Detection)| {
            let at = index * most + place;
            let corners = <[f32; 4]>::from(wanted.bounds);
            let sides = boxes[4 * at..][..4].iter().zip(corners);
            labels[at] == wanted.class as i64
                && (scores[at] - wanted.score).abs() <= SCORES
                && sides.into_iter().all(|(a, b)| (a - b).abs() <= BOXES)
        };
        found != expected.detections.len() || !expected.detections.iter().enumerate().all(same)
    };
    let different = expected.iter().enumerate().filter(|it| differs(*it));
    Ok(different.map(|(index, _)| index).collect())
}
