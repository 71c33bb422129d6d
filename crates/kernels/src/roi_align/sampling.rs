//! What RoIAlign pools, and the weights of a box along one axis: which cells of the map make up each bin, by bilinear
//! interpolation.

/// What is pooled and how; the same conventions as torchvision's `roi_align`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoiAlign {
    /// Bins of the result, `[bins_y, bins_x]`.
    pub output: [usize; 2],
    /// Cells of the map per pixel of the image, 1 / stride.
    pub scale: f32,
    /// Samples a bin along each axis; 0 takes as many as the bin spans cells, rounded up.
    pub sampling_ratio: usize,
    /// Whether coordinates are shifted by half a cell, so that cell centres lie where they are in the image. Without
    /// it (torchvision's default) a box is also widened to at least one cell.
    pub aligned: bool,
}

/// The sparse weights of one box along one axis: bin `i` is the sum of `weights[k] * line[cells[k]]` over
/// `k` in `ends[i - 1]..ends[i]`.
#[derive(Default)]
pub(super) struct Axis {
    ends: Vec<usize>,
    pub(super) cells: Vec<usize>,
    pub(super) weights: Vec<f32>,
}

impl Axis {
    fn clear(&mut self) {
        self.ends.clear();
        self.cells.clear();
        self.weights.clear();
    }

    /// Adds to the weight of a cell in the bin that begins at `first`.
    fn add(&mut self, first: usize, cell: usize, weight: f32) {
        // From the end: the samples of a bin are in order, so the cell is one of the last two.
        match self.cells[first..].iter().rposition(|&c| c == cell) {
            Some(i) => self.weights[first + i] += weight,
            None => {
                self.cells.push(cell);
                self.weights.push(weight);
            }
        }
    }

    /// The taps of a bin.
    #[inline(always)]
    pub(super) fn range(&self, bin: usize) -> std::ops::Range<usize> {
        let start = if bin == 0 { 0 } else { self.ends[bin - 1] };
        start..self.ends[bin]
    }

    /// The range of cells with any weight, `low..high`.
    pub(super) fn span(&self) -> (usize, usize) {
        let low = self.cells.iter().min().map_or(0, |&c| c);
        let high = self.cells.iter().max().map_or(0, |&c| c + 1);
        (low, high)
    }
}

impl RoiAlign {
    /// The dense weights of one box along one axis, `[bins, extent]` into `out`: with `Wy` and `Wx` of a box its pooled
    /// map is `Wy * F * Wx^T`. `start` and `end` are its edges in image pixels, `extent` the cells of the map.
    ///
    /// # Panics
    /// When `out` is not `bins * extent` long.
    pub fn axis_weights(&self, start: f32, end: f32, bins: usize, extent: usize, out: &mut [f32]) {
        assert_eq!(out.len(), bins * extent, "weights are [bins, extent]");
        let mut axis = Axis::default();
        self.axis(start, end, bins, extent, &mut axis);
        out.fill(0.0);
        for bin in 0..bins {
            for tap in axis.range(bin) {
                out[bin * extent + axis.cells[tap]] = axis.weights[tap];
            }
        }
    }

    /// Start of the box and size of a bin along one axis, in cells.
    fn bin(&self, start: f32, end: f32, bins: usize) -> (f32, f32) {
        let shift = if self.aligned { 0.5 } else { 0.0 };
        let (start, end) = (start * self.scale - shift, end * self.scale - shift);
        let side = if self.aligned {
            end - start
        } else {
            (end - start).max(1.0)
        };
        (start, side / bins as f32)
    }

    /// Samples along one axis of a bin of `size` cells.
    fn samples(&self, size: f32) -> usize {
        // The conversion saturates: a reversed box (or NaN) has no sample.
        if self.sampling_ratio > 0 {
            self.sampling_ratio
        } else {
            size.ceil() as usize
        }
    }

    /// The weights of one box along one axis, into `axis`.
    pub(super) fn axis(&self, start: f32, end: f32, bins: usize, extent: usize, axis: &mut Axis) {
        axis.clear();
        let (start, size) = self.bin(start, end, bins);
        let count = self.samples(size);
        let share = 1.0 / count.max(1) as f32;
        let finite = start.is_finite() && size.is_finite();
        for bin in 0..bins {
            let first = axis.cells.len();
            let base = start + bin as f32 * size;
            let at = |i: usize| base + (i as f32 + 0.5) * size / count as f32;
            let inside = if !finite || extent == 0 {
                0..0
            } else if self.sampling_ratio > 0 {
                0..count
            } else {
                // Adaptive samples lie about a cell apart; for a box far larger than the map, only those near the map matter.
                let index = |cell: f32| {
                    ((cell - base) / size * count as f32).clamp(0.0, count as f32) as usize
                };
                index(-1.0).saturating_sub(2)..index(extent as f32).saturating_add(2).min(count)
            };
            for i in inside {
                let position = at(i);
                // More than a cell outside the map the feature is 0, but the sample still counts in the divisor.
                if !(-1.0..=extent as f32).contains(&position) {
                    continue;
                }
                let position = position.max(0.0);
                let low = (position as usize).min(extent - 1);
                let part = if low == extent - 1 {
                    0.0
                } else {
                    position - low as f32
                };
                axis.add(first, low, (1.0 - part) * share);
                if part > 0.0 {
                    axis.add(first, low + 1, part * share);
                }
            }
            axis.ends.push(axis.cells.len());
        }
    }
}
