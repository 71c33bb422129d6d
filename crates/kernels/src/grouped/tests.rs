//! Grouped convolutions against the dense one with zeros between the groups.

use proptest::prelude::*;

use super::*;
use crate::lanes::{pack, unpack};
use crate::reference;
use crate::tests::{assert_sums_close, everywhere, random, unpack_with_zeros, wide};

/// Weights `[out, in, kh, kw]` that are zero between channels of different groups.
fn dense(grouped: &Grouped, weight: &[f32]) -> Vec<f32> {
    let Conv {
        in_channels,
        out_channels,
        kernel,
        ..
    } = grouped.conv;
    let taps = kernel[0] * kernel[1];
    let [from, to] = [in_channels, out_channels].map(|channels| channels / grouped.groups);
    let mut all = vec![0.0; out_channels * in_channels * taps];
    for o in 0..out_channels {
        for c in 0..from {
            let channel = o / to * from + c;
            all[(o * in_channels + channel) * taps..][..taps]
                .copy_from_slice(&weight[(o * from + c) * taps..][..taps]);
        }
    }
    all
}

/// The weights of each group's own channels.
fn own(grouped: &Grouped, all: &[f32]) -> Vec<f32> {
    let Conv {
        in_channels,
        out_channels,
        kernel,
        ..
    } = grouped.conv;
    let taps = kernel[0] * kernel[1];
    let [from, to] = [in_channels, out_channels].map(|channels| channels / grouped.groups);
    let first = |o: usize| (o * in_channels + o / to * from) * taps;
    (0..out_channels)
        .flat_map(|o| &all[first(o)..][..from * taps])
        .copied()
        .collect()
}

fn cases() -> impl Strategy<Value = (Grouped, [usize; 2])> {
    let axis = (1..5usize, 1..4usize, 0..3usize, 1..3usize, 1..9usize);
    let channels = (1..5usize, 1..4usize, 1..4usize, any::<bool>());
    (axis.clone(), axis, channels).prop_map(|(y, x, (groups, from, to, depthwise))| {
        let from = if depthwise { 1 } else { from };
        let side = |axis: (usize, usize, usize, usize, usize)| {
            let (kernel, _, padding, dilation, size) = axis;
            size.max(((kernel - 1) * dilation + 1).saturating_sub(2 * padding))
                .max(1)
        };
        let conv = Conv {
            in_channels: groups * from,
            out_channels: groups * to,
            kernel: [y.0, x.0],
            stride: [y.1, x.1],
            padding: [y.2, x.2],
            dilation: [y.3, x.3],
        };
        (Grouped { conv, groups }, [side(y), side(x)])
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn agrees_with_the_dense_convolution((grouped, size) in cases(), n in 1..20usize, relu in any::<bool>()) {
        let conv = grouped.conv;
        let [rows, columns] = conv.output(size).unwrap();
        let (inputs, outputs) = (conv.in_channels * size[0] * size[1], conv.out_channels * rows * columns);
        let weight = random(1, conv.out_channels * conv.in_channels / grouped.groups * conv.kernel[0] * conv.kernel[1]);
        let bias = random(2, conv.out_channels);
        let (x, dy) = (random(3, n * inputs), random(4, n * outputs));
        let (xl, dyl) = (pack(&x, n, inputs), pack(&dy, n, outputs));
        let all = dense(&grouped, &weight);
        let mut y = reference::conv(&conv, &x, n, size, &all, Some(&bias));
        if relu {
            y.iter_mut().for_each(|y| *y = y.max(0.0));
        }
        let dx = reference::conv_backward_data(&conv, &dy, n, size, &all);
        let dw = own(&grouped, &reference::conv_backward_weights(&conv, &x, &dy, n, size));
        for got in everywhere(|| grouped.forward(&xl, size, &weight, &bias, relu)) {
            assert_sums_close(&unpack(&got, n, outputs), &wide(&y), 1e-5, "output");
        }
        for got in everywhere(|| grouped.backward_data(&dyl, size, &weight)) {
            assert_sums_close(&unpack_with_zeros(&got, n), &wide(&dx), 1e-5, "gradient of x");
        }
        for got in everywhere(|| grouped.backward_weights(&xl, &dyl, size)) {
            assert_sums_close(&got, &wide(&dw), 1e-5, "gradient of the weight");
        }
    }
}

/// Against the bytes that must move. Not a test: prints.
#[test]
#[ignore = "a measurement"]
fn grouped_speed() {
    for (channels, groups, side, stride, kernel) in [
        (72, 72, 56, 1, 3),
        (240, 240, 14, 1, 5),
        (960, 960, 7, 1, 5),
        (128, 32, 56, 1, 3),
    ] {
        let conv = Conv {
            in_channels: channels,
            out_channels: channels,
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [kernel / 2; 2],
            dilation: [1, 1],
        };
        let grouped = Grouped { conv, groups };
        let size = [side, side];
        let x = random(1, channels * side * side * LANES);
        let weight = random(2, channels * channels / groups * kernel * kernel);
        let bias = vec![0.0; channels];
        let time = |run: &dyn Fn() -> Vec<f32>| {
            run();
            let start = std::time::Instant::now();
            (0..5).for_each(|_| drop(run()));
            start.elapsed().as_secs_f64() / 5.0
        };
        let products =
            16e-9 * (channels * side * side * channels / groups * kernel * kernel) as f64;
        let seconds = [
            time(&|| grouped.forward(&x, size, &weight, &bias, false)),
            time(&|| grouped.backward_data(&x, size, &weight)),
            time(&|| grouped.backward_weights(&x, &x, size)),
        ];
        let speeds = seconds.map(|seconds| products / seconds);
        println!("{grouped:?}: {speeds:.1?} billion multiply-adds a second");
    }
}
