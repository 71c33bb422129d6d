//! The figures of a comparison, row by row: one definition for every format of the report.

use serde::Serialize;

use super::format::{ABSENT, fill};
use super::seeds::columns;
use super::words::Words;
use super::{Language, Report};
use measure::record::{
    ACCURACIES, ClassificationScores, Energy, EpochRecord, Evaluation, LocalisationFigures,
};
use measure::significance::Spread;

/// What stands between a mean and its standard deviation.
pub const PLUS_MINUS: &str = " ± ";

/// Which direction is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// More.
    Higher,
    /// Less.
    Lower,
}

/// What a row shows and how.
pub struct Definition {
    /// Its name in data files, the same in every language.
    key: &'static str,
    name: fn(&Words) -> &'static str,
    better: Better,
    value: fn(&Evaluation) -> Option<f64>,
    show: fn(Language, f64) -> String,
}

/// A row of the comparison table.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name in data files, the same in every language.
    pub key: &'static str,
    /// What is measured.
    pub name: &'static str,
    /// Which direction is good.
    pub better: Better,
    /// How a single figure is shown.
    pub show: fn(Language, f64) -> String,
    /// One a column: a contestant, or a recipe over its seeds.
    pub cells: Vec<Cell>,
}

/// A figure of a contestant, or of a recipe over its seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The figure, over seeds the mean; `None` where it was not measured or is not a number, be it of one training.
    pub value: Option<f64>,
    /// Sample standard deviation from seed to seed; `None` without several seeds.
    pub sd: Option<f64>,
    /// The figure of each training.
    pub each: Vec<Option<f64>>,
    /// As it is shown; a dash where there is none.
    pub text: String,
    /// Whether it is the best of the row. A row has no best when its best figures look the same.
    pub best: bool,
}

/// How good the answers are.
pub const QUALITY: &[Definition] = &[
    Definition {
        key: "accuracy",
        name: |w| w.accuracy,
        better: Better::Higher,
        value: |e| answers(e, |a| a.accuracy),
        show: |l, v| l.percent(v, 2),
    },
    Definition {
        key: "f1_macro",
        name: |w| w.f1_macro,
        better: Better::Higher,
        value: |e| answers(e, |a| a.f1_macro),
        show: |l, v| l.decimal(v, 4),
    },
    Definition {
        key: "precision_macro",
        name: |w| w.precision_macro,
        better: Better::Higher,
        value: |e| answers(e, |a| a.precision_macro),
        show: |l, v| l.decimal(v, 4),
    },
    Definition {
        key: "recall_macro",
        name: |w| w.recall_macro,
        better: Better::Higher,
        value: |e| answers(e, |a| a.recall_macro),
        show: |l, v| l.decimal(v, 4),
    },
    Definition {
        key: "loss",
        name: |w| w.loss,
        better: Better::Lower,
        value: |e| answers(e, |a| a.loss),
        show: |l, v| l.decimal(v, 4),
    },
    Definition {
        key: "ece",
        name: |w| w.ece,
        better: Better::Lower,
        value: |e| answers(e, |a| a.ece),
        show: |l, v| l.percent(v, 2),
    },
    Definition {
        key: "mean_iou",
        name: |w| w.mean_iou,
        better: Better::Higher,
        value: |e| boxes(e, |b| Some(b.mean_iou)),
        show: |l, v| l.decimal(v, 3),
    },
    Definition {
        key: "map_50",
        name: |w| w.map_50,
        better: Better::Higher,
        value: |e| boxes(e, |b| b.map_50),
        show: |l, v| l.decimal(v, 3),
    },
    Definition {
        key: "map",
        name: |w| w.map,
        better: Better::Higher,
        value: |e| boxes(e, |b| b.map),
        show: |l, v| l.decimal(v, 3),
    },
];

