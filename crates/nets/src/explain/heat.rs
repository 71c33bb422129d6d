//! A map of how much each place of an image counts, laid over the image.

use image::{Rgb, RgbImage};

use super::View;
use data::draw::{self, Row, Sheet, blend, heat};

/// A legend for [`heat`].
pub(super) fn scale(low: f32, high: f32) -> Vec<Row> {
    // Two digits of the range.
    let decimals = (1.0 - (high - low).max(1e-5).log10().floor()).clamp(0.0, 6.0) as usize;
    let steps = (0..=5).rev().map(|fifth| fifth as f32 / 5.0);
    let row = |share: f32| Row {
        colour: Some(heat(share)),
        text: format!("{:.decimals$}", low + share * (high - low)),
    };
    steps.map(row).collect()
}

/// A map of `[height, width]`.
pub(super) struct Heat {
    pub height: usize,
    pub width: usize,
    pub values: Vec<f32>,
}

impl Heat {
    pub fn rows(&self) -> Vec<Vec<f32>> {
        let rows = self.values.chunks_exact(self.width.max(1));
        rows.map(<[f32]>::to_vec).collect()
    }

    /// The value at a place of the image, both from 0 to 1; bilinear between the centres of cells.
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let near = |place: f32, side: usize| {
            let place = (place * side as f32 - 0.5).clamp(0.0, (side - 1) as f32);
            let low = place as usize;
            (low, (low + 1).min(side - 1), place - low as f32)
        };
        let (x0, x1, right) = near(x, self.width);
        let (y0, y1, down) = near(y, self.height);
        let value = |y: usize, x: usize| self.values[y * self.width + x];
        let above = value(y0, x0) * (1.0 - right) + value(y0, x1) * right;
        let below = value(y1, x0) * (1.0 - right) + value(y1, x1) * right;
        above * (1.0 - down) + below * down
    }

    /// The greatest value, or 0.
    pub fn most(&self) -> f32 {
        self.values.iter().copied().fold(0.0, f32::max)
    }

    /// The image, and the map laid over it.
    pub fn sheet(&self, view: &View, title: String, notes: [String; 2]) -> RgbImage {
        let factor = (view.factor * 3 / 4).max(1);
        let image = view.enlarged(factor);
        let most = self.most();
        let (width, height) = image.dimensions();
        let gap = 16;
        let mut canvas = RgbImage::from_pixel(2 * width + gap, height, draw::WHITE);
        image::imageops::replace(&mut canvas, &image, 0, 0);
        for y in 0..height {
            for x in 0..width {
                let place = [x as f32 + 0.5, y as f32 + 0.5];
                let value = self.at(place[0] / width as f32, place[1] / height as f32);
                let share = value / most.max(f32::MIN_POSITIVE);
                // Ink stays visible under the map.
                let under: Rgb<u8> = *image.get_pixel(x, y);
                let pixel = blend(heat(share), under, 0.4);
                canvas.put_pixel(width + gap + x, y, pixel);
            }
        }
        let sheet = Sheet {
            title,
            notes: notes.to_vec(),
            legend: scale(0.0, most),
        };
        sheet.around(&canvas)
    }
}
