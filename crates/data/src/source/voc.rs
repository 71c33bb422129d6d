//! Pascal VOC's layout: an XML file of boxes for each picture.
//!
//! The files lie in `Annotations` with the pictures in `JPEGImages` and lists of the parts in `ImageSets/Main`, or beside
//! the pictures, perhaps in folders for the parts.

mod annotation;
mod sets;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, btree_map};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use self::annotation::Annotation;
use self::sets::Sets;
use super::paths::{
    Finder, Found, Lost, Part, entries, fold, is_picture, read_at_most, shown, stem, unwrapped,
};
use crate::error::DataError;
use crate::listing::{Class, Entry, Fault, LabelledBox, Labels, Listing, Picture, Problem, Unit};

/// Bytes of an XML file, at most.
const MOST: u64 = 16 << 20;

/// Whether `path` holds data of this kind, judged by names and the first bytes of a file.
pub fn recognises(path: &Path) -> bool {
    root(path).is_some()
}

/// The folder of the data set, without folders that wrap it.
fn root(path: &Path) -> Option<PathBuf> {
    unwrapped(path).into_iter().find(|root| is_annotated(root))
}

fn is_annotated(root: &Path) -> bool {
    const MOST_FOLDERS: usize = 20;
    let folders = entries(root).0;
    let likely = folders.iter().filter(|name| {
        let name = name.to_lowercase();
        name == "annotations" || name == "images" || Part::of(&name).is_some()
    });
    let likely = likely.take(MOST_FOLDERS).map(|name| root.join(name));
    holds_annotations(root)
        || likely.into_iter().any(|folder| {
            let deeper = entries(&folder).0;
            holds_annotations(&folder)
                || deeper
                    .iter()
                    .take(MOST_FOLDERS)
                    .any(|name| holds_annotations(&folder.join(name)))
        })
}

/// Whether the first XML file in a folder is an annotation.
fn holds_annotations(folder: &Path) -> bool {
    let files = entries(folder).1;
    files.iter().find(|name| is_xml(name)).is_some_and(|name| {
        let bytes = read_at_most(&folder.join(name), MOST).unwrap_or_default();
        // CVAT's own XML begins with <annotations>.
        let text = String::from_utf8_lossy(&bytes);
        let tag = text.split_once("<annotation").map(|(_, rest)| rest);
        tag.is_some_and(|rest| rest.starts_with(|c: char| c == '>' || c.is_whitespace()))
    })
}

fn is_xml(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".xml")
}

/// An annotation file that was read.
struct Read {
    /// Relative to the root, with slashes.
    name: String,
    part: Part,
    annotation: Annotation,
    picture: Found,
}

