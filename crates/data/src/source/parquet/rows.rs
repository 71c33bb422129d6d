//! Rows of Parquet files as pictures with their labels or objects.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};

use super::columns::{Cell, Column, Values, columns, read as read_column};
use super::features;
use super::files::Chosen;
use super::quiet::caught;
use super::roles::{EXPECTED, Roles, roles};
use crate::error::DataError;
use crate::listing::{Entry, Fault, LabelledBox, Labels, Listing, Picture, Problem, Unit};
use crate::memory;
use crate::source::drafts::{self, Draft, TextLabels};
use crate::source::labelled::Parts;
use crate::source::names::last;
use crate::source::paths::Part;

/// Reads all files.
///
/// # Errors
/// A file that can't be read, or has other columns.
pub fn read(path: &Path, files: &[Chosen], mut notes: Vec<String>) -> Result<Listing, DataError> {
    let mut names = BTreeMap::new();
    let mut drafts: Parts<Vec<Draft>> = Parts::default();
    let mut problems = Vec::new();
    for file in files {
        let part = drafts.part(file.part.unwrap_or(Part::Train));
        // The library panics on some damaged files.
        let more = caught(|| read_file(&file.path, &mut names, part, &mut problems));
        let more = more.unwrap_or_else(|| Err("the file is damaged".to_string()));
        more.map_err(|what| DataError::file(&file.path, what))?;
    }
    if drafts.train.is_empty() {
        return Err(DataError::file(path, "there are no training pictures"));
    }
    let objects = drafts.train[0].has_objects();
    if drafts
        .iter()
        .flatten()
        .any(|draft| draft.has_objects() != objects)
    {
        let what = "some files have labels, others objects; all files of a data set must have the same columns";
        return Err(DataError::file(path, what));
    }
    for (part, name) in [
        (&mut drafts.validation, "validation"),
        (&mut drafts.test, "test"),
    ] {
        let is_unlabelled = |draft: &Draft| matches!(draft.labels, TextLabels::Missing);
        let is_left_out = |drafts: &mut Vec<Draft>| !objects && drafts.iter().all(is_unlabelled);
        if part.take_if(is_left_out).is_some() {
            notes.push(format!(
                "The {name} pictures are left out: they have no labels."
            ));
        }
    }
    ends(&mut drafts, &mut notes);
    Ok(drafts::listing(drafts, &names, notes, problems))
}

/// Turns widths and heights into right and bottom edges, unless they are that already: some sets have corners.
fn ends(drafts: &mut Parts<Vec<Draft>>, notes: &mut Vec<String>) {
    let mut beyond = 0;
    let mut corners = true;
    let mut count = 0;
    for draft in drafts.iter().flatten() {
        let Some([height, width]) = draft
            .entry
            .stated
            .map(|sides| sides.map(|side| side as f64 + 1.0))
        else {
            continue;
        };
        for (found, _) in draft.objects() {
            let [x, y, w, h] = found.corners;
            count += 1;
            beyond += usize::from(x + w > width || y + h > height);
            corners &= w > x && h > y && w <= width && h <= height;
        }
    }
    // One box beyond the picture is a slip; many, where all would fit as corners, are a convention.
    if corners && 10 * beyond > count {
        notes.push(
            "Boxes reach beyond the pictures as x, y, width, height: they were read as corners."
                .to_string(),
        );
        return;
    }
    let drafts = drafts.iter_mut().flatten();
    for (found, _) in drafts.flat_map(Draft::objects_mut) {
        found.corners[2] += found.corners[0];
        found.corners[3] += found.corners[1];
    }
}

fn read_file(
    path: &Path,
    names: &mut BTreeMap<i64, String>,
    drafts: &mut Vec<Draft>,
    problems: &mut Vec<Problem>,
) -> Result<(), String> {
    let unreadable = |error: std::io::Error| format!("cannot read it: {error}");
    let file = File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    memory::check(size).map_err(|error| error.to_string())?;
    let reader = SerializedFileReader::new(file).map_err(said)?;
    let metadata = reader.metadata().file_metadata();
    let columns = columns(metadata.schema_descr());
    let roles = roles(&columns).ok_or_else(|| {
        let names: Vec<String> = columns.iter().map(|column| column.path.join(".")).collect();
        format!("{EXPECTED}, found {}", names.join(", "))
    })?;
    let notes = metadata.key_value_metadata().into_iter().flatten();
    let note = notes
        .filter(|note| note.key == features::KEY)
        .find_map(|note| note.value.as_deref());
    if names.is_empty() {
        *names = features::class_names(note.unwrap_or_default(), &roles.label.path);
    }
    let mut first = 0;
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(said)?;
        let rows = Rows::read(&roles, &*group, size).map_err(said)?;
        let count = rows.bytes.len();
        for row in 0..count {
            rows.draft(
                row,
                format!("{}: row {}", last(path), first + row),
                drafts,
                problems,
            );
        }
        first += count;
    }
    Ok(())
}

fn said(error: ParquetError) -> String {
    match error {
        ParquetError::NYI(what) => what,
        other => format!("the file is damaged: {other}"),
    }
}

