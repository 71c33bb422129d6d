//! One digit in MNIST's form: its longer side scaled to 20 of 28 pixels, antialiased, its centre of mass in the middle.

use super::ink::{Gray, ink_box};
use super::mapping::{Fitted, Mapping};
use crate::resize::Resizer;

/// Rows and columns of MNIST's images.
const SIDE: usize = 28;
/// Rows and columns of the box that MNIST's digits were scaled to fit.
const DIGIT: usize = 20;
/// Levels from which ink is shown.
const FAINT: f32 = 12.0 / 255.0;
/// Levels from which ink counts for the size: MNIST's digits were measured in black and white.
const FIRM: f32 = 0.5;
/// Least size of the ink without its soft edges, as a share of its whole size.
const SOFT: f32 = 0.85;
/// Pens of less than this share of the digit's longer side are thin: MNIST's have 0.07 to 0.24 of it.
const THIN: f32 = 0.075;
/// Thin pens are replaced by pens of this share.
const USUAL: f32 = 0.115;
/// Strokes are thickened on a grid with this many points per pixel of the digit.
const FINE: usize = 8;
/// Share of the border's pixels that ink may cover in an image of MNIST's form; in MNIST itself it covers at most 6 of 108.
const BORDER: f32 = 0.1;
/// Distance of the centre of mass from the middle that an image of MNIST's form may have, in pixels of 28.
const OFF_CENTRE: f32 = 1.0;

/// One digit in MNIST's form, 28 x 28. An image that has that form already is left as it is.
pub fn digit(gray: &Gray) -> Fitted {
    digit_of(gray, [SIDE, SIDE])
}

/// One digit in MNIST's form, in another `[height, width]`.
pub(super) fn digit_of(gray: &Gray, [height, width]: [usize; 2]) -> Fitted {
    // Original pixels per pixel of `gray`.
    let shrunk = [
        gray.original[0] / gray.width as f32,
        gray.original[1] / gray.height as f32,
    ];
    let fitted = |pixels, scale: [f32; 2], shift: [f32; 2]| Fitted {
        pixels,
        channels: 1,
        height,
        width,
        mapping: Mapping {
            scale: [scale[0] * shrunk[0], scale[1] * shrunk[1]],
            shift: [shift[0] * shrunk[0], shift[1] * shrunk[1]],
            original: gray.original,
            fitted: [width as f32, height as f32],
        },
    };
    if [gray.height, gray.width] == [height, width] && gray.raw.is_some() {
        for pixels in gray.raw.iter().chain([&gray.plain]) {
            if has_the_form(pixels, [height, width]) {
                return fitted(pixels.clone(), [1.0; 2], [0.0; 2]);
            }
        }
    }
    let most = (height.min(width) * DIGIT / SIDE).max(1);
    let Some(mut part) = Part::of(gray) else {
        let scale = [
            gray.width as f32 / width as f32,
            gray.height as f32 / height as f32,
        ];
        return fitted(vec![0; height * width], scale, [0.0; 2]);
    };
    let pen = part.pen() * most as f32 / part.longer;
    if pen < THIN * most as f32 {
        part = part.thickened(most);
    }
    let side = |length: usize, room: usize| {
        let side = (length as f32 * most as f32 / part.longer).round() as usize;
        side.clamp(1, room)
    };
    let [rows, columns] = [side(part.size[0], height), side(part.size[1], width)];
    let mut small = Resizer::new(part.size, [rows, columns]).resize_f32(&part.levels);
    full_strength(&mut small);

    // Whole pixels, as MNIST did, and never so far that ink falls off the edge.
    let mass = centre_of_mass(&small, columns);
    let corner = |side: usize, mass: f32, length: usize| {
        let wanted = (side as f32 / 2.0 - mass).round();
        wanted.clamp(0.0, (side - length) as f32) as usize
    };
    let left = corner(width, mass[0], columns);
    let top = corner(height, mass[1], rows);
    let mut pixels = vec![0; height * width];
    for (row, line) in small
        .chunks_exact(columns)
        .zip(pixels.chunks_exact_mut(width).skip(top))
    {
        for (pixel, level) in line[left..].iter_mut().zip(row) {
            *pixel = (255.0 * level).round() as u8;
        }
    }
    let scale = [
        part.scale * part.size[1] as f32 / columns as f32,
        part.scale * part.size[0] as f32 / rows as f32,
    ];
    let shift = [
        part.corner[0] - left as f32 * scale[0],
        part.corner[1] - top as f32 * scale[1],
    ];
    fitted(pixels, scale, shift)
}

/// The part of a picture that shows its ink.
struct Part {
    levels: Vec<f32>,
    /// `[height, width]`
    size: [usize; 2],
    /// Its upper left corner in the picture, `[x, y]`.
    corner: [f32; 2],
    /// Pixels of the picture per pixel of the part.
    scale: f32,
    /// The longer side of the ink without its soft edges, in pixels of the part.
    longer: f32,
}

impl Part {
    /// `None` if there is no ink.
    fn of(gray: &Gray) -> Option<Self> {
        let bounds = ink_box(&gray.levels, gray.width, FAINT)?;
        let longer = |[x1, y1, x2, y2]: [f32; 4]| (x2 - x1).max(y2 - y1);
        let soft = longer(bounds);
        let firm = ink_box(&gray.levels, gray.width, FIRM).map_or(soft, longer);
        let [x1, y1, x2, y2] = bounds.map(|place| place as usize);
        let rows = gray.levels[y1 * gray.width..y2 * gray.width].chunks_exact(gray.width);
        Some(Self {
            levels: rows.flat_map(|row| &row[x1..x2]).copied().collect(),
            size: [y2 - y1, x2 - x1],
            corner: [bounds[0], bounds[1]],
            scale: 1.0,
            // Where more is faint than edges can be, the strokes themselves are faint.
            longer: if firm >= SOFT * soft { firm } else { soft },
        })
    }

