//! Precision-recall curves beside COCO's metrics, and times to accuracy.

use super::*;
use crate::detection::{Category, Detection, GroundTruth, Options, Truth, evaluate};

/// The areas under the curves are the figures of the same names.
#[test]
fn curves_and_figures_agree() {
    let truth = |image: i64| Truth {
        image,
        category: image % 2,
        id: image,
        bounds: [0.0, 0.0, 10.0, 10.0].into(),
        area: 100.0,
        crowd: false,
    };
    let ground_truth = GroundTruth {
        images: (1..=9).collect(),
        categories: (0..2)
            .map(|id| Category {
                id,
                name: id.to_string(),
            })
            .collect(),
        truths: (1..=9).map(truth).collect(),
    };
    // The later the image, the poorer the box; every third is of the wrong class.
    let detections: Vec<Detection> = (1..=9)
        .map(|image: i64| Detection {
            image,
            category: if image % 3 == 0 {
                1 - image % 2
            } else {
                image % 2
            },
            bounds: [0.0, 0.0, 10.0, 10.0 - 0.6 * (image - 1) as f64].into(),
            score: 0.5 + 0.04 * ((image * 5) % 9) as f64,
        })
        .collect();
    let report = evaluate(&ground_truth, &detections, &Options::default()).unwrap();
    let curves = BoxPrecisionRecall::of(&report).unwrap();
    for (name, curve, figure) in [
        ("0.50", &curves.iou_50, report.figures.ap_50),
        ("0.75", &curves.iou_75, report.figures.ap_75),
        ("all", &curves.iou_50_95, report.figures.ap),
    ] {
        assert_eq!(curve.len(), RECALLS, "{name}");
        let area = curve.iter().sum::<f64>() / RECALLS as f64;
        let figure = figure.unwrap();
        assert!(figure > 0.1 && figure < 0.9, "{name}: {figure}");
        assert!((area - figure).abs() < 1e-12, "{name}: {area} and {figure}");
    }
    let nothing = evaluate(&GroundTruth::default(), &[], &Options::default()).unwrap();
    assert_eq!(BoxPrecisionRecall::of(&nothing), None);
}

#[test]
fn times_to_what_was_reached() {
    let epoch = |seconds, accuracy| EpochRecord {
        seconds,
        validation_accuracy: Some(accuracy),
        ..Default::default()
    };
    let times = TimeToAccuracy::of(&[epoch(1.5, 0.96), epoch(3.0, 0.985)]);
    let times: Vec<_> = times.iter().map(|t| (t.accuracy, t.seconds)).collect();
    assert_eq!(times, [(0.9, 1.5), (0.95, 1.5), (0.98, 3.0)]);
    assert!(TimeToAccuracy::of(&[]).is_empty());
}
