//! Tables whose rows name a picture with its label, or with one of its objects.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Sheet;
use super::form::{Corners, Picture};
use super::table::{Row, shown};
use crate::error::DataError;
use crate::listing::{self, Entry, Fault, LabelledBox, Labels, Listing, Problem, Unit};
use crate::source::drafts::{self, TextLabels};
use crate::source::labelled::Parts;
use crate::source::paths::{Finder, Found, Lost, Part};

/// The class of objects in tables that name none.
const OBJECT: &str = "object";

/// A picture before its classes are known.
struct Draft {
    found: Found,
    stated: Option<[usize; 2]>,
    /// Its class; empty where objects have classes.
    label: String,
    boxes: Vec<Object>,
    /// Its first line.
    line: u64,
}

/// An object before its class is known.
struct Object {
    corners: [f64; 4],
    label: String,
    line: u64,
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    drafts: Parts<Vec<Draft>>,
    /// Where each picture is among its part's.
    places: BTreeMap<(Part, PathBuf), usize>,
    problems: Vec<Problem>,
    /// Rows with boxes of four zeros.
    zeros: usize,
    /// Rows that repeat an earlier row.
    repeats: usize,
}

/// Reads all rows; pictures are below `root`.
///
/// # Errors
/// A folder that can't be listed.
pub fn read(root: &Path, sheets: &[Sheet], mut notes: Vec<String>) -> Result<Listing, DataError> {
    let finder = Finder::new(root)?;
    let mut reading = Reading::default();
    for sheet in sheets {
        reading.sheet(sheet, &finder);
    }
    let Reading {
        drafts,
        problems,
        repeats,
        zeros,
        ..
    } = reading;
    let objects = sheets.iter().any(|sheet| corners(sheet).is_some());
    if objects && sheets.iter().any(|sheet| sheet.form.label.is_none()) {
        notes.push(format!(
            "There is no column of labels: all objects are of one class, `{OBJECT}`."
        ));
    }
    if zeros > 0 {
        notes.push(format!(
            "{zeros} rows with a box of four zeros stand for pictures without objects."
        ));
    }
    if repeats > 0 {
        notes.push(format!(
            "{repeats} rows name a picture again, with the same label: it is used once."
        ));
    }
    let unit = if are_fractions(&drafts) {
        notes.push(
            "All boxes are within 0 and 1: they were read as fractions of the picture.".to_string(),
        );
        Unit::Fractions
    } else {
        Unit::Pixels
    };
    let drafts = drafts.map(|drafts| {
        let draft = |draft: Draft| draft.with_words(objects, unit);
        drafts.into_iter().map(draft).collect()
    });
    Ok(drafts::listing(drafts, &BTreeMap::new(), notes, problems))
}

impl Draft {
    /// With its label or its objects, as all sources have them.
    fn with_words(self, objects: bool, unit: Unit) -> drafts::Draft {
        let place = |line: u64| format!("line {line}");
        let object = |object: Object| {
            let found = LabelledBox {
                corners: object.corners,
                unit,
                class: 0,
                area: None,
                crowd: false,
                place: place(object.line),
            };
            (found, object.label)
        };
        let name = self.found.name;
        drafts::Draft {
            place: if objects {
                name.clone()
            } else {
                format!("{name}: {}", place(self.line))
            },
            labels: if objects {
                TextLabels::Objects(self.boxes.into_iter().map(object).collect())
            } else {
                TextLabels::Class(self.label)
            },
            entry: Entry {
                name,
                id: None,
                picture: listing::Picture::File(self.found.path),
                stated: self.stated,
                labels: Labels::Boxes(Vec::new()),
            },
        }
    }
}

fn corners(sheet: &Sheet) -> Option<Corners> {
    match sheet.form.picture {
        Picture::Path { corners, .. } => corners,
        Picture::Pixels(_) => None,
    }
}

/// Whether all corners are fractions of the picture's sides, as in Open Images.
fn are_fractions(drafts: &Parts<Vec<Draft>>) -> bool {
    let boxes = drafts.iter().flatten().flat_map(|draft| &draft.boxes);
    let mut numbers = boxes.flat_map(|object| object.corners);
    let mut some = false;
    numbers.all(|number| {
        some |= number.fract() != 0.0;
        (0.0..=1.0).contains(&number)
    }) && some
}

