//! `predictions.csv`: what a model predicted for each image of a split.

use std::fmt::Write as _;
use std::path::Path;

use super::RecordError;
use crate::files::{read_text, write_atomically};

/// Columns that every file starts with; a column per class follows.
const LEADING: [&str; 4] = ["index", "label", "predicted", "score"];
/// Columns that a detector adds at the end.
const DETECTION: [&str; 5] = ["x1", "y1", "x2", "y2", "iou"];
/// What class columns are called: `p_` and the class name.
const CLASS_PREFIX: &str = "p_";

/// Where a detector saw its best detection, and how well that fits the truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Localisation {
    /// Corners `[x1, y1, x2, y2]` in pixels of the image, right and bottom excluded.
    pub bounds: [f32; 4],
    /// Intersection over union with the annotated box, from 0 to 1.
    pub iou: f32,
}

/// A model's prediction for one image.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Position of the image in its split, from 0.
    pub index: usize,
    /// True class, an index into [`Predictions::classes`].
    pub label: usize,
    /// Predicted class, an index into [`Predictions::classes`].
    pub predicted: usize,
    /// Confidence in the prediction, from 0 to 1. A classifier's is the probability of `predicted`;
    /// a detector's is the score of its best detection, 0 where it detected nothing.
    pub score: f32,
    /// Probability of each class, in the order of [`Predictions::classes`].
    pub probabilities: Vec<f32>,
    /// The best detection's box; `None` for a classifier, and where a detector found nothing.
    pub detection: Option<Localisation>,
}

impl Prediction {
    /// Whether the prediction is correct.
    pub fn is_correct(&self) -> bool {
        self.label == self.predicted
    }
}

/// A model's predictions for a whole split, in the order of the split.
///
/// ```
/// use measure::record::{Prediction, Predictions};
/// let predictions = Predictions {
///     classes: vec!["cat".into(), "dog".into()],
///     rows: vec![Prediction {
///         index: 0, label: 1, predicted: 0, score: 0.75, probabilities: vec![0.75, 0.25], detection: None,
///     }],
/// };
/// assert_eq!(predictions.to_csv()?, "index,label,predicted,score,p_cat,p_dog\n0,dog,cat,0.75,0.75,0.25\n");
/// # Ok::<(), measure::record::RecordError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Predictions {
    /// One row an image.
    pub rows: Vec<Prediction>,
    /// Name of each class; labels are indices into it.
    pub classes: Vec<String>,
}

impl Predictions {
    /// True class of each row.
    pub fn labels(&self) -> Vec<usize> {
        self.rows.iter().map(|row| row.label).collect()
    }

    /// Predicted class of each row.
    pub fn predicted(&self) -> Vec<usize> {
        self.rows.iter().map(|row| row.predicted).collect()
    }

    /// Whether each row's prediction is correct.
    pub fn correct(&self) -> Vec<bool> {
        self.rows.iter().map(Prediction::is_correct).collect()
    }

    /// Probabilities of all rows, `[rows, classes]`, row after row.
    pub fn probabilities(&self) -> Vec<f32> {
        let rows = self.rows.iter();
        rows.flat_map(|row| row.probabilities.iter().copied())
            .collect()
    }

    /// Mean IoU of the best detection with the truth, over all rows: an image without a detection
    /// counts as 0. `None` when no row has a detection (a classifier).
    pub fn mean_iou(&self) -> Option<f64> {
        let seen = self.rows.iter().filter_map(|row| row.detection);
        let ious: Vec<f64> = seen.map(|detection| f64::from(detection.iou)).collect();
        (!ious.is_empty()).then(|| ious.iter().sum::<f64>() / self.rows.len() as f64)
    }

