//! Boxes checked against the pictures they are on.

use kernels::boxes::Xyxy;
use recipe::Boxes;

use super::Job;
use super::open::Facts;
use crate::image::{Decoded, Mapping};
use crate::listing::{Entry, Fault, LabelledBox, Labels, Problem, Unit};
use crate::truth::Object;

/// A box may reach this many pixels beyond the picture without a message, because tools round. It is cut off at the edge.
const ROUNDING: f64 = 1.0;

/// An image's labels after the checks.
pub(super) struct Checked {
    pub content: Content,
    /// What was wrong with single boxes.
    pub problems: Vec<Problem>,
    pub mapping: Mapping,
}

/// What an image shows.
pub(super) enum Content {
    Class(usize),
    Objects(Vec<Object>),
}

/// The labels of an image in its pixels.
///
/// # Errors
/// What makes the whole picture unusable.
pub(super) fn check(
    job: &Job<'_>,
    facts: &Facts,
    boxes: Option<Boxes>,
) -> Result<Checked, Problem> {
    let entry = job.entry;
    let turned = stated_size(entry, facts)?;
    let mut problems = Vec::new();
    let content = match (&entry.labels, job.crop) {
        (Labels::Boxes(boxes), Some(number)) => Content::Class(boxes[number].class),
        (Labels::Class(class), _) if boxes == Some(Boxes::Whole) => {
            let [height, width] = facts.size.map(|side| side as f64);
            let labelled = LabelledBox {
                corners: [0.0; 4],
                unit: Unit::Pixels,
                class: *class,
                area: None,
                crowd: false,
                place: String::new(),
            };
            let whole = [0.0, 0.0, width, height];
            Content::Objects(fitted(&labelled, whole, facts).into_iter().collect())
        }
        (Labels::Class(class), _) => Content::Class(*class),
        (Labels::Boxes(boxes), None) => Content::Objects(
            boxes
                .iter()
                .filter_map(|labelled| {
                    let corners = corners(labelled, facts, turned);
                    match inside(entry, labelled, corners, facts.size) {
                        Ok((corners, problem)) => {
                            problems.extend(problem);
                            fitted(labelled, corners, facts)
                        }
                        Err(problem) => {
                            problems.push(problem);
                            None
                        }
                    }
                })
                .collect(),
        ),
    };
    Ok(Checked {
        content,
        problems,
        mapping: facts.mapping,
    })
}

/// The part of a picture that a box is around, whole pixels.
///
/// # Errors
/// A box without an area on the picture.
pub(super) fn crop(entry: &Entry, number: usize, facts: &Facts) -> Result<[u32; 4], Problem> {
    let turned = stated_size(entry, facts)?;
    let Labels::Boxes(boxes) = &entry.labels else {
        return Ok([0, 0, facts.size[1] as u32, facts.size[0] as u32]);
    };
    let labelled = &boxes[number];
    let corners = corners(labelled, facts, turned);
    let ([x1, y1, x2, y2], _) = inside(entry, labelled, corners, facts.size)?;
    let [left, top] = [x1.floor(), y1.floor()];
    Ok([
        left,
        top,
        x2.ceil().max(left + 1.0),
        y2.ceil().max(top + 1.0),
    ]
    .map(|it| it as u32))
}

/// A box on its picture, and what is wrong with it; or what makes it useless.
pub(crate) type PlacedBox = Result<([f64; 4], Option<Problem>), Problem>;

/// Every box of an entry on its decoded picture, in pixels of the upright picture; none of an entry with a class.
///
/// # Errors
/// A picture of another size than stated.
pub(crate) fn placed_boxes(entry: &Entry, decoded: &Decoded) -> Result<Vec<PlacedBox>, Problem> {
    let facts = Facts::of(decoded);
    let turned = stated_size(entry, &facts)?;
    let Labels::Boxes(boxes) = &entry.labels else {
        return Ok(Vec::new());
    };
    let place = |labelled| {
        let corners = corners(labelled, &facts, turned);
        inside(entry, labelled, corners, facts.size)
    };
    Ok(boxes.iter().map(place).collect())
}

