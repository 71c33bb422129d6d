//! Which Parquet files a folder holds, and which of them are the data set.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::source::names::{self, Name, ends_with, files_in, folders_in, last};
use crate::source::paths::Part;

/// Folders in which the Hub keeps files.
const FOLDERS: [&str; 2] = ["data", "default"];

/// A file.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Where it is.
    pub path: PathBuf,
    /// The part that its name or folder says.
    pub part: Option<Part>,
    name: Name,
}

/// The files that `path` can mean: one, or those in a folder.
pub fn all(path: &Path) -> Vec<Chosen> {
    if path.is_file() {
        let ours = is_parquet(path).then(|| chosen(path.to_path_buf(), None));
        return ours.into_iter().collect();
    }
    let folders = FOLDERS.map(|name| path.join(name));
    let mut places = [path.to_path_buf()]
        .into_iter()
        .chain(folders)
        .map(|folder| parts(&folder));
    places.find(|files| !files.is_empty()).unwrap_or_default()
}

/// The files of the one data set that `path` can mean.
///
/// # Errors
/// No file, or several sets of them.
pub fn choose(path: &Path, notes: &mut Vec<String>) -> Result<Vec<Chosen>, DataError> {
    let wrong = |what: String| Err(DataError::file(path, what));
    if path.is_file() {
        return Ok(vec![chosen(path.to_path_buf(), None)]);
    }
    let mut found = all(path);
    if found.is_empty() {
        if !path.is_dir() {
            return wrong("there is no such file or folder".to_string());
        }
        let inner = folders_in(path).filter(|folder| !all(folder).is_empty());
        let inner: Vec<String> = inner.map(|folder| folder.display().to_string()).collect();
        return wrong(if inner.is_empty() {
            "there is no .parquet file".to_string()
        } else {
            format!(
                "there are several data sets. Set data.source to one of them: {}",
                inner.join(", ")
            )
        });
    }
    if found.iter().any(|file| file.part.is_some()) {
        for other in found.extract_if(.., |file| file.part.is_none()) {
            notes.push(format!(
                "{} is left out: its name does not begin with train, validation or test.",
                last(&other.path)
            ));
        }
        if let Some(other) = found.iter().find(|file| file.name.set != found[0].name.set) {
            return wrong(format!(
                "there are several data sets, such as those of {} and {}. Set data.source to one file, or to a folder with one",
                last(&found[0].path),
                last(&other.path)
            ));
        }
    }
    notes.extend(incomplete(&found));
    Ok(found)
}

/// Notes on parts with fewer files than their names say: `train-00000-of-00002.parquet`.
fn incomplete(files: &[Chosen]) -> Vec<String> {
    let mut counts: BTreeMap<(String, usize), usize> = BTreeMap::new();
    for file in files {
        if let [.., _, of, total] = &file.name.rest[..]
            && of == "of"
            && let Ok(total) = total.parse()
        {
            let stem = last(&file.path);
            let part = stem.split('-').next().unwrap_or_default().to_string();
            *counts.entry((part, total)).or_default() += 1;
        }
    }
    let missing = counts
        .into_iter()
        .filter(|((_, total), found)| found < total);
    let note = |((part, total), found): ((String, usize), usize)| {
        format!("Only {found} of the {total} files of {part} are there.")
    };
    missing.map(note).collect()
}

/// The files in a folder, or in its folders `train`, `test` and so on.
fn parts(folder: &Path) -> Vec<Chosen> {
    let direct = files(folder, None);
    if !direct.is_empty() {
        return direct;
    }
    let inner = folders_in(folder).filter_map(|path| Some((Part::of(&last(&path))?, path)));
    inner
        .flat_map(|(part, path)| files(&path, Some(part)))
        .collect()
}

fn files(folder: &Path, part: Option<Part>) -> Vec<Chosen> {
    let files = files_in(folder).filter(|path| is_parquet(path));
    files.map(|path| chosen(path, part)).collect()
}

fn chosen(path: PathBuf, part: Option<Part>) -> Chosen {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = names::parse(&stem);
    match part {
        None => Chosen {
            part: name.part,
            name,
            path,
        },
        // Such files are called `0000.parquet`.
        Some(_) => Chosen {
            part,
            name: names::parse(""),
            path,
        },
    }
}

fn is_parquet(path: &Path) -> bool {
    ends_with(path, &["parquet"])
}
