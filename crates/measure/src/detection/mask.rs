//! Masks as spans of pixels, counted down the columns as COCO counts them. Memory grows with the spans, never with the pixels.

mod polygon;
#[cfg(test)]
mod tests;

use super::shape::{Fault, Shape};

pub use polygon::polygon_bytes;

/// The pixels of an image that belong to an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mask {
    height: u32,
    width: u32,
    /// First pixel and the one after the last; ascending, none empty, none touching the next.
    spans: Box<[[u32; 2]]>,
    /// How many pixels are covered.
    covered: u32,
    /// The box around them: left, top, right, bottom; right and bottom excluded.
    hull: [u32; 4],
    /// See [`Mask::sized`].
    size: f64,
}

/// Why there is no such mask.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum MaskError {
    /// Pixels are counted in 32 bits, here and in pycocotools.
    #[error(
        "expected an image of at most {} pixels, found {height} x {width}",
        u32::MAX
    )]
    TooLarge {
        /// Rows.
        height: u32,
        /// Columns.
        width: u32,
    },
    /// The runs describe an image of another size.
    #[error(
        "expected run lengths that add up to {height} x {width} = {}, found {sum}",
        u64::from(*height) * u64::from(*width)
    )]
    Sum {
        /// Rows.
        height: u32,
        /// Columns.
        width: u32,
        /// What the runs add up to.
        sum: u64,
    },
    /// A list without polygons.
    #[error("expected at least one polygon, found none")]
    NoPolygon,
    /// It encloses nothing.
    #[error("expected at least 3 points (6 numbers), found {numbers} numbers")]
    FewPoints {
        /// Which polygon.
        polygon: usize,
        /// How many numbers it has.
        numbers: usize,
    },
    /// A point lacks its y.
    #[error("expected pairs of x and y, found {numbers} numbers, which is odd")]
    OddNumbers {
        /// Which polygon.
        polygon: usize,
        /// How many numbers it has.
        numbers: usize,
    },
    /// It is not finite, or so large that pycocotools' integers overflow.
    #[error("expected coordinates from {} to {}, found {found}", -polygon::FARTHEST, polygon::FARTHEST)]
    Coordinate {
        /// Which polygon.
        polygon: usize,
        /// The number at fault.
        found: f64,
    },
}

impl MaskError {
    /// The place of the polygon at fault, if it is one.
    pub fn polygon(&self) -> Option<usize> {
        match *self {
            Self::TooLarge { .. } | Self::Sum { .. } | Self::NoPolygon => None,
            Self::FewPoints { polygon, .. }
            | Self::OddNumbers { polygon, .. }
            | Self::Coordinate { polygon, .. } => Some(polygon),
        }
    }
}

impl Mask {
    /// The mask of run lengths down the columns, outside and inside by turns, outside first.
    ///
    /// ```
    /// use measure::detection::{Mask, Shape};
    /// // The right column of 2 x 2 pixels.
    /// let mask = Mask::from_runs([2, 2], &[2, 2])?;
    /// assert_eq!(mask.area(), 2.0);
    /// # Ok::<(), measure::detection::MaskError>(())
    /// ```
    ///
    /// # Errors
    /// [`MaskError::Sum`] unless the runs cover the image exactly; [`MaskError::TooLarge`].
    pub fn from_runs([height, width]: [u32; 2], runs: &[u32]) -> Result<Self, MaskError> {
        let pixels = pixels(height, width)?;
        let sum = runs.iter().map(|&run| u64::from(run)).sum();
        if sum != u64::from(pixels) {
            return Err(MaskError::Sum { height, width, sum });
        }
        let mut spans = Vec::with_capacity(runs.len() / 2);
        let mut start = 0;
        for (place, run) in runs.iter().enumerate() {
            let end = start + run;
            if place % 2 == 1 {
                push(&mut spans, [start, end]);
            }
            start = end;
        }
        Ok(Self::of_spans([height, width], spans))
    }

    /// The mask of polygons, `[x, y, x, y, ...]` in pixels each: every pixel that one of them covers by pycocotools' rules.
    /// Points may lie outside of the image.
    ///
    /// # Errors
    /// [`MaskError`] with the polygon at fault.
    pub fn from_polygons(
        [height, width]: [u32; 2],
        polygons: &[impl AsRef<[f64]>],
    ) -> Result<Self, MaskError> {
        pixels(height, width)?;
        if polygons.is_empty() {
            return Err(MaskError::NoPolygon);
        }
        let mut all = Vec::new();
        for (place, polygon) in polygons.iter().enumerate() {
            all.extend(polygon::spans([height, width], polygon.as_ref(), place)?);
        }
        all.sort_unstable();
        let mut spans = Vec::with_capacity(all.len());
        for span in all {
            push(&mut spans, span);
        }
        Ok(Self::of_spans([height, width], spans))
    }

