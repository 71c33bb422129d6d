//! From a picture of any size to the size that a network takes.

use std::borrow::Cow;

use image::{DynamicImage, GrayImage, RgbImage};
use recipe::{Colour, Fit, Image, InputSize, Sides};

use super::digit::digit_of;
use super::ink::Gray;
use super::mapping::{Fitted, Mapping};
use super::opaque;
use crate::resize::Resizer;

/// The shorter side before cropping, relative to the longer side of what is cut out, as in torchvision's presets.
const CROP: (usize, usize) = (256, 224);

/// Brings pictures to the size and colours of a network's input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fitter {
    colour: Colour,
    /// `[height, width]`
    size: [usize; 2],
    fit: Fit,
    background: u8,
    /// The shorter side before cropping.
    resize: usize,
    /// Pictures keep their size here; [`crate::preparation`] resizes them.
    sides: Option<Sides>,
}

impl Fitter {
    /// For a recipe's settings, with the colour and size, which a recipe may leave to the training pictures.
    pub fn new(image: &Image, colour: Colour, size: [usize; 2]) -> Self {
        let [height, width] = size.map(|side| side.max(1));
        let longer = height.max(width);
        let resize = image
            .resize
            .unwrap_or((longer * CROP.0 + CROP.1 / 2) / CROP.1);
        Self {
            colour,
            size: [height, width],
            fit: image.fit.unwrap_or_default(),
            background: image.background,
            resize: resize.max(1),
            sides: image.size.and_then(InputSize::sides),
        }
    }

    /// `[C, H, W]` of what it makes, if all of it has one size.
    pub fn shape(&self) -> [usize; 3] {
        let [height, width] = self.size;
        [self.colour.channels(), height, width]
    }

    /// The picture in the network's size. Where nothing is to be changed, its pixels are taken as they are.
    pub fn fit(&self, image: &DynamicImage) -> Fitted {
        if self.sides.is_some() {
            let size = [image.height(), image.width()].map(|side| side as usize);
            let as_it_is = Self {
                size,
                sides: None,
                fit: Fit::Stretch,
                ..*self
            };
            return as_it_is.fit(image);
        }
        match self.fit {
            Fit::Digit => return self.coloured(digit_of(&Gray::of(image), self.size)),
            Fit::Ink => {
                let [height, width] = self.size;
                return self.coloured(whole(&Gray::of(image), height, width));
            }
            Fit::Letterbox | Fit::Stretch | Fit::Crop => {}
        }
        let image = opaque(image, self.background);
        let size = [image.height(), image.width()].map(|side| side as usize);
        match (self.colour, &*image) {
            (Colour::Grey, DynamicImage::ImageLuma8(grey)) => self.place::<1>(grey, size),
            (Colour::Grey, image) => self.place::<1>(&image.to_luma8(), size),
            (Colour::Rgb, DynamicImage::ImageRgb8(pixels)) => self.place::<3>(pixels, size),
            // A third of the work where all three are the same.
            (Colour::Rgb, image) if !image.color().has_color() => {
                self.coloured(self.place::<1>(&image.to_luma8(), size))
            }
            (Colour::Rgb, image) => self.place::<3>(&image.to_rgb8(), size),
        }
    }

    /// How much larger things are in the input than in a picture of `[height, width]`, as `[y, x]`. For ink and digits,
    /// which are found in the picture first, it is the scale of the whole picture.
    pub fn scale(&self, from: [usize; 2]) -> [f64; 2] {
        let to = match self.sides {
            Some(sides) => sides.resized(from),
            None => self.plan(from.map(|side| side.max(1))).0,
        };
        [0, 1].map(|axis| to[axis] as f64 / from[axis].max(1) as f64)
    }

    /// One plane for each colour.
    fn coloured(&self, fitted: Fitted) -> Fitted {
        let channels = self.colour.channels();
        Fitted {
            pixels: fitted.pixels.repeat(channels),
            channels,
            ..fitted
        }
    }

    /// `[height, width]` of the whole picture before it is placed, and where its upper left corner is placed, `[x, y]`.
    fn plan(&self, from: [usize; 2]) -> ([usize; 2], [i64; 2]) {
        let to = self.size;
        let resized = match self.fit {
            Fit::Stretch => to,
            Fit::Crop => {
                let shorter = from[0].min(from[1]);
                from.map(|side| {
                    if side == shorter {
                        self.resize
                    } else {
                        self.resize * side / shorter
                    }
                })
            }
            Fit::Letterbox | Fit::Ink | Fit::Digit => {
                let [down, across] = [0, 1].map(|axis| to[axis] as f32 / from[axis] as f32);
                let shrink = down.min(across);
                [0, 1].map(|axis| {
                    let side = (from[axis] as f32 * shrink).round() as usize;
                    side.clamp(1, to[axis])
                })
            }
        };
        let corner = |axis: usize| {
            let (room, side) = (to[axis] as i64, resized[axis] as i64);
            if side <= room {
                (room - side) / 2
            } else {
                // Halves to even, as Python's `round` in torchvision.
                -(((side - room) as f64 / 2.0).round_ties_even() as i64)
            }
        };
        (resized, [corner(1), corner(0)])
    }

