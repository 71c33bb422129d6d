//! A user's image, of any size and polarity, in the form the networks were trained on.
//!
//! `Gray` is 0 where there is paper and 255 where there is ink, as in MNIST. A [`Fitted`] image
//! remembers where its pixels come from, so that boxes found in it can be given in the original.

use std::path::Path;

use image::{DynamicImage, GrayImage, imageops};
use kernels::boxes::tight_box;

use super::{ImageError, LEAST_CONTRAST};
use crate::resize::Resizer;

/// Rows and columns of MNIST's images.
const SIDE: u32 = 28;
/// Rows and columns of the box that MNIST's digits were scaled to fit.
const DIGIT: u32 = 20;
/// Grey levels above the paper that still count as paper: JPEG leaves such ripples near edges.
const RIPPLE: u8 = 12;

/// An image of ink: 0 paper, 255 the darkest ink (or the brightest chalk).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gray {
    /// `[H, W]`.
    pub pixels: Vec<u8>,
    /// H.
    pub height: usize,
    /// W.
    pub width: usize,
    /// True if the file showed dark ink on light paper, unlike MNIST.
    pub dark_on_light: bool,
}

impl Gray {
    /// Reads a PNG or JPEG file.
    ///
    /// # Errors
    /// Those of [`read`](super::read).
    pub fn read(path: &Path) -> Result<Self, ImageError> {
        super::read(path).map(|image| Self::of(&image))
    }

    /// The ink of an image. Paper is what the border shows, ink what differs most from it; grey levels are stretched so
    /// that paper is 0 and the strongest ink 255.
    pub fn of(image: &DynamicImage) -> Self {
        let (width, height) = (image.width() as usize, image.height() as usize);
        ink(image.to_luma8().into_raw(), height, width)
    }

    /// Whether there is nothing on the paper.
    pub fn is_blank(&self) -> bool {
        self.pixels.iter().all(|&pixel| pixel == 0)
    }
}

/// An image of the size that a network takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// `[H, W]`, 0 paper to 255 ink.
    pub pixels: Vec<u8>,
    /// H.
    pub height: usize,
    /// W.
    pub width: usize,
    /// Where the pixels come from.
    pub mapping: Mapping,
}

/// From a fitted image's pixels to the original's: original = fitted * scale + shift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mapping {
    /// Original pixels per fitted pixel, `[x, y]`.
    pub scale: [f32; 2],
    /// The original's place of the fitted image's upper left corner, `[x, y]`.
    pub shift: [f32; 2],
    /// Width and height of the original; boxes are cut off there.
    pub original: [f32; 2],
}

impl Mapping {
    /// A box `[x1, y1, x2, y2]` of the fitted image, in pixels of the original.
    pub fn to_original(&self, fitted: [f32; 4]) -> [f32; 4] {
        let mut original = [0.0; 4];
        for (index, place) in original.iter_mut().enumerate() {
            let axis = index % 2;
            let exact = fitted[index] * self.scale[axis] + self.shift[axis];
            *place = exact.clamp(0.0, self.original[axis]);
        }
        original
    }
}

/// Decides what is paper and stretches the levels.
fn ink(mut pixels: Vec<u8>, height: usize, width: usize) -> Gray {
    let paper = border_median(&pixels, height, width);
    // A border in the middle greys says little: then the paper is the end further from the ink,
    // and the ink is the side that reaches further.
    let darkest = pixels.iter().copied().min().unwrap_or(paper);
    let brightest = pixels.iter().copied().max().unwrap_or(paper);
    let (below, above) = (paper - darkest, brightest - paper);
    let dark_on_light = match paper {
        0..=85 => false,
        170..=255 => true,
        _ => below > above,
    };
    let reach = if dark_on_light { below } else { above };
    if reach < LEAST_CONTRAST {
        pixels.fill(0);
    } else {
        for pixel in &mut pixels {
            let level = if dark_on_light {
                paper.saturating_sub(*pixel)
            } else {
                pixel.saturating_sub(paper)
            };
            let (level, reach) = (u32::from(level), u32::from(reach));
            *pixel = ((level * 255 + reach / 2) / reach).min(255) as u8;
        }
    }
    Gray {
        pixels,
        height,
        width,
        dark_on_light,
    }
}

fn border_median(pixels: &[u8], height: usize, width: usize) -> u8 {
    let mut border = Vec::with_capacity(2 * (height + width));
    for (index, &pixel) in pixels.iter().enumerate() {
        let (y, x) = (index / width, index % width);
        if y == 0 || x == 0 || y + 1 == height || x + 1 == width {
            border.push(pixel);
        }
    }
    border.sort_unstable();
    border.get(border.len() / 2).copied().unwrap_or(0)
}

/// The smallest `[x1, y1, x2, y2]` around all pixels above `threshold`, right and bottom excluded.
fn ink_box(pixels: &[u8], width: usize, threshold: u8) -> Option<[f32; 4]> {
    let ink: Vec<bool> = pixels.iter().map(|&pixel| pixel > threshold).collect();
    tight_box(&ink, width).map(Into::into)
}

