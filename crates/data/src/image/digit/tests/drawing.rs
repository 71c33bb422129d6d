//! Digits drawn by hand, with any pen on any paper.

use image::{DynamicImage, GrayImage};

/// Digits as lines in the unit square, drawn by hand.
fn strokes(digit: usize) -> &'static [&'static [[f32; 2]]] {
    match digit {
        1 => &[&[[0.5, 0.05], [0.5, 0.95]]],
        2 => &[&[
            [0.15, 0.25],
            [0.3, 0.08],
            [0.7, 0.08],
            [0.85, 0.3],
            [0.15, 0.92],
            [0.88, 0.92],
        ]],
        3 => &[&[
            [0.15, 0.1],
            [0.8, 0.1],
            [0.45, 0.42],
            [0.8, 0.6],
            [0.75, 0.85],
            [0.45, 0.95],
            [0.15, 0.85],
        ]],
        4 => &[
            &[[0.6, 0.05], [0.15, 0.65], [0.85, 0.65]],
            &[[0.65, 0.4], [0.65, 0.95]],
        ],
        5 => &[&[
            [0.8, 0.08],
            [0.25, 0.08],
            [0.2, 0.45],
            [0.6, 0.4],
            [0.82, 0.6],
            [0.75, 0.85],
            [0.45, 0.95],
            [0.18, 0.85],
        ]],
        _ => &[&[[0.15, 0.08], [0.85, 0.08], [0.4, 0.95]]],
    }
}

/// The digits that there are.
pub const DRAWN: [usize; 6] = [1, 2, 3, 4, 5, 7];

/// A canvas on which pens draw.
pub struct Canvas {
    pub side: usize,
    /// Row by row, 0 black to 255 white.
    pub levels: Vec<f32>,
}

impl Canvas {
    pub fn new(side: usize, paper: f32) -> Self {
        Self {
            side,
            levels: vec![paper; side * side],
        }
    }

    /// With the digit's square at `corner`, `size` pixels a side.
    pub fn draw(mut self, digit: usize, corner: [f32; 2], size: f32, pen: f32, ink: f32) -> Self {
        let place = |[x, y]: [f32; 2]| [corner[0] + size * x, corner[1] + size * y];
        for line in strokes(digit) {
            for pair in line.windows(2) {
                self.line(place(pair[0]), place(pair[1]), pen, ink);
            }
        }
        self
    }

    pub fn line(&mut self, from: [f32; 2], to: [f32; 2], pen: f32, ink: f32) {
        let range = |axis: usize| {
            let [low, high] = [
                from[axis].min(to[axis]) - pen,
                from[axis].max(to[axis]) + pen,
            ];
            low.max(0.0) as usize..(high.max(0.0) as usize + 1).min(self.side)
        };
        let along = [to[0] - from[0], to[1] - from[1]];
        let length = (along[0] * along[0] + along[1] * along[1]).max(1e-9);
        for y in range(1) {
            for x in range(0) {
                let at = [x as f32 + 0.5 - from[0], y as f32 + 0.5 - from[1]];
                let share = ((at[0] * along[0] + at[1] * along[1]) / length).clamp(0.0, 1.0);
                let off = [at[0] - share * along[0], at[1] - share * along[1]];
                if (off[0] * off[0] + off[1] * off[1]).sqrt() <= pen / 2.0 {
                    self.levels[y * self.side + x] = ink;
                }
            }
        }
    }

    /// Changes each level, by its place as shares of the side.
    pub fn each(mut self, mut change: impl FnMut(f32, f32, f32) -> f32) -> Self {
        let side = self.side;
        for (at, level) in self.levels.iter_mut().enumerate() {
            let [x, y] = [at % side, at / side].map(|place| place as f32 / side as f32);
            *level = change(*level, x, y);
        }
        self
    }

    pub fn image(&self) -> DynamicImage {
        let levels = self
            .levels
            .iter()
            .map(|level| level.round().clamp(0.0, 255.0) as u8);
        let side = self.side as u32;
        GrayImage::from_raw(side, side, levels.collect())
            .unwrap()
            .into()
    }
}
