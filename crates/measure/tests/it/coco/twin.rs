//! The fast evaluation holds to the obvious one on random boxes, and to itself on any number of threads.

use measure::detection::{Category, Detection, GroundTruth, Options, Truth, evaluate};
use proptest::collection::vec;
use proptest::prelude::*;

use super::obvious;

/// Boxes on a coarse grid, so that equal overlaps, exact thresholds and size limits are frequent.
fn bounds() -> impl Strategy<Value = [f64; 4]> {
    let side = prop_oneof![
        Just(0.0),
        Just(10.0),
        Just(16.0),
        Just(32.0),
        Just(64.0),
        Just(96.0),
        1.0..150.0
    ];
    (0..6u32, 0..4u32, side.clone(), side)
        .prop_map(|(x, y, w, h)| [f64::from(x) * 8.0, f64::from(y) * 8.0, w, h])
}

fn truths() -> impl Strategy<Value = Vec<Truth>> {
    let area = prop_oneof![3 => Just(None), 1 => (0.0..20_000.0).prop_map(Some), 1 => Just(Some(1024.0)), 1 => Just(Some(9216.0))];
    let one = (1..5i64, 1..4i64, bounds(), area, prop::bool::weighted(0.15));
    vec(one, 0..24).prop_map(|list| {
        let truth = |(id, (image, category, bounds, area, crowd)): (
            usize,
            (_, _, [f64; 4], Option<f64>, _),
        )| Truth {
            image,
            category,
            // Ids that are 0, and ids that come again: pycocotools' quirks.
            id: id as i64 % 20,
            bounds: bounds.into(),
            area: area.unwrap_or(bounds[2] * bounds[3]),
            crowd,
        };
        list.into_iter().enumerate().map(truth).collect()
    })
}

fn detections(truths: Vec<Truth>) -> impl Strategy<Value = (Vec<Truth>, Vec<Detection>)> {
    let near = (
        any::<prop::sample::Index>(),
        prop_oneof![Just(0.0), Just(1.0), -6.0..6.0],
        1..4i64,
        0.0..1.0,
    );
    let score = prop_oneof![(-2..3i8).prop_map(|s| f64::from(s) / 2.0), -1.0..1.0];
    let one = (near, 1..5i64, 1..4i64, bounds(), score);
    vec(one, 0..60).prop_map(move |list| {
        let detection = |((index, shift, other, chance), image, category, bounds, score): (
            (prop::sample::Index, f64, i64, f64),
            _,
            _,
            [f64; 4],
            _,
        )| {
            if truths.is_empty() || chance < 0.25 {
                return Detection {
                    image,
                    category,
                    bounds: bounds.into(),
                    score,
                };
            }
            let near = truths[index.index(truths.len())];
            let mut bounds = near.bounds;
            bounds.x += shift;
            bounds.width = (bounds.width - shift).max(0.0);
            let category = if chance < 0.35 { other } else { near.category };
            Detection {
                image: near.image,
                category,
                bounds,
                score,
            }
        };
        (truths.clone(), list.into_iter().map(detection).collect())
    })
}

fn ground_truth(truths: Vec<Truth>) -> GroundTruth {
    // Image and class 4 and 3 may have nothing; ids are listed out of order.
    let categories = [3, 1, 2]
        .map(|id| Category {
            id,
            name: format!("class {id}"),
        })
        .into();
    GroundTruth {
        images: vec![4, 1, 3, 2],
        categories,
        truths,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn fast_equals_obvious((truths, detections) in truths().prop_flat_map(detections), quirks: bool) {
        let ground_truth = ground_truth(truths);
        let options = Options { pycocotools_quirks: quirks, ..Options::default() };
        let fast = evaluate(&ground_truth, &detections, &options).unwrap().figures.stats();
        let slow = obvious::stats(&ground_truth, &detections, quirks);
        for (i, (fast, slow)) in fast.into_iter().zip(slow).enumerate() {
            prop_assert!((fast - slow).abs() < 1e-12, "figure {i}: {fast}, obvious {slow}");
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits((truths, detections) in truths().prop_flat_map(detections)) {
        let ground_truth = ground_truth(truths);
        let reports = [1, 3].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| evaluate(&ground_truth, &detections, &Options::default()).unwrap())
        });
        prop_assert_eq!(&reports[0], &reports[1]);
    }
}

#[test]
fn more_than_a_hundred_detections_an_image() {
    // A hundred sure false alarms push the true detection out of its image and class.
    let truth = Truth {
        image: 1,
        category: 1,
        id: 1,
        bounds: [0., 0., 50., 50.].into(),
        area: 2500.,
        crowd: false,
    };
    let alarm = Detection {
        image: 1,
        category: 1,
        bounds: [200., 0., 50., 50.].into(),
        score: 0.9,
    };
    let right = Detection {
        bounds: truth.bounds,
        score: 0.1,
        ..alarm
    };
    for (alarms, expected) in [(99, 1.0), (100, 0.0)] {
        let mut detections = vec![alarm; alarms];
        detections.push(right);
        let report =
            evaluate(&ground_truth(vec![truth]), &detections, &Options::default()).unwrap();
        assert_eq!(
            report.figures.ar_high,
            Some(expected),
            "{alarms} false alarms"
        );
    }
}

