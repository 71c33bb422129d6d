//! The report of a learning-rate range test: one page that looks like the others, and the table of the terminal.

mod words;

#[cfg(test)]
mod tests;

use serde::Serialize;

use measure::range_test::{RangeEnd, RangeFindings, RangePoint, RateRange};

use crate::Language;
use crate::format::filled;
use crate::html;
use crate::model::{Block, Code, Document, Figure, Row, Section, Sign, Table};
use crate::plot::SLOTS;
use crate::plot::axis::{Measure, Scale};
use crate::plot::lines::{LineChart, Series};
use words::RangeWords;

/// A range test and what came of it; as JSON everything that is known of it.
#[derive(Debug, Clone, Serialize)]
pub struct RangeTestReport<'a> {
    /// The recipe, as the user named it.
    pub recipe: &'a str,
    /// Name of the optimizer.
    pub optimizer: &'a str,
    /// The seed.
    pub seed: u64,
    /// Images that it was trained on.
    pub train_images: usize,
    /// The rates.
    #[serde(flatten)]
    pub range: RateRange,
    /// Why it ended.
    pub ended: RangeEnd,
    /// What the curve says; `None` where the loss did not fall.
    pub found: Option<RangeFindings>,
    /// `KEY=VALUE` by which the suggestion is set.
    pub settings: &'a [String],
    /// Every step.
    pub points: &'a [RangePoint],
    /// What to run next, as [`shell_quoted`](super::shell_quoted) writes it.
    #[serde(skip)]
    pub next: &'a str,
    /// The command line of the test, written likewise.
    #[serde(skip)]
    pub command: &'a str,
    /// The language of every word that is not data.
    #[serde(skip)]
    pub language: Language,
}

/// The whole page.
pub fn range_test_html(report: &RangeTestReport<'_>) -> String {
    html::page(&document(report), report.language)
}

/// The table of the terminal: its header, and a row for each rate that the curve shows.
pub fn range_test_table(report: &RangeTestReport<'_>) -> (Vec<String>, Vec<Vec<String>>) {
    let words = RangeWords::of(Language::English);
    let header = ["", words.rate, words.smoothed].map(String::from);
    let rows = report.rows(
        words,
        |value| value.to_string(),
        |loss| format!("{loss:.4}"),
    );
    (header.into(), rows)
}

/// What the curve means in sentences: the suggestion, how the test ended, and what to do where the range was too small.
pub fn range_test_sentences(report: &RangeTestReport<'_>) -> Vec<String> {
    let words = RangeWords::of(report.language);
    let (language, range) = (report.language, report.range);
    let suggestion = report.found.map(|found| found.suggestion.learning_rate);
    let suggestion = suggestion.map_or_else(String::new, |rate| rate_text(language, rate));
    let values = [
        ("rate", suggestion),
        ("from", rate_text(language, range.from)),
        ("to", rate_text(language, range.to)),
        ("done", language.count(report.points.len() as u64)),
        ("steps", language.count(range.steps as u64)),
    ];
    let verdict = match report.found {
        None => words.nothing,
        Some(found) if found.is_least_at_end => words.still_falls,
        Some(_) => words.suggested,
    };
    let ended = match report.ended {
        RangeEnd::Finished => words.finished,
        RangeEnd::Diverged => words.diverged,
        RangeEnd::NotFinite => words.not_finite,
    };
    [verdict, ended].map(|text| filled(text, &values)).into()
}

fn document(report: &RangeTestReport<'_>) -> Document {
    let words = RangeWords::of(report.language);
    let language = report.language;
    let rate = |value| rate_text(language, value);
    let rows = report.rows(words, rate, |loss| language.significant(loss));
    let rows = rows.into_iter().map(|row| {
        let mut cells = row.into_iter();
        Row::text(cells.next().unwrap_or_default(), cells)
    });
    let table = Table::plain("", [words.point, words.rate, words.smoothed], rows);
    let code = |text: &str| (!text.is_empty()).then(|| Block::Code(Code::command(text)));
    let values = [
        ("optimizer", report.optimizer.to_string()),
        ("seed", report.seed.to_string()),
        ("images", language.count(report.train_images as u64)),
    ];
    let how = [words.method, words.rules, words.images];
    let how = how.map(|text| Block::Paragraph(filled(text, &values).into()));
    let mut next = Vec::new();
    if report.found.is_some() {
        next.push(Block::Paragraph(words.next.into()));
        next.extend(code(report.next));
    }
    next.push(Block::Paragraph(words.again.into()));
    next.extend(code(report.command));
    Document {
        title: filled(words.title, &[("recipe", report.recipe.to_string())]),
        eyebrow: words.eyebrow.to_string(),
        lead: range_test_sentences(report),
        summary_title: words.curve.to_string(),
        summary: picture(report, words)
            .map(Block::Figure)
            .into_iter()
            .chain(table.block())
            .collect(),
        sections: vec![
            Section::new("how", words.how, how.into()),
            Section::new("next", words.what_next, next),
        ],
    }
}

impl RangeTestReport<'_> {
    /// A row for each rate that the curve shows: its name, the rate, and the loss there.
    fn rows(
        &self,
        words: &RangeWords,
        rate: impl Fn(f64) -> String,
        loss: impl Fn(f64) -> String,
    ) -> Vec<Vec<String>> {
        let rows = self.marked(words).into_iter();
        rows.map(|(name, point)| {
            let rate = rate(two_digits(point.learning_rate));
            vec![name.to_string(), rate, loss(point.smoothed)]
        })
        .collect()
    }

    /// The points that the curve shows, with their names.
    fn marked<'w>(&self, words: &'w RangeWords) -> Vec<(&'w str, RangePoint)> {
        let Some(found) = self.found else {
            return Vec::new();
        };
        vec![
            (words.suggestion, found.suggestion),
            (words.steepest, found.steepest),
            (words.bottom, found.bottom),
            (words.least, found.least),
        ]
    }
}

/// A number with two significant digits.
pub fn two_digits(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

/// A rate with at most two significant digits, without an exponent.
fn rate_text(language: Language, rate: f64) -> String {
    let rate = two_digits(rate);
    let digits = rate.to_string();
    let decimals = digits.split_once('.').map_or(0, |(_, after)| after.len());
    language.decimal(rate, decimals)
}

/// The loss over the learning rate.
fn picture(report: &RangeTestReport<'_>, words: &RangeWords) -> Option<Figure> {
    let line = |name, slot, loss: fn(&RangePoint) -> f64| Series {
        name,
        slot,
        dashed: false,
        points: report
            .points
            .iter()
            .map(|point| [point.learning_rate, loss(point)])
            .collect(),
    };
    let mut series = vec![
        line(words.loss, SLOTS - 1, |point| point.loss),
        line(words.smoothed, 0, |point| point.smoothed),
    ];
    let mut legend = vec![
        (Sign::Marker(SLOTS - 1), words.loss.to_string()),
        (Sign::Marker(0), words.smoothed.to_string()),
    ];
    for (slot, (name, point)) in (1..).zip(report.marked(words)) {
        series.push(Series {
            name,
            slot,
            dashed: false,
            points: vec![[point.learning_rate, point.smoothed]],
        });
        legend.push((Sign::Marker(slot), name.to_string()));
    }
    let chart = LineChart {
        description: words.curve,
        language: report.language,
        x: Measure::plain(words.rate, Scale::Log, rate_text),
        y: Measure::plain(words.loss, Scale::Log, Language::significant),
        series,
    };
    let figure = Figure::of(chart.svg(), words.curve)?;
    Some(Figure { legend, ..figure })
}
