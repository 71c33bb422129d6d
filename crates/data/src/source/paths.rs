//! Finds the picture that an annotation means, under the names that tools and systems make of it.
//!
//! 'asked' is the name an annotation gives. A path's 'tail' is its last components: `train/a.png` is a tail of
//! `/home/me/shapes/train/a.png`.

mod forms;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

pub use tree::{
    entries, images_in, is_companion, is_picture, read_at_most, shown, tree, unwrapped,
};

use crate::error::DataError;

/// The pictures below a folder, listed once, and searched under the names that annotations give them.
#[derive(Debug)]
pub struct Finder {
    root: PathBuf,
    /// Relative to the root, sorted.
    files: Vec<PathBuf>,
    /// Files by [`stem`], as [`fold`]ed.
    by_stem: HashMap<String, Vec<usize>>,
    /// Names of all folders, as [`fold`]ed.
    folders: HashSet<String>,
}

/// A picture's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Relative to the root, with slashes.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// Why a picture was not found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Nothing has that name.
    #[error("there is no such picture in the folder")]
    Missing,
    /// Only pictures that are probably different ones have it.
    #[error(
        "there is no such picture; only another part or folder has one of that name: {}",
        list(.0)
    )]
    Elsewhere(Vec<String>),
    /// Several may be meant.
    #[error("it is not clear which picture is meant: {}. Give its path within the folder", list(.0))]
    Several(Vec<String>),
}

/// A part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// For training.
    Train,
    /// For choosing settings.
    Validation,
    /// For the final judgement.
    Test,
}

impl Part {
    /// The part that a folder's or file's name stands for: `train`, `val2017`, `Testing`, `training_set`.
    pub fn of(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        let ends = |c: char| c.is_ascii_digit() || matches!(c, '_' | '-' | ' ');
        let mut word = name.trim_end_matches(ends);
        for suffix in ["set", "images", "data"] {
            word = word
                .strip_suffix(suffix)
                .unwrap_or(word)
                .trim_end_matches(ends);
        }
        match word {
            "train" | "training" => Some(Self::Train),
            "val" | "valid" | "validation" | "dev" => Some(Self::Validation),
            "test" | "testing" => Some(Self::Test),
            _ => None,
        }
    }
}

/// How well a file fits what was asked for; the greatest fits best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// Rather than only its stem.
    name: bool,
    /// Components that agree, from the end.
    tail: usize,
    /// Whether it lies in a folder where it was expected.
    expected: bool,
    /// Components that agree to the letter, from the end.
    exact: usize,
}

