//! Every path against the reference, on the best instruction set and the portable one.

use proptest::prelude::*;

use super::*;
use crate::lanes::{pack, unpack};
use crate::reference;
use crate::tests::on_each;

/// Numbers in -1..1 that depend on their index only.
fn noise(seed: u64, len: usize) -> Vec<f32> {
    (0..len as u64)
        .map(|i| {
            let mut z = (i + 1)
                .wrapping_add(seed << 32)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect()
}

/// A convolution with its operands in NCHW.
struct Problem {
    conv: Conv,
    n: usize,
    size: [usize; 2],
    out: [usize; 2],
    x: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    dy: Vec<f32>,
}

fn problem(conv: Conv, n: usize, size: [usize; 2]) -> Option<Problem> {
    let out = conv.output(size)?;
    Some(Problem {
        conv,
        n,
        size,
        out,
        x: noise(1, n * conv.in_channels * size[0] * size[1]),
        weight: noise(2, conv.weights()),
        bias: noise(3, conv.out_channels),
        dy: noise(4, n * conv.out_channels * out[0] * out[1]),
    })
}

fn close(what: &str, got: &[f32], expected: &[f32], terms: usize) {
    assert_eq!(got.len(), expected.len(), "{what}: length");
    // Products of numbers in -1..1: Winograd loses a few bits more than plain summation.
    let tolerance = 4e-6 * (terms as f32).sqrt().max(1.0) * 4.0;
    for (i, (g, e)) in got.iter().zip(expected).enumerate() {
        assert!(
            (g - e).abs() <= tolerance,
            "{what}: at {i} {g} instead of {e} ({tolerance})"
        );
    }
}

impl Problem {
    fn in_features(&self) -> usize {
        self.conv.in_channels * self.size[0] * self.size[1]
    }

    fn out_features(&self) -> usize {
        self.conv.out_channels * self.out[0] * self.out[1]
    }

    fn paths(&self) -> Vec<Path> {
        if self.conv.allows_winograd() {
            vec![Path::Direct, Path::Winograd]
        } else {
            vec![Path::Direct]
        }
    }

    /// Compares every operator by every path with the reference.
    fn check(&self) {
        let Problem {
            conv, n, size, out, ..
        } = self;
        let (n, size, out) = (*n, *size, *out);
        let taps = conv.kernel[0] * conv.kernel[1];
        let x = pack(&self.x, n, self.in_features());
        let dy = pack(&self.dy, n, self.out_features());
        let y = reference::conv(conv, &self.x, n, size, &self.weight, Some(&self.bias));
        let unbiased = reference::conv(conv, &self.x, n, size, &self.weight, None);
        let relu: Vec<f32> = y.iter().map(|y| y.max(0.0)).collect();
        let dx = reference::conv_backward_data(conv, &self.dy, n, size, &self.weight);
        let dw = reference::conv_backward_weights(conv, &self.x, &self.dy, n, size);
        for path in self.paths() {
            let forward = |bias, epilogue| {
                let values = conv
                    .forward_by(path, &x, size, &self.weight, bias, epilogue, false)
                    .0;
                unpack(&values, n, self.out_features())
            };
            let name = |what| format!("{what} by {path:?} of {conv:?} on {n} of {size:?}");
            let terms = conv.in_channels * taps;
            let bias = Some(&self.bias[..]);
            close(&name("y"), &forward(bias, Epilogue::None), &y, terms);
            close(
                &name("y without bias"),
                &forward(None, Epilogue::None),
                &unbiased,
                terms,
            );
            close(&name("relu"), &forward(bias, Epilogue::Relu), &relu, terms);
            self.check_pool(path, &x, &y, terms);
            let back = conv.backward_data_by(path, &dy, size, &self.weight);
            let terms = conv.out_channels * taps;
            close(
                &name("dx"),
                &unpack(&back, n, self.in_features()),
                &dx,
                terms,
            );
            let weights = conv.backward_weights_by(path, &x, &dy, size);
            close(&name("dw"), &weights, &dw, n * out[0] * out[1]);
        }
    }

    /// Pooled values against the reference's; the argmax must name the value, which may be any of nearly equal ones.
    fn check_pool(&self, path: Path, x: &[f32], y: &[f32], terms: usize) {
        let [rows, columns] = self.out.map(|len| len / 2);
        let planes = self.n * self.conv.out_channels;
        let bias = Some(&self.bias[..]);
        let [(values, argmax), (alone, none)] = [true, false].map(|keep_argmax| {
            let (weight, pool) = (&self.weight, Epilogue::ReluPool);
            self.conv
                .forward_by(path, x, self.size, weight, bias, pool, keep_argmax)
        });
        assert!(
            alone == values && none.is_empty(),
            "pooling without the argmax"
        );
        let features = self.conv.out_channels * rows * columns;
        let values = unpack(&values, self.n, features);
        let argmax: Vec<f32> = argmax.iter().map(|&k| f32::from(k)).collect();
        let argmax = unpack(&argmax, self.n, features);
        let (mut expected, mut named) = (Vec::new(), Vec::new());
        for (plane, row, column) in (0..planes)
            .flat_map(|p| (0..rows).flat_map(move |r| (0..columns).map(move |c| (p, r, c))))
        {
            let square = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(i, j)| {
                y[(plane * self.out[0] + 2 * row + i) * self.out[1] + 2 * column + j]
            });
            expected.push(square.into_iter().fold(0.0, f32::max));
            let k = argmax[named.len()] as usize;
            named.push(if k == 4 { 0.0 } else { square[k] });
        }
        close("pooled", &values, &expected, terms);
        close("argmax", &named, &expected, terms);
    }
}

fn conv(channels: [usize; 2], kernel: usize, stride: usize, padding: usize) -> Conv {
    Conv {
        in_channels: channels[0],
        out_channels: channels[1],
        kernel: [kernel; 2],
        stride: [stride; 2],
        padding: [padding; 2],
        dilation: [1; 2],
    }
}

#[test]
fn telling_cases() {
    let rectangle = Conv {
        kernel: [2, 5],
        stride: [3, 1],
        padding: [1, 4],
        dilation: [2, 3],
        ..conv([3, 5], 1, 1, 0)
    };
    for (name, conv, n, size) in [
        ("empty batch", conv([2, 3], 3, 1, 1), 0, [5, 5]),
        ("one pixel", conv([2, 3], 3, 1, 1), 1, [1, 1]),
        ("1x1", conv([7, 13], 1, 1, 0), 17, [3, 5]),
        ("1x1 with stride", conv([7, 13], 1, 2, 0), 17, [5, 6]),
        (
            "first layer of the lab",
            conv([1, 32], 3, 1, 1),
            16,
            [28, 28],
        ),
        ("lab, third layer", conv([64, 128], 3, 1, 1), 16, [7, 7]),
        ("five by five", conv([1, 24], 5, 1, 2), 15, [12, 12]),
        ("unpadded", conv([24, 32], 3, 1, 0), 16, [14, 14]),
        (
            "padding beyond the kernel",
            conv([3, 4], 1, 1, 2),
            3,
            [2, 3],
        ),
        ("all padding on one side", conv([3, 4], 3, 1, 2), 3, [1, 2]),
        (
            "stride beyond the kernel",
            conv([3, 4], 2, 3, 0),
            16,
            [9, 8],
        ),
        ("odd rectangle", rectangle, 5, [9, 7]),
        (
            "the kernel is the image",
            conv([20, 18], 7, 1, 0),
            40,
            [7, 7],
        ),
        ("many channels", conv([80, 70], 3, 1, 1), 2, [5, 6]),
    ] {
        eprintln!("{name}");
        let problem = problem(conv, n, size).unwrap();
        on_each(|| problem.check());
    }
}

fn any_conv() -> impl Strategy<Value = (Conv, usize, [usize; 2])> {
    let pair = |range: std::ops::RangeInclusive<usize>| [range.clone(), range];
    let n = prop::sample::select(vec![0usize, 1, 15, 16, 17, 40]);
    let channels = [1usize..=20, 1..=20];
    (
        channels,
        pair(1..=4),
        pair(1..=3),
        pair(0..=3),
        pair(1..=2),
        n,
        pair(1..=11),
    )
        .prop_map(|(channels, kernel, stride, padding, dilation, n, size)| {
            let conv = Conv {
                in_channels: channels[0],
                out_channels: channels[1],
                kernel,
                stride,
                padding,
                dilation,
            };
            (conv, n, size)
        })
}

fn winograd_conv() -> impl Strategy<Value = (Conv, usize, [usize; 2])> {
    let n = prop::sample::select(vec![1usize, 15, 16, 17, 40]);
    (
        [1usize..=20, 1..=20],
        [0usize..=2, 0..=2],
        n,
        [1usize..=13, 1..=13],
    )
        .prop_map(|(channels, padding, n, size)| {
            (
                Conv {
                    padding,
                    ..conv(channels, 3, 1, 0)
                },
                n,
                size,
            )
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_geometry_like_the_reference((conv, n, size) in any_conv()) {
        if let Some(problem) = problem(conv, n, size) {
            on_each(|| problem.check());
        }
    }

    #[test]
    fn three_by_three_like_the_reference((conv, n, size) in winograd_conv()) {
        if let Some(problem) = problem(conv, n, size) {
            on_each(|| problem.check());
        }
    }

    /// <conv(x), dy> = <x, backward_data(dy)> = <weight, backward_weights(x, dy)>: no reference needed.
    #[test]
    fn gradients_are_adjoint((conv, n, size) in any_conv()) {
        let Some(p) = problem(conv, n, size) else { return Ok(()) };
        let (x, dy) = (pack(&p.x, n, p.in_features()), pack(&p.dy, n, p.out_features()));
        let dot = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
        };
        let y = dot(&conv.forward(&x, size, &p.weight, None, Epilogue::None), &dy);
        let dx = dot(&conv.backward_data(&dy, size, &p.weight), &x);
        let dw = dot(&conv.backward_weights(&x, &dy, size), &p.weight);
        let tolerance = 1e-5 * (p.weight.len() * n * p.out[0] * p.out[1]).max(1) as f64;
        prop_assert!((y - dx).abs() < tolerance && (y - dw).abs() < tolerance, "{y} {dx} {dw}");
    }

    #[test]
    fn activations_backward(channels in 1usize..9, n in 1usize..40, size in [0usize..7, 0usize..7]) {
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
fn equal_values_go_to_the_first_and_zero_is_cut() {
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

#[test]
fn same_bits_for_any_number_of_threads() {
    for (conv, n, size) in [
        (conv([20, 33], 3, 1, 1), 40, [14, 14]),
        (conv([3, 17], 5, 2, 2), 40, [15, 14]),
        (conv([1, 32], 3, 1, 1), 64, [28, 28]),
    ] {
        let p = problem(conv, n, size).unwrap();
        let (x, dy) = (
            pack(&p.x, n, p.in_features()),
            pack(&p.dy, n, p.out_features()),
        );
        let all = || {
            let y = conv.forward(&x, size, &p.weight, Some(&p.bias), Epilogue::Relu);
            let (pooled, argmax) = conv.forward_relu_pool(&x, size, &p.weight, Some(&p.bias));
            let dx = conv.backward_data(&dy, size, &p.weight);
            let dw = conv.backward_weights(&x, &dy, size);
            let relu = relu_backward(&y, &dy, conv.out_channels, p.out[0] * p.out[1]);
            let floats = [y, pooled, dx, dw, relu.0, relu.1].concat();
            (
                floats.into_iter().map(f32::to_bits).collect::<Vec<_>>(),
                argmax,
            )
        };
        let [one, two, four] = [1, 2, 4].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(all)
        });
        assert!(one == two && one == four, "{conv:?}");
    }
}

/// The bound that `winograd` states: the error relative to the sum of the products' magnitudes.
#[test]
fn winograd_error_is_bounded() {
    let conv = conv([64, 64], 3, 1, 1);
    let p = problem(conv, 16, [14, 14]).unwrap();
    let x = pack(&p.x, p.n, p.in_features());
    let expected = reference::conv(&conv, &p.x, p.n, p.size, &p.weight, None);
    let magnitudes = |values: &[f32]| values.iter().map(|v| v.abs()).collect::<Vec<_>>();
    let scale = reference::conv(
        &conv,
        &magnitudes(&p.x),
        p.n,
        p.size,
        &magnitudes(&p.weight),
        None,
    );
    for (path, bound) in [(Path::Winograd, 3e-6), (Path::Direct, 4e-7)] {
        let y = conv
            .forward_by(path, &x, p.size, &p.weight, None, Epilogue::None, false)
            .0;
        let y = unpack(&y, p.n, p.out_features());
        let worst = y
            .iter()
            .zip(&expected)
            .zip(&scale)
            .map(|((y, e), s)| (y - e).abs() / s)
            .fold(0.0, f32::max);
        eprintln!("{path:?}: {worst:e}");
        assert!(worst < bound, "{path:?}: {worst:e}");
    }
}

#[test]
fn what_does_not_fit_is_none() {
    assert_eq!(conv([1, 1], 3, 1, 0).output([2, 5]), None);
    assert_eq!(conv([1, 1], 3, 1, 1).output([1, 5]), Some([1, 5]));
    assert_eq!(conv([1, 1], 3, 0, 1).output([5, 5]), None);
    assert_eq!(conv([1, 1], 2, 2, 0).output([5, 4]), Some([2, 2]));
}
/// Prints where Winograd overtakes the direct path, in time of one thread; for choosing `TRANSFORM`.
#[test]
#[ignore = "a measurement"]
fn path_crossover() {
    let best = |f: &dyn Fn()| {
        let time = || {
            let start = std::time::Instant::now();
            f();
            start.elapsed().as_secs_f64()
        };
        (0..200).map(|_| time()).fold(f64::MAX, f64::min)
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    for (channels, side) in [
        ([1, 16], 28),
        ([2, 16], 14),
        ([3, 16], 28),
        ([4, 8], 14),
        ([4, 16], 14),
        ([8, 8], 14),
        ([16, 16], 14),
        ([8, 8], 7),
        ([16, 16], 7),
        ([64, 64], 4),
        ([64, 64], 3),
        ([64, 64], 2),
        ([64, 64], 5),
    ] {
        let p = problem(conv(channels, 3, 1, 1), 16, [side; 2]).unwrap();
        let (x, dy) = (
            pack(&p.x, p.n, p.in_features()),
            pack(&p.dy, p.n, p.out_features()),
        );
        let [direct, winograd] = [Path::Direct, Path::Winograd].map(|path| {
            pool.install(|| {
                [
                    best(&|| {
                        drop(p.conv.forward_by(
                            path,
                            &x,
                            p.size,
                            &p.weight,
                            None,
                            Epilogue::None,
                            false,
                        ))
                    }),
                    best(&|| drop(p.conv.backward_data_by(path, &dy, p.size, &p.weight))),
                    best(&|| drop(p.conv.backward_weights_by(path, &x, &dy, p.size))),
                ]
            })
        });
        let gain: Vec<f64> = direct.iter().zip(winograd).map(|(d, w)| d / w).collect();
        let chosen = [TRANSFORM, TRANSFORM_WEIGHTS].map(|cost| p.conv.path(p.out, cost));
        eprintln!("{channels:?} {side}: forward, data, weights x{gain:.2?}, chosen {chosen:?}");
    }
}
