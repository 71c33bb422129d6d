//! What can be wrong with the entries of a COCO file, found before anything is trained on it.

use std::collections::{HashMap, HashSet};
use std::fmt;

use kernels::boxes::Xyxy;

use super::file::CocoFile;
use crate::truth::Object;

/// A box may reach this many pixels beyond the image, because tools round. It is cut off at the edge.
const ROUNDING: f64 = 1.0;

/// What is wrong with one entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// Two images of one id.
    ImageTwice {
        /// The later one's file.
        file: String,
        /// Their id.
        id: i64,
    },
    /// An image file is missing, broken, or of another size than stated.
    Image {
        /// The file's name.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// Two categories of one id.
    CategoryTwice {
        /// Their id.
        id: i64,
    },
    /// Something about an annotation.
    Annotation {
        /// Its place in the list `annotations`, from 0.
        index: usize,
        /// Its image's file; `None` where there is no such image.
        file: Option<String>,
        /// What is wrong.
        what: String,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ImageTwice { file, id } => write!(f, "{file}: another image has the id {id} too"),
            Self::Image { file, what } => write!(f, "{file}: {what}"),
            Self::CategoryTwice { id } => write!(f, "two categories have the id {id}"),
            Self::Annotation { index, file, what } => {
                let file = file.as_deref().unwrap_or("no image");
                write!(f, "annotations[{index}] ({file}): {what}")
            }
        }
    }
}

/// The objects of each image, all that is wrong with them, and whether the boxes look like corners.
///
/// `sizes` gives the height and width of each image, as far as they are known.
pub fn objects(
    file: &CocoFile,
    sizes: &[Option<[usize; 2]>],
) -> (Vec<Vec<Object>>, Vec<Problem>, bool) {
    let mut problems = Vec::new();
    let mut images = HashMap::new();
    for (index, image) in file.images.iter().enumerate() {
        if images.insert(image.id, index).is_some() {
            problems.push(Problem::ImageTwice {
                file: name(file, index),
                id: image.id,
            });
        }
    }
    let mut classes = HashMap::new();
    for (class, category) in file.categories.iter().enumerate() {
        if classes.insert(category.id, class).is_some() {
            problems.push(Problem::CategoryTwice { id: category.id });
        }
    }
    let mut objects = vec![Vec::new(); file.images.len()];
    let mut ids = HashSet::new();
    let mut beyond = 0;
    let mut like_corners = 0;
    for (index, annotation) in file.annotations.iter().enumerate() {
        let image = images.get(&annotation.image_id).copied();
        let mut problem = |what: String| {
            let file = image.map(|image| name(file, image));
            problems.push(Problem::Annotation { index, file, what });
        };
        if annotation.id.is_some_and(|id| !ids.insert(id)) {
            problem(format!(
                "another annotation has the id {} too",
                annotation.id.unwrap_or(0)
            ));
        }
        let class = classes.get(&annotation.category_id).copied();
        if class.is_none() {
            problem(format!(
                "there is no category with the id {}",
                annotation.category_id
            ));
        }
        let Some(image) = image else {
            problem(format!(
                "there is no image with the id {}",
                annotation.image_id
            ));
            continue;
        };
        if let Some(area) = annotation
            .area
            .filter(|area| !(0.0..f64::INFINITY).contains(area))
        {
            problem(format!("area is {area}; expected a number of at least 0"));
        }
        let bbox = match annotation.bbox.numbers() {
            Ok(bbox) => bbox,
            Err(what) => {
                problem(format!("bbox: {what}"));
                continue;
            }
        };
        match bounds(bbox, sizes[image]) {
            Ok(bounds) => objects[image].extend(class.map(|class| Object {
                bounds,
                class,
                area: annotation.area.unwrap_or(f64::from(bounds.area())),
                crowd: annotation.iscrowd,
            })),
            Err(what) => problem(what),
        }
        beyond += usize::from(reaches_beyond(bbox, sizes[image]));
        like_corners += usize::from(could_be_corners(bbox, sizes[image]));
    }
    // One box beyond the image is a slip; many, when nearly all of the file would fit as corners, are a convention.
    let corners = beyond > 0 && 10 * like_corners >= 9 * file.annotations.len();
    (objects, problems, corners)
}

/// The box, cut off where it reaches a little beyond the image; or what is wrong with it.
fn bounds(bbox: [f64; 4], size: Option<[usize; 2]>) -> Result<Xyxy, String> {
    let [x, y, width, height] = bbox;
    let text = format!("bbox [{x}, {y}, {width}, {height}]");
    if !bbox.iter().all(|number| number.is_finite()) {
        return Err(format!("{text} is not finite"));
    }
    if width <= 0.0 || height <= 0.0 {
        return Err(format!(
            "{text} has no area: width and height must be above 0"
        ));
    }
    if let Some([rows, columns]) = size {
        let inside = |low: f64, length: f64, most: usize| {
            low >= -ROUNDING && low + length <= most as f64 + ROUNDING
        };
        if !inside(x, width, columns) || !inside(y, height, rows) {
            return Err(format!(
                "{text} reaches beyond the image of {columns} x {rows} pixels"
            ));
        }
    }
    let corners = Xyxy::new(x as f32, y as f32, (x + width) as f32, (y + height) as f32);
    let bounds = size.map_or(corners, |size| corners.clip(size));
    if bounds.has_sides(f32::MIN_POSITIVE) {
        Ok(bounds)
    } else {
        Err(format!("{text} has no area inside the image"))
    }
}

fn reaches_beyond([x, y, width, height]: [f64; 4], size: Option<[usize; 2]>) -> bool {
    size.is_some_and(|[rows, columns]| {
        x + width > columns as f64 + ROUNDING || y + height > rows as f64 + ROUNDING
    })
}

fn could_be_corners([x1, y1, x2, y2]: [f64; 4], size: Option<[usize; 2]>) -> bool {
    size.is_some_and(|[rows, columns]| {
        let inside = x2 <= columns as f64 + ROUNDING && y2 <= rows as f64 + ROUNDING;
        inside && x2 > x1 && y2 > y1
    })
}

/// What messages call an image: its file, or its place in the list.
pub fn name(file: &CocoFile, image: usize) -> String {
    let name = file.images[image].file_name.clone();
    name.unwrap_or_else(|| format!("images[{image}]"))
}