    /// Pixels `[H, W, C]` of `[height, width]` resized and placed on the background.
    fn place<const C: usize>(&self, pixels: &[u8], from: [usize; 2]) -> Fitted {
        let (resized, corner) = self.plan(from);
        let [height, width] = self.size;
        // Which part of a row or column of the input the picture covers, and where in the picture that part begins.
        let covered = |corner: i64, side: usize, room: usize| {
            let first = corner.max(0) as usize;
            let end = (corner + side as i64).clamp(0, room as i64) as usize;
            (first..end.max(first), (-corner).max(0) as usize)
        };
        let (columns, left) = covered(corner[0], resized[1], width);
        let (rows, top) = covered(corner[1], resized[0], height);
        let visible = [top..top + rows.len(), left..left + columns.len()];
        let (pixels, top, left, line) = if resized == from {
            (Cow::Borrowed(pixels), top, left, from[1])
        } else {
            let resizer = Resizer::part(from, resized, visible);
            let pixels = if C == 1 {
                resizer.resize(pixels)
            } else {
                resizer.resize_rgb(pixels)
            };
            (Cow::Owned(pixels), 0, 0, columns.len())
        };
        let mut planes = vec![self.background; C * height * width];
        for (y, line) in rows.zip(pixels.chunks_exact(C * line).skip(top)) {
            let line = line.as_chunks::<C>().0[left..].iter();
            for (channel, plane) in planes.chunks_exact_mut(height * width).enumerate() {
                let row = &mut plane[y * width..][columns.clone()];
                for (value, pixel) in row.iter_mut().zip(line.clone()) {
                    *value = pixel[channel];
                }
            }
        }
        let [scale_y, scale_x] = [0, 1].map(|axis| from[axis] as f32 / resized[axis] as f32);
        Fitted {
            pixels: planes,
            channels: C,
            height,
            width,
            mapping: Mapping {
                scale: [scale_x, scale_y],
                shift: [-(corner[0] as f32) * scale_x, -(corner[1] as f32) * scale_y],
                original: [from[1] as f32, from[0] as f32],
                fitted: [width as f32, height as f32],
            },
            abreast: 0,
        }
    }
}

/// Pixels `[C, H, W]` of one channel, or of red, green and blue, as an image; `None` if their number does not match.
pub fn from_planes(pixels: &[u8], [channels, height, width]: [usize; 3]) -> Option<DynamicImage> {
    let [columns, rows] = [u32::try_from(width).ok()?, u32::try_from(height).ok()?];
    let area = height.checked_mul(width)?;
    if pixels.len() != area.checked_mul(channels)? {
        return None;
    }
    match channels {
        1 => GrayImage::from_raw(columns, rows, pixels.to_vec()).map(Into::into),
        3 => {
            let (red, rest) = pixels.split_at(area);
            let (green, blue) = rest.split_at(area);
            let colours = red.iter().zip(green).zip(blue);
            let together = colours.flat_map(|((&red, &green), &blue)| [red, green, blue]);
            RgbImage::from_raw(columns, rows, together.collect()).map(Into::into)
        }
        _ => None,
    }
}

/// The ink of a whole picture scaled to fit `height` x `width`, its proportions kept, paper around it.
///
/// Both sides must be at least 1; a side of 0 is taken as 1.
fn whole(gray: &Gray, height: usize, width: usize) -> Fitted {
    let settings = Image {
        background: 0,
        ..Image::default()
    };
    let fitter = Fitter::new(&settings, Colour::Grey, [height, width]);
    let mut fitted = fitter.place::<1>(&gray.pixels, [gray.height, gray.width]);
    let mapping = &mut fitted.mapping;
    for axis in [0, 1] {
        let shrunk = gray.original[axis] / mapping.original[axis];
        mapping.scale[axis] *= shrunk;
        mapping.shift[axis] *= shrunk;
        mapping.original[axis] = gray.original[axis];
    }
    fitted
}

#[cfg(test)]
mod tests;
