//! A search for settings on disk: what is searched (`sweep.json`), and what each trial came to (`trials.jsonl`).

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::figure;
use crate::cost::pareto_front;

/// What is searched, where, and by which figure: sweeps with equal plans are one sweep, however many trials are made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepPlan {
    /// Name of the recipe.
    pub recipe: String,
    /// The recipe that settings are changed in, with every default, as TOML.
    pub recipe_toml: String,
    /// What is varied, in the order of the command line.
    pub parameters: Vec<SweepParameter>,
    /// How settings are chosen.
    pub sampler: Sampler,
    /// What trials are judged by.
    pub metric: SweepMetric,
    /// One in this many trials continues after each rung; `None`: every trial is trained to its end.
    pub halving: Option<usize>,
    /// Seed of the choices, and of every training.
    pub seed: u64,
    /// Images to train on.
    pub train_images: usize,
    /// Held-out training images, on which trials are judged.
    pub validation_images: usize,
}

/// A setting that is varied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepParameter {
    /// Its key in the recipe, as `--set` takes it.
    pub key: String,
    /// Its values as typed: `log:1e-4..1e-1`.
    pub values: String,
    /// Its values.
    pub domain: Domain,
}

/// The values a setting may have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Domain {
    /// One of these, as TOML writes them.
    Choices {
        /// In the order of the command line.
        choices: Vec<String>,
    },
    /// A number from `low` to `high`, both included.
    Numbers {
        /// The smallest.
        low: f64,
        /// The greatest.
        high: f64,
        /// Whether equal ratios count as equal distances.
        log: bool,
        /// Whether only whole numbers count.
        integer: bool,
        /// Only this number of them, evenly spaced, with both ends.
        #[serde(skip_serializing_if = "Option::is_none")]
        points: Option<usize>,
    },
}

/// A value of a setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SettingValue {
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// A choice, as TOML writes it.
    Choice(String),
}

impl SettingValue {
    /// Where it stands on an axis of numbers; choices stand on none.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Number(number) => Some(*number),
            Self::Choice(_) => None,
        }
    }
}

impl fmt::Display for SettingValue {
    /// As `--set` takes it: a number that is not whole by its type keeps its point.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Choice(text) => f.write_str(text),
        }
    }
}

/// How settings are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampler {
    /// Each independent of the others.
    Random,
    /// Every combination, the last setting changing fastest.
    Grid,
    /// Tree-structured Parzen estimators: near what was good, away from what was bad.
    #[default]
    Tpe,
}

/// What trials are judged by, on the validation images after the last epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SweepMetric {
    /// Share of the images classified correctly; more is better.
    Accuracy,
    /// COCO's average precision of the boxes; more is better.
    Ap,
    /// Mean loss; less is better.
    Loss,
}

macro_rules! named {
    ($type:ident, $($variant:ident = $name:literal),*) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Self::$variant => $name),* })
            }
        }

        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($name => Ok(Self::$variant),)*
                    _ => Err(format!("choose one of {}", [$($name),*].join(", "))),
                }
            }
        }
    };
}

named!(Sampler, Random = "random", Grid = "grid", Tpe = "tpe");
named!(SweepMetric, Accuracy = "accuracy", Ap = "ap", Loss = "loss");

impl SweepMetric {
    /// The better first; NaN comes last.
    pub fn order(self, a: f64, b: f64) -> Ordering {
        let key = |value: f64| match (value.is_nan(), self) {
            (true, _) => f64::INFINITY,
            (false, Self::Loss) => value,
            (false, Self::Accuracy | Self::Ap) => -value,
        };
        key(a).total_cmp(&key(b))
    }

    /// The figure of an epoch as it was measured, which may be infinite or NaN.
    pub fn measured(self, epoch: &TrialEpoch) -> Option<f64> {
        match self {
            Self::Accuracy => epoch.accuracy,
            Self::Ap => epoch.ap,
            Self::Loss => epoch.loss,
        }
    }

    /// The figure of an epoch, if it was measured and is finite.
    pub fn of(self, epoch: &TrialEpoch) -> Option<f64> {
        self.measured(epoch).filter(|value| value.is_finite())
    }
}

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrialStatus {
    /// Trained to its last epoch.
    Finished,
    /// Ended at a rung, where too many others were better.
    Stopped,
    /// It could not be trained.
    Failed,
}

