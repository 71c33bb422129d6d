//! A survey of a source: how many pictures of which sizes and classes it has, and how large its objects are.
//!
//! Only headers of pictures are read; for large sources, only a sample of them.

use std::collections::HashMap;

use rayon::prelude::*;
use recipe::{BoxShape, Survey, SurveyedClass, SurveyedObjects};

use crate::listing::{Entry, LabelledBox, Labels, Listing, Picture, Unit};
use crate::prepare::header;

/// Pictures whose headers are read.
const HEADERS: usize = 5000;
/// Boxes that are kept.
const BOXES: usize = 10_000;

/// A survey of the training pictures. `source` is what a recipe calls the listed source; `format` is what the user
/// has asked for.
pub fn survey(listing: &Listing, source: &str, format: recipe::Format) -> Survey {
    let train = &listing.train;
    let step = train.len().div_ceil(HEADERS).max(1);
    let seen: Vec<Seen<'_>> = train
        .par_iter()
        .step_by(step)
        .filter_map(Seen::of)
        .collect();
    let sizes: Vec<[usize; 2]> = seen.iter().map(|it| it.size).collect();
    let in_colour = seen.iter().filter(|it| it.colour).count();
    let is_annotated = |entry: &Entry| matches!(entry.labels, Labels::Boxes(_));
    Survey {
        source: source.to_string(),
        format,
        train: train.len(),
        validation: listing.validation.as_ref().map(Vec::len),
        test: listing.test.as_ref().map(Vec::len),
        classes: classes(listing),
        colour: in_colour as f64 / seen.len().max(1) as f64,
        size: [0, 1].map(|axis| median(sizes.iter().map(|size| size[axis]).collect())),
        same_size: share_of_most_frequent(&sizes),
        aspects: aspects(&sizes),
        arrays: !train.is_empty()
            && train
                .iter()
                .all(|entry| matches!(entry.picture, Picture::Pixels { .. })),
        objects: train
            .iter()
            .any(is_annotated)
            .then(|| objects(train, &seen)),
        problems: listing.problems.len(),
    }
}

/// A picture whose header could be read.
struct Seen<'a> {
    entry: &'a Entry,
    colour: bool,
    /// `[height, width]`, upright.
    size: [usize; 2],
}

impl<'a> Seen<'a> {
    fn of(entry: &'a Entry) -> Option<Self> {
        let (colour, size) = header(entry)?;
        let is_empty = size.contains(&0);
        (!is_empty).then_some(Self {
            entry,
            colour,
            size,
        })
    }
}

/// Annotated objects that stand for themselves.
fn single(entry: &Entry) -> impl Iterator<Item = &LabelledBox> {
    let boxes = match &entry.labels {
        Labels::Boxes(boxes) => boxes.as_slice(),
        Labels::Class(_) => &[],
    };
    boxes.iter().filter(|it| !it.crowd)
}

fn classes(listing: &Listing) -> Vec<SurveyedClass> {
    let mut counts = vec![0; listing.classes.len()];
    for entry in &listing.train {
        let class = match entry.labels {
            Labels::Class(class) => Some(class),
            Labels::Boxes(_) => None,
        };
        for class in class.into_iter().chain(single(entry).map(|it| it.class)) {
            if let Some(count) = counts.get_mut(class) {
                *count += 1;
            }
        }
    }
    let names = listing.classes.iter().map(|class| class.name.clone());
    names
        .zip(counts)
        .map(|(name, count)| SurveyedClass { name, count })
        .collect()
}

