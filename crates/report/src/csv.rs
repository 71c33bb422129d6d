//! The report as CSV: one figure a line, for spreadsheets and scripts.
//!
//! Columns are `section,contestant,item,figure,value`; lines end in `\n`. Names of sections and
//! figures are the same in every language, numbers have a decimal point and every digit they are
//! stored with; a figure that was not measured has no line.
//!
//! | section | item | figure |
//! | --- | --- | --- |
//! | `quality`, `cost`, `further` | | a figure, as in `evaluation.json` |
//! | `verdict` | | `better`, `difference`, `significant`, ... |
//! | `pair` | the other contestant | `only_first`, `only_second`, `p_value` |
//! | `epoch` | number of the epoch | a figure, as in `history.jsonl` |
//! | `class` | name of the class | `precision`, `recall`, ... |
//! | `confusion` | true class | answered class |
//! | `calibration` | number of the bin | `confidence`, `accuracy`, `images` |
//! | `seeds` | `mean` or `deviation` over seeds; the contestant is a recipe | a figure |
//! | `seeds_verdict` | | `better`, `significant` |
//! | `seeds_pair` | the other recipe | `difference`, `difference_low`, `p_value`, ... |
//! | `time_to_accuracy` | the accuracy | `seconds`, the mean of the trainings that `reached` it |
//! | `latency`, `energy` | | a figure, as in `evaluation.json` |
//! | `throughput` | images predicted at a time | `images_per_s` |
//! | `front` | a cost | the quality that no other gives for so little |
//! | `roc` | number of the point | `false_positive_rate`, `true_positive_rate` |
//! | `precision_recall` | number of the point | `recall`, `precision` |
//! | `box_precision_recall` | recall | `iou_50`, `iou_75`, `iou_50_95` |
//! | `mistake` | index of the image | `truth`, `answer`, `score` |
//! | `suspect` | index of the image | `truth`, `class`, `probability`, `truth_probability` |
//! | `box_mistake` | what is wrong | `count`, `ap_lost` |
//! | `scene_mistake` | index of the image | what is wrong, as `TRUTH > ANSWER` |
//! | `environment` | | `seed`, `device`, `data`, ... |

use std::fmt::Display;

use super::box_mistakes;
use super::costs::markets;
use super::curves::{few, pooled, reliability};
use super::figures::{COST, FURTHER, QUALITY, rows, times_to_accuracy};
use super::format::shell_quoted;
use super::scenes::{category, scenes};
use super::seeds::{columns, shown};
use super::suspects::suspects;
use super::words::Words;
use super::{Contestant, Report};
use measure::detection::{csv_field, recall_grid};
use measure::record::{EpochRecord, NoEnergy};

/// The whole report; always in the same words and numbers, whatever its language.
pub fn csv(report: &Report<'_>) -> String {
    let mut table = Table("section,contestant,item,figure,value\n".to_string());
    figures(&mut table, report);
    verdict(&mut table, report);
    seeds(&mut table, report);
    for market in markets(report) {
        for place in market.front {
            let priced = &market.priced[place];
            let (cost, gain) = (market.cost.key(), market.gain.key());
            table.number("front", priced.name, cost, gain, Some(priced.gain));
        }
    }
    for (accuracy, times) in times_to_accuracy(report) {
        let item = accuracy.to_string();
        for (column, time) in columns(report).iter().zip(times) {
            let mut number = |figure: &str, value: Option<f64>| {
                table.number("time_to_accuracy", column.name, &item, figure, value);
            };
            number("seconds", time.seconds);
            number(
                "reached",
                Some(time.reached as f64).filter(|_| time.reached > 0),
            );
        }
    }
    for contestant in &report.contestants {
        for epoch in contestant.history {
            one_epoch(&mut table, contestant.name, epoch);
        }
        speed(&mut table, contestant);
        classes(&mut table, report, contestant);
        calibration(&mut table, contestant);
        curves(&mut table, contestant);
        mistakes(&mut table, report, contestant);
        boxes(&mut table, report, contestant);
        environment(&mut table, contestant);
    }
    let shown = shown(report);
    for suspect in suspects(&shown) {
        let first = suspect.answers.first();
        let index = first.map_or(String::new(), |answer| answer.index.to_string());
        let truth = first.map_or(String::new(), |answer| report.class(answer.label));
        let mut line = |figure: &str, value: String| {
            table.line("suspect", "", &index, figure, value);
        };
        line("truth", truth);
        line("truth_probability", suspect.annotated.to_string());
        line("class", report.class(suspect.class));
        line("probability", suspect.probability.to_string());
    }
    table.0
}

struct Table(String);

impl Table {
    fn line(
        &mut self,
        section: &str,
        contestant: &str,
        item: &str,
        figure: &str,
        value: impl Display,
    ) {
        let value = value.to_string();
        let fields = [section, contestant, item, figure, &value].map(csv_field);
        self.0 += &fields.join(",");
        self.0.push('\n');
    }

    fn number(
        &mut self,
        section: &str,
        contestant: &str,
        item: &str,
        figure: &str,
        value: Option<f64>,
    ) {
        if let Some(value) = value.filter(|v| v.is_finite()) {
            self.line(section, contestant, item, figure, value);
        }
    }
}