/// The values of a group of rows.
struct Rows {
    bytes: Vec<Cell<ByteArray>>,
    path: Option<Values>,
    label: Values,
    boxes: Option<Values>,
    area: Option<Values>,
    crowd: Option<Values>,
    size: Option<[Values; 2]>,
    id: Option<Values>,
}

impl Rows {
    fn read(roles: &Roles, group: &dyn RowGroupReader, file: u64) -> Result<Self, ParquetError> {
        let read = |column: &Column| read_column(group, column, file);
        let option = |column: &Option<Column>| column.as_ref().map(read).transpose();
        let Values::Bytes(bytes) = read(&roles.bytes)? else {
            let name = roles.bytes.path.join(".");
            return Err(ParquetError::NYI(format!(
                "the column {name} holds numbers; expected image files"
            )));
        };
        Ok(Self {
            bytes,
            path: option(&roles.path)?,
            label: read(&roles.label)?,
            boxes: option(&roles.boxes)?,
            area: option(&roles.area)?,
            crowd: option(&roles.crowd)?,
            size: match &roles.size {
                Some([height, width]) => Some([read(height)?, read(width)?]),
                None => None,
            },
            id: option(&roles.id)?,
        })
    }

    fn draft(
        &self,
        row: usize,
        place: String,
        drafts: &mut Vec<Draft>,
        problems: &mut Vec<Problem>,
    ) {
        let mut wrong = |fault, what: String| {
            problems.push(Problem {
                fault,
                place: place.clone(),
                what,
            });
        };
        let Some(bytes) = self.bytes[row]
            .first()
            .and_then(|list| list.first()?.as_ref())
        else {
            wrong(
                Fault::MissingPicture,
                "there is no image file in this row".to_string(),
            );
            return;
        };
        let path = self
            .path
            .as_ref()
            .and_then(|paths| paths.text(row, 0))
            .filter(|path| !path.is_empty());
        let side = |values: &Values| {
            values
                .number(row, 0)
                .filter(|side| *side >= 1.0)
                .map(|side| side as usize)
        };
        let stated = self
            .size
            .as_ref()
            .and_then(|[height, width]| Some([side(height)?, side(width)?]));
        let mut boxes = Vec::new();
        if let Some(values) = &self.boxes {
            for index in 0..values.count(row) {
                let object = format!("object {index}");
                let Some(corners) = values.corners(row, index) else {
                    wrong(Fault::BadBox, format!("{object}: expected four numbers"));
                    continue;
                };
                let Some(label) = self.label.text(row, index) else {
                    wrong(Fault::BadLabel, format!("{object}: there is no label"));
                    continue;
                };
                let number = |values: &Option<Values>| {
                    values.as_ref().and_then(|values| values.number(row, index))
                };
                let found = LabelledBox {
                    corners,
                    unit: Unit::Pixels,
                    class: 0,
                    area: number(&self.area).filter(|area| *area >= 0.0 && area.is_finite()),
                    crowd: number(&self.crowd) == Some(1.0),
                    place: object,
                };
                boxes.push((found, label));
            }
        }
        // Test sets without labels have -1 in their place.
        let is_label = |label: &String| !label.is_empty() && label != "-1";
        let labels = if self.boxes.is_some() {
            TextLabels::Objects(boxes)
        } else {
            let label = self.label.text(row, 0).filter(is_label);
            label.map_or(TextLabels::Missing, TextLabels::Class)
        };
        drafts.push(Draft {
            entry: Entry {
                name: path.unwrap_or_else(|| place.clone()),
                id: self
                    .id
                    .as_ref()
                    .and_then(|ids| ids.number(row, 0))
                    .map(|id| id as i64),
                picture: Picture::Bytes(Arc::from(bytes.data())),
                stated,
                labels: Labels::Boxes(Vec::new()),
            },
            place,
            labels,
        });
    }
}

impl Values {
    /// How many elements a row has.
    fn count(&self, row: usize) -> usize {
        match self {
            Self::Bytes(rows) => rows.get(row).map_or(0, Vec::len),
            Self::Numbers(rows) => rows.get(row).map_or(0, Vec::len),
        }
    }

    fn number(&self, row: usize, index: usize) -> Option<f64> {
        match self {
            Self::Bytes(_) => None,
            Self::Numbers(rows) => *rows.get(row)?.get(index)?.first()?,
        }
    }

    fn text(&self, row: usize, index: usize) -> Option<String> {
        match self {
            Self::Bytes(rows) => {
                let bytes = rows.get(row)?.get(index)?.first()?.as_ref()?;
                Some(String::from_utf8_lossy(bytes.data()).into_owned())
            }
            Self::Numbers(_) => self.number(row, index).map(|number| number.to_string()),
        }
    }

    /// Four finite numbers.
    fn corners(&self, row: usize, index: usize) -> Option<[f64; 4]> {
        let Self::Numbers(rows) = self else {
            return None;
        };
        let numbers = rows
            .get(row)?
            .get(index)?
            .iter()
            .copied()
            .collect::<Option<Vec<f64>>>()?;
        let four: [f64; 4] = numbers.try_into().ok()?;
        four.iter().all(|number| number.is_finite()).then_some(four)
    }
}
