//! Class folders: one folder per class, with or without folders for the parts of the data set.
//!
//! 'level' is a folder whose sub-folders are classes: the source itself, or the folder of a part. What lies deeper in a
//! class folder belongs to the class.

mod natural;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use unicode_normalization::UnicodeNormalization;

use super::paths::{self, Part, entries, fold, is_picture, shown, unwrapped};
use crate::error::DataError;
use crate::listing::{Class, Entry, Fault, Labels, Listing, Picture, Problem};

/// Folders that annotated data sets consist of; beside one of these, no folder is a class.
const OF_OTHERS: [&str; 5] = [
    "labels",
    "annotations",
    "jpegimages",
    "imagesets",
    "segmentationclass",
];

/// Whether `path` holds data of this kind, judged by names alone.
pub fn recognises(path: &Path) -> bool {
    layout(path).is_some()
}

/// Where the class folders are.
#[derive(Debug, PartialEq, Eq)]
struct Layout {
    /// The source without the folders that wrap it.
    root: PathBuf,
    /// The folders of the parts within the root; one without a name if there are no parts.
    levels: Vec<(String, Part)>,
}

fn layout(path: &Path) -> Option<Layout> {
    // An outer folder wins: in `shapes/square/1.png` the class is `square`, and `shapes` wraps it.
    let chain = unwrapped(path).into_iter();
    chain
        .take_while(|root| !is_annotated(root))
        .find_map(|root| level_layout(&root))
}

fn level_layout(root: &Path) -> Option<Layout> {
    let folders = entries(root).0;
    let named: Vec<(String, Part)> = folders
        .iter()
        .filter_map(|name| Some((name.clone(), Part::of(name)?)))
        .collect();
    let split: Vec<_> = named
        .iter()
        .filter(|(name, _)| has_classes(&root.join(name)))
        .collect();
    let trains = split.iter().any(|(_, part)| *part == Part::Train);
    let others = folders.iter().filter(|name| Part::of(name).is_none());
    let others: Vec<PathBuf> = others
        .map(|name| root.join(name))
        .filter(|path| holds_pictures(path))
        .collect();
    // A folder `train` may be a class of vehicles: beside folders of pictures it is a part only if there is another part.
    if trains && (others.is_empty() || split.len() > 1) {
        return Some(Layout {
            root: root.to_path_buf(),
            levels: named,
        });
    }
    if named.iter().any(|(_, part)| *part != named[0].1) {
        return None;
    }
    let annotated = others
        .iter()
        .any(|path| entries(path).1.iter().any(|name| name.ends_with(".xml")));
    // A single folder is a class only if pictures lie right in it: else it wraps the data set.
    let classes = match others.as_slice() {
        [] => false,
        [only] if folders.len() == 1 => entries(only).1.iter().any(|name| is_picture(name)),
        _ => true,
    };
    (classes && !annotated).then(|| Layout {
        root: root.to_path_buf(),
        levels: vec![(String::new(), Part::Train)],
    })
}

/// Whether annotations lie in a folder, so that its sub-folders are not classes.
fn is_annotated(folder: &Path) -> bool {
    let (folders, files) = entries(folder);
    folders
        .iter()
        .any(|name| OF_OTHERS.contains(&name.to_lowercase().as_str()))
        || files.iter().any(|name| is_annotation(name))
}

/// Whether a file annotates what lies beside it: `data.yaml`, `train.json`, `_annotations.coco.json`.
fn is_annotation(name: &str) -> bool {
    let name = name.to_lowercase();
    let annotations = |stem: &str| {
        Part::of(stem).is_some()
            || stem.contains("annotations")
            || stem.contains("instances")
            || stem.ends_with("coco")
    };
    matches!(
        name.as_str(),
        "data.yaml" | "data.yml" | "dataset.yaml" | "obj.names"
    ) || name.strip_suffix(".json").is_some_and(annotations)
}

/// Whether a part consists of class folders.
fn has_classes(level: &Path) -> bool {
    !is_annotated(level)
        && entries(level)
            .0
            .iter()
            .any(|name| holds_pictures(&level.join(name)))
}

/// Whether there is a picture in a folder or a few levels below.
fn holds_pictures(folder: &Path) -> bool {
    const DEPTH: usize = 4;
    const MOST_FOLDERS: usize = 1000;
    let mut waiting = vec![(folder.to_path_buf(), 0)];
    let mut looked = 0;
    while let Some((folder, depth)) = waiting.pop() {
        let (folders, files) = entries(&folder);
        if files.iter().any(|name| is_picture(name)) {
            return true;
        }
        looked += 1;
        if looked > MOST_FOLDERS {
            return false;
        }
        if depth < DEPTH {
            waiting.extend(folders.iter().map(|name| (folder.join(name), depth + 1)));
        }
    }
    false
}

