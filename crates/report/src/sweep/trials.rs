//! Tables of trials: the best, and all.

use super::View;
use crate::format::Text;
use crate::html::{details, note, scroll};
use measure::record::{TrialRecord, TrialStatus, ranked};

/// Trials in the table of the best.
const BEST: usize = 10;
/// Of more trials than this the table of all is closed at first.
const OPEN: usize = 12;

/// The best trials that were trained to their end.
pub fn best(view: &View<'_>) -> String {
    let places = ranked(view.trials, view.plan.metric).into_iter();
    let trials = places.map(|place| &view.trials[place]);
    let finished = trials.filter(|trial| trial.status == TrialStatus::Finished);
    let rows: Vec<&TrialRecord> = finished.take(BEST).collect();
    if rows.is_empty() {
        return String::new();
    }
    let table = table(view, &rows, view.words.best_trials, false);
    scroll(view.words.best_trials, &table)
}

/// All trials by number, with what became of them.
pub fn all(view: &View<'_>) -> String {
    let rows: Vec<&TrialRecord> = view.trials.iter().collect();
    if rows.is_empty() {
        return String::new();
    }
    let table = scroll(
        view.words.all_trials,
        &table(view, &rows, view.words.all_trials, true),
    );
    let table = match rows.len() > OPEN {
        true => details(view.words.as_table, &table),
        false => table,
    };
    table + &failures(view)
}

fn table(view: &View<'_>, rows: &[&TrialRecord], caption: &str, whole: bool) -> String {
    let words = view.words;
    let column = |name: &str| format!("<th scope=\"col\">{}</th>", Text(name));
    let mut head = column(words.trial);
    head += &column(view.metric_name());
    head += &view
        .names
        .iter()
        .map(|name| column(name))
        .collect::<String>();
    if whole {
        head += &column(words.status);
        head += &column(words.epochs);
    }
    head += &column(words.time);
    let row = |trial: &&TrialRecord| {
        let mut cells = format!("<td>{}</td>", view.value(trial.value));
        for parameter in &view.plan.parameters {
            let value = trial.values.get(&parameter.key).map(ToString::to_string);
            cells += &format!("<td>{}</td>", Text(&value.unwrap_or_default()));
        }
        if whole {
            cells += &format!(
                "<td>{}</td><td>{}</td>",
                view.status(trial),
                trial.epochs.len()
            );
        }
        cells += &format!("<td>{}</td>", view.language.duration(trial.seconds()));
        format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", trial.trial)
    };
    let body: String = rows.iter().map(row).collect();
    format!(
        "<table class=\"plain trials\"><caption><b>{caption}</b></caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
}

/// Why trials failed, each reason once.
fn failures(view: &View<'_>) -> String {
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
    let told = reasons.iter().map(|(reason, trials)| {
        note(&format!(
            "{} {}{}{}",
            view.words.failed_trials,
            trials.join(", "),
            view.language.colon(),
            Text(reason)
        ))
    });
    told.collect()
}
