//! Against the reference.

use proptest::prelude::*;

use super::*;
use crate::conv::Conv;
use crate::reference;
use crate::tests::{assert_close, assert_sums_close, everywhere, random, wide};

fn check(geometry: &Conv, images: usize, size: [usize; 2]) {
    let Some(out) = geometry.output(size) else {
        return;
    };
    let taps = geometry.kernel[0] * geometry.kernel[1];
    let area = size[0] * size[1];
    let x = random(1, images * geometry.in_channels * area);
    let weight = random(2, geometry.out_channels * geometry.in_channels * taps);
    let bias = random(3, geometry.out_channels);
    let sums = wide(&reference::conv(
        geometry,
        &x,
        images,
        size,
        &weight,
        Some(&bias),
    ));
    let mut packed = pack(&x, geometry.in_channels, area);
    // What lies in lanes without a channel does not matter.
    let some = geometry.in_channels % LANES;
    if some > 0 {
        let blocks = blocks(geometry.in_channels);
        for (plane, values) in packed.chunks_exact_mut(area * LANES).enumerate() {
            if plane % blocks == blocks - 1 {
                values
                    .chunks_exact_mut(LANES)
                    .for_each(|pixel| pixel[some..].fill(9.0));
            }
        }
    }
    for relu in [false, true] {
        let expected: Vec<f64> = sums
            .iter()
            .map(|&y| if relu { y.max(0.0) } else { y })
            .collect();
        let what = format!("{geometry:?}, {images} of {size:?}, relu {relu}");
        let weights = Weights::new(geometry, &weight, &bias);
        for got in everywhere(|| conv(geometry, &packed, size, &weights, relu)) {
            let got = unpack(&got, geometry.out_channels, out[0] * out[1]);
            assert_close(&got, &expected, 1e-5, &what);
        }
        if winograd::supports(geometry, images, size) {
            let weights = winograd::TransformedWeights::new(geometry, &weight, &bias);
            for got in everywhere(|| winograd::conv(geometry, &packed, size, &weights, relu)) {
                let got = unpack(&got, geometry.out_channels, out[0] * out[1]);
                assert_close(&got, &expected, 3e-5, &format!("Winograd: {what}"));
            }
        }
    }
}

