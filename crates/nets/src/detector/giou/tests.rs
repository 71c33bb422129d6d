//! Telling cases of the detector's giou.

use burn::tensor::Device;

use super::*;
use crate::ops::to_host;

/// The obvious formula on decoded corners, in f64.
fn reference(deltas: [f64; 4], coder: &BoxCoder, from: Xyxy, truth: Xyxy) -> f64 {
    let [x1, y1, x2, y2] = <[f32; 4]>::from(from).map(f64::from);
    let [a1, b1, a2, b2] = <[f32; 4]>::from(truth).map(f64::from);
    let weights = coder.weights.map(f64::from);
    let (width, height) = (x2 - x1, y2 - y1);
    let x = (x1 + x2) / 2.0 + deltas[0] / weights[0] * width;
    let y = (y1 + y2) / 2.0 + deltas[1] / weights[1] * height;
    let limit = (1000.0_f64 / 16.0).ln();
    let w = (deltas[2] / weights[2]).min(limit).exp() * width;
    let h = (deltas[3] / weights[3]).min(limit).exp() * height;
    let (x1, x2, y1, y2) = (x - w / 2.0, x + w / 2.0, y - h / 2.0, y + h / 2.0);
    let across = (x2.min(a2) - x1.max(a1)).max(0.0);
    let down = (y2.min(b2) - y1.max(b1)).max(0.0);
    let intersection = across * down;
    let union = w * h + (a2 - a1) * (b2 - b1) - intersection;
    let hull = (x2.max(a2) - x1.min(a1)) * (y2.max(b2) - y1.min(b1));
    intersection / union - (hull - union) / hull
}

struct Case {
    name: &'static str,
    deltas: [f32; 4],
    from: [f32; 4],
    truth: [f32; 4],
    /// By hand, where it is easy.
    expected: Option<f64>,
}

fn cases() -> Vec<Case> {
    let case = |name, deltas, from, truth, expected| Case {
        name,
        deltas,
        from,
        truth,
        expected,
    };
    let zero = [0.0; 4];
    vec![
        case(
            "the same",
            zero,
            [0., 0., 2., 2.],
            [0., 0., 2., 2.],
            Some(1.0),
        ),
        case(
            "a corner in common",
            zero,
            [0., 0., 2., 2.],
            [1., 1., 3., 3.],
            Some(1.0 / 7.0 - 2.0 / 9.0),
        ),
        case(
            "apart",
            zero,
            [0., 0., 1., 1.],
            [3., 0., 4., 1.],
            Some(-0.5),
        ),
        case(
            "inside",
            zero,
            [1., 1., 2., 2.],
            [0., 0., 4., 4.],
            Some(1.0 / 16.0),
        ),
        case(
            "corrected",
            [1.5, -2.0, 0.7, -1.1],
            [3., 4., 17., 9.],
            [5., 2., 20., 8.],
            None,
        ),
        case(
            "far",
            [30.0, 10.0, 0.2, 0.1],
            [3., 4., 17., 9.],
            [5., 2., 20., 8.],
            None,
        ),
        case(
            "grown to the limit",
            [0.0, 0.0, 40.0, 0.0],
            [3., 4., 17., 9.],
            [5., 2., 20., 8.],
            None,
        ),
    ]
}

#[test]
fn values_and_gradients() {
    let device = Device::flex().autodiff();
    for coder in [
        BoxCoder::PROPOSALS,
        BoxCoder {
            weights: [10., 10., 5., 5.],
        },
    ] {
        for case in cases() {
            let deltas = Tensor::<2>::from_data([case.deltas], &device).require_grad();
            let (from, truth) = (Xyxy::from(case.from), Xyxy::from(case.truth));
            let found = giou(deltas.clone(), &coder, &[from], &[truth]);
            let gradient = deltas.grad(&found.clone().backward()).expect("of deltas");
            let (found, gradient) = (to_host(found)[0], to_host(gradient));
            let at = case.deltas.map(f64::from);
            let expected = reference(at, &coder, from, truth);
            let name = case.name;
            assert!(
                (f64::from(found) - expected).abs() < 1e-6,
                "{name}: {found} instead of {expected}"
            );
            if let Some(by_hand) = case.expected {
                assert!((expected - by_hand).abs() < 1e-12, "{name}: {expected}");
            }
            // Where the same box or an edge in common makes a kink, either side is a gradient.
            let kink = case.expected.is_some();
            for (i, found) in gradient.iter().enumerate().filter(|_| !kink) {
                let step = 1e-5;
                let moved = |by: f64| {
                    let mut deltas = at;
                    deltas[i] += by;
                    reference(deltas, &coder, from, truth)
                };
                let slope = (moved(step) - moved(-step)) / (2.0 * step);
                assert!(
                    (f64::from(*found) - slope).abs() < 1e-5,
                    "{name}: the slope along delta {i} is {slope}, not {found}"
                );
            }
            assert!(gradient.iter().all(|slope| slope.is_finite()), "{name}");
        }
    }
}
