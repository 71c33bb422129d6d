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
use super::format::{fill, filled};
use super::model::{Document, Section};
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

/// The whole page.
pub fn sweep_html(report: &SweepReport<'_>) -> String {
    crate::html::page(&sections(report), report.language)
}

/// What the report says.
fn sections(report: &SweepReport<'_>) -> Document {
    let words = SweepWords::of(report.language);
    let keys = report
        .plan
        .parameters
        .iter()
        .map(|parameter| parameter.key.as_str());
    let view = &View {
        plan: report.plan,
        trials: report.trials,
        report,
        words,
        language: report.language,
        names: short_names(&keys.collect::<Vec<_>>()),
    };
    let sections = [
        (
            "side-by-side",
            words.side_by_side,
            pictures::side_by_side(view),
        ),
        (
            "importance",
            words.importance_title,
            importance::blocks(view),
        ),
        ("front", words.front, pictures::front(view)),
        ("trials", words.all_trials, trials::all(view)),
        ("how", words.how, how::blocks(view)),
        ("repeat", words.repeat, how::repeat(view)),
    ];
    Document {
        title: fill(words.title, &[("recipe", &report.plan.recipe)]),
        eyebrow: fill(words.eyebrow, &[("date", &view.language.day(report.date))]),
        lead: lead(view),
        summary_title: words.best_trials.to_string(),
        summary: trials::best(view).block().into_iter().collect(),
        sections: sections
            .map(|(id, title, blocks)| Section::new(id, title, blocks))
            .into(),
    }
}

/// What was found, how sure it is, and what to do next.
fn lead(view: &View<'_>) -> Vec<String> {
    let words = view.words;
    let count = |number: usize| view.language.count(number as u64);
    let with = |status| {
        count(
            view.trials
                .iter()
                .filter(|trial| trial.status == status)
                .count(),
        )
    };
    let mut values = vec![
        ("trials", count(view.trials.len())),
        ("finished", with(TrialStatus::Finished)),
        ("stopped", with(TrialStatus::Stopped)),
        ("failed", with(TrialStatus::Failed)),
        ("images", count(view.plan.validation_images)),
    ];
    let Some(best) = best(view.trials, view.plan.metric) else {
        return vec![filled(words.no_best, &values)];
    };
    values.extend([
        ("trial", count(best.trial)),
        ("value", view.value(best.value)),
        ("metric", view.metric_name().to_string()),
        ("settings", view.settings(best)),
    ]);
    let chosen = filled(words.chosen, &values);
    let counts = filled(words.counts, &values);
    vec![filled(words.best, &values), format!("{counts} {chosen}")]
}

impl View<'_> {
    fn metric_name(&self) -> &'static str {
        match self.plan.metric {
            SweepMetric::Accuracy => self.words.accuracy,
            SweepMetric::Ap => self.words.ap,
            SweepMetric::Loss => self.words.loss,
        }
    }

    /// The settings of a trial, with their names.
    fn settings(&self, trial: &TrialRecord) -> String {
        let settings = self.plan.parameters.iter().zip(&self.names);
        let settings = settings.filter_map(|(parameter, name)| {
            Some(format!("{name} {}", trial.values.get(&parameter.key)?))
        });
        settings.collect::<Vec<_>>().join(", ")
    }

    /// The metric that trials are judged by, as text.
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

/// How the metric is written.
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