/// What the answers cost.
pub const COST: &[Definition] = &[
    Definition {
        key: "train_time",
        name: |w| w.train_time,
        better: Better::Lower,
        value: |e| measured(e.train_s),
        show: Language::duration,
    },
    Definition {
        key: "throughput",
        name: |w| w.throughput,
        better: Better::Higher,
        value: |e| measured(e.infer_images_per_s),
        show: Language::significant,
    },
    Definition {
        key: "latency_p50",
        name: |w| w.latency_p50,
        better: Better::Lower,
        value: |e| measured(e.speed.as_ref()?.latency_1.p50_ms),
        show: Language::milliseconds,
    },
    Definition {
        key: "train_energy",
        name: |w| w.train_energy,
        better: Better::Lower,
        value: |e| energy(e, |energy| energy.train_j),
        show: Language::joules,
    },
    Definition {
        key: "infer_energy",
        name: |w| w.infer_energy,
        better: Better::Lower,
        value: |e| energy(e, |energy| energy.infer_j_per_image),
        show: Language::joules,
    },
    Definition {
        key: "parameters",
        name: |w| w.parameters,
        better: Better::Lower,
        value: |e| measured(e.parameters as f64),
        show: |l, v| l.count(v as u64),
    },
    Definition {
        key: "multiply_adds",
        name: |w| w.multiply_adds,
        better: Better::Lower,
        value: |e| measured(e.multiply_adds as f64),
        show: Language::metric,
    },
    Definition {
        key: "file_size",
        name: |w| w.file_size,
        better: Better::Lower,
        value: |e| measured(e.model_bytes as f64),
        show: Language::bytes,
    },
    Definition {
        key: "peak_memory",
        name: |w| w.peak_memory,
        better: Better::Lower,
        value: |e| e.peak_rss_mib.and_then(measured),
        show: Language::mebibytes,
    },
];

/// Figures for those who ask: not in the first table.
pub const FURTHER: &[Definition] = &[
    Definition {
        key: "balanced_accuracy",
        name: |w| w.balanced_accuracy,
        better: Better::Higher,
        value: |e| answers(e, |a| a.balanced_accuracy),
        show: |l, v| l.percent(v, 2),
    },
    Definition {
        key: "top_2",
        name: |w| w.top_2,
        better: Better::Higher,
        value: |e| answers(e, |a| a.top_2),
        show: |l, v| l.percent(v, 2),
    },
    Definition {
        key: "cohens_kappa",
        name: |w| w.cohens_kappa,
        better: Better::Higher,
        value: |e| answers(e, |a| a.cohens_kappa),
        show: |l, v| l.decimal(v, 4),
    },
    Definition {
        key: "matthews",
        name: |w| w.matthews,
        better: Better::Higher,
        value: |e| answers(e, |a| a.matthews),
        show: |l, v| l.decimal(v, 4),
    },
    Definition {
        key: "brier",
        name: |w| w.brier,
        better: Better::Lower,
        value: |e| answers(e, |a| a.brier),
        show: |l, v| l.decimal(v, 4),
    },
    Definition {
        key: "ece_equal_mass",
        name: |w| w.ece_equal_mass,
        better: Better::Lower,
        value: |e| answers(e, |a| a.ece_equal_mass),
        show: |l, v| l.percent(v, 2),
    },
    Definition {
        key: "precision_weighted",
        name: |w| w.precision_weighted,
        better: Better::Higher,
        value: |e| weighted(e, |a| a.precision_weighted),
        show: |l, v| l.decimal(v, 4),
    },
    Definition {
        key: "f1_weighted",
        name: |w| w.f1_weighted,
        better: Better::Higher,
        value: |e| weighted(e, |a| a.f1_weighted),
        show: |l, v| l.decimal(v, 4),
    },
    Definition {
        key: "roc_auc_macro",
        name: |w| w.roc_auc_macro,
        better: Better::Higher,
        value: |e| weighted(e, |a| a.roc_auc_macro),
        show: |l, v| l.decimal(v, 5),
    },
    Definition {
        key: "average_precision_macro",
        name: |w| w.average_precision_macro,
        better: Better::Higher,
        value: |e| weighted(e, |a| a.average_precision_macro),
        show: |l, v| l.decimal(v, 5),
    },
    Definition {
        key: "found",
        name: |w| w.found,
        better: Better::Higher,
        value: |e| boxes(e, |b| b.found),
        show: |l, v| l.percent(v, 2),
    },
    Definition {
        key: "found_accuracy",
        name: |w| w.found_accuracy,
        better: Better::Higher,
        value: |e| boxes(e, |b| b.found_accuracy),
        show: |l, v| l.percent(v, 2),
    },
    Definition {
        key: "map_75",
        name: |w| w.map_75,
        better: Better::Higher,
        value: |e| boxes(e, |b| b.map_75),
        show: |l, v| l.decimal(v, 3),
    },
    Definition {
        key: "mar_1",
        name: |w| w.mar_1,
        better: Better::Higher,
        value: |e| boxes(e, |b| b.mar_1),
        show: |l, v| l.decimal(v, 3),
    },
    Definition {
        key: "mar_100",
        name: |w| w.mar_100,
        better: Better::Higher,
        value: |e| boxes(e, |b| b.mar_100),
        show: |l, v| l.decimal(v, 3),
    },
    Definition {
        key: "latency_p95",
        name: |w| w.latency_p95,
        better: Better::Lower,
        value: |e| measured(e.speed.as_ref()?.latency_1.p95_ms),
        show: Language::milliseconds,
    },
    Definition {
        key: "latency_p99",
        name: |w| w.latency_p99,
        better: Better::Lower,
        value: |e| measured(e.speed.as_ref()?.latency_1.p99_ms),
        show: Language::milliseconds,
    },
];

