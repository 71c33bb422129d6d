//! What a truth and a detection can be: a box or a mask.

/// A box or a mask.
pub trait Shape: Sync {
    /// The size in square pixels, which decides whether a detection is small, medium or large.
    fn area(&self) -> f64;

    /// How well a detection fits a truth, from 0 to 1: intersection over union, or over the detection's own area if the
    /// truth is a crowd.
    fn overlap(&self, truth: &Self, crowd: bool) -> f64;

    /// What makes no sense, or `None`. With `lenient`, what pycocotools passes over makes sense.
    fn fault(&self, lenient: bool) -> Option<Fault>;
}

/// Something in a shape that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault {
    /// The field of COCO's files that says so.
    pub field: &'static str,
    /// What should stand there.
    pub expected: &'static str,
    /// What stands there.
    pub found: f64,
}
