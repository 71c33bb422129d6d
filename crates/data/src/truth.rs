//! The annotated boxes of one image, and the check that each has an area.
//!
//! 'truth' is annotated; K classes without background, numbered from 0.

use kernels::boxes::Xyxy;
use thiserror::Error;

/// An object as training sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    /// Where it is, pixels of the image.
    pub bounds: Xyxy,
    /// What it is, 0..K without background.
    pub class: usize,
}

/// An annotated object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Object {
    /// Where it is, pixels of the image.
    pub bounds: Xyxy,
    /// What it is, an index into the classes.
    pub class: usize,
    /// Square pixels: COCO's figures sort objects by it. In COCO's own files it is the area of the mask.
    pub area: f64,
    /// Whether it stands for a group: training skips it, and detections of it are never wrong.
    pub crowd: bool,
}

/// An annotated box that has no area or is not a number; trained on, it would turn the loss into NaN.
#[derive(Clone, Debug, Error, PartialEq)]
#[error(
    "image {image}, object {index}: the box x1={}, y1={}, x2={}, y2={} has no area or is not finite; \
     boxes are corners (x1, y1, x2, y2) with x1 < x2 and y1 < y2, not a corner with width and height",
    bounds.x1, bounds.y1, bounds.x2, bounds.y2
)]
pub struct BadTruth {
    /// The image, as the caller numbers them.
    pub image: usize,
    /// The box within the image.
    pub index: usize,
    /// The box itself.
    pub bounds: Xyxy,
}

/// The boxes of `truths`, all of them finite and with an area.
///
/// # Errors
/// The first box that is not, with `image` and its index.
pub fn checked_boxes(image: usize, truths: &[Truth]) -> Result<Vec<Xyxy>, BadTruth> {
    let check = |(index, truth): (usize, &Truth)| {
        let bounds = truth.bounds;
        if bounds.is_finite() && bounds.width() > 0.0 && bounds.height() > 0.0 {
            Ok(bounds)
        } else {
            Err(BadTruth {
                image,
                index,
                bounds,
            })
        }
    };
    truths.iter().enumerate().map(check).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_boxes_are_named() {
        let cases = [
            ("no width", [4., 4., 4., 9.]),
            ("reversed", [4., 9., 8., 4.]),
            ("width and height for a corner", [20., 20., 8., 8.]),
            ("NaN", [f32::NAN, 0., 1., 1.]),
            ("infinite", [0., 0., f32::INFINITY, 1.]),
        ];
        let good = Truth {
            bounds: Xyxy::new(0., 0., 2., 2.),
            class: 3,
        };
        for (name, corners) in cases {
            let bad = Truth {
                bounds: corners.into(),
                class: 0,
            };
            let Err(error) = checked_boxes(7, &[good, bad, bad]) else {
                panic!("{name}: accepted")
            };
            assert_eq!((error.image, error.index), (7, 1), "{name}");
            assert!(
                error
                    .to_string()
                    .starts_with("image 7, object 1: the box x1="),
                "{name}: {error}"
            );
        }
        assert_eq!(checked_boxes(0, &[good]), Ok(vec![good.bounds]));
        assert_eq!(checked_boxes(0, &[]), Ok(vec![]));
    }
}
