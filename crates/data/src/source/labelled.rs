//! Decoded pictures with a label each, and the numbering of classes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Display;
use std::hash::Hash;
use std::path::Path;
use std::sync::Arc;

use super::array::Array;
use super::names::last;
use super::paths::Part;
use crate::error::DataError;
use crate::listing::{Class, Entry, Fault, Labels, Listing, Picture, Pixels, Problem};

/// From this many numbers on, those without pictures are not classes if they are the majority.
const MANY_CLASSES: u64 = 256;
/// Classes that a note names.
const MOST_NAMED: usize = 10;

/// What there is for each part of a data set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts<T> {
    /// For training.
    pub train: T,
    /// For choosing settings.
    pub validation: Option<T>,
    /// For the final judgement.
    pub test: Option<T>,
}

impl<T> Parts<T> {
    /// All parts.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        [
            Some(&self.train),
            self.validation.as_ref(),
            self.test.as_ref(),
        ]
        .into_iter()
        .flatten()
    }

    /// All parts, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        [
            Some(&mut self.train),
            self.validation.as_mut(),
            self.test.as_mut(),
        ]
        .into_iter()
        .flatten()
    }

    /// Each part changed.
    pub fn map<U>(self, mut change: impl FnMut(T) -> U) -> Parts<U> {
        Parts {
            train: change(self.train),
            validation: self.validation.map(&mut change),
            test: self.test.map(&mut change),
        }
    }

    /// Each part changed, unless that fails.
    pub fn try_map<U, E>(self, mut change: impl FnMut(T) -> Result<U, E>) -> Result<Parts<U>, E> {
        Ok(Parts {
            train: change(self.train)?,
            validation: self.validation.map(&mut change).transpose()?,
            test: self.test.map(&mut change).transpose()?,
        })
    }
}

impl<T: Default> Parts<T> {
    /// A part, which is made if it is not there.
    pub fn part(&mut self, part: Part) -> &mut T {
        match part {
            Part::Train => &mut self.train,
            Part::Validation => self.validation.get_or_insert_default(),
            Part::Test => self.test.get_or_insert_default(),
        }
    }
}

/// Pictures with labels of any kind.
#[derive(Clone, Debug, Default)]
pub struct Labelled<L> {
    /// What messages call the pictures.
    pub names: Vec<String>,
    /// The pictures.
    pub pixels: Pixels,
    /// A label for each.
    pub labels: Vec<L>,
}

/// An array that has not been read yet.
pub struct Source<'a> {
    /// The name of the file or of the array in it.
    pub name: String,
    /// The file.
    pub file: &'a Path,
    /// Reads it.
    pub read: Box<dyn Fn() -> Result<Array, String> + 'a>,
}

impl Source<'_> {
    fn wrong(&self, what: String) -> DataError {
        if last(self.file) == self.name {
            DataError::file(self.file, what)
        } else {
            DataError::file(self.file, format!("{}: {what}", self.name))
        }
    }
}

/// How arrays are read as pictures and labels.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    /// Whether pictures are stored column by column.
    pub transposed: bool,
    /// Whether rows of labels begin with the class, as QMNIST's do.
    pub first_column: bool,
}

/// A part's pictures with their labels; `None`, with a note, if one of the two is missing.
///
/// # Errors
/// Arrays that can't be read, are not pictures or labels, or do not fit together.
pub fn pair(
    images: Option<Source<'_>>,
    labels: Option<Source<'_>>,
    reading: Reading,
    notes: &mut Vec<String>,
) -> Result<Option<Labelled<i64>>, DataError> {
    let (images, labels) = match (images, labels) {
        (Some(images), Some(labels)) => (images, labels),
        (None, None) => return Ok(None),
        (Some(lonely), None) => {
            notes.push(format!("{} is left out: it has no labels.", lonely.name));
            return Ok(None);
        }
        (None, Some(lonely)) => {
            notes.push(format!("{} is left out: it has no pictures.", lonely.name));
            return Ok(None);
        }
    };
    let pixels = (images.read)().and_then(|array| array.pixels(reading.transposed));
    let (pixels, assumed) = pixels.map_err(|what| images.wrong(what))?;
    notes.extend(
        assumed
            .iter()
            .map(|note| format!("{}: {note}", images.name)),
    );
    let values = (labels.read)().and_then(|array| array.labels(reading.first_column));
    let values = values.map_err(|what| labels.wrong(what))?;
    if pixels.count != values.len() {
        return Err(images.wrong(format!(
            "there are {} pictures, but {} labels in {}",
            pixels.count,
            values.len(),
            labels.name
        )));
    }
    let name = |index| format!("{}[{index}]", images.name);
    Ok(Some(Labelled {
        names: (0..pixels.count).map(name).collect(),
        pixels,
        labels: values,
    }))
}

