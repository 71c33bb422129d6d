//! What the readers' tests share: folders with files in them, and what a listing holds, as text.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::listing::{Entry, LabelledBox, Labels, Listing};

/// Names with contents.
pub type Files<'a> = &'a [(&'a str, &'a str)];

/// A folder with these files. A name that ends with `/` is an empty folder.
pub fn folder(files: Files<'_>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            write(&path, content.as_bytes());
        }
    }
    folder
}

/// A folder with empty files: readers of labels never open the pictures.
pub fn empty_files(names: &[&str]) -> TempDir {
    let files: Vec<(&str, &str)> = names.iter().map(|name| (*name, "")).collect();
    folder(&files)
}

/// A file, and the folders it lies in.
pub fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// The names of the classes.
pub fn classes(listing: &Listing) -> Vec<&str> {
    let classes = listing.classes.iter();
    classes.map(|class| class.name.as_str()).collect()
}

/// The problems as messages show them.
pub fn problems(listing: &Listing) -> Vec<String> {
    listing.problems.iter().map(ToString::to_string).collect()
}

/// The names of the pictures.
pub fn names(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.name.as_str()).collect()
}

/// The boxes of a picture that is labelled with boxes.
pub fn boxes(entry: &Entry) -> &[LabelledBox] {
    match &entry.labels {
        Labels::Boxes(boxes) => boxes,
        Labels::Class(class) => panic!("{}: class {class} instead of boxes", entry.name),
    }
}

/// Names with the class, or with the corners and class of each box: `a.png 1`, `b.png [1, 2, 3, 4] 0`.
pub fn described(entries: &[Entry]) -> Vec<String> {
    let entry = |entry: &Entry| match &entry.labels {
        Labels::Class(class) => format!("{} {class}", entry.name),
        Labels::Boxes(boxes) => boxes.iter().fold(entry.name.clone(), |text, found| {
            format!("{text} {:?} {}", found.corners, found.class)
        }),
    };
    entries.iter().map(entry).collect()
}
