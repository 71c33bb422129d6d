//! The pictures of a file of annotations with their boxes, and what is wrong with them.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use rayon::prelude::*;

use super::layout::Place;
use crate::coco::file::{CocoAnnotation, CocoBox, CocoFile, CocoImage, read_annotations};
use crate::error::DataError;
use crate::listing::{Entry, Fault, LabelledBox, Labels, Listing, Picture, Problem, Unit};
use crate::source::paths::{Finder, Found, Lost};

/// The class of each category id of a file.
pub type Numbers = HashMap<i64, usize>;

/// A file of annotations.
pub struct Annotated {
    /// Relative to the source, with slashes.
    pub name: String,
    pub path: PathBuf,
    /// Where its pictures are expected.
    folders: Vec<String>,
    pub file: CocoFile,
}

impl Annotated {
    pub fn read(root: &std::path::Path, place: &Place) -> Result<Self, DataError> {
        let path = root.join(&place.name);
        Ok(Self {
            name: place.name.clone(),
            folders: place.folders.clone(),
            file: read_annotations(&path)?,
            path,
        })
    }

    /// What messages call an image: its file, or its place in the list.
    fn image(&self, index: usize) -> String {
        let name = self.file.images[index].file_name.clone();
        name.unwrap_or_else(|| format!("images[{index}]"))
    }
}

/// Its pictures in the order of the file, with the objects of the classes that `numbers` gives.
pub fn list(
    annotated: &Annotated,
    numbers: &Numbers,
    finder: &Finder,
    listing: &mut Listing,
) -> Vec<Entry> {
    let pictures = pictures(annotated, finder, &mut listing.problems);
    let mut places = HashMap::new();
    for (place, image) in annotated.file.images.iter().enumerate() {
        // The first of several with one id; the others are problems.
        places.entry(image.id).or_insert(place);
    }
    let mut objects = vec![Vec::new(); pictures.len()];
    let mut counts = Counts::default();
    let mut ids = HashSet::new();
    // One message is enough for all objects of a class that is unknown but listed.
    let listed: HashSet<i64> = annotated
        .file
        .categories
        .iter()
        .map(|category| category.id)
        .collect();
    for (index, annotation) in annotated.file.annotations.iter().enumerate() {
        let image = places.get(&annotation.image_id).copied();
        if image.is_some_and(|image| pictures[image].is_none()) {
            continue;
        }
        let at = format!("{}: annotations[{index}]", annotated.name);
        let mut problem = |fault, what| {
            let name = image.map_or("no image".to_string(), |image| annotated.image(image));
            let place = format!("{at} ({name})");
            listing.problems.push(Problem { fault, place, what });
        };
        let class = numbers.get(&annotation.category_id).copied();
        if class.is_none() && !listed.contains(&annotation.category_id) {
            let what = format!(
                "there is no category with the id {}",
                annotation.category_id
            );
            problem(Fault::BadLabel, what);
        }
        let Some(image) = image else {
            let what = format!("there is no image with the id {}", annotation.image_id);
            problem(Fault::BadLabel, what);
            continue;
        };
        counts.ids_again += usize::from(annotation.id.is_some_and(|id| !ids.insert(id)));
        let numbers = match checked(annotation) {
            Ok(numbers) => numbers,
            Err((fault, what)) => {
                problem(fault, what);
                continue;
            }
        };
        counts.add(annotation, numbers, &annotated.file.images[image]);
        let [x, y, width, height] = numbers;
        objects[image].extend(class.map(|class| LabelledBox {
            corners: [x, y, x + width, y + height],
            unit: Unit::Pixels,
            class,
            area: annotation.area,
            crowd: annotation.iscrowd,
            place: at,
        }));
    }
    listing.notes.extend(counts.notes(&annotated.name));
    let images = annotated.file.images.iter().zip(pictures).zip(objects);
    images
        .filter_map(|((image, found), boxes)| {
            let found = found?;
            Some(Entry {
                name: found.name,
                id: Some(image.id),
                picture: Picture::File(found.path),
                stated: stated(image),
                labels: Labels::Boxes(boxes),
            })
        })
        .collect()
}

