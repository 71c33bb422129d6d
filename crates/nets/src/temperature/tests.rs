//! Tests of `temperature`.

use super::*;
use data::random::{Key, Purpose};
use kernels::scores::softmax;

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