#[test]
fn nothing_at_all() {
    let report = evaluate(&GroundTruth::default(), &[], &Options::default()).unwrap();
    assert_eq!(report.figures.stats(), [-1.0; 12]);
    assert!(report.summary().lines().all(|line| line.ends_with(" -")));
    let truth = Truth {
        image: 1,
        category: 1,
        id: 1,
        bounds: [0., 0., 9., 9.].into(),
        area: 81.,
        crowd: false,
    };
    let report = evaluate(&ground_truth(vec![truth]), &[], &Options::default()).unwrap();
    assert_eq!(
        (report.figures.ap, report.figures.ap_large),
        (Some(0.0), None)
    );
}

#[test]
fn impossible_values_are_named() {
    let truth = Truth {
        image: 1,
        category: 1,
        id: 1,
        bounds: [0., 0., 9., 9.].into(),
        area: 81.,
        crowd: false,
    };
    let good = Detection {
        image: 1,
        category: 1,
        bounds: truth.bounds,
        score: 0.5,
    };
    let negative = [0., 0., -3., 9.].into();
    let cases = [
        (
            "a score of NaN",
            truth,
            Detection {
                score: f64::NAN,
                ..good
            },
            "detections[1].score: expected a finite number, found NaN",
        ),
        (
            "an infinite score",
            truth,
            Detection {
                score: f64::INFINITY,
                ..good
            },
            "detections[1].score: expected a finite number, found inf",
        ),
        (
            "an unknown image",
            truth,
            Detection { image: 77, ..good },
            "detections[1].image_id: expected the id of an image of the ground truth, found 77",
        ),
        (
            "an unknown class",
            truth,
            Detection {
                category: 0,
                ..good
            },
            "detections[1].category_id: expected the id of a class of the ground truth, found 0",
        ),
        (
            "a negative width",
            truth,
            Detection {
                bounds: negative,
                ..good
            },
            "detections[1].bbox: expected [x, y, width, height] with a width and height of at least 0, found -3",
        ),
        (
            "an infinite corner",
            truth,
            Detection {
                bounds: [f64::NEG_INFINITY, 0., 1., 1.].into(),
                ..good
            },
            "detections[1].bbox: expected finite numbers, found -inf",
        ),
        (
            "a truth of an unknown image",
            Truth { image: 9, ..truth },
            good,
            "annotations[0].image_id: expected the id of an image listed in `images`, found 9",
        ),
        (
            "a truth of an unknown class",
            Truth {
                category: 9,
                ..truth
            },
            good,
            "annotations[0].category_id: expected the id of a class listed in `categories`, found 9",
        ),
        (
            "a truth without area",
            Truth {
                area: f64::NAN,
                ..truth
            },
            good,
            "annotations[0].area: expected a finite number that is not negative, found NaN",
        ),
    ];
    for (name, truth, bad, expected) in cases {
        let error = evaluate(
            &ground_truth(vec![truth]),
            &[good, bad],
            &Options::default(),
        )
        .unwrap_err();
        assert_eq!(error.to_string(), expected, "{name}");
    }
}

#[test]
fn quirks_drop_in_silence_what_pycocotools_drops() {
    let truth = Truth {
        image: 1,
        category: 1,
        id: 1,
        bounds: [0., 0., 9., 9.].into(),
        area: 81.,
        crowd: false,
    };
    let good = Detection {
        image: 1,
        category: 1,
        bounds: truth.bounds,
        score: 0.5,
    };
    let options = Options {
        pycocotools_quirks: true,
        ..Options::default()
    };
    let truths = vec![
        truth,
        Truth {
            image: 9,
            id: 2,
            ..truth
        },
        Truth {
            category: 9,
            id: 3,
            ..truth
        },
    ];
    let detections = [
        good,
        Detection {
            category: 9,
            ..good
        },
    ];
    let report = evaluate(&ground_truth(truths.clone()), &detections, &options).unwrap();
    assert_eq!((report.truths, report.figures.ar_high), (1, Some(1.0)));
    // But an unknown image in the results stops pycocotools too.
    let strange = [Detection { image: 9, ..good }];
    assert!(evaluate(&ground_truth(truths), &strange, &options).is_err());
}

#[test]
fn of_truths_with_one_id_pycocotools_takes_the_last() {
    let truth = |image, id, [x, side]: [f64; 2]| Truth {
        image,
        category: 1,
        id,
        bounds: [x, x, side, side].into(),
        area: side * side,
        crowd: false,
    };
    let truths = vec![
        truth(1, 1, [10., 40.]),
        truth(2, 2, [60., 20.]),
        truth(3, 1, [5., 30.]),
    ];
    let detections: Vec<Detection> = truths
        .iter()
        .map(|truth| Detection {
            image: truth.image,
            category: 1,
            bounds: truth.bounds,
            score: 0.9,
        })
        .collect();
    let ground_truth = ground_truth(truths);
    let figures = |pycocotools_quirks| {
        let options = Options {
            pycocotools_quirks,
            ..Options::default()
        };
        evaluate(&ground_truth, &detections, &options)
            .unwrap()
            .figures
    };
    assert_eq!(figures(false).stats()[8], 1.0);
    // By pycocotools 2.0.11.
    let [ap, .., ar, _, _, _] = figures(true).stats();
    assert_eq!(
        (format!("{ap:.4}"), format!("{ar:.4}")),
        ("0.4422".to_string(), "0.6667".to_string())
    );
}
