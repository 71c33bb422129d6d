//! Tables with a picture's pixels in each row.

use std::collections::BTreeMap;
use std::path::Path;

use super::Sheet;
use super::form::{Picture, is_square};
use super::table::{Row, shown};
use crate::error::DataError;
use crate::listing::{Fault, Listing, Pixels, Problem};
use crate::source::array::{Array, Number};
use crate::source::labelled::{self, Classes, Labelled, Parts};

/// Reads all rows. `names` are the classes' names, where a file beside the tables gives them.
///
/// # Errors
/// Rows of another size than a square picture's.
pub fn read(
    path: &Path,
    sheets: &[Sheet],
    names: &BTreeMap<i64, String>,
    transposed: bool,
    notes: Vec<String>,
) -> Result<Listing, DataError> {
    let mut parts: Parts<Labelled<String>> = Parts::default();
    let mut problems = Vec::new();
    for sheet in sheets {
        let Picture::Pixels(columns) = &sheet.form.picture else {
            continue;
        };
        let mut wrong = |row: &Row, fault, what| {
            problems.push(Problem {
                fault,
                place: sheet.table.place(row),
                what,
            });
        };
        for row in sheet.rows() {
            let part = match sheet.part(&row) {
                Ok(part) => parts.part(part),
                Err(what) => {
                    wrong(&row, Fault::BadLabel, what);
                    continue;
                }
            };
            let label = sheet
                .form
                .label
                .map(|column| row.text(column))
                .unwrap_or_default();
            if label.is_empty() {
                wrong(&row, Fault::BadLabel, "there is no label".to_string());
                continue;
            }
            let before = part.pixels.values.len();
            if let Err(what) = append(columns, &row, &mut part.pixels) {
                part.pixels.values.truncate(before);
                wrong(&row, Fault::DamagedPicture, what);
                continue;
            }
            part.labels.push(label.into_owned());
            part.names.push(sheet.table.place(&row));
        }
    }
    let mut parts = parts.try_map(|mut part| {
        let Pixels {
            values,
            count,
            height,
            width,
            ..
        } = part.pixels;
        let shape = vec![count, height, width];
        let array = Array::new(Number::U8, false, shape, values);
        part.pixels = if count == 0 {
            Pixels::default()
        } else {
            array
                .and_then(|array| array.pixels(transposed))
                .map_err(|what| DataError::file(path, what))?
                .0
        };
        Ok::<_, DataError>(part)
    })?;
    // A part without a good row has nothing to give.
    for part in [&mut parts.validation, &mut parts.test] {
        *part = part.take().filter(|part| !part.labels.is_empty());
    }
    let labels = parts.iter().flat_map(|part| part.labels.iter());
    let classes = Classes::named(labels.map(String::as_str), names);
    Ok(labelled::listing(parts, classes, notes, problems))
}

/// Adds a row's picture, which must be as large as those before.
fn append(columns: &[usize], row: &Row, pixels: &mut Pixels) -> Result<(), String> {
    let before = pixels.values.len();
    if let [column] = columns {
        for field in row.text(*column).split_ascii_whitespace() {
            pixels.values.push(level(field.as_bytes())?);
        }
    } else {
        for &column in columns {
            pixels.values.push(level(row.bytes(column))?);
        }
    }
    let found = pixels.values.len() - before;
    if pixels.count == 0 {
        if !is_square(found) {
            return Err(format!("{found} pixels are not a square picture"));
        }
        pixels.channels = 1;
        pixels.height = found.isqrt();
        pixels.width = pixels.height;
    }
    let expected = pixels.height * pixels.width;
    if found != expected {
        return Err(format!("expected {expected} pixels, found {found}"));
    }
    pixels.count += 1;
    Ok(())
}

/// A grey level; pandas writes `12.0` in columns with gaps.
fn level(field: &[u8]) -> Result<u8, String> {
    let text = field.strip_suffix(b".0").unwrap_or(field);
    let level = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok());
    level.ok_or_else(|| {
        let found = shown(&String::from_utf8_lossy(field));
        format!("a pixel is `{found}`; expected a whole number from 0 to 255")
    })
}