    /// About how wide the strokes are, in pixels of the part: twice the area by the outline's length.
    fn pen(&self) -> f32 {
        let [height, width] = self.size;
        let is_inked = |y: usize, x: usize| self.levels[y * width + x] > 0.5;
        let mut area = 0;
        let mut outline = 0;
        for y in 0..height {
            for x in 0..width {
                if is_inked(y, x) {
                    area += 1;
                    outline += usize::from(x == 0 || !is_inked(y, x - 1));
                    outline += usize::from(x + 1 == width || !is_inked(y, x + 1));
                    outline += usize::from(y == 0 || !is_inked(y - 1, x));
                    outline += usize::from(y + 1 == height || !is_inked(y + 1, x));
                }
            }
        }
        // Steps along pixels are longer than the outline itself, by this factor on average over all directions.
        let length = outline as f32 * std::f32::consts::FRAC_PI_4;
        2.0 * area as f32 / length.max(1.0)
    }

    /// The same drawn with a pen of the usual width, where the ink's longer side will have `most` pixels.
    fn thickened(&self, most: usize) -> Self {
        let [height, width] = self.size;
        let longer = (most * FINE) as f32;
        let shrink = longer / height.max(width) as f32;
        let fine = self
            .size
            .map(|side| ((side as f32 * shrink).round() as usize).max(1));
        let mut levels = Resizer::new(self.size, fine).resize_f32(&self.levels);
        let strongest = levels.iter().copied().fold(0.0, f32::max);
        for level in &mut levels {
            *level = (2.0 * *level / strongest.max(1e-6)).min(1.0);
        }
        let small = Self {
            levels,
            size: fine,
            corner: self.corner,
            scale: self.scale / shrink,
            longer,
        };
        let radius = ((USUAL * longer - small.pen()) / 2.0).max(0.0);
        small.spread(radius)
    }

    /// Every pixel with the strongest level that is within `radius`.
    fn spread(&self, radius: f32) -> Self {
        let reach = radius.ceil() as usize;
        let [height, width] = self.size;
        let size = [height + 2 * reach, width + 2 * reach];
        let mut levels = vec![0.0f32; size[0] * size[1]];
        for down in 0..=2 * reach {
            let across = {
                let off = down as f32 - reach as f32;
                (radius * radius - off * off).max(0.0).sqrt() as usize
            };
            for (y, row) in self.levels.chunks_exact(width).enumerate() {
                let line = &mut levels[(y + down) * size[1]..][..size[1]];
                for right in reach - across..=reach + across {
                    for (level, own) in line[right..].iter_mut().zip(row) {
                        *level = level.max(*own);
                    }
                }
            }
        }
        Self {
            levels,
            size,
            corner: self.corner.map(|place| place - reach as f32 * self.scale),
            scale: self.scale,
            longer: self.longer + 2.0 * radius,
        }
    }
}

/// Makes strokes that shrinking has weakened as strong as before.
fn full_strength(levels: &mut [f32]) {
    let strongest = levels.iter().copied().fold(0.0, f32::max);
    if strongest > 0.0 {
        for level in levels {
            *level = (*level / strongest).min(1.0);
        }
    }
}

/// Whether this is what a digit of MNIST looks like: bright on black, in a box of 20 of 28 pixels, its mass in the middle.
fn has_the_form(pixels: &[u8], [height, width]: [usize; 2]) -> bool {
    let unit = height.min(width) as f32 / SIDE as f32;
    let levels: Vec<f32> = pixels
        .iter()
        .map(|&pixel| f32::from(pixel) / 255.0)
        .collect();
    let Some([x1, y1, x2, y2]) = ink_box(&levels, width, 0.0) else {
        return false;
    };
    let longer = (x2 - x1).max(y2 - y1);
    let black = pixels.iter().filter(|pixel| **pixel == 0).count();
    let at_border = |index: usize| {
        let (y, x) = (index / width, index % width);
        y == 0 || x == 0 || y + 1 == height || x + 1 == width
    };
    let inked = (0..pixels.len())
        .filter(|&index| at_border(index) && pixels[index] > 0)
        .count();
    let mass = centre_of_mass(&levels, width);
    (longer - DIGIT as f32 * unit).abs() <= unit.max(1.0)
        && 2 * black > pixels.len()
        && inked as f32 <= BORDER * 2.0 * (height + width) as f32
        && (mass[0] - width as f32 / 2.0).abs() <= OFF_CENTRE * unit
        && (mass[1] - height as f32 / 2.0).abs() <= OFF_CENTRE * unit
}

/// `[x, y]` in pixels from the upper left corner; the middle if there is no ink.
fn centre_of_mass(levels: &[f32], width: usize) -> [f32; 2] {
    let mut mass = 0.0;
    let mut moments = [0.0; 2];
    for (y, row) in levels.chunks_exact(width).enumerate() {
        for (x, &level) in row.iter().enumerate() {
            let ink = f64::from(level);
            mass += ink;
            moments[0] += ink * (x as f64 + 0.5);
            moments[1] += ink * (y as f64 + 0.5);
        }
    }
    if mass == 0.0 {
        return [width as f32 / 2.0, (levels.len() / width) as f32 / 2.0];
    }
    moments.map(|moment| (moment / mass) as f32)
}

#[cfg(test)]
mod tests;
