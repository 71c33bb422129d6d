//! Antialiased bilinear resizing of grey pictures, with the weights worked out once a size.

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
    /// Weights of the source pixels from there on, `taps` a new pixel, 0 where there are fewer.
    weights: Vec<f32>,
    taps: usize,
}

impl Axis {
    fn new(from: usize, to: usize) -> Self {
        let scale = from as f64 / to as f64;
        let reach = scale.max(1.0);
        let taps = (2.0 * reach).ceil() as usize + 1;
        let mut starts = Vec::with_capacity(to);
        let mut weights = vec![0.0; to * taps];
        for (pixel, weights) in weights.chunks_exact_mut(taps).enumerate() {
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
            to,
            starts,
            weights,
            taps,
        }
    }
}

impl Resizer {
    /// Works out the weights. All sides must be at least 1.
    pub fn new(from: [usize; 2], to: [usize; 2]) -> Self {
        Self {
            rows: Axis::new(from[0], to[0]),
            columns: Axis::new(from[1], to[1]),
        }
    }

    /// Grey values in the new size, rounded to the nearest.
    ///
    /// # Panics
    /// When `picture` has another size.
    pub fn resize(&self, picture: &[u8]) -> Vec<u8> {
        let Self { rows, columns } = self;
        let pixels = rows.from * columns.from;
        assert_eq!(
            picture.len(),
            pixels,
            "{} x {} pixels",
            rows.from,
            columns.from
        );
        // Columns first: `[rows.from, columns.to]`.
        let mut narrow = Vec::with_capacity(rows.from * columns.to);
        let weights = || columns.weights.chunks_exact(columns.taps);
        for row in picture.chunks_exact(columns.from) {
            for (&start, weights) in columns.starts.iter().zip(weights()) {
                let pixels = row[start..].iter().zip(weights);
                narrow.push(pixels.map(|(&p, w)| f32::from(p) * w).sum::<f32>());
            }
        }
        let mut small = vec![0; rows.to * columns.to];
        let mut sums = vec![0.0f32; columns.to];
        for (y, line) in small.chunks_exact_mut(columns.to).enumerate() {
            sums.fill(0.0);
            let weights = &rows.weights[y * rows.taps..][..rows.taps];
            let source = narrow[rows.starts[y] * columns.to..].chunks_exact(columns.to);
            for (row, weight) in source.zip(weights) {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += value * weight;
                }
            }
            for (pixel, sum) in line.iter_mut().zip(&sums) {
                *pixel = sum.round() as u8;
            }
        }
        small
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telling_sizes() {
        #[rustfmt::skip]
        let cases = [
            ("the same size", 2, &[1, 2, 3, 4][..], 2, &[1, 2, 3, 4][..]),
            ("one pixel to many", 1, &[77], 3, &[77; 9]),
            ("a mean of all", 2, &[0, 100, 100, 200], 1, &[100]),
            // Centres of the new pixels at 0.25, 0.75, 1.25, 1.75 of the source: edges are held, the rest blends.
            ("twice as large", 2, &[0, 100, 0, 100], 4, &[0, 25, 75, 100, 0, 25, 75, 100, 0, 25, 75, 100, 0, 25, 75, 100]),
            // A triangle of reach 2 around 1 and 3: weights 3, 3, 1 of 7 from the left.
            ("half as large", 4, &[70, 0, 0, 0, 70, 0, 0, 0, 70, 0, 0, 0, 70, 0, 0, 0], 2, &[30, 0, 30, 0]),
        ];
        for (name, from, picture, to, expected) in cases {
            assert_eq!(
                Resizer::new([from; 2], [to; 2]).resize(picture),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn grey_stays_grey_at_any_size() {
        for from in [1, 2, 3, 28, 31] {
            for to in [1, 2, 5, 13, 15, 28, 44, 100] {
                let small = Resizer::new([from; 2], [to; 2]).resize(&vec![200; from * from]);
                assert!(small.iter().all(|&p| p == 200), "{from} to {to}");
            }
        }
    }

    #[test]
    fn each_direction_has_its_own_size() {
        let wide = Resizer::new([1, 4], [2, 2]).resize(&[70, 0, 0, 0]);
        assert_eq!(wide, [30, 0, 30, 0]);
    }
}
