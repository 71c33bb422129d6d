//! A list of the good pictures of a data set, as a table that `data.source` takes. The data set itself is never changed.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::duplicates;
use super::material::{Material, part_name};
use super::objects::doubled_boxes;
use crate::error::DataError;
use crate::listing::{Labels, Picture};
use crate::source::paths::{Part, shown};

/// A list of good pictures.
#[derive(Clone, Debug)]
pub struct Cleaned {
    /// The table: `path,label,split`, or `path,label,x1,y1,x2,y2,split` with a row for each box.
    pub csv: Vec<u8>,
    /// Pictures in it.
    pub pictures: usize,
    /// What was left out, and how often.
    pub left_out: BTreeMap<&'static str, usize>,
}

/// The list of all good pictures. Paths inside `folder` are relative to it. `exact` are all exact duplicates.
///
/// # Errors
/// Pictures that are not files of their own.
pub(super) fn clean(
    source: &str,
    material: &Material,
    exact: &[Vec<usize>],
    folder: &Path,
) -> Result<Cleaned, DataError> {
    let folder = folder.canonicalize().map_err(|cause| {
        DataError::file(folder, format!("the list can't be written there: {cause}"))
    })?;
    let objects = material
        .entries
        .iter()
        .any(|entry| matches!(entry.labels, Labels::Boxes(_)));
    let mut list = List {
        folder,
        writer: csv::Writer::from_writer(Vec::new()),
        left_out: BTreeMap::new(),
    };
    let dropped = dropped(material, exact, &mut list.left_out);
    let header: &[&str] = if objects {
        &["path", "label", "x1", "y1", "x2", "y2", "split"]
    } else {
        &["path", "label", "split"]
    };
    list.row(header);
    let mut pictures = 0;
    for (index, entry) in material.entries.iter().enumerate() {
        let Picture::File(path) = &entry.picture else {
            return Err(DataError::file(
                Path::new(source),
                "its pictures are not files of their own, so no list can name them",
            ));
        };
        if material.seen[index].is_err() {
            list.leave_out("unusable pictures", 1);
        } else if !dropped.contains(&index) {
            pictures += usize::from(list.picture(material, index, path));
        }
    }
    let csv = list.writer.into_inner();
    Ok(Cleaned {
        csv: csv.map_err(|error| DataError::file(Path::new(source), error.to_string()))?,
        pictures,
        left_out: list.left_out,
    })
}

/// Exact duplicates to leave out. One copy stays: the first in the test set, else in the validation set, else in the training
/// set. Where labels contradict each other, none stays.
fn dropped(
    material: &Material,
    exact: &[Vec<usize>],
    left_out: &mut BTreeMap<&'static str, usize>,
) -> HashSet<usize> {
    let mut dropped = HashSet::new();
    for group in exact {
        if duplicates::contradict(material, group) {
            dropped.extend(group);
            *left_out
                .entry("pictures with different classes")
                .or_default() += group.len();
            continue;
        }
        // Parts are ordered: training, validation, test. The first of equals is kept.
        let kept = group.iter().copied().reduce(|kept, other| {
            if material.parts[other] > material.parts[kept] {
                other
            } else {
                kept
            }
        });
        for &index in group.iter().filter(|index| Some(**index) != kept) {
            dropped.insert(index);
            let across = kept.is_some_and(|kept| material.parts[kept] != material.parts[index]);
            let why = match material.parts[index] {
                Part::Train if across => "training copies of held-out pictures",
                _ => "copies",
            };
            *left_out.entry(why).or_default() += 1;
        }
    }
    dropped
}

struct List {
    folder: PathBuf,
    writer: csv::Writer<Vec<u8>>,
    left_out: BTreeMap<&'static str, usize>,
}

impl List {
    fn leave_out(&mut self, what: &'static str, count: usize) {
        if count > 0 {
            *self.left_out.entry(what).or_default() += count;
        }
    }

    fn row<T: AsRef<[u8]>>(&mut self, fields: &[T]) {
        // Writing to memory can't fail: a program without memory ends.
        let _written = self.writer.write_record(fields);
    }

    /// The rows of a picture; false if it is left out.
    fn picture(&mut self, material: &Material, index: usize, path: &Path) -> bool {
        let Some(path) = self.path(path) else {
            self.leave_out("pictures whose path is not UTF-8", 1);
            return false;
        };
        let split = part_name(material.parts[index]).to_string();
        let (labels, Ok(facts)) = (&material.entries[index].labels, &material.seen[index]) else {
            return false;
        };
        let boxes = match labels {
            Labels::Class(class) => {
                let label = material.class_name(*class);
                self.row(&[path, label, split]);
                return true;
            }
            Labels::Boxes(boxes) => boxes,
        };
        let doubled: HashSet<usize> = doubled_boxes(material, index, facts)
            .into_iter()
            .map(|(second, _)| second)
            .collect();
        let crowds = boxes.iter().filter(|it| it.crowd).count();
        let bad = facts.boxes.iter().filter(|placed| placed.is_err()).count();
        self.leave_out("boxes of crowds", crowds);
        self.leave_out("bad boxes", bad);
        self.leave_out("doubled boxes", doubled.len());
        let mut rows = 0;
        for (number, placed) in facts.boxes.iter().enumerate() {
            let Ok((corners, _)) = placed else { continue };
            if boxes[number].crowd || doubled.contains(&number) {
                continue;
            }
            let mut row = vec![path.clone(), material.class_name(boxes[number].class)];
            row.extend(corners.map(|corner| corner.to_string()));
            row.push(split.clone());
            self.row(&row);
            rows += 1;
        }
        if rows > 0 {
            return true;
        }
        if !boxes.is_empty() {
            // It shows something: as background it would teach the wrong thing.
            self.leave_out("pictures without a good box", 1);
            return false;
        }
        let mut row = vec![path];
        row.extend(vec![String::new(); 5]);
        row.push(split);
        self.row(&row);
        true
    }

    /// How the list names a file; `None` if it can't.
    fn path(&self, path: &Path) -> Option<String> {
        let full = path.canonicalize().ok()?;
        let text = match full.strip_prefix(&self.folder) {
            Ok(relative) => {
                relative.to_str()?;
                shown(relative)
            }
            Err(_) => full.to_str()?.to_string(),
        };
        // Readers of tables drop spaces at both ends of a field.
        (text.trim() == text).then_some(text)
    }
}
