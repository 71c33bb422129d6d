//! Reads COCO ground-truth and results files.

use std::path::Path;

use super::error::{CocoError, List, Place};
use super::json::{Cursor, Problem};
use super::{Category, Detection, GroundTruth, Truth, Xywh};

/// Entry and field of a problem.
type Spot = (List, usize, &'static str);
type Outcome<T> = Result<T, Problem<Spot>>;

/// Reads a ground-truth file: an object with `images`, `categories` and `annotations`.
///
/// An annotation needs `id`, `image_id`, `category_id` and `bbox`. Without `iscrowd` it is no crowd,
/// without `area` its area is that of the box. Everything else is skipped, `ignore` too, which
/// pycocotools overwrites. Memory: the file's size, and about 80 bytes per annotation.
///
/// # Errors
/// A file that can't be read, is no JSON, or whose fields are missing or of the wrong type. Whether
/// the numbers make sense is checked by [`evaluate`](super::evaluate).
pub fn read_ground_truth(path: &Path) -> Result<GroundTruth, CocoError> {
    read(path, |cursor| {
        let start = cursor.position();
        let (mut images, mut categories, mut truths) = (None, None, None);
        cursor.object(
            "an object with `images`, `categories` and `annotations`",
            |cursor, key| {
                match key {
                    "images" => images = Some(entries(cursor, List::Images, image)?),
                    "categories" => categories = Some(entries(cursor, List::Categories, category)?),
                    "annotations" => truths = Some(entries(cursor, List::Annotations, truth)?),
                    _ => cursor.skip()?,
                }
                Ok(())
            },
        )?;
        let missing = |expected| Problem {
            at: start,
            expected,
            place: None,
        };
        Ok(GroundTruth {
            images: images.ok_or(missing("an object with a list `images`"))?,
            categories: categories.ok_or(missing("an object with a list `categories`"))?,
            truths: truths.ok_or(missing("an object with a list `annotations`"))?,
        })
    })
}

/// Reads a results file: a list, maybe empty, of objects with `image_id`, `category_id`, `bbox` and `score`.
///
/// Memory: the file's size, and 56 bytes per detection.
///
/// # Errors
/// As for [`read_ground_truth`].
pub fn read_detections(path: &Path) -> Result<Vec<Detection>, CocoError> {
    read(path, |cursor| entries(cursor, List::Detections, detection))
}

/// A results file, one detection a line: what [`read_detections`] and pycocotools read.
pub fn to_json(detections: &[Detection]) -> String {
    let lines: Vec<String> = detections
        .iter()
        .map(|found| {
            let Xywh {
                x,
                y,
                width,
                height,
            } = found.bounds;
            // JSON knows no infinity; scores and boxes that pass an evaluation are finite.
            serde_json::json!({
                "image_id": found.image,
                "category_id": found.category,
                "bbox": [x, y, width, height],
                "score": found.score,
            })
            .to_string()
        })
        .collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

/// Reads a whole file and says where in it a problem is.
fn read<T>(path: &Path, value: impl FnOnce(&mut Cursor) -> Outcome<T>) -> Result<T, CocoError> {
    let unreadable = |source| CocoError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes); // A byte order mark.
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let (line, column) = line_and_column(bytes, error.valid_up_to());
            return Err(CocoError::Form {
                path: path.to_owned(),
                line,
                column,
                expected: "JSON in UTF-8".to_owned(),
                found: "bytes that are no UTF-8".to_owned(),
            });
        }
    };
    let mut cursor = Cursor::new(text);
    let result = value(&mut cursor).and_then(|value| cursor.end().map(|()| value));
    result.map_err(
        |Problem {
             at,
             expected,
             place,
         }| match place {
            Some((list, index, field)) => CocoError::Entry {
                place: Box::new(Place {
                    file: Some(path.to_owned()),
                    list,
                    index,
                    field,
                }),
                expected: expected.to_owned(),
                found: excerpt(text, at),
            },
            None => {
                let (line, column) = line_and_column(bytes, at);
                let expected = expected.to_owned();
                CocoError::Form {
                    path: path.to_owned(),
                    line,
                    column,
                    expected,
                    found: excerpt(text, at),
                }
            }
        },
    )
}

fn line_and_column(bytes: &[u8], at: usize) -> (usize, usize) {
    let before = &bytes[..at.min(bytes.len())];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let column = before
        .iter()
        .rev()
        .take_while(|&&byte| byte != b'\n')
        .count()
        + 1;
    (line, column)
}

/// The beginning of what stands at a place, for a message.
fn excerpt(text: &str, at: usize) -> String {
    const LENGTH: usize = 30;
    let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) else {
        return "the end of the file".to_owned();
    };
    let line = rest.lines().next().unwrap_or_default();
    match line.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("`{}`...", &line[..end]),
        None => format!("`{line}`"),
    }
}

