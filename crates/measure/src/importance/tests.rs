//! Importance against the textbook, and on made-up sweeps.

use super::*;
use crate::record::{Domain, TrialStatus};
use std::collections::BTreeMap;

/// H by the textbook's formula (sums of ranks, divided by `1 - sum(t^3 - t) / (n^3 - n)` for ties), in Python; the
/// second is the example of R's `kruskal.test`.
#[test]
fn is_that_of_the_textbook() {
    let rank = |values: &[&[f64]]| {
        let all: Vec<f64> = values.concat();
        let mut ranks = mid_ranks(&all, |a, b| a.total_cmp(b)).into_iter();
        values
            .iter()
            .map(|group| ranks.by_ref().take(group.len()).collect())
            .collect::<Vec<Vec<f64>>>()
    };
    let cases: [(&[&[f64]], f64); 3] = [
        (&[&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0, 9.0]], 6.0),
        (
            &[
                &[2.9, 3.0, 2.5, 2.6, 3.2],
                &[3.8, 2.7, 4.0, 2.4],
                &[2.8, 3.4, 3.7, 2.2, 2.0],
            ],
            0.771_428_571_428_572_2,
        ),
        (
            &[&[1.0, 1.0, 2.0, 3.0], &[3.0, 4.0, 4.0, 5.0, 5.0]],
            5.601724137931034,
        ),
    ];
    for (values, h) in cases {
        let (n, k) = (values.concat().len() as f64, values.len() as f64);
        let expected = ((h - k + 1.0) / (n - k)).clamp(0.0, 1.0);
        let found = epsilon_squared(&rank(values)).unwrap();
        assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    }
    assert_eq!(epsilon_squared(&[vec![1.0, 2.0]]), None);
    assert_eq!(epsilon_squared(&[vec![1.0], vec![2.0]]), None);
    assert_eq!(epsilon_squared(&[vec![2.0, 2.0], vec![2.0]]), None);
}

fn sweep(
    values: impl Fn(usize) -> [SettingValue; 3],
    figure: impl Fn(usize) -> f64,
) -> Vec<Importance> {
    let keys = ["matters", "choice", "noise"];
    let trials = (0..40).map(|i| TrialRecord {
        trial: i + 1,
        values: keys
            .map(String::from)
            .into_iter()
            .zip(values(i))
            .collect::<BTreeMap<_, _>>(),
        status: TrialStatus::Finished,
        reason: None,
        value: Some(figure(i)),
        epochs: Vec::new(),
    });
    let parameter = |key: &&str| SweepParameter {
        key: key.to_string(),
        values: String::new(),
        domain: Domain::Choices {
            choices: Vec::new(),
        },
    };
    let parameters: Vec<SweepParameter> = keys.iter().map(parameter).collect();
    importances(
        &parameters,
        &trials.collect::<Vec<_>>(),
        SweepMetric::Accuracy,
    )
}

#[test]
fn what_matters_stands_out() {
    use SettingValue::{Choice, Integer, Number};
    let found = sweep(
        |i| {
            let choice = if i % 2 == 0 { "adam" } else { "sgd" };
            // 7 and 40 have no common divisor: an order that has nothing to do with the others.
            [
                Number(i as f64 / 40.0),
                Choice(choice.into()),
                Integer((i * 7 % 40) as i64),
            ]
        },
        |i| i as f64 / 40.0 + if i % 2 == 0 { 0.1 } else { 0.0 },
    );
    let share = |place: usize| found[place].importance.unwrap();
    assert!(share(0) > 0.9, "{found:?}");
    assert!(share(1) < 0.2 && share(2) < 0.2, "{found:?}");
    assert!(
        matches!(found[0].best_quarter[..], [Number(low), Number(high)] if low >= 0.7 && high == 39.0 / 40.0)
    );
    assert_eq!(found[1].best_quarter[0], Choice("adam".into()));
    // One value only, and too few trials, say nothing.
    let same = sweep(|_| [Integer(1), Integer(1), Integer(1)], |i| i as f64);
    assert!(same.iter().all(|one| one.importance.is_none()));
    assert!(importances(&[], &[], SweepMetric::Loss).is_empty());
}

#[test]
fn equal_values_are_never_parted() {
    use SettingValue::Integer;
    let values: Vec<SettingValue> = (0..40).map(|i| Integer(i / 13)).collect();
    let rows: Vec<(&SettingValue, f64)> = values.iter().map(|value| (value, 1.0)).collect();
    let sizes: Vec<usize> = groups(&rows).iter().map(Vec::len).collect();
    assert_eq!(sizes, [13, 13, 13, 1]);
    let values: Vec<SettingValue> = (0..40).map(Integer).collect();
    let rows: Vec<(&SettingValue, f64)> = values.iter().map(|value| (value, 1.0)).collect();
    let sizes: Vec<usize> = groups(&rows).iter().map(Vec::len).collect();
    assert_eq!(sizes, [8; 5]);
}
