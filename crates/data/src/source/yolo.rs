//! YOLO's layout: `data.yaml`, pictures, and a text file of boxes for each picture.
//!
//! The label file of `.../images/x/a.png` is `.../labels/x/a.txt`: the last folder `images` becomes `labels`. Otherwise it
//! lies beside the picture. A picture whose label file is missing or empty shows no object. Without `data.yaml` the parts
//! are judged by the names of folders or by lists such as `train.txt`, and the classes are read from `classes.txt` or
//! `obj.names`.

mod classes;
mod config;
mod labels;
mod parts;
mod places;
#[cfg(test)]
mod tests;
mod world;
mod yaml;

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use self::classes::is_class_list;
use self::config::Config;
use self::parts::Members;
use super::paths::{Part, entries, is_picture, read_at_most, shown, unwrapped};
use crate::error::DataError;
use crate::listing::{Class, Entry, Fault, Labels, Listing, Picture, Problem};

/// Bytes of a `data.yaml`, at most.
const MOST_YAML: u64 = 1 << 20;
/// Bytes of the labels of one picture, at most.
const MOST_LABELS: u64 = 16 << 20;
/// Bytes of a list of pictures, at most.
const MOST_LIST: u64 = 1 << 30;

/// Whether `path` holds data of this kind, judged by names and the first bytes of a file.
pub fn recognises(path: &Path) -> bool {
    origin(path).is_some()
}

/// Where a data set begins.
#[derive(Debug)]
struct Origin {
    root: PathBuf,
    yaml: Option<PathBuf>,
}

fn origin(path: &Path) -> Option<Origin> {
    // Paths in data.yaml are compared with the root, so that one has to be absolute and without `..`.
    let path = path.canonicalize().ok()?;
    if path.is_file() {
        return is_yaml(&shown(&path)).then(|| Origin {
            root: path.parent().unwrap_or(&path).to_path_buf(),
            yaml: Some(path),
        });
    }
    unwrapped(&path).into_iter().find_map(|root| {
        let yaml = yamls(&root).into_iter().next();
        (yaml.is_some() || is_labelled(&root)).then_some(Origin { root, yaml })
    })
}

fn is_yaml(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".yaml") || name.ends_with(".yml")
}

/// The files in a folder that describe a data set; the one that is meant comes first.
fn yamls(folder: &Path) -> Vec<PathBuf> {
    let mut names = entries(folder).1;
    names.retain(|name| is_yaml(name));
    names.sort_by_key(|name| !name.starts_with("data"));
    let paths = names.into_iter().map(|name| folder.join(name));
    let describes = |path: &PathBuf| {
        let text = read_at_most(path, MOST_YAML).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let mut lines = text.trim_start_matches('\u{feff}').lines();
        lines.any(|line| ["names:", "nc:"].iter().any(|key| line.starts_with(key)))
    };
    paths.filter(describes).collect()
}

/// Whether a folder without `data.yaml` holds pictures with text files of boxes.
fn is_labelled(root: &Path) -> bool {
    let (folders, files) = entries(root);
    // With a list of classes, any folder may hold the pictures: CVAT's is called `obj_train_data`.
    let listed = files.iter().any(|name| is_class_list(name));
    let likely = folders
        .iter()
        .filter(|name| listed || Part::of(name).is_some());
    is_labelled_folder(root)
        || likely
            .map(|name| root.join(name))
            .any(|folder| is_labelled_folder(&folder))
}

/// Whether there are text files of boxes in a folder `labels` here, or beside the pictures.
fn is_labelled_folder(folder: &Path) -> bool {
    const MOST: usize = 20;
    let (folders, files) = entries(folder);
    let named = |wanted: &str| {
        let name = folders.iter().find(|name| name.to_lowercase() == wanted)?;
        Some(folder.join(name))
    };
    let beside = |folder: &Path, files: &[String]| {
        let pictures = files.iter().filter(|name| is_picture(name)).take(MOST);
        pictures
            .map(|name| folder.join(name).with_extension("txt"))
            .any(|path| is_label_file(&path))
    };
    let in_labels = |labels: &Path| {
        let (folders, files) = entries(labels);
        let deeper = folders.iter().map(|name| labels.join(name));
        let texts = |files: &[String]| files.iter().any(|name| name.ends_with(".txt"));
        texts(&files) || deeper.take(MOST).any(|folder| texts(&entries(&folder).1))
    };
    beside(folder, &files)
        || named("labels").is_some_and(|labels| in_labels(&labels))
        || named("images").is_some_and(|images| beside(&images, &entries(&images).1))
}

/// Whether the first row of a file is a row of labels.
fn is_label_file(path: &Path) -> bool {
    let bytes = read_at_most(path, MOST_LABELS).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let row = text
        .trim_start_matches('\u{feff}')
        .lines()
        .find(|line| !line.trim().is_empty());
    row.is_some_and(|row| {
        let columns = row.split_whitespace();
        columns.clone().count() >= 5
            && columns
                .into_iter()
                .all(|column| column.parse::<f64>().is_ok())
    })
}

