//! Boxes as corners, with the one definition of area, overlap and clipping that everything else uses.

/// A box by its corners in continuous pixel coordinates; right and bottom are excluded, so `width = x2 - x1` without a
/// `+ 1`, and the box of pixel column 3 alone spans x from 3 to 4.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Xyxy {
    /// Left edge, pixels.
    pub x1: f32,
    /// Top edge, pixels.
    pub y1: f32,
    /// Right edge (excluded), pixels.
    pub x2: f32,
    /// Bottom edge (excluded), pixels.
    pub y2: f32,
}

impl Xyxy {
    /// The box with these corners.
    pub const fn new(x1: f32, y1: f32, x2: f32, y2: f32) -> Self {
        Self { x1, y1, x2, y2 }
    }

    /// `[x, y, width, height]`: COCO's order.
    pub fn to_xywh(self) -> [f32; 4] {
        [self.x1, self.y1, self.width(), self.height()]
    }

    /// `x2 - x1`, negative for a reversed box.
    pub fn width(self) -> f32 {
        self.x2 - self.x1
    }

    /// `y2 - y1`, negative for a reversed box.
    pub fn height(self) -> f32 {
        self.y2 - self.y1
    }

    /// Width times height, in square pixels.
    pub fn area(self) -> f32 {
        self.width() * self.height()
    }

    /// Intersection over union, 0 to 1; NaN for two boxes without area at the same place.
    ///
    /// ```
    /// use kernels::boxes::Xyxy;
    /// let (a, b) = (Xyxy::new(0., 0., 2., 2.), Xyxy::new(1., 1., 3., 3.));
    /// assert_eq!(a.iou(b), 1. / 7.);
    /// ```
    #[inline]
    pub fn iou(self, other: Self) -> f32 {
        let width = (self.x2.min(other.x2) - self.x1.max(other.x1)).max(0.0);
        let height = (self.y2.min(other.y2) - self.y1.max(other.y1)).max(0.0);
        let intersection = width * height;
        intersection / (self.area() + other.area() - intersection)
    }

    /// The part of the box inside an image of `[height, width]` pixels; a box outside the image
    /// loses its area. NaN stays NaN.
    pub fn clip(self, [height, width]: [usize; 2]) -> Self {
        let (height, width) = (height as f32, width as f32);
        Self {
            x1: self.x1.clamp(0.0, width),
            y1: self.y1.clamp(0.0, height),
            x2: self.x2.clamp(0.0, width),
            y2: self.y2.clamp(0.0, height),
        }
    }

    /// Whether width and height are both at least `side` pixels; false with NaN.
    pub fn has_sides(self, side: f32) -> bool {
        self.width() >= side && self.height() >= side
    }

    /// Whether no corner is NaN or infinite.
    pub fn is_finite(self) -> bool {
        <[f32; 4]>::from(self).iter().all(|v| v.is_finite())
    }
}

impl From<[f32; 4]> for Xyxy {
    fn from([x1, y1, x2, y2]: [f32; 4]) -> Self {
        Self::new(x1, y1, x2, y2)
    }
}

impl From<Xyxy> for [f32; 4] {
    fn from(b: Xyxy) -> Self {
        [b.x1, b.y1, b.x2, b.y2]
    }
}

/// The smallest box around every cell of `mask` (`[height, width]`, row by row) that is above zero or `true`; `None`
/// when no cell is.
///
/// # Panics
/// When the length of `mask` is not a multiple of `width`.
pub fn tight_box<T: PartialOrd + Default>(mask: &[T], width: usize) -> Option<Xyxy> {
    if mask.is_empty() {
        return None;
    }
    assert_eq!(
        mask.len() % width,
        0,
        "mask of {} cells, rows of {width}",
        mask.len()
    );
    let zero = T::default();
    // [left, top, right, bottom], right and bottom excluded.
    let mut bounds: Option<[usize; 4]> = None;
    for (y, row) in mask.chunks_exact(width).enumerate() {
        let Some(first) = row.iter().position(|v| *v > zero) else {
            continue;
        };
        let last = row.iter().rposition(|v| *v > zero).unwrap_or(first);
        let [left, top, right, _] = bounds.unwrap_or([first, y, last + 1, y + 1]);
        bounds = Some([left.min(first), top, right.max(last + 1), y + 1]);
    }
    bounds.map(|[left, top, right, bottom]| {
        Xyxy::new(left as f32, top as f32, right as f32, bottom as f32)
    })
}

#[cfg(test)]
mod tests;
