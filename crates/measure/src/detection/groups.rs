//! Checks boxes or masks and sorts them into classes and images.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::accumulate::{CategoryShapes, falling};
use super::error::{CocoError, List};
use super::shape::{Fault, Shape};
use super::{Category, Detection, GroundTruth, Truth};

/// Boxes by class; images are named by their place among the sorted ids, as ties between scores need.
pub(super) struct Groups<'a, S> {
    /// How many images there are.
    pub images: usize,
    /// Classes by id.
    pub categories: Vec<CategoryGroup<'a, S>>,
}

/// The boxes of a class in file order, each with its image.
pub(super) struct CategoryGroup<'a, S> {
    pub category: &'a Category,
    truths: Vec<(usize, &'a Truth<S>)>,
    detections: Vec<(usize, &'a Detection<S>)>,
}

impl<'a, S: Shape> Groups<'a, S> {
    /// With `lenient`, boxes of unknown images (truths only) or classes are dropped, sizes may be negative, and truths are
    /// [`looked_up`].
    pub fn new(
        ground_truth: &'a GroundTruth<S>,
        detections: &'a [Detection<S>],
        lenient: bool,
    ) -> Result<Self, CocoError> {
        let mut ids = ground_truth.images.clone();
        ids.sort_unstable();
        ids.dedup();
        let places: HashMap<i64, usize> = ids
            .iter()
            .enumerate()
            .map(|(place, &id)| (id, place))
            .collect();

        // A map: an id that is listed twice is one class, and the classes come out sorted.
        let classes: BTreeMap<i64, &Category> =
            ground_truth.categories.iter().map(|c| (c.id, c)).collect();
        let mut categories: Vec<CategoryGroup<S>> = classes
            .values()
            .map(|category| CategoryGroup {
                category,
                truths: vec![],
                detections: vec![],
            })
            .collect();
        let class_of: HashMap<i64, usize> = classes
            .keys()
            .enumerate()
            .map(|(place, &id)| (id, place))
            .collect();

        for (index, truth) in ground_truth.truths.iter().enumerate() {
            let error = error(List::Annotations, index);
            if let Some(fault) = truth.bounds.fault(lenient) {
                let Fault {
                    field,
                    expected,
                    found,
                } = fault;
                return Err(error(field, expected, &found));
            }
            if !truth.area.is_finite() || (truth.area < 0.0 && !lenient) {
                let expected = "a finite number that is not negative";
                return Err(error("area", expected, &truth.area));
            }
            match (places.get(&truth.image), class_of.get(&truth.category)) {
                _ if lenient => {}
                (Some(&place), Some(&class)) => categories[class].truths.push((place, truth)),
                (None, _) => {
                    let expected = "the id of an image listed in `images`";
                    return Err(error("image_id", expected, &truth.image));
                }
                (Some(_), None) => {
                    let expected = "the id of a class listed in `categories`";
                    return Err(error("category_id", expected, &truth.category));
                }
            }
        }
        if lenient {
            let known = |truth: &Truth<S>| {
                let place = *places.get(&truth.image)?;
                Some((place, *class_of.get(&truth.category)?))
            };
            for truth in looked_up(&ground_truth.truths, known) {
                if let Some((place, class)) = known(truth) {
                    categories[class].truths.push((place, truth));
                }
            }
        }
        for (index, detection) in detections.iter().enumerate() {
            let error = error(List::Detections, index);
            if let Some(fault) = detection.bounds.fault(lenient) {
                let Fault {
                    field,
                    expected,
                    found,
                } = fault;
                return Err(error(field, expected, &found));
            }
            if !detection.score.is_finite() {
                return Err(error("score", "a finite number", &detection.score));
            }
            let class = class_of.get(&detection.category);
            match (places.get(&detection.image), class) {
                (Some(&place), Some(&class)) => {
                    categories[class].detections.push((place, detection));
                }
                (None, _) => {
                    let expected = "the id of an image of the ground truth";
                    return Err(error("image_id", expected, &detection.image));
                }
                (Some(_), None) if lenient => {}
                (Some(_), None) => {
                    let expected = "the id of a class of the ground truth";
                    return Err(error("category_id", expected, &detection.category));
                }
            }
        }
        Ok(Self {
            images: ids.len(),
            categories,
        })
    }
}

/// The truths as pycocotools takes them. It lists the ids of the annotations of each known image and class, image by image,
/// and then looks every id up in a table that holds the last annotation of each: of several with one id the last comes
/// several times, in its own image and class, and the others never.
fn looked_up<S>(
    truths: &[Truth<S>],
    known: impl Fn(&Truth<S>) -> Option<(usize, usize)>,
) -> Vec<&Truth<S>> {
    let last: HashMap<i64, &Truth<S>> = truths.iter().map(|truth| (truth.id, truth)).collect();
    let mut listed: Vec<(usize, &Truth<S>)> = truths
        .iter()
        .filter_map(|truth| Some((known(truth)?.0, truth)))
        .collect();
    listed.sort_by_key(|&(place, _)| place);
    listed
        .iter()
        .filter_map(|(_, truth)| last.get(&truth.id).copied())
        .collect()
}

/// Makes errors about an entry of the field, what is expected there and what is found.
fn error(
    list: List,
    index: usize,
) -> impl Fn(&'static str, &'static str, &dyn fmt::Display) -> CocoError {
    move |field, expected, found| CocoError {
        list,
        index,
        field,
        expected,
        found: found.to_string(),
    }
}

impl<'a, S> CategoryGroup<'a, S> {
    /// The boxes in the order that matching needs. Stable sorts: equal scores stay in file order.
    pub fn sorted(&self) -> CategoryShapes<'a, S> {
        let mut truths = self.truths.clone();
        let mut detections = self.detections.clone();
        truths.sort_by_key(|&(place, _)| place);
        detections.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| falling(a.1.score, b.1.score)));
        CategoryShapes { truths, detections }
    }
}
