//! The report as one JSON document; `docs/report.schema.json` says what each key means.

use serde::Serialize;

use super::box_mistakes::{self, Line};
use super::compared::{Value, rows, times_to_accuracy};
use super::costs::{Cost, Gain, tradeoffs};
use super::curves::{few, pooled, reliability};
use super::metrics::{Better, Group};
use super::mistakes::mistakes;
use super::scenes::{Kind, category, scenes};
use super::seeds::{columns, shown};
use super::suspects::suspects;
use super::{Contestant, Report, sentences};
use measure::calibration::ReliabilityBin;
use measure::record::{Environment, EpochRecord, Evaluation, SeedsVerdict, Verdict};

/// Version of the document. It changes when a key goes or changes its meaning, not when one is added.
pub const SCHEMA: &str = "atelier-report-1";

/// The whole report, indented, with a final newline. Keys are the same in every language; sentences,
/// names and `texts` are as the report shows them. A figure that is not a number is `null`.
pub fn json(report: &Report<'_>) -> String {
    let first = report.contestants.first();
    let groups = [Group::Quality, Group::Cost, Group::Further];
    let figures = groups.into_iter().flat_map(|group| {
        rows(report, group).into_iter().map(move |row| Figure {
            group,
            key: row.metric.key,
            name: row.metric.name(report.language),
            better: row.metric.better,
            values: row.cells.iter().map(|cell| cell.value).collect(),
            deviations: row.cells.iter().map(|cell| cell.sd).collect(),
            best: row.cells.iter().position(|cell| cell.best),
            texts: row.cells.iter().map(Value::text).collect(),
        })
    });
    let times = times_to_accuracy(report).into_iter();
    let (whole, report) = (report, &shown(report));
    let document = Document {
        schema: SCHEMA,
        language: report.language.tag(),
        title: sentences::title(whole),
        sentences: Sentences {
            verdict: sentences::verdict(whole),
            difference: sentences::difference(whole),
            cost: sentences::cost(whole),
        },
        data: Data {
            name: first.map_or("", |c| &c.environment.data.name),
            digest: first.and_then(|c| c.environment.data.digest.as_deref()),
            split: first.map_or("", |c| &c.evaluation.split),
            images: first.map_or(0, |c| c.evaluation.images),
            classes: report.class_names,
        },
        command: report.command,
        columns: columns(whole)
            .into_iter()
            .map(|column| Column {
                name: column.name,
                contestants: column.runs,
            })
            .collect(),
        verdict: report.verdict,
        seeds: report.seeds,
        figures: figures.collect(),
        times_to_accuracy: times
            .map(|(accuracy, times)| TimeTo {
                accuracy,
                seconds: times.iter().map(|time| time.seconds).collect(),
                reached: times.iter().map(|time| time.reached).collect(),
            })
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
        suspects: suspects(report)
            .iter()
            .map(|suspect| Suspect {
                index: suspect.answers.first().map_or(0, |answer| answer.index),
                truth: suspect.answers.first().map_or(0, |answer| answer.label),
                class: suspect.class,
                probability: suspect.probability,
                truth_probability: suspect.annotated,
            })
            .collect(),
        fronts: tradeoffs(whole)
            .into_iter()
            .map(|tradeoff| Front {
                cost: tradeoff.cost,
                gain: tradeoff.gain,
                contestants: tradeoff
                    .front
                    .iter()
                    .map(|place| tradeoff.priced[*place].name)
                    .collect(),
            })
            .collect(),
        contestants: whole
            .contestants
            .iter()
            .map(|c| run_document(whole, c))
            .collect(),
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
    columns: Vec<Column<'a>>,
    verdict: Option<&'a Verdict>,
    seeds: Option<&'a SeedsVerdict>,
    figures: Vec<Figure>,
    times_to_accuracy: Vec<TimeTo>,
    mistakes: Option<Vec<Mistake>>,
    suspects: Vec<Suspect>,
    fronts: Vec<Front<'a>>,
    contestants: Vec<RunDocument<'a>>,
}

#[derive(Serialize)]
struct Column<'a> {
    name: &'a str,
    contestants: Vec<usize>,
}

#[derive(Serialize)]
struct Suspect {
    index: usize,
    truth: usize,
    class: usize,
    probability: f64,
    truth_probability: f64,
}

#[derive(Serialize)]
struct Front<'a> {
    cost: Cost,
    gain: Gain,
    contestants: Vec<&'a str>,
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

/// A row of a table; lists have an entry per column.
#[derive(Serialize)]
struct Figure {
    group: Group,
    key: &'static str,
    name: &'static str,
    better: Better,
    values: Vec<Option<f64>>,
    deviations: Vec<Option<f64>>,
    texts: Vec<String>,
    best: Option<usize>,
}

#[derive(Serialize)]
struct TimeTo {
    accuracy: f64,
    seconds: Vec<Option<f64>>,
    reached: Vec<usize>,
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
struct RunDocument<'a> {
    name: &'a str,
    evaluation: &'a Evaluation,
    history: &'a [EpochRecord],
    calibration: Vec<ReliabilityBin>,
    roc: Vec<[f64; 2]>,
    precision_recall: Vec<[f64; 2]>,
    box_mistakes: Vec<Line>,
    scene_mistakes: Vec<SceneMistake>,
    environment: &'a Environment,
    recipe: &'a str,
}

#[derive(Serialize)]
struct SceneMistake {
    index: usize,
    mistake: Kind,
    truth: Option<String>,
    answer: Option<String>,
    score: Option<f64>,
    iou: Option<f64>,
}

fn run_document<'a>(report: &Report<'a>, contestant: &Contestant<'a>) -> RunDocument<'a> {
    let predictions = contestant.predictions;
    let bins = reliability(predictions).map_or(Vec::new(), |reliability| reliability.bins);
    let curves = pooled(predictions);
    let scenes = scenes(report, contestant).unwrap_or_default();
    let scene_mistakes = scenes.iter().flat_map(|scene| {
        scene.wrong.iter().map(|wrong| SceneMistake {
            index: scene.index,
            mistake: wrong.kind,
            truth: wrong.object.map(|o| category(report, o.category)),
            answer: wrong.detection.map(|d| category(report, d.category)),
            score: wrong.detection.map(|d| d.score),
            iou: wrong.iou(),
        })
    });
    RunDocument {
        name: contestant.name,
        evaluation: contestant.evaluation,
        history: contestant.history,
        calibration: bins.into_iter().filter(|bin| bin.images > 0).collect(),
        roc: curves.as_ref().map_or(Vec::new(), |c| few(&c.roc)),
        precision_recall: curves.map_or(Vec::new(), |c| few(&c.precision_recall)),
        box_mistakes: box_mistakes::of(contestant).unwrap_or_default(),
        scene_mistakes: scene_mistakes.collect(),
        environment: contestant.environment,
        recipe: contestant.recipe_toml,
    }
}
