//! Tables for the terminal.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use measure::detection::DetectionMistakes;
use measure::record::{
    Comparison, Evaluation, LocalisationFigures, NoEnergy, OverSeeds, SeedsFigure, SeedsVerdict,
    Verdict,
};
use measure::significance::Spread;

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

fn milliseconds(value: f64) -> String {
    format!("{value:.2} ms")
}

fn p_value(value: f64) -> String {
    match value {
        v if v < 0.0001 => "< 0.0001".to_string(),
        v => four(v),
    }
}

/// Joules to three digits, from mJ to kJ.
fn joules(value: f64) -> String {
    let (scaled, unit) = match value {
        v if v < 1.0 => (1e3 * v, "mJ"),
        v if v < 1e4 => (v, "J"),
        v => (v / 1e3, "kJ"),
    };
    let decimals = match scaled {
        v if v < 10.0 => 2,
        v if v < 100.0 => 1,
        _ => 0,
    };
    format!("{scaled:.decimals$} {unit}")
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
        name: "AP50 lost to poor boxes",
        better: Better::Less,
        value: |e| mistakes(e).and_then(|made| made.localisation.ap_lost),
        text: four,
    },
    Figure {
        name: "AP50 lost to wrong classes",
        better: Better::Less,
        value: |e| mistakes(e).and_then(|made| made.classification.ap_lost),
        text: four,
    },
    Figure {
        name: "training time",
        better: Better::Less,
        value: |e| Some(e.train_s),
        text: seconds,
    },
    Figure {
        name: "time to 98 % in validation",
        better: Better::Less,
        value: |e| time_to(e, 0.98),
        text: seconds,
    },
    Figure {
        name: "time to 99 % in validation",
        better: Better::Less,
        value: |e| time_to(e, 0.99),
        text: seconds,
    },
    Figure {
        name: "inference images/s",
        better: Better::More,
        value: |e| Some(e.infer_images_per_s),
        text: grouped,
    },
    Figure {
        name: "latency of one image, p50",
        better: Better::Less,
        value: |e| e.speed.as_ref().map(|speed| speed.latency_1.p50_ms),
        text: milliseconds,
    },
    Figure {
        name: "latency of one image, p99",
        better: Better::Less,
        value: |e| e.speed.as_ref().map(|speed| speed.latency_1.p99_ms),
        text: milliseconds,
    },
    Figure {
        name: "energy of training",
        better: Better::Less,
        value: |e| e.energy.and_then(|energy| energy.train_j),
        text: joules,
    },
    Figure {
        name: "energy per image answered",
        better: Better::Less,
        value: |e| e.energy.and_then(|energy| energy.infer_j_per_image),
        text: joules,
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
        name: "weights' file (bytes)",
        better: Better::Less,
        value: |e| Some(e.model_bytes as f64),
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

fn mistakes(evaluation: &Evaluation) -> Option<DetectionMistakes> {
    evaluation.localisation.and_then(|boxes| boxes.mistakes)
}

fn time_to(evaluation: &Evaluation, accuracy: f64) -> Option<f64> {
    let mut times = evaluation.time_to_accuracy.iter();
    times
        .find(|time| time.accuracy == accuracy)
        .map(|time| time.seconds)
}

/// Why no energy was measured, in a line; empty where it was.
fn no_energy(evaluations: &[&Evaluation]) -> String {
    let reason = evaluations
        .iter()
        .find_map(|evaluation| evaluation.energy?.unavailable);
    let reason = match reason {
        None => return String::new(),
        Some(NoEnergy::NoCounter) => "this machine shows no counter",
        Some(NoEnergy::NotPermitted) => {
            "only root may read this machine's counters (/sys/class/powercap/*/energy_uj)"
        }
        Some(NoEnergy::Gpu) => "the GPU's counter is not read",
        Some(NoEnergy::Several) => "no counter tells of all devices that computed",
    };
    format!("energy: unavailable, for {reason}")
}

/// The comparison: the figures, and the tests of more than two. Lines to print one after the other.
pub fn comparison(comparison: &Comparison) -> Vec<String> {
    let evaluations = comparison.contestants.iter().map(|c| &c.evaluation);
    let evaluations: Vec<&Evaluation> = evaluations.collect();
    let mut parts = Vec::new();
    match &comparison.seeds {
        Some(seeds) => {
            let of = |recipe: &OverSeeds| Column {
                name: recipe.recipe.clone(),
                runs: evaluations
                    .iter()
                    .copied()
                    .filter(|run| recipe.runs.contains(&run.recipe))
                    .collect(),
            };
            parts.push(columns(seeds.recipes.iter().map(of).collect()).to_string());
            parts.push(by_seed(seeds).to_string());
        }
        None => {
            let each = evaluations.iter().map(|&run| Column {
                name: run.recipe.clone(),
                runs: vec![run],
            });
            parts.push(columns(each.collect()).to_string());
        }
    }
    parts.extend(pairs(comparison).map(|table| table.to_string()));
    parts.push("* better".to_string());
    parts.push(no_energy(&evaluations));
    parts.retain(|part| !part.is_empty());
    parts
}

/// A contestant: a run, or a recipe's trainings.
struct Column<'a> {
    name: String,
    runs: Vec<&'a Evaluation>,
}

