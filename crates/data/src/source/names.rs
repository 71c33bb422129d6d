//! What a file's or an array's name says: the data set, its part, and whether it holds pictures or labels.

use std::path::{Path, PathBuf};

use super::paths::{Part, entries};

/// What a name says: `emnist-letters-train-images-idx3-ubyte` holds training images of the set `emnist-letters`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The words before the first that has a meaning, joined by dashes.
    pub set: String,
    /// The part.
    pub part: Option<Part>,
    /// Pictures or labels.
    pub kind: Option<Kind>,
    /// Words without a meaning after the first that has one, such as `idx3` and `ubyte`.
    pub rest: Vec<String>,
}

/// What a file or an array holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Pictures.
    Images,
    /// Their labels.
    Labels,
}

impl Kind {
    fn of(word: &str) -> Option<Self> {
        match word {
            "images" | "image" | "imgs" | "img" | "x" => Some(Self::Images),
            "labels" | "label" | "targets" | "target" | "y" => Some(Self::Labels),
            _ => None,
        }
    }
}

/// Reads a name, whatever stands between its words.
pub fn parse(name: &str) -> Name {
    let mut set = Vec::new();
    let mut found = Name {
        set: String::new(),
        part: None,
        kind: None,
        rest: Vec::new(),
    };
    for word in words(name) {
        let part = if word == "t10k" {
            Some(Part::Test)
        } else {
            Part::of(&word)
        };
        let kind = Kind::of(&word);
        if part.is_none() && kind.is_none() {
            if found.part.is_none() && found.kind.is_none() {
                set.push(word);
            } else {
                found.rest.push(word);
            }
        }
        found.part = part.or(found.part);
        found.kind = kind.or(found.kind);
    }
    found.set = set.join("-");
    found
}

/// The words of a name in lower case.
pub fn words(name: &str) -> Vec<String> {
    name.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// A path's last component.
pub fn last(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Whether a path has one of these endings, in any case.
pub fn ends_with(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().unwrap_or_default();
    endings
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known))
}

/// The files directly in a folder, sorted; none if it can't be listed.
pub fn files_in(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let (_, files) = entries(folder);
    files.into_iter().map(|name| folder.join(name))
}

/// The folders directly in a folder, sorted; none if it can't be listed.
pub fn folders_in(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let (folders, _) = entries(folder);
    folders.into_iter().map(|name| folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_set_part_and_kind() {
        use Kind::{Images, Labels};
        let train = Some(Part::Train);
        let test = Some(Part::Test);
        #[rustfmt::skip]
        let cases = [
            ("train-images-idx3-ubyte", "", train, Some(Images), "idx3 ubyte"),
            ("t10k-labels.idx1-ubyte.gz", "", test, Some(Labels), "idx1 ubyte gz"),
            ("EMNIST_Letters_Test_Images_idx3_ubyte", "emnist-letters", test, Some(Images), "idx3 ubyte"),
            ("qmnist-train-labels-idx2-int", "qmnist", train, Some(Labels), "idx2 int"),
            ("x_train", "", train, Some(Images), ""),
            ("kmnist-test-imgs", "kmnist", test, Some(Images), ""),
            ("val_labels", "", Some(Part::Validation), Some(Labels), ""),
            ("fashion-mnist_train", "fashion-mnist", train, None, ""),
            ("train-00000-of-00002", "", train, None, "00000 of 00002"),
            ("sample_submission", "sample-submission", None, None, ""),
            ("", "", None, None, ""),
        ];
        for (name, set, part, kind, rest) in cases {
            let found = parse(name);
            assert_eq!(found.set, set, "{name}");
            assert_eq!((found.part, found.kind), (part, kind), "{name}");
            assert_eq!(found.rest.join(" "), rest, "{name}");
        }
    }
}
