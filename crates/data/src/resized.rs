//! Pictures in their own proportions as a network sees them, and boxes between the two.
//!
//! As torchvision's `GeneralizedRCNNTransform`: bilinear, half-pixel centres, no antialiasing, each side by its own ratio.

use kernels::boxes::Xyxy;
use recipe::Sides;

/// A picture that was resized for a network, without the padding behind it. Sizes are `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resized {
    /// Of the picture.
    pub from: [usize; 2],
    /// In the network's input.
    pub to: [usize; 2],
}

impl Resized {
    /// A picture of size `from`.
    pub fn new(sides: Sides, from: [usize; 2]) -> Self {
        let to = sides.resized(from);
        Self { from, to }
    }

    /// A box of the picture in pixels of the input.
    pub fn forth(&self, bounds: Xyxy) -> Xyxy {
        scaled(bounds, self.from, self.to)
    }

    /// A box of the input in pixels of the picture.
    pub fn back(&self, bounds: Xyxy) -> Xyxy {
        scaled(bounds, self.to, self.from)
    }
}

fn scaled(b: Xyxy, from: [usize; 2], to: [usize; 2]) -> Xyxy {
    let [y, x] = [0, 1].map(|axis| to[axis] as f32 / from[axis].max(1) as f32);
    Xyxy::new(b.x1 * x, b.y1 * y, b.x2 * x, b.y2 * y)
}

/// Copies an image `[C, H, W]` of `size` into the upper left corner of one of the size `room`.
pub fn pad(values: &[f32], size: [usize; 2], room: [usize; 2], padded: &mut [f32]) {
    let planes = values.chunks_exact((size[0] * size[1]).max(1));
    for (plane, padded) in planes.zip(padded.chunks_exact_mut((room[0] * room[1]).max(1))) {
        let rows = plane.chunks_exact(size[1].max(1));
        for (row, padded) in rows.zip(padded.chunks_exact_mut(room[1].max(1))) {
            padded[..size[1]].copy_from_slice(row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_go_forth_and_back_by_the_ratio_of_each_side() {
        let resized = Resized {
            from: [100, 50],
            to: [201, 99],
        };
        let bounds = Xyxy::new(10.0, 20.0, 50.0, 100.0);
        let there = resized.forth(bounds);
        assert_eq!([there.x2, there.y2], [99.0, 201.0]);
        let back: [f32; 4] = resized.back(there).into();
        for (found, expected) in back.into_iter().zip(<[f32; 4]>::from(bounds)) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }
}