impl Reading {
    fn sheet(&mut self, sheet: &Sheet, finder: &Finder) {
        let Picture::Path {
            column,
            corners,
            size,
        } = sheet.form.picture
        else {
            return;
        };
        let parted = sheet.part.is_some() || sheet.form.split.is_some();
        // Names that were looked for, so that each missing picture is reported once.
        let mut known: BTreeMap<(Part, String), Result<Found, Lost>> = BTreeMap::new();
        for row in sheet.rows() {
            let asked = row.text(column).into_owned();
            let place = format!("{} ({})", sheet.table.place(&row), shown(&asked));
            let part = match sheet.part(&row) {
                Ok(part) => part,
                Err(what) => {
                    self.wrong(Fault::BadLabel, place, what);
                    continue;
                }
            };
            if asked.is_empty() {
                self.wrong(Fault::MissingPicture, place, "there is no path".to_string());
                continue;
            }
            let key = (part, asked);
            if !known.contains_key(&key) {
                let under = folders(sheet.folder.as_deref(), parted.then_some(part));
                // An absolute path is taken as it is if there is such a file: lists may be anywhere.
                let found = match Path::new(&key.1) {
                    path if path.is_absolute() && path.is_file() => Ok(Found {
                        name: key.1.clone(),
                        path: path.to_path_buf(),
                    }),
                    _ => finder.find(&key.1, &under),
                };
                if let Err(lost) = &found {
                    self.wrong(Fault::MissingPicture, place.clone(), lost.to_string());
                }
                known.insert(key.clone(), found);
            }
            let Some(Ok(found)) = known.get(&key) else {
                continue;
            };
            let label = match sheet.form.label {
                Some(column) => row.text(column).into_owned(),
                None => OBJECT.to_string(),
            };
            let stated = size.and_then(|[height, width]| {
                let side = |column| {
                    row.text(column)
                        .parse::<f64>()
                        .ok()
                        .map(|side| side as usize)
                };
                Some([side(height)?, side(width)?])
            });
            let draft = Draft {
                found: found.clone(),
                stated: stated.filter(|sides| !sides.contains(&0)),
                label: String::new(),
                boxes: Vec::new(),
                line: row.line,
            };
            match corners {
                Some(corners) => self.object(part, draft, &row, corners, label, place),
                None => self.class(part, draft, label, place),
            }
        }
    }

    fn wrong(&mut self, fault: Fault, place: String, what: String) {
        self.problems.push(Problem { fault, place, what });
    }

    fn class(&mut self, part: Part, draft: Draft, label: String, place: String) {
        if label.is_empty() {
            self.wrong(Fault::BadLabel, place, "there is no label".to_string());
            return;
        }
        let first = self.draft(part, draft);
        if first.label.is_empty() {
            first.label = label;
        } else if first.label == label {
            self.repeats += 1;
        } else {
            let what = format!(
                "the label is `{}`, but `{}` in line {}",
                shown(&label),
                shown(&first.label),
                first.line
            );
            self.wrong(Fault::BadLabel, place, what);
        }
    }

    fn object(
        &mut self,
        part: Part,
        draft: Draft,
        row: &Row,
        corners: Corners,
        label: String,
        place: String,
    ) {
        let (Corners::Ends(columns) | Corners::Sizes(columns)) = corners;
        if columns.iter().all(|&column| row.text(column).is_empty()) {
            self.draft(part, draft);
            return;
        }
        let mut numbers = [0.0; 4];
        for (number, column) in numbers.iter_mut().zip(columns) {
            let text = row.text(column);
            match text.parse::<f64>() {
                Ok(value) if value.is_finite() => *number = value,
                _ => {
                    let what = format!("the box has `{}`; expected four numbers", shown(&text));
                    self.wrong(Fault::BadBox, place, what);
                    return;
                }
            }
        }
        if numbers == [0.0; 4] {
            self.zeros += 1;
            self.draft(part, draft);
            return;
        }
        if label.is_empty() {
            self.wrong(Fault::BadLabel, place, "there is no label".to_string());
            return;
        }
        if let Corners::Sizes(_) = corners {
            numbers[2] += numbers[0];
            numbers[3] += numbers[1];
        }
        let object = Object {
            corners: numbers,
            label,
            line: row.line,
        };
        self.draft(part, draft).boxes.push(object);
    }

    /// The picture of an earlier row, or this one.
    fn draft(&mut self, part: Part, draft: Draft) -> &mut Draft {
        let drafts = self.drafts.part(part);
        let index = *self
            .places
            .entry((part, draft.found.path.clone()))
            .or_insert(drafts.len());
        if index == drafts.len() {
            drafts.push(draft);
        }
        &mut drafts[index]
    }
}

/// Where a part's pictures may be.
fn folders(own: Option<&str>, part: Option<Part>) -> Vec<&str> {
    let usual: &[&str] = match part {
        Some(Part::Train) => &["train", "images/train", "train/images", "train_images"],
        Some(Part::Validation) => &[
            "val",
            "valid",
            "validation",
            "images/val",
            "val/images",
            "valid/images",
        ],
        Some(Part::Test) => &["test", "images/test", "test/images", "test_images"],
        None => &[],
    };
    own.into_iter().chain(usual.iter().copied()).collect()
}
