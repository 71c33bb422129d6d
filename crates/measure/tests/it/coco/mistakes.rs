//! What is wrong with detections: as TIDE's own program says (`golden/detection_mistakes.py`), and as plain loops say.

use std::collections::BTreeMap;

use measure::detection::{
    Category, Detection, DetectionMistakes, Fate, GroundTruth, Mistake, MistakeFigures, Truth,
    crowd_overlap, evaluate, iou, judge, mistakes,
};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    images: i64,
    classes: i64,
    truths: Vec<Boxed>,
    detections: Vec<Boxed>,
    what: Vec<String>,
    missed: Vec<usize>,
    ap: f64,
    counts: BTreeMap<String, u64>,
    ap_lost: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Boxed {
    image: i64,
    category: i64,
    bbox: [f64; 4],
    #[serde(default)]
    score: f64,
}

impl Case {
    fn scene(&self) -> (GroundTruth, Vec<Detection>) {
        let truths = self.truths.iter().map(|truth| Truth {
            image: truth.image,
            category: truth.category,
            bounds: truth.bbox.into(),
            area: truth.bbox[2] * truth.bbox[3],
            ..Truth::default()
        });
        let detections = self.detections.iter().map(|found| Detection {
            image: found.image,
            category: found.category,
            bounds: found.bbox.into(),
            score: found.score,
        });
        let truths = ground_truth(self.images, self.classes, truths.collect());
        (truths, detections.collect())
    }
}

fn ground_truth(images: i64, classes: i64, truths: Vec<Truth>) -> GroundTruth {
    let category = |id: i64| Category {
        id,
        name: id.to_string(),
    };
    GroundTruth {
        images: (0..images).collect(),
        categories: (0..classes).map(category).collect(),
        truths,
    }
}

fn name_of(fate: Fate) -> &'static str {
    match fate {
        Fate::Found(_) => "found",
        Fate::Wrong(Mistake::Localisation, _) => "localisation",
        Fate::Wrong(Mistake::Classification, _) => "classification",
        Fate::Wrong(Mistake::Both, _) => "both",
        Fate::Wrong(Mistake::Duplicate, _) => "duplicate",
        Fate::Wrong(Mistake::Background, _) => "background",
        Fate::InCrowd => "in a crowd",
        Fate::OverLimit => "over the limit",
    }
}