/// The rows of `definitions` that at least one contestant has a figure for.
pub fn rows(report: &Report<'_>, definitions: &[Definition], words: &Words) -> Vec<Row> {
    let columns = columns(report);
    let row = |definition: &Definition| {
        let show = |value| (definition.show)(report.language, value);
        let cells = columns.iter().map(|column| {
            let contestants = column.runs.iter().map(|run| &report.contestants[*run]);
            let values =
                contestants.map(|c| (definition.value)(c.evaluation).filter(|v| v.is_finite()));
            let each: Vec<Option<f64>> = values.collect();
            let known: Option<Vec<f64>> = each.iter().copied().collect();
            let spread = known.and_then(|values| Spread::of(&values));
            let mean = show(spread.map_or(f64::NAN, |spread| spread.mean));
            let sd = spread.and_then(|spread| spread.sd).map(show);
            // A spread that rounding hides, or of what no training changes, is none to tell.
            let sd = sd.filter(|sd| sd.contains(|c: char| ('1'..='9').contains(&c)));
            Cell {
                value: spread.map(|spread| spread.mean),
                sd: spread.and_then(|spread| spread.sd),
                each,
                text: match sd {
                    Some(sd) => format!("{mean}{PLUS_MINUS}{sd}"),
                    None => mean,
                },
                best: false,
            }
        });
        let mut cells: Vec<Cell> = cells.collect();
        mark_best(&mut cells, definition.better);
        Row {
            key: definition.key,
            name: (definition.name)(words),
            better: definition.better,
            show: definition.show,
            cells,
        }
    };
    let rows = definitions.iter().map(row);
    rows.filter(|row| row.cells.iter().any(|cell| cell.value.is_some()))
        .collect()
}

fn mark_best(cells: &mut [Cell], better: Better) {
    let sign = if better == Better::Higher { 1.0 } else { -1.0 };
    let figures = cells.iter().enumerate();
    let figures = figures.filter_map(|(index, cell)| cell.value.map(|v| (index, sign * v)));
    let mut order: Vec<(usize, f64)> = figures.collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    // A single figure is best of nothing, and a difference that rounding hides is none to praise.
    if let [(first, _), (second, _), ..] = order[..]
        && shown_mean(&cells[first]) != shown_mean(&cells[second])
    {
        cells[first].best = true;
    }
}