fn figures(table: &mut Table, report: &Report<'_>) {
    let words = Words::of(report.language);
    let columns = columns(report);
    for (section, definitions) in [("quality", QUALITY), ("cost", COST), ("further", FURTHER)] {
        for row in rows(report, definitions, words) {
            for (column, cell) in columns.iter().zip(&row.cells) {
                for (run, value) in column.runs.iter().zip(&cell.each) {
                    let name = report.contestants[*run].name;
                    table.number(section, name, "", row.key, *value);
                }
                if report.seeds.is_some() {
                    table.number("seeds", column.name, "mean", row.key, cell.value);
                    table.number("seeds", column.name, "deviation", row.key, cell.sd);
                }
            }
        }
    }
    for contestant in &report.contestants {
        if let Some(answers) = &contestant.evaluation.classification {
            let [low, high] = answers.accuracy_interval.map(Some);
            table.number("quality", contestant.name, "", "accuracy_low", low);
            table.number("quality", contestant.name, "", "accuracy_high", high);
        }
    }
}

fn verdict(table: &mut Table, report: &Report<'_>) {
    let Some(verdict) = report.verdict else {
        return;
    };
    let better = verdict.better.as_deref().unwrap_or("");
    table.line("verdict", better, "", "better", better);
    table.line("verdict", better, "", "significant", verdict.significant);
    let [low, high] = verdict.difference_interval;
    for (figure, value) in [
        ("difference", verdict.difference),
        ("difference_low", low),
        ("difference_high", high),
        ("p_value", verdict.mcnemar.p_value),
    ] {
        let test = &verdict.mcnemar;
        table.number("verdict", &test.a, &test.b, figure, Some(value));
    }
    for pair in &verdict.pairs {
        table.line("pair", &pair.a, &pair.b, "only_first", pair.only_a);
        table.line("pair", &pair.a, &pair.b, "only_second", pair.only_b);
        table.number("pair", &pair.a, &pair.b, "p_value", Some(pair.p_value));
    }
}

fn seeds(table: &mut Table, report: &Report<'_>) {
    let Some(verdict) = report.seeds else {
        return;
    };
    let better = verdict.better.as_deref().unwrap_or("");
    table.line("seeds_verdict", better, "", "better", better);
    table.line(
        "seeds_verdict",
        better,
        "",
        "significant",
        verdict.significant,
    );
    for pair in &verdict.pairs {
        let ends = |interval: Option<[f64; 2]>| match interval {
            Some([low, high]) => [Some(low), Some(high)],
            None => [None, None],
        };
        let [low, high] = ends(pair.interval);
        let [images_low, images_high] = ends(pair.images_interval);
        for (figure, value) in [
            ("difference", Some(pair.difference)),
            ("difference_low", low),
            ("difference_high", high),
            ("difference_low_over_images", images_low),
            ("difference_high_over_images", images_high),
            ("p_value", pair.p_value),
        ] {
            table.number("seeds_pair", &pair.a, &pair.b, figure, value);
        }
    }
}

fn speed(table: &mut Table, contestant: &Contestant<'_>) {
    let (name, evaluation) = (contestant.name, contestant.evaluation);
    if let Some(speed) = &evaluation.speed {
        let latency = speed.latency_1;
        for (figure, value) in [
            ("p50_ms", latency.p50_ms),
            ("p95_ms", latency.p95_ms),
            ("p99_ms", latency.p99_ms),
            ("mean_ms", latency.mean_ms),
        ] {
            table.number("latency", name, "1", figure, Some(value));
        }
        for at in &speed.throughput {
            let item = at.batch_size.to_string();
            let rate = Some(at.images_per_s);
            table.number("throughput", name, &item, "images_per_s", rate);
        }
    }
    if let Some(energy) = &evaluation.energy {
        table.number("energy", name, "", "train_j", energy.train_j);
        let inference = energy.infer_j_per_image;
        table.number("energy", name, "", "infer_j_per_image", inference);
        if let Some(reason) = energy.unavailable {
            let reason = match reason {
                NoEnergy::NoCounter => "no-counter",
                NoEnergy::NotPermitted => "not-permitted",
                NoEnergy::Gpu => "gpu",
                NoEnergy::Several => "several",
            };
            table.line("energy", name, "", "unavailable", reason);
        }
    }
}

/// The curves of all classes pooled, and COCO's of boxes.
fn curves(table: &mut Table, contestant: &Contestant<'_>) {
    let name = contestant.name;
    if let Some(curves) = pooled(contestant.predictions) {
        let roc = ("roc", ["false_positive_rate", "true_positive_rate"]);
        let precision_recall = ("precision_recall", ["recall", "precision"]);
        for ((section, [x, y]), points) in [
            (roc, &curves.roc),
            (precision_recall, &curves.precision_recall),
        ] {
            for (number, point) in few(points).iter().enumerate() {
                let item = (number + 1).to_string();
                table.number(section, name, &item, x, Some(point[0]));
                table.number(section, name, &item, y, Some(point[1]));
            }
        }
    }
    if let Some(curves) = &contestant.evaluation.box_precision_recall {
        for (figure, heights) in [
            ("iou_50", &curves.iou_50),
            ("iou_75", &curves.iou_75),
            ("iou_50_95", &curves.iou_50_95),
        ] {
            for (recall, height) in recall_grid().into_iter().zip(heights) {
                let item = recall.to_string();
                let section = "box_precision_recall";
                table.number(section, name, &item, figure, Some(*height));
            }
        }
    }
}

