//! Metrics of the columns of a report.

use crate::compared::{Compared, TimeTo, compare, time_to};
use crate::metrics::{Better, Group, METRICS};
use crate::seeds::columns;
use crate::words::Words;
use crate::{Language, Report};
use measure::record::{ACCURACIES, EpochRecord, Evaluation};

pub const QUALITY: Group = Group::Quality;
pub const COST: Group = Group::Cost;
pub const FURTHER: Group = Group::Further;
pub const PLUS_MINUS: &str = " ± ";

#[derive(Debug, Clone)]
pub struct Row {
    pub key: &'static str,
    pub name: &'static str,
    pub better: Better,
    pub show: fn(Language, f64) -> String,
    pub cells: Vec<Cell>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    pub value: Option<f64>,
    pub sd: Option<f64>,
    pub each: Vec<Option<f64>>,
    pub text: String,
    pub best: bool,
}

fn evaluations<'a>(report: &Report<'a>) -> Vec<Vec<&'a Evaluation>> {
    let columns = columns(report).into_iter();
    let runs = columns.map(|column| {
        let runs = column.runs.iter();
        runs.map(|run| report.contestants[*run].evaluation)
            .collect()
    });
    runs.collect()
}

pub fn rows(report: &Report<'_>, group: Group, _: &Words) -> Vec<Row> {
    let columns = evaluations(report);
    let metrics = METRICS.iter().filter(|metric| metric.group == group);
    let rows = metrics.filter_map(|metric| {
        let Compared { name, cells } = compare(metric, &columns, report.language)?;
        let cells = cells.into_iter().map(|cell| Cell {
            text: cell.text(),
            value: cell.value,
            sd: cell.sd,
            each: cell.each,
            best: cell.best,
        });
        Some(Row {
            key: metric.key,
            name,
            better: metric.better,
            show: metric.show,
            cells: cells.collect(),
        })
    });
    rows.collect()
}

/// Some round accuracies that anyone reached while training, and how long each column took to them; empty without
/// validation images.
pub fn times_to_accuracy(report: &Report<'_>) -> Vec<(f64, Vec<TimeTo>)> {
    let columns = evaluations(report);
    let times = ACCURACIES.into_iter();
    let times = times
        .filter_map(|accuracy| Some((accuracy, time_to(accuracy, &columns, report.language)?)));
    times.collect()
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