/// Reads which pictures there are and what they show.
///
/// # Errors
/// A file that is missing or not what it should be. Single bad entries become the listing's problems instead.
pub fn read(path: &Path, _settings: &recipe::Data) -> Result<Listing, DataError> {
    let wrong = |path: &Path, what: String| DataError::File {
        path: path.to_path_buf(),
        what,
    };
    let origin = origin(path).ok_or_else(|| {
        let expected = "this is not a YOLO data set. Expected data.yaml, or a folder `images` with pictures and a folder \
                        `labels` with a .txt file of the same name for each";
        wrong(path, expected.to_string())
    })?;
    let mut listing = Listing::default();
    if let (Some(yaml), [_, others @ ..]) = (&origin.yaml, yamls(&origin.root).as_slice())
        && !others.is_empty()
        && path.is_dir()
    {
        let name = yaml.file_name().unwrap_or_default().to_string_lossy();
        listing.notes.push(format!(
            "{name} is read; to read another YAML file give its path as data.source."
        ));
    }
    let config = match &origin.yaml {
        None => None,
        Some(yaml) => Some(read_config(yaml).map_err(|what| wrong(yaml, what))?),
    };
    let members = Members::find(&origin, config.as_ref(), &mut listing)?;
    let (names, key_points) = match config {
        Some(config) => {
            listing.notes.extend(config.notes);
            (Some(config.classes), config.key_points)
        }
        None => (classes::read(&members.class_lists(), &origin.root)?, 0),
    };
    let most = names.as_ref().map_or(config::MOST_CLASSES, Vec::len);
    let mut tally = Tally::default();
    for (part, found) in &members.parts {
        let read = found
            .par_iter()
            .map(|member| members.labels(member, most, key_points));
        let read: Vec<_> = read.collect();
        let mut pictures = Vec::new();
        for (member, rows) in found.iter().zip(read) {
            let (label, rows) = rows;
            pictures.extend(tally.entry(
                members.name(member),
                members.path(member),
                label,
                rows,
                &mut listing.problems,
            ));
        }
        let place = match part {
            Part::Train => &mut listing.train,
            Part::Validation => listing.validation.get_or_insert_default(),
            Part::Test => listing.test.get_or_insert_default(),
        };
        place.extend(pictures);
    }
    if tally.labelled == 0 {
        let pictures: usize = members.parts.iter().map(|(_, found)| found.len()).sum();
        return Err(wrong(
            &origin.root,
            format!(
                "there are {pictures} pictures, but no label file with a row. The labels of images/a.png are expected in labels/a.txt, \
                 or in a.txt beside the picture"
            ),
        ));
    }
    members.orphans(&mut listing.problems);
    listing.classes = match names {
        Some(names) => names.into_iter().map(Class::named).collect(),
        None => {
            listing.notes.push(
                "Classes go by their numbers: there is no data.yaml, classes.txt or obj.names."
                    .to_string(),
            );
            (0..=tally.greatest)
                .map(|class| Class::named(class.to_string()))
                .collect()
        }
    };
    listing.notes.extend(tally.notes());
    Ok(listing)
}

fn read_config(yaml: &Path) -> Result<Config, String> {
    let bytes = read_at_most(yaml, MOST_YAML)?;
    let text = String::from_utf8(bytes).map_err(|_| "not text in UTF-8".to_string())?;
    config::parse(&text)
}

/// Counts what is worth a note.
#[derive(Default)]
struct Tally {
    labelled: usize,
    background: usize,
    repeated: usize,
    polygons: usize,
    greatest: usize,
}

impl Tally {
    /// A picture's entry, unless its label file makes no sense. `label` is the name of that file.
    fn entry(
        &mut self,
        name: String,
        path: PathBuf,
        label: String,
        rows: Result<labels::Rows, String>,
        problems: &mut Vec<Problem>,
    ) -> Option<Entry> {
        let rows = match rows {
            Ok(rows) => rows,
            Err(what) => {
                // It is there, though it can't be used.
                self.labelled += 1;
                problems.push(Problem {
                    fault: Fault::BadLabel,
                    place: label,
                    what,
                });
                return None;
            }
        };
        if rows.boxes.is_empty() && rows.problems.is_empty() {
            self.background += 1;
        } else {
            self.labelled += 1;
        }
        self.repeated += rows.repeated;
        self.polygons += rows.polygons;
        self.greatest = rows
            .boxes
            .iter()
            .map(|object| object.class)
            .fold(self.greatest, usize::max);
        problems.extend(
            rows.problems
                .into_iter()
                .map(|(line, fault, what)| Problem {
                    fault,
                    place: format!("{label}: line {line}"),
                    what,
                }),
        );
        Some(Entry {
            name,
            id: None,
            picture: Picture::File(path),
            stated: None,
            labels: Labels::Boxes(rows.boxes),
        })
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let mut say = |count: usize, what: &str| {
            if count > 0 {
                notes.push(format!("{count} {what}."));
            }
        };
        say(
            self.background,
            "pictures without labels count as showing no object",
        );
        say(self.polygons, "polygons became their bounding boxes");
        say(
            self.repeated,
            "rows are left out because they repeat another row of their file",
        );
        notes
    }
}
