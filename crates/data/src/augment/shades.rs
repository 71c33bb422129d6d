//! What changes the values of pixels: contrast, brightness, inversion, colour, noise, and a covered rectangle.

use kernels::boxes::Xyxy;

use super::colour::Colours;
use crate::random::Stream;
use recipe::Augment;

/// Least ratio of the sides of a covered rectangle, as in the paper; the most is its reciprocal.
const LEAST_RATIO: f64 = 0.3;

/// How values change.
#[derive(Clone, Debug)]
pub(super) struct Shades {
    /// Differences from the mean are multiplied by it.
    contrast: f64,
    /// Added, a fraction of white.
    brightness: f64,
    invert: bool,
    /// Only of pixels with red, green and blue.
    pub colours: Colours,
    /// Standard deviation, a fraction of white.
    noise: f64,
    /// `[x1, y1, x2, y2]`, pixels, right and bottom excluded.
    erased: Option<[usize; 4]>,
}

impl Shades {
    /// Draws for an image of `[height, width]`, always the same number of draws.
    pub fn draw(augment: &Augment, size: [usize; 2], stream: &mut Stream) -> Self {
        Self {
            contrast: 1.0 + stream.uniform(-1.0, 1.0) * augment.contrast,
            brightness: stream.uniform(-1.0, 1.0) * augment.brightness,
            invert: stream.unit() < augment.invert,
            colours: Colours::default(),
            noise: stream.unit() * augment.noise,
            erased: erased(augment, size, stream),
        }
    }

    pub fn is_none(&self) -> bool {
        !self.changes_levels()
            && self.colours.is_none()
            && self.noise == 0.0
            && self.erased.is_none()
    }

    fn changes_levels(&self) -> bool {
        self.contrast != 1.0 || self.brightness != 0.0 || self.invert
    }

    /// Changes pixels `[C, H, W]`; what needs a number for each pixel is drawn from `stream`.
    pub fn apply(&self, pixels: &mut [u8], shape: [usize; 3], stream: &mut Stream) {
        let [channels, height, width] = shape;
        if self.changes_levels() {
            let table = self.levels(pixels);
            for pixel in &mut *pixels {
                *pixel = table[usize::from(*pixel)];
            }
        }
        if channels == 3 {
            self.colours.apply(pixels);
        }
        if self.noise > 0.0 {
            noise(pixels, self.noise, stream);
        }
        if let Some([x1, y1, x2, y2]) = self.erased {
            for plane in pixels.chunks_exact_mut((height * width).max(1)) {
                for row in plane.chunks_exact_mut(width.max(1)).take(y2).skip(y1) {
                    for eight in row[x1..x2].chunks_mut(8) {
                        let bytes = stream.bits().to_le_bytes();
                        eight.copy_from_slice(&bytes[..eight.len()]);
                    }
                }
            }
        }
    }

    /// The new value of each old one.
    fn levels(&self, pixels: &[u8]) -> [u8; 256] {
        let sum: u64 = pixels.iter().map(|&pixel| u64::from(pixel)).sum();
        let mean = sum as f64 / pixels.len().max(1) as f64;
        std::array::from_fn(|value| {
            let changed = mean + (value as f64 - mean) * self.contrast + 255.0 * self.brightness;
            let changed = changed.round() as u8; // a cast saturates
            if self.invert { 255 - changed } else { changed }
        })
    }

    /// Square pixels of `bounds` that are covered.
    pub fn covered(&self, bounds: Xyxy) -> f32 {
        let Some(erased) = self.erased else {
            return 0.0;
        };
        let [x1, y1, x2, y2] = erased.map(|side| side as f32);
        let width = (bounds.x2.min(x2) - bounds.x1.max(x1)).max(0.0);
        let height = (bounds.y2.min(y2) - bounds.y1.max(y1)).max(0.0);
        width * height
    }
}

/// Random erasing (Zhong, Zheng, Kang, Li & Yang 2017, 'Random erasing data augmentation'): a rectangle of random area,
/// shape and place. One that would be longer than the image is cut to it, where the paper draws again.
fn erased(augment: &Augment, size: [usize; 2], stream: &mut Stream) -> Option<[usize; 4]> {
    let [least, most] = augment.erase_area;
    let happens = stream.unit() < augment.erase;
    let share = stream.uniform(least, most);
    let ratio = stream.uniform(LEAST_RATIO.ln(), -LEAST_RATIO.ln()).exp();
    let places = [stream.unit(), stream.unit()];
    let rectangle = rectangle(size, share, ratio, places);
    happens.then_some(rectangle)
}

/// `[x1, y1, x2, y2]` of a rectangle with this share of the area, this height relative to its width, and its place as
/// shares of the room that is left.
pub(super) fn rectangle(size: [usize; 2], share: f64, ratio: f64, places: [f64; 2]) -> [usize; 4] {
    let area = share * (size[0] * size[1]) as f64;
    let sides = [(area * ratio).sqrt(), (area / ratio).sqrt()]; // height, width
    let [rows, columns] = [0, 1].map(|axis| {
        let side = (sides[axis].round() as usize).min(size[axis]);
        let first = (places[axis] * (size[axis] - side + 1) as f64) as usize;
        [first, first + side]
    });
    [columns[0], rows[0], columns[1], rows[1]]
}

/// Adds noise of this standard deviation (a fraction of white) to every pixel.
pub fn noise(pixels: &mut [u8], deviation: f64, stream: &mut Stream) {
    // The sum of four uniform 16-bit numbers is nearly normal, needs no logarithm, and is the same on every machine.
    const MEAN: f64 = 2.0 * 65_535.0;
    let unit = (4.0 * (65_536.0f64 * 65_536.0 - 1.0) / 12.0).sqrt();
    let scale = 255.0 * deviation / unit;
    for pixel in pixels {
        let bits = stream.bits();
        let sum: u64 = (0..4).map(|part| bits >> (16 * part) & 0xffff).sum();
        *pixel = (f64::from(*pixel) + (sum as f64 - MEAN) * scale).round() as u8; // a cast saturates
    }
}
