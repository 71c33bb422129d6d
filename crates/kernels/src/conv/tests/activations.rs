//! The gradients of ReLU and of ReLU with pooling, and which value a pool takes.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn activation_gradients_are_right(channels in 1usize..9, n in 1usize..40, size in [0usize..7, 0usize..7]) {
        on_each(|| check_activations(channels, n, size));
    }
}

/// Backward of ReLU and of ReLU with pooling, against where the forward pass took its values from.
fn check_activations(channels: usize, n: usize, size: [usize; 2]) {
    let area = size[0] * size[1];
    let identity = Conv {
        dilation: [1; 2],
        ..conv([channels, channels], 1, 1, 0)
    };
    let mut weight = vec![0.0; channels * channels];
    weight
        .iter_mut()
        .step_by(channels + 1)
        .for_each(|w| *w = 1.0);
    let before = noise(5, n * channels * area);
    let x = pack(&before, n, channels * area);
    if identity.output(size).is_none() || area == 0 {
        return;
    }
    let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3);

    let y = identity.forward(&x, size, &weight, None, Epilogue::Relu);
    let dy = noise(6, before.len());
    let (dx, sums) = relu_backward(&y, &pack(&dy, n, channels * area), channels, area);
    let expected: Vec<f32> = before
        .iter()
        .zip(&dy)
        .map(|(&x, &dy)| if x > 0.0 { dy } else { 0.0 })
        .collect();
    assert_eq!(unpack(&dx, n, channels * area), expected);
    let by_channel = |values: &[f32]| {
        let mut sums = vec![0.0; channels];
        for (i, value) in values.iter().enumerate() {
            sums[i / area % channels] += value;
        }
        sums
    };
    assert!(near(&sums, &by_channel(&expected)));
    assert!(near(&bias_gradient(&dx, channels, area), &sums));

    let (pooled, argmax) = identity.forward_relu_pool(&x, size, &weight, None);
    let [rows, columns] = size.map(|len| len / 2);
    let dy = noise(7, n * channels * rows * columns);
    let dy_lanes = pack(&dy, n, channels * rows * columns);
    let (dx, sums) = if rows * columns > 0 {
        relu_pool_backward(&argmax, &dy_lanes, channels, size)
    } else {
        return;
    };
    let pooled = unpack(&pooled, n, channels * rows * columns);
    let mut expected = vec![0.0; before.len()];
    for (i, (&dy, &top)) in dy.iter().zip(&pooled).enumerate() {
        let (plane, row, column) = (i / (rows * columns), i / columns % rows, i % columns);
        for (y, x) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let at = (plane * size[0] + 2 * row + y) * size[1] + 2 * column + x;
            if top > 0.0 && before[at] == top {
                expected[at] = dy;
            }
        }
    }
    assert_eq!(unpack(&dx, n, channels * area), expected);
    assert!(near(&sums, &by_channel(&expected)));
}

#[test]
fn pooling_takes_the_first_of_equal_values_and_cuts_zero() {
    let conv = conv([1, 1], 1, 1, 0);
    for (name, square, expected) in [
        ("equal", [2.0, 2.0, 2.0, 2.0], 0),
        ("second row", [1.0, 2.0, 3.0, 3.0], 2),
        ("last", [1.0, 2.0, 3.0, 4.0], 3),
        ("top right", [1.0, 5.0, 3.0, 4.0], 1),
        ("zero", [0.0, -1.0, -2.0, 0.0], 4),
    ] {
        let x = pack(&square, 1, 4);
        let (_, argmax) = conv.forward_relu_pool(&x, [2, 2], &[1.0], None);
        assert_eq!(argmax[0], expected, "{name}");
    }
}
