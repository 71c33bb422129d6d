//! Telling cases of the detector's postprocess.

use super::*;

const PROPOSALS: [Xyxy; 3] = [
    Xyxy::new(4., 4., 12., 24.),
    Xyxy::new(5., 4., 12., 24.),
    Xyxy::new(40., 4., 50., 24.),
];

/// The class and the left edge of each detection, two classes, no deltas.
fn detected(options: &Detections, logits: &[[f32; 3]]) -> Vec<(usize, f32)> {
    let deltas = vec![0.0; logits.len() * 12];
    let found = detect(
        options,
        &Roi::default(),
        2,
        logits.as_flattened(),
        &deltas,
        &PROPOSALS[..logits.len()],
        [28, 28],
    );
    found.into_iter().map(|d| (d.class, d.bounds.x1)).collect()
}

#[test]
fn telling_cases() {
    let default = Detections::default();
    let sure = Detections {
        score_threshold: 0.3,
        ..default.clone()
    };
    let few = Detections {
        per_image: 1,
        ..default.clone()
    };
    struct Case<'a> {
        name: &'a str,
        options: &'a Detections,
        logits: &'a [[f32; 3]],
        expected: &'a [(usize, f32)],
    }
    let cases = [
        Case {
            name: "background never shows",
            options: &sure,
            logits: &[[9., 0., 0.]],
            expected: &[],
        },
        Case {
            name: "every class of a proposal",
            options: &default,
            logits: &[[0., 1., 2.]],
            expected: &[(1, 4.), (0, 4.)],
        },
        Case {
            name: "one class suppresses itself",
            options: &sure,
            logits: &[[0., 3., 0.], [0., 4., 0.]],
            expected: &[(0, 5.)],
        },
        Case {
            name: "classes do not suppress each other",
            options: &sure,
            logits: &[[0., 3., 0.], [0., 0., 4.]],
            expected: &[(1, 5.), (0, 4.)],
        },
        Case {
            name: "best only",
            options: &few,
            logits: &[[0., 3., 0.], [0., 0., 4.]],
            expected: &[(1, 5.)],
        },
        Case {
            name: "outside the image",
            options: &sure,
            logits: &[[0., 0., 0.], [0., 0., 0.], [0., 9., 0.]],
            expected: &[(0, 4.), (1, 4.)],
        },
        Case {
            name: "NaN logit",
            options: &default,
            logits: &[[0., f32::NAN, 0.]],
            expected: &[],
        },
        Case {
            name: "no proposals",
            options: &default,
            logits: &[],
            expected: &[],
        },
    ];
    for Case {
        name,
        options,
        logits,
        expected,
    } in cases
    {
        assert_eq!(detected(options, logits), expected, "{name}");
    }
}

#[test]
fn large_logits_do_not_overflow() {
    assert_eq!(softmax(&[1000., 0., 1000.]), [0.5, 0., 0.5]);
}

#[test]
fn what_is_asked_for_takes_the_place_of_the_recipe() {
    let recipe = Detections {
        per_image: 7,
        ..Detections::default()
    };
    assert_eq!(DetectionOptions::default().over(&recipe), recipe);
    let asked = DetectionOptions {
        score_threshold: Some(0.3),
        nms: Some(0.9),
        max_detections: Some(1),
    };
    let options = asked.over(&recipe);
    assert_eq!(
        (options.score_threshold, options.nms, options.per_image),
        (0.3, 0.9, 1)
    );
    assert_eq!(options.min_side, recipe.min_side);
    // Two of one class that overlap by 7/8, which the recipe's 0.5 would make one.
    let logits = [[0., 3., 0.], [0., 4., 0.]];
    assert_eq!(detected(&recipe, &logits)[0], (0, 5.));
    let loose = DetectionOptions {
        max_detections: None,
        ..asked
    };
    assert_eq!(detected(&loose.over(&recipe), &logits), [(0, 5.), (0, 4.)]);
    assert_eq!(detected(&options, &logits), [(0, 5.)]);
}
