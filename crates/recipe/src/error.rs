//! What is wrong with a recipe, where, and what to write instead.

use std::fmt;
use std::path::PathBuf;

/// Why a recipe could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// Neither a built-in recipe nor a file.
    #[error("no recipe is called `{name}`{} Built in: {}. A file's path ends in .toml",
        did_you_mean(.nearest), .known.join(", "))]
    Unknown {
        /// The name as given.
        name: String,
        /// The most similar built-in name.
        nearest: Option<String>,
        /// All built-in names.
        known: Vec<String>,
    },
    /// The file cannot be read.
    #[error("cannot read the recipe {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A line of the file is wrong.
    #[error("{0}")]
    Line(Box<WrongLine>),
    /// A `--set key=value` is wrong.
    #[error("--set {argument}: {what}{}", indented_help(.help))]
    Set {
        /// As typed: `training.epoch=1`.
        argument: String,
        /// What is wrong with it.
        what: String,
        /// What to write instead.
        help: Option<String>,
    },
    /// A recipe made in code has a value that TOML cannot hold.
    #[error("the recipe cannot be written as TOML: {0}")]
    Write(String),
}

fn did_you_mean(nearest: &Option<String>) -> String {
    match nearest {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => ".".to_string(),
    }
}

fn indented_help(help: &Option<String>) -> String {
    match help {
        Some(help) => format!("\n  help: {help}"),
        None => String::new(),
    }
}

/// A mistake in a recipe's text; displayed with the line and a caret.
#[derive(Debug, PartialEq, Eq)]
pub struct WrongLine {
    /// The recipe's name or path.
    pub origin: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// How many characters the carets underline, at least 1.
    pub width: usize,
    /// The line's text.
    pub text: String,
    /// The key concerned, such as `model.layers[3].kernel`; empty for an error in the TOML itself.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl WrongLine {
    /// Describes the bytes `span` of `source`; of several lines only the first is shown.
    pub(super) fn new(
        origin: &str,
        source: &str,
        span: std::ops::Range<usize>,
        what: String,
    ) -> Self {
        let floor = |mut at: usize| {
            at = at.min(source.len());
            while !source.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = floor(span.start);
        let end = floor(span.end).max(start);
        let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = source[start..]
            .find('\n')
            .map_or(source.len(), |at| start + at);
        Self {
            origin: origin.to_string(),
            line: source[..start].matches('\n').count() + 1,
            column: source[line_start..start].chars().count() + 1,
            width: source[start..end.min(line_end)].chars().count().max(1),
            text: source[line_start..line_end].trim_end().to_string(),
            key: String::new(),
            what,
            help: None,
        }
    }
}

impl fmt::Display for WrongLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        let Self {
            origin,
            line,
            column,
            text,
            ..
        } = self;
        let key = if self.key.is_empty() {
            String::new()
        } else {
            format!("{}: ", self.key)
        };
        writeln!(formatter, "{key}{}", self.what)?;
        writeln!(formatter, "  --> {origin}, line {line}, column {column}")?;
        writeln!(formatter, " {number} | {text}")?;
        // Tabs are kept so that the caret stands under its text however wide a tab is shown.
        let lead: String = text
            .chars()
            .take(column - 1)
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        write!(formatter, " {gutter} | {lead}{}", "^".repeat(self.width))?;
        write!(formatter, "{}", indented_help(&self.help))
    }
}

/// The name most similar to `wrong`, if any is.
pub(super) fn closest<'a, S: AsRef<str>>(wrong: &str, valid: &'a [S]) -> Option<&'a str> {
    let wrong = wrong.to_lowercase().replace('_', "-");
    valid
        .iter()
        .map(AsRef::as_ref)
        .map(|name| (strsim::jaro_winkler(&wrong, name), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
