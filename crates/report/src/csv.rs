//! The report as CSV: one value per line, for spreadsheets and scripts.
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
//! | `time_to_accuracy` | the accuracy | `seconds`, the mean of the runs that `reached` it |
//! | `latency`, `energy` | | a figure, as in `evaluation.json` |
//! | `throughput` | batch size | `images_per_s` |
//! | `front` | a cost | the quality of a run on the Pareto front |
//! | `roc` | number of the point | `false_positive_rate`, `true_positive_rate` |
//! | `precision_recall` | number of the point | `recall`, `precision` |
//! | `box_precision_recall` | recall | `iou_50`, `iou_75`, `iou_50_95` |
//! | `mistake` | index of the image | `truth`, `answer`, `score` |
//! | `suspect` | index of the image | `truth`, `class`, `probability`, `truth_probability` |
//! | `box_mistake` | what is wrong | `count`, `ap_lost` |
//! | `scene_mistake` | index of the image | what is wrong, as `TRUTH > ANSWER` |
//! | `environment` | | `seed`, `device`, `data`, ... |

use std::fmt::Display;

use crate::compared::{rows, times_to_accuracy};
use crate::costs::tradeoffs;
use crate::curves::{few, pooled, reliability};
use crate::format::shell_quoted;
use crate::metrics::Group;
use crate::scenes::{category, scenes};
use crate::seeds::{columns, shown};
use crate::suspects::suspects;
use crate::{Contestant, Report, box_mistakes};
use measure::detection::{csv_field, recall_grid};
use measure::record::EpochRecord;

