//! IDX files under the names people have: MNIST's, EMNIST's, QMNIST's, Fashion-MNIST's.
//!
//! A 'set' is the files of one folder whose names begin alike: `emnist-letters-train-images-idx3-ubyte` and its three
//! siblings are the set `emnist-letters`; MNIST's own names have no such beginning.

mod file;
mod find;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

pub use file::parse;

use super::labelled::{self, Classes, Labelled, Parts, Reading, Source};
use super::names::{Kind, last};
use super::paths::Part;
use crate::error::DataError;
use crate::listing::Listing;
use find::Set;

const EXPECTED: &str = "expected IDX files, such as train-images-idx3-ubyte and train-labels-idx1-ubyte, gzipped or not";
/// The note on EMNIST's pictures.
pub(super) const STORED_TRANSPOSED: &str =
    "EMNIST's pictures are stored transposed. Set data.transposed = true to turn them upright.";

/// Whether `path` is, or holds, IDX files with pictures, judged by their names and first bytes. It may also be the beginning
/// of their names, such as `folder/emnist-letters`.
pub fn recognises(path: &Path) -> bool {
    let named = path.is_file() && find::is_idx(path);
    named || find::sets(path).iter().any(Set::has_pictures)
}

/// Reads which pictures there are and what they show.
///
/// # Errors
/// A file that is missing or not what it should be. Single bad labels become the listing's problems instead.
pub fn read(path: &Path, settings: &recipe::Data) -> Result<Listing, DataError> {
    load(path, settings.transposed)
}

fn load(path: &Path, transposed: bool) -> Result<Listing, DataError> {
    let set = choose(path)?;
    let mut notes = Vec::new();
    let train = labelled(&set, set.training(), transposed, &mut notes)?.ok_or_else(|| {
        DataError::file(path, format!("there are no training pictures; {EXPECTED}"))
    })?;
    let parts = Parts {
        train,
        validation: labelled(&set, Some(Part::Validation), transposed, &mut notes)?,
        test: labelled(&set, Some(Part::Test), transposed, &mut notes)?,
    };
    if set.name.starts_with("emnist") && !transposed {
        notes.push(STORED_TRANSPOSED.to_string());
    }
    let labels = parts.iter().flat_map(|part| part.labels.iter().copied());
    let classes = Classes::numbered(labels, &class_names(&set.home, &set.name)?);
    Ok(labelled::listing(parts, classes, notes, Vec::new()))
}

/// The one set that can be meant.
fn choose(path: &Path) -> Result<Set, DataError> {
    let wrong = |what: String| Err(DataError::file(path, what));
    let (mut whole, rest): (Vec<Set>, Vec<Set>) = find::sets(path)
        .into_iter()
        .partition(|set| set.has_pictures() && set.get(set.training(), Kind::Labels).is_some());
    match (whole.pop(), whole.is_empty()) {
        (Some(set), true) => Ok(set),
        (Some(last), false) => {
            let sets = whole.iter().chain([&last]);
            let sets: Vec<String> = sets.map(|set| set.path(path)).collect();
            wrong(format!(
                "there are several data sets. Set data.source to one of them: {}",
                sets.join(", ")
            ))
        }
        (None, _) => match rest.first() {
            Some(set) => wrong(format!(
                "the training pictures or their labels are missing; {EXPECTED}, found {}",
                set.files().join(", ")
            )),
            None if path.is_file() => wrong(format!(
                "the name says neither images nor labels; {EXPECTED}"
            )),
            None if path.is_dir() => wrong(EXPECTED.to_string()),
            None => wrong(format!("there is no such file or folder; {EXPECTED}")),
        },
    }
}

/// A part's pictures and labels.
fn labelled(
    set: &Set,
    part: Option<Part>,
    transposed: bool,
    notes: &mut Vec<String>,
) -> Result<Option<Labelled<i64>>, DataError> {
    let source = |kind| {
        let file = set.get(part, kind)?;
        let read = move || {
            let bytes = std::fs::read(file).map_err(|error| format!("cannot read it: {error}"))?;
            parse(&bytes)
        };
        Some(Source {
            name: last(file),
            file,
            read: Box::new(read),
        })
    };
    let reading = Reading {
        transposed,
        first_column: true,
    };
    labelled::pair(source(Kind::Images), source(Kind::Labels), reading, notes)
}

/// The names that EMNIST's `mapping.txt` gives to labels: a line for each, with the label and the codes of its characters.
/// The first is its name: where two are given they are a letter's two cases.
pub(super) fn class_names(folder: &Path, set: &str) -> Result<BTreeMap<i64, String>, DataError> {
    let candidates = [format!("{set}-mapping.txt"), "mapping.txt".to_string()];
    let mut paths = candidates.iter().map(|name| folder.join(name));
    let Some(path) = paths.find(|path| path.is_file()) else {
        return Ok(BTreeMap::new());
    };
    let text = std::fs::read_to_string(&path)
        .map_err(|error| DataError::file(&path, format!("cannot read it: {error}")))?;
    mapping(&text).map_err(|what| DataError::file(&path, what))
}

fn mapping(text: &str) -> Result<BTreeMap<i64, String>, String> {
    let mut names = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let mut words = line.split_whitespace();
        let Some(label) = words.next() else {
            continue;
        };
        let code = words
            .next()
            .and_then(|code| char::from_u32(code.parse().ok()?));
        let (Ok(label), Some(name)) = (label.trim_start_matches('\u{feff}').parse(), code) else {
            return Err(format!(
                "line {}: expected a label and the code of its character, such as `1 65`, found `{line}`",
                index + 1
            ));
        };
        names.insert(label, name.to_string());
    }
    Ok(names)
}
