//! Forward and backward against the reference, with regions of every kind.

use proptest::prelude::*;

use super::*;
use crate::reference;

#[derive(Debug)]
struct Problem {
    op: RoiAlign,
    shape: [usize; 4],
    rois: Vec<(usize, Xyxy)>,
    features: Vec<f32>,
    grad: Vec<f32>,
}

fn problem() -> impl Strategy<Value = Problem> {
    let op = (
        (1..5_usize, 1..5_usize),
        prop::sample::select(vec![1.0, 0.5, 0.25]),
        0..4_usize,
        any::<bool>(),
    )
        .prop_map(|((y, x), scale, sampling_ratio, aligned)| RoiAlign {
            output: [y, x],
            scale,
            sampling_ratio,
            aligned,
        });
    let shape =
        (1..19_usize, 1..4_usize, 1..8_usize, 1..8_usize).prop_map(|(n, c, h, w)| [n, c, h, w]);
    let corner = prop_oneof![-20.0..50.0_f32, (-5..12_i32).prop_map(|v| v as f32 * 4.0)];
    let roi = (
        any::<prop::sample::Index>(),
        [corner.clone(), corner.clone(), corner.clone(), corner],
    );
    (op, shape, prop::collection::vec(roi, 0..36), any::<u32>()).prop_map(
        |(op, shape, rois, seed)| {
            let rois: Vec<_> = rois
                .into_iter()
                .map(|(n, corners)| (n.index(shape[0]), corners.into()))
                .collect();
            let mut state = seed;
            let mut values = |n: usize| -> Vec<f32> {
                let mut next = || {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 8) as f32 / (1 << 23) as f32 - 1.0
                };
                (0..n).map(|_| next()).collect()
            };
            let features = values(shape.iter().product());
            let grad = values(rois.len() * shape[1] * op.output[0] * op.output[1]);
            Problem {
                op,
                shape,
                rois,
                features,
                grad,
            }
        },
    )
}

fn close(got: &[f32], expected: &[f32]) -> Result<(), TestCaseError> {
    prop_assert_eq!(got.len(), expected.len());
    for (i, (a, b)) in got.iter().zip(expected).enumerate() {
        prop_assert!(
            (a - b).abs() < 2e-5 * (1.0 + b.abs()),
            "element {}: {} instead of {}",
            i,
            a,
            b
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn agrees_with_the_reference(p in problem()) {
        let Problem { op, shape, rois, features, grad } = p;
        let [n, c, h, w] = shape;
        let out = op.forward(MapLayout::Planes, &features, shape, &rois);
        close(&out, &reference::roi_align(&op, &features, shape, &rois))?;
        let back = op.backward(MapLayout::Planes, &grad, shape, &rois);
        close(&back, &reference::roi_align_backward(&op, &grad, shape, &rois))?;

        // The arithmetic does not know the layout, so the other one gives the same bits.
        let size = c * op.output[0] * op.output[1];
        let packed = op.forward(MapLayout::Lanes, &lanes::pack(&features, n, c * h * w), shape, &rois);
        prop_assert_eq!(packed, lanes::pack(&out, rois.len(), size));
        let packed = op.backward(MapLayout::Lanes, &lanes::pack(&grad, rois.len(), size), shape, &rois);
        prop_assert_eq!(packed, lanes::pack(&back, n, c * h * w));
    }

    #[test]
    fn dense_weights_say_the_same(p in problem()) {
        let Problem { op, shape: [_, c, h, w], rois, features, .. } = p;
        let [by, bx] = op.output;
        let (mut wy, mut wx) = (vec![0.0; by * h], vec![0.0; bx * w]);
        let out = op.forward(MapLayout::Planes, &features[..c * h * w], [1, c, h, w], &rois.iter().map(|r| (0, r.1)).collect::<Vec<_>>());
        for (roi, out) in rois.iter().zip(out.chunks_exact(c * by * bx)) {
            op.axis_weights(roi.1.y1, roi.1.y2, by, h, &mut wy);
            op.axis_weights(roi.1.x1, roi.1.x2, bx, w, &mut wx);
            let mut dense = Vec::new();
            for map in features[..c * h * w].chunks_exact(h * w) {
                for wy in wy.chunks_exact(h) {
                    for wx in wx.chunks_exact(w) {
                        dense.push((0..h * w).map(|i| wy[i / w] * wx[i % w] * map[i]).sum::<f32>());
                    }
                }
            }
            close(out, &dense)?;
        }
    }
}

#[test]
fn same_bits_for_any_number_of_threads() -> Result<(), rayon::ThreadPoolBuildError> {
    let op = RoiAlign {
        output: [5, 5],
        scale: 0.25,
        sampling_ratio: 2,
        aligned: true,
    };
    let shape = [5, 7, 7, 7];
    let value = |i: usize| ((i * 7919) % 1009) as f32 / 504.5 - 1.0;
    let features: Vec<f32> = (0..shape.iter().product()).map(value).collect();
    let rois: Vec<_> = (0..83)
        .map(|i| {
            let [x, y, w, h] = [i % 19, i % 13, 3 + i % 11, 4 + i % 9].map(|v| v as f32 * 1.1);
            (i * 3 % 5, Xyxy::new(x, y, x + w, y + h))
        })
        .collect();
    let grad: Vec<f32> = (0..rois.len() * 7 * 25).map(value).collect();
    let mut results = Vec::new();
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        results.push(pool.install(|| {
            (
                op.forward(MapLayout::Planes, &features, shape, &rois),
                op.backward(MapLayout::Planes, &grad, shape, &rois),
            )
        }));
    }
    assert!(results[1..].iter().all(|r| *r == results[0]));
    Ok(())
}

#[test]
fn boxes_that_cannot_be_pooled_give_zero() {
    let rois = [
        [f32::NAN, 0., 4., 4.],
        [0., 0., f32::INFINITY, 4.],
        [100., 100., 120., 120.],
        [3., 3., 3., 3.],
        [-1e30, -1e30, -1e29, 1e30],
    ];
    for sampling_ratio in [0, 2] {
        let op = RoiAlign {
            output: [2, 2],
            scale: 1.0,
            sampling_ratio,
            aligned: true,
        };
        for (i, roi) in rois.into_iter().enumerate() {
            let out = op.forward(
                MapLayout::Planes,
                &[1.0; 16],
                [1, 1, 4, 4],
                &[(0, roi.into())],
            );
            // A box without area is a single point for a fixed number of samples, which is torchvision's answer.
            let expected = if i == 3 && sampling_ratio > 0 {
                1.0
            } else {
                0.0
            };
            assert_eq!(out, [expected; 4], "{roi:?}, sampling {sampling_ratio}");
        }
    }
}

#[test]
fn a_constant_map_stays_constant() {
    let op = RoiAlign {
        output: [3, 2],
        scale: 0.5,
        sampling_ratio: 0,
        aligned: true,
    };
    let out = op.forward(
        MapLayout::Planes,
        &[2.5; 36],
        [1, 1, 6, 6],
        &[(0, Xyxy::new(1., 1., 11., 10.))],
    );
    assert!(out.iter().all(|v| (v - 2.5).abs() < 1e-6), "{out:?}");
}
