//! Boxes that are odd though nothing is wrong with them.

use kernels::boxes::Xyxy;
use recipe::{Colour, InputSize};

use super::checkup::{Example, Finding, Kind};
use super::facts::Facts;
use super::material::{EXAMPLES, Material};
use crate::image::Fitter;
use crate::listing::Labels;

/// Pixels of the network's input: a box with a shorter side is tiny.
const TINY: f64 = 4.0;
/// Boxes of one class that overlap more are one object.
const SAME: f32 = 0.95;

/// Tiny boxes, doubled boxes, and pictures without any.
pub(super) fn findings(material: &Material, input: &recipe::Image) -> Vec<Finding> {
    let [height, width] = input.size.map_or([1, 1], InputSize::nominal);
    let fitter = Fitter::new(input, Colour::Grey, [height, width]);
    let mut tiny = Tally::default();
    let mut doubled = Tally::default();
    let mut without = Vec::new();
    for (index, facts) in material.facts() {
        let Labels::Boxes(boxes) = &material.entries[index].labels else {
            continue;
        };
        if boxes.is_empty() {
            without.push(index);
        }
        let [down, across] = fitter.scale(facts.size);
        for (number, placed) in facts.boxes.iter().enumerate() {
            let (Ok(([x1, y1, x2, y2], _)), false) = (placed, boxes[number].crowd) else {
                continue;
            };
            let [w, h] = [(x2 - x1) * across, (y2 - y1) * down];
            if w.min(h) < TINY {
                tiny.add(material, index, number, || {
                    format!("{w:.1} x {h:.1} pixels in an input of {width} x {height}")
                });
            }
        }
        for (number, first) in doubled_boxes(material, index, facts) {
            doubled.add(material, index, number, || {
                format!("box {number} is on box {first} (counted from 0)")
            });
        }
    }
    let nothing = |_| "no box".to_string();
    vec![
        Finding::new(Kind::TinyBoxes, tiny.count, tiny.examples),
        Finding::new(Kind::DoubledBoxes, doubled.count, doubled.examples),
        Finding::new(
            Kind::NoObjects,
            without.len(),
            material.examples(&without, nothing),
        ),
    ]
}

/// Boxes that lie on an earlier box of the same class, each with that earlier box.
pub(super) fn doubled_boxes(
    material: &Material,
    index: usize,
    facts: &Facts,
) -> Vec<(usize, usize)> {
    let Labels::Boxes(labelled) = &material.entries[index].labels else {
        return Vec::new();
    };
    let bounds: Vec<Option<Xyxy>> = facts
        .boxes
        .iter()
        .zip(labelled)
        .map(|(placed, labelled)| {
            let (corners, _) = placed.as_ref().ok()?;
            (!labelled.crowd).then(|| corners.map(|edge| edge as f32).into())
        })
        .collect();
    let mut doubled = Vec::new();
    for (second, bounds_of_second) in bounds.iter().enumerate() {
        let Some(of_second) = bounds_of_second else {
            continue;
        };
        let earlier = bounds[..second]
            .iter()
            .enumerate()
            .find(|(first, of_first)| {
                labelled[*first].class == labelled[second].class
                    && of_first.is_some_and(|of_first| of_first.iou(*of_second) > SAME)
            });
        doubled.extend(earlier.map(|(first, _)| (second, first)));
    }
    doubled
}

/// A count with the first few.
#[derive(Default)]
struct Tally {
    count: usize,
    examples: Vec<Example>,
}

impl Tally {
    fn add(&mut self, material: &Material, index: usize, number: usize, what: impl Fn() -> String) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(Example {
                pictures: vec![material.shown(index, Some(number))],
                what: what(),
            });
        }
    }
}