impl Column<'_> {
    /// The mean of a figure, and as it is shown, with its standard deviation over several runs. A mean of some of the
    /// runs is shown, but there is none to compare.
    fn cell(&self, figure: &Figure) -> Option<(Option<f64>, String)> {
        let values: Vec<f64> = self
            .runs
            .iter()
            .filter_map(|run| (figure.value)(run))
            .collect();
        let spread = Spread::of(&values)?;
        let mean = (figure.text)(spread.mean);
        let text = match spread.sd {
            Some(sd) if sd > 0.0 => format!("{mean} ± {}", (figure.text)(sd)),
            _ => mean,
        };
        // Not all trainings reach every accuracy.
        Some(match values.len() == self.runs.len() {
            true => (Some(spread.mean), text),
            false => (
                None,
                format!("{text} ({} of {})", values.len(), self.runs.len()),
            ),
        })
    }
}

/// A line a figure; the best of each line is marked with a star.
fn columns(columns: Vec<Column<'_>>) -> Table {
    let mut header = vec![String::new()];
    header.extend(columns.iter().map(|column| column.name.clone()));
    let rows = FIGURES
        .iter()
        .filter_map(|figure| {
            let cells: Vec<_> = columns.iter().map(|column| column.cell(figure)).collect();
            if cells.iter().all(Option::is_none) {
                return None;
            }
            let values = || cells.iter().flatten().filter_map(|cell| cell.0);
            let best = match figure.better {
                Better::More => values().reduce(f64::max),
                Better::Less => values().reduce(f64::min),
            };
            // A figure that only one has, or that all share, marks nobody.
            let rivals = values().count() > 1 && values().any(|value| Some(value) != best);
            let mut row = vec![figure.name.to_string()];
            row.extend(cells.into_iter().map(|cell| match cell {
                None => "-  ".to_string(),
                Some((value, text)) if rivals && value.is_some() && value == best => {
                    format!("{text} *")
                }
                Some((_, text)) => format!("{text}  "),
            }));
            Some(row)
        })
        .collect();
    table(header, rows)
}

/// The figure that is compared, seed by seed.
fn by_seed(verdict: &SeedsVerdict) -> Table {
    let mut header = vec![match verdict.figure {
        SeedsFigure::Accuracy => "accuracy".to_string(),
        SeedsFigure::AveragePrecision => "AP".to_string(),
    }];
    let text = match verdict.figure {
        SeedsFigure::Accuracy => percent,
        SeedsFigure::AveragePrecision => four,
    };
    let seeds = verdict
        .recipes
        .first()
        .map_or(&[][..], |first| &first.seeds);
    header.extend(seeds.iter().map(|seed| format!("seed {seed}")));
    header.extend(["mean", "spread (sd)", "95 % interval"].map(str::to_string));
    let rows = verdict
        .recipes
        .iter()
        .map(|recipe| {
            let mut row = vec![recipe.recipe.clone()];
            row.extend(recipe.values.iter().map(|&value| text(value)));
            row.push(text(recipe.mean));
            row.push(recipe.sd.map_or("-".to_string(), text));
            let interval = recipe.interval.map(|ends| ends.map(text).join(" to "));
            row.push(interval.unwrap_or("-".to_string()));
            row
        })
        .collect();
    table(header, rows)
}

/// The tests of every pair; none for a single pair, which the sentence tells.
fn pairs(comparison: &Comparison) -> Option<Table> {
    const P: &str = "p (Holm-corrected)";
    let header = |titles: &[&str]| titles.iter().map(|title| title.to_string()).collect();
    match comparison {
        Comparison {
            seeds: Some(SeedsVerdict { pairs, figure, .. }),
            ..
        } if pairs.len() > 1 => {
            let points = |value: f64| format!("{:+.2}", 100.0 * value);
            let interval = |ends: Option<[f64; 2]>| {
                ends.map_or("-".to_string(), |ends| ends.map(points).join(" to "))
            };
            let rows = pairs.iter().map(|pair| {
                vec![
                    format!("{} less {}", pair.a, pair.b),
                    points(pair.difference),
                    interval(pair.interval),
                    interval(pair.images_interval),
                    pair.p_value.map_or("-".to_string(), p_value),
                ]
            });
            let unit = match figure {
                SeedsFigure::Accuracy => "percentage points",
                SeedsFigure::AveragePrecision => "points of AP",
            };
            let titles = ["pair", unit, "95 % over seeds", "95 % over images", P];
            Some(table(header(&titles), rows.collect()))
        }
        Comparison {
            verdict: Some(Verdict { pairs, .. }),
            ..
        } if pairs.len() > 1 => {
            let rows = pairs.iter().map(|pair| {
                vec![
                    format!("{} and {}", pair.a, pair.b),
                    pair.only_a.to_string(),
                    pair.only_b.to_string(),
                    p_value(pair.p_value),
                ]
            });
            let titles = ["pair", "only the first right", "only the second right", P];
            Some(table(header(&titles), rows.collect()))
        }
        _ => None,
    }
}

/// The figures of one run, a line each, and why there is no energy.
pub fn figures(evaluation: &Evaluation) -> String {
    let rows = FIGURES
        .iter()
        .filter_map(|figure| {
            let value = (figure.value)(evaluation)?;
            Some(vec![figure.name.to_string(), (figure.text)(value)])
        })
        .collect();
    let table = table(
        vec![
            evaluation.recipe.clone(),
            format!("{} split", evaluation.split),
        ],
        rows,
    );
    let reason = no_energy(&[evaluation]);
    match reason.is_empty() {
        true => table.to_string(),
        false => format!("{table}\n{reason}"),
    }
}

#[cfg(test)]
mod tests;
