//! A problem with a recipe, by the path to the value at fault.

use super::error::closest;
use serde::de::{self, Unexpected};
use std::fmt;

/// One step of the way from the recipe's root to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Key(String),
    Index(usize),
}

/// `model.layers[3].kernel`.
pub(super) fn path_text(path: &[Segment]) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Key(key) if text.is_empty() => text.push_str(key),
            Segment::Key(key) => {
                text.push('.');
                text.push_str(key);
            }
            Segment::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

/// The reverse of [`path_text`]; an error says what is wrong with the text.
pub(super) fn parse_path(text: &str) -> Result<Vec<Segment>, String> {
    let mut path = Vec::new();
    for part in text.split('.') {
        let (key, indices) = part
            .split_once('[')
            .map_or((part, None), |(k, i)| (k, Some(i)));
        if key.is_empty() {
            return Err("a name is missing before or after a dot".to_string());
        }
        path.push(Segment::Key(key.to_string()));
        let Some(indices) = indices else { continue };
        let inner = indices
            .strip_suffix(']')
            .ok_or_else(|| format!("`{part}` does not end with `]`"))?;
        for index in inner.split("][") {
            let index = index
                .parse()
                .map_err(|_| format!("`[{index}]` is not an index; the first element is [0]"))?;
            path.push(Segment::Index(index));
        }
    }
    Ok(path)
}

/// What is wrong with a recipe, and at which key; the line in the file is looked up later.
#[derive(Debug)]
pub(super) struct Problem {
    /// From the root to the value at fault, or to the table that lacks a key.
    pub path: Vec<Segment>,
    /// True when the key itself is wrong, not its value.
    pub at_key: bool,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Problem {
    /// Wrong where it is found; the path is added on the way out.
    pub fn here(what: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            at_key: false,
            what: what.into(),
            help: None,
        }
    }

    pub fn inside(mut self, segment: Segment) -> Self {
        // Paths are a few segments long, so inserting in front costs nothing that matters.
        self.path.insert(0, segment);
        self
    }

    pub fn inside_key(self, key: &str) -> Self {
        self.inside(Segment::Key(key.to_string()))
    }

    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The key itself is wrong, not its value.
    pub fn at_key(key: &str, what: impl Into<String>) -> Self {
        Self {
            at_key: true,
            ..Self::here(what).inside_key(key)
        }
    }
}

/// The nearest valid name and all others.
pub(super) fn suggestion<S: AsRef<str>>(wrong: &str, valid: &[S], noun: &str) -> String {
    if valid.is_empty() {
        return format!("no {noun} are allowed here");
    }
    let all: Vec<&str> = valid.iter().map(AsRef::as_ref).collect();
    let all = all.join(", ");
    match closest(wrong, valid) {
        Some(nearest) => format!("did you mean `{nearest}`? Valid {noun}: {all}"),
        None => format!("valid {noun}: {all}"),
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", path_text(&self.path), self.what)
    }
}

impl std::error::Error for Problem {}

impl de::Error for Problem {
    fn custom<T: fmt::Display>(what: T) -> Self {
        Self::here(what.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::here(format!("expected {expected}, found {found}"))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::here(format!("expected {expected}, found {found}"))
    }

    fn invalid_length(length: usize, expected: &dyn de::Expected) -> Self {
        Self::here(format!("expected {expected}, found {length} elements"))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::at_key(field, format!("unknown key `{field}`"))
            .with_help(suggestion(field, expected, "keys"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::here(format!("unknown name `{variant}`"))
            .with_help(suggestion(variant, expected, "names"))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::here(format!("missing key `{field}`"))
    }
}
