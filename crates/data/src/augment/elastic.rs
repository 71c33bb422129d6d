//! Elastic deformation (Simard, Steinkraus & Platt 2003, 'Best practices for convolutional neural networks applied to
//! visual document analysis'): every place is displaced by random numbers that are smoothed by a Gaussian.
//!
//! The numbers are drawn on a grid of half a standard deviation, and the field is interpolated between its points: after
//! smoothing it holds no finer detail, and a number for every pixel would cost many times as much.

use crate::random::Stream;
use recipe::Augment;

/// Cells of the grid in one standard deviation.
const CELLS: f64 = 2.0;
/// Cells that the Gaussian reaches either way: three standard deviations.
const REACH: usize = 6;
const TAPS: usize = 2 * REACH + 1;

/// A field of displacements `[x, y]` over an image, pixels.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// Pixels from one point of the grid to the next; the first is the image's upper left corner.
    cell: f64,
    columns: usize,
    /// Row by row, x and y of each point.
    points: Vec<f32>,
}

impl Field {
    /// Draws a field for an image of `[height, width]`.
    pub fn draw(augment: &Augment, [height, width]: [usize; 2], stream: &mut Stream) -> Self {
        let cell = augment.elastic_sigma / CELLS;
        // A point beyond the last pixel, so that each pixel lies between points.
        let [rows, columns] = [height, width].map(|side| (side as f64 / cell).ceil() as usize + 1);
        let kernel = kernel();
        let sum_of_squares: f64 = kernel.iter().map(|weight| weight * weight).sum();
        // A uniform number in [-1, 1) has variance 1/3. A sum weighted along both axes has that times the squares of the
        // weights.
        let scale = (augment.elastic * 3.0_f64.sqrt() / sum_of_squares) as f32;
        let kernel = kernel.map(|weight| weight as f32);

        let (drawn_rows, drawn_columns) = (rows + 2 * REACH, columns + 2 * REACH);
        let drawn = uniform(2 * drawn_rows * drawn_columns, stream);
        // Whole rows at a time, which the compiler turns into vectors.
        let line = 2 * columns;
        let mut across = vec![0.0; drawn_rows * line];
        for (from, into) in drawn
            .chunks_exact(2 * drawn_columns)
            .zip(across.chunks_exact_mut(line))
        {
            for (tap, weight) in kernel.iter().enumerate() {
                add(into, *weight, &from[2 * tap..][..line]);
            }
        }
        let mut points = vec![0.0; rows * line];
        for (row, into) in points.chunks_exact_mut(line).enumerate() {
            for (tap, weight) in kernel.iter().enumerate() {
                add(into, scale * weight, &across[(row + tap) * line..][..line]);
            }
        }
        Self {
            cell,
            columns,
            points,
        }
    }

    fn rows(&self) -> usize {
        self.points.len() / (2 * self.columns)
    }

    /// The displacement at a place; outside the image, the displacement at its edge.
    pub fn at(&self, x: f64, y: f64) -> [f64; 2] {
        let (left, right_share) = between(x / self.cell, self.columns);
        let (top, bottom_share) = between(y / self.cell, self.rows());
        let line = 2 * self.columns;
        let corner = top * line + 2 * left;
        [0, 1].map(|axis| {
            let point = |index: usize| f64::from(self.points[index + axis]);
            let above = mix(point(corner), point(corner + 2), right_share);
            let below = mix(point(corner + line), point(corner + line + 2), right_share);
            mix(above, below, bottom_share)
        })
    }

    /// Gives, row by row, the displacements at the centres of `width` pixels.
    pub fn pixels(&self, width: usize) -> Pixels<'_> {
        let place = |x: usize| {
            let (before, share) = between((x as f64 + 0.5) / self.cell, self.columns);
            (2 * before, share as f32)
        };
        Pixels {
            field: self,
            places: (0..width).map(place).collect(),
            line: vec![0.0; 2 * self.columns],
        }
    }
}

/// The displacements of pixels; a row of the grid serves a whole row of them.
pub(super) struct Pixels<'a> {
    field: &'a Field,
    /// For each column of pixels where its left point stands in a line, and its share of the way to the next.
    places: Vec<(usize, f32)>,
    /// Points between two rows of the grid.
    line: Vec<f32>,
}

impl Pixels<'_> {
    /// The displacements of row `y`.
    pub fn row(&mut self, y: usize, into: &mut [[f64; 2]]) {
        let field = self.field;
        let (top, share) = between((y as f64 + 0.5) / field.cell, field.rows());
        let length = self.line.len();
        let (above, below) = field.points[top * length..][..2 * length].split_at(length);
        let share = share as f32;
        for (point, (above, below)) in self.line.iter_mut().zip(above.iter().zip(below)) {
            *point = above + (below - above) * share;
        }
        for (displacement, &(left, share)) in into.iter_mut().zip(&self.places) {
            let [x, y, next_x, next_y] = [0, 1, 2, 3].map(|i| self.line[left + i]);
            *displacement = [x + (next_x - x) * share, y + (next_y - y) * share].map(f64::from);
        }
    }
}

/// Adds `weight` times one line to another.
fn add(into: &mut [f32], weight: f32, line: &[f32]) {
    for (sum, value) in into.iter_mut().zip(line) {
        *sum += weight * value;
    }
}

/// A Gaussian's weights, which sum to 1.
fn kernel() -> [f64; TAPS] {
    let weights: [f64; TAPS] = std::array::from_fn(|tap| {
        let distance = (tap as f64 - REACH as f64) / CELLS;
        (-0.5 * distance * distance).exp()
    });
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| weight / sum)
}

/// Numbers uniform in [-1, 1): four from 64 bits are fine enough for what is smoothed.
fn uniform(count: usize, stream: &mut Stream) -> Vec<f32> {
    let mut numbers = Vec::with_capacity(count + 3);
    while numbers.len() < count {
        let bits = stream.bits();
        numbers.extend([0, 16, 32, 48].map(|part| f32::from((bits >> part) as i16) / 32_768.0));
    }
    numbers.truncate(count);
    numbers
}

/// The point before a place on a line of points, and how far the place is on the way to the next.
fn between(place: f64, points: usize) -> (usize, f64) {
    let place = place.clamp(0.0, (points - 1) as f64);
    let before = (place as usize).min(points - 2);
    (before, place - before as f64)
}

fn mix(from: f64, to: f64, share: f64) -> f64 {
    from + (to - from) * share
}

#[cfg(test)]
mod tests;
