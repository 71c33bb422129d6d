//! Elastic deformation (Simard, Steinkraus & Platt 2003, 'Best practices for convolutional neural networks applied to
//! visual document analysis'): every place is displaced by random numbers that are smoothed by a Gaussian.
//!
//! The numbers stand on a grid of half a standard deviation, between whose points the field is interpolated: smoothed
//! as it is it holds nothing finer, and a grid of pixels would cost many times as much.

use crate::random::Stream;
use crate::recipe::Augment;

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
    /// Row by row.
    points: Vec<[f32; 2]>,
}

impl Field {
    /// Draws a field for an image of `[height, width]`.
    pub fn draw(augment: &Augment, [height, width]: [usize; 2], stream: &mut Stream) -> Self {
        let cell = augment.elastic_sigma / CELLS;
        // A point beyond the last pixel, so that each pixel lies between points.
        let [rows, columns] = [height, width].map(|side| (side as f64 / cell).ceil() as usize + 1);
        let kernel = kernel();
        let sum_of_squares: f64 = kernel.iter().map(|weight| weight * weight).sum();
        // Of a uniform number in [-1, 1) the variance is 1/3, of a sum weighted along both sides it is that times the
        // squares of the weights.
        let scale = augment.elastic * 3.0_f64.sqrt() / sum_of_squares;
        let kernel = kernel.map(|weight| weight as f32);
        let drawn = uniform((rows + 2 * REACH) * (columns + 2 * REACH), stream);

        let mut across = Vec::with_capacity((rows + 2 * REACH) * columns);
        for row in drawn.chunks_exact(columns + 2 * REACH) {
            across.extend(
                row.windows(TAPS)
                    .map(|window| weighted(&kernel, window.iter())),
            );
        }
        let mut points = Vec::with_capacity(rows * columns);
        for row in 0..rows {
            for column in 0..columns {
                let window = across[row * columns + column..].iter().step_by(columns);
                let [x, y] = weighted(&kernel, window);
                points.push([x * scale as f32, y * scale as f32]);
            }
        }
        Self {
            cell,
            columns,
            points,
        }
    }

    /// The displacement at a place; beyond the image that at its edge.
    pub fn at(&self, x: f64, y: f64) -> [f64; 2] {
        let (columns, rows) = (self.columns, self.points.len() / self.columns);
        let (left, right_share) = between(x / self.cell, columns);
        let (top, bottom_share) = between(y / self.cell, rows);
        let corner = top * columns + left;
        let point = |index: usize| self.points[index].map(f64::from);
        let above = mix(point(corner), point(corner + 1), right_share);
        let below = mix(
            point(corner + columns),
            point(corner + columns + 1),
            right_share,
        );
        mix(above, below, bottom_share)
    }

    /// The displacements at the centres of the pixels of row `y`.
    pub fn row(&self, y: usize, into: &mut [[f64; 2]]) {
        for (x, displacement) in into.iter_mut().enumerate() {
            *displacement = self.at(x as f64 + 0.5, y as f64 + 0.5);
        }
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

/// The sum of as many pairs as there are weights.
fn weighted<'a>(kernel: &[f32; TAPS], pairs: impl Iterator<Item = &'a [f32; 2]>) -> [f32; 2] {
    kernel
        .iter()
        .zip(pairs)
        .fold([0.0; 2], |sum, (weight, pair)| {
            [sum[0] + weight * pair[0], sum[1] + weight * pair[1]]
        })
}

/// Pairs of numbers uniform in [-1, 1): two pairs from 64 bits are fine enough for what is smoothed.
fn uniform(count: usize, stream: &mut Stream) -> Vec<[f32; 2]> {
    let mut pairs = Vec::with_capacity(count + 1);
    while pairs.len() < count {
        let bits = stream.bits();
        let number = |part: u32| f32::from((bits >> (16 * part)) as i16) / 32_768.0;
        pairs.extend([[number(0), number(1)], [number(2), number(3)]]);
    }
    pairs.truncate(count);
    pairs
}

/// The point before a place on a line of points, and how far the place is on the way to the next.
fn between(place: f64, points: usize) -> (usize, f64) {
    let place = place.clamp(0.0, (points - 1) as f64);
    let before = (place as usize).min(points - 2);
    (before, place - before as f64)
}

fn mix(from: [f64; 2], to: [f64; 2], share: f64) -> [f64; 2] {
    [0, 1].map(|axis| from[axis] + (to[axis] - from[axis]) * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Key, Purpose};

    #[test]
    fn displacements_are_as_large_and_as_smooth_as_asked_for() {
        let augment = Augment {
            elastic: 1.5,
            elastic_sigma: 5.0,
            ..Augment::default()
        };
        let (mut squares, mut steps, mut count) = (0.0, 0.0, 0.0);
        for index in 0..20 {
            let key = Key {
                seed: 1,
                purpose: Purpose::Augment,
                epoch: 1,
                index,
            };
            let field = Field::draw(&augment, [90, 110], &mut key.stream());
            for y in 0..90 {
                for x in 0..109 {
                    let [here, right] =
                        [x, x + 1].map(|x| field.at(f64::from(x) + 0.5, f64::from(y) + 0.5));
                    squares += here[0] * here[0] + here[1] * here[1];
                    steps += (right[0] - here[0]).powi(2) + (right[1] - here[1]).powi(2);
                    count += 2.0;
                }
            }
        }
        // Interpolation takes a few percent off.
        let rms = f64::sqrt(squares / count);
        assert!((1.3..1.6).contains(&rms), "{rms}");
        // A field smoothed by a Gaussian of s changes by rms / (s * sqrt(2)) a pixel.
        let slope = f64::sqrt(steps / count);
        assert!(
            (slope - 1.5 / (5.0 * 2.0_f64.sqrt())).abs() < 0.03,
            "{slope}"
        );
    }

    #[test]
    fn small_images_have_a_field_too() {
        let augment = Augment {
            elastic: 1.0,
            elastic_sigma: 400.0,
            ..Augment::default()
        };
        let key = Key {
            seed: 1,
            purpose: Purpose::Augment,
            epoch: 1,
            index: 0,
        };
        let field = Field::draw(&augment, [1, 2], &mut key.stream());
        let [x, y] = field.at(-3.0, 9.0);
        assert!(x.is_finite() && y.is_finite());
    }
}
