//! Composes scenes: several digits scaled and scattered over one image, with the box of each.

use std::sync::Arc;

use kernels::boxes::{Xyxy, tight_box};

use crate::augment::noise;
use crate::images::Images;
use crate::random::{Key, Purpose, Stream};
use crate::resize::Resizer;
use crate::truth::Object;

/// Fainter pixels of a digit, as a share of white, do not belong to its box.
const FAINT: f64 = 0.1;
/// How often a place for a digit is tried before the digit is left out.
const TRIES: usize = 30;
/// Cells along each side of the coarse grid of grey values that becomes a smooth background.
const BACKGROUND_CELLS: usize = 4;
/// An image with its objects.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// `[size, size]`, 0 to 255.
    pub pixels: Vec<u8>,
    /// The digits, in the order in which they were placed.
    pub objects: Vec<Object>,
}

/// Makes scenes of some digits.
#[derive(Clone, Debug)]
pub struct Composer {
    pub(super) digits: Arc<Digits>,
    /// Numbers of the digits used.
    pub(super) numbers: Arc<[usize]>,
    pub(super) options: recipe::Scenes,
    /// One for each side from the shortest to the longest.
    pub(super) resizers: Arc<[Resizer]>,
}

/// Pictures of single digits.
#[derive(Debug)]
pub(super) struct Digits {
    /// `[1, side, side]` each.
    pub images: Images,
    pub labels: Vec<u32>,
    pub classes: Vec<String>,
}

/// Scenes that are made on demand, new ones in every epoch.
#[derive(Clone, Debug)]
pub struct FreshScenes {
    pub(super) composer: Composer,
    pub(super) seed: u64,
}

impl FreshScenes {
    /// Scene `index` of `epoch`.
    pub fn scene(&self, epoch: usize, index: usize) -> Scene {
        self.composer.scene(Key {
            seed: self.seed,
            purpose: Purpose::Scene,
            epoch: epoch as u64,
            index: index as u64,
        })
    }
}

impl Composer {
    /// The names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.digits.classes
    }

    /// The scene of `key`.
    ///
    /// Background, clutter and digits are combined by taking the brightest value, so that strokes cross as on paper. Noise
    /// comes last.
    pub fn scene(&self, key: Key) -> Scene {
        let mut stream = key.stream();
        let size = self.options.size;
        let mut pixels = vec![0; size * size];
        if self.options.background > 0.0 {
            background(&mut pixels, size, self.options.background, &mut stream);
        }
        for _ in 0..self.options.clutter {
            self.strew(&mut pixels, &mut stream);
        }
        let [fewest, most] = self.options.digits;
        let count = fewest + stream.below(most - fewest + 1);
        let mut objects = Vec::with_capacity(count);
        for _ in 0..count {
            let object = (0..TRIES).find_map(|_| self.place(&mut pixels, &objects, &mut stream));
            objects.extend(object);
        }
        if self.options.noise > 0.0 {
            noise(&mut pixels, self.options.noise, &mut stream);
        }
        Scene { pixels, objects }
    }

    /// Draws a digit, a size and a place, and paints the digit unless its box covers too much of an earlier box.
    fn place(&self, pixels: &mut [u8], objects: &[Object], stream: &mut Stream) -> Option<Object> {
        let size = self.options.size;
        let tile = self.tile(stream);
        let [x, y] = [0, 1].map(|_| stream.below(size - tile.side + 1));
        let bounds = shifted(tile.bounds?, x, y);
        let apart = |object: &Object| f64::from(object.bounds.iou(bounds)) <= self.options.overlap;
        if !objects.iter().all(apart) {
            return None;
        }
        for (row, line) in tile.pixels.chunks_exact(tile.side).enumerate() {
            brighten(&mut pixels[(y + row) * size + x..][..tile.side], line);
        }
        Some(Object {
            bounds,
            class: tile.class,
            area: f64::from(bounds.area()),
            crowd: false,
        })
    }

    /// Paints a piece of a digit, a third of its side, somewhere.
    fn strew(&self, pixels: &mut [u8], stream: &mut Stream) {
        let size = self.options.size;
        let tile = self.tile(stream);
        let Some(bounds) = tile.bounds else {
            return;
        };
        let piece = (tile.side / 3).max(1);
        // Taken from where the ink is.
        let start = |low: f32, high: f32, stream: &mut Stream| {
            let (low, high) = (low as usize, high as usize);
            let last = tile.side - piece;
            (low + stream.below((high - low).saturating_sub(piece) + 1)).min(last)
        };
        let from_x = start(bounds.x1, bounds.x2, stream);
        let from_y = start(bounds.y1, bounds.y2, stream);
        let [x, y] = [0, 1].map(|_| stream.below(size - piece + 1));
        for row in 0..piece {
            let line = &tile.pixels[(from_y + row) * tile.side + from_x..][..piece];
            brighten(&mut pixels[(y + row) * size + x..][..piece], line);
        }
    }

    /// A random digit in a random size.
    fn tile(&self, stream: &mut Stream) -> Tile {
        let [shortest, longest] = self.options.side;
        let size = stream.below(longest - shortest + 1);
        let number = self.numbers[stream.below(self.numbers.len())];
        let picture = &self.digits.images.get(number);
        let pixels = self.resizers[size].resize(picture);
        let side = shortest + size;
        let inked: Vec<bool> = pixels
            .iter()
            .map(|&p| f64::from(p) > 255.0 * FAINT)
            .collect();
        Tile {
            bounds: tight_box(&inked, side),
            class: self.digits.labels[number] as usize,
            pixels,
            side,
        }
    }
}

/// A digit in the size it is painted in.
struct Tile {
    /// `[side, side]`
    pixels: Vec<u8>,
    side: usize,
    /// The box around the ink, pixels of the tile; `None` without ink.
    bounds: Option<Xyxy>,
    class: usize,
}

fn shifted(bounds: Xyxy, x: usize, y: usize) -> Xyxy {
    let (x, y) = (x as f32, y as f32);
    Xyxy::new(bounds.x1 + x, bounds.y1 + y, bounds.x2 + x, bounds.y2 + y)
}

fn brighten(pixels: &mut [u8], line: &[u8]) {
    for (pixel, &ink) in pixels.iter_mut().zip(line) {
        *pixel = (*pixel).max(ink);
    }
}

/// Fills with a bilinear blend of a coarse grid of grey values up to `brightest` (a fraction of white).
fn background(pixels: &mut [u8], size: usize, brightest: f64, stream: &mut Stream) {
    let corners = BACKGROUND_CELLS + 1;
    let grid: Vec<f64> = (0..corners * corners)
        .map(|_| stream.uniform(0.0, 255.0 * brightest))
        .collect();
    let cell = |pixel: usize| {
        let place = (pixel as f64 + 0.5) / size as f64 * BACKGROUND_CELLS as f64;
        let first = (place as usize).min(BACKGROUND_CELLS - 1);
        (first, place - first as f64)
    };
    for (y, line) in pixels.chunks_exact_mut(size).enumerate() {
        let (top, down) = cell(y);
        for (x, pixel) in line.iter_mut().enumerate() {
            let (left, right) = cell(x);
            let row = |row: usize| {
                let [a, b] = [grid[row * corners + left], grid[row * corners + left + 1]];
                a + (b - a) * right
            };
            let (above, below) = (row(top), row(top + 1));
            *pixel = (above + (below - above) * down).round() as u8;
        }
    }
}