/// One digit in MNIST's form: its longer side scaled to 20 pixels, antialiased, its centre of
/// mass in the middle of 28 x 28. An image that has that form already is left as it is.
pub fn digit(gray: &Gray) -> Fitted {
    let (height, width) = (gray.height, gray.width);
    let mapping = |scale, shift| Mapping {
        scale,
        shift,
        original: [width as f32, height as f32],
    };
    let is_small = (width, height) == (SIDE as usize, SIDE as usize);
    let threshold = if is_small { 0 } else { RIPPLE };
    let Some([x1, y1, x2, y2]) = ink_box(&gray.pixels, width, threshold) else {
        let scale = [width as f32 / SIDE as f32, height as f32 / SIDE as f32];
        return fitted(vec![0; (SIDE * SIDE) as usize], mapping(scale, [0.0, 0.0]));
    };
    let longer = (x2 - x1).max(y2 - y1);
    let has_the_form = is_small && (longer - DIGIT as f32).abs() <= 1.0;
    if has_the_form {
        return fitted(gray.pixels.clone(), mapping([1.0; 2], [0.0; 2]));
    }
    let side = |length: f32| ((length * DIGIT as f32 / longer).round() as u32).max(1);
    let (digit_width, digit_height) = (side(x2 - x1), side(y2 - y1));
    let small = resize(
        gray,
        [x1, y1, x2, y2].map(|place| place as u32),
        digit_width,
        digit_height,
    );

    // Whole pixels, as MNIST did, and never so far that ink falls off the edge.
    let [mass_x, mass_y] = centre_of_mass(&small);
    let corner = |mass: f32, length: u32| {
        let wanted = (SIDE as f32 / 2.0 - mass).round();
        wanted.clamp(0.0, (SIDE - length) as f32) as u32
    };
    let (left, top) = (corner(mass_x, digit_width), corner(mass_y, digit_height));
    let mut canvas = GrayImage::new(SIDE, SIDE);
    imageops::replace(&mut canvas, &small, i64::from(left), i64::from(top));
    let scale = [
        (x2 - x1) / digit_width as f32,
        (y2 - y1) / digit_height as f32,
    ];
    let shift = [x1 - left as f32 * scale[0], y1 - top as f32 * scale[1]];
    fitted(canvas.into_raw(), mapping(scale, shift))
}

fn fitted(pixels: Vec<u8>, mapping: Mapping) -> Fitted {
    Fitted {
        pixels,
        height: SIDE as usize,
        width: SIDE as usize,
        mapping,
    }
}

/// The whole image scaled to fit `height` x `width`, its proportions kept, paper around it.
///
/// Both sides must be at least 1; a side of 0 is taken as 1.
pub fn whole(gray: &Gray, height: usize, width: usize) -> Fitted {
    let (height, width) = (height.max(1) as u32, width.max(1) as u32);
    let (from_width, from_height) = (gray.width as f32, gray.height as f32);
    let shrink = (width as f32 / from_width).min(height as f32 / from_height);
    let side = |length: f32, most: u32| ((length * shrink).round() as u32).clamp(1, most);
    let (small_width, small_height) = (side(from_width, width), side(from_height, height));
    let all = [0, 0, gray.width as u32, gray.height as u32];
    let small = resize(gray, all, small_width, small_height);
    let (left, top) = ((width - small_width) / 2, (height - small_height) / 2);
    let mut canvas = GrayImage::new(width, height);
    imageops::replace(&mut canvas, &small, i64::from(left), i64::from(top));
    let scale = [
        from_width / small_width as f32,
        from_height / small_height as f32,
    ];
    Fitted {
        pixels: canvas.into_raw(),
        height: height as usize,
        width: width as usize,
        mapping: Mapping {
            scale,
            shift: [-(left as f32) * scale[0], -(top as f32) * scale[1]],
            original: [from_width, from_height],
        },
    }
}

/// The part `[x1, y1, x2, y2]` in another size.
fn resize(gray: &Gray, [x1, y1, x2, y2]: [u32; 4], width: u32, height: u32) -> GrayImage {
    let part = GrayImage::from_fn(x2 - x1, y2 - y1, |x, y| {
        let index = (y + y1) as usize * gray.width + (x + x1) as usize;
        image::Luma([gray.pixels[index]])
    });
    let from = [y2 - y1, x2 - x1].map(|side| side as usize);
    let small = Resizer::new(from, [height, width].map(|side| side as usize)).resize(&part);
    GrayImage::from_fn(width, height, |x, y| {
        image::Luma([small[(y * width + x) as usize]])
    })
}

/// `[x, y]` in pixels from the upper left corner; the middle if there is no ink.
fn centre_of_mass(image: &GrayImage) -> [f32; 2] {
    let mut mass = 0.0;
    let mut x_moment = 0.0;
    let mut y_moment = 0.0;
    for (x, y, pixel) in image.enumerate_pixels() {
        let ink = f64::from(pixel.0[0]);
        mass += ink;
        x_moment += ink * (f64::from(x) + 0.5);
        y_moment += ink * (f64::from(y) + 0.5);
    }
    if mass == 0.0 {
        return [image.width() as f32 / 2.0, image.height() as f32 / 2.0];
    }
    [(x_moment / mass) as f32, (y_moment / mass) as f32]
}

#[cfg(test)]
mod tests;
