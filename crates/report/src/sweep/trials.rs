//! Tables of trials: the best, and all.

use super::View;
use crate::model::{Block, Line, Row, Table};
use measure::record::{TrialRecord, TrialStatus, ranked};

/// Trials in the table of the best.
const BEST: usize = 10;
/// Of more trials than this the table of all is closed at first.
const OPEN: usize = 12;

/// The best finished trials.
pub fn best(view: &View<'_>) -> Table {
    let places = ranked(view.trials, view.plan.metric).into_iter();
    let trials = places.map(|place| &view.trials[place]);
    let finished = trials.filter(|trial| trial.status == TrialStatus::Finished);
    table(view, finished.take(BEST), view.words.best_trials, false)
}

/// All trials by number, and why some failed.
pub fn all(view: &View<'_>) -> Vec<Block> {
    let words = view.words;
    let table = table(view, view.trials.iter(), words.all_trials, true).block();
    let table = table.map(|table| {
        if view.trials.len() > OPEN {
            Block::Details(words.as_table.to_string(), vec![table])
        } else {
            table
        }
    });
    table.into_iter().chain(failures(view)).collect()
}

fn table<'a>(
    view: &View<'_>,
    trials: impl Iterator<Item = &'a TrialRecord>,
    caption: &str,
    whole: bool,
) -> Table {
    let words = view.words;
    let mut head = vec![words.trial, view.metric_name()];
    head.extend(view.names.iter().map(String::as_str));
    if whole {
        head.extend([words.status, words.epochs]);
    }
    head.push(words.time);
    let rows = trials.map(|trial| {
        let values = view
            .plan
            .parameters
            .iter()
            .map(|parameter| trial.values.get(&parameter.key));
        let values = values.map(|value| value.map(ToString::to_string).unwrap_or_default());
        let outcome = [
            view.status(trial).to_string(),
            trial.epochs.len().to_string(),
        ];
        let cells = std::iter::once(view.value(trial.value)).chain(values);
        let cells = cells.chain(outcome.into_iter().filter(|_| whole));
        let cells = cells.chain([view.language.duration(trial.seconds())]);
        Row::text(trial.trial.to_string(), cells)
    });
    Table::plain(Line::bold(caption), head, rows)
}

/// Why trials failed, each reason once.
fn failures(view: &View<'_>) -> Vec<Block> {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for trial in view.trials {
        let Some(reason) = trial.reason.as_deref() else {
            continue;
        };
        let number = trial.trial.to_string();
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, trials)) => trials.push(number),
            None => reasons.push((reason, vec![number])),
        }
    }
    let notes = reasons.iter().map(|(reason, trials)| {
        let (failed, colon) = (view.words.failed_trials, view.language.colon());
        Block::Note(format!("{failed} {}{colon}{reason}", trials.join(", ")).into())
    });
    notes.collect()
}