/// Reads which pictures there are and what they show.
///
/// # Errors
/// A file that is missing or not what it should be. Single bad entries become the listing's problems instead.
pub fn read(path: &Path, _settings: &recipe::Data) -> Result<Listing, DataError> {
    let root = root(path).ok_or_else(|| DataError::File {
        path: path.to_path_buf(),
        what: "this is not a Pascal VOC data set. Expected a folder `Annotations` with XML files and a folder `JPEGImages` with \
               pictures, or XML files beside the pictures"
            .to_string(),
    })?;
    let finder = Finder::new(&root)?;
    let sets = Sets::new(&finder);
    let mut listing = Listing::default();
    let files = annotation_files(&finder);
    sets.missing(&files, &mut listing.problems);
    let mut unlisted = 0;
    let mut sorted = Vec::new();
    for name in files {
        match sets.part(&name) {
            Some(part) => sorted.push((name, part)),
            None => unlisted += 1,
        }
    }
    if unlisted > 0 {
        listing.notes.push(format!(
            "{unlisted} annotation files are left out: no list in ImageSets/Main names them."
        ));
    }
    let mut tally = Tally::default();
    let results: Vec<_> = sorted
        .into_par_iter()
        .map(|(name, part)| read_one(&finder, name, part))
        .collect();
    let mut files: Vec<Read> = Vec::new();
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for result in results {
        match result {
            Ok(Some(file)) => match owners.entry(file.picture.name.clone()) {
                btree_map::Entry::Occupied(owner) => listing.problems.push(Problem {
                    fault: Fault::BadLabel,
                    place: file.name,
                    what: format!(
                        "its picture {} already belongs to {}",
                        owner.key(),
                        owner.get()
                    ),
                }),
                btree_map::Entry::Vacant(place) => {
                    place.insert(file.name.clone());
                    files.push(file);
                }
            },
            Ok(None) => tally.foreign += 1,
            Err(problem) => listing.problems.push(problem),
        }
    }
    if listing.problems.is_empty() && !files.iter().any(|file| file.part == Part::Train) {
        return Err(DataError::File {
            path: root,
            what: "there are no annotation files for training".to_string(),
        });
    }
    let boxes = files.iter().flat_map(|file| &file.annotation.objects);
    // Some tools count pixels from 0, though VOC counts from 1: one corner at 0 shows it.
    let from_zero = boxes
        .clone()
        .any(|object| object.corners[0] < 1.0 || object.corners[1] < 1.0);
    if boxes.clone().next().is_some() {
        listing.notes.push(if from_zero {
            "Boxes are counted from 0, because some begin there; x and y are taken as they are.".to_string()
        } else {
            "Boxes are counted from 1, as VOC does, because none begins at 0; 1 is subtracted from xmin and ymin.".to_string()
        });
    }
    let names: BTreeSet<&str> = boxes.map(|object| object.name.as_str()).collect();
    let index: BTreeMap<String, usize> = names
        .into_iter()
        .enumerate()
        .map(|(index, name)| (name.to_string(), index))
        .collect();
    listing.classes = index.keys().map(Class::named).collect();
    for file in files {
        tally.renamed += usize::from(
            file.annotation
                .file_name
                .as_deref()
                .is_some_and(|name| !named_alike(name, &file.picture.name)),
        );
        listing.problems.extend(
            file.annotation
                .problems
                .iter()
                .map(|(fault, what)| Problem {
                    fault: *fault,
                    place: file.name.clone(),
                    what: what.clone(),
                }),
        );
        tally.difficult += file
            .annotation
            .objects
            .iter()
            .filter(|object| object.difficult)
            .count();
        let part = file.part;
        let entry = entry(file, &index, from_zero);
        match part {
            Part::Train => listing.train.push(entry),
            Part::Validation => listing.validation.get_or_insert_default().push(entry),
            Part::Test => listing.test.get_or_insert_default().push(entry),
        }
    }
    tally.unannotated = unannotated(&finder, &listing);
    listing.notes.extend(tally.notes());
    Ok(listing)
}

/// The XML files: those in `Annotations`, if there is such a folder, else all.
fn annotation_files(finder: &Finder) -> Vec<String> {
    let all: Vec<String> = finder
        .files()
        .iter()
        .map(|file| shown(file))
        .filter(|name| is_xml(name))
        .collect();
    let in_annotations = |name: &String| {
        name.split('/')
            .any(|folder| folder.to_lowercase() == "annotations")
    };
    if all.iter().any(in_annotations) {
        all.into_iter().filter(in_annotations).collect()
    } else {
        all
    }
}

/// Reads an XML file and finds its picture; `None` for XML of another kind.
fn read_one(finder: &Finder, name: String, part: Part) -> Result<Option<Read>, Problem> {
    let problem = |fault: Fault, what: String| Problem {
        fault,
        place: name.clone(),
        what,
    };
    let bytes = read_at_most(&finder.root().join(&name), MOST)
        .map_err(|what| problem(Fault::BadLabel, what))?;
    let annotation = annotation::parse(&bytes).map_err(|what| problem(Fault::BadLabel, what))?;
    let Some(annotation) = annotation else {
        return Ok(None);
    };
    let picture = picture(finder, &name, annotation.file_name.as_deref())
        .map_err(|(asked, lost)| problem(Fault::MissingPicture, format!("{asked}: {lost}")))?;
    Ok(Some(Read {
        name,
        part,
        annotation,
        picture,
    }))
}

