//! The three products against the reference, at the seams of tiles and tasks.

use proptest::prelude::*;

use super::*;
use crate::lanes::{pack, unpack};
use crate::reference;
use crate::tests::{assert_close, assert_sums_close, everywhere, random, unpack_with_zeros, wide};

/// Fails where a sum of `terms` products, each up to 1, is off by more than rounding explains: also where they cancel.
fn close(got: &[f32], expected: &[f64], terms: usize, what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}: length");
    for (i, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        let error = (f64::from(got) - expected).abs();
        assert!(
            error <= 2e-7 * (terms + 1) as f64,
            "{what} at {i}: {got} instead of {expected}"
        );
    }
}

fn check(n: usize, inputs: usize, outputs: usize, relu: bool) {
    let (x, dy) = (random(1, n * inputs), random(2, n * outputs));
    let (weight, bias) = (random(3, inputs * outputs), random(4, outputs));
    let (xl, dyl) = (pack(&x, n, inputs), pack(&dy, n, outputs));
    let [x, dy, wide_weight, wide_bias] = [&x, &dy, &weight, &bias].map(|x| wide(x));
    let what = format!("{n} x {inputs} x {outputs}");
    let mut y = reference::linear(&x, &wide_weight, &wide_bias, n);
    if relu {
        y.iter_mut().for_each(|y| *y = y.max(0.0));
    }
    for got in everywhere(|| forward(&xl, inputs, outputs, &weight, Some(&bias), relu)) {
        let got = unpack(&got, n, outputs);
        close(&got, &y, inputs, &format!("forward {what}"));
    }
    let dx = reference::linear_backward_data(&dy, &wide_weight, n, outputs);
    for got in everywhere(|| backward_data(&dyl, inputs, outputs, &weight)) {
        let got = unpack_with_zeros(&got, n);
        close(&got, &dx, outputs, &format!("data {what}"));
    }
    let dw = reference::linear_backward_weights(&x, &dy, n, inputs);
    for got in everywhere(|| backward_weights(&xl, &dyl, inputs, outputs)) {
        close(&got, &dw, n, &format!("weights {what}"));
    }
}

#[test]
fn shapes_at_the_seams_of_tiles_and_tasks() {
    for (n, inputs, outputs) in [
        (1, 1, 1),
        (16, 6, 6),
        (17, 7, 13),
        (64, 512, 10),
        (5, 300, 100),
        (130, 65, 17),
        (257, 97, 33),
        (300, 130, 6),
        (64, 1100, 48),
    ] {
        check(n, inputs, outputs, n % 2 == 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn agrees_with_the_reference(n in 1..70usize, inputs in 1..150usize, outputs in 1..60usize, relu: bool) {
        check(n, inputs, outputs, relu);
    }
}

#[test]
fn no_rows_give_nothing_and_no_gradient() {
    assert!(forward(&[], 3, 2, &[0.0; 6], None, false).is_empty());
    assert!(backward_data(&[], 3, 2, &[0.0; 6]).is_empty());
    assert_eq!(backward_weights(&[], &[], 3, 2), [0.0; 6]);
}

#[test]
fn no_bias_is_a_bias_of_zero_and_nan_survives_the_relu() {
    let x = pack(&[1.0, f32::NAN], 2, 1);
    let y = forward(&x, 1, 2, &[2.0, -2.0], None, true);
    let rows = unpack(&y, 2, 2);
    assert_eq!(rows[..2], [2.0, 0.0]);
    assert!(rows[2].is_nan() && rows[3].is_nan());
}

#[test]
fn the_reference_gradients_are_slopes() {
    let [x, dy, weight, bias] =
        [(1, 12), (2, 15), (3, 20), (4, 5)].map(|(s, n)| wide(&random(s, n)));
    let dx = reference::gradient(&x, &dy, |x| reference::linear(x, &weight, &bias, 3));
    let dw = reference::gradient(&weight, &dy, |weight| {
        reference::linear(&x, weight, &bias, 3)
    });
    let narrow = |x: Vec<f64>| -> Vec<f32> { x.iter().map(|&x| x as f32).collect() };
    assert_close(
        &narrow(dx),
        &reference::linear_backward_data(&dy, &weight, 3, 5),
        1e-6,
        "dx",
    );
    assert_close(
        &narrow(dw),
        &reference::linear_backward_weights(&x, &dy, 3, 4),
        1e-6,
        "dw",
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn few_rows_agree_with_the_reference(
        images in 0..9usize,
        inputs in 1..1200usize,
        outputs in 1..70usize,
        relu: bool,
        zeros in 1..5usize,
    ) {
        let mut x = random(1, images * inputs);
        x.iter_mut().enumerate().filter(|(i, _)| i % inputs % zeros > 0).for_each(|(_, x)| *x = 0.0);
        let (weight, bias) = (random(2, inputs * outputs), random(3, outputs));
        let mut expected = reference::linear(&wide(&x), &wide(&weight), &wide(&bias), images);
        if relu {
            expected.iter_mut().for_each(|y| *y = y.max(0.0));
        }
        for got in everywhere(|| few(&x, &weight, &bias, inputs, relu)) {
            assert_sums_close(&got, &expected, 1e-5, &format!("{images} x {inputs} x {outputs}"));
        }
    }
}

#[test]
fn nan_survives_in_few_rows() {
    let y = few(&[f32::NAN], &[1.0, 2.0], &[0.0; 2], 1, true);
    assert!(y.iter().all(|y| y.is_nan()));
}