fn objects(train: &[Entry], seen: &[Seen<'_>]) -> SurveyedObjects {
    let counts = || train.iter().map(|entry| single(entry).count());
    let boxes: Vec<BoxShape> = seen
        .iter()
        .flat_map(|it| single(it.entry).filter_map(|labelled| shape(labelled, it.size)))
        .collect();
    let step = boxes.len().div_ceil(BOXES).max(1);
    SurveyedObjects {
        count: counts().sum(),
        most_per_picture: counts().max().unwrap_or(0),
        boxes: boxes.into_iter().step_by(step).collect(),
    }
}

/// The part of a box that lies on the picture, if any.
fn shape(labelled: &LabelledBox, size: [usize; 2]) -> Option<BoxShape> {
    let picture = size.map(|side| side as f64);
    let [x1, y1, x2, y2] = labelled.corners;
    let scale = match labelled.unit {
        Unit::Pixels => [1.0, 1.0],
        Unit::Fractions => picture,
    };
    let side = |axis: usize, from: f64, to: f64| {
        let within = |place: f64| (place * scale[axis]).clamp(0.0, picture[axis]);
        within(to) - within(from)
    };
    let size = [side(0, y1, y2), side(1, x1, x2)];
    // False for NaN too.
    let has_area = size.iter().all(|side| *side > 0.0);
    has_area.then_some(BoxShape { size, picture })
}

fn median(mut sides: Vec<usize>) -> usize {
    sides.sort_unstable();
    sides.get(sides.len() / 2).copied().unwrap_or(1)
}

fn share_of_most_frequent(sizes: &[[usize; 2]]) -> f64 {
    let mut counts: HashMap<[usize; 2], usize> = HashMap::new();
    for size in sizes {
        *counts.entry(*size).or_default() += 1;
    }
    let most = counts.values().max().copied().unwrap_or(0);
    most as f64 / sizes.len().max(1) as f64
}

/// The first and the last decile of widths divided by heights.
fn aspects(sizes: &[[usize; 2]]) -> [f64; 2] {
    let mut aspects: Vec<f64> = sizes
        .iter()
        .map(|[height, width]| *width as f64 / *height as f64)
        .collect();
    aspects.sort_by(f64::total_cmp);
    let last = aspects.len().saturating_sub(1);
    [last / 10, last - last / 10].map(|place| aspects.get(place).copied().unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::listing::{Class, Pixels};

    fn arrays(size: [usize; 2], labels: Vec<Labels>) -> Vec<Entry> {
        let pixels = Arc::new(Pixels {
            values: vec![0; labels.len() * size[0] * size[1]],
            count: labels.len(),
            channels: 1,
            height: size[0],
            width: size[1],
        });
        labels
            .into_iter()
            .enumerate()
            .map(|(index, labels)| Entry {
                name: format!("row {index}"),
                id: None,
                picture: Picture::Pixels {
                    all: pixels.clone(),
                    index,
                },
                stated: None,
                labels,
            })
            .collect()
    }

    fn labelled(corners: [f64; 4], unit: Unit) -> LabelledBox {
        LabelledBox {
            corners,
            unit,
            class: 1,
            area: None,
            crowd: false,
            place: String::new(),
        }
    }

    fn surveyed(train: Vec<Entry>) -> Survey {
        let listing = Listing {
            classes: ["cat", "dog"].map(Class::named).to_vec(),
            train,
            ..Listing::default()
        };
        survey(&listing, "here", recipe::Format::Auto)
    }

    #[test]
    fn classes_and_sizes_are_counted() {
        let mut train = arrays([20, 10], [0, 1, 1].map(Labels::Class).to_vec());
        train.extend(arrays([28, 28], vec![Labels::Class(1)]));
        let found = surveyed(train);
        let counts: Vec<usize> = found.classes.iter().map(|class| class.count).collect();
        assert_eq!(counts, [1, 3]);
        assert_eq!((found.train, found.size), (4, [20, 10]));
        assert_eq!(found.same_size, 0.75);
        assert_eq!(found.aspects, [0.5, 1.0]);
        assert!(found.arrays && found.objects.is_none());
        assert_eq!(found.colour, 0.0);
    }

    #[test]
    fn boxes_are_measured_on_the_picture() {
        let crowd = LabelledBox {
            crowd: true,
            ..labelled([0.0, 0.0, 9.0, 9.0], Unit::Pixels)
        };
        let boxes = vec![
            labelled([1.0, 2.0, 5.0, 10.0], Unit::Pixels),
            labelled([0.5, 0.5, 1.5, 1.0], Unit::Fractions),
            labelled([3.0, 3.0, 3.0, 9.0], Unit::Pixels),
            labelled([f64::NAN, 3.0, 3.0, 9.0], Unit::Pixels),
            crowd,
        ];
        let labels = vec![Labels::Boxes(boxes), Labels::Boxes(Vec::new())];
        let found = surveyed(arrays([40, 20], labels)).objects.unwrap();
        assert_eq!((found.count, found.most_per_picture), (4, 4));
        let sizes: Vec<[f64; 2]> = found.boxes.iter().map(|shape| shape.size).collect();
        assert_eq!(sizes, [[8.0, 4.0], [20.0, 10.0]]);
        assert_eq!(found.deciles()[0][0], 0.2);
    }

    #[test]
    fn nothing_is_surveyed_without_a_panic() {
        let found = surveyed(Vec::new());
        assert_eq!((found.train, found.size), (0, [1, 1]));
        assert!(!found.arrays);
    }
}
