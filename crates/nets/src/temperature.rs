//! Temperature scaling (C. Guo et al., "On Calibration of Modern Neural Networks", 2017): one factor that makes a
//! classifier's probabilities match how often it is right.

use burn::tensor::Device;
use measure::calibration::{BINS, reliability_equal_width};
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::cnn::Cnn;
use crate::evaluation::batch_size;
use crate::prediction::tempered_softmax;
use data::Dataset;
use kernels::scores::argmax;

/// The lowest temperature; the highest is its inverse. Without limits the fit diverges where every prediction is right.
const LOWEST: f64 = 0.05;
/// Steps of the bisection, more than an f64 has digits.
const HALVINGS: usize = 64;

/// A temperature and its effect on the images it was fitted on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// What logits are divided by.
    pub temperature: f64,
    /// Images it was fitted on.
    pub images: usize,
    /// Expected calibration error before, 15 bins of equal width.
    pub ece_before: f64,
    /// Expected calibration error after.
    pub ece_after: f64,
}

impl Calibration {
    /// Fits the temperature of `cnn` on `data`, which must not be the test set; `None` without images, or where images do
    /// not show exactly one object each.
    pub fn fit(cnn: &Cnn, data: &Dataset, device: &Device) -> Option<Self> {
        let labels = data.labels().filter(|labels| !labels.is_empty())?;
        let batches = Batch::all(data, batch_size(data), device);
        let rows: Vec<Vec<f32>> = batches.flat_map(|batch| cnn.scores(batch.images)).collect();
        let temperature = fit(&rows, &labels);
        Some(Self {
            temperature,
            images: labels.len(),
            ece_before: ece(&rows, &labels, 1.0)?,
            ece_after: ece(&rows, &labels, temperature)?,
        })
    }
}

/// The temperature that maximises the likelihood of `labels`, given a row of logits for each. Deterministic.
pub fn fit(rows: &[Vec<f32>], labels: &[usize]) -> f64 {
    // The negative log-likelihood is convex in 1 / T: its slope has one zero, found by bisection.
    let (mut low, mut high) = (LOWEST.ln(), -LOWEST.ln());
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        let inverse = (-middle).exp();
        let slopes = rows.iter().zip(labels);
        let slope: f64 = slopes.map(|(row, &label)| slope(row, label, inverse)).sum();
        // Positive: a higher temperature is more likely.
        if slope > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    (0.5 * (low + high)).exp()
}

/// The derivative of -ln p(label) with respect to 1 / T: the mean logit under p less the label's.
fn slope(row: &[f32], label: usize, inverse: f64) -> f64 {
    let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let centred = |value: f32| f64::from(value) - f64::from(top);
    let (mut sum, mut weighted) = (0.0, 0.0);
    for &value in row {
        let weight = (centred(value) * inverse).exp();
        // A class without any probability has a weight of 0, whatever its logit.
        if weight > 0.0 {
            sum += weight;
            weighted += weight * centred(value);
        }
    }
    weighted / sum - centred(row[label])
}

fn ece(rows: &[Vec<f32>], labels: &[usize], temperature: f64) -> Option<f64> {
    let confidence = |row: &Vec<f32>| {
        let probabilities = tempered_softmax(row, temperature);
        probabilities.into_iter().fold(0.0, f32::max)
    };
    let confidences: Vec<f32> = rows.iter().map(confidence).collect();
    let correct = rows
        .iter()
        .zip(labels)
        .map(|(row, &label)| argmax(row) == label);
    let correct: Vec<bool> = correct.collect();
    let reliability = reliability_equal_width(&confidences, &correct, BINS).ok()?;
    Some(reliability.ece())
}

#[cfg(test)]
mod tests;
