//! The formats of reports by name.

use std::fmt;
use std::str::FromStr;

use super::{Report, csv, html, json, markdown, sections};

/// A format of reports; its name is the extension of its files.
///
/// ```
/// use report::Format;
/// assert_eq!("md".parse(), Ok(Format::Markdown));
/// let error = "pdf".parse::<Format>().unwrap_err();
/// assert_eq!(error.to_string(), "there are no reports as 'pdf': choose 'html', 'md', 'csv' or 'json'");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// One self-contained page, `html`.
    #[default]
    Html,
    /// Markdown, `md`.
    Markdown,
    /// One figure a line, `csv`.
    Csv,
    /// One document, `json`.
    Json,
}

/// A format that no report is written in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there are no reports as '{found}': choose 'html', 'md', 'csv' or 'json'")]
pub struct UnknownFormat {
    /// What was asked for.
    pub found: String,
}

impl Format {
    /// Its name, and the extension of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Markdown => "md",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.extension())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let all = [Self::Html, Self::Markdown, Self::Csv, Self::Json];
        let found = all.into_iter().find(|format| format.extension() == text);
        found.ok_or_else(|| UnknownFormat {
            found: text.to_string(),
        })
    }
}

impl Report<'_> {
    /// The whole report in `format`.
    pub fn to_text(&self, format: Format) -> String {
        match format {
            Format::Html => html::page(&sections::document(self), self.language),
            Format::Markdown => markdown::text(&sections::document(self), self.language),
            Format::Csv => csv::csv(self),
            Format::Json => json::json(self),
        }
    }
}
