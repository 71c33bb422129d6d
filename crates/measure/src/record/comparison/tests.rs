//! Verdicts, and the JSON of a comparison.

use super::*;
use crate::record::{LocalisationFigures, ModelKind, Prediction, RunFacts};

/// A model that is right on the images where `right` has a 1.
pub(super) fn model(right: &str) -> Predictions {
    let row = |(index, digit): (usize, u8)| {
        let (label, hit) = (index % 2, digit == b'1');
        let predicted = if hit { label } else { 1 - label };
        let mut probabilities = vec![0.25; 2];
        probabilities[predicted] = 0.75;
        Prediction {
            index,
            label,
            predicted,
            score: 0.75,
            probabilities,
            detection: None,
        }
    };
    Predictions {
        rows: right.bytes().enumerate().map(row).collect(),
        classes: vec!["zero".into(), "one".into()],
    }
}

#[test]
fn verdicts() {
    for (name, a, b, better, significant) in [
        (
            "clear",
            "11111111111111111111",
            "11111111110000000000",
            Some("A"),
            true,
        ),
        (
            "the second is better",
            "0000000011",
            "1111111111",
            Some("B"),
            true,
        ),
        ("chance", "1110", "1101", None, false),
        ("too few to tell", "1111", "1101", Some("A"), false),
        ("the same", "1010", "1010", None, false),
    ] {
        let verdict = Verdict::among(&[("A", &model(a)), ("B", &model(b))], 0).unwrap();
        assert_eq!(verdict.better.as_deref(), better, "{name}");
        assert_eq!(verdict.significant, significant, "{name}");
        let [low, high] = verdict.difference_interval;
        assert!(
            low <= verdict.difference && verdict.difference <= high,
            "{name}"
        );
    }
}

#[test]
fn undecided_verdicts_say_what_it_would_take() {
    let (a, b) = ("1".repeat(64), "1".repeat(60) + "0000");
    let verdict = Verdict::among(&[("A", &model(&a)), ("B", &model(&b))], 0).unwrap();
    // The bootstrap alone would call it a difference; McNemar's test would not, so it is none.
    assert!(verdict.difference_interval[0] > 0.0 && verdict.mcnemar.p_value > 0.05);
    assert!(!verdict.significant);
    assert_eq!((verdict.images, verdict.images_to_tell), (64, Some(124)));
    let verdict = Verdict::among(&[("A", &model(&a)), ("B", &model(&"0".repeat(64)))], 0).unwrap();
    assert_eq!(verdict.images_to_tell, None);
}

#[test]
fn three_models_are_corrected() {
    let (a, b, c) = (
        model("0000000000"),
        model("1111111100"),
        model("1111111111"),
    );
    let verdict = Verdict::among(&[("A", &a), ("B", &b), ("C", &c)], 0).unwrap();
    assert_eq!(verdict.better.as_deref(), Some("C"));
    assert_eq!((&*verdict.mcnemar.a, &*verdict.mcnemar.b), ("B", "C"));
    assert_eq!((verdict.mcnemar.only_a, verdict.mcnemar.only_b), (0, 2));
    assert_eq!(verdict.difference, -0.2);
    let p_values: Vec<f64> = verdict.pairs.iter().map(|pair| pair.p_value).collect();
    // Uncorrected: 2/256, 2/1024, 1/2.
    assert_eq!(p_values, [2.0 * 2.0 / 256.0, 3.0 * 2.0 / 1024.0, 0.5]);
}

