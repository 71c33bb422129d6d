//! Text for the terminal: results on standard output, messages on standard error.
//!
//! Names of files, classes and keys may come from anywhere. Whatever is printed here has its control characters escaped,
//! so that no name can change colours, move the cursor or ring the bell.

use std::io::{self, Write};

use report::terminal::escaped;
use serde::Serialize;

use crate::error::CommandError;

/// Text of several lines as a terminal may show it.
pub fn printable(text: &str) -> String {
    let line = |line: &str| line.split('\t').map(escaped).collect::<Vec<_>>().join("\t");
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// How a command prints its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

impl Output {
    /// Writes a result to standard output: the document, or the text.
    pub fn show(
        self,
        document: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), CommandError> {
        match self {
            Self::Text => write_line(&printable(&text())).map(|_| ()),
            Self::Json => write_json(document),
        }
    }
}

/// Writes a part of a long result as soon as it is known; its names are escaped already. False once the reader has gone
/// away.
pub fn write_part(text: &str) -> Result<bool, CommandError> {
    write_line(text)
}

fn write_json(value: &impl Serialize) -> Result<(), CommandError> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    // JSON allows some control characters in strings, where an escape means the same.
    let bare = |c: char| c.is_control() && c != '\n';
    if !text.contains(bare) {
        return write_line(&text).map(|_| ());
    }
    let escape = |c: char| {
        if bare(c) {
            format!("\\u{:04x}", u32::from(c))
        } else {
            c.to_string()
        }
    };
    write_line(&text.chars().map(escape).collect::<String>()).map(|_| ())
}

/// A reader that has gone away (`| head`) is not an error, but false.
fn write_line(text: &str) -> Result<bool, CommandError> {
    let mut out = io::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    match written {
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        result => Ok(result.map(|()| true)?),
    }
}

/// Writes to standard error as it is. Messages that can't be written are dropped: nobody reads them, and the work goes on.
pub fn write_message(text: &str) {
    let _dropped = io::stderr().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests;
