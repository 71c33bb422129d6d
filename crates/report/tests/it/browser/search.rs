//! A made-up search, for the look of its page.

use std::collections::BTreeMap;

use measure::record::{
    Domain, Sampler, SettingValue, SweepMetric, SweepParameter, SweepPlan, TrialEpoch, TrialRecord,
    TrialStatus,
};
use report::{Language, SweepReport, sweep_html};

/// Trials of the search.
const TRIALS: usize = 60;

/// The page of a search over every kind of setting.
pub fn page(language: Language) -> String {
    let numbers = |low, high, log, integer| Domain::Numbers {
        low,
        high,
        log,
        integer,
        points: None,
    };
    let choices = |all: &[&str]| Domain::Choices {
        choices: all.iter().map(ToString::to_string).collect(),
    };
    let parameters = [
        (
            "training.optimizer.learning-rate",
            "log:1e-5..1",
            numbers(1e-5, 1.0, true, false),
        ),
        (
            "training.optimizer.name",
            "adam,adamw,sgd,rmsprop",
            choices(&["adam", "adamw", "sgd", "rmsprop"]),
        ),
        (
            "training.schedule",
            "{name=\"one-cycle\"},{name=\"constant\"}",
            choices(&["{name=\"one-cycle\"}", "{name=\"constant\"}"]),
        ),
        (
            "training.label-smoothing",
            "lin:0..0.2",
            numbers(0.0, 0.2, false, false),
        ),
        (
            "model.layers[0].conv",
            "8..24",
            numbers(8.0, 24.0, false, true),
        ),
    ];
    let parameters = parameters.map(|(key, values, domain)| SweepParameter {
        key: key.into(),
        values: values.into(),
        domain,
    });
    let trial = |number: usize| {
        // Three numbers without a pattern.
        let [a, b, c] =
            [0.618_034, 0.414_214, 0.732_051].map(|step| (number as f64 * step).fract());
        let status = match number % 5 {
            0 => TrialStatus::Failed,
            1 | 2 => TrialStatus::Finished,
            _ => TrialStatus::Stopped,
        };
        let epochs = match status {
            TrialStatus::Failed => 0,
            TrialStatus::Stopped => 1 + number % 2 * 2,
            TrialStatus::Finished => 5,
        };
        let accuracy = |epoch: usize| {
            1.0 - (0.005 + 0.6 * (a - 0.55).powi(2) + 0.01 * b)
                * (1.0 + 6.0 / (epoch * epoch) as f64)
                / 2.0
        };
        let epochs = (1..=epochs).map(|epoch| TrialEpoch {
            epoch,
            accuracy: Some(accuracy(epoch)),
            ap: None,
            loss: Some(2.0 - 2.0 * accuracy(epoch)),
            seconds: epoch as f64 * (20.0 + 80.0 * c),
        });
        let epochs: Vec<TrialEpoch> = epochs.collect();
        let values = [
            SettingValue::Number(rounded(10_f64.powf(-5.0 + 5.0 * a))),
            SettingValue::Choice(["adam", "adamw", "sgd", "rmsprop"][number % 4].into()),
            SettingValue::Choice(
                ["{name=\"one-cycle\"}", "{name=\"constant\"}"][number / 2 % 2].into(),
            ),
            SettingValue::Number(rounded(0.2 * b)),
            SettingValue::Integer(8 + (16.0 * c) as i64),
        ];
        TrialRecord {
            trial: number,
            values: parameters
                .iter()
                .map(|p| p.key.clone())
                .zip(values)
                .collect::<BTreeMap<_, _>>(),
            status,
            reason: (status == TrialStatus::Failed)
                .then(|| "the loss became NaN in step 7".to_string()),
            value: epochs.last().and_then(|epoch| epoch.accuracy),
            epochs,
        }
    };
    let trials: Vec<TrialRecord> = (1..=TRIALS).map(trial).collect();
    let plan = SweepPlan {
        recipe: "my-digits".into(),
        recipe_toml: String::new(),
        parameters: parameters.to_vec(),
        sampler: Sampler::Tpe,
        metric: SweepMetric::Accuracy,
        halving: Some(3),
        seed: 0,
        train_images: 55_000,
        validation_images: 5_000,
    };
    sweep_html(&SweepReport {
        plan: &plan,
        trials: &trials,
        best_toml: Some("[training]\nepochs = 5\nbatch-size = 64\n"),
        best_file: "runs/my-digits-sweep/best.toml",
        base_file: "runs/my-digits-sweep/base.toml",
        command: "atelier sweep my-digits.toml --trials 60 --vary training.optimizer.learning-rate=log:1e-5..1",
        date: "2026-01-31T12:00:00Z",
        language,
    })
}

/// With four digits, as the search itself rounds.
fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().expect("a number")
}