#[test]
fn other_images_are_refused() {
    let (first, mut other) = (model("1111"), model("1111"));
    other.rows[2].index = 9;
    let refused = |models: &[(&str, &Predictions)]| {
        let error = Verdict::among(models, 0).unwrap_err();
        error.to_string()
    };
    let same = "'A' and 'B' were not evaluated on the same images: ";
    for (name, message, expected) in [
        (
            "alone",
            refused(&[("A", &first)]),
            "a comparison needs at least two models, got 1".to_string(),
        ),
        (
            "shorter",
            refused(&[("A", &first), ("B", &model("111"))]),
            format!("{same}4 and 3 images"),
        ),
        (
            "another image",
            refused(&[("A", &first), ("B", &other)]),
            format!("{same}row 2 is image 2 of class 0 and image 9 of class 0"),
        ),
        (
            "none",
            refused(&[("A", &model("")), ("B", &model(""))]),
            "no images to measure".to_string(),
        ),
    ] {
        assert_eq!(message, expected, "{name}");
    }
}

#[test]
fn json_is_flat_and_comes_back() {
    let facts = RunFacts {
        recipe: "lab-faster-rcnn".into(),
        kind: ModelKind::FasterRcnn,
        split: "test".into(),
        train_s: 12.5,
        seed: u64::MAX,
        peak_rss_mib: Some(300.25),
        ..Default::default()
    };
    let predictions = model("1110");
    let mut evaluation = Evaluation::from_predictions(&predictions, facts).unwrap();
    let plain = serde_json::to_value(&evaluation).unwrap();
    assert!(plain.get("map").is_none() && plain.get("localisation").is_none());
    evaluation.localisation = Some(LocalisationFigures {
        mean_iou: 0.95,
        map: Some(0.8),
        map_50: Some(0.99),
        ..Default::default()
    });
    let comparison = Comparison {
        schema: COMPARISON_SCHEMA.into(),
        contestants: vec![Contestant {
            run: "runs/a".into(),
            evaluation,
        }],
        verdict: Verdict::among(&[("A", &predictions), ("B", &model("0000"))], 0).ok(),
        seeds: None,
    };
    let json = serde_json::to_value(&comparison).unwrap();
    let contestant = &json["contestants"][0];
    for (key, expected) in [
        ("run", serde_json::json!("runs/a")),
        ("kind", serde_json::json!("faster-rcnn")),
        ("accuracy", serde_json::json!(0.75)),
        ("confusion", serde_json::json!([[2, 0], [1, 1]])),
        ("map_50", serde_json::json!(0.99)),
        ("map_small", serde_json::Value::Null),
        ("seed", serde_json::json!(u64::MAX)),
    ] {
        assert_eq!(contestant[key], expected, "{key}");
    }
    let text = serde_json::to_string(&comparison).unwrap();
    assert_eq!(
        serde_json::from_str::<Comparison>(&text).unwrap(),
        comparison
    );
    let text = serde_json::to_string(&plain).unwrap();
    let back: Evaluation = serde_json::from_str(&text).unwrap();
    assert_eq!(back.localisation, None);
}

#[test]
fn an_evaluation_reads_with_fields_it_does_not_know() {
    let facts = RunFacts::default();
    let evaluation = Evaluation::from_predictions(&model("11"), facts).unwrap();
    let mut json = serde_json::to_value(&evaluation).unwrap();
    let fields = json.as_object_mut().unwrap();
    fields.insert("from_the_future".into(), serde_json::json!({"a": 1}));
    let back: Evaluation = serde_json::from_value(json).unwrap();
    assert_eq!(back, evaluation);
}

#[test]
fn a_run_on_several_objects_an_image_has_no_answers_and_comes_back() {
    let evaluation = Evaluation {
        localisation: Some(LocalisationFigures {
            mean_iou: 0.9,
            found: Some(0.98),
            ..Default::default()
        }),
        ..Evaluation::of_run(7, RunFacts::default())
    };
    let json = serde_json::to_value(&evaluation).unwrap();
    assert!(json.get("accuracy").is_none() && json.get("verdict").is_none());
    assert_eq!((&json["images"], &json["found"]), (&7.into(), &0.98.into()));
    assert_eq!(
        serde_json::from_value::<Evaluation>(json).unwrap(),
        evaluation
    );
}
