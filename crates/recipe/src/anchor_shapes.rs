//! Sizes and ratios of anchors, and k-means that fits them to boxes.

/// Rounds of k-means.
const ROUNDS: usize = 40;

/// Shapes of anchors at one place: every size comes in every ratio.
#[derive(Clone, Debug, PartialEq)]
pub struct AnchorShapes {
    /// Square roots of areas, pixels.
    pub sizes: Vec<f64>,
    /// Heights divided by widths.
    pub ratios: Vec<f64>,
}

impl AnchorShapes {
    /// The size and the ratio of a box `[height, width]`.
    pub fn of([height, width]: [f64; 2]) -> [f64; 2] {
        [(height * width).sqrt(), height / width]
    }

    /// The shapes after k-means on boxes `[height, width]`, starting from these; and the mean IoU of the boxes before the
    /// last round.
    ///
    /// The distance is 1 - IoU of boxes laid on one another (Redmon and Farhadi 2017). Each box goes to the size and the
    /// ratio that together overlap it most; then each size becomes the geometric mean of its boxes' sizes, and each ratio
    /// likewise.
    pub fn fitted(mut self, boxes: &[[f64; 2]]) -> (Self, f64) {
        let mut mean_iou = 0.0;
        for _ in 0..ROUNDS {
            let mut sizes = vec![GeometricMean::default(); self.sizes.len()];
            let mut ratios = vec![GeometricMean::default(); self.ratios.len()];
            let mut sum = 0.0;
            for shape in boxes {
                let (iou, [size, ratio]) = self.nearest(*shape);
                let [own_size, own_ratio] = Self::of(*shape);
                sizes[size].add(own_size);
                ratios[ratio].add(own_ratio);
                sum += iou;
            }
            let values = self.sizes.iter_mut().chain(&mut self.ratios);
            for (value, mean) in values.zip(sizes.iter().chain(&ratios)) {
                *value = mean.get().unwrap_or(*value);
            }
            mean_iou = sum / boxes.len().max(1) as f64;
        }
        (self, mean_iou)
    }

    /// In ascending order, sizes to a tenth and ratios to a hundredth.
    pub fn rounded(self) -> Self {
        let rounded = |mut values: Vec<f64>, parts: f64| {
            for value in &mut values {
                *value = (*value * parts).round().max(1.0) / parts;
            }
            values.sort_by(f64::total_cmp);
            values
        };
        Self {
            sizes: rounded(self.sizes, 10.0),
            ratios: rounded(self.ratios, 100.0),
        }
    }

    /// The best IoU of a box `[height, width]` with any size in any ratio, if laid on one another.
    pub fn best_iou(&self, shape: [f64; 2]) -> f64 {
        self.nearest(shape).0
    }

    /// The best IoU, and the indices of the size and the ratio.
    fn nearest(&self, [height, width]: [f64; 2]) -> (f64, [usize; 2]) {
        let mut best = (-1.0, [0, 0]);
        for (i, size) in self.sizes.iter().enumerate() {
            for (j, ratio) in self.ratios.iter().enumerate() {
                let (w, h) = (size / ratio.sqrt(), size * ratio.sqrt());
                let shared = w.min(width) * h.min(height);
                let iou = shared / (w * h + width * height - shared);
                if iou > best.0 {
                    best = (iou, [i, j]);
                }
            }
        }
        best
    }
}

#[derive(Clone, Copy, Default)]
struct GeometricMean {
    sum_of_logarithms: f64,
    count: usize,
}

impl GeometricMean {
    fn add(&mut self, value: f64) {
        self.sum_of_logarithms += value.ln();
        self.count += 1;
    }

    /// `None` without values.
    fn get(self) -> Option<f64> {
        (self.count > 0).then(|| (self.sum_of_logarithms / self.count as f64).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_means_finds_two_sizes_in_two_ratios() {
        let mut boxes = Vec::new();
        for (size, ratio) in [(10.0_f64, 1.0_f64), (10.0, 4.0), (30.0, 1.0), (30.0, 4.0)] {
            for step in -3..=3 {
                let size = size * (1.0 + 0.02 * f64::from(step));
                boxes.push([size * ratio.sqrt(), size / ratio.sqrt()]);
            }
        }
        let start = AnchorShapes {
            sizes: vec![25.0, 12.0],
            ratios: vec![0.9, 3.0],
        };
        let (found, mean_iou) = start.fitted(&boxes);
        let found = found.rounded();
        assert_eq!(found.sizes, [10.0, 30.0]);
        assert_eq!(found.ratios, [1.0, 4.0]);
        assert!(mean_iou > 0.9, "{mean_iou}");
        assert!((found.best_iou([20.0, 5.0]) - 1.0).abs() < 1e-9);
        assert!((found.best_iou([10.0, 5.0]) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn without_boxes_nothing_changes() {
        let start = AnchorShapes {
            sizes: vec![8.0],
            ratios: vec![1.0],
        };
        assert_eq!(start.clone().fitted(&[]), (start, 0.0));
    }
}
