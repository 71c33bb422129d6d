//! Figures equal those of scikit-learn, statsmodels and scipy (`golden/classification.py`).

use measure::calibration::{reliability_equal_mass, reliability_equal_width};
use measure::classification::{Average, Confusion, Probabilities};
use measure::significance::{holm, mcnemar_exact, wilson_95};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
    mcnemar: Vec<McNemar>,
    wilson: Vec<Wilson>,
    holm: Vec<Holm>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    classes: usize,
    truth: Vec<usize>,
    answer: Vec<usize>,
    probabilities: Vec<f32>,
    confusion: Vec<Vec<u64>>,
    accuracy: f64,
    balanced_accuracy: f64,
    /// Precision, recall, F1, support; each `[K]`.
    per_class: [Vec<f64>; 4],
    /// Precision, recall, F1.
    #[serde(rename = "macro")]
    macro_average: [f64; 3],
    micro: [f64; 3],
    weighted: [f64; 3],
    cohens_kappa: f64,
    matthews: f64,
    top_1: Option<f64>,
    top_2: Option<f64>,
    log_loss: f64,
    brier: f64,
    roc_auc: Vec<Option<f64>>,
    average_precision: Vec<Option<f64>>,
    roc_auc_macro: Option<f64>,
    average_precision_macro: Option<f64>,
    /// Images, confidence and accuracy of each bin that is not empty.
    reliability: [Vec<f64>; 3],
    ece: f64,
    ece_equal_mass: f64,
}

#[derive(Deserialize)]
struct McNemar {
    only_a: u64,
    only_b: u64,
    p_value: f64,
}

#[derive(Deserialize)]
struct Wilson {
    successes: u64,
    trials: u64,
    low: f64,
    high: f64,
}

#[derive(Deserialize)]
struct Holm {
    p_values: Vec<f64>,
    adjusted: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/classification.json")).unwrap()
}

/// Equal to 1e-12, relative above 1.
#[track_caller]
fn close(found: f64, expected: f64, what: &str) {
    let tolerance = 1e-12 * expected.abs().max(1.0);
    assert!(
        (found - expected).abs() <= tolerance,
        "{what}: {found}, expected {expected}"
    );
}

#[test]
fn counts_as_scikit_learn() {
    for case in golden().cases {
        let name = &case.name;
        let confusion = Confusion::count(&case.truth, &case.answer, case.classes).unwrap();
        assert_eq!(confusion.rows(), case.confusion, "{name}");
        close(confusion.accuracy(), case.accuracy, name);
        close(confusion.balanced_accuracy(), case.balanced_accuracy, name);
        close(confusion.cohens_kappa(), case.cohens_kappa, name);
        close(confusion.matthews(), case.matthews, name);
        let [precision, recall, f1, support] = &case.per_class;
        let per_class = confusion.per_class();
        assert_eq!(per_class.len(), precision.len(), "{name}");
        for (class, scores) in per_class.iter().enumerate() {
            let what = format!("{name}, class {class}");
            close(scores.precision, precision[class], &what);
            close(scores.recall, recall[class], &what);
            close(scores.f1, f1[class], &what);
            close(scores.support as f64, support[class], &what);
        }
        // Averaged over images, all three are the accuracy.
        for expected in case.micro {
            close(confusion.accuracy(), expected, name);
        }
        for (average, expected) in [
            (Average::Macro, case.macro_average),
            (Average::Weighted, case.weighted),
        ] {
            let what = format!("{name}, {average:?}");
            let scores = confusion.average(average);
            close(scores.precision, expected[0], &what);
            close(scores.recall, expected[1], &what);
            close(scores.f1, expected[2], &what);
        }
    }
}

#[test]
fn probabilities_as_scikit_learn() {
    for case in golden().cases {
        let name = &case.name;
        let figures = Probabilities::new(&case.probabilities, &case.truth, case.classes).unwrap();
        for (k, expected) in [(1, case.top_1), (2, case.top_2)] {
            if let Some(expected) = expected {
                close(figures.top_k(k), expected, &format!("{name}, top {k}"));
            }
        }
        close(figures.log_loss(), case.log_loss, name);
        close(figures.brier(), case.brier, name);
        for (what, found, expected) in [
            ("mean ROC AUC", figures.roc_auc_macro(), case.roc_auc_macro),
            (
                "mean average precision",
                figures.average_precision_macro(),
                case.average_precision_macro,
            ),
        ] {
            let what = format!("{name}, {what}");
            assert_eq!(found.is_some(), expected.is_some(), "{what}");
            close(found.unwrap_or(0.0), expected.unwrap_or(0.0), &what);
        }
        for class in 0..case.classes {
            for (what, found, expected) in [
                ("ROC AUC", figures.roc_auc(class), case.roc_auc[class]),
                (
                    "average precision",
                    figures.average_precision(class),
                    case.average_precision[class],
                ),
            ] {
                let what = format!("{name}, {what} of class {class}");
                assert_eq!(found.is_some(), expected.is_some(), "{what}");
                close(found.unwrap_or(0.0), expected.unwrap_or(0.0), &what);
            }
        }
    }
}

#[test]
fn calibration_as_scikit_learn() {
    for case in golden().cases {
        let name = &case.name;
        let rows = case.probabilities.chunks(case.classes).zip(&case.answer);
        let confidences: Vec<f32> = rows.map(|(row, &answer)| row[answer]).collect();
        let answers = case.truth.iter().zip(&case.answer);
        let correct: Vec<bool> = answers.map(|(truth, answer)| truth == answer).collect();
        let reliability = reliability_equal_width(&confidences, &correct, 15).unwrap();
        assert_eq!(reliability.bins.len(), 15, "{name}");
        let mut filled = reliability.bins.clone();
        filled.retain(|bin| bin.images > 0);
        let [images, confidence, accuracy] = &case.reliability;
        assert_eq!(filled.len(), images.len(), "{name}");
        for (bin, found) in filled.iter().enumerate() {
            let what = format!("{name}, bin {bin}");
            close(found.images as f64, images[bin], &what);
            close(found.confidence, confidence[bin], &what);
            close(found.accuracy, accuracy[bin], &what);
        }
        close(reliability.ece(), case.ece, name);
        let equal_mass = reliability_equal_mass(&confidences, &correct, 15).unwrap();
        close(equal_mass.ece(), case.ece_equal_mass, name);
    }
}

#[test]
fn mcnemar_to_ten_digits() {
    for case in golden().mcnemar {
        for found in [
            mcnemar_exact(case.only_a, case.only_b),
            mcnemar_exact(case.only_b, case.only_a),
        ] {
            let off = (found - case.p_value).abs();
            assert!(
                off <= 1e-10 * case.p_value,
                "{} to {}: {found}, expected {}",
                case.only_a,
                case.only_b,
                case.p_value
            );
        }
    }
}

#[test]
fn wilson_as_statsmodels() {
    for case in golden().wilson {
        let what = format!("{} of {}", case.successes, case.trials);
        let interval = wilson_95(case.successes, case.trials);
        close(interval.low, case.low, &what);
        close(interval.high, case.high, &what);
    }
}

#[test]
fn holm_as_statsmodels() {
    for case in golden().holm {
        let found = holm(&case.p_values);
        assert_eq!(found.len(), case.adjusted.len());
        for (found, expected) in found.into_iter().zip(case.adjusted) {
            close(found, expected, &format!("{:?}", case.p_values));
        }
    }
}