impl Finder {
    /// Lists a folder.
    ///
    /// # Errors
    /// A folder that can't be listed.
    pub fn new(root: &Path) -> Result<Self, DataError> {
        let files = tree(root)?;
        let mut by_stem: HashMap<String, Vec<usize>> = HashMap::new();
        let mut folders = HashSet::new();
        for (index, file) in files.iter().enumerate() {
            let name = last(file);
            by_stem.entry(fold(stem(&name))).or_default().push(index);
            let parents = file.parent().into_iter().flat_map(Path::components);
            folders.extend(parents.map(|part| fold(&part.as_os_str().to_string_lossy())));
        }
        Ok(Self {
            root: root.to_path_buf(),
            files,
            by_stem,
            folders,
        })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// All files but companions (see [`is_companion`]), relative to the root, sorted.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The picture that an annotation calls `asked`. It is expected in the folders `under`, relative to the root; there it
    /// is preferred, and of two parts of a data set only theirs is searched.
    ///
    /// # Errors
    /// [`Lost`], when nothing fits or several fit equally well.
    pub fn find(&self, asked: &str, under: &[&str]) -> Result<Found, Lost> {
        let forms = forms::forms(asked);
        let mut why = Lost::Missing;
        for forms in [&forms, &forms::without_upload_prefixes(&forms)] {
            for form in forms {
                for folder in under.iter().copied().chain([""]) {
                    if let Some(found) = self.exactly(folder, form) {
                        return Ok(found);
                    }
                }
            }
            match self.like(forms, under) {
                Err(Lost::Missing) => {}
                Err(lost @ Lost::Elsewhere(_)) => why = lost,
                result => return result,
            }
        }
        Err(why)
    }

    /// The file of exactly this path.
    fn exactly(&self, folder: &str, asked: &str) -> Option<Found> {
        let mut relative = PathBuf::new();
        for part in folder.split('/').chain(asked.split('/')) {
            match part {
                "" | "." => {}
                ".." => {
                    if !relative.pop() {
                        return None;
                    }
                }
                // A disk's name, such as `C:` on Windows, would replace the path.
                name if Path::new(name)
                    .components()
                    .all(|part| matches!(part, Component::Normal(_))) =>
                {
                    relative.push(name);
                }
                _ => return None,
            }
        }
        let path = self.root.join(&relative);
        path.is_file().then(|| Found {
            name: shown(&relative),
            path,
        })
    }

    /// The file of the listing that comes nearest to one of the forms.
    fn like(&self, forms: &[String], under: &[&str]) -> Result<Found, Lost> {
        // Each candidate with its best fit; it must be plausible under every form.
        let mut candidates: BTreeMap<usize, (Fit, bool)> = BTreeMap::new();
        for form in forms {
            let parts: Vec<&str> = form
                .split('/')
                .filter(|part| !matches!(*part, "" | "."))
                .collect();
            let asked = parts
                .rsplit(|part| *part == "..")
                .next()
                .unwrap_or_default();
            let name = asked.last().copied().unwrap_or_default();
            for &index in self.by_stem.get(&fold(stem(name))).into_iter().flatten() {
                if let Some((fit, plausible)) =
                    self.fit(asked, &components(&self.files[index]), under)
                {
                    let known = candidates.entry(index).or_insert((fit, plausible));
                    *known = (known.0.max(fit), known.1 && plausible);
                }
            }
        }
        let names = |wanted: &dyn Fn(&(Fit, bool)) -> bool| {
            let indices = candidates.iter().filter(|(_, candidate)| wanted(candidate));
            indices
                .map(|(index, _)| shown(&self.files[*index]))
                .collect::<Vec<String>>()
        };
        let plausible = candidates.values().filter(|(_, plausible)| *plausible);
        let Some(best) = plausible.map(|(fit, _)| *fit).max() else {
            return Err(if candidates.is_empty() {
                Lost::Missing
            } else {
                Lost::Elsewhere(names(&|_| true))
            });
        };
        let mut equals = candidates
            .iter()
            .filter(|(_, candidate)| **candidate == (best, true));
        match (equals.next(), equals.next()) {
            (Some((index, _)), None) => Ok(Found {
                name: shown(&self.files[*index]),
                path: self.root.join(&self.files[*index]),
            }),
            _ => Err(Lost::Several(names(&|candidate| {
                *candidate == (best, true)
            }))),
        }
    }

    /// How well a file fits, and whether it can be the one that is meant; `None` if it is not a picture.
    fn fit(&self, asked: &[&str], parts: &[String], under: &[&str]) -> Option<(Fit, bool)> {
        let (asked_name, asked_parents) = asked.split_last()?;
        let (name, parents) = parts.split_last()?;
        let named = fold(asked_name) == fold(name);
        if !named && !is_picture(name) {
            return None;
        }
        let agree = |same: fn(&str, &str) -> bool| {
            let pairs = asked_parents.iter().rev().zip(parents.iter().rev());
            1 + pairs.take_while(|(a, b)| same(a, b)).count()
        };
        let tail = agree(|a, b| fold(a) == fold(b));
        let exact = if asked_name == name {
            agree(|a, b| a == b)
        } else {
            0
        };
        let expected = under.iter().any(|folder| {
            let folder: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
            !folder.is_empty()
                && parents.len() >= folder.len()
                && folder.iter().zip(parents).all(|(a, b)| fold(a) == fold(b))
        });
        let fit = Fit {
            name: named,
            tail,
            expected,
            exact,
        };
        // The same name in another part is another picture: `test/0001.png` is not what is missing in `train`.
        let unasked = &parents[..parents.len().saturating_sub(tail - 1)];
        let part = under
            .iter()
            .flat_map(|folder| folder.split('/'))
            .find_map(Part::of);
        let foreign = !expected
            && part.is_some()
            && unasked
                .iter()
                .filter_map(|parent| Part::of(parent))
                .any(|other| Some(other) != part);
        // And `cam-2/0001.png` is not `cam-1/0001.png`, if there is a folder `cam-1`.
        let other_folder = asked_parents
            .iter()
            .rev()
            .nth(tail - 1)
            .is_some_and(|parent| {
                let folded = fold(parent);
                self.folders.contains(&folded)
                    && !parents.iter().any(|other| fold(other) == folded)
                    && !(expected && Part::of(parent).is_some())
            });
        Some((fit, !foreign && !other_folder))
    }
}

/// A name without the ending of a picture.
pub fn stem(name: &str) -> &str {
    if is_picture(name) {
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    } else {
        name
    }
}

/// Equal for names that differ only in case or in how accents are composed, as macOS and other systems differ.
pub fn fold(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    name.nfc()
        .collect::<String>()
        .to_lowercase()
        .nfc()
        .collect()
}

/// The last component.
fn last(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn components(path: &Path) -> Vec<String> {
    path.components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect()
}

/// The first few of a list, in words.
fn list(names: &[String]) -> String {
    const MOST: usize = 4;
    let mut words = names
        .iter()
        .take(MOST)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > MOST {
        words += &format!(" and {} more", names.len() - MOST);
    }
    words
}
