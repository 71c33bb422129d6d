//! Telling cases of the detector's proposals.

use super::*;

const ANCHORS: [Xyxy; 4] = [
    Xyxy::new(-4., -4., 8., 8.),
    Xyxy::new(0., 0., 8., 8.),
    Xyxy::new(20., 20., 26., 27.),
    Xyxy::new(30., 30., 40., 40.),
];

fn proposed(limits: [usize; 2], logits: &[f32], deltas: &[f32]) -> Vec<Xyxy> {
    let level = LevelOutput {
        anchors: &ANCHORS[..logits.len()],
        logits,
        deltas,
    };
    let limits = ProposalLimits {
        pre_nms: limits[0],
        post_nms: limits[1],
    };
    propose(&Rpn::default(), limits, [28, 24], &[level])
        .into_iter()
        .map(|p| p.bounds)
        .collect()
}

#[test]
fn telling_cases() {
    let clipped = Xyxy::new(0., 0., 8., 8.);
    let right = Xyxy::new(20., 20., 24., 27.);
    let nan = [0., 0., f32::NAN, 0.];
    struct Case<'a> {
        name: &'a str,
        limits: [usize; 2],
        logits: &'a [f32],
        deltas: [f32; 4],
        expected: &'a [Xyxy],
    }
    let zero = [0.; 4];
    let cases = [
        // The first two are the same box once clipped, and the last is outside.
        Case {
            name: "all",
            limits: [9, 9],
            logits: &[1., 2., 3., 4.],
            deltas: zero,
            expected: &[right, clipped],
        },
        Case {
            name: "best two enter",
            limits: [2, 9],
            logits: &[1., 2., 3., 4.],
            deltas: zero,
            expected: &[right],
        },
        Case {
            name: "one is left",
            limits: [9, 1],
            logits: &[9., 2., 3., 4.],
            deltas: zero,
            expected: &[clipped],
        },
        Case {
            name: "NaN logit",
            limits: [9, 9],
            logits: &[f32::NAN, f32::NAN, 0.],
            deltas: zero,
            expected: &[right],
        },
        Case {
            name: "NaN delta",
            limits: [9, 9],
            logits: &[0., 0., 0.],
            deltas: nan,
            expected: &[],
        },
        Case {
            name: "nothing",
            limits: [9, 9],
            logits: &[],
            deltas: zero,
            expected: &[],
        },
    ];
    for Case {
        name,
        limits,
        logits,
        deltas,
        expected,
    } in cases
    {
        assert_eq!(
            proposed(limits, logits, &deltas.repeat(logits.len())),
            expected,
            "{name}"
        );
    }
}

#[test]
fn levels_do_not_suppress_each_other() {
    let level = LevelOutput {
        anchors: &ANCHORS[1..2],
        logits: &[0.5],
        deltas: &[0.; 4],
    };
    let rpn = Rpn::default();
    let found = propose(
        &rpn,
        ProposalLimits::detection(&rpn),
        [28, 28],
        &[level, level],
    );
    assert_eq!(found.len(), 2);
}
