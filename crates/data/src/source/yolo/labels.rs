//! A label file: a row for each object, `class x-centre y-centre width height` as fractions of the picture, or the corners
//! of a polygon after the class.

#[cfg(test)]
mod tests;

use crate::listing::{Fault, LabelledBox, Unit};

/// What a label file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Objects with good boxes.
    pub boxes: Vec<LabelledBox>,
    /// What is wrong, with the number of its line.
    pub problems: Vec<(usize, Fault, String)>,
    /// Rows that repeat another.
    pub repeated: usize,
    /// Polygons, which became their bounding boxes.
    pub polygons: usize,
}

/// Boxes may reach this share of the picture beyond its edge: tools round.
const TOLERANCE: f64 = 0.01;

/// Reads the rows. Classes are below `classes`; `key_points` numbers follow each box.
///
/// # Errors
/// A file that makes no sense as a whole.
pub fn parse(bytes: &[u8], classes: usize, key_points: usize) -> Result<Rows, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not text in UTF-8".to_string())?;
    let lines: Vec<(usize, Vec<&str>)> = text
        .trim_start_matches('\u{feff}')
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.split_whitespace().collect::<Vec<_>>()))
        .filter(|(_, columns)| !columns.is_empty())
        .collect();
    let is_polygon = |columns: &[&str]| key_points == 0 && columns.len() > 6;
    let polygons = lines
        .iter()
        .filter(|(_, columns)| is_polygon(columns))
        .count();
    if polygons > 0 && polygons < lines.len() {
        return Err(format!(
            "{polygons} of {} rows are polygons, the others boxes: a file holds one or the other",
            lines.len()
        ));
    }
    let mut rows = Rows {
        polygons,
        ..Rows::default()
    };
    let mut seen = std::collections::HashSet::new();
    for (line, columns) in lines {
        let row = if is_polygon(&columns) {
            polygon(&columns)
        } else {
            simple(&columns, key_points)
        };
        let checked = row.and_then(|(class, corners)| {
            let class = class_number(class, classes).map_err(|what| (Fault::BadLabel, what))?;
            let (corners, cut) = inside(corners).map_err(|what| (Fault::BadBox, what))?;
            Ok((class, corners, cut))
        });
        let (class, corners, cut) = match checked {
            Ok(checked) => checked,
            Err((fault, what)) => {
                rows.problems.push((line, fault, what));
                continue;
            }
        };
        if !seen.insert((class, corners.map(f64::to_bits))) {
            rows.repeated += 1;
            continue;
        }
        if cut {
            let what = "the box reaches beyond the picture by more than 1 %".to_string();
            rows.problems.push((line, Fault::CutBox, what));
        }
        rows.boxes.push(LabelledBox {
            corners,
            unit: Unit::Fractions,
            class,
            area: None,
            crowd: false,
            place: format!("line {line}"),
        });
    }
    Ok(rows)
}

type Row<'a> = Result<(&'a str, [f64; 4]), (Fault, String)>;

/// `class x-centre y-centre width height`, and perhaps key points.
fn simple<'a>(columns: &[&'a str], key_points: usize) -> Row<'a> {
    let found = columns.len();
    if found != 5 + key_points {
        let hint = match found {
            6 => ". A sixth number is a confidence: these are predictions, not labels",
            1 if columns[0].contains([',', ';']) => ". The numbers are separated by spaces",
            _ => "",
        };
        let expected = 5 + key_points;
        return Err((
            Fault::BadLabel,
            format!(
                "expected {expected} numbers (class, x and y of the centre, width, height), found {found}{hint}"
            ),
        ));
    }
    let mut numbers = [0.0; 4];
    for (number, text) in numbers.iter_mut().zip(&columns[1..]) {
        *number = finite(text).map_err(|what| (Fault::BadBox, what))?;
    }
    let [x, y, width, height] = numbers;
    if width <= 0.0 || height <= 0.0 {
        return Err((
            Fault::BadBox,
            format!("the box is {width} wide and {height} high"),
        ));
    }
    // Pixels are far from 1, what is slightly beyond the edge is not.
    if numbers.iter().any(|number| *number > 2.0) {
        let what = format!(
            "{x} {y} {width} {height} are not fractions of the picture's width and height; are they pixels?"
        );
        return Err((Fault::BadBox, what));
    }
    let [half_width, half_height] = [width / 2.0, height / 2.0];
    Ok((
        columns[0],
        [
            x - half_width,
            y - half_height,
            x + half_width,
            y + half_height,
        ],
    ))
}

/// `class x1 y1 x2 y2 x3 y3 ...`
fn polygon<'a>(columns: &[&'a str]) -> Row<'a> {
    if columns.len().is_multiple_of(2) {
        let what = format!(
            "{} numbers are not a class with the corners (x and y) of a polygon; for key points data.yaml needs kpt_shape",
            columns.len()
        );
        return Err((Fault::BadLabel, what));
    }
    let mut corners = [
        f64::INFINITY,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
    ];
    for (index, text) in columns[1..].iter().enumerate() {
        let number = finite(text).map_err(|what| (Fault::BadBox, what))?;
        let axis = index % 2;
        corners[axis] = corners[axis].min(number);
        corners[axis + 2] = corners[axis + 2].max(number);
    }
    Ok((columns[0], corners))
}

fn finite(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .ok_or_else(|| format!("`{text}` is not a number"))
}

/// A class number; some tools write `3.0`.
fn class_number(text: &str, classes: usize) -> Result<usize, String> {
    let number = text
        .parse::<f64>()
        .ok()
        .filter(|number| number.fract() == 0.0 && *number >= 0.0);
    match number {
        None => Err(format!("`{text}` is not the number of a class")),
        Some(number) if number >= classes as f64 => Err(match classes {
            1 => format!("class {number}, but there is only class 0"),
            _ => format!(
                "class {number}, but the {classes} classes are numbered from 0 to {}",
                classes.saturating_sub(1)
            ),
        }),
        Some(number) => Ok(number as usize),
    }
}

/// The part of a box within the picture, and whether much was cut off.
fn inside(corners: [f64; 4]) -> Result<([f64; 4], bool), String> {
    let cut = corners.map(|corner| corner.clamp(0.0, 1.0));
    let [x1, y1, x2, y2] = cut;
    if x1 >= x2 || y1 >= y2 {
        let [a, b, c, d] = corners;
        return Err(if a < c && b < d {
            "the box lies outside the picture".to_string()
        } else {
            format!("the box from ({a}, {b}) to ({c}, {d}) has no area")
        });
    }
    let beyond = corners
        .iter()
        .any(|corner| !(-TOLERANCE..=1.0 + TOLERANCE).contains(corner));
    Ok((cut, beyond))
}