/// The file of each image; `None` where something is wrong with it.
fn pictures(
    annotated: &Annotated,
    finder: &Finder,
    problems: &mut Vec<Problem>,
) -> Vec<Option<Found>> {
    let images = &annotated.file.images;
    let folders: Vec<&str> = annotated.folders.iter().map(String::as_str).collect();
    let found: Vec<Option<Result<Found, Lost>>> = images
        .par_iter()
        .map(|image| Some(finder.find(image.file_name.as_deref()?, &folders)))
        .collect();
    let mut ids = HashSet::new();
    let mut pictures = Vec::with_capacity(images.len());
    for (index, found) in found.into_iter().enumerate() {
        let id = images[index].id;
        let wrong = if !ids.insert(id) {
            let what = format!("another image has the id {id} too");
            Err((Fault::BadLabel, what))
        } else {
            match found {
                Some(Ok(found)) => Ok(found),
                Some(Err(lost)) => Err((Fault::MissingPicture, lost.to_string())),
                None => Err((Fault::MissingPicture, "it has no file_name".to_string())),
            }
        };
        pictures.push(match wrong {
            Ok(found) => Some(found),
            Err((fault, what)) => {
                let place = match &images[index].file_name {
                    Some(name) => format!("{}: images[{index}] ({name})", annotated.name),
                    None => format!("{}: images[{index}]", annotated.name),
                };
                problems.push(Problem { fault, place, what });
                None
            }
        });
    }
    pictures
}

/// The numbers of an annotation's box, or what is wrong with the annotation.
fn checked(annotation: &CocoAnnotation) -> Result<[f64; 4], (Fault, String)> {
    if let Some(area) = annotation
        .area
        .filter(|area| !(0.0..f64::INFINITY).contains(area))
    {
        let what = format!("area is {}; expected a number of at least 0", short(area));
        return Err((Fault::BadLabel, what));
    }
    let numbers = annotation
        .bbox
        .numbers()
        .map_err(|what| (Fault::BadBox, format!("bbox: {what}")))?;
    let text = || format!("bbox [{}]", numbers.map(short).join(", "));
    if !numbers.iter().all(|number| number.is_finite()) {
        return Err((Fault::BadBox, format!("{} is not finite", text())));
    }
    if numbers[2] <= 0.0 || numbers[3] <= 0.0 {
        let what = format!("{} has no area: width and height must be above 0", text());
        return Err((Fault::BadBox, what));
    }
    Ok(numbers)
}

/// A number for people, without hundreds of digits.
fn short(number: f64) -> String {
    let plain = number == 0.0 || (1e-6..1e15).contains(&number.abs()) || !number.is_finite();
    if plain {
        number.to_string()
    } else {
        format!("{number:e}")
    }
}

/// `[height, width]` as the file states them, if a picture can have them.
fn stated(image: &CocoImage) -> Option<[usize; 2]> {
    let side = |side: Option<f64>| {
        let fits = |side: &f64| side.fract() == 0.0 && (1.0..=1e9).contains(side);
        side.filter(fits).map(|side| side as usize)
    };
    Some([side(image.height)?, side(image.width)?])
}

/// Counts for the notes about the boxes of a file.
#[derive(Default)]
struct Counts {
    boxes: usize,
    of_masks: usize,
    turned: usize,
    ids_again: usize,
    /// Boxes that reach beyond their picture, as its size is stated.
    beyond: usize,
    /// Boxes that would fit as corners.
    like_corners: usize,
}

impl Counts {
    fn add(&mut self, annotation: &CocoAnnotation, numbers: [f64; 4], image: &CocoImage) {
        /// Tools round.
        const ROUNDING: f64 = 1.0;
        self.boxes += 1;
        self.of_masks += usize::from(matches!(annotation.bbox, CocoBox::OfMask(_)));
        self.turned += usize::from(matches!(annotation.bbox, CocoBox::Turned { .. }));
        if let Some([height, width]) = stated(image) {
            let [x, y, right, bottom] = numbers;
            let (width, height) = (width as f64 + ROUNDING, height as f64 + ROUNDING);
            self.beyond += usize::from(x + right > width || y + bottom > height);
            let corners = right <= width && bottom <= height && right > x && bottom > y;
            self.like_corners += usize::from(corners);
        }
    }

    fn notes(&self, name: &str) -> Vec<String> {
        let mut notes = Vec::new();
        if self.of_masks > 0 {
            notes.push(format!(
                "{name}: annotations without a box: {}; each gets the box around its mask.",
                self.of_masks
            ));
        }
        if self.turned > 0 {
            notes.push(format!(
                "{name}: boxes turned by `attributes.rotation`: {}; each becomes the upright box around it.",
                self.turned
            ));
        }
        if self.ids_again > 0 {
            notes.push(format!(
                "{name}: annotations with the id of an earlier one: {}; each counts as an object.",
                self.ids_again
            ));
        }
        // One box beyond its picture is a slip; many, when nearly all would fit as corners, are a convention.
        if self.beyond > 0 && 10 * self.like_corners >= 9 * self.boxes {
            notes.push(format!(
                "{name}: the boxes look like corners [x1, y1, x2, y2]; COCO's are [x, y, width, height]."
            ));
        }
        notes
    }
}