/// Whether the annotations refer to the picture as the file stores it, before EXIF's note turns it upright.
fn stated_size(entry: &Entry, facts: &Facts) -> Result<bool, Problem> {
    match entry.stated {
        Some(stated) if stated == facts.size => Ok(false),
        Some(stated) if stated == facts.stored => Ok(true),
        None => Ok(false),
        Some([height, width]) => Err(Problem {
            fault: Fault::OtherSize,
            place: entry.name.clone(),
            what: format!(
                "it is {} x {} pixels, but width and height are stated as {width} x {height}",
                facts.size[1], facts.size[0]
            ),
        }),
    }
}

/// Corners in pixels of the upright picture.
fn corners(labelled: &LabelledBox, facts: &Facts, turned: bool) -> [f64; 4] {
    let [height, width] = if turned { facts.stored } else { facts.size }.map(|side| side as f64);
    let [x1, y1, x2, y2] = match labelled.unit {
        Unit::Pixels => labelled.corners,
        Unit::Fractions => {
            let [x1, y1, x2, y2] = labelled.corners;
            [x1 * width, y1 * height, x2 * width, y2 * height]
        }
    };
    if !turned {
        return [x1, y1, x2, y2];
    }
    // EXIF 2.32, table 'Orientation': where the file's rows and columns end up.
    match facts.orientation {
        2 => [width - x2, y1, width - x1, y2],
        3 => [width - x2, height - y2, width - x1, height - y1],
        4 => [x1, height - y2, x2, height - y1],
        5 => [y1, x1, y2, x2],
        6 => [height - y2, x1, height - y1, x2],
        7 => [height - y2, width - x2, height - y1, width - x1],
        8 => [y1, width - x2, y2, width - x1],
        _ => [x1, y1, x2, y2],
    }
}

/// The corners cut off at the picture's edge, and the problem if that took more than rounding explains.
fn inside(
    entry: &Entry,
    labelled: &LabelledBox,
    [x1, y1, x2, y2]: [f64; 4],
    [height, width]: [usize; 2],
) -> PlacedBox {
    let place = match labelled.place.as_str() {
        "" => entry.name.clone(),
        place => format!("{place} ({})", entry.name),
    };
    let problem = |fault, what: String| Problem {
        fault,
        place: place.clone(),
        what,
    };
    let shown = format!("the box from ({x1}, {y1}) to ({x2}, {y2})");
    if ![x1, y1, x2, y2].iter().all(|it| it.is_finite()) || x2 <= x1 || y2 <= y1 {
        return Err(problem(
            Fault::BadBox,
            format!("{shown} has no width or no height"),
        ));
    }
    let [w, h] = [width as f64, height as f64];
    let cut = [
        x1.clamp(0.0, w),
        y1.clamp(0.0, h),
        x2.clamp(0.0, w),
        y2.clamp(0.0, h),
    ];
    // In 32 bits, as in training.
    let kept = cut.map(|it| it as f32);
    if kept[2] <= kept[0] || kept[3] <= kept[1] {
        return Err(problem(
            Fault::BadBox,
            format!(
                "{shown} lies outside the picture of {width} x {height} pixels, or is too small"
            ),
        ));
    }
    let beyond = x1 < -ROUNDING || y1 < -ROUNDING || x2 > w + ROUNDING || y2 > h + ROUNDING;
    let problem = beyond.then(|| {
        problem(
            Fault::CutBox,
            format!("{shown} reaches beyond the picture of {width} x {height} pixels"),
        )
    });
    Ok((cut, problem))
}

/// The object in the prepared image's pixels, its area in the picture's; `None` where it was cropped away.
fn fitted(labelled: &LabelledBox, corners: [f64; 4], facts: &Facts) -> Option<Object> {
    let bounds: Xyxy = facts
        .mapping
        .from_original(corners.map(|it| it as f32))
        .into();
    let [x1, y1, x2, y2] = corners;
    let has_area = bounds.width() > 0.0 && bounds.height() > 0.0;
    has_area.then(|| Object {
        bounds,
        class: labelled.class,
        area: labelled.area.unwrap_or((x2 - x1) * (y2 - y1)),
        crowd: labelled.crowd,
    })
}
