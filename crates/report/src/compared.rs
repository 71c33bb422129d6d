//! Metrics of several contestants side by side, and which is the best.

use crate::Language;
use crate::Report;
use crate::format::{ABSENT, fill};
use crate::metrics::{Better, Group, METRICS, Metric};
use crate::model::{Cell, Line, Mark, Span};
use crate::seeds::columns;
use crate::words::Words;
use measure::record::{ACCURACIES, Evaluation};
use measure::significance::Spread;

/// A metric of every contestant.
pub struct Compared {
    /// What is measured.
    pub metric: &'static Metric,
    /// A cell per column: a contestant, or a recipe over its seeds.
    pub cells: Vec<Value>,
}

/// A metric of a contestant, or of a recipe over its seeds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Value {
    /// The value, over seeds the mean; `None` where it is unknown for one of the trainings.
    pub value: Option<f64>,
    /// Sample standard deviation from seed to seed; `None` without several seeds.
    pub sd: Option<f64>,
    /// The value of each training.
    pub each: Vec<Option<f64>>,
    /// The value as it is shown; a dash where there is none.
    pub shown: String,
    /// The standard deviation as it is shown, if rounding leaves any of it.
    pub shown_sd: Option<String>,
    /// Whether it is the best of all. Values that look the same are tied, and a tie has no best.
    pub best: bool,
}

impl Value {
    /// As it is shown, with the standard deviation.
    pub fn text(&self) -> String {
        match &self.shown_sd {
            Some(sd) => format!("{} ± {sd}", self.shown),
            None => self.shown.clone(),
        }
    }

    /// As a cell of a table.
    pub fn cell(&self) -> Cell {
        let sd = self.shown_sd.as_ref();
        let sd = sd.map(|sd| Span::Small(format!("± {sd}")));
        let text = Line::from(self.shown.clone()).0.into_iter().chain(sd);
        Cell {
            text: Line(text.collect()),
            mark: if self.best { Mark::Best } else { Mark::None },
        }
    }
}

/// A metric of columns of trainings; `None` where no column has a value.
pub fn compare(
    metric: &'static Metric,
    columns: &[Vec<&Evaluation>],
    language: Language,
) -> Option<Compared> {
    let show = |value| (metric.show)(language, value);
    let cell = |runs: &Vec<&Evaluation>| {
        let values = runs
            .iter()
            .map(|run| (metric.value)(run).filter(|value| value.is_finite()));
        let each: Vec<Option<f64>> = values.collect();
        let known: Option<Vec<f64>> = each.iter().copied().collect();
        let spread = known.and_then(|values| Spread::of(&values));
        let sd = spread.and_then(|spread| spread.sd);
        Value {
            value: spread.map(|spread| spread.mean),
            sd,
            each,
            shown: show(spread.map_or(f64::NAN, |spread| spread.mean)),
            // A spread that rounds to zero says nothing.
            shown_sd: sd
                .map(show)
                .filter(|sd| sd.contains(|c: char| ('1'..='9').contains(&c))),
            best: false,
        }
    };
    let mut cells: Vec<Value> = columns.iter().map(cell).collect();
    mark_best(&mut cells, metric.better);
    cells
        .iter()
        .any(|cell| cell.value.is_some())
        .then_some(Compared { metric, cells })
}

fn mark_best(cells: &mut [Value], better: Better) {
    let sign = if better == Better::Higher { 1.0 } else { -1.0 };
    let known = cells.iter().enumerate();
    let known = known.filter_map(|(index, cell)| Some((index, sign * cell.value?)));
    let mut order: Vec<(usize, f64)> = known.collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    if let [(first, _), (second, _), ..] = order[..]
        && cells[first].shown != cells[second].shown
    {
        cells[first].best = true;
    }
}

/// The training times to an accuracy in validation; `None` where no training reached it. `seconds` is the mean of the
/// trainings that did.
pub fn time_to(
    accuracy: f64,
    columns: &[Vec<&Evaluation>],
    language: Language,
) -> Option<Vec<TimeTo>> {
    let time = |runs: &Vec<&Evaluation>| {
        let times = runs.iter().flat_map(|run| &run.time_to_accuracy);
        let times = times.filter(|time| time.accuracy == accuracy);
        let times: Vec<f64> = times.map(|time| time.seconds).collect();
        TimeTo::of(&times, runs.len(), language)
    };
    let times: Vec<TimeTo> = columns.iter().map(time).collect();
    times.iter().any(|time| time.reached > 0).then_some(times)
}

/// How long a column's trainings took to an accuracy.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeTo {
    /// Mean of the trainings that reached it, in seconds; `None` where none did.
    pub seconds: Option<f64>,
    /// How many reached it.
    pub reached: usize,
    /// As it is shown, with how many reached it where not all did.
    pub text: String,
    /// Whether all trainings reached it, so that it can be compared.
    pub complete: bool,
}

impl TimeTo {
    fn of(times: &[f64], trainings: usize, language: Language) -> Self {
        let seconds = Spread::of(times).map(|spread| spread.mean);
        let text = match seconds.map(|seconds| language.duration(seconds)) {
            None => ABSENT.to_string(),
            Some(time) if times.len() == trainings => time,
            Some(time) => {
                let [reached, all] = [times.len(), trainings].map(|n| language.count(n as u64));
                let values = [("time", &*time), ("reached", &reached), ("all", &all)];
                fill(Words::of(language).some_reached, &values)
            }
        };
        Self {
            seconds,
            reached: times.len(),
            text,
            complete: times.len() == trainings,
        }
    }
}

/// The times as values of which the shortest is the best, if all trainings reached the accuracy.
pub fn ranked_times(times: &[TimeTo]) -> Vec<Value> {
    let value = |time: &TimeTo| Value {
        value: time.seconds.filter(|_| time.complete),
        shown: time.text.clone(),
        ..Value::default()
    };
    let mut cells: Vec<Value> = times.iter().map(value).collect();
    mark_best(&mut cells, Better::Lower);
    cells
}

/// The metrics of a group that at least one column of a report has.
pub fn rows(report: &Report<'_>, group: Group) -> Vec<Compared> {
    let columns = evaluations(report);
    let metrics = METRICS.iter().filter(|metric| metric.group == group);
    metrics
        .filter_map(|metric| compare(metric, &columns, report.language))
        .collect()
}

/// How long each column took to some round accuracies in validation; without those that no training reached.
pub fn times_to_accuracy(report: &Report<'_>) -> Vec<(f64, Vec<TimeTo>)> {
    let columns = evaluations(report);
    let time = |accuracy| Some((accuracy, time_to(accuracy, &columns, report.language)?));
    ACCURACIES.into_iter().filter_map(time).collect()
}

fn evaluations<'a>(report: &Report<'a>) -> Vec<Vec<&'a Evaluation>> {
    let runs = |runs: Vec<usize>| {
        runs.into_iter()
            .map(|run| report.contestants[run].evaluation)
            .collect()
    };
    columns(report)
        .into_iter()
        .map(|column| runs(column.runs))
        .collect()
}
