//! The report as one JSON document; `docs/report.schema.json` says what each key means.

use serde::Serialize;

use super::curves::{LEAST_IOU, best_boxes, pooled, reliability, thinned};
use super::figures::{Better, COST, FURTHER, QUALITY, rows, times_to_accuracy};
use super::mistakes::mistakes;
use super::words::Words;
use super::{Contestant, Report, sentences};
use crate::calibration::ReliabilityBin;
use crate::record::{Environment, EpochRecord, Evaluation, Verdict};

/// Version of the document. It changes when a key goes or changes its meaning, not when one is added.
pub const SCHEMA: &str = "atelier-report-1";

/// The whole report, indented, with a final newline. Keys are the same in every language; sentences,
/// names and `texts` are as the report shows them. A figure that is not a number is `null`.
pub fn json(report: &Report<'_>) -> String {
    let words = Words::of(report.language);
    let first = report.contestants.first();
    let groups = [("quality", QUALITY), ("cost", COST), ("further", FURTHER)];
    let figures = groups.into_iter().flat_map(|(group, definitions)| {
        let rows = rows(report, definitions, words).into_iter();
        rows.map(move |row| Figure {
            group,
            key: row.key,
            name: row.name,
            better: row.better,
            values: row.cells.iter().map(|cell| cell.value).collect(),
            best: row.cells.iter().position(|cell| cell.best),
            texts: row.cells.into_iter().map(|cell| cell.text).collect(),
        })
    });
    let times = times_to_accuracy(report).into_iter();
    let document = Document {
        schema: SCHEMA,
        language: report.language.tag(),
        title: sentences::title(report),
        sentences: Sentences {
            verdict: sentences::verdict(report),
            difference: sentences::difference(report),
            cost: sentences::cost(report),
        },
        data: Data {
            name: first.map_or("", |c| &c.environment.data.name),
            digest: first.and_then(|c| c.environment.data.digest.as_deref()),
            split: first.map_or("", |c| &c.evaluation.split),
            images: first.map_or(0, |c| c.evaluation.images),
            classes: report.class_names,
        },
        command: report.command,
        verdict: report.verdict,
        figures: figures.collect(),
        times_to_accuracy: times
            .map(|(accuracy, seconds)| TimeTo { accuracy, seconds })
            .collect(),
        mistakes: mistakes(report).map(|mistakes| {
            let mistakes = mistakes.iter().filter_map(|mistake| {
                let first = mistake.answers.first()?;
                let answers = mistake.answers.iter();
                Some(Mistake {
                    index: first.index,
                    truth: first.label,
                    wrong: mistake.wrong(),
                    answers: answers.clone().map(|a| a.predicted).collect(),
                    scores: answers.map(|a| a.score).collect(),
                })
            });
            mistakes.collect()
        }),
        contestants: report.contestants.iter().map(told).collect(),
    };
    // Serialising plain values into a String fails only for keys that are no text; there are none.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    language: &'static str,
    title: String,
    sentences: Sentences,
    data: Data<'a>,
    command: &'a str,
    verdict: Option<&'a Verdict>,
    figures: Vec<Figure>,
    times_to_accuracy: Vec<TimeTo>,
    mistakes: Option<Vec<Mistake>>,
    contestants: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Sentences {
    verdict: String,
    difference: String,
    cost: String,
}

#[derive(Serialize)]
struct Data<'a> {
    name: &'a str,
    digest: Option<&'a str>,
    split: &'a str,
    images: usize,
    classes: &'a [String],
}

/// A row of a table; lists have an entry a contestant.
#[derive(Serialize)]
struct Figure {
    group: &'static str,
    key: &'static str,
    name: &'static str,
    better: Better,
    values: Vec<Option<f64>>,
    texts: Vec<String>,
    best: Option<usize>,
}

#[derive(Serialize)]
struct TimeTo {
    accuracy: f64,
    seconds: Vec<Option<f64>>,
}

#[derive(Serialize)]
struct Mistake {
    index: usize,
    truth: usize,
    wrong: Vec<usize>,
    answers: Vec<usize>,
    scores: Vec<f32>,
}

#[derive(Serialize)]
struct Told<'a> {
    name: &'a str,
    evaluation: &'a Evaluation,
    history: &'a [EpochRecord],
    calibration: Vec<ReliabilityBin>,
    roc: Vec<[f64; 2]>,
    precision_recall: Vec<[f64; 2]>,
    box_precision_recall: Vec<BoxCurve>,
    environment: &'a Environment,
    recipe: &'a str,
}

#[derive(Serialize)]
struct BoxCurve {
    iou: f64,
    points: Vec<[f64; 2]>,
}

fn told<'a>(contestant: &Contestant<'a>) -> Told<'a> {
    let predictions = contestant.predictions;
    let bins = reliability(predictions).map_or(Vec::new(), |reliability| reliability.bins);
    let curves = pooled(predictions);
    let boxes = LEAST_IOU.map(|iou| BoxCurve {
        iou,
        points: few(&best_boxes(predictions, iou)),
    });
    let boxes = boxes.into_iter().filter(|curve| !curve.points.is_empty());
    Told {
        name: contestant.name,
        evaluation: contestant.evaluation,
        history: contestant.history,
        calibration: bins.into_iter().filter(|bin| bin.images > 0).collect(),
        roc: curves.as_ref().map_or(Vec::new(), |c| few(&c.roc)),
        precision_recall: curves.map_or(Vec::new(), |c| few(&c.precision_recall)),
        box_precision_recall: boxes.collect(),
        environment: contestant.environment,
        recipe: contestant.recipe_toml,
    }
}

/// The points that tell a curve, finest where it is near 0 or 1.
fn few(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    // Logarithmic towards both ends, from -1 to 1.
    let place = |share: f64| {
        let decades = |part: f64| -(2.0 * part.clamp(1e-5, 0.5)).log10() / 4.7;
        match share < 0.5 {
            true => -decades(share),
            false => decades(1.0 - share),
        }
    };
    thinned(points, 0.01, |[x, y]| [place(x), place(y)])
}
