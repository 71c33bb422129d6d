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
//! | `time_to_accuracy` | the accuracy | `seconds` |
//! | `mistake` | index of the image | `truth`, `answer`, `score` |
//! | `environment` | | `seed`, `device`, `data`, ... |

use std::fmt::Display;

use super::curves::reliability;
use super::figures::{COST, FURTHER, QUALITY, rows, times_to_accuracy};
use super::words::Words;
use super::{Contestant, Report};
use crate::detection::csv_field;
use crate::record::EpochRecord;

/// The whole report; always in the same words and numbers, whatever its language.
pub fn csv(report: &Report<'_>) -> String {
    let mut table = Table("section,contestant,item,figure,value\n".to_string());
    figures(&mut table, report);
    verdict(&mut table, report);
    for (accuracy, times) in times_to_accuracy(report) {
        for (contestant, seconds) in report.contestants.iter().zip(times) {
            let item = accuracy.to_string();
            table.number(
                "time_to_accuracy",
                contestant.name,
                &item,
                "seconds",
                seconds,
            );
        }
    }
    for contestant in &report.contestants {
        for epoch in contestant.history {
            one_epoch(&mut table, contestant.name, epoch);
        }
        classes(&mut table, report, contestant);
        calibration(&mut table, contestant);
        mistakes(&mut table, report, contestant);
        environment(&mut table, contestant);
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
    for (section, definitions) in [("quality", QUALITY), ("cost", COST), ("further", FURTHER)] {
        for row in rows(report, definitions, words) {
            for (contestant, cell) in report.contestants.iter().zip(&row.cells) {
                table.number(section, contestant.name, "", row.key, cell.value);
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
        ("command", environment.command.join(" ")),
        ("seed", environment.seed.to_string()),
        ("device", environment.device.clone()),
        ("threads", environment.threads.to_string()),
        ("data", environment.data.name.clone()),
        (
            "digest",
            environment.data.digest.clone().unwrap_or_default(),
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
