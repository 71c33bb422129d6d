//! The plots of a sweep: progress, all trials side by side, quality against time.

use super::{View, show};
use crate::Language;
use crate::format::filled;
use crate::model::{Block, Figure, Layout, Sign};
use crate::plot::SLOTS;
use crate::plot::axis::{Axis, Measure, Scale, Unit};
use crate::plot::parallel::{Kind, Line, Parallel, Row, Ruler};
use crate::plot::points::{Point, PointChart};
use crate::sections::time_unit;
use crate::words::Words;
use measure::record::{
    Domain, SettingValue, SweepMetric, TrialRecord, TrialStatus, best, front as front_of, quality,
    ranked,
};

/// The slot of the best trial, of good ones and of the others.
const BEST: usize = 1;
const GOOD: usize = 0;
const OTHER: usize = SLOTS - 1;

/// The axis of the metric that trials are judged by.
fn metric_axis(view: &View<'_>) -> Measure<'static> {
    let name = view.metric_name();
    match view.plan.metric {
        SweepMetric::Loss => Measure::plain(name, Scale::Log, Language::significant),
        SweepMetric::Accuracy | SweepMetric::Ap => Measure::share(name, Scale::TowardsOne),
    }
}

/// What a tip says of a trial.
fn tip(view: &View<'_>, trial: &TrialRecord) -> String {
    format!(
        "{} {}{}{} ({}), {}",
        view.words.trial,
        trial.trial,
        view.language.colon(),
        view.value(trial.value),
        view.status(trial),
        view.settings(trial)
    )
}

fn legend<const N: usize>(entries: [(Sign, &str); N]) -> Vec<(Sign, String)> {
    entries.map(|(sign, name)| (sign, name.to_string())).into()
}

/// The result of each trial by its number, and the best so far.
fn progress(view: &View<'_>) -> Option<Figure> {
    let words = view.words;
    let points = view.trials.iter().filter_map(|trial| {
        let finished = trial.status == TrialStatus::Finished;
        Some(Point {
            slot: if finished { GOOD } else { OTHER },
            at: [trial.trial as f64, trial.value?],
            interval: None,
            tip: tip(view, trial),
        })
    });
    let points: Vec<Point> = points.collect();
    let mut best: Option<f64> = None;
    let mut steps = Vec::new();
    for point in points.iter().filter(|point| point.slot == GOOD) {
        let [_, value] = point.at;
        let better = best.is_none_or(|best| match view.plan.metric {
            SweepMetric::Loss => value < best,
            SweepMetric::Accuracy | SweepMetric::Ap => value > best,
        });
        if better {
            best = Some(value);
            steps.push(point.at);
        }
    }
    let last = points.last().zip(best);
    steps.extend(last.map(|(last, best)| [last.at[0], best]));
    let chart = PointChart {
        description: words.progress,
        language: view.language,
        x: Measure::plain(words.trial, Scale::Whole, Language::whole),
        y: metric_axis(view),
        margin: 1.0,
        points,
        steps,
        class: "line s1",
    };
    let mut legend = legend([
        (Sign::Marker(GOOD), words.finished),
        (Sign::Marker(OTHER), words.stopped),
        (Sign::BestSoFar, words.best_so_far),
    ]);
    if view
        .trials
        .iter()
        .all(|trial| trial.status != TrialStatus::Stopped)
    {
        legend.remove(1);
    }
    let figure = Figure::of(chart.svg(), words.progress)?;
    Some(Figure { legend, ..figure })
}

/// A line per trial across all settings, down to its result; beside it the progress of the search.
pub fn side_by_side(view: &View<'_>) -> Vec<Block> {
    let words = view.words;
    let Some(plot) = parallel(view) else {
        return Vec::new();
    };
    let legend = legend([
        (Sign::Trial("thick s1"), words.best_trial),
        (Sign::Trial("good s0"), words.good),
        (Sign::Trial("other"), words.finished),
        (Sign::Trial("stopped"), words.stopped_or_failed),
    ]);
    let settings = Figure::of(Some(plot), words.settings).map(|figure| Figure { legend, ..figure });
    let figures = [settings, progress(view)].into_iter().flatten();
    let columns = figures.map(|figure| vec![Block::Figure(figure)]);
    vec![
        Block::Paragraph(words.side_by_side_lead.into()),
        Block::Columns(Layout::FirstWider, columns.collect()),
    ]
}

fn parallel(view: &View<'_>) -> Option<String> {
    let places = ranked(view.trials, view.plan.metric);
    let good = places.len().div_ceil(4);
    let values = view.trials.iter().filter_map(|trial| trial.value);
    let axis = metric_axis(view).axis(values, 5, view.language)?;
    let rulers = view
        .plan
        .parameters
        .iter()
        .zip(&view.names)
        .map(|(parameter, name)| {
            let ruler = ruler(view, &parameter.domain)?;
            Some(Row { name, ruler })
        });
    let mut rulers: Vec<Row<'_>> = rulers.collect::<Option<_>>()?;
    rulers.push(Row {
        name: view.metric_name(),
        ruler: Ruler::Numbers(axis),
    });
    let best = best(view.trials, view.plan.metric).map(|trial| trial.trial);
    let lines = places.iter().enumerate().rev().map(|(rank, place)| {
        let trial = &view.trials[*place];
        let settings = view
            .plan
            .parameters
            .iter()
            .zip(&rulers)
            .map(|(parameter, row)| {
                let value = trial.values.get(&parameter.key)?;
                row.ruler
                    .place(value.number(), &value.to_string(), trial.trial)
            });
        let result = rulers
            .last()
            .and_then(|row| row.ruler.place(trial.value, "", trial.trial));
        Line {
            kind: match trial.status {
                _ if best == Some(trial.trial) => Kind::Best(BEST),
                TrialStatus::Finished if rank < good => Kind::Good(GOOD),
                TrialStatus::Finished => Kind::Other,
                TrialStatus::Stopped | TrialStatus::Failed => Kind::Stopped,
            },
            places: settings.chain([result]).collect(),
            tip: tip(view, trial),
        }
    });
    let lines = lines.collect();
    let chart = Parallel {
        description: view.words.side_by_side,
        rows: rulers,
        lines,
    };
    Some(chart.svg())
}

fn ruler(view: &View<'_>, domain: &Domain) -> Option<Ruler> {
    match domain {
        Domain::Choices { choices } => Some(Ruler::Choices(choices.clone())),
        Domain::Numbers {
            low,
            high,
            log,
            integer,
            ..
        } => {
            let scale = match (log, integer) {
                (true, _) => Scale::Log,
                (false, true) => Scale::Whole,
                (false, false) => Scale::Linear,
            };
            Axis::around([*low, *high], scale, Unit::Plain, 5, view.language).map(Ruler::Numbers)
        }
    }
}

/// Quality against training time of the finished trials.
pub fn front(view: &View<'_>) -> Vec<Block> {
    let (words, language, metric) = (view.words, view.language, view.plan.metric);
    let finished = view
        .trials
        .iter()
        .enumerate()
        .filter(|(_, trial)| trial.status == TrialStatus::Finished);
    let priced = finished
        .filter(|(_, trial)| trial.seconds() > 0.0)
        .filter_map(|(place, trial)| Some((place, trial, quality(trial, metric)?)));
    let priced: Vec<(usize, &TrialRecord, f64)> = priced.collect();
    let longest = priced
        .iter()
        .map(|(_, trial, _)| trial.seconds())
        .fold(0.0, f64::max);
    let (divisor, x_name) = time_unit(Words::of(language), longest);
    let best = front_of(view.trials, metric);
    let boxes = |trial: &TrialRecord| trial.epochs.last().is_some_and(|e| e.accuracy.is_none());
    let ap = match metric {
        SweepMetric::Ap => true,
        SweepMetric::Accuracy => false,
        SweepMetric::Loss => priced.iter().all(|(_, trial, _)| boxes(trial)),
    };
    if priced.len() < 2 {
        return Vec::new();
    }
    let at = |trial: &TrialRecord, gain| [trial.seconds() / divisor, gain];
    let points = priced.iter().map(|(place, trial, gain)| Point {
        slot: if best.contains(place) { GOOD } else { OTHER },
        at: at(trial, *gain),
        interval: None,
        tip: format!(
            "{}, {}",
            tip(view, trial),
            language.duration(trial.seconds())
        ),
    });
    let front = best.iter().map(|place| &view.trials[*place]);
    let steps = front.filter_map(|trial| Some(at(trial, quality(trial, metric)?)));
    let mut steps: Vec<[f64; 2]> = steps.collect();
    steps.extend(steps.last().map(|[_, gain]| [f64::INFINITY, *gain]));
    let chart = PointChart {
        description: words.front,
        language,
        x: Measure::plain(x_name, Scale::Log, Language::significant),
        y: Measure::share(
            if ap { words.ap } else { words.accuracy },
            Scale::TowardsOne,
        ),
        margin: 1.25,
        points: points.collect(),
        steps,
        class: "front",
    };
    let Some(figure) = Figure::of(chart.svg(), words.front) else {
        return Vec::new();
    };
    let lines = best.iter().map(|place| {
        let trial = &view.trials[*place];
        let settings = view
            .plan
            .parameters
            .iter()
            .filter_map(|p| trial.values.get(&p.key));
        let settings: Vec<String> = settings.map(SettingValue::to_string).collect();
        let quality = quality(trial, metric).unwrap_or(f64::NAN);
        let values = [
            ("trial", trial.trial.to_string()),
            ("quality", show(SweepMetric::Accuracy)(language, quality)),
            ("time", language.duration(trial.seconds())),
            ("settings", settings.join(", ")),
        ];
        filled(words.front_trial, &values).into()
    });
    let list = Block::List(lines.collect());
    let signs = [
        (Sign::Marker(GOOD), words.on_front),
        (Sign::Marker(OTHER), words.off_front),
    ];
    vec![
        Block::Paragraph(words.front_lead.into()),
        Block::Legend(legend(signs)),
        Block::Columns(Layout::Equal, vec![vec![Block::Figure(figure)], vec![list]]),
        Block::Note(words.front_note.into()),
    ]
}
