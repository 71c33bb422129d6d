//! Which tables a folder holds, and which of them are the data set.

use std::path::{Path, PathBuf};

use super::form_of;
use super::table::Table;
use crate::error::DataError;
use crate::source::names::{self, ends_with, files_in, folders_in, last};
use crate::source::paths::Part;

/// Folders in which tables are looked for where there are none beside them.
const FOLDERS: [&str; 4] = ["annotations", "labels", "data", "csv"];

/// A table's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The file.
    pub path: PathBuf,
    /// The part that its name or folder says.
    pub part: Option<Part>,
    /// How the file's name begins.
    pub set: String,
    /// The folder of its part, if it has one of its own.
    pub folder: Option<String>,
}

/// Whether a file is a table, judged by its ending.
pub fn is_table(path: &Path) -> bool {
    ends_with(path, &["csv", "tsv"])
}

/// The tables that `path` can mean: a file, those in a folder, or the ones whose names begin with it.
pub fn all(path: &Path) -> Vec<Chosen> {
    if path.is_file() {
        return vec![chosen(path.to_path_buf())];
    }
    if !path.is_dir() {
        let wanted = names::words(&last(path)).join("-");
        let mut found = path.parent().map(tables).unwrap_or_default();
        found.retain(|file| file.part.is_some() && file.set == wanted);
        return found;
    }
    let mut found = tables(path);
    if found.is_empty() {
        for folder in folders_in(path) {
            let name = last(&folder);
            let part = Part::of(&name);
            let inside = tables(&folder).into_iter().filter(|_| part.is_some());
            found.extend(inside.map(|file| Chosen {
                part,
                set: String::new(),
                folder: Some(name.clone()),
                ..file
            }));
        }
    }
    let mut others = FOLDERS.iter().map(|name| tables(&path.join(name)));
    if found.is_empty() {
        found = others.find(|tables| !tables.is_empty()).unwrap_or_default();
    }
    found
}

/// The tables of the one data set that `path` can mean, the one of the training pictures first.
///
/// # Errors
/// No table, or several sets of them.
pub fn choose(path: &Path, notes: &mut Vec<String>) -> Result<Vec<Chosen>, DataError> {
    let mut found = all(path);
    if found.is_empty() {
        let what = if path.is_dir() {
            "there is no .csv or .tsv file"
        } else {
            "there is no such file or folder"
        };
        return Err(DataError::file(path, what));
    }
    if let [file] = &mut found[..] {
        // One table is all there is, whatever part its name says.
        file.part = None;
        return Ok(found);
    }
    let several = |files: &[Chosen]| {
        let names: Vec<String> = files
            .iter()
            .map(|file| file.path.display().to_string())
            .collect();
        let what = format!(
            "there are several tables that may be meant. Set data.source to one of them: {}",
            names.join(", ")
        );
        Err(DataError::file(path, what))
    };
    let (mut telling, others): (Vec<Chosen>, Vec<Chosen>) =
        found.into_iter().partition(|file| file.part.is_some());
    let understood = |file: &Chosen| {
        Table::head(&file.path).is_ok_and(|table| form_of(&table, &file.path).is_ok())
    };
    if telling.len() > 1 {
        // Beside `train.csv` there may be `train_metrics.csv`.
        telling.retain(|file| understood(file) || file.set.is_empty());
    }
    if !telling.iter().any(|file| file.part == Some(Part::Train)) {
        let mut whole: Vec<Chosen> = others.into_iter().filter(understood).collect();
        return match (&mut whole[..], &telling[..]) {
            ([file], []) => {
                file.part = None;
                Ok(whole)
            }
            ([], [first, ..]) => Err(DataError::file(
                path,
                format!(
                    "there is no table of training pictures, only {}",
                    last(&first.path)
                ),
            )),
            ([], []) => Err(DataError::file(
                path,
                "there is no table with the columns of a data set, such as `image,label`",
            )),
            _ => several(&[whole, telling].concat()),
        };
    }
    for (index, file) in telling.iter().enumerate() {
        let twice = telling[..index].iter().any(|other| other.part == file.part);
        if twice || file.set != telling[0].set {
            return several(&telling);
        }
    }
    for file in others {
        notes.push(format!(
            "{} is left out: its name does not begin with train, val or test.",
            last(&file.path)
        ));
    }
    telling.sort_by_key(|file| file.part != Some(Part::Train));
    Ok(telling)
}

/// The tables in a folder. Kaggle also puts them into folders of the same name.
fn tables(folder: &Path) -> Vec<Chosen> {
    let own = folders_in(folder).filter_map(|inner| {
        let own = inner.join(last(&inner));
        let candidates = [own.with_extension("csv"), own];
        candidates.into_iter().find(|path| path.is_file())
    });
    let all = files_in(folder).chain(own);
    all.filter(|path| is_table(path)).map(chosen).collect()
}

fn chosen(path: PathBuf) -> Chosen {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = names::parse(&stem);
    Chosen {
        path,
        part: name.part,
        set: name.set,
        folder: None,
    }
}