    /// The same mask, counted as small, medium or large by another area than its own. pycocotools takes the area of the box
    /// where detections have boxes and masks.
    pub fn sized(self, size: f64) -> Self {
        Self { size, ..self }
    }

    /// Rows and columns of the image.
    pub fn image_size(&self) -> [u32; 2] {
        [self.height, self.width]
    }

    /// Run lengths down the columns, outside and inside by turns, outside first.
    pub fn runs(&self) -> Vec<u32> {
        let mut runs = Vec::with_capacity(2 * self.spans.len() + 1);
        let mut end = 0;
        for &[start, next] in &self.spans {
            runs.extend([start - end, next - start]);
            end = next;
        }
        let pixels = self.height * self.width;
        if end < pixels {
            runs.push(pixels - end);
        }
        runs
    }

    fn of_spans([height, width]: [u32; 2], spans: Vec<[u32; 2]>) -> Self {
        let covered = spans.iter().map(|[start, end]| end - start).sum();
        let mut hull = [u32::MAX, u32::MAX, 0, 0];
        for [start, end] in &spans {
            let (first, last) = (start / height, (end - 1) / height);
            // A span that goes on in the next column goes through the last row and the first.
            let (top, bottom) = if first == last {
                (start % height, (end - 1) % height + 1)
            } else {
                (0, height)
            };
            let [left, highest, right, lowest] = hull;
            hull = [
                left.min(first),
                highest.min(top),
                right.max(last + 1),
                lowest.max(bottom),
            ];
        }
        Self {
            height,
            width,
            spans: spans.into(),
            covered,
            hull,
            size: f64::from(covered),
        }
    }

    /// How many pixels two masks have in common: none in images of different sizes.
    fn shared(&self, other: &Self) -> u64 {
        let [left, top, right, bottom] = self.hull;
        let [other_left, other_top, other_right, other_bottom] = other.hull;
        let apart = left.max(other_left) >= right.min(other_right)
            || top.max(other_top) >= bottom.min(other_bottom);
        if apart || self.image_size() != other.image_size() {
            return 0;
        }
        let mut ours = from(&self.spans, other.spans[0][0]);
        let mut theirs = from(&other.spans, self.spans[0][0]);
        let mut shared = 0;
        while let (Some(&[start, end]), Some(&[other_start, other_end])) =
            (ours.first(), theirs.first())
        {
            shared += u64::from(end.min(other_end).saturating_sub(start.max(other_start)));
            if end <= other_end {
                ours = &ours[1..];
            } else {
                theirs = &theirs[1..];
            }
        }
        shared
    }
}

/// The spans that end after `pixel`.
fn from(spans: &[[u32; 2]], pixel: u32) -> &[[u32; 2]] {
    &spans[spans.partition_point(|[_, end]| *end <= pixel)..]
}

impl Shape for Mask {
    fn area(&self) -> f64 {
        self.size
    }

    fn overlap(&self, truth: &Self, crowd: bool) -> f64 {
        let shared = self.shared(truth);
        if shared == 0 {
            return 0.0;
        }
        let covered = u64::from(self.covered);
        let whole = if crowd {
            covered
        } else {
            covered + u64::from(truth.covered) - shared
        };
        shared as f64 / whole as f64
    }

    /// A mask is checked when it is made.
    fn fault(&self, _lenient: bool) -> Option<Fault> {
        None
    }
}

/// How many pixels there are.
fn pixels(height: u32, width: u32) -> Result<u32, MaskError> {
    let too_large = MaskError::TooLarge { height, width };
    height.checked_mul(width).ok_or(too_large)
}

/// Appends a span that starts no earlier than those before: empty ones are left out, those that touch become one.
fn push(spans: &mut Vec<[u32; 2]>, [start, end]: [u32; 2]) {
    match spans.last_mut() {
        _ if start >= end => {}
        Some(last) if start <= last[1] => last[1] = last[1].max(end),
        _ => spans.push([start, end]),
    }
}
