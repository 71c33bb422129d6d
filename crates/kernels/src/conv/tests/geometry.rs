//! Every kernel size, stride, padding and dilation matches the reference.

use proptest::prelude::*;

use super::*;

#[test]
fn named_cases_match_the_reference() {
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
    fn any_geometry_matches_the_reference((conv, n, size) in any_conv()) {
        if let Some(problem) = problem(conv, n, size) {
            on_each(|| problem.check());
        }
    }

    #[test]
    fn three_by_three_matches_the_reference((conv, n, size) in winograd_conv()) {
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
}

#[test]
fn a_window_that_does_not_fit_has_no_output() {
    assert_eq!(conv([1, 1], 3, 1, 0).output([2, 5]), None);
    assert_eq!(conv([1, 1], 3, 1, 1).output([1, 5]), Some([1, 5]));
    assert_eq!(conv([1, 1], 3, 0, 1).output([5, 5]), None);
    assert_eq!(conv([1, 1], 2, 2, 0).output([5, 4]), Some([2, 2]));
}
