//! Trials in order of merit, and their records.

use super::*;
use SweepMetric::{Accuracy, Loss};
use TrialStatus::{Failed, Finished, Stopped};

pub(crate) fn trial(number: usize, status: TrialStatus, values: &[f64]) -> TrialRecord {
    let epochs = (1..).zip(values).map(|(epoch, &value)| TrialEpoch {
        epoch,
        accuracy: Some(value),
        loss: Some(1.0 - value),
        seconds: epoch as f64 * number as f64,
        ..TrialEpoch::default()
    });
    TrialRecord {
        trial: number,
        values: BTreeMap::new(),
        status,
        reason: None,
        value: values.last().copied(),
        epochs: epochs.collect(),
    }
}

#[test]
fn the_best_come_first() {
    let trials = [
        trial(1, Stopped, &[0.9]),
        trial(2, Failed, &[]),
        trial(3, Finished, &[0.5, 0.6, 0.7]),
        trial(4, Stopped, &[0.3, 0.4]),
        trial(5, Finished, &[0.5, 0.6, 0.8]),
        trial(6, Stopped, &[0.95]),
        trial(7, Finished, &[0.1, 0.2, f64::NAN]),
        trial(8, Finished, &[0.5, 0.6, 0.8]),
    ];
    assert_eq!(ranked(&trials, Accuracy), [4, 7, 2, 6, 3, 5, 0, 1]);
    assert_eq!(best(&trials, Accuracy).map(|t| t.trial), Some(5));
    assert_eq!(best(&trials[..2], Accuracy), None);
    assert_eq!(best(&trials[6..7], Accuracy), None);
    assert_eq!(best(&[], Accuracy), None);
    // The lower loss is better.
    assert_eq!(ranked(&trials[2..5], Loss), [0, 2, 1]);
    // The third trial took 9 seconds, the fifth 15, the eighth as much quality for 24.
    assert_eq!(front(&trials, Accuracy), [2, 4]);
}

#[test]
fn records_come_back_as_written() {
    let mut record = trial(3, Finished, &[0.1 + 0.2]);
    record.values = BTreeMap::from([
        ("a".to_string(), SettingValue::Integer(3)),
        ("b".to_string(), SettingValue::Number(3.0)),
        ("c".to_string(), SettingValue::Choice("3".to_string())),
        ("d".to_string(), SettingValue::Number(1e-7)),
    ]);
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<TrialRecord>(&text).unwrap(), record);
    let texts: Vec<String> = record.values.values().map(ToString::to_string).collect();
    assert_eq!(texts, ["3", "3.0", "3", "1e-7"]);
    for name in ["random", "grid", "tpe"] {
        assert_eq!(name.parse::<Sampler>().unwrap().to_string(), name);
    }
    let message = "mAP".parse::<SweepMetric>().unwrap_err();
    assert_eq!(message, "choose one of accuracy, ap, loss");
}

#[test]
fn figures_that_are_not_finite_come_back_as_written() {
    let mut record = trial(1, Failed, &[0.5, 0.5, 0.5, 0.5]);
    record.value = None;
    let losses = [Some(f64::NAN), Some(f64::INFINITY), Some(0.25), None];
    for (epoch, loss) in record.epochs.iter_mut().zip(losses) {
        epoch.loss = loss;
    }
    let document = serde_json::to_value(&record).unwrap();
    let written: Vec<_> = (0..4_usize)
        .map(|epoch| document["epochs"][epoch]["loss"].to_string())
        .collect();
    assert_eq!(written, ["\"NaN\"", "\"Infinity\"", "0.25", "null"]);
    let text = serde_json::to_string(&record).unwrap();
    let back: TrialRecord = serde_json::from_str(&text).unwrap();
    let back_losses = back.epochs.iter().map(|epoch| epoch.loss);
    for (found, expected) in back_losses.zip(losses) {
        assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits));
    }
    assert!(back.agrees(&record), "{text}");
    assert_eq!(Loss.of(&back.epochs[0]), None);
    assert_eq!(Loss.of(&back.epochs[2]), Some(0.25));
}
