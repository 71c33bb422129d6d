//! NumPy's files: `.npz` with Keras's `x_train`, `y_train`, `x_test`, `y_test` or the like, and folders of `.npy` files.

mod npy;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::labelled::{self, Classes, Labelled, Parts, Reading, Source};
use super::names::{self, Kind, Name, ends_with, files_in, last};
use super::paths::Part;
use crate::error::DataError;
use crate::listing::Listing;
use crate::memory;
use crate::zip;

const EXPECTED: &str = "expected the arrays x_train, y_train, x_test and y_test, or train_images, train_labels and so on";

/// Whether `path` is NumPy's file, or a folder of such files, judged by their endings and first bytes.
pub fn recognises(path: &Path) -> bool {
    if path.is_dir() {
        files(path).is_ok_and(|files| files.iter().any(|file| is_numpy(file)))
    } else {
        is_numpy(path)
    }
}

/// Reads which pictures there are and what they show.
///
/// # Errors
/// A file that is missing or not what it should be. Single bad labels become the listing's problems instead.
pub fn read(path: &Path, settings: &recipe::Data) -> Result<Listing, DataError> {
    load(path, settings.transposed)
}

/// An array with what its name says.
struct Named<'a> {
    name: String,
    part: Option<Part>,
    kind: Option<Kind>,
    file: &'a Path,
    entry: Stored<'a>,
}

/// Where an array's bytes are.
enum Stored<'a> {
    File(&'a [u8]),
    Archive(zip::Entry<'a>),
}

impl<'a> Named<'a> {
    fn source(&self) -> Source<'_> {
        let read = || {
            let bytes = match &self.entry {
                Stored::File(bytes) => Cow::Borrowed(*bytes),
                Stored::Archive(entry) => entry.read()?,
            };
            npy::parse(bytes)
        };
        Source {
            name: self.name.clone(),
            file: self.file,
            read: Box::new(read),
        }
    }
}

fn load(path: &Path, transposed: bool) -> Result<Listing, DataError> {
    let mut files = BTreeMap::new();
    for file in self::files(path)? {
        let unreadable = |error| DataError::file(&file, format!("cannot read it: {error}"));
        let size = fs::metadata(&file).map_err(unreadable)?.len();
        memory::check(size).map_err(|error| DataError::file(&file, error.to_string()))?;
        let bytes = fs::read(&file).map_err(unreadable)?;
        files.insert(file, bytes);
    }
    let mut arrays = Vec::new();
    for (file, bytes) in &files {
        arrays.extend(arrays_of(file, bytes)?);
    }
    let is_training = |array: &Named| array.part == Some(Part::Train);
    let training = arrays.iter().any(is_training).then_some(Part::Train);
    let mut notes = Vec::new();
    let mut part = |part: Option<Part>| -> Result<Option<Labelled<i64>>, DataError> {
        let images = only(path, &arrays, part, Kind::Images)?;
        let labels = only(path, &arrays, part, Kind::Labels)?;
        let reading = Reading {
            transposed,
            first_column: false,
        };
        labelled::pair(images, labels, reading, &mut notes)
    };
    let train = part(training)?.ok_or_else(|| {
        let names: Vec<&str> = arrays.iter().map(|array| array.name.as_str()).collect();
        DataError::file(
            path,
            format!(
                "the training pictures or their labels are missing: {EXPECTED}, found {}",
                names.join(", ")
            ),
        )
    })?;
    let parts = Parts {
        train,
        validation: part(Some(Part::Validation))?,
        test: part(Some(Part::Test))?,
    };
    let labels = parts.iter().flat_map(|part| part.labels.iter().copied());
    let classes = Classes::numbered(labels, &BTreeMap::new());
    Ok(labelled::listing(parts, classes, notes, Vec::new()))
}

/// The one array of a part, if there is any.
fn only<'a>(
    path: &Path,
    arrays: &'a [Named<'a>],
    part: Option<Part>,
    kind: Kind,
) -> Result<Option<Source<'a>>, DataError> {
    let all = arrays.iter();
    let mut fitting = all.filter(|array| array.part == part && array.kind == Some(kind));
    let first = fitting.next();
    if let (Some(first), Some(second)) = (first, fitting.next()) {
        return Err(DataError::file(
            path,
            format!(
                "{} and {} may both be meant; {EXPECTED}",
                first.name, second.name
            ),
        ));
    }
    Ok(first.map(Named::source))
}

fn arrays_of<'a>(file: &'a Path, bytes: &'a [u8]) -> Result<Vec<Named<'a>>, DataError> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let outer = names::parse(&stem);
    if bytes.starts_with(npy::MAGIC) {
        return Ok(vec![named(
            last(file),
            &outer,
            None,
            file,
            Stored::File(bytes),
        )]);
    }
    let entries = zip::entries(bytes)
        .map_err(|what| DataError::file(file, format!("expected NumPy's .npz: {what}")))?;
    let all = entries.into_iter().map(|(name, entry)| {
        let name = name.trim_end_matches(".npy").to_string();
        let inner = names::parse(&name);
        named(name, &outer, Some(&inner), file, Stored::Archive(entry))
    });
    Ok(all.collect())
}

/// What the array's name says, and where that says nothing, the file's.
fn named<'a>(
    name: String,
    outer: &Name,
    inner: Option<&Name>,
    file: &'a Path,
    entry: Stored<'a>,
) -> Named<'a> {
    // `train_images_mean` is something else.
    let plain = inner.is_none_or(|inner| inner.rest.is_empty());
    let kind = inner.and_then(|inner| inner.kind).or(outer.kind);
    Named {
        name,
        part: inner.and_then(|inner| inner.part).or(outer.part),
        kind: kind.filter(|_| plain),
        file,
        entry,
    }
}

/// The file itself; of a folder the one `.npz`, or those whose names say a part, pictures or labels.
fn files(path: &Path) -> Result<Vec<PathBuf>, DataError> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    if !path.is_dir() {
        return Err(DataError::file(path, "there is no such file or folder"));
    }
    let mut archives = Vec::new();
    let mut telling = Vec::new();
    for file in files_in(path).filter(|file| ends_with(file, &["npz", "npy"])) {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let said = names::parse(&stem);
        if said.part.is_some() || said.kind.is_some() {
            telling.push((said.set, file.clone()));
        }
        if ends_with(&file, &["npz"]) {
            archives.push(file);
        }
    }
    let several = |names: Vec<String>| {
        Err(DataError::file(
            path,
            format!(
                "there are several data sets. Set data.source to one file: {}",
                names.join(", ")
            ),
        ))
    };
    match (&archives[..], &telling[..]) {
        ([], []) => Err(DataError::file(
            path,
            format!("there is no .npz file; {EXPECTED}"),
        )),
        (_, [(first, _), rest @ ..]) => {
            if rest.iter().any(|(set, _)| set != first) {
                return several(telling.iter().map(|(_, file)| last(file)).collect());
            }
            Ok(telling.into_iter().map(|(_, file)| file).collect())
        }
        ([_], []) => Ok(archives),
        (_, []) => several(archives.iter().map(|file| last(file)).collect()),
    }
}

/// Whether a file is NumPy's, by its ending and its first bytes.
fn is_numpy(file: &Path) -> bool {
    let magic: &[u8] = if ends_with(file, &["npz"]) {
        b"PK"
    } else if ends_with(file, &["npy"]) {
        npy::MAGIC
    } else {
        return false;
    };
    let mut head = Vec::new();
    let read = |file: fs::File| file.take(magic.len() as u64).read_to_end(&mut head).is_ok();
    fs::File::open(file).is_ok_and(read) && head == magic
}
