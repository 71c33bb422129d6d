//! Pictures in their own proportions as a network sees them, and boxes between the two.
//!
//! As torchvision's `GeneralizedRCNNTransform`: bilinear, half-pixel centres, no antialiasing, each side by its own ratio.

use kernels::boxes::Xyxy;
use recipe::{Image, Sides};

use crate::preparation::scale_and_shift;
use crate::resize::Resizer;

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

    /// The network's values for the picture's `pixels`, `[C, H, W]`.
    pub fn values(&self, image: &Image, pixels: &[u8]) -> Vec<f32> {
        let [height, width] = self.from;
        let resizer = Resizer::bilinear(self.from, self.to);
        let planes = pixels.chunks_exact((height * width).max(1)).enumerate();
        let values = planes.flat_map(|(channel, plane)| {
            let (scale, shift) = scale_and_shift(image, channel);
            let plane = resizer.resize_plane(plane).into_iter();
            plane.map(move |value| value * scale + shift)
        });
        values.collect()
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

    /// torch 2.15: interpolate(x, (4, 2), mode="bilinear", align_corners=False) of [[0, 100, 40], [200, 60, 255]].
    #[test]
    fn pixels_are_interpolated_as_torch_does() {
        let resized = Resized {
            from: [2, 3],
            to: [4, 2],
        };
        let image = Image {
            std: recipe::PerChannel::Same(1.0 / 255.0),
            ..Image::default()
        };
        let values = resized.values(&image, &[0, 100, 40, 200, 60, 255]);
        let expected = [25.0, 55.0, 60.0, 92.8125, 130.0, 168.4375, 165.0, 206.25];
        for (found, expected) in values.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-3, "{values:?}");
        }
        let mut padded = [0.0; 15];
        pad(&values, [4, 2], [5, 3], &mut padded);
        assert_eq!([padded[2], padded[4], padded[12]], [0.0, values[3], 0.0]);
    }
}
