//! Rows of Parquet files as pictures with their labels or objects.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::serialized_reader::ReadOptionsBuilder;

use super::columns::{Cell, Column, Values, columns, read as read_column};
use super::features;
use super::files::Chosen;
use super::pages::Budget;
use super::quiet::caught;
use super::roles::{EXPECTED, Roles, roles};
use super::schema;
use crate::error::DataError;
use crate::listing::{Entry, Fault, LabelledBox, Labels, Listing, Picture, Problem, Unit};
use crate::memory;
use crate::source::labelled::{Classes, Parts, no_class};
use crate::source::names::last;
use crate::source::paths::Part;

/// Bytes of a label or a path. What is longer is neither, and a dictionary could repeat it in every row.
const MOST_TEXT: usize = 1000;

/// A picture before its classes are known.
struct Draft {
    entry: Entry,
    place: String,
    /// Its class; `None` for none, or for objects.
    label: Option<String>,
    /// Boxes as left, top, width, height with their classes.
    boxes: Vec<(LabelledBox, String)>,
    /// Whether its boxes are read.
    objects: bool,
}

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
    let objects = drafts.train[0].objects;
    if drafts
        .iter()
        .flatten()
        .any(|draft| draft.objects != objects)
    {
        let what = "some files have labels, others objects; all files of a data set must have the same columns";
        return Err(DataError::file(path, what));
    }
    for (part, name) in [
        (&mut drafts.validation, "validation"),
        (&mut drafts.test, "test"),
    ] {
        let unlabelled = |drafts: &Vec<Draft>| drafts.iter().all(|draft| draft.label.is_none());
        if !objects && part.take_if(|drafts| unlabelled(drafts)).is_some() {
            notes.push(format!(
                "The {name} pictures are left out: they have no labels."
            ));
        }
    }
    if objects {
        ends(&mut drafts, &mut notes);
    }
    let labels = drafts.iter().flatten().flat_map(|draft| {
        let boxes = draft.boxes.iter().map(|(_, label)| label.as_str());
        draft.label.as_deref().into_iter().chain(boxes)
    });
    let classes = Classes::named(labels, &names);
    let mut entry = |draft: Draft| {
        let mut class = |label: &str, place: String| {
            let class = classes.index.get(label).copied();
            if class.is_none() {
                problems.push(no_class(place, label));
            }
            class
        };
        let labels = if objects {
            let boxes = draft.boxes.into_iter().filter_map(|(found, label)| {
                let class = class(&label, format!("{}: {}", draft.place, found.place))?;
                Some(LabelledBox { class, ..found })
            });
            Labels::Boxes(boxes.collect())
        } else if let Some(label) = draft.label {
            Labels::Class(class(&label, draft.place)?)
        } else {
            problems.push(Problem {
                fault: Fault::BadLabel,
                place: draft.place,
                what: "there is no label".to_string(),
            });
            return None;
        };
        Some(Entry {
            labels,
            ..draft.entry
        })
    };
    let parts = drafts.map(|drafts| drafts.into_iter().filter_map(&mut entry).collect());
    notes.extend(classes.notes);
    Ok(Listing {
        classes: classes.list,
        train: parts.train,
        validation: parts.validation,
        test: parts.test,
        notes,
        problems,
    })
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
        for (found, _) in &draft.boxes {
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
    let all = [
        Some(&mut drafts.train),
        drafts.validation.as_mut(),
        drafts.test.as_mut(),
    ];
    let drafts = all.into_iter().flatten().flatten();
    for (found, _) in drafts.flat_map(|draft| &mut draft.boxes) {
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
    let mut file = File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    memory::check(size).map_err(|error| error.to_string())?;
    let schema = schema::read(&mut file, size)?;
    let options = ReadOptionsBuilder::new().with_parquet_schema(schema);
    let copy = file.try_clone().map_err(unreadable)?;
    let reader = SerializedFileReader::new_with_options(copy, options.build()).map_err(said)?;
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
    let mut budget = Budget::of(size);
    for group in reader.metadata().row_groups() {
        let rows = Rows::read(&roles, &file, group, &mut budget).map_err(said)?;
        let count = rows.pictures.len();
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
    /// Image files.
    pictures: Vec<Option<Arc<[u8]>>>,
    path: Option<Values>,
    label: Values,
    boxes: Option<Values>,
    area: Option<Values>,
    crowd: Option<Values>,
    size: Option<[Values; 2]>,
    id: Option<Values>,
}

impl Rows {
    fn read(
        roles: &Roles,
        file: &File,
        group: &RowGroupMetaData,
        budget: &mut Budget,
    ) -> Result<Self, ParquetError> {
        let mut read = |column: &Column| read_column(file, group, column, budget);
        let Values::Bytes(bytes) = read(&roles.bytes)? else {
            let name = roles.bytes.path.join(".");
            return Err(ParquetError::NYI(format!(
                "the column {name} holds numbers; expected image files"
            )));
        };
        let pictures = pictures(bytes);
        let label = read(&roles.label)?;
        let size = match &roles.size {
            Some([height, width]) => Some([read(height)?, read(width)?]),
            None => None,
        };
        let mut option = |column: &Option<Column>| column.as_ref().map(&mut read).transpose();
        Ok(Self {
            pictures,
            path: option(&roles.path)?,
            label,
            boxes: option(&roles.boxes)?,
            area: option(&roles.area)?,
            crowd: option(&roles.crowd)?,
            size,
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
        let Some(picture) = &self.pictures[row] else {
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
        let objects = self.boxes.is_some();
        // Test sets without labels have -1 in their place.
        let label = self
            .label
            .text(row, 0)
            .filter(|label| !objects && !label.is_empty() && label != "-1");
        drafts.push(Draft {
            entry: Entry {
                name: path.unwrap_or_else(|| place.clone()),
                id: self
                    .id
                    .as_ref()
                    .and_then(|ids| ids.number(row, 0))
                    .map(|id| id as i64),
                picture: Picture::Bytes(Arc::clone(picture)),
                stated,
                labels: Labels::Boxes(Vec::new()),
            },
            place,
            label,
            boxes,
            objects,
        });
    }
}

/// The image file of each row, if it has one. A dictionary can repeat one in every row; it is kept once.
fn pictures(cells: Vec<Cell<ByteArray>>) -> Vec<Option<Arc<[u8]>>> {
    let mut known: HashMap<(*const u8, usize), Arc<[u8]>> = HashMap::new();
    let picture = |cell: &Cell<ByteArray>| {
        let bytes = cell.first()?.first()?.as_ref()?.data();
        let place = (bytes.as_ptr(), bytes.len());
        let picture = known.entry(place).or_insert_with(|| Arc::from(bytes));
        Some(Arc::clone(picture))
    };
    cells.iter().map(picture).collect()
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
                let bytes = rows.get(row)?.get(index)?.first()?.as_ref()?.data();
                let is_name = bytes.len() <= MOST_TEXT;
                is_name.then(|| String::from_utf8_lossy(bytes).into_owned())
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
