//! Between the pixels of a fitted image and those of the original.

use kernels::boxes::tight_box;

/// Where a fitted image's pixels come from: original = fitted * scale + shift.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Mapping {
    /// Original pixels per fitted pixel, `[x, y]`.
    pub scale: [f32; 2],
    /// Where the fitted image's upper left corner is in the original, `[x, y]`.
    pub shift: [f32; 2],
    /// Width and height of the original; boxes are cut off there.
    pub original: [f32; 2],
    /// Width and height of the fitted image.
    pub fitted: [f32; 2],
}

impl Mapping {
    /// For an image of `[height, width]` that is as in its file.
    pub fn identity([height, width]: [usize; 2]) -> Self {
        let size = [width as f32, height as f32];
        Self {
            scale: [1.0; 2],
            shift: [0.0; 2],
            original: size,
            fitted: size,
        }
    }

    /// Whether the image is as in its file.
    pub fn is_identity(&self) -> bool {
        *self == Self::identity([self.fitted[1] as usize, self.fitted[0] as usize])
    }

    /// A box `[x1, y1, x2, y2]` of the fitted image, in pixels of the original; what lies outside of it is cut off.
    pub fn to_original(&self, fitted: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|index| {
            let axis = index % 2;
            let place = fitted[index] * self.scale[axis] + self.shift[axis];
            place.clamp(0.0, self.original[axis])
        })
    }

    /// A box `[x1, y1, x2, y2]` of the original, in pixels of the fitted image; what lies outside of it is cut off, so
    /// that a box that was cropped away has no area.
    pub fn from_original(&self, original: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|index| {
            let axis = index % 2;
            let place = (original[index] - self.shift[axis]) / self.scale[axis];
            place.clamp(0.0, self.fitted[axis])
        })
    }
}

/// An image of the size that a network takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// `[C, H, W]`, 0 to 255.
    pub pixels: Vec<u8>,
    /// C: 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// H.
    pub height: usize,
    /// W.
    pub width: usize,
    /// Where the pixels come from.
    pub mapping: Mapping,
    /// Digits side by side in the picture, of which the fit `digit` takes all for one; 0 for other fits.
    pub abreast: usize,
}

impl Fitted {
    /// Whether there is nothing to see: one level everywhere.
    pub fn is_blank(&self) -> bool {
        let area = (self.height * self.width).max(1);
        let mut planes = self.pixels.chunks_exact(area);
        planes.all(|plane| plane.iter().all(|pixel| *pixel == plane[0]))
    }

    /// Where the ink is that the fits `ink` and `digit` found, `[x1, y1, x2, y2]` in pixels of the original; `None` if there
    /// is none.
    pub fn ink_bounds(&self) -> Option<[f32; 4]> {
        let plane = &self.pixels[..self.height * self.width];
        let ink: Vec<bool> = plane.iter().map(|&pixel| pixel > FAINT).collect();
        let bounds = tight_box(&ink, self.width)?;
        Some(self.mapping.to_original(bounds.into()))
    }
}

/// Levels up to which ink is taken for the soft edge of a stroke.
const FAINT: u8 = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_is_found_in_pixels_of_the_original() {
        let mut fitted = Fitted {
            pixels: vec![FAINT; 6 * 4],
            channels: 1,
            height: 4,
            width: 6,
            mapping: Mapping {
                scale: [10.0, 5.0],
                shift: [-20.0, 1.0],
                original: [40.0, 18.0],
                fitted: [6.0, 4.0],
            },
            abreast: 1,
        };
        assert_eq!(fitted.ink_bounds(), None);
        fitted.pixels[6 + 3] = 200;
        assert_eq!(fitted.ink_bounds(), Some([10.0, 6.0, 20.0, 11.0]));
        // What the margin shows is not in the original.
        fitted.pixels[0] = 200;
        assert_eq!(fitted.ink_bounds(), Some([0.0, 1.0, 20.0, 11.0]));
    }
}