fn shown_mean(cell: &Cell) -> &str {
    cell.text
        .split_once(PLUS_MINUS)
        .map_or(&cell.text, |(mean, _)| mean)
}

fn answers(evaluation: &Evaluation, figure: fn(&ClassificationScores) -> f64) -> Option<f64> {
    evaluation.classification.as_ref().map(figure)
}

fn boxes(evaluation: &Evaluation, figure: fn(&LocalisationFigures) -> Option<f64>) -> Option<f64> {
    evaluation.localisation.as_ref().and_then(figure)
}

fn weighted(
    evaluation: &Evaluation,
    figure: fn(&ClassificationScores) -> Option<f64>,
) -> Option<f64> {
    evaluation.classification.as_ref().and_then(figure)
}

fn energy(evaluation: &Evaluation, figure: fn(&Energy) -> Option<f64>) -> Option<f64> {
    evaluation.energy.as_ref().and_then(figure)
}

/// A cost of zero was not measured.
fn measured(value: f64) -> Option<f64> {
    (value > 0.0).then_some(value)
}

/// How long a column's trainings took to an accuracy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeTo {
    /// Mean of those that reached it, in seconds of training.
    pub seconds: f64,
    /// How many reached it.
    pub reached: usize,
    /// How many there are.
    pub trainings: usize,
}

impl TimeTo {
    /// With how many reached it, where not all did.
    pub fn text(&self, language: Language) -> String {
        let time = language.duration(self.seconds);
        if self.reached == self.trainings {
            return time;
        }
        let [reached, all] = [self.reached, self.trainings].map(|n| language.count(n as u64));
        let values = [("time", &*time), ("reached", &reached), ("all", &all)];
        fill(Words::of(language).some_reached, &values)
    }
}

/// Some round accuracies that anyone reached while training, and how long each column took to them; empty without
/// validation images.
pub fn times_to_accuracy(report: &Report<'_>) -> Vec<(f64, Vec<Option<TimeTo>>)> {
    let columns = columns(report);
    let time = |target: f64| {
        let times = columns.iter().map(|column| {
            let runs = column.runs.iter();
            let times = runs.flat_map(|run| &report.contestants[*run].evaluation.time_to_accuracy);
            let times = times.filter(|time| time.accuracy == target);
            let times: Vec<f64> = times.map(|time| time.seconds).collect();
            Some(TimeTo {
                seconds: Spread::of(&times)?.mean,
                reached: times.len(),
                trainings: column.runs.len(),
            })
        });
        (target, times.collect::<Vec<_>>())
    };
    let times = ACCURACIES.map(time).into_iter();
    times
        .filter(|(_, times)| times.iter().any(Option::is_some))
        .collect()
}

/// A time to an accuracy as it is shown; a dash where no training reached it.
pub fn time_text(language: Language, time: &Option<TimeTo>) -> String {
    time.map_or(ABSENT.to_string(), |time| time.text(language))
}

/// An epoch as it is shown, in the order of the words' `epoch_columns`.
pub fn epoch(language: Language, epoch: &EpochRecord) -> [String; 8] {
    let loss = |value: Option<f64>| language.decimal(value.unwrap_or(f64::NAN), 4);
    let share = |value: Option<f64>| language.percent(value.unwrap_or(f64::NAN), 2);
    [
        language.count(epoch.epoch as u64),
        loss(Some(epoch.train_loss)),
        loss(epoch.validation_loss),
        share(epoch.train_accuracy),
        share(epoch.validation_accuracy),
        language.decimal(epoch.learning_rate, 6),
        language.duration(epoch.seconds),
        language.significant(epoch.images_per_s),
    ]
}