/// What labels stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classes<L: Hash + Eq> {
    /// The classes.
    pub list: Vec<Class>,
    /// The class of each label.
    pub index: HashMap<L, usize>,
    /// What was assumed.
    pub notes: Vec<String>,
}

impl<L: Hash + Eq> Classes<L> {
    /// A listing of these classes, with the notes on them.
    pub fn listing(
        self,
        parts: Parts<Vec<Entry>>,
        mut notes: Vec<String>,
        problems: Vec<Problem>,
    ) -> Listing {
        notes.extend(self.notes);
        Listing {
            classes: self.list,
            train: parts.train,
            validation: parts.validation,
            test: parts.test,
            notes,
            problems,
        }
    }
}

impl Classes<i64> {
    /// The classes of a set whose labels are numbers. They are those that have names; without names, all numbers from 0
    /// to the largest label, or from 1 if that is the least.
    pub fn numbered(labels: impl IntoIterator<Item = i64>, names: &BTreeMap<i64, String>) -> Self {
        let found: BTreeSet<i64> = labels.into_iter().filter(|&label| label >= 0).collect();
        let mut notes = Vec::new();
        let all: Vec<i64> = if !names.is_empty() {
            names.keys().copied().collect()
        } else if let (Some(&least), Some(&most)) = (found.first(), found.last()) {
            let first = i64::from(least == 1);
            let range = (most - first) as u64;
            if first == 1 {
                notes.push("Labels start at 1: there is no class 0.".to_string());
            }
            if range >= MANY_CLASSES && range / 2 > found.len() as u64 {
                notes.push("Numbers that label no picture are not classes.".to_string());
                found.iter().copied().collect()
            } else {
                (first..=most).collect()
            }
        } else {
            Vec::new()
        };
        let name = |label: &i64| {
            names
                .get(label)
                .cloned()
                .unwrap_or_else(|| label.to_string())
        };
        let unused: Vec<String> = all
            .iter()
            .filter(|label| !found.contains(label))
            .map(name)
            .collect();
        if !unused.is_empty() {
            let shown = &unused[..unused.len().min(MOST_NAMED)];
            let more = if shown.len() < unused.len() {
                ", ..."
            } else {
                ""
            };
            notes.push(format!(
                "Classes without pictures: {}{more}.",
                shown.join(", ")
            ));
        }
        Self {
            list: all.iter().map(|label| Class::named(name(label))).collect(),
            index: all
                .iter()
                .enumerate()
                .map(|(index, &label)| (label, index))
                .collect(),
            notes,
        }
    }
}

impl Classes<String> {
    /// The classes of a set whose labels are text: as [`Classes::numbered`] if all are numbers, else sorted by name.
    pub fn named<'a>(
        labels: impl IntoIterator<Item = &'a str>,
        names: &BTreeMap<i64, String>,
    ) -> Self {
        let found: BTreeSet<&str> = labels.into_iter().collect();
        let numbers: BTreeMap<&str, i64> = found
            .iter()
            .filter_map(|text| Some((*text, whole(text)?)))
            .collect();
        if numbers.len() < found.len() && names.is_empty() {
            let all = found.iter().enumerate();
            return Self {
                list: found.iter().map(|&name| Class::named(name)).collect(),
                index: all.map(|(index, name)| (name.to_string(), index)).collect(),
                notes: Vec::new(),
            };
        }
        let classes = Classes::numbered(numbers.values().copied(), names);
        let known = numbers
            .into_iter()
            .filter_map(|(text, number)| Some((text.to_string(), *classes.index.get(&number)?)));
        Self {
            index: known.collect(),
            list: classes.list,
            notes: classes.notes,
        }
    }
}

/// A whole number, as tables write it: pandas makes `3.0` of a 3 in a column with gaps.
fn whole(text: &str) -> Option<i64> {
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

/// The problem of a label that names no class.
pub fn no_class(place: String, label: impl Display) -> Problem {
    Problem {
        fault: Fault::BadLabel,
        place,
        what: format!("the label {label} names no class"),
    }
}

/// What is in `parts`; labels that name no class become problems.
pub fn listing<L: Hash + Eq + Display>(
    parts: Parts<Labelled<L>>,
    classes: Classes<L>,
    notes: Vec<String>,
    mut problems: Vec<Problem>,
) -> Listing {
    let mut entries = |part: Labelled<L>| {
        let all = Arc::new(part.pixels);
        let mut entries = Vec::with_capacity(part.labels.len());
        for (index, (name, label)) in part.names.into_iter().zip(part.labels).enumerate() {
            match classes.index.get(&label) {
                Some(&class) => entries.push(Entry {
                    name,
                    id: None,
                    picture: Picture::Pixels {
                        all: Arc::clone(&all),
                        index,
                    },
                    stated: Some([all.height, all.width]),
                    labels: Labels::Class(class),
                }),
                None => problems.push(no_class(name, &label)),
            }
        }
        entries
    };
    let parts = parts.map(&mut entries);
    classes.listing(parts, notes, problems)
}