/// What is wrong with boxes: of all detections in numbers, of sure ones in images of several objects one by one.
fn boxes(table: &mut Table, report: &Report<'_>, contestant: &Contestant<'_>) {
    let name = contestant.name;
    for line in box_mistakes::of(contestant).unwrap_or_default() {
        let item = line.kind.key();
        table.line("box_mistake", name, item, "count", line.count);
        table.number("box_mistake", name, item, "ap_lost", line.ap_lost);
    }
    for scene in scenes(report, contestant).unwrap_or_default() {
        for wrong in &scene.wrong {
            let truth = wrong.object.map(|object| category(report, object.category));
            let answer = wrong
                .detection
                .map(|found| category(report, found.category));
            let [truth, answer] = [truth, answer].map(Option::unwrap_or_default);
            let item = scene.index.to_string();
            let value = format!("{truth} > {answer}");
            table.line("scene_mistake", name, &item, wrong.kind.key(), value);
        }
    }
}

fn one_epoch(table: &mut Table, name: &str, epoch: &EpochRecord) {
    let item = epoch.epoch.to_string();
    for (figure, value) in [
        ("train_loss", Some(epoch.train_loss)),
        ("validation_loss", epoch.validation_loss),
        ("train_accuracy", epoch.train_accuracy),
        ("validation_accuracy", epoch.validation_accuracy),
        ("learning_rate", Some(epoch.learning_rate)),
        ("seconds", Some(epoch.seconds)),
        ("images_per_s", Some(epoch.images_per_s)),
        ("validation_map", epoch.validation_map),
        ("energy_j", epoch.energy_j),
    ] {
        table.number("epoch", name, &item, figure, value);
    }
    for (part, loss) in &epoch.losses {
        let figure = format!("losses.{part}");
        table.number("epoch", name, &item, &figure, Some(*loss));
    }
}

fn classes(table: &mut Table, report: &Report<'_>, contestant: &Contestant<'_>) {
    let Some(answers) = &contestant.evaluation.classification else {
        return;
    };
    for class in &answers.per_class {
        for (figure, value) in [
            ("precision", Some(class.precision)),
            ("recall", Some(class.recall)),
            ("f1", Some(class.f1)),
            ("support", Some(class.support as f64)),
            ("roc_auc", class.roc_auc),
            ("average_precision", class.average_precision),
        ] {
            table.number("class", contestant.name, &class.class, figure, value);
        }
    }
    for (truth, row) in answers.confusion.iter().enumerate() {
        for (answer, images) in row.iter().enumerate().filter(|(_, images)| **images > 0) {
            let (truth, answer) = (report.class(truth), report.class(answer));
            table.line("confusion", contestant.name, &truth, &answer, images);
        }
    }
}

fn calibration(table: &mut Table, contestant: &Contestant<'_>) {
    let Some(reliability) = reliability(contestant.predictions) else {
        return;
    };
    for (number, bin) in reliability.bins.iter().enumerate() {
        let item = (number + 1).to_string();
        if bin.images > 0 {
            let name = contestant.name;
            table.line("calibration", name, &item, "confidence", bin.confidence);
            table.line("calibration", name, &item, "accuracy", bin.accuracy);
            table.line("calibration", name, &item, "images", bin.images);
        }
    }
}

fn mistakes(table: &mut Table, report: &Report<'_>, contestant: &Contestant<'_>) {
    let rows = contestant.predictions.rows.iter();
    for row in rows.filter(|row| !row.is_correct()) {
        let (name, item) = (contestant.name, row.index.to_string());
        table.line("mistake", name, &item, "truth", report.class(row.label));
        let answer = report.class(row.predicted);
        table.line("mistake", name, &item, "answer", answer);
        table.number("mistake", name, &item, "score", Some(row.score.into()));
    }
}

fn environment(table: &mut Table, contestant: &Contestant<'_>) {
    let environment = contestant.environment;
    for (figure, value) in [
        ("command", shell_quoted(&environment.command)),
        ("seed", contestant.evaluation.seed.to_string()),
        ("device", environment.device.clone()),
        ("threads", environment.threads.to_string()),
        ("data", environment.data.name.clone()),
        (
            "digest",
            environment.data.digest.clone().unwrap_or_default(),
        ),
        (
            "model_digest",
            contestant
                .evaluation
                .model_digest
                .clone()
                .unwrap_or_default(),
        ),
        ("atelier", environment.atelier.clone()),
        ("commit", environment.commit.clone().unwrap_or_default()),
        ("date", environment.date.clone()),
    ] {
        if !value.is_empty() {
            table.line("environment", contestant.name, "", figure, value);
        }
    }
}
