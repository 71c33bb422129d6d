//! A few images against the reference.

use proptest::prelude::*;

use super::*;
use crate::conv::{Conv, Epilogue};
use crate::reference;
use crate::tests::{assert_close, assert_sums_close, everywhere, random, wide};

fn check_conv(geometry: &Conv, images: usize, size: [usize; 2]) {
    let Some(out) = geometry.output(size) else {
        return;
    };
    let taps = geometry.kernel[0] * geometry.kernel[1];
    let x = random(1, images * geometry.in_channels * size[0] * size[1]);
    let weight = random(2, geometry.out_channels * geometry.in_channels * taps);
    let bias = random(3, geometry.out_channels);
    let sums = reference::conv(geometry, &x, images, size, &weight, Some(&bias));
    let sums = wide(&sums);
    for epilogue in [Epilogue::None, Epilogue::Relu, Epilogue::ReluPool] {
        let expected: Vec<f64> = match epilogue {
            Epilogue::None => sums.clone(),
            Epilogue::Relu => sums.iter().map(|y| y.max(0.0)).collect(),
            Epilogue::ReluPool => sums
                .chunks_exact(out[0] * out[1])
                .flat_map(|plane| {
                    (0..out[0] / 2 * (out[1] / 2)).map(move |i| {
                        let (row, column) = (i / (out[1] / 2) * 2, i % (out[1] / 2) * 2);
                        let at = |y, x| plane[(row + y) * out[1] + column + x];
                        let best: f64 = at(0, 0);
                        best.max(at(0, 1)).max(at(1, 0)).max(at(1, 1)).max(0.0)
                    })
                })
                .collect(),
        };
        let what = format!("{geometry:?}, {images} of {size:?}, {epilogue:?}");
        for got in everywhere(|| conv(geometry, &x, size, &weight, &bias, epilogue)) {
            assert_close(&got, &expected, 1e-5, &what);
        }
        if winograd::supports(geometry, images, size) {
            let by_winograd = || {
                let weights = winograd::TransformedWeights::new(geometry, &weight);
                winograd::conv(geometry, &x, size, &weights, &bias, epilogue)
            };
            for got in everywhere(by_winograd) {
                assert_close(&got, &expected, 3e-5, &format!("Winograd: {what}"));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn convolutions_agree_with_the_reference(
        images in 0..4usize,
        channels in (1..8usize, 1..20usize),
        kernel in (1..4usize, 1..6usize),
        padding in (0..4usize, 0..4usize),
        dilation in (1..3usize, 1..3usize),
        size in (1..60usize, 1..40usize),
    ) {
        let geometry = Conv {
            in_channels: channels.0,
            out_channels: channels.1,
            kernel: kernel.into(),
            stride: [1, 1],
            padding: padding.into(),
            dilation: dilation.into(),
        };
        check_conv(&geometry, images, size.into());
    }

    #[test]
    fn winograd_agrees_with_the_reference(
        images in 0..4usize,
        channels in (16..40usize, 16..70usize),
        padding in (0..4usize, 0..4usize),
        size in (1..22usize, 1..22usize),
    ) {
        let geometry = Conv {
            in_channels: channels.0,
            out_channels: channels.1,
            kernel: [3, 3],
            stride: [1, 1],
            padding: padding.into(),
            dilation: [1, 1],
        };
        check_conv(&geometry, images, size.into());
    }

    #[test]
    fn products_agree_with_the_reference(
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
        for got in everywhere(|| linear(&x, &weight, &bias, inputs, relu)) {
            assert_sums_close(&got, &expected, 1e-5, &format!("{images} x {inputs} x {outputs}"));
        }
    }
}

#[test]
fn nan_survives() {
    let geometry = Conv {
        in_channels: 1,
        out_channels: 1,
        kernel: [1, 1],
        stride: [1, 1],
        padding: [0, 0],
        dilation: [1, 1],
    };
    let y = conv(
        &geometry,
        &[f32::NAN, 1.0],
        [1, 2],
        &[-1.0],
        &[0.0],
        Epilogue::Relu,
    );
    assert!(y[0].is_nan() && y[1] == 0.0);
    let y = linear(&[f32::NAN], &[1.0, 2.0], &[0.0; 2], 1, true);
    assert!(y.iter().all(|y| y.is_nan()));
}
