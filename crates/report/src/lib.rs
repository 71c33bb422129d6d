//! Reports of finished runs: one contestant or several, as one self-contained page, as Markdown, CSV or JSON, and the
//! tables of the terminal.
//!
//! All formats take the same [`Report`] and the same table of metrics. `sections` builds what a report says as a model of
//! sections, and a small writer per format turns that into text.

mod box_mistakes;
mod checkup;
mod compared;
mod costs;
mod csv;
mod curves;
mod format;
mod formats;
mod html;
mod json;
mod language;
mod markdown;
mod metrics;
mod mistakes;
mod model;
mod plot;
mod png;
mod range_test;
mod scenes;
mod sections;
mod seeds;
mod sentences;
mod suspects;
mod sweep;
mod tables;
pub mod terminal;
mod verdict;
mod words;

pub use checkup::{CheckupExample, CheckupFinding, CheckupPicture, CheckupReport, checkup_html};
pub use format::shell_quoted;
pub use formats::{Format, UnknownFormat};
pub use json::SCHEMA;
pub use language::{Language, UnknownLanguage};
pub use range_test::{
    RangeTestReport, range_test_html, range_test_sentences, range_test_table, two_digits,
};
pub use sweep::{
    SweepDocument, SweepLines, SweepReport, best_recipe_file, csv as sweep_csv,
    document as sweep_document, sweep_counts, sweep_html, sweep_table,
};
pub use verdict::{with_sentence, with_sentence_over_seeds};

use measure::detection::{Detection, GroundTruth};
use measure::record::{Environment, EpochRecord, Evaluation, Predictions, SeedsVerdict, Verdict};

/// Everything a report says, borrowed from run records.
pub struct Report<'a> {
    /// One for the report of a single run. Colours follow this order.
    pub contestants: Vec<Contestant<'a>>,
    /// Which is better; `None` for a single run, and where recipes are compared over `seeds`.
    pub verdict: Option<&'a Verdict>,
    /// Which recipe is better over several trainings of each: its runs have the names of the contestants.
    pub seeds: Option<&'a SeedsVerdict>,
    /// The picture of an image by its index in the split; `None` where there is none.
    pub image: &'a dyn Fn(usize) -> Option<Image>,
    /// The images of the split in their order with their objects, where they show several, or none.
    pub objects: Option<&'a GroundTruth>,
    /// Name of each class.
    pub class_names: &'a [String],
    /// The command line that wrote this report, as [`shell_quoted`] writes it.
    pub command: &'a str,
    /// The language of every word that is not data.
    pub language: Language,
}

impl Report<'_> {
    /// Name of a class; its number where it has none.
    fn class(&self, class: usize) -> String {
        let name = self.class_names.get(class);
        name.map_or_else(|| class.to_string(), String::clone)
    }
}

/// A trained run.
#[derive(Debug, Clone, Copy)]
pub struct Contestant<'a> {
    /// Its name, as in the verdict.
    pub name: &'a str,
    /// The recipe with every default, as TOML.
    pub recipe_toml: &'a str,
    /// Its metrics.
    pub evaluation: &'a Evaluation,
    /// Its epochs; may be empty.
    pub history: &'a [EpochRecord],
    /// Its predictions, in the order of the split.
    pub predictions: &'a Predictions,
    /// What it detected in images of several objects; empty elsewhere.
    pub detections: &'a [Detection],
    /// On what and from what it was made.
    pub environment: &'a Environment,
}

/// A picture to show.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Gray values, `[height, width]`, row after row; or red, green and blue, `[height, width, 3]`.
    pub pixels: Vec<u8>,
    /// What `[x1, y1, x2, y2]` it shows, in the units of all boxes that are drawn over it; `None`: its own pixels.
    pub frame: Option<[f32; 4]>,
    /// The annotated box, `[x1, y1, x2, y2]`, right and bottom excluded.
    pub truth: Option<[f32; 4]>,
}

#[cfg(test)]
mod tests;