/// The picture of an annotation file. People rename pictures together with their XML files and leave the name within as it
/// was; so a picture named like the file counts more than another one that `<filename>` names.
fn picture(finder: &Finder, xml: &str, file_name: Option<&str>) -> Result<Found, (String, Lost)> {
    let folder = xml.rsplit_once('/').map_or("", |(folder, _)| folder);
    let own = &xml[..xml.len() - ".xml".len()];
    let own = own.rsplit_once('/').map_or(own, |(_, name)| name);
    let under: Vec<String> = ["JPEGImages", "images", "Images"]
        .into_iter()
        .filter_map(|pictures| {
            let mut parts: Vec<&str> = folder.split('/').collect();
            let place = parts
                .iter()
                .rposition(|part| part.to_lowercase() == "annotations")?;
            parts[place] = pictures;
            Some(parts.join("/"))
        })
        .chain([folder.to_string()])
        .collect();
    let under: Vec<&str> = under.iter().map(String::as_str).collect();
    let asked = file_name.unwrap_or(own);
    if fold(stem(last(asked))) == fold(own) {
        return finder
            .find(asked, &under)
            .map_err(|lost| (asked.to_string(), lost));
    }
    // Only an exact name within the expected folders is surely this file's picture.
    let near = finder.find(own, &under).ok().filter(|found| {
        let place = found.name.rsplit_once('/').map_or("", |(folder, _)| folder);
        under.iter().any(|folder| fold(folder) == fold(place)) && is_picture(&found.name)
    });
    near.map_or_else(|| finder.find(asked, &under), Ok)
        .or_else(|lost| {
            finder
                .find(own, &under)
                .map_err(|_| (asked.to_string(), lost))
        })
}

fn last(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn named_alike(asked: &str, found: &str) -> bool {
    fold(stem(last(asked).trim())) == fold(stem(last(found)))
}

fn entry(file: Read, classes: &BTreeMap<String, usize>, from_zero: bool) -> Entry {
    let before = if from_zero { 0.0 } else { 1.0 };
    let boxes = file.annotation.objects.into_iter().map(|object| {
        let [x1, y1, x2, y2] = object.corners;
        LabelledBox {
            corners: [x1 - before, y1 - before, x2, y2],
            unit: Unit::Pixels,
            class: classes.get(&object.name).copied().unwrap_or_default(),
            area: None,
            crowd: object.difficult,
            place: object.place,
        }
    });
    Entry {
        name: file.picture.name,
        id: None,
        picture: Picture::File(file.picture.path),
        stated: file.annotation.size,
        labels: Labels::Boxes(boxes.collect()),
    }
}

/// Pictures that no annotation file belongs to.
fn unannotated(finder: &Finder, listing: &Listing) -> usize {
    let parts = [
        Some(&listing.train),
        listing.validation.as_ref(),
        listing.test.as_ref(),
    ];
    let known: BTreeSet<&str> = parts
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.name.as_str())
        .collect();
    let pictures = finder
        .files()
        .iter()
        .map(|file| shown(file))
        .filter(|name| is_picture(name));
    let masks = |name: &String| {
        name.split('/')
            .any(|folder| folder.starts_with("Segmentation"))
    };
    pictures
        .filter(|name| !masks(name) && !known.contains(name.as_str()))
        .count()
}

/// Counts what is worth a note.
#[derive(Default)]
struct Tally {
    foreign: usize,
    renamed: usize,
    difficult: usize,
    unannotated: usize,
}

impl Tally {
    fn notes(&self) -> Vec<String> {
        let counts = [
            (
                self.foreign,
                "XML files are left out: they are not annotations",
            ),
            (
                self.renamed,
                "annotation files name another picture in <filename>; the one with the file's own name is taken",
            ),
            (
                self.difficult,
                "objects are marked as difficult; as in VOC's evaluation they count neither as found nor as missed",
            ),
            (
                self.unannotated,
                "pictures are left out: no annotation file that is read belongs to them",
            ),
        ];
        counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}."))
            .collect()
    }
}
