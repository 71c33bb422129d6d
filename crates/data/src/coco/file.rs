//! The one reader of COCO's files: annotations and results, for training and for `coco-eval`.
//!
//! It takes what exporters write: whole numbers as `1.0` or `"1"`, `iscrowd` as 0, 0.0, false or null, names that are numbers,
//! sizes, areas and ids that are null or missing, a byte order mark, a field that is listed twice (the last counts, as in
//! Python), masks without boxes, and boxes that CVAT turns. Other fields are skipped. Errors name the file, the entry and the
//! field, and what was expected and found.

mod fields;
mod mask;
mod packed;
mod segmentation;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::Track;

use segmentation::{Segmented, SegmentedFile};

pub use segmentation::Segmentation;

/// A file of annotations.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(expecting = "an object with lists `images`, `categories` and `annotations`")]
pub struct CocoFile {
    /// Its images.
    pub images: Vec<CocoImage>,
    /// Its classes.
    pub categories: Vec<CocoCategory>,
    /// Its objects.
    pub annotations: Vec<CocoAnnotation>,
}

/// An entry of `images`.
#[derive(Clone, Debug, PartialEq)]
pub struct CocoImage {
    /// Its id. Text that is not a number becomes a negative number, see [`read_annotations`].
    pub id: i64,
    /// Its file; training needs it.
    pub file_name: Option<String>,
    /// Width in pixels, as stated.
    pub width: Option<f64>,
    /// Height in pixels, as stated.
    pub height: Option<f64>,
}

/// An entry of `categories`.
#[derive(Clone, Debug, PartialEq)]
pub struct CocoCategory {
    /// Its id.
    pub id: i64,
    /// Its name; without one it is named after its id.
    pub name: Option<String>,
    /// The name of the group of classes it belongs to.
    pub supercategory: Lenient<String>,
}

/// An entry of `annotations`.
#[derive(Clone, Debug, PartialEq)]
pub struct CocoAnnotation {
    /// Its own id.
    pub id: Option<i64>,
    /// Its image.
    pub image_id: i64,
    /// Its class.
    pub category_id: i64,
    /// Its box.
    pub bbox: CocoBox,
    /// Square pixels.
    pub area: Option<f64>,
    /// Whether it stands for a group of objects.
    pub iscrowd: bool,
    /// What tools add.
    pub attributes: Attributes,
}

/// The box of an annotation, `[x, y, width, height]` in pixels.
#[derive(Clone, Debug, PartialEq)]
pub enum CocoBox {
    /// As the file has it.
    Given([f64; 4]),
    /// A box that the file turns, see [`Attributes::rotation`].
    Turned {
        /// As it was before.
        given: [f64; 4],
        /// The upright box around it.
        around: [f64; 4],
    },
    /// Around the mask, where the file has no box.
    OfMask([f64; 4]),
    /// Neither a box nor a mask.
    Missing,
    /// Something other than four numbers, in words.
    Wrong(String),
}

/// What tools add to an annotation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Attributes {
    /// CVAT writes a turned box as it was before it was turned, and here by how many degrees, clockwise about its centre.
    pub rotation: f64,
}

/// A field that nothing depends on: a value of another type counts as missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lenient<T>(pub Option<T>);

/// An entry of a results file.
#[derive(Clone, Debug, PartialEq)]
pub struct CocoDetection {
    /// Its image.
    pub image_id: i64,
    /// The class reported.
    pub category_id: i64,
    /// Its box.
    pub bbox: DetectedBox,
    /// How certain the model is.
    pub score: f64,
}

/// The box of a detection, `[x, y, width, height]` in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DetectedBox {
    /// As the file has it.
    Given([f64; 4]),
    /// Around the mask, where the file has no box.
    OfMask([f64; 4]),
    /// There is none.
    Missing,
}

impl DetectedBox {
    /// The four numbers, if there are any.
    pub fn numbers(self) -> Option<[f64; 4]> {
        match self {
            Self::Given(numbers) | Self::OfMask(numbers) => Some(numbers),
            Self::Missing => None,
        }
    }
}

impl CocoCategory {
    /// The class's name, or its id.
    pub fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.id.to_string())
    }
}

impl CocoBox {
    /// The four numbers.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn numbers(&self) -> Result<[f64; 4], String> {
        match self {
            Self::Given(numbers) | Self::OfMask(numbers) => Ok(*numbers),
            Self::Turned { around, .. } => Ok(*around),
            Self::Missing => Err(neither_box_nor_mask()),
            Self::Wrong(found) => Err(format!("expected {FOUR_NUMBERS}, found {found}")),
        }
    }
}

