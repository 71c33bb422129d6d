//! CSV: rows of pixels as Kaggle has them, or rows that name a picture with its label or with a box.

mod files;
mod form;
mod pixels;
mod rows;
mod table;
#[cfg(test)]
mod tests;

use std::path::Path;

use super::idx;
use super::names;
use super::paths::Part;
use crate::error::DataError;
use crate::listing::Listing;
use files::Chosen;
use form::{Form, Picture};
use table::{Row, Table, shown};

/// Whether `path` is such a table, or a folder with such tables, judged by their endings and first rows.
pub fn recognises(path: &Path) -> bool {
    if path.is_file() {
        return files::is_table(path);
    }
    let understood = |file: &Chosen| {
        Table::head(&file.path).is_ok_and(|table| form_of(&table, &file.path).is_ok())
    };
    files::all(path).iter().any(understood)
}

/// Reads which pictures there are and what they show.
///
/// # Errors
/// A file that is missing or not what it should be. Single bad rows become the listing's problems instead.
pub fn read(path: &Path, settings: &recipe::Data) -> Result<Listing, DataError> {
    load(path, settings.transposed)
}

/// A table whose columns are understood.
struct Sheet {
    table: Table,
    form: Form,
    /// The part that its name or folder says.
    part: Option<Part>,
    /// The folder of its part within the source, if it has one of its own.
    folder: Option<String>,
}

impl Sheet {
    /// The rows without the header.
    fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        self.table.rows().skip(usize::from(self.form.header))
    }

    /// The part that a row belongs to.
    fn part(&self, row: &Row) -> Result<Part, String> {
        let Some(column) = self.form.split.filter(|_| self.part.is_none()) else {
            return Ok(self.part.unwrap_or(Part::Train));
        };
        let word = row.text(column);
        match word.to_lowercase().as_str() {
            // The names of the facial-expression contest of 2013.
            "publictest" => Ok(Part::Validation),
            "privatetest" => Ok(Part::Test),
            name => Part::of(name).ok_or_else(|| {
                format!(
                    "the split is `{}`; expected train, validation or test",
                    shown(&word)
                )
            }),
        }
    }
}

fn form_of(table: &Table, path: &Path) -> Result<Form, DataError> {
    let folder = path.parent().unwrap_or(path);
    form::of(table, |name| folder.join(name).is_file())
}

fn load(path: &Path, transposed: bool) -> Result<Listing, DataError> {
    let mut notes = Vec::new();
    let mut sheets = Vec::new();
    for file in files::choose(path, &mut notes)? {
        let table = Table::open(&file.path)?;
        let form = form_of(&table, &file.path)?;
        if form.label.is_none()
            && !matches!(
                form.picture,
                Picture::Path {
                    corners: Some(_),
                    ..
                }
            )
        {
            if matches!(file.part, Some(Part::Validation | Part::Test)) {
                notes.push(format!("{} is left out: it has no labels.", table.name));
                continue;
            }
            let what = "there is no column of labels, such as `label` or `class`";
            return Err(DataError::file(&file.path, what));
        }
        sheets.push(Sheet {
            table,
            form,
            part: file.part,
            folder: file.folder,
        });
    }
    let Some(first) = sheets.first() else {
        return Err(DataError::file(path, "there is no table with labels"));
    };
    let kind = |sheet: &Sheet| match sheet.form.picture {
        Picture::Pixels(_) => "pixels",
        Picture::Path { corners: None, .. } => "paths and labels",
        Picture::Path { .. } => "paths and boxes",
    };
    if let Some(other) = sheets.iter().find(|sheet| kind(sheet) != kind(first)) {
        let what = format!(
            "{} has {}, but {} has {}; all tables of a data set must have the same columns",
            first.table.name,
            kind(first),
            other.table.name,
            kind(other)
        );
        return Err(DataError::file(path, what));
    }
    if kind(first) == "pixels" {
        let stem = first
            .table
            .path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy();
        let set = names::parse(&stem).set;
        let home = first.table.path.parent().unwrap_or(path);
        let names = idx::class_names(home, &set)?;
        if set.starts_with("emnist") && !transposed {
            notes.push(idx::STORED_TRANSPOSED.to_string());
        }
        return pixels::read(path, &sheets, &names, transposed, notes);
    }
    let root = if path.is_dir() {
        path
    } else {
        // A file in the current folder has a parent without a name.
        let parent = first.table.path.parent();
        parent
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."))
    };
    rows::read(root, &sheets, notes)
}