    /// The text of `predictions.csv`: numbers in the shortest form that reads back to the same bits.
    ///
    /// # Errors
    /// [`RecordError::Prediction`] for a row whose classes do not exist, whose probabilities are not
    /// one a class, or which holds a number that is not finite.
    pub fn to_csv(&self) -> Result<String, RecordError> {
        let detector = self.rows.iter().any(|row| row.detection.is_some());
        let mut header: Vec<String> = LEADING.iter().map(ToString::to_string).collect();
        let classes = self.classes.iter();
        header.extend(classes.map(|class| quoted(&format!("{CLASS_PREFIX}{class}"))));
        if detector {
            header.extend(DETECTION.iter().map(ToString::to_string));
        }
        let mut text = header.join(",");
        text.push('\n');
        let names = names(&self.classes);
        for row in &self.rows {
            self.check(row)?;
            // Writing to a `String` cannot fail. Debug writes f32 shortest, small ones as 1e-20.
            let _ = write!(
                text,
                "{},{},{},{:?}",
                row.index,
                quoted(&names[row.label]),
                quoted(&names[row.predicted]),
                row.score
            );
            for probability in &row.probabilities {
                let _ = write!(text, ",{probability:?}");
            }
            match row.detection {
                Some(Localisation { bounds, iou }) => {
                    let [x1, y1, x2, y2] = bounds;
                    let _ = write!(text, ",{x1:?},{y1:?},{x2:?},{y2:?},{iou:?}");
                }
                None if detector => text.push_str(&",".repeat(DETECTION.len())),
                None => {}
            }
            text.push('\n');
        }
        Ok(text)
    }

    /// Writes `predictions.csv` atomically.
    ///
    /// # Errors
    /// Those of [`Predictions::to_csv`], and [`RecordError::File`] when the file system refuses.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), RecordError> {
        Ok(write_atomically(path, self.to_csv()?)?)
    }

    /// Reads `predictions.csv`.
    ///
    /// # Errors
    /// [`RecordError::File`] when it cannot be read, [`RecordError::Csv`] with the line, what was
    /// expected and what was found.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, RecordError> {
        let path = path.as_ref();
        Self::from_csv(&read_text(path)?, path)
    }

    /// Parses the text of `predictions.csv`; `path` is only named in errors.
    ///
    /// # Errors
    /// [`RecordError::Csv`] with the line, what was expected and what was found.
    pub fn from_csv(text: &str, path: impl AsRef<Path>) -> Result<Self, RecordError> {
        parse(text).map_err(|wrong| RecordError::Csv {
            path: path.as_ref().to_path_buf(),
            line: wrong.line,
            expected: wrong.expected,
            found: wrong.found,
        })
    }

    fn check(&self, row: &Prediction) -> Result<(), RecordError> {
        let classes = self.classes.len();
        let wrong = |expected: String, found: String| {
            let index = row.index;
            Err(RecordError::Prediction {
                index,
                expected,
                found,
            })
        };
        for (name, class) in [("label", row.label), ("predicted class", row.predicted)] {
            if class >= classes {
                return wrong(format!("a {name} below {classes}"), class.to_string());
            }
        }
        if row.probabilities.len() != classes {
            let found = row.probabilities.len().to_string();
            return wrong(format!("{classes} probabilities"), found);
        }
        let located = row.detection.iter();
        let mut numbers = std::iter::once(row.score)
            .chain(row.probabilities.iter().copied())
            .chain(located.flat_map(|seen| seen.bounds.into_iter().chain([seen.iou])));
        match numbers.find(|number| !number.is_finite()) {
            Some(number) => wrong("finite numbers".into(), number.to_string()),
            None => Ok(()),
        }
    }
}

struct Wrong {
    line: usize,
    expected: String,
    found: String,
}

fn parse(text: &str) -> Result<Predictions, Wrong> {
    let at = |line: usize| {
        move |(expected, found): (String, String)| Wrong {
            line,
            expected,
            found,
        }
    };
    let mut lines = text.lines().enumerate().map(|(row, line)| (row + 1, line));
    let (_, header) = lines.next().unwrap_or((1, ""));
    let (classes, detector) = fields(header)
        .and_then(|names| columns(&names))
        .map_err(at(1))?;
    // The writer ends every row, so a file without a final newline was cut off.
    if !text.ends_with('\n') {
        let line = text.lines().count().max(1);
        return Err(at(line)((
            "a line break at the end of the file".into(),
            "a cut-off file".into(),
        )));
    }
    let rows = lines
        .map(|(line, text)| row(text, &names(&classes), detector).map_err(at(line)))
        .collect::<Result<_, _>>()?;
    Ok(Predictions { rows, classes })
}

