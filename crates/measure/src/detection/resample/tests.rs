//! Resampled average precision against an evaluation of images that are really copied, and telling differences.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::detection::{Category, Truth, Xywh, evaluate};

fn categories() -> Vec<Category> {
    [1, 2, 3]
        .map(|id| Category {
            id,
            name: id.to_string(),
        })
        .into()
}

fn bounds() -> impl Strategy<Value = Xywh> {
    let side = prop_oneof![Just(10.0), Just(16.0), Just(20.0)];
    (0..4u32, 0..2u32, side.clone(), side)
        .prop_map(|(x, y, w, h)| [f64::from(x) * 8.0, f64::from(y) * 8.0, w, h].into())
}

fn truths() -> impl Strategy<Value = Vec<Truth>> {
    let truth =
        (0..5i64, 1..3i64, bounds(), 0..8u32).prop_map(|(image, category, bounds, crowd)| Truth {
            image,
            category,
            id: 0,
            bounds,
            area: bounds.area(),
            crowd: crowd == 0,
        });
    vec(truth, 0..16)
}

/// Scores tie between images, never within one: copies of an image would mix their detections there, weights don't.
fn detections() -> impl Strategy<Value = Vec<Detection>> {
    let detection = (0..5i64, 1..4i64, bounds(), 0..4u32);
    vec(detection, 0..40).prop_map(|list| {
        let mut seen = [0.0; 5];
        let with_score = |(image, category, bounds, score)| {
            seen[image as usize] += 1.0;
            Detection {
                image,
                category,
                bounds,
                score: f64::from(score) * 0.25 + seen[image as usize] / 1024.0,
            }
        };
        list.into_iter().map(with_score).collect()
    })
}

/// The same with each image as often as its weight says; image `i` becomes `10 i`, `10 i + 1`, ...
fn copied(
    truths: &[Truth],
    detections: &[Detection],
    weights: &[u32],
) -> (GroundTruth, Vec<Detection>) {
    let copies =
        |image: i64| (0..i64::from(weights[image as usize])).map(move |copy| 10 * image + copy);
    let ground_truth = GroundTruth {
        images: (0..5).flat_map(copies).collect(),
        categories: categories(),
        truths: truths
            .iter()
            .flat_map(|truth| copies(truth.image).map(|image| Truth { image, ..*truth }))
            .collect(),
    };
    let detections = detections
        .iter()
        .flat_map(|found| copies(found.image).map(|image| Detection { image, ..*found }))
        .collect();
    (ground_truth, detections)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn weights_stand_for_copies(
        truths in truths(), detections in detections(), weights in vec(0..4u32, 5),
        limit in prop_oneof![Just(2), Just(100)],
    ) {
        let options = Options { max_detections: [1, 2, limit], ..Options::default() };
        let (once, all) = copied(&truths, &detections, &[1; 5]);
        let outcomes = ImageOutcomes::of(&once, &all, &options).unwrap();
        for weights in [&[1; 5], weights.as_slice()] {
            let (ground_truth, detections) = copied(&truths, &detections, weights);
            let figures = evaluate(&ground_truth, &detections, &options).unwrap().figures;
            let expected = figures.ap.zip(figures.ap_50).map(|(ap, ap_50)| [ap, ap_50]);
            prop_assert_eq!(outcomes.average_precisions(weights), expected);
        }
    }
}

/// One object an image; `found` says in which it is found, elsewhere there is a false alarm.
fn outcomes(images: i64, found: impl Fn(i64) -> bool) -> ImageOutcomes {
    let bounds = |x: f64| Xywh::from([x, 0., 20., 20.]);
    let ground_truth = GroundTruth {
        images: (0..images).collect(),
        categories: categories(),
        truths: (0..images)
            .map(|image| Truth {
                image,
                category: 1,
                bounds: bounds(0.0),
                area: 400.0,
                ..Truth::default()
            })
            .collect(),
    };
    let detections: Vec<Detection> = (0..images)
        .map(|image| Detection {
            image,
            category: 1,
            bounds: bounds(if found(image) { 0.0 } else { 90.0 }),
            score: 0.5,
        })
        .collect();
    ImageOutcomes::of(&ground_truth, &detections, &Options::default()).unwrap()
}

#[test]
fn telling_differences() {
    let good = outcomes(300, |image| image % 10 > 0);
    let slightly_worse = outcomes(300, |image| image % 10 > 0 && image != 1);
    let bad = outcomes(300, |image| image % 10 > 5);
    let same = ap_differences(&good, &good, 200, 1).unwrap();
    assert_eq!((same.map.interval.low, same.map.interval.high), (0.0, 0.0));
    assert!(!same.map.distinguishable);
    let slight = ap_differences(&good, &slightly_worse, 400, 1).unwrap();
    assert!(slight.map.difference > 0.0 && !slight.map_50.distinguishable);
    for (first, other, sign) in [(&good, &bad, 1.0), (&bad, &good, -1.0)] {
        let ApDifference {
            first,
            other,
            difference,
            interval,
            distinguishable,
        } = ap_differences(first, other, 400, 1).unwrap().map_50;
        assert!(distinguishable && difference == first - other && difference * sign > 0.2);
        assert!(interval.low < difference && difference < interval.high);
    }
    let [once, again, other_seed] =
        [1, 1, 2].map(|seed| ap_differences(&good, &bad, 400, seed).unwrap());
    assert!(once == again && once != other_seed);
}

#[test]
fn without_truths_there_is_nothing_to_compare() {
    let nothing =
        ImageOutcomes::of(&GroundTruth::<Xywh>::default(), &[], &Options::default()).unwrap();
    assert_eq!(ap_differences(&nothing, &nothing, 100, 1), None);
}
