//! Boxes as COCO files write them, and their overlap.

use super::shape::{Fault, Shape};

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

impl Shape for Xywh {
    fn area(&self) -> f64 {
        Xywh::area(*self)
    }

    fn overlap(&self, truth: &Self, crowd: bool) -> f64 {
        if crowd {
            crowd_overlap(*self, *truth)
        } else {
            iou(*self, *truth)
        }
    }

    fn fault(&self, lenient: bool) -> Option<Fault> {
        let fault = |expected, found| Fault {
            field: "bbox",
            expected,
            found,
        };
        let mut numbers = [self.x, self.y, self.width, self.height].into_iter();
        if let Some(number) = numbers.find(|number| !number.is_finite()) {
            return Some(fault("finite numbers", number));
        }
        let negative = [self.width, self.height]
            .into_iter()
            .find(|&side| side < 0.0);
        negative.filter(|_| !lenient).map(|side| {
            fault(
                "[x, y, width, height] with a width and height of at least 0",
                side,
            )
        })
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if part > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests;