/// Reads a list of entries, each by `entry`.
fn entries<T>(
    cursor: &mut Cursor,
    list: List,
    entry: fn(&mut Cursor) -> Outcome<T>,
) -> Outcome<Vec<T>> {
    let expected = match list {
        List::Detections => "a list of detections, `[...]`",
        List::Images | List::Categories | List::Annotations => "a list, `[...]`",
    };
    let mut found = vec![];
    cursor.list(expected, |cursor, index| {
        let value = entry(cursor).map_err(|problem| {
            let (_, _, field) = problem.place.unwrap_or((list, index, ""));
            Problem {
                place: Some((list, index, field)),
                ..problem
            }
        })?;
        found.push(value);
        Ok(())
    })?;
    Ok(found)
}

/// Reads a field and names it in an error; the entry is filled in by [`entries`].
fn field<T>(name: &'static str, value: Outcome<T>) -> Outcome<Option<T>> {
    match value {
        Ok(value) => Ok(Some(value)),
        Err(problem) => Err(Problem {
            place: Some((List::Images, 0, name)),
            ..problem
        }),
    }
}

/// The value of a field that must be there.
fn required<T>(value: Option<T>, start: usize, name: &'static str) -> Outcome<T> {
    let expected = "the field, which is missing";
    value.ok_or(Problem {
        at: start,
        expected,
        place: Some((List::Images, 0, name)),
    })
}

fn image(cursor: &mut Cursor) -> Outcome<i64> {
    let start = cursor.position();
    let mut id = None;
    cursor.object("an object", |cursor, key| {
        match key {
            "id" => id = field("id", cursor.integer())?,
            _ => cursor.skip()?,
        }
        Ok(())
    })?;
    required(id, start, "id")
}

fn category(cursor: &mut Cursor) -> Outcome<Category> {
    let start = cursor.position();
    let (mut id, mut name) = (None, None);
    cursor.object("an object", |cursor, key| {
        match key {
            "id" => id = field("id", cursor.integer())?,
            "name" => name = field("name", cursor.string("a name in quotes"))?,
            _ => cursor.skip()?,
        }
        Ok(())
    })?;
    let id = required(id, start, "id")?;
    Ok(Category {
        id,
        name: name.map_or_else(|| id.to_string(), |name| name.into_owned()),
    })
}

fn truth(cursor: &mut Cursor) -> Outcome<Truth> {
    let start = cursor.position();
    let (mut id, mut image, mut category, mut bounds, mut area, mut crowd) =
        (None, None, None, None, None, None);
    cursor.object("an object", |cursor, key| {
        match key {
            "id" => id = field("id", cursor.integer())?,
            "image_id" => image = field("image_id", cursor.integer())?,
            "category_id" => category = field("category_id", cursor.integer())?,
            "bbox" => bounds = field("bbox", xywh(cursor))?,
            "area" => area = field("area", cursor.number())?,
            "iscrowd" => crowd = field("iscrowd", flag(cursor))?,
            _ => cursor.skip()?,
        }
        Ok(())
    })?;
    let bounds: Xywh = required(bounds, start, "bbox")?;
    Ok(Truth {
        image: required(image, start, "image_id")?,
        category: required(category, start, "category_id")?,
        id: required(id, start, "id")?,
        bounds,
        area: area.unwrap_or(bounds.area()),
        crowd: crowd.unwrap_or(false),
    })
}

fn detection(cursor: &mut Cursor) -> Outcome<Detection> {
    let start = cursor.position();
    let (mut image, mut category, mut bounds, mut score) = (None, None, None, None);
    cursor.object("an object", |cursor, key| {
        match key {
            "image_id" => image = field("image_id", cursor.integer())?,
            "category_id" => category = field("category_id", cursor.integer())?,
            "bbox" => bounds = field("bbox", xywh(cursor))?,
            "score" => score = field("score", cursor.number())?,
            _ => cursor.skip()?,
        }
        Ok(())
    })?;
    Ok(Detection {
        image: required(image, start, "image_id")?,
        category: required(category, start, "category_id")?,
        bounds: required(bounds, start, "bbox")?,
        score: required(score, start, "score")?,
    })
}

/// 0, 1, `false` or `true`; any other whole number is as true as in Python.
fn flag(cursor: &mut Cursor) -> Outcome<bool> {
    if cursor.literal("true") {
        Ok(true)
    } else if cursor.literal("false") {
        Ok(false)
    } else {
        Ok(cursor.integer().map_err(|problem: Problem<Spot>| Problem {
            expected: "0 or 1",
            ..problem
        })? != 0)
    }
}

fn xywh(cursor: &mut Cursor) -> Outcome<Xywh> {
    const EXPECTED: &str = "four numbers, [x, y, width, height]";
    let start = cursor.position();
    let wrong = Problem {
        at: start,
        expected: EXPECTED,
        place: None,
    };
    let mut values = [0.0; 4];
    let mut count = 0;
    cursor.list(EXPECTED, |cursor, index| {
        let value = cursor.number().map_err(|problem: Problem<Spot>| Problem {
            expected: EXPECTED,
            ..problem
        })?;
        *values.get_mut(index).ok_or(wrong)? = value;
        count = index + 1;
        Ok(())
    })?;
    if count == 4 {
        Ok(values.into())
    } else {
        Err(wrong)
    }
}
