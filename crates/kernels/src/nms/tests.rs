//! Suppression against the reference, and its order.

use super::*;
use crate::reference;
use proptest::prelude::*;

fn boxes(rows: &[[f32; 4]]) -> Vec<Xyxy> {
    rows.iter().map(|&r| r.into()).collect()
}

#[test]
fn telling_cases() {
    struct Case {
        name: &'static str,
        boxes: &'static [[f32; 4]],
        scores: &'static [f32],
        threshold: f64,
        stay: &'static [usize],
    }
    let half = &[[0., 0., 10., 10.], [0., 0., 10., 5.]];
    let three_tenths = &[[0., 0., 10., 10.], [0., 0., 10., 3.]];
    let cases = [
        Case {
            name: "nothing",
            boxes: &[],
            scores: &[],
            threshold: 0.5,
            stay: &[],
        },
        Case {
            name: "IoU equal to the threshold stays",
            boxes: half,
            scores: &[0.9, 0.8],
            threshold: 0.5,
            stay: &[0, 1],
        },
        Case {
            name: "IoU above the threshold goes",
            boxes: half,
            scores: &[0.8, 0.9],
            threshold: 0.49,
            stay: &[1],
        },
        Case {
            name: "0.3 as f32 is above 0.3",
            boxes: three_tenths,
            scores: &[0.9, 0.8],
            threshold: 0.3,
            stay: &[0],
        },
        Case {
            name: "ties keep the first",
            boxes: &[[0., 0., 4., 4.], [0., 0., 4., 4.], [9., 9., 12., 12.]],
            scores: &[0.5, 0.5, 0.5],
            threshold: 0.5,
            stay: &[0, 2],
        },
        Case {
            name: "a suppressed box suppresses nothing",
            boxes: &[[0., 0., 10., 10.], [4., 0., 14., 10.], [8., 0., 18., 10.]],
            scores: &[0.9, 0.8, 0.7],
            threshold: 0.4,
            stay: &[0, 2],
        },
        Case {
            name: "boxes without area never go",
            boxes: &[[5., 5., 5., 5.], [5., 5., 5., 5.]],
            scores: &[0.9, 0.8],
            threshold: 0.5,
            stay: &[0, 1],
        },
        Case {
            name: "a NaN score comes last",
            boxes: &[[0., 0., 4., 4.], [0., 0., 4., 4.]],
            scores: &[f32::NAN, -1.0],
            threshold: 0.5,
            stay: &[1],
        },
    ];
    for Case {
        name,
        boxes: rows,
        scores,
        threshold,
        stay,
    } in cases
    {
        assert_eq!(nms(&boxes(rows), scores, threshold), stay, "{name}");
    }
}

#[test]
fn the_best_come_first_and_nan_last() {
    let scores = [0.5, f32::NAN, 0.9, -0.0, 0.5, 0.0, f32::NAN, f32::INFINITY];
    let all = [7, 2, 0, 4, 3, 5, 1, 6];
    for count in 0..10 {
        assert_eq!(
            top_by_score(&scores, count),
            all[..count.min(8)],
            "best {count}"
        );
    }
}

#[test]
fn classes_do_not_meet() {
    let rows = boxes(&[
        [0., 0., 10., 10.],
        [1., 1., 11., 11.],
        [0., 0., 10., 10.],
        [1., 1., 11., 11.],
    ]);
    assert_eq!(
        batched_nms(&rows, &[0.6, 0.7, 0.8, 0.9], &[3, 3, 1, 1], 0.5, 9),
        [3, 1]
    );
}

fn some_boxes() -> impl Strategy<Value = Vec<(Xyxy, f32, usize)>> {
    // Whole-number corners and few scores: exact ties, touching edges and boxes without area are common.
    let item = (
        0..12_i32,
        0..12_i32,
        0..8_i32,
        0..8_i32,
        0..6_i32,
        0..3_usize,
    );
    let item = item.prop_map(|(x, y, w, h, score, class)| {
        (
            [x, y, x + w, y + h].map(|v| v as f32).into(),
            score as f32 / 4.0,
            class,
        )
    });
    prop::collection::vec(item, 0..80)
}

proptest! {
    #[test]
    fn agrees_with_the_reference(items in some_boxes(), threshold in prop::sample::select(vec![0.0, 0.3, 0.5, 0.7])) {
        let boxes: Vec<_> = items.iter().map(|i| i.0).collect();
        let scores: Vec<_> = items.iter().map(|i| i.1).collect();
        let classes: Vec<_> = items.iter().map(|i| i.2).collect();
        let one_class = vec![0; boxes.len()];
        prop_assert_eq!(nms(&boxes, &scores, threshold), reference::nms(&boxes, &scores, &one_class, threshold));
        let all = reference::nms(&boxes, &scores, &classes, threshold);
        for most in [0, 1, all.len() / 2, all.len(), usize::MAX] {
            let best = &all[..most.min(all.len())];
            prop_assert_eq!(batched_nms(&boxes, &scores, &classes, threshold, most), best);
        }
    }

    #[test]
    fn rounding_down_compares_as_f64(threshold in 0.0..1.0_f64, steps in -3..4_i32) {
        let mut value = threshold as f32;
        for _ in 0..steps.abs() {
            value = if steps > 0 { value.next_up() } else { value.next_down() };
        }
        prop_assert_eq!(value > round_down(threshold), f64::from(value) > threshold);
    }
}