fn check_gradients(geometry: &Conv, images: usize, size: [usize; 2], out: [usize; 2]) {
    let (area, area_out) = (size[0] * size[1], out[0] * out[1]);
    let taps = geometry.kernel[0] * geometry.kernel[1];
    let x = random(1, images * geometry.in_channels * area);
    let dy = random(2, images * geometry.out_channels * area_out);
    let weight = random(3, geometry.out_channels * geometry.in_channels * taps);
    let what = format!("{geometry:?}, {images} of {size:?}");
    let dw = reference::conv_backward_weights(geometry, &x, &dy, images, size);
    let dx = reference::conv_backward_data(geometry, &dy, images, size, &weight);
    let (px, pdy) = (
        pack(&x, geometry.in_channels, area),
        pack(&dy, geometry.out_channels, area_out),
    );
    for got in everywhere(|| backward_weights(geometry, &px, &pdy, size)) {
        assert_sums_close(&got, &wide(&dw), 2e-5, &format!("weights of {what}"));
    }
    if let Some(back) = transposed(geometry) {
        let turned = transposed_weights(geometry, &weight);
        let weights = Weights::new(&back, &turned, &vec![0.0; geometry.in_channels]);
        for got in everywhere(|| {
            if taps == 1 && geometry.padding == [0, 0] {
                let dx = conv(&back, &pdy, out, &weights, false);
                return spread_pixels(geometry, &dx, size);
            }
            let (spread, wide) = spread(geometry, &pdy, size);
            conv(&back, &spread, wide, &weights, false)
        }) {
            let got = unpack(&got, geometry.in_channels, area);
            assert_sums_close(&got, &wide(&dx), 1e-5, &format!("x of {what}"));
        }
    }
    let sums = channel_sums(&pdy, geometry.out_channels, area_out);
    let expected: Vec<f64> = (0..geometry.out_channels)
        .map(|channel| {
            let planes = dy
                .chunks_exact(area_out)
                .skip(channel)
                .step_by(geometry.out_channels);
            planes.flatten().map(|&dy| f64::from(dy)).sum()
        })
        .collect();
    assert_sums_close(&sums, &expected, 1e-5, &format!("biases of {what}"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn convolutions_agree_with_the_reference(
        images in 0..3usize,
        channels in (1..40usize, 1..130usize),
        kernel in (1..4usize, 1..6usize),
        stride in (1..4usize, 1..4usize),
        padding in (0..4usize, 0..4usize),
        dilation in (1..3usize, 1..3usize),
        size in (1..20usize, 1..30usize),
    ) {
        let geometry = Conv {
            in_channels: channels.0,
            out_channels: channels.1,
            kernel: kernel.into(),
            stride: stride.into(),
            padding: padding.into(),
            dilation: dilation.into(),
        };
        check(&geometry, images, size.into());
    }

    #[test]
    fn gradients_agree_with_the_reference(
        images in 0..4usize,
        channels in (1..40usize, 1..70usize),
        kernel in (1..4usize, 1..4usize),
        stride in (1..4usize, 1..4usize),
        padding in (0..3usize, 0..3usize),
        dilation in (1..3usize, 1..3usize),
        size in (1..14usize, 1..20usize),
    ) {
        let geometry = Conv {
            in_channels: channels.0,
            out_channels: channels.1,
            kernel: kernel.into(),
            stride: stride.into(),
            padding: padding.into(),
            dilation: dilation.into(),
        };
        let size: [usize; 2] = size.into();
        if let Some(out) = geometry.output(size) {
            check_gradients(&geometry, images, size, out);
        }
    }

    #[test]
    fn normalisation_of_a_batch(images in 1..4usize, channels in 1..40usize, area in 1..50usize, relu: bool) {
        // The same on one image's channels as `norm` has them, with images in the lanes.
        let (x, dy) = (random(1, images * channels * area), random(4, images * channels * area));
        let affine = crate::norm::Affine { gamma: &random(2, channels), beta: &random(3, channels), epsilon: 1e-3, relu };
        let shape = crate::norm::Shape { images, channels, area };
        let lanes = |x: &[f32]| crate::lanes::pack(x, images, channels * area);
        let (y, moments) = crate::norm::batch_forward(&lanes(&x), shape, affine);
        let expected = crate::norm::batch_backward(&lanes(&x), &y, &lanes(&dy), shape, affine, &moments);
        let (px, pdy) = (pack(&x, channels, area), pack(&dy, channels, area));
        let all = everywhere(|| {
            let (y, moments) = batch_forward(&px, area, affine);
            let gradients = batch_backward(&px, &y, &pdy, area, affine, &moments);
            let [y, dx] = [&y, &gradients.dx].map(|x| unpack(x, channels, area));
            [y, moments.mean, moments.variance, dx, gradients.dgamma, gradients.dbeta]
        });
        let unlanes = |x: &[f32]| crate::lanes::unpack(x, images, channels * area);
        let expected = [unlanes(&y), moments.mean, moments.variance, unlanes(&expected.dx), expected.dgamma, expected.dbeta];
        for got in all {
            for (which, (got, expected)) in got.iter().zip(&expected).enumerate() {
                crate::tests::assert_sums_close(got, &wide(expected), 1e-4, &format!("{shape:?}, {which}"));
            }
        }
    }

    #[test]
    fn winograd_agrees_with_the_reference(
        images in 0..4usize,
        channels in (16..40usize, 16..70usize),
        padding in (0..4usize, 0..4usize),
        size in (1..26usize, 1..26usize),
    ) {
        let geometry = Conv {
            in_channels: channels.0,
            out_channels: channels.1,
            kernel: [3, 3],
            stride: [1, 1],
            padding: padding.into(),
            dilation: [1, 1],
        };
        check(&geometry, images, size.into());
    }

    #[test]
    fn depthwise_agrees_with_the_reference(
        images in 0..3usize,
        channels in 1..40usize,
        kernel in (1..6usize, 1..6usize),
        stride in (1..3usize, 1..3usize),
        padding in (0..4usize, 0..4usize),
        size in (1..20usize, 1..30usize),
        relu: bool,
    ) {
        let geometry = Conv {
            in_channels: channels,
            out_channels: channels,
            kernel: kernel.into(),
            stride: stride.into(),
            padding: padding.into(),
            dilation: [1, 1],
        };
        let size: [usize; 2] = size.into();
        if let Some(out) = geometry.output(size) {
            let area = size[0] * size[1];
            let taps = geometry.kernel[0] * geometry.kernel[1];
            let x = random(1, images * channels * area);
            let (weight, bias) = (random(2, channels * taps), random(3, channels));
            // Channel by channel.
            let single = Conv { in_channels: 1, out_channels: 1, ..geometry };
            let mut expected = Vec::new();
            for (plane, x) in x.chunks_exact(area).enumerate() {
                let channel = plane % channels;
                let (weight, bias) = (&weight[channel * taps..][..taps], &bias[channel..=channel]);
                expected.extend(wide(&reference::conv(&single, x, 1, size, weight, Some(bias))));
            }
            if relu {
                expected.iter_mut().for_each(|y| *y = y.max(0.0));
            }
            let packed = pack(&x, channels, area);
            let weights = DepthwiseWeights::new(&geometry, &weight, &bias);
            for got in everywhere(|| depthwise(&geometry, &packed, size, &weights, relu)) {
                let got = unpack(&got, channels, out[0] * out[1]);
                assert_close(&got, &expected, 1e-5, &format!("{geometry:?} of {size:?}"));
            }
        }
    }

    #[test]
    fn packing_and_back_changes_nothing(images in 0..4usize, channels in 1..40usize, area in 1..700usize) {
        let x = random(1, images * channels * area);
        prop_assert_eq!(unpack(&pack(&x, channels, area), channels, area), x);
    }

    #[test]
    fn factors_and_summands(images in 0..4usize, channels in 1..40usize, area in 1..50usize, relu: bool) {
        let x = random(1, images * channels * area);
        let (scale, shift) = (random(2, channels), random(3, channels));
        let expected = x.iter().enumerate().map(|(i, x)| {
            let channel = i / area % channels;
            let y = f64::from(*x) * f64::from(scale[channel]) + f64::from(shift[channel]);
            if relu { y.max(0.0) } else { y }
        });
        let expected: Vec<f64> = expected.collect();
        let y = scale_shift(&pack(&x, channels, area), area, &scale, &shift, relu);
        assert_close(&unpack(&y, channels, area), &expected, 1e-6, "scale and shift");
    }
}

#[test]
fn padding_far_beyond_the_kernel_is_left_to_others() {
    let geometry = |padding, stride| Conv {
        in_channels: 1,
        out_channels: 1,
        kernel: [3, 3],
        stride: [stride; 2],
        padding: [padding; 2],
        dilation: [1, 1],
    };
    for (padding, stride, size) in [
        (1, 1, 1),
        (1, 1, 2000),
        (3, 2, 2),
        (0, 500, 2000),
        (90, 1, 5),
    ] {
        assert!(
            supports(&geometry(padding, stride), [size; 2]),
            "{padding} {stride} {size}"
        );
    }
    for (padding, stride, size) in [(1 << 20, 1 << 20, 5), (1 << 40, 1 << 40, 5), (1, 1, 0)] {
        assert!(
            !supports(&geometry(padding, stride), [size; 2]),
            "{padding} {stride} {size}"
        );
    }
}

#[test]
fn squares_are_halved() {
    let (size, planes) = ([5, 7], 3);
    let x = random(1, planes * size[0] * size[1] * LANES);
    let at = |plane: usize, y: usize, x: usize, lane| {
        ((plane * size[0] + y) * size[1] + x) * LANES + lane
    };
    let mut expected = Vec::new();
    for plane in 0..planes {
        for row in 0..2 {
            for column in 0..3 {
                for lane in 0..LANES {
                    let pixel =
                        |y: usize, c: usize| x[at(plane, 2 * row + y, 2 * column + c, lane)];
                    expected.push(
                        pixel(0, 0)
                            .max(pixel(0, 1))
                            .max(pixel(1, 0))
                            .max(pixel(1, 1)),
                    );
                }
            }
        }
    }
    assert_eq!(halve(&x, size), expected);
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
    let weights = Weights::new(&geometry, &[-1.0], &[0.0]);
    let y = conv(
        &geometry,
        &pack(&[f32::NAN, 1.0], 1, 2),
        [1, 2],
        &weights,
        true,
    );
    assert!(y[0].is_nan() && y[LANES] == 0.0);
}
