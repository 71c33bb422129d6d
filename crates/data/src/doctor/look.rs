//! What a picture looks like in a few hundred bytes: enough to find near duplicates, and for a quick model to learn from.

use image::DynamicImage;

use crate::image::opaque;
use crate::resize::Resizer;

/// Side of the grey picture.
const SIDE: usize = 16;
/// Values of the grey picture.
pub(super) const GREY: usize = SIDE * SIDE;
/// Side of the two pictures of colour differences, 128 without a colour: the eye sees colours less sharply, too.
const COLOUR_SIDE: usize = 4;
/// All values.
pub(super) const VALUES: usize = GREY + 2 * COLOUR_SIDE * COLOUR_SIDE;
/// `[height, width]` that a picture is shrunk to first, so that it is read once.
const FIRST: [usize; 2] = [64, 72];

/// A pixel is brighter than its neighbour if it is by more than this, so that noise in plain areas doesn't change bits.
const MARGIN: u8 = 2;

/// Grey levels, then the differences of blue and of red from them.
pub(super) type Look = [u8; VALUES];

/// Shrinks pictures.
pub(super) struct Shrinker {
    grey: Resizer,
    colour: Resizer,
    hashed: Resizer,
}

impl Shrinker {
    pub fn new() -> Self {
        Self {
            grey: Resizer::new(FIRST, [SIDE; 2]),
            colour: Resizer::new(FIRST, [COLOUR_SIDE; 2]),
            hashed: Resizer::new(FIRST, [8, 9]),
        }
    }

    /// What a picture looks like, and its hash; transparent pixels lie on `background`.
    pub fn look(&self, image: &DynamicImage, background: u8) -> (Look, u64) {
        let small = shrunk(image, background);
        // Weights of ITU-R BT.601.
        let [grey, blue, red] = [
            [0.299, 0.587, 0.114, 0.0],
            [-0.169, -0.331, 0.5, 128.0],
            [0.5, -0.419, -0.081, 128.0],
        ]
        .map(|[r, g, b, zero]: [f32; 4]| {
            let pixels = small.as_chunks::<3>().0.iter();
            let values = pixels.map(|pixel| {
                let [red, green, blue] = pixel.map(f32::from);
                (r * red + g * green + b * blue + zero).round() as u8
            });
            values.collect::<Vec<u8>>()
        });
        let parts = [
            self.grey.resize(&grey),
            self.colour.resize(&blue),
            self.colour.resize(&red),
        ];
        let mut look = [0; VALUES];
        for (value, part) in look.iter_mut().zip(parts.into_iter().flatten()) {
            *value = part;
        }
        (look, hash(&self.hashed.resize(&grey)))
    }
}

/// Red, green and blue of [`FIRST`] pixels.
fn shrunk(image: &DynamicImage, background: u8) -> Vec<u8> {
    let from = [image.height(), image.width()].map(|side| side as usize);
    let resizer = Resizer::new(from, FIRST);
    match &*opaque(image, background) {
        DynamicImage::ImageRgb8(pixels) => resizer.resize_rgb(pixels),
        // A third of the work.
        image if !image.color().has_color() => {
            let grey = resizer.resize(&image.to_luma8());
            grey.into_iter().flat_map(|level| [level; 3]).collect()
        }
        image => resizer.resize_rgb(&image.to_rgb8()),
    }
}

/// A difference hash (dHash, Krawetz 2013). Bit `8 r + c`: whether pixel (r, c + 1) of a picture of 8 rows of 9 pixels is brighter than pixel (r, c).
fn hash(grey: &[u8]) -> u64 {
    let rows = grey.as_chunks::<9>().0.iter();
    let bits = rows.flat_map(|row| {
        row.windows(2)
            .map(|pair| pair[1] > pair[0].saturating_add(MARGIN))
    });
    bits.enumerate()
        .fold(0, |hash, (place, bit)| hash | u64::from(bit) << place)
}

/// The inner product of two rows, as eight sums side by side, which the compiler keeps in vectors. Lengths are multiples of 8.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}