/// Class names of a header, and whether detection columns follow.
fn columns(names: &[String]) -> Result<(Vec<String>, bool), (String, String)> {
    for (place, expected) in LEADING.iter().enumerate() {
        let found = names.get(place).map_or("", String::as_str);
        if found != *expected {
            let expected = format!("column {} to be '{expected}'", place + 1);
            return Err((expected, format!("'{found}'")));
        }
    }
    let rest = &names[LEADING.len()..];
    let classes: Vec<String> = rest
        .iter()
        .map_while(|name| name.strip_prefix(CLASS_PREFIX))
        .map(str::to_string)
        .collect();
    let after = &rest[classes.len()..];
    if after.is_empty() || after == DETECTION {
        return Ok((classes, !after.is_empty()));
    }
    let expected = format!(
        "'{CLASS_PREFIX}NAME' columns, then none or {}",
        DETECTION.join(",")
    );
    Err((expected, format!("'{}'", after.join(","))))
}

fn row(text: &str, names: &[String], detector: bool) -> Result<Prediction, (String, String)> {
    let fields = fields(text)?;
    let classes = names.len();
    let width = LEADING.len() + classes + if detector { DETECTION.len() } else { 0 };
    if fields.len() != width {
        return Err((format!("{width} fields"), fields.len().to_string()));
    }
    let name = |place: usize| match LEADING.get(place) {
        Some(name) => (*name).to_string(),
        None if place < LEADING.len() + classes => format!("probability {}", place - LEADING.len()),
        None => DETECTION[place - LEADING.len() - classes].to_string(),
    };
    let wrong = |place: usize, what: &str| {
        let expected = format!("{what} for {}", name(place));
        (expected, format!("'{}'", fields[place]))
    };
    let whole = |place: usize| {
        let number = fields[place].parse::<usize>();
        number.map_err(|_| wrong(place, "a whole number"))
    };
    let class = |place: usize| {
        let class = names.iter().position(|name| *name == fields[place]);
        class.ok_or_else(|| wrong(place, "the name of one of the classes"))
    };
    let real = |place: usize| match fields[place].parse::<f32>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(wrong(place, "a finite number")),
    };
    let first = LEADING.len() + classes;
    let seen = detector && fields[first..].iter().any(|field| !field.is_empty());
    Ok(Prediction {
        index: whole(0)?,
        label: class(1)?,
        predicted: class(2)?,
        score: real(3)?,
        probabilities: (LEADING.len()..first).map(real).collect::<Result<_, _>>()?,
        detection: if seen {
            Some(Localisation {
                bounds: [
                    real(first)?,
                    real(first + 1)?,
                    real(first + 2)?,
                    real(first + 3)?,
                ],
                iou: real(first + 4)?,
            })
        } else {
            None
        },
    })
}

/// What the columns `label` and `predicted` call each class: its name, or its number where two have the same name.
fn names(classes: &[String]) -> Vec<String> {
    let distinct: std::collections::HashSet<&String> = classes.iter().collect();
    if distinct.len() == classes.len() {
        return classes
            .iter()
            .map(|name| name.replace(['\n', '\r'], " "))
            .collect();
    }
    (0..classes.len()).map(|class| class.to_string()).collect()
}

/// A field as RFC 4180 writes it. Line breaks become spaces: rows here are lines.
fn quoted(field: &str) -> String {
    let field = field.replace(['\n', '\r'], " ");
    if field.contains([',', '"']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field
    }
}

/// The fields of a line as RFC 4180 reads them.
fn fields(line: &str) -> Result<Vec<String>, (String, String)> {
    let mut fields = vec![String::new()];
    let mut inside = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, inside) {
            ('"', true) if characters.next_if_eq(&'"').is_some() => push(&mut fields, '"'),
            ('"', _) => inside = !inside,
            (',', false) => fields.push(String::new()),
            _ => push(&mut fields, character),
        }
    }
    if inside {
        let expected = "a closing quotation mark".to_string();
        return Err((expected, "the end of the line".to_string()));
    }
    Ok(fields)
}

fn push(fields: &mut [String], character: char) {
    if let Some(field) = fields.last_mut() {
        field.push(character);
    }
}

#[cfg(test)]
mod tests;
