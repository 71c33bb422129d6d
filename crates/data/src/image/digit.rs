//! One digit in MNIST's form: its longer side scaled to 20 of 28 pixels, antialiased, its centre of mass in the middle.

use super::fit::Fitted;
use super::ink::{Gray, ink_box};
use super::mapping::Mapping;
use crate::resize::Resizer;

/// Rows and columns of MNIST's images.
const SIDE: usize = 28;
/// Rows and columns of the box that MNIST's digits were scaled to fit.
const DIGIT: usize = 20;
/// Levels from which ink counts for the box.
const BOX: f32 = 12.0 / 255.0;
/// Share of the border's pixels that ink may reach in an image of MNIST's form; in MNIST itself it is 6 of 108 at most.
const BORDER: f32 = 0.1;
/// Pixels of 28 that the centre of mass may be off the middle in an image of MNIST's form.
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
    let Some(bounds) = ink_box(&gray.levels, gray.width, BOX) else {
        let scale = [
            gray.width as f32 / width as f32,
            gray.height as f32 / height as f32,
        ];
        return fitted(vec![0; height * width], scale, [0.0; 2]);
    };
    let most = (height.min(width) * DIGIT / SIDE).max(1);
    let [x1, y1, x2, y2] = bounds.map(|place| place as usize);
    let longer = (x2 - x1).max(y2 - y1);
    let side = |length: usize| ((length * most) as f32 / longer as f32).round().max(1.0) as usize;
    let [rows, columns] = [side(y2 - y1), side(x2 - x1)];
    let ink: Vec<f32> = gray.levels[y1 * gray.width..y2 * gray.width]
        .chunks_exact(gray.width)
        .flat_map(|row| &row[x1..x2])
        .copied()
        .collect();
    let mut small = Resizer::new([y2 - y1, x2 - x1], [rows, columns]).resize_f32(&ink);
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
        (x2 - x1) as f32 / columns as f32,
        (y2 - y1) as f32 / rows as f32,
    ];
    let shift = [
        x1 as f32 - left as f32 * scale[0],
        y1 as f32 - top as f32 * scale[1],
    ];
    fitted(pixels, scale, shift)
}

/// Makes the strokes of a thin pen, of which shrinking leaves little, as strong as others.
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