/// What a box should be.
const FOUR_NUMBERS: &str = "four numbers, [x, y, width, height]";

fn neither_box_nor_mask() -> String {
    format!("expected {FOUR_NUMBERS}; there is neither a box nor a mask")
}

/// Why a COCO file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CocoFileError {
    /// The system refused.
    #[error("{}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// It is not JSON, or not of COCO's form.
    #[error("{}: {entry}{cause}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Entry and field, such as `annotations[79].bbox: `; empty for the file as a whole.
        entry: String,
        /// What was expected and found, with line and column.
        cause: String,
    },
}

/// Reads a file of annotations. A size or area of NaN counts as missing, as pandas means it.
///
/// Ids may be text: digits are read as the number they show, any other text becomes a number that is the same in every file.
/// An object without a box gets the box around its mask; a box that is turned becomes the box around it.
///
/// # Errors
/// [`CocoFileError`] with the first entry that cannot be read. Whether the numbers make sense is not checked.
pub fn read_annotations(path: &Path) -> Result<CocoFile, CocoFileError> {
    let text = load(path)?;
    let mut file = parse_annotations(path, &text)?;
    let without = |entry: &CocoAnnotation| entry.bbox == CocoBox::Missing;
    if file.annotations.iter().any(without) {
        // Masks are long and rarely needed: only now they are read.
        let masks: mask::Masks = parse(path, &text, "")?;
        for (entry, mask) in file.annotations.iter_mut().zip(masks.annotations) {
            if let Some(outline) = mask.segmentation.outline().filter(|_| without(entry)) {
                entry.bbox = CocoBox::OfMask(outline.bounds());
                entry.area = entry.area.or(outline.area());
            }
        }
    }
    for entry in &mut file.annotations {
        let degrees = entry.attributes.rotation;
        if let CocoBox::Given(given) = entry.bbox
            && degrees != 0.0
            && degrees.is_finite()
        {
            let around = around_turned(given, degrees);
            entry.bbox = CocoBox::Turned { given, around };
        }
    }
    Ok(file)
}

/// Reads a file of annotations, and the mask of each as it is. Boxes are left as they are too.
///
/// # Errors
/// As for [`read_annotations`], and for a mask that can't be read. Whether it fits its image is not checked.
pub fn read_annotations_with_masks(
    path: &Path,
) -> Result<(CocoFile, Vec<Segmentation>), CocoFileError> {
    let text = load(path)?;
    let (file, masks) = rayon::join(
        || parse_annotations(path, &text),
        || parse::<SegmentedFile>(path, &text, ""),
    );
    Ok((file?, segmentations(masks?.annotations)))
}

fn segmentations(entries: Vec<Segmented>) -> Vec<Segmentation> {
    entries
        .into_iter()
        .map(|entry| entry.segmentation)
        .collect()
}

fn parse_annotations(path: &Path, text: &str) -> Result<CocoFile, CocoFileError> {
    let mut file: CocoFile = parse(path, text, "")?;
    let sizes = file.images.iter_mut();
    let sizes = sizes.flat_map(|image| [&mut image.width, &mut image.height]);
    let areas = file.annotations.iter_mut().map(|entry| &mut entry.area);
    for number in sizes.chain(areas) {
        *number = number.filter(|number| !number.is_nan());
    }
    Ok(file)
}

/// The upright box around a box that is turned about its centre.
fn around_turned([x, y, width, height]: [f64; 4], degrees: f64) -> [f64; 4] {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let across = (width * cos).abs() + (height * sin).abs();
    let down = (width * sin).abs() + (height * cos).abs();
    [
        x + (width - across) / 2.0,
        y + (height - down) / 2.0,
        across,
        down,
    ]
}

/// The id that a text in a file becomes, see [`read_annotations`].
pub fn id_of_text(text: &str) -> i64 {
    fields::id_of_text(text)
}

/// Whether an id was text in the file, see [`read_annotations`].
pub fn is_text(id: i64) -> bool {
    id < -(1 << 53)
}

