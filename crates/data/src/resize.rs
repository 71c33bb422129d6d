//! Antialiased bilinear resizing, with the weights computed once for each size.

use std::ops::Range;

/// From pictures of one size to another; sizes are `[height, width]`.
///
/// A triangle over the source, centred where the new pixel's centre lies and as wide as one source pixel each way, or
/// as one new pixel where the picture shrinks, so that none is skipped. Weights of pixels beyond the edge are left out
/// and the rest add up to 1. This is PyTorch's `interpolate(mode="bilinear", antialias=True, align_corners=False)`.
#[derive(Clone, Debug)]
pub struct Resizer {
    rows: Axis,
    columns: Axis,
}

/// One direction.
#[derive(Clone, Debug)]
struct Axis {
    from: usize,
    to: usize,
    /// The first source pixel of each new one.
    starts: Vec<usize>,
    /// Weights of the source pixels from there on, `taps` for each new pixel, 0 where there are fewer.
    weights: Vec<f32>,
    taps: usize,
}

impl Axis {
    /// The new pixels of `range`, of `to` in all.
    fn new(from: usize, to: usize, range: Range<usize>) -> Self {
        let scale = from as f64 / to as f64;
        let reach = scale.max(1.0);
        let taps = (2.0 * reach).ceil() as usize + 1;
        let mut starts = Vec::with_capacity(range.len());
        let mut weights = vec![0.0; range.len() * taps];
        for (pixel, weights) in range.clone().zip(weights.chunks_exact_mut(taps)) {
            let centre = (pixel as f64 + 0.5) * scale;
            let start = ((centre - reach).floor().max(0.0) as usize).min(from.saturating_sub(taps));
            let inside = taps.min(from - start);
            let raw: Vec<f64> = (start..start + inside)
                .map(|source| (1.0 - (source as f64 + 0.5 - centre).abs() / reach).max(0.0))
                .collect();
            let sum: f64 = raw.iter().sum();
            for (weight, raw) in weights.iter_mut().zip(raw) {
                *weight = (raw / sum) as f32;
            }
            starts.push(start);
        }
        Self {
            from,
            to: range.len(),
            starts,
            weights,
            taps,
        }
    }
}

impl Axis {
    /// Between the two nearest pixels.
    fn bilinear(from: usize, to: usize) -> Self {
        let scale = from as f32 / to as f32;
        let mut starts = Vec::with_capacity(to);
        let mut weights = Vec::with_capacity(2 * to);
        for pixel in 0..to {
            let place = (scale * (pixel as f32 + 0.5) - 0.5).max(0.0);
            let start = (place as usize).min(from - 1);
            let share = place - start as f32;
            // The last pixel has no next one.
            let share = if start + 1 < from { share } else { 0.0 };
            starts.push(start);
            weights.extend([1.0 - share, share]);
        }
        Self {
            from,
            to,
            starts,
            weights,
            taps: 2,
        }
    }
}

/// Rows that are narrowed together: the compiler makes vectors of them, and each sum still has the same order.
const ROWS: usize = 8;
/// Wider pictures are narrowed row by row, for which no copy of many rows is needed.
const MOST_WIDTH: usize = 1 << 16;

impl Resizer {
    /// Computes the weights. All sides must be at least 1.
    pub fn new(from: [usize; 2], to: [usize; 2]) -> Self {
        Self::part(from, to, [0..to[0], 0..to[1]])
    }

    /// Bilinear interpolation between the nearest pixels, however much the picture shrinks: PyTorch's
    /// `interpolate(mode="bilinear", align_corners=False)` with its rounding. All sides must be at least 1.
    pub fn bilinear(from: [usize; 2], to: [usize; 2]) -> Self {
        Self {
            rows: Axis::bilinear(from[0], to[0]),
            columns: Axis::bilinear(from[1], to[1]),
        }
    }

    /// Makes only these rows and columns of the picture in its new size.
    pub fn part(from: [usize; 2], to: [usize; 2], [rows, columns]: [Range<usize>; 2]) -> Self {
        Self {
            rows: Axis::new(from[0], to[0], rows),
            columns: Axis::new(from[1], to[1], columns),
        }
    }

    /// Grey values in the new size, rounded to the nearest.
    ///
    /// # Panics
    /// When `picture` has another size.
    pub fn resize(&self, picture: &[u8]) -> Vec<u8> {
        rounded(&self.blend::<1, ROWS, _>(picture))
    }

    /// Pixels of red, green and blue, `[H, W, 3]`, in the new size, rounded to the nearest.
    ///
    /// # Panics
    /// When `picture` has another size.
    pub fn resize_rgb(&self, picture: &[u8]) -> Vec<u8> {
        rounded(&self.blend::<3, { 3 * ROWS }, _>(picture))
    }

    /// Grey values in the new size, not rounded.
    ///
    /// # Panics
    /// When `picture` has another size.
    pub fn resize_plane(&self, picture: &[u8]) -> Vec<f32> {
        self.blend::<1, ROWS, _>(picture)
    }

