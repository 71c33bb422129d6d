//! Tables for the terminal.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use measure::record::{Contestant, Evaluation, LocalisationFigures};

/// A table with a header; all columns but the first aligned right.
pub fn table(header: Vec<String>, rows: Vec<Vec<String>>) -> Table {
    let columns = header.len();
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header);
    table.add_rows(rows);
    for index in 1..columns {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Whether more or less of a figure is better.
#[derive(Clone, Copy, PartialEq)]
enum Better {
    More,
    Less,
}

/// One line of the comparison.
struct Figure {
    name: &'static str,
    better: Better,
    value: fn(&Evaluation) -> Option<f64>,
    text: fn(f64) -> String,
}

fn percent(value: f64) -> String {
    format!("{:.2} %", 100.0 * value)
}

fn four(value: f64) -> String {
    format!("{value:.4}")
}

fn seconds(value: f64) -> String {
    format!("{value:.1} s")
}

/// A whole number with commas between groups of three digits.
pub fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

const FIGURES: &[Figure] = &[
    Figure {
        name: "accuracy",
        better: Better::More,
        value: |e| e.classification.as_ref().map(|a| a.accuracy),
        text: percent,
    },
    Figure {
        name: "macro F1",
        better: Better::More,
        value: |e| e.classification.as_ref().map(|a| a.f1_macro),
        text: four,
    },
    Figure {
        name: "macro precision",
        better: Better::More,
        value: |e| e.classification.as_ref().map(|a| a.precision_macro),
        text: four,
    },
    Figure {
        name: "macro recall",
        better: Better::More,
        value: |e| e.classification.as_ref().map(|a| a.recall_macro),
        text: four,
    },
    Figure {
        name: "loss",
        better: Better::Less,
        value: |e| e.classification.as_ref().map(|a| a.loss),
        text: four,
    },
    Figure {
        name: "mean IoU",
        better: Better::More,
        value: |e| e.localisation.map(|boxes| boxes.mean_iou),
        text: four,
    },
    Figure {
        name: "AP50",
        better: Better::More,
        value: |e| e.localisation.and_then(|boxes| boxes.map_50),
        text: four,
    },
    Figure {
        name: "AP75",
        better: Better::More,
        value: |e| several(e).and_then(|boxes| boxes.map_75),
        text: four,
    },
    Figure {
        name: "AP",
        better: Better::More,
        value: |e| several(e).and_then(|boxes| boxes.map),
        text: four,
    },
    Figure {
        name: "AR, 100 detections",
        better: Better::More,
        value: |e| several(e).and_then(|boxes| boxes.mar_100),
        text: four,
    },
    Figure {
        name: "objects found (IoU 0.5)",
        better: Better::More,
        value: |e| several(e).and_then(|boxes| boxes.found),
        text: percent,
    },
    Figure {
        name: "class right of those",
        better: Better::More,
        value: |e| several(e).and_then(|boxes| boxes.found_accuracy),
        text: percent,
    },
    Figure {
        name: "training time",
        better: Better::Less,
        value: |e| Some(e.train_s),
        text: seconds,
    },
    Figure {
        name: "inference images/s",
        better: Better::More,
        value: |e| Some(e.infer_images_per_s),
        text: grouped,
    },
    Figure {
        name: "parameters",
        better: Better::Less,
        value: |e| Some(e.parameters as f64),
        text: grouped,
    },
    Figure {
        name: "multiply-adds per image",
        better: Better::Less,
        value: |e| Some(e.multiply_adds as f64),
        text: grouped,
    },
    Figure {
        name: "peak memory (MiB)",
        better: Better::Less,
        value: |e| e.peak_rss_mib,
        text: grouped,
    },
];

/// The figures of boxes where images show several objects: there they are all there is.
fn several(evaluation: &Evaluation) -> Option<LocalisationFigures> {
    evaluation
        .localisation
        .filter(|_| evaluation.classification.is_none())
}

/// The comparison, a column a contestant; the best figure of each line is marked with a star.
pub fn comparison(contestants: &[Contestant]) -> Table {
    let mut header = vec![String::new()];
    header.extend(
        contestants
            .iter()
            .map(|contestant| contestant.evaluation.recipe.clone()),
    );
    let rows = FIGURES
        .iter()
        .filter_map(|figure| {
            let values: Vec<Option<f64>> = contestants
                .iter()
                .map(|contestant| (figure.value)(&contestant.evaluation))
                .collect();
            let known = values.iter().flatten().copied();
            let best = match figure.better {
                Better::More => known.reduce(f64::max),
                Better::Less => known.reduce(f64::min),
            }?;
            // A figure that only one has, or that all share, marks nobody.
            let rivals = values.iter().flatten().count() > 1
                && values.iter().flatten().any(|value| *value != best);
            let mut row = vec![figure.name.to_string()];
            row.extend(values.into_iter().map(|value| match value {
                None => "-  ".to_string(),
                Some(value) if rivals && value == best => format!("{} *", (figure.text)(value)),
                Some(value) => format!("{}  ", (figure.text)(value)),
            }));
            Some(row)
        })
        .collect();
    table(header, rows)
}

/// The figures of one run, a line each.
pub fn figures(evaluation: &Evaluation) -> Table {
    let rows = FIGURES
        .iter()
        .filter_map(|figure| {
            let value = (figure.value)(evaluation)?;
            Some(vec![figure.name.to_string(), (figure.text)(value)])
        })
        .collect();
    table(
        vec![
            evaluation.recipe.clone(),
            format!("{} split", evaluation.split),
        ],
        rows,
    )
}
