//! The figures of a comparison, row by row: one definition for every format of the report.

use super::Report;
use super::format::{bytes, count, decimal, duration, metric, percent, significant, with_unit};
use super::words::Words;
use crate::record::{ClassificationScores, Evaluation, LocalisationFigures};

/// Which direction is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// More.
    Higher,
    /// Less.
    Lower,
}

/// What a row shows and how.
pub struct Definition {
    name: fn(&Words) -> &'static str,
    better: Better,
    value: fn(&Evaluation) -> Option<f64>,
    show: fn(f64) -> String,
}

/// A row of the comparison table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What is measured.
    pub name: &'static str,
    /// Which direction is good.
    pub better: Better,
    /// One a contestant.
    pub cells: Vec<Cell>,
}

/// A figure of a contestant.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The figure; `None` where it was not measured or is not a number.
    pub value: Option<f64>,
    /// As it is shown; a dash where there is none.
    pub text: String,
    /// Whether it is the best of the row. A row has no best when its best figures look the same.
    pub best: bool,
}

/// How good the answers are.
pub const QUALITY: &[Definition] = &[
    Definition {
        name: |w| w.accuracy,
        better: Better::Higher,
        value: |e| answers(e, |a| a.accuracy),
        show: |v| percent(v, 2),
    },
    Definition {
        name: |w| w.f1_macro,
        better: Better::Higher,
        value: |e| answers(e, |a| a.f1_macro),
        show: |v| decimal(v, 4),
    },
    Definition {
        name: |w| w.precision_macro,
        better: Better::Higher,
        value: |e| answers(e, |a| a.precision_macro),
        show: |v| decimal(v, 4),
    },
    Definition {
        name: |w| w.recall_macro,
        better: Better::Higher,
        value: |e| answers(e, |a| a.recall_macro),
        show: |v| decimal(v, 4),
    },
    Definition {
        name: |w| w.loss,
        better: Better::Lower,
        value: |e| answers(e, |a| a.loss),
        show: |v| decimal(v, 4),
    },
    Definition {
        name: |w| w.ece,
        better: Better::Lower,
        value: |e| answers(e, |a| a.ece),
        show: |v| percent(v, 2),
    },
    Definition {
        name: |w| w.mean_iou,
        better: Better::Higher,
        value: |e| boxes(e, |b| Some(b.mean_iou)),
        show: |v| decimal(v, 3),
    },
    Definition {
        name: |w| w.map_50,
        better: Better::Higher,
        value: |e| boxes(e, |b| b.map_50),
        show: |v| decimal(v, 3),
    },
    Definition {
        name: |w| w.map,
        better: Better::Higher,
        value: |e| boxes(e, |b| b.map),
        show: |v| decimal(v, 3),
    },
];

/// What the answers cost.
pub const COST: &[Definition] = &[
    Definition {
        name: |w| w.train_time,
        better: Better::Lower,
        value: |e| measured(e.train_s),
        show: duration,
    },
    Definition {
        name: |w| w.throughput,
        better: Better::Higher,
        value: |e| measured(e.infer_images_per_s),
        show: significant,
    },
    Definition {
        name: |w| w.parameters,
        better: Better::Lower,
        value: |e| measured(e.parameters as f64),
        show: |v| count(v as u64),
    },
    Definition {
        name: |w| w.multiply_adds,
        better: Better::Lower,
        value: |e| measured(e.multiply_adds as f64),
        show: metric,
    },
    Definition {
        name: |w| w.file_size,
        better: Better::Lower,
        value: |e| measured(e.model_bytes as f64),
        show: bytes,
    },
    Definition {
        name: |w| w.peak_memory,
        better: Better::Lower,
        value: |e| e.peak_rss_mib.and_then(measured),
        show: |v| with_unit(&decimal(v, 0), "MiB"),
    },
];

/// Figures for those who ask: not in the first table.
pub const FURTHER: &[Definition] = &[
    Definition {
        name: |w| w.balanced_accuracy,
        better: Better::Higher,
        value: |e| answers(e, |a| a.balanced_accuracy),
        show: |v| percent(v, 2),
    },
    Definition {
        name: |w| w.top_2,
        better: Better::Higher,
        value: |e| answers(e, |a| a.top_2),
        show: |v| percent(v, 2),
    },
    Definition {
        name: |w| w.cohens_kappa,
        better: Better::Higher,
        value: |e| answers(e, |a| a.cohens_kappa),
        show: |v| decimal(v, 4),
    },
    Definition {
        name: |w| w.matthews,
        better: Better::Higher,
        value: |e| answers(e, |a| a.matthews),
        show: |v| decimal(v, 4),
    },
    Definition {
        name: |w| w.brier,
        better: Better::Lower,
        value: |e| answers(e, |a| a.brier),
        show: |v| decimal(v, 4),
    },
    Definition {
        name: |w| w.ece_equal_mass,
        better: Better::Lower,
        value: |e| answers(e, |a| a.ece_equal_mass),
        show: |v| percent(v, 2),
    },
    Definition {
        name: |w| w.found,
        better: Better::Higher,
        value: |e| boxes(e, |b| b.found),
        show: |v| percent(v, 2),
    },
    Definition {
        name: |w| w.found_accuracy,
        better: Better::Higher,
        value: |e| boxes(e, |b| b.found_accuracy),
        show: |v| percent(v, 2),
    },
    Definition {
        name: |w| w.map_75,
        better: Better::Higher,
        value: |e| boxes(e, |b| b.map_75),
        show: |v| decimal(v, 3),
    },
    Definition {
        name: |w| w.mar_1,
        better: Better::Higher,
        value: |e| boxes(e, |b| b.mar_1),
        show: |v| decimal(v, 3),
    },
    Definition {
        name: |w| w.mar_100,
        better: Better::Higher,
        value: |e| boxes(e, |b| b.mar_100),
        show: |v| decimal(v, 3),
    },
];

/// The rows of `definitions` that at least one contestant has a figure for.
pub fn rows(report: &Report<'_>, definitions: &[Definition], words: &Words) -> Vec<Row> {
    let row = |definition: &Definition| {
        let cells = report.contestants.iter().map(|contestant| {
            let value = (definition.value)(contestant.evaluation).filter(|v| v.is_finite());
            Cell {
                value,
                text: (definition.show)(value.unwrap_or(f64::NAN)),
                best: false,
            }
        });
        let mut cells: Vec<Cell> = cells.collect();
        mark_best(&mut cells, definition.better);
        Row {
            name: (definition.name)(words),
            better: definition.better,
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
        && cells[first].text != cells[second].text
    {
        cells[first].best = true;
    }
}

fn answers(evaluation: &Evaluation, figure: fn(&ClassificationScores) -> f64) -> Option<f64> {
    evaluation.classification.as_ref().map(figure)
}

fn boxes(evaluation: &Evaluation, figure: fn(&LocalisationFigures) -> Option<f64>) -> Option<f64> {
    evaluation.localisation.as_ref().and_then(figure)
}

/// A cost of zero was not measured.
fn measured(value: f64) -> Option<f64> {
    (value > 0.0).then_some(value)
}
