//! Temperature scaling (C. Guo et al., "On Calibration of Modern Neural Networks", 2017): one factor that makes a
//! classifier's probabilities as sure as its answers are right.

use burn::tensor::Device;
use measure::calibration::{BINS, reliability_equal_width};
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::cnn::Cnn;
use crate::evaluation::batch_size;
use crate::outputs::{argmax, softmax};
use data::Dataset;
use data::preparation::Preparation;

/// No temperature is lower, and none higher than its inverse: where every answer is right, the likelihood knows no end.
const LOWEST: f64 = 0.05;
/// Halvings of the range of temperatures; more than the digits of a f64 need.
const HALVINGS: usize = 64;

/// A temperature and what it does, all of the images it was fitted on.
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
    /// Fits the temperature of `cnn` on `data`, which must not be what it is judged on later; `None` without images, or
    /// where images do not show one object each.
    pub fn fit(
        cnn: &Cnn,
        data: &Dataset,
        preparation: &recipe::Data,
        device: &Device,
    ) -> Option<Self> {
        let labels = data.labels().filter(|labels| !labels.is_empty())?;
        let preparation = Preparation {
            normalize: preparation.normalize,
            augment: None,
        };
        let numbers: Vec<usize> = (0..data.count).collect();
        let rows: Vec<Vec<f32>> = numbers
            .chunks(batch_size(data))
            .flat_map(|chunk| {
                cnn.evidence(Batch::prepare(&preparation, data, chunk, 0, device).images)
            })
            .collect();
        let temperature = fit(&rows, &labels);
        Some(Self {
            temperature,
            images: labels.len(),
            ece_before: ece(&rows, &labels, 1.0)?,
            ece_after: ece(&rows, &labels, temperature)?,
        })
    }
}

/// The temperature under which `labels` are likeliest; rows of logits, one a label. Deterministic.
pub fn fit(rows: &[Vec<f32>], labels: &[usize]) -> f64 {
    // The negative log-likelihood is convex in 1 / T: its slope has one zero, which halving the range finds.
    let (mut low, mut high) = (LOWEST.ln(), -LOWEST.ln());
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        let inverse = (-middle).exp();
        let slopes = rows.iter().zip(labels);
        let slope: f64 = slopes.map(|(row, &label)| slope(row, label, inverse)).sum();
        // Positive: less sure is likelier.
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
        let scaled: Vec<f32> = row
            .iter()
            .map(|value| (f64::from(*value) / temperature) as f32)
            .collect();
        softmax(&scaled).into_iter().fold(0.0, f32::max)
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
mod tests {
    use super::*;
    use data::random::{Key, Purpose};

    /// Rows of logits, and labels drawn by the probabilities of these logits at `temperature`.
    fn drawn(temperature: f64) -> (Vec<Vec<f32>>, Vec<usize>) {
        let draw = |index| {
            let key = Key {
                seed: 3,
                purpose: Purpose::Bootstrap,
                epoch: 0,
                index,
            };
            let mut stream = key.stream();
            let row: Vec<f32> = (0..5).map(|_| 3.0 * stream.normal() as f32).collect();
            let scaled: Vec<f32> = row.iter().map(|z| z / temperature as f32).collect();
            let mut left = stream.unit_f32();
            let label = softmax(&scaled).iter().position(|p| {
                left -= p;
                left < 0.0
            });
            (row, label.unwrap_or(4))
        };
        (0..20_000).map(draw).unzip()
    }

    #[test]
    fn the_temperature_that_labels_were_drawn_at_is_found() {
        for temperature in [0.5, 1.0, 2.5] {
            let (rows, labels) = drawn(temperature);
            let found = fit(&rows, &labels);
            assert!(
                (found / temperature - 1.0).abs() < 0.05,
                "{found} for {temperature}"
            );
            let (before, after) = (ece(&rows, &labels, 1.0), ece(&rows, &labels, found));
            assert!(after.unwrap() < 0.015, "{after:?}");
            assert!(temperature == 1.0 || before.unwrap() > 0.05, "{before:?}");
        }
    }

    #[test]
    fn the_likelihood_is_greatest_there() {
        let (rows, labels) = drawn(1.7);
        let loss = |temperature: f64| -> f64 {
            let rows = rows.iter().zip(&labels);
            rows.map(|(row, &label)| {
                let scaled: Vec<f64> = row.iter().map(|&z| f64::from(z) / temperature).collect();
                let sum: f64 = scaled.iter().map(|z| z.exp()).sum();
                sum.ln() - scaled[label]
            })
            .sum()
        };
        let found = fit(&rows, &labels);
        assert!(loss(found) < loss(found * 1.01) && loss(found) < loss(found / 1.01));
    }

    #[test]
    fn extremes_stay_in_range() {
        // Right throughout, and as wrong as can be; with a class that has no probability at all.
        let rows = vec![vec![9.0, 1.0, f32::NEG_INFINITY]; 3];
        assert!((fit(&rows, &[0, 0, 0]) - LOWEST).abs() < 1e-9);
        assert!((fit(&rows, &[1, 1, 1]) - 1.0 / LOWEST).abs() < 1e-9);
    }
}