fn figures(found: &DetectionMistakes) -> [(&'static str, MistakeFigures); 6] {
    [
        ("localisation", found.localisation),
        ("classification", found.classification),
        ("both", found.both),
        ("duplicate", found.duplicate),
        ("background", found.background),
        ("missed", found.missed),
    ]
}

#[test]
fn as_tide() {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../../golden/detection_mistakes.json")).unwrap();
    for case in cases {
        let name = &case.name;
        let (truths, detections) = case.scene();
        let judged = judge(&truths, &detections, 100).unwrap();
        for (place, (fate, expected)) in judged.fates.iter().zip(&case.what).enumerate() {
            assert_eq!(name_of(*fate), expected, "{name}: detection {place}");
        }
        assert_eq!(judged.missed, case.missed, "{name}");
        let ap = evaluate(&truths, &detections, &Default::default()).unwrap();
        let ap = ap.figures.ap_50.unwrap();
        assert!(
            (ap - case.ap).abs() < 1e-9,
            "{name}: {ap}, expected {}",
            case.ap
        );
        let found = mistakes(&truths, &detections).unwrap();
        let right = case.what.iter().filter(|what| *what == "found").count();
        assert_eq!(found.right, right as u64, "{name}");
        for (kind, found) in figures(&found) {
            assert_eq!(found.count, case.counts[kind], "{name}: {kind}");
            let (lost, expected) = (found.ap_lost.unwrap(), case.ap_lost[kind]);
            assert!(
                (lost - expected).abs() < 1e-9,
                "{name}: {kind}: {lost}, expected {expected}"
            );
        }
    }
}

#[test]
fn telling_cases() {
    let truth = |category, bounds: [f64; 4], crowd| Truth {
        image: 0,
        category,
        bounds: bounds.into(),
        crowd,
        ..Truth::default()
    };
    let truths = ground_truth(
        2,
        2,
        vec![
            truth(0, [0., 0., 10., 10.], false),
            truth(1, [20., 0., 10., 10.], false),
            truth(0, [40., 0., 10., 10.], true),
            truth(1, [60., 0., 10., 10.], false),
        ],
    );
    use Mistake::*;
    for (name, category, bounds, expected) in [
        ("exact", 0, [0., 0., 10., 10.], Fate::Found(0)),
        ("half is enough", 0, [0., 0., 10., 5.], Fate::Found(0)),
        (
            "less than half",
            0,
            [0., 0., 10., 4.9],
            Fate::Wrong(Localisation, Some(0)),
        ),
        (
            "a tenth",
            0,
            [0., 0., 10., 1.],
            Fate::Wrong(Localisation, Some(0)),
        ),
        (
            "less than a tenth",
            0,
            [0., 0., 10., 0.9],
            Fate::Wrong(Background, None),
        ),
        (
            "the other class",
            0,
            [20., 0., 10., 5.],
            Fate::Wrong(Classification, Some(1)),
        ),
        (
            "the other class, poorly",
            0,
            [20., 0., 10., 4.9],
            Fate::Wrong(Both, Some(1)),
        ),
        (
            "nowhere",
            1,
            [80., 0., 10., 10.],
            Fate::Wrong(Background, None),
        ),
        ("in a crowd", 0, [42., 0., 2., 2.], Fate::InCrowd),
        (
            "in a crowd of another class",
            1,
            [42., 0., 2., 2.],
            Fate::Wrong(Background, None),
        ),
        (
            "a point",
            0,
            [5., 5., 0., 0.],
            Fate::Wrong(Background, None),
        ),
    ] {
        let detection = Detection {
            image: 0,
            category,
            bounds: bounds.into(),
            score: 0.5,
        };
        let judged = judge(&truths, &[detection], 100).unwrap();
        assert_eq!(judged.fates, [expected], "{name}");
        let covered = match expected {
            Fate::Found(truth) | Fate::Wrong(Localisation | Classification, Some(truth)) => {
                Some(truth)
            }
            _ => None,
        };
        let missed: Vec<usize> = [0, 1, 3]
            .into_iter()
            .filter(|&t| Some(t) != covered)
            .collect();
        assert_eq!(judged.missed, missed, "{name}");
        // The same twice: the earlier of equal scores stands, the other is a duplicate where one was found.
        let again = judge(&truths, &[detection, detection], 100).unwrap().fates;
        let second = match expected {
            Fate::Found(truth) => Fate::Wrong(Duplicate, Some(truth)),
            other => other,
        };
        assert_eq!(again, [expected, second], "{name}, twice");
        let limited = judge(&truths, &[detection, detection], 1).unwrap().fates;
        assert_eq!(limited, [expected, Fate::OverLimit], "{name}, one allowed");
    }
}

#[test]
fn nothing_to_find_or_nothing_found() {
    let detection = Detection {
        bounds: [0., 0., 1., 1.].into(),
        score: 0.5,
        ..Detection::default()
    };
    let empty = mistakes(&ground_truth(1, 1, vec![]), &[detection]).unwrap();
    assert_eq!((empty.right, empty.background.count), (0, 1));
    assert!(
        figures(&empty)
            .iter()
            .all(|(_, figures)| figures.ap_lost.is_none())
    );
    let truth = Truth {
        bounds: [0., 0., 1., 1.].into(),
        ..Truth::default()
    };
    let blind = mistakes(&ground_truth(1, 1, vec![truth]), &[]).unwrap();
    assert_eq!((blind.missed.count, blind.missed.ap_lost), (1, None));
    assert_eq!(blind.localisation.ap_lost, Some(0.0));
    let mut wrong = detection;
    wrong.image = 7;
    let error = mistakes(&ground_truth(1, 1, vec![]), &[wrong]).unwrap_err();
    assert!(
        error.to_string().starts_with("detections[0].image_id: "),
        "{error}"
    );
}

/// The definition, one detection and one question at a time.
fn obvious(
    truths: &[Truth],
    detections: &[Detection],
    limit: usize,
) -> (Vec<&'static str>, Vec<usize>) {
    let mut what = vec!["?"; detections.len()];
    let mut found_by = vec![None; truths.len()];
    let mut order: Vec<usize> = (0..detections.len()).collect();
    order.sort_by(|&a, &b| {
        detections[b]
            .score
            .partial_cmp(&detections[a].score)
            .unwrap()
    });
    for (rank, &d) in order.iter().enumerate() {
        let here = &detections[d];
        let surer = order[..rank].iter().filter(|&&other| {
            detections[other].image == here.image && detections[other].category == here.category
        });
        if surer.count() >= limit {
            what[d] = "over the limit";
            continue;
        }
        let mut best = 0.5;
        let mut taken = None;
        for (t, truth) in truths.iter().enumerate() {
            let fits = truth.image == here.image && truth.category == here.category && !truth.crowd;
            if fits && found_by[t].is_none() && iou(here.bounds, truth.bounds) >= best {
                best = iou(here.bounds, truth.bounds);
                taken = Some(t);
            }
        }
        if let Some(t) = taken {
            found_by[t] = Some(d);
            what[d] = "found";
        } else if truths.iter().any(|truth| {
            truth.crowd
                && truth.image == here.image
                && truth.category == here.category
                && crowd_overlap(here.bounds, truth.bounds) >= 0.5
        }) {
            what[d] = "in a crowd";
        }
    }
    let mut covered = vec![false; truths.len()];
    for (d, here) in detections.iter().enumerate() {
        if what[d] != "?" {
            continue;
        }
        let (mut same, mut other) = ((0.0, None), (0.0, None));
        for (t, truth) in truths.iter().enumerate() {
            if truth.crowd || truth.image != here.image {
                continue;
            }
            let overlap = iou(here.bounds, truth.bounds);
            let largest = if truth.category == here.category {
                &mut same
            } else {
                &mut other
            };
            if overlap > largest.0 {
                *largest = (overlap, Some(t));
            }
        }
        let is_localisation = same.0 >= 0.1 && same.0 < 0.5;
        let is_classification = other.0 >= 0.5;
        what[d] = if is_localisation {
            covered[same.1.unwrap()] = true;
            "localisation"
        } else if is_classification {
            covered[other.1.unwrap()] = true;
            "classification"
        } else if same.0 >= 0.5 {
            "duplicate"
        } else if same.0.max(other.0) < 0.1 {
            "background"
        } else {
            "both"
        };
    }
    let missed =
        (0..truths.len()).filter(|&t| !truths[t].crowd && found_by[t].is_none() && !covered[t]);
    (what, missed.collect())
}

prop_compose! {
    /// Boxes on a coarse grid, so that equal boxes, equal scores and overlaps of just a half are common.
    fn bounds()(x in 0_u8..8, y in 0_u8..4, width in 0_u8..6, height in 0_u8..6) -> [f64; 4] {
        [x, y, width, height].map(f64::from)
    }
}

proptest! {
    #[test]
    fn as_plain_loops(
        truths in prop::collection::vec((0..3_i64, 0..3_i64, bounds(), prop::bool::weighted(0.15)), 0..9),
        detections in prop::collection::vec((0..3_i64, 0..3_i64, bounds(), 0..6_u8), 0..16),
        limit in 1..5_usize,
    ) {
        let truths: Vec<Truth> = truths
            .into_iter()
            .map(|(image, category, bounds, crowd)| Truth {
                image, category, id: 1, bounds: bounds.into(), area: bounds[2] * bounds[3], crowd,
            })
            .collect();
        let detections: Vec<Detection> = detections
            .into_iter()
            .map(|(image, category, bounds, score)| Detection {
                image, category, bounds: bounds.into(), score: f64::from(score) / 5.0,
            })
            .collect();
        let (what, missed) = obvious(&truths, &detections, limit);
        let all = ground_truth(3, 3, truths);
        let judged = judge(&all, &detections, limit).unwrap();
        let found: Vec<&str> = judged.fates.iter().map(|fate| name_of(*fate)).collect();
        prop_assert_eq!(found, what);
        prop_assert_eq!(judged.missed, missed);
        // Every detection is counted once, and no cost leaves the scale.
        let counted = mistakes(&all, &detections).unwrap();
        let wrong: u64 = figures(&counted)[..5].iter().map(|(_, figures)| figures.count).sum();
        prop_assert!(counted.right + wrong <= detections.len() as u64);
        for (kind, figures) in figures(&counted) {
            prop_assert!(figures.ap_lost.is_none_or(|lost| (0.0..=1.0).contains(&lost)), "{}", kind);
        }
    }
}
