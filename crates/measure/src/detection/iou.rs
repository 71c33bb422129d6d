//! Boxes as COCO files write them, and their overlap.

use super::Truth;

/// A box as COCO files write it: left top corner and size, in pixels, continuous (no `+ 1` anywhere).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Xywh {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width, right edge minus left edge.
    pub width: f64,
    /// Height, bottom edge minus top edge.
    pub height: f64,
}

impl Xywh {
    /// The box between two corners, right and bottom excluded.
    pub fn from_corners([left, top, right, bottom]: [f64; 4]) -> Self {
        Self {
            x: left,
            y: top,
            width: right - left,
            height: bottom - top,
        }
    }

    /// Width times height.
    pub fn area(self) -> f64 {
        self.width * self.height
    }

    fn intersection(self, other: Self) -> f64 {
        let width = (self.x + self.width).min(other.x + other.width) - self.x.max(other.x);
        let height = (self.y + self.height).min(other.y + other.height) - self.y.max(other.y);
        if width <= 0.0 || height <= 0.0 {
            0.0
        } else {
            width * height
        }
    }
}

impl From<[f64; 4]> for Xywh {
    fn from([x, y, width, height]: [f64; 4]) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }
}

/// Intersection over union; 0 where the union is empty.
///
/// ```
/// use measure::detection::{Xywh, iou};
/// let (a, b) = (Xywh::from([0., 0., 2., 2.]), Xywh::from([1., 1., 2., 2.]));
/// assert_eq!(iou(a, b), 1.0 / 7.0);
/// ```
pub fn iou(a: Xywh, b: Xywh) -> f64 {
    let shared = a.intersection(b);
    share(shared, a.area() + b.area() - shared)
}

/// How much of a detection lies inside a crowd: intersection over the detection's own area.
pub fn crowd_overlap(detection: Xywh, crowd: Xywh) -> f64 {
    share(detection.intersection(crowd), detection.area())
}

/// The overlap that decides a match: [`crowd_overlap`] for a crowd, [`iou`] for anything else.
pub(super) fn overlap(detection: Xywh, truth: &Truth) -> f64 {
    if truth.crowd {
        crowd_overlap(detection, truth.bounds)
    } else {
        iou(detection, truth.bounds)
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if part > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests;
