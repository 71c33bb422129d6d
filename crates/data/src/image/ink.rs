//! What is drawn on a picture, whatever its paper, pen and light: 0 where there is paper and 255 where there is ink, as in
//! MNIST.
//!
//! Levels run from 0 (paper) to 1 (the strongest ink). All is done on a picture of at most [`MOST_SIDE`] pixels a side.

mod levels;
mod lines;
mod paper;
mod pieces;
mod shade;

use image::DynamicImage;
use kernels::boxes::tight_box;

use super::opaque_for_ink;
use crate::resize::Resizer;
use pieces::Pieces;

/// Larger pictures are shrunk first: no digit needs more, and noise becomes less.
const MOST_SIDE: usize = 1024;
/// Levels that still count as paper: JPEG leaves such ripples near edges.
const RIPPLE: f32 = 12.0 / 255.0;
/// Standard deviations of the noise that still count as paper.
const NOISE: f32 = 4.0;
/// Least difference between ink and paper, in grey levels of 255.
const LEAST_CONTRAST: f32 = 12.0;
/// The same for pictures of 16 bits, whose range may be narrow.
const LEAST_DEEP_CONTRAST: f32 = 1.0;
/// Levels from which a pixel counts as ink if, from [`RIPPLE`] on, ink reaches the picture's edge: lines or shadows may be the
/// cause.
const THRESHOLDS: [f32; 2] = [0.25, 0.45];

/// The ink of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Gray {
    /// `[H, W]`, 0 paper to 255 the strongest ink; without frames, shadows and specks.
    pub pixels: Vec<u8>,
    /// H.
    pub height: usize,
    /// W.
    pub width: usize,
    /// True if the picture showed dark ink on light paper, unlike MNIST.
    pub dark_on_light: bool,
    /// Pieces of ink side by side, each about as high as the whole: several pieces are several digits.
    pub abreast: usize,
    /// The same as `pixels`, but finer.
    pub(super) levels: Vec<f32>,
    /// Width and height of the picture itself, which may have been shrunk.
    pub(super) original: [f32; 2],
    /// The grey picture as it was, if it has 8 bits and was not shrunk.
    pub(super) raw: Option<Vec<u8>>,
    /// All the ink, evenly stretched: like `pixels`, but cleaned of noise only.
    pub(super) plain: Vec<u8>,
}

impl Gray {
    /// The ink of an image; transparent pixels are paper.
    pub fn of(image: &DynamicImage) -> Self {
        let image = opaque_for_ink(image);
        let original = [image.width() as usize, image.height() as usize];
        let [mut width, mut height] = original;
        let is_deep = image.color().bytes_per_pixel() > image.color().channel_count();
        let mut raw = None;
        let mut values: Vec<f32> = if is_deep {
            let grey = image.to_luma16().into_raw();
            grey.iter().map(|&value| f32::from(value) / 257.0).collect()
        } else {
            let grey = image.to_luma8().into_raw();
            let values = grey.iter().map(|&value| f32::from(value)).collect();
            raw = Some(grey);
            values
        };
        let longer = width.max(height);
        if longer > MOST_SIDE {
            let side = |side: usize| (side * MOST_SIDE / longer).max(1);
            let small = [side(height), side(width)];
            values = Resizer::new([height, width], small).resize_f32(&values);
            [height, width] = small;
            raw = None;
        }
        let least = if is_deep {
            LEAST_DEEP_CONTRAST
        } else {
            LEAST_CONTRAST
        };
        let found = Found::of(&values, [height, width], least);
        Self {
            pixels: to_bytes(&found.levels),
            height,
            width,
            dark_on_light: found.dark_on_light,
            abreast: found.abreast,
            levels: found.levels,
            original: original.map(|side| side as f32),
            raw,
            plain: to_bytes(&found.plain),
        }
    }

    /// Whether there is nothing on the paper.
    pub fn is_blank(&self) -> bool {
        self.pixels.iter().all(|&pixel| pixel == 0)
    }
}

fn to_bytes(levels: &[f32]) -> Vec<u8> {
    levels
        .iter()
        .map(|&level| (255.0 * level).round() as u8)
        .collect()
}

/// The smallest `[x1, y1, x2, y2]` around all levels above `threshold`, right and bottom excluded.
pub(super) fn ink_box(levels: &[f32], width: usize, threshold: f32) -> Option<[f32; 4]> {
    let ink: Vec<bool> = levels.iter().map(|&level| level > threshold).collect();
    tight_box(&ink, width).map(Into::into)
}

/// What was found on a picture.
struct Found {
    levels: Vec<f32>,
    plain: Vec<f32>,
    dark_on_light: bool,
    abreast: usize,
}

impl Found {
    fn of(values: &[f32], size: [usize; 2], least: f32) -> Self {
        let dark_on_light = paper::is_light(values, size);
        let noise = levels::noise(values, size);
        let mut raised = paper::above_paper(values, size, dark_on_light);
        // In the picture's own grey levels up to here.
        let strongest = levels::strongest(raised.iter().copied());
        if strongest < least || strongest < 1.5 * NOISE * noise {
            return Self {
                plain: vec![0.0; values.len()],
                levels: vec![0.0; values.len()],
                dark_on_light,
                abreast: 0,
            };
        }
        let quiet = NOISE * noise / strongest;
        for level in &mut raised {
            *level = (*level / strongest).clamp(0.0, 1.0);
        }
        let mut plain = raised.clone();
        if noise > 0.0 {
            for level in plain.iter_mut().filter(|level| **level <= quiet) {
                *level = 0.0;
            }
        }

        let least = quiet.max(RIPPLE);
        let mut pieces = Pieces::of(&raised, size, least);
        if pieces.touches_edge() || pieces.any_spans(size) {
            // Lines across the paper join whatever is written on it.
            if let Some(without) = lines::without(&raised, size, least) {
                let cleaned = Pieces::of(&without, size, least);
                if cleaned.any() {
                    raised = without;
                    pieces = cleaned;
                }
            }
        }
        if pieces.touches_edge() {
            let mut choices = THRESHOLDS
                .iter()
                .map(|threshold| Pieces::of(&raised, size, threshold.max(quiet)));
            pieces = choices
                .find(|pieces| pieces.any() && !pieces.touches_edge())
                .unwrap_or(pieces);
        }
        if let Some(firm) = pieces.firm(&raised, size, THRESHOLDS[0].max(quiet)) {
            pieces = firm;
        }
        let levels = pieces.levels(&raised, size, least);
        Self {
            levels,
            plain,
            dark_on_light,
            abreast: pieces.abreast(),
        }
    }
}
