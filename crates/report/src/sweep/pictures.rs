//! The pictures of a sweep: the way to the best, all trials side by side, quality against time.

use super::{View, show};
use crate::format::fill;
use crate::html::{figure, note, paragraph};
use crate::plot::axis::{Axis, Scale, Unit};
use crate::plot::parallel::{Kind, Line, Parallel, Row, Ruler};
use crate::plot::progress::{Dot, Progress};
use crate::plot::scatter::{Point, Scatter};
use crate::plot::{SLOTS, swatch};
use measure::record::{
    Domain, SettingValue, SweepMetric, TrialRecord, TrialStatus, best, front as front_of, quality,
    ranked,
};

/// The slot of the one that counts, and of what was tried beside it.
const BEST: usize = 1;
const GOOD: usize = 0;
const OTHER: usize = SLOTS - 1;

fn scale(metric: SweepMetric) -> (Scale, Unit) {
    match metric {
        SweepMetric::Loss => (Scale::Log, Unit::Plain),
        SweepMetric::Accuracy | SweepMetric::Ap => (Scale::TowardsOne, Unit::Percent),
    }
}

/// What a tip says of a trial.
fn tip(view: &View<'_>, trial: &TrialRecord) -> String {
    let settings = view.plan.parameters.iter().zip(&view.names);
    let settings = settings.filter_map(|(parameter, name)| {
        Some(format!("{name} {}", trial.values.get(&parameter.key)?))
    });
    format!(
        "{} {}{}{} ({}), {}",
        view.words.trial,
        trial.trial,
        view.language.colon(),
        view.value(trial.value),
        view.status(trial),
        settings.collect::<Vec<_>>().join(", ")
    )
}

fn legend(entries: &[(usize, &str)]) -> String {
    let entries = entries
        .iter()
        .map(|(slot, name)| format!("<li>{} {name}</li>", swatch(*slot)));
    format!(
        "<ul class=\"legend\">{}</ul>\n",
        entries.collect::<String>()
    )
}

/// Each trial's figure by its number, and the best so far.
fn progress(view: &View<'_>) -> String {
    let words = view.words;
    let (scale, unit) = scale(view.plan.metric);
    let dots = view.trials.iter().filter_map(|trial| {
        let finished = trial.status == TrialStatus::Finished;
        Some(Dot {
            slot: if finished { GOOD } else { OTHER },
            number: trial.trial,
            value: trial.value?,
            counts: finished,
            tip: tip(view, trial),
        })
    });
    let chart = Progress {
        description: words.progress,
        language: view.language,
        x_name: words.trial,
        y_name: view.metric_name(),
        y_scale: scale,
        y_unit: unit,
        less_is_better: view.plan.metric == SweepMetric::Loss,
        slot: BEST,
        dots: dots.collect(),
    };
    let mut entries = vec![(GOOD, words.finished)];
    if view
        .trials
        .iter()
        .any(|trial| trial.status == TrialStatus::Stopped)
    {
        entries.push((OTHER, words.stopped));
    }
    let line = format!(
        "<li><i class=\"best-so-far\"></i>{}</li>",
        words.best_so_far
    );
    let legend = legend(&entries).replace("</ul>", &format!("{line}</ul>"));
    figure(chart.svg(), &format!("<b>{}</b>{legend}", words.progress))
}

