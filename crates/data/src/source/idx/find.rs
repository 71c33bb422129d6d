//! Which IDX files there are in a folder and in the folders where programs put them.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::file;
use crate::source::names::{self, Kind, Name, files_in, folders_in, last};
use crate::source::paths::Part;

/// Folders in which torchvision and EMNIST's archive keep their files.
const INNER: [&str; 2] = ["raw", "gzip"];
/// Bytes of a file that are looked at.
const HEAD: u64 = 512;

/// Files whose names begin alike.
#[derive(Clone, Debug)]
pub struct Set {
    /// Their folder.
    pub home: PathBuf,
    /// How their names begin, in lower case and with dashes.
    pub name: String,
    files: Vec<(Name, PathBuf)>,
}

impl Set {
    /// The file of a part; the best one where there are several.
    pub fn get(&self, part: Option<Part>, kind: Kind) -> Option<&Path> {
        let all = self.files.iter();
        let mut fitting = all.filter(|(name, _)| name.part == part && name.kind == Some(kind));
        Some(&fitting.next()?.1)
    }

    /// The part to train on: sets without parts have all their pictures in files that name none.
    pub fn training(&self) -> Option<Part> {
        let named = self.get(Some(Part::Train), Kind::Images).is_some();
        named.then_some(Part::Train)
    }

    /// Whether there are pictures to train on.
    pub fn has_pictures(&self) -> bool {
        self.get(self.training(), Kind::Images).is_some()
    }

    /// The files' names.
    pub fn files(&self) -> Vec<String> {
        self.files.iter().map(|(_, path)| last(path)).collect()
    }

    /// What to give instead of `folder`, so that this set alone is meant.
    pub fn path(&self, folder: &Path) -> String {
        let file = self.get(self.training(), Kind::Images);
        let path = match file {
            Some(file) if self.name.is_empty() && self.home == folder => file.to_path_buf(),
            _ if self.name.is_empty() => self.home.clone(),
            _ => self.home.join(&self.name),
        };
        path.display().to_string()
    }
}

/// The sets that `path` can mean: all in a folder, the one of a file, or the ones whose names begin with it.
pub fn sets(path: &Path) -> Vec<Set> {
    if path.is_dir() {
        return in_folder(path);
    }
    let Some(mut folder) = path.parent() else {
        return Vec::new();
    };
    if folder.as_os_str().is_empty() {
        folder = Path::new(".");
    }
    if path.is_file() {
        let Some(name) = idx_name(&last(path)) else {
            return Vec::new();
        };
        // Kaggle's folders are called like the one file in them.
        let own = idx_name(&last(folder)).is_some();
        let folder = folder.parent().filter(|_| own).unwrap_or(folder);
        let mut sets = in_folder(folder);
        sets.retain(|set| set.name == name.set);
        return sets;
    }
    let wanted = names::words(&last(path)).join("-");
    let mut sets = in_folder(folder);
    if sets.iter().any(|set| set.name == wanted) {
        sets.retain(|set| set.name == wanted);
    } else {
        sets.retain(|set| set.name.starts_with(&format!("{wanted}-")));
    }
    sets
}

/// Whether a file's name and first bytes are those of an IDX file.
pub fn is_idx(path: &Path) -> bool {
    let mut head = Vec::new();
    fs::File::open(path).is_ok_and(|file| file.take(HEAD).read_to_end(&mut head).is_ok())
        && file::begins(&head)
}

/// What the name of an IDX file says; `None` for other names.
fn idx_name(name: &str) -> Option<Name> {
    let found = names::parse(name);
    let plain = found.kind.is_some() && found.rest.iter().all(|word| is_idx_word(word));
    plain.then_some(found)
}

/// Whether no other file has such a name; `train_images` may be anything.
fn is_sure(name: &Name) -> bool {
    name.rest.iter().any(|word| word != "gz" && word != "bin")
}

fn is_idx_word(word: &str) -> bool {
    const WORDS: [&str; 9] = [
        "idx", "ubyte", "byte", "short", "int", "float", "double", "gz", "bin",
    ];
    WORDS.contains(&word)
        || word
            .strip_prefix("idx")
            .is_some_and(|dimensions| dimensions.parse::<u8>().is_ok())
}

fn in_folder(folder: &Path) -> Vec<Set> {
    let mut found: BTreeMap<(PathBuf, String), Set> = BTreeMap::new();
    for (home, path) in files(folder) {
        let Some(name) = idx_name(&last(&path)) else {
            continue;
        };
        if !is_sure(&name) && !is_idx(&path) {
            continue;
        }
        let set = found
            .entry((home.clone(), name.set.clone()))
            .or_insert_with(|| Set {
                home,
                name: name.set.clone(),
                files: Vec::new(),
            });
        set.files.push((name, path));
    }
    let mut sets: Vec<Set> = found.into_values().collect();
    for set in &mut sets {
        // Of several files the plain one is best, then the one that is not in a folder of its own.
        set.files.sort_by_cached_key(|(name, path)| {
            let gzipped = name.rest.last().is_some_and(|word| word == "gz");
            let own_folder = path.parent() != Some(&set.home);
            (Reverse(!gzipped), own_folder, path.clone())
        });
    }
    sets
}

/// Each file with the folder that it counts as being in.
fn files(folder: &Path) -> Vec<(PathBuf, PathBuf)> {
    let with = |home: &Path, folder: &Path| {
        let home = home.to_path_buf();
        files_in(folder)
            .map(|file| (home.clone(), file))
            .collect::<Vec<_>>()
    };
    let mut found = with(folder, folder);
    for inner in folders_in(folder) {
        let name = last(&inner);
        if idx_name(&name).is_some_and(|name| is_sure(&name)) {
            found.extend(with(folder, &inner));
            continue;
        }
        if INNER.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            found.extend(with(&inner, &inner));
        }
        for home in INNER.map(|known| inner.join(known)) {
            found.extend(with(&home, &home));
        }
    }
    found
}
