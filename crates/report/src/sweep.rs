//! The report of a search for settings, as one page in the look of the others, and its trials as CSV and JSON.

mod data;
mod how;
mod importance;
mod pictures;
mod terminal;
mod trials;
mod words;

pub use data::{SweepDocument, csv, document};
pub use terminal::{SweepLines, best_recipe_file, sweep_counts, sweep_table};

use super::Language;
use super::format::{Text, fill};
use super::html::page;
use super::words::Words;
use measure::record::{SweepMetric, SweepPlan, TrialRecord, TrialStatus, best};
use words::SweepWords;

/// A sweep and its trials, borrowed from its records.
#[derive(Debug, Clone, Copy)]
pub struct SweepReport<'a> {
    /// What was searched.
    pub plan: &'a SweepPlan,
    /// What came out, by number.
    pub trials: &'a [TrialRecord],
    /// The recipe of the best trial; `None` where none was trained to its end.
    pub best_toml: Option<&'a str>,
    /// The file of that recipe, as a command takes it.
    pub best_file: &'a str,
    /// The file of the recipe that settings were changed in.
    pub base_file: &'a str,
    /// The command line of the sweep, as [`shell_quoted`](super::shell_quoted) writes it.
    pub command: &'a str,
    /// When this was written, RFC 3339 in UTC.
    pub date: &'a str,
    /// The language of every word that is not data.
    pub language: Language,
}

/// A report with its words.
struct View<'a> {
    plan: &'a SweepPlan,
    trials: &'a [TrialRecord],
    report: &'a SweepReport<'a>,
    words: &'static SweepWords,
    language: Language,
    /// A short name for each parameter, in their order.
    names: Vec<String>,
}

/// The whole page. Names, recipes and commands may hold anything: they are escaped.
pub fn sweep_html(report: &SweepReport<'_>) -> String {
    let words = SweepWords::of(report.language);
    let keys: Vec<&str> = report
        .plan
        .parameters
        .iter()
        .map(|p| p.key.as_str())
        .collect();
    let view = View {
        plan: report.plan,
        trials: report.trials,
        report,
        words,
        language: report.language,
        names: short_names(&keys),
    };
    let sections = [
        (
            "side-by-side",
            words.side_by_side,
            pictures::side_by_side(&view),
        ),
        (
            "importance",
            words.importance_title,
            importance::section(&view),
        ),
        ("front", words.front, pictures::front(&view)),
        ("trials", words.all_trials, trials::all(&view)),
        ("how", words.how, how::section(&view)),
        ("repeat", words.repeat, how::repeat(&view)),
    ];
    let title = fill(words.title, &[("recipe", &report.plan.recipe)]);
    let eyebrow = fill(words.eyebrow, &[("date", &view.language.day(report.date))]);
    page(
        Words::of(report.language),
        &Text(&title).to_string(),
        &format!("<p class=\"eyebrow\">{}</p>\n", Text(&eyebrow)),
        &lead(&view),
        &summary(&view),
        &sections,
    )
}

/// What was found, how sure it is, and what to do next.
fn lead(view: &View<'_>) -> String {
    let words = view.words;
    let of = |status| {
        view.trials
            .iter()
            .filter(|trial| trial.status == status)
            .count()
    };
    let count = |number: usize| view.language.count(number as u64);
    let counts = [
        ("trials", count(view.trials.len())),
        ("finished", count(of(TrialStatus::Finished))),
        ("stopped", count(of(TrialStatus::Stopped))),
        ("failed", count(of(TrialStatus::Failed))),
        ("images", count(view.plan.validation_images)),
    ];
    let mut values: Vec<(&str, &str)> = counts
        .iter()
        .map(|(key, text)| (*key, text.as_str()))
        .collect();
    let Some(best) = best(view.trials, view.plan.metric) else {
        let text = fill(words.no_best, &values);
        return format!("<p class=\"lead\">{}</p>\n", Text(&text));
    };
    let settings = view.plan.parameters.iter().zip(&view.names);
    let settings = settings.filter_map(|(parameter, name)| {
        Some(format!("{name} {}", best.values.get(&parameter.key)?))
    });
    let settings = settings.collect::<Vec<_>>().join(", ");
    let (trial, value) = (count(best.trial), view.value(best.value));
    values.extend([
        ("trial", trial.as_str()),
        ("value", value.as_str()),
        ("metric", view.metric_name()),
        ("settings", settings.as_str()),
    ]);
    let sentence = fill(words.best, &values);
    let mut rest = fill(words.counts, &values);
    rest.push(' ');
    rest += &fill(words.chosen, &values);
    format!(
        "<p class=\"lead\">{}</p>\n<p>{}</p>\n",
        Text(&sentence),
        Text(&rest)
    )
}

/// The best trials.
fn summary(view: &View<'_>) -> String {
    let table = trials::best(view);
    if table.is_empty() {
        return table;
    }
    format!(
        "<section aria-label=\"{}\">{table}</section>",
        view.words.best_trials
    )
}

impl View<'_> {
    fn metric_name(&self) -> &'static str {
        match self.plan.metric {
            SweepMetric::Accuracy => self.words.accuracy,
            SweepMetric::Ap => self.words.ap,
            SweepMetric::Loss => self.words.loss,
        }
    }

    /// The figure that trials are judged by, as a text.
    fn value(&self, value: Option<f64>) -> String {
        show(self.plan.metric)(self.language, value.unwrap_or(f64::NAN))
    }

    fn status(&self, trial: &TrialRecord) -> &'static str {
        match trial.status {
            TrialStatus::Finished => self.words.finished,
            TrialStatus::Stopped => self.words.stopped,
            TrialStatus::Failed => self.words.failed,
        }
    }
}

/// How a figure is written.
fn show(metric: SweepMetric) -> fn(Language, f64) -> String {
    match metric {
        SweepMetric::Loss => |language, value| language.decimal(value, 4),
        SweepMetric::Accuracy | SweepMetric::Ap => |language, value| language.percent(value, 2),
    }
}

/// The last parts of each key, as many as tell it from the others.
fn short_names(keys: &[&str]) -> Vec<String> {
    let tail = |key: &str, parts: usize| -> String {
        let all: Vec<&str> = key.split('.').collect();
        all[all.len().saturating_sub(parts)..].join(".")
    };
    let short = |key: &&str| {
        let longest = key.split('.').count();
        // `conv` alone says less than `layers[0].conv`, and `name` nothing at all.
        let vague = key.contains('[') || key.ends_with(".name") || key.ends_with(".kind");
        let least = if vague { 2 } else { 1 };
        let alone = |parts: &usize| {
            let name = tail(key, *parts);
            !keys
                .iter()
                .any(|other| other != key && tail(other, *parts) == name)
        };
        let parts = (least..=longest).find(alone).unwrap_or(longest);
        tail(key, parts)
    };
    keys.iter().map(short).collect()
}

#[cfg(test)]
mod tests;