/// A line a trial across all settings, down to its figure; beside it the way to the best.
pub fn side_by_side(view: &View<'_>) -> String {
    let words = view.words;
    let places = ranked(view.trials, view.plan.metric);
    let good = places.len().div_ceil(4);
    let (scale, unit) = scale(view.plan.metric);
    let values = view.trials.iter().filter_map(|trial| trial.value);
    let Some(axis) = Axis::around(values, scale, unit, 5, view.language) else {
        return String::new();
    };
    let mut rulers: Vec<Row<'_>> = view
        .plan
        .parameters
        .iter()
        .zip(&view.names)
        .filter_map(|(parameter, name)| {
            Some(Row {
                name,
                ruler: ruler(view, &parameter.domain)?,
            })
        })
        .collect();
    if rulers.len() != view.plan.parameters.len() {
        return String::new();
    }
    rulers.push(Row {
        name: view.metric_name(),
        ruler: Ruler::Numbers(axis),
    });
    let best = best(view.trials, view.plan.metric).map(|trial| trial.trial);
    let lines = places.iter().enumerate().rev().map(|(rank, place)| {
        let trial = &view.trials[*place];
        let settings = view.plan.parameters.iter().zip(&rulers);
        let settings = settings.map(|(parameter, row)| {
            let value = trial.values.get(&parameter.key)?;
            row.ruler
                .place(value.number(), &value.to_string(), trial.trial)
        });
        let figure = rulers
            .last()
            .and_then(|row| row.ruler.place(trial.value, "", trial.trial));
        Line {
            kind: match (best == Some(trial.trial), trial.status) {
                (true, _) => Kind::Best(BEST),
                (false, TrialStatus::Finished) if rank < good => Kind::Good(GOOD),
                (false, TrialStatus::Finished) => Kind::Other,
                (false, TrialStatus::Stopped | TrialStatus::Failed) => Kind::Stopped,
            },
            places: settings.chain([figure]).collect(),
            tip: tip(view, trial),
        }
    });
    let lines: Vec<Line> = lines.collect();
    let chart = Parallel {
        description: words.side_by_side,
        rows: rulers,
        lines,
    };
    let entries = [
        ("thick s1", words.best_trial),
        ("good s0", words.good),
        ("other", words.finished),
        ("stopped", words.stopped_or_failed),
    ];
    let entries = entries.map(|(class, name)| {
        format!(
            "<li><svg class=\"stroke\" viewBox=\"0 0 28 8\" aria-hidden=\"true\"><path class=\"trial {class}\" d=\"M0 4H28\"/></svg> {name}</li>"
        )
    });
    let caption = format!(
        "<b>{}</b><ul class=\"legend\">{}</ul>",
        words.settings,
        entries.concat()
    );
    format!(
        "{}<div class=\"first\">{}{}</div>\n",
        paragraph(words.side_by_side_lead),
        figure(Some(chart.svg()), &caption),
        progress(view)
    )
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

/// Quality against training time, of the trials that were trained to their end.
pub fn front(view: &View<'_>) -> String {
    let words = view.words;
    let metric = view.plan.metric;
    let finished = view
        .trials
        .iter()
        .enumerate()
        .filter(|(_, trial)| trial.status == TrialStatus::Finished);
    let priced: Vec<(usize, &TrialRecord, f64)> = finished
        .filter(|(_, trial)| trial.seconds() > 0.0)
        .filter_map(|(place, trial)| Some((place, trial, quality(trial, metric)?)))
        .collect();
    let longest = priced
        .iter()
        .map(|(_, trial, _)| trial.seconds())
        .fold(0.0, f64::max);
    let (divisor, x_name) = match longest {
        s if s > 3.0 * 3600.0 => (3600.0, words.hours),
        s if s > 180.0 => (60.0, words.minutes),
        _ => (1.0, words.seconds),
    };
    let best = front_of(view.trials, metric);
    let ap = match metric {
        SweepMetric::Ap => true,
        SweepMetric::Accuracy => false,
        SweepMetric::Loss => priced
            .iter()
            .all(|(_, trial, _)| trial.epochs.last().is_some_and(|e| e.accuracy.is_none())),
    };
    let points = priced.iter().map(|(place, trial, gain)| Point {
        slot: if best.contains(place) { GOOD } else { OTHER },
        cost: trial.seconds() / divisor,
        gain: *gain,
        interval: None,
        tip: format!(
            "{}, {}",
            tip(view, trial),
            view.language.duration(trial.seconds())
        ),
    });
    let chart = Scatter {
        description: words.front,
        language: view.language,
        x_name,
        y_name: if ap { words.ap } else { words.accuracy },
        points: points.collect(),
    };
    let Some(plot) = chart.svg() else {
        return String::new();
    };
    let rows = best.iter().map(|place| {
        let trial = &view.trials[*place];
        let settings: Vec<String> = view
            .plan
            .parameters
            .iter()
            .filter_map(|p| trial.values.get(&p.key))
            .map(SettingValue::to_string)
            .collect();
        let quality = quality(trial, metric).unwrap_or(f64::NAN);
        let percent = show(SweepMetric::Accuracy)(view.language, quality);
        let (number, time) = (
            trial.trial.to_string(),
            view.language.duration(trial.seconds()),
        );
        let text = fill(
            words.front_trial,
            &[
                ("trial", &number),
                ("quality", &percent),
                ("time", &time),
                ("settings", &settings.join(", ")),
            ],
        );
        format!("<li>{}</li>", crate::format::Text(&text))
    });
    let list = format!("<ul class=\"pairs\">{}</ul>\n", rows.collect::<String>());
    format!(
        "{}{}<div class=\"pair\">{}<div>{list}</div></div>\n{}",
        paragraph(words.front_lead),
        legend(&[(GOOD, words.on_front), (OTHER, words.off_front)]),
        figure(Some(plot), &format!("<b>{}</b>", words.front)),
        note(words.front_note)
    )
}