/// Reads which pictures there are and what they show.
///
/// # Errors
/// A folder that can't be listed, or has fewer than two classes. Single bad entries become the listing's problems instead.
pub fn read(path: &Path, _settings: &recipe::Data) -> Result<Listing, DataError> {
    let wrong = |what: String| DataError::File {
        path: path.to_path_buf(),
        what,
    };
    let Layout { root, levels } = layout(path).ok_or_else(|| {
        wrong(
            "there are no class folders. Expected one folder per class, such as cat/1.png and dog/1.png, or the same within \
             train/ and test/"
                .to_string(),
        )
    })?;
    let sorted = sort(&root, &levels)?;
    let mut names: Vec<String> = sorted
        .pictures
        .iter()
        .filter(|picture| picture.part == Part::Train)
        .map(|picture| picture.class.clone())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    names.sort_by(|a, b| natural::order(a, b));
    if names.len() < 2 {
        return Err(wrong(format!(
            "there are fewer than two class folders with pictures for training ({}). data.source is the folder that holds \
             the class folders",
            names.first().map_or("none", String::as_str)
        )));
    }
    let mut listing = Listing {
        notes: sorted.notes(&root, &levels),
        classes: names.iter().map(Class::named).collect(),
        ..Listing::default()
    };
    for (_, part) in &levels {
        match part {
            Part::Train => {}
            Part::Validation => listing.validation = Some(Vec::new()),
            Part::Test => listing.test = Some(Vec::new()),
        }
    }
    let mut renamed = BTreeMap::new();
    for Sorted { file, part, class } in sorted.pictures {
        let name = shown(&file);
        let Some(index) = find(&names, &class) else {
            let classes = names.len();
            listing.problems.push(Problem {
                fault: Fault::BadLabel,
                place: name,
                what: format!("class `{class}` is not one of the {classes} classes that the training pictures have"),
            });
            continue;
        };
        if names[index] != class {
            renamed.insert(class, index);
        }
        let entry = Entry {
            name,
            id: None,
            picture: Picture::File(root.join(&file)),
            stated: None,
            labels: Labels::Class(index),
        };
        match part {
            Part::Train => listing.train.push(entry),
            Part::Validation => listing.validation.get_or_insert_default().push(entry),
            Part::Test => listing.test.get_or_insert_default().push(entry),
        }
    }
    for (class, index) in renamed {
        listing.notes.push(format!(
            "Class folder `{class}` counts as `{}`: only the case differs.",
            names[index]
        ));
    }
    // A part whose pictures lie in no class folder says nothing, as Kaggle's test pictures do.
    for part in [&mut listing.validation, &mut listing.test] {
        *part = part.take().filter(|entries| !entries.is_empty());
    }
    Ok(listing)
}

/// The class of this name, or the only one that differs in case alone.
fn find(names: &[String], class: &str) -> Option<usize> {
    names.iter().position(|name| name == class).or_else(|| {
        let folded = fold(class);
        let mut alike = names
            .iter()
            .enumerate()
            .filter(|(_, name)| fold(name) == folded);
        alike
            .next()
            .filter(|_| alike.next().is_none())
            .map(|(index, _)| index)
    })
}

/// A picture in a class folder.
struct Sorted {
    /// Relative to the root.
    file: PathBuf,
    part: Part,
    class: String,
}

/// What there is below the root.
#[derive(Default)]
struct Contents {
    pictures: Vec<Sorted>,
    /// Pictures in no class folder.
    outside: Vec<String>,
    /// Files that are not pictures.
    others: Vec<String>,
}

/// Sorts the files below `root` into parts and classes.
fn sort(root: &Path, levels: &[(String, Part)]) -> Result<Contents, DataError> {
    let mut contents = Contents::default();
    for file in paths::tree(root)? {
        let name = shown(&file);
        if !is_picture(&name) {
            contents.others.push(name);
            continue;
        }
        let place = levels.iter().find_map(|(level, part)| {
            let within = match level.as_str() {
                "" => name.as_str(),
                level => name.strip_prefix(level)?.strip_prefix('/')?,
            };
            // One folder may be written in two ways, depending on the system that made it.
            Some((*part, within.split_once('/')?.0.nfc().collect()))
        });
        match place {
            Some((part, class)) => contents.pictures.push(Sorted { file, part, class }),
            None => contents.outside.push(name),
        }
    }
    Ok(contents)
}

impl Contents {
    fn notes(&self, root: &Path, levels: &[(String, Part)]) -> Vec<String> {
        let mut notes = Vec::new();
        let filled: BTreeSet<(Part, &str)> = self
            .pictures
            .iter()
            .map(|picture| (picture.part, picture.class.as_str()))
            .collect();
        let mut empty = Vec::new();
        for (level, part) in levels {
            for class in entries(&root.join(level)).0 {
                let name: String = class.nfc().collect();
                if !filled.contains(&(*part, name.as_str())) {
                    empty.push(shown(&Path::new(level).join(class)));
                }
            }
        }
        let mut say = |names: &[String], one: &str, many: &str| match names {
            [] => {}
            [only] => notes.push(format!("{only} {one}.")),
            [first, ..] => notes.push(format!("{} {many} ({first}, for example).", names.len())),
        };
        say(
            &empty,
            "holds no pictures",
            "class folders hold no pictures",
        );
        say(
            &self.outside,
            "is left out: it lies in no class folder",
            "pictures are left out: they lie in no class folder",
        );
        say(
            &self.others,
            "is left out: it is not a picture",
            "files are left out: they are not pictures",
        );
        for part in [Part::Validation, Part::Test] {
            let named: Vec<&str> = levels
                .iter()
                .filter(|(_, other)| *other == part)
                .map(|(level, _)| level.as_str())
                .collect();
            if named.len() > 1 {
                notes.push(format!("{} make up one part.", named.join(" and ")));
            }
        }
        notes
    }
}