/// The whole report; always in the same words and numbers, whatever its language.
pub fn csv(report: &Report<'_>) -> String {
    let mut table = Table("section,contestant,item,figure,value\n".to_string());
    metrics(&mut table, report);
    verdict(&mut table, report);
    seeds(&mut table, report);
    for tradeoff in tradeoffs(report) {
        for place in tradeoff.front {
            let priced = &tradeoff.priced[place];
            let gain = [(tradeoff.gain.key(), Some(priced.gain))];
            table.numbers("front", priced.name, tradeoff.cost.key(), gain);
        }
    }
    for (accuracy, times) in times_to_accuracy(report) {
        for (column, time) in columns(report).iter().zip(times) {
            let reached = time.seconds.map(|_| time.reached as f64);
            let figures = [("seconds", time.seconds), ("reached", reached)];
            table.numbers(
                "time_to_accuracy",
                column.name,
                &accuracy.to_string(),
                figures,
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
    for suspect in suspects(&shown(report)) {
        let Some(first) = suspect.answers.first() else {
            continue;
        };
        let index = first.index.to_string();
        table.line("suspect", "", &index, "truth", report.class(first.label));
        table.line(
            "suspect",
            "",
            &index,
            "truth_probability",
            suspect.annotated,
        );
        table.line("suspect", "", &index, "class", report.class(suspect.class));
        table.line("suspect", "", &index, "probability", suspect.probability);
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

    /// A line for each number that is known.
    fn numbers<'a>(
        &mut self,
        section: &str,
        contestant: &str,
        item: &str,
        numbers: impl IntoIterator<Item = (&'a str, Option<f64>)>,
    ) {
        for (figure, value) in numbers {
            if let Some(value) = value.filter(|value| value.is_finite()) {
                self.line(section, contestant, item, figure, value);
            }
        }
    }
}

fn metrics(table: &mut Table, report: &Report<'_>) {
    let columns = columns(report);
    let groups = [
        ("quality", Group::Quality),
        ("cost", Group::Cost),
        ("further", Group::Further),
    ];
    for (section, group) in groups {
        for row in rows(report, group) {
            let key = row.metric.key;
            for (column, cell) in columns.iter().zip(&row.cells) {
                for (run, value) in column.runs.iter().zip(&cell.each) {
                    table.numbers(section, report.contestants[*run].name, "", [(key, *value)]);
                }
                if report.seeds.is_some() {
                    table.numbers("seeds", column.name, "mean", [(key, cell.value)]);
                    table.numbers("seeds", column.name, "deviation", [(key, cell.sd)]);
                }
            }
        }
    }
    for contestant in &report.contestants {
        if let Some(scores) = &contestant.evaluation.classification {
            let [low, high] = scores.accuracy_interval.map(Some);
            let ends = [("accuracy_low", low), ("accuracy_high", high)];
            table.numbers("quality", contestant.name, "", ends);
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
    let test = &verdict.mcnemar;
    let [low, high] = verdict.difference_interval.map(Some);
    let figures = [
        ("difference", Some(verdict.difference)),
        ("difference_low", low),
        ("difference_high", high),
        ("p_value", Some(test.p_value)),
    ];
    table.numbers("verdict", &test.a, &test.b, figures);
    for pair in &verdict.pairs {
        table.line("pair", &pair.a, &pair.b, "only_first", pair.only_a);
        table.line("pair", &pair.a, &pair.b, "only_second", pair.only_b);
        table.numbers("pair", &pair.a, &pair.b, [("p_value", Some(pair.p_value))]);
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
        let low = |interval: Option<[f64; 2]>| interval.map(|[low, _]| low);
        let high = |interval: Option<[f64; 2]>| interval.map(|[_, high]| high);
        let figures = [
            ("difference", Some(pair.difference)),
            ("difference_low", low(pair.interval)),
            ("difference_high", high(pair.interval)),
            ("difference_low_over_images", low(pair.images_interval)),
            ("difference_high_over_images", high(pair.images_interval)),
            ("p_value", pair.p_value),
        ];
        table.numbers("seeds_pair", &pair.a, &pair.b, figures);
    }
}

fn speed(table: &mut Table, contestant: &Contestant<'_>) {
    let (name, evaluation) = (contestant.name, contestant.evaluation);
    if let Some(speed) = &evaluation.speed {
        let latency = speed.latency_1;
        let figures = [
            ("p50_ms", Some(latency.p50_ms)),
            ("p95_ms", Some(latency.p95_ms)),
            ("p99_ms", Some(latency.p99_ms)),
            ("mean_ms", Some(latency.mean_ms)),
        ];
        table.numbers("latency", name, "1", figures);
        for at in &speed.throughput {
            let rate = [("images_per_s", Some(at.images_per_s))];
            table.numbers("throughput", name, &at.batch_size.to_string(), rate);
        }
    }
    if let Some(energy) = &evaluation.energy {
        let inference = energy.infer_j_per_image;
        table.numbers(
            "energy",
            name,
            "",
            [
                ("train_j", energy.train_j),
                ("infer_j_per_image", inference),
            ],
        );
        if let Some(reason) = energy
            .unavailable
            .and_then(|reason| serde_json::to_value(reason).ok())
        {
            table.line(
                "energy",
                name,
                "",
                "unavailable",
                reason.as_str().unwrap_or_default(),
            );
        }
    }
}

/// The curves of all classes pooled, and COCO's of boxes.
fn curves(table: &mut Table, contestant: &Contestant<'_>) {
    let name = contestant.name;
    if let Some(curves) = pooled(contestant.predictions) {
        for (section, [x, y], points) in [
            (
                "roc",
                ["false_positive_rate", "true_positive_rate"],
                &curves.roc,
            ),
            (
                "precision_recall",
                ["recall", "precision"],
                &curves.precision_recall,
            ),
        ] {
            for (number, point) in few(points).iter().enumerate() {
                let figures = [(x, Some(point[0])), (y, Some(point[1]))];
                table.numbers(section, name, &(number + 1).to_string(), figures);
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
                let height = [(figure, Some(*height))];
                table.numbers("box_precision_recall", name, &recall.to_string(), height);
            }
        }
    }
}

/// What is wrong with boxes: all detections in numbers, confident ones in images of several objects one by one.
fn boxes(table: &mut Table, report: &Report<'_>, contestant: &Contestant<'_>) {
    let name = contestant.name;
    for line in box_mistakes::of(contestant).unwrap_or_default() {
        let item = line.kind.key();
        table.line("box_mistake", name, item, "count", line.count);
        table.numbers("box_mistake", name, item, [("ap_lost", line.ap_lost)]);
    }
    for scene in scenes(report, contestant).unwrap_or_default() {
        for wrong in &scene.wrong {
            let class = |id: Option<i64>| id.map(|id| category(report, id)).unwrap_or_default();
            let truth = class(wrong.object.map(|object| object.category));
            let answer = class(wrong.detection.map(|found| found.category));
            let value = format!("{truth} > {answer}");
            table.line(
                "scene_mistake",
                name,
                &scene.index.to_string(),
                wrong.kind.key(),
                value,
            );
        }
    }
}

fn one_epoch(table: &mut Table, name: &str, epoch: &EpochRecord) {
    let item = epoch.epoch.to_string();
    let figures = [
        ("train_loss", Some(epoch.train_loss)),
        ("validation_loss", epoch.validation_loss),
        ("train_accuracy", epoch.train_accuracy),
        ("validation_accuracy", epoch.validation_accuracy),
        ("learning_rate", Some(epoch.learning_rate)),
        ("seconds", Some(epoch.seconds)),
        ("images_per_s", Some(epoch.images_per_s)),
        ("validation_map", epoch.validation_map),
        ("energy_j", epoch.energy_j),
    ];
    table.numbers("epoch", name, &item, figures);
    for (part, loss) in &epoch.losses {
        table.numbers(
            "epoch",
            name,
            &item,
            [(&*format!("losses.{part}"), Some(*loss))],
        );
    }
}

fn classes(table: &mut Table, report: &Report<'_>, contestant: &Contestant<'_>) {
    let Some(scores) = &contestant.evaluation.classification else {
        return;
    };
    for class in &scores.per_class {
        let figures = [
            ("precision", Some(class.precision)),
            ("recall", Some(class.recall)),
            ("f1", Some(class.f1)),
            ("support", Some(class.support as f64)),
            ("roc_auc", class.roc_auc),
            ("average_precision", class.average_precision),
        ];
        table.numbers("class", contestant.name, &class.class, figures);
    }
    for (truth, row) in scores.confusion.iter().enumerate() {
        for (answer, images) in row.iter().enumerate().filter(|(_, images)| **images > 0) {
            let (truth, answer) = (report.class(truth), report.class(answer));
            table.line("confusion", contestant.name, &truth, &answer, images);
        }
    }
}

fn calibration(table: &mut Table, contestant: &Contestant<'_>) {
    let bins =
        reliability(contestant.predictions).map_or(Vec::new(), |reliability| reliability.bins);
    for (number, bin) in bins.iter().enumerate().filter(|(_, bin)| bin.images > 0) {
        let (name, item) = (contestant.name, (number + 1).to_string());
        table.line("calibration", name, &item, "confidence", bin.confidence);
        table.line("calibration", name, &item, "accuracy", bin.accuracy);
        table.line("calibration", name, &item, "images", bin.images);
    }
}

fn mistakes(table: &mut Table, report: &Report<'_>, contestant: &Contestant<'_>) {
    let rows = contestant.predictions.rows.iter();
    for row in rows.filter(|row| !row.is_correct()) {
        let (name, item) = (contestant.name, row.index.to_string());
        table.line("mistake", name, &item, "truth", report.class(row.label));
        table.line(
            "mistake",
            name,
            &item,
            "answer",
            report.class(row.predicted),
        );
        table.numbers("mistake", name, &item, [("score", Some(row.score.into()))]);
    }
}

fn environment(table: &mut Table, contestant: &Contestant<'_>) {
    let (environment, evaluation) = (contestant.environment, contestant.evaluation);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    for (figure, value) in [
        ("command", shell_quoted(&environment.command)),
        ("seed", evaluation.seed.to_string()),
        ("device", environment.device.clone()),
        ("threads", environment.threads.to_string()),
        ("data", environment.data.name.clone()),
        ("digest", text(&environment.data.digest)),
        ("model_digest", text(&evaluation.model_digest)),
        ("atelier", environment.atelier.clone()),
        ("commit", text(&environment.commit)),
        ("date", environment.date.clone()),
    ] {
        if !value.is_empty() {
            table.line("environment", contestant.name, "", figure, value);
        }
    }
}