    /// Numbers in the new size.
    ///
    /// # Panics
    /// When `picture` has another size.
    pub fn resize_f32(&self, picture: &[f32]) -> Vec<f32> {
        self.blend::<1, ROWS, _>(picture)
    }

    /// `[H, W, C]` in the new size; LANES is C times [`ROWS`].
    fn blend<const C: usize, const LANES: usize, T: Copy + Into<f32>>(
        &self,
        picture: &[T],
    ) -> Vec<f32> {
        let Self { rows, columns } = self;
        assert_eq!(
            picture.len(),
            C * rows.from * columns.from,
            "{} x {} pixels",
            rows.from,
            columns.from
        );
        let line = C * columns.to;
        let mut small = vec![0.0f32; rows.to * line];
        // The columns of some rows first: `[ROWS, columns.to, C]`.
        let mut narrow = vec![0.0f32; ROWS * line];
        let mut lanes = vec![[0.0f32; LANES]; columns.from.min(MOST_WIDTH)];
        // The new rows that the current one belongs to begin here.
        let mut first = 0;
        for (block, rows_of_block) in picture.chunks(ROWS * C * columns.from).enumerate() {
            let top = block * ROWS;
            while first < rows.to && rows.starts[first] + rows.taps <= top {
                first += 1;
            }
            if first == rows.to {
                break;
            }
            if rows.starts[first] >= top + ROWS {
                continue;
            }
            if columns.from <= MOST_WIDTH {
                columns.narrow::<C, LANES, T>(rows_of_block, &mut lanes, &mut narrow);
            } else {
                columns.narrow_one_by_one::<C, T>(rows_of_block, &mut narrow);
            }
            for (row, values) in narrow.chunks_exact(line).enumerate() {
                for y in first..rows.to {
                    let Some(tap) = (top + row).checked_sub(rows.starts[y]) else {
                        break;
                    };
                    if tap < rows.taps && top + row < rows.from {
                        let weight = rows.weights[y * rows.taps + tap];
                        for (sum, value) in small[y * line..][..line].iter_mut().zip(values) {
                            *sum += value * weight;
                        }
                    }
                }
            }
        }
        small
    }
}

impl Axis {
    /// Up to [`ROWS`] rows `[columns.from, C]` to `[columns.to, C]`; `lanes` holds them side by side.
    fn narrow<const C: usize, const LANES: usize, T: Copy + Into<f32>>(
        &self,
        rows: &[T],
        lanes: &mut [[f32; LANES]],
        narrow: &mut [f32],
    ) {
        // The last block may have fewer rows: the result of the repeated one is not used.
        let mut all = rows.chunks_exact(C * self.from);
        let mut row = &rows[..0];
        let rows: [&[[T; C]]; ROWS] = std::array::from_fn(|_| {
            row = all.next().unwrap_or(row);
            row.as_chunks::<C>().0
        });
        for (x, lanes) in lanes[..self.from].iter_mut().enumerate() {
            let lanes = lanes.as_chunks_mut::<C>().0;
            for row in 0..ROWS {
                let pixel = &rows[row][x];
                for channel in 0..C {
                    lanes[row][channel] = pixel[channel].into();
                }
            }
        }
        let line = C * self.to;
        let weights = self.weights.chunks_exact(self.taps);
        for (x, (&start, weights)) in self.starts.iter().zip(weights).enumerate() {
            let mut sums = [0.0f32; LANES];
            for (lanes, weight) in lanes[start..].iter().zip(weights) {
                for (sum, value) in sums.iter_mut().zip(lanes) {
                    *sum += value * weight;
                }
            }
            let sums = sums.as_chunks::<C>().0;
            for (sums, row) in sums.iter().zip(narrow.chunks_exact_mut(line)) {
                row[C * x..][..C].copy_from_slice(sums);
            }
        }
    }

    fn narrow_one_by_one<const C: usize, T: Copy + Into<f32>>(
        &self,
        rows: &[T],
        narrow: &mut [f32],
    ) {
        let line = C * self.to;
        for (pixels, row) in rows
            .chunks_exact(C * self.from)
            .zip(narrow.chunks_exact_mut(line))
        {
            let weights = self.weights.chunks_exact(self.taps);
            for (x, (&start, weights)) in self.starts.iter().zip(weights).enumerate() {
                let mut sums = [0.0f32; C];
                for (pixel, weight) in pixels.as_chunks::<C>().0[start..].iter().zip(weights) {
                    for (sum, &value) in sums.iter_mut().zip(pixel) {
                        *sum += value.into() * weight;
                    }
                }
                row[C * x..][..C].copy_from_slice(&sums);
            }
        }
    }
}

fn rounded(values: &[f32]) -> Vec<u8> {
    // A cast cuts off and saturates; halves go up, as `f32::round` has them, which is a call without SSE4.1.
    let round = |value: f32| {
        let whole = value as u8;
        whole + u8::from(value - f32::from(whole) >= 0.5 && whole < 255)
    };
    values.iter().map(|&value| round(value)).collect()
}

#[cfg(test)]
mod tests;
