//! Tests of `best`.

use super::*;

fn epoch(map: Option<f64>, accuracy: Option<f64>, loss: Option<f64>) -> Option<BestEpoch> {
    let record = EpochRecord {
        validation_map: map,
        validation_accuracy: accuracy,
        validation_loss: loss,
        ..EpochRecord::default()
    };
    BestEpoch::of(&record, None)
}

#[test]
fn the_best_epoch_is_known() {
    let best = |map, accuracy, loss| epoch(map, accuracy, loss).expect("held-out images");
    assert_eq!(epoch(None, None, None), None);
    for (name, first, second, better) in [
        (
            "accuracy",
            best(None, Some(0.5), Some(1.0)),
            best(None, Some(0.6), Some(2.0)),
            true,
        ),
        (
            "a tie",
            best(None, Some(0.5), Some(1.0)),
            best(None, Some(0.5), Some(0.5)),
            false,
        ),
        (
            "average precision before loss",
            best(Some(0.5), None, Some(1.0)),
            best(Some(0.4), None, Some(0.1)),
            false,
        ),
        (
            "loss",
            best(None, None, Some(1.0)),
            best(None, None, Some(0.1)),
            true,
        ),
        (
            "not a number",
            best(None, None, Some(1.0)),
            best(None, None, Some(f64::NAN)),
            false,
        ),
    ] {
        assert!(first.beats(None, 0.0), "{name}");
        assert_eq!(second.beats(Some(&first), 0.0), better, "{name}");
    }
    assert!(!best(None, None, Some(f64::NAN)).beats(None, 0.0));
}

/// Feeds a figure an epoch; the epoch after which it is over, and the best one.
fn run(stopping: EarlyStopping, values: &[f64]) -> (Option<usize>, Option<usize>) {
    let mut best: Option<BestEpoch> = None;
    for (epoch, &value) in (1..).zip(values) {
        let record = EpochRecord {
            epoch,
            validation_loss: Some(value),
            validation_accuracy: Some(value),
            ..EpochRecord::default()
        };
        best = BestEpoch::of(&record, Some(&stopping))
            .filter(|ended| ended.beats(best.as_ref(), stopping.min_delta))
            .or(best);
        if is_over(stopping, epoch, best.as_ref()) {
            return (Some(epoch), best.map(|best| best.epoch));
        }
    }
    (None, best.map(|best| best.epoch))
}

#[test]
fn patience_and_min_delta() {
    let loss = |patience, min_delta| EarlyStopping {
        metric: Metric::Loss,
        patience,
        min_delta,
    };
    let accuracy = |patience, min_delta| EarlyStopping {
        metric: Metric::Accuracy,
        ..loss(patience, min_delta)
    };
    let nan = f64::NAN;
    #[rustfmt::skip]
    let cases: [(&str, EarlyStopping, &[f64], _); 8] = [
        ("gets better throughout", loss(1, 0.0), &[3.0, 2.0, 1.0], (None, Some(3))),
        ("one worse epoch", loss(1, 0.0), &[3.0, 2.0, 2.5, 1.0], (Some(3), Some(2))),
        ("one worse epoch is allowed", loss(2, 0.0), &[3.0, 2.0, 2.5, 1.0], (None, Some(4))),
        ("the same is not better", loss(2, 0.0), &[2.0, 2.0, 2.0], (Some(3), Some(1))),
        ("too little better", loss(2, 0.5), &[2.0, 1.6, 1.5, 1.0], (Some(3), Some(1))),
        ("little by little it is enough", loss(3, 0.5), &[2.0, 1.6, 1.4], (None, Some(3))),
        ("more is better", accuracy(1, 0.0), &[0.5, 0.6, 0.6], (Some(3), Some(2))),
        ("never a number", loss(2, 0.0), &[nan, nan, nan], (Some(2), None)),
    ];
    for (name, stopping, values, expected) in cases {
        assert_eq!(run(stopping, values), expected, "{name}");
    }
}
