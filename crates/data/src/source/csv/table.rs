//! Rows of text with separators, as spreadsheets and pandas write them.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ReaderBuilder, Trim};

use crate::error::DataError;
use crate::source::names::last;

const BOM: &[u8] = b"\xef\xbb\xbf";
/// Bytes of a file that are looked at to find out what it holds.
const HEAD: u64 = 1 << 16;
/// Characters of a field that messages show.
const MOST_SHOWN: usize = 60;

/// The text of a file.
pub struct Table {
    /// The file.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
    text: Vec<u8>,
    separator: u8,
}

/// One row.
pub struct Row {
    /// Its first line, counted from 1.
    pub line: u64,
    fields: ByteRecord,
}

impl Row {
    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// A field without spaces around it; empty if there is none.
    pub fn text(&self, column: usize) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes(column))
    }

    /// The bytes of a field.
    pub fn bytes(&self, column: usize) -> &[u8] {
        self.fields.get(column).unwrap_or_default()
    }

    /// All fields as text.
    pub fn texts(&self) -> Vec<String> {
        (0..self.len())
            .map(|column| self.text(column).into_owned())
            .collect()
    }
}

impl Table {
    /// Reads a file.
    ///
    /// # Errors
    /// A file that can't be read, or is not 8-bit text.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let text = fs::read(path);
        Self::of(
            path,
            text.map_err(|error| DataError::file(path, format!("cannot read it: {error}")))?,
        )
    }

    /// Reads the first rows of a file; the last may be cut off.
    ///
    /// # Errors
    /// As for [`Table::open`].
    pub fn head(path: &Path) -> Result<Self, DataError> {
        let mut text = Vec::new();
        let read = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut text));
        read.map_err(|error| DataError::file(path, format!("cannot read it: {error}")))?;
        Self::of(path, text)
    }

    /// A file's text.
    pub fn of(path: &Path, mut text: Vec<u8>) -> Result<Self, DataError> {
        if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
            let what = "this is text in UTF-16. Save it as CSV in UTF-8";
            return Err(DataError::file(path, what));
        }
        if text.iter().take(HEAD as usize).any(|&byte| byte == 0) {
            return Err(DataError::file(
                path,
                "expected CSV, found bytes that are not text",
            ));
        }
        if text.starts_with(BOM) {
            text.drain(..BOM.len());
        }
        Ok(Self {
            path: path.to_path_buf(),
            name: last(path),
            separator: separator(&text),
            text,
        })
    }

    /// The rows that hold anything, the header among them.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.separator)
            .trim(Trim::All)
            .from_reader(&self.text[..])
            .into_byte_records()
            // Reading bytes in memory can't fail.
            .filter_map(Result::ok)
            .map(|fields| Row {
                line: fields.position().map_or(0, csv::Position::line),
                fields,
            })
            .filter(|row| row.fields.iter().any(|field| !field.is_empty()))
    }

    /// What messages call a row.
    pub fn place(&self, row: &Row) -> String {
        format!("{}: line {}", self.name, row.line)
    }
}

/// A field as messages show it.
pub fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(MOST_SHOWN).collect();
    if shown.len() < text.len() {
        shown += "...";
    }
    shown
}

/// The separator of the first line.
fn separator(text: &[u8]) -> u8 {
    let mut quoted = false;
    let line = text.iter().copied().take_while(|&byte| {
        quoted ^= byte == b'"';
        quoted || byte != b'\n'
    });
    let line: Vec<u8> = line.take(HEAD as usize).collect();
    let count = |separator: u8| {
        let mut quoted = false;
        let outside = line.iter().filter(|&&byte| {
            quoted ^= byte == b'"';
            !quoted && byte == separator
        });
        outside.count()
    };
    // The first of equals is the last that `max_by_key` sees.
    let candidates = [b'|', b'\t', b';', b','];
    candidates
        .into_iter()
        .max_by_key(|&byte| count(byte))
        .unwrap_or(b',')
}