/// Reads a results file: a list, which may be empty. A detection without a box gets the box around its mask.
///
/// # Errors
/// As for [`read_annotations`], and for a detection without box and mask.
pub fn read_detections(path: &Path) -> Result<Vec<CocoDetection>, CocoFileError> {
    let text = load(path)?;
    let mut detections: Vec<CocoDetection> = parse(path, &text, DETECTIONS)?;
    let without = |entry: &CocoDetection| entry.bbox == DetectedBox::Missing;
    if detections.iter().any(without) {
        let masks: Vec<mask::Masked> = parse(path, &text, DETECTIONS)?;
        for (place, (entry, mask)) in detections.iter_mut().zip(masks).enumerate() {
            if without(entry) {
                let outline = mask.segmentation.any_outline();
                let outline = outline.ok_or_else(|| CocoFileError::Form {
                    path: path.to_path_buf(),
                    entry: format!("{DETECTIONS}[{place}].bbox: "),
                    cause: neither_box_nor_mask(),
                })?;
                entry.bbox = DetectedBox::OfMask(outline.bounds());
            }
        }
    }
    Ok(detections)
}

/// Reads a results file, and the mask of each detection as it is. Boxes are left as they are too.
///
/// # Errors
/// As for [`read_detections`], and for a mask that can't be read. Whether it fits its image is not checked.
pub fn read_detections_with_masks(
    path: &Path,
) -> Result<(Vec<CocoDetection>, Vec<Segmentation>), CocoFileError> {
    let text = load(path)?;
    let (detections, masks) = rayon::join(
        || parse(path, &text, DETECTIONS),
        || parse(path, &text, DETECTIONS),
    );
    Ok((detections?, segmentations(masks?)))
}

/// What messages call the list of a results file.
const DETECTIONS: &str = "detections";

/// The text of a file.
fn load(path: &Path) -> Result<String, CocoFileError> {
    let bytes = std::fs::read(path).map_err(|cause| CocoFileError::Unreadable {
        path: path.to_path_buf(),
        cause,
    })?;
    String::from_utf8(bytes).map_err(|error| CocoFileError::Form {
        path: path.to_path_buf(),
        entry: String::new(),
        cause: format!("expected UTF-8, found {}", error.utf8_error()),
    })
}

/// `root` is what messages call the outermost value.
fn parse<T: DeserializeOwned>(path: &Path, text: &str, root: &str) -> Result<T, CocoFileError> {
    let text = text.trim_start_matches('\u{feff}');
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let form = |entry: String, cause: String| CocoFileError::Form {
        path: path.to_path_buf(),
        entry,
        cause,
    };
    // Slower, and only now: this reads NaN, and says in which entry it fails.
    read_tracked(&quote_not_finite(text)).map_err(|(place, cause)| {
        let cause = in_words_of_json(&cause.to_string());
        let missing = cause.strip_prefix("missing field `");
        let field = missing.and_then(|rest| rest.split('`').next());
        match (place.as_str(), field) {
            (".", _) => form(String::new(), cause),
            (place, Some(field)) => form(format!("{root}{place}.{field}: "), cause),
            (place, None) => form(format!("{root}{place}: "), cause),
        }
    })
}

/// Serde calls objects maps and lists sequences.
fn in_words_of_json(message: &str) -> String {
    message
        .replace("invalid type: map,", "invalid type: object,")
        .replace("invalid type: sequence,", "invalid type: list,")
        .replace("expected a sequence", "expected a list")
}

fn read_tracked<T: DeserializeOwned>(text: &str) -> Result<T, (String, serde_json::Error)> {
    let mut json = serde_json::Deserializer::from_str(text);
    let mut track = Track::new();
    T::deserialize(serde_path_to_error::Deserializer::new(
        &mut json, &mut track,
    ))
    .and_then(|value| json.end().map(|()| value))
    .map_err(|cause| (track.path().to_string(), cause))
}

/// Python writes NaN and infinities bare, which is not JSON; in quotes they are text, which is read as a number.
fn quote_not_finite(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    let mut in_string = false;
    let mut escaped = false;
    let mut rest = text.chars();
    loop {
        let here = rest.as_str();
        let mut words = ["NaN", "Infinity", "-Infinity"].into_iter();
        if let Some(word) = words.find(|word| !in_string && here.starts_with(word)) {
            quoted.extend(["\"", word, "\""]);
            rest = here[word.len()..].chars();
            continue;
        }
        let Some(next) = rest.next() else {
            return quoted;
        };
        in_string ^= next == '"' && !escaped;
        escaped = in_string && next == '\\' && !escaped;
        quoted.push(next);
    }
}