/// Figures of an epoch of a trial, on the validation images. One that is not finite is written as [`figure`] does.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct TrialEpoch {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Share of the images classified correctly; `None`: not measured.
    #[serde(default, with = "figure::optional")]
    pub accuracy: Option<f64>,
    /// COCO's average precision; `None`: not measured.
    #[serde(default, with = "figure::optional")]
    pub ap: Option<f64>,
    /// Mean loss; `None`: not measured.
    #[serde(default, with = "figure::optional")]
    pub loss: Option<f64>,
    /// Seconds of training so far, validation not counted.
    pub seconds: f64,
}

/// A line of `trials.jsonl`. A trial whose figure is not finite failed: `reason` says so, `epochs` has the figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialRecord {
    /// Its number, from 1.
    pub trial: usize,
    /// The value of each setting by its key.
    pub values: BTreeMap<String, SettingValue>,
    /// How it ended.
    pub status: TrialStatus,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The figure that trials are judged by, after the last epoch it was trained for, or the one that early stopping kept;
    /// `None` for a trial that failed.
    #[serde(default, with = "figure::optional")]
    pub value: Option<f64>,
    /// The epochs it was trained for.
    pub epochs: Vec<TrialEpoch>,
}

impl TrialRecord {
    /// Seconds of training.
    pub fn seconds(&self) -> f64 {
        self.epochs.last().map_or(0.0, |epoch| epoch.seconds)
    }

    /// Whether both came to the same, however long it took.
    pub fn agrees(&self, other: &Self) -> bool {
        // Compared as JSON, where NaN is a text and equals itself.
        let timeless = |record: &Self| {
            let mut record = record.clone();
            record.epochs.iter_mut().for_each(|e| e.seconds = 0.0);
            serde_json::to_value(record).ok()
        };
        timeless(self) == timeless(other)
    }
}

/// Places of the trials, the best first: those trained to their end by their figure, then those stopped early by how far
/// they came and their figure there, then those that failed. Of equals the earlier trial comes first.
pub fn ranked(trials: &[TrialRecord], metric: SweepMetric) -> Vec<usize> {
    let mut places: Vec<usize> = (0..trials.len()).collect();
    places.sort_by(|&a, &b| {
        compare(&trials[a], &trials[b], metric).then(trials[a].trial.cmp(&trials[b].trial))
    });
    places
}

/// The better of two trials first, as [`ranked`] has it; equals are equal.
pub fn compare(a: &TrialRecord, b: &TrialRecord, metric: SweepMetric) -> Ordering {
    let class = |trial: &TrialRecord| match (trial.status, trial.value) {
        (TrialStatus::Failed, _) | (_, None) => 2,
        (TrialStatus::Stopped, _) => 1,
        (TrialStatus::Finished, _) => 0,
    };
    let came = |trial: &TrialRecord| match class(trial) {
        1 => trial.epochs.len(),
        _ => 0,
    };
    let value = |trial: &TrialRecord| match class(trial) {
        2 => f64::NAN,
        _ => trial.value.unwrap_or(f64::NAN),
    };
    class(a)
        .cmp(&class(b))
        .then(came(b).cmp(&came(a)))
        .then_with(|| metric.order(value(a), value(b)))
}

/// The best trial that was trained to its end.
pub fn best(trials: &[TrialRecord], metric: SweepMetric) -> Option<&TrialRecord> {
    let first = trials.get(*ranked(trials, metric).first()?)?;
    let finite = first.value.is_some_and(f64::is_finite);
    (first.status == TrialStatus::Finished && finite).then_some(first)
}

/// Accuracy, or average precision where trials are judged by it or there is nothing else.
pub fn quality(trial: &TrialRecord, metric: SweepMetric) -> Option<f64> {
    match metric {
        SweepMetric::Ap | SweepMetric::Accuracy => trial.value,
        SweepMetric::Loss => {
            let last = trial.epochs.last()?;
            last.accuracy.or(last.ap)
        }
    }
    .filter(|value| value.is_finite())
}

/// Places of the finished trials that no other beats in both training time and [`quality`], the quickest first.
pub fn front(trials: &[TrialRecord], metric: SweepMetric) -> Vec<usize> {
    let priced: Vec<(usize, [f64; 2])> = trials
        .iter()
        .enumerate()
        .filter(|(_, trial)| trial.status == TrialStatus::Finished && trial.seconds() > 0.0)
        .filter_map(|(place, trial)| Some((place, [trial.seconds(), quality(trial, metric)?])))
        .collect();
    let points: Vec<[f64; 2]> = priced.iter().map(|(_, point)| *point).collect();
    let front = pareto_front(&points).into_iter();
    front.map(|place| priced[place].0).collect()
}

#[cfg(test)]
pub(crate) mod tests;
