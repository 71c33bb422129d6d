//! Copies of planes with zeros around them, in an order in which neighbouring outputs read neighbouring pixels.

use std::ops::Range;

use rayon::prelude::*;

use crate::buffer::Scratch;
use crate::conv::Conv;
use crate::lanes::LANES;

/// Planes with their padding. Columns are sorted by their remainder modulo the stride, so that a tap's pixels for one output
/// and the next always lie side by side: `[row][remainder][column / stride][16]`.
#[derive(Clone, Copy)]
pub(super) struct Padded {
    size: [usize; 2],
    padding: [usize; 2],
    stride: usize,
    /// Pixels of one remainder in a row.
    share: usize,
    rows: usize,
    /// Whether planes are as they should be without a copy.
    is_plain: bool,
}

impl Padded {
    pub fn new(conv: &Conv, size: [usize; 2]) -> Self {
        let stride = conv.stride[1];
        let is_plain = conv.padding == [0, 0] && stride == 1;
        Self {
            size,
            padding: conv.padding,
            stride,
            share: conv.padding[1]
                .saturating_mul(2)
                .saturating_add(size[1])
                .div_ceil(stride),
            rows: conv.padding[0].saturating_mul(2).saturating_add(size[0]),
            is_plain,
        }
    }

    /// Floats of a row.
    pub fn row(&self) -> usize {
        self.share * self.stride * LANES
    }

    /// Floats of a plane.
    pub fn plane(&self) -> usize {
        self.rows * self.row()
    }

    /// Where in a row the pixels of a tap begin that this many columns are skipped before.
    #[inline(always)]
    pub fn column(&self, skipped: usize) -> usize {
        (skipped % self.stride * self.share + skipped / self.stride) * LANES
    }

    /// Whether its planes are not much larger than what is read from and written to: padding far beyond the kernel, skipped by a
    /// large stride, would need memory that nothing else needs.
    pub fn is_moderate(&self, out: [usize; 2]) -> bool {
        const SMALL: usize = 1 << 16;
        const TIMES: usize = 4;
        let pixels = |[height, width]: [usize; 2]| height.saturating_mul(width);
        let copied = self
            .rows
            .saturating_mul(self.share)
            .saturating_mul(self.stride);
        copied <= SMALL || copied / TIMES <= pixels(self.size).saturating_add(pixels(out))
    }

    /// Floats of the copies of this many planes.
    pub fn copies(&self, planes: usize) -> usize {
        if self.is_plain {
            0
        } else {
            planes * self.plane()
        }
    }

    /// All planes of `x` `[planes, H, W, 16]` in this order: copies in `scratch`, or `x` itself where that will do.
    pub fn planes<'a>(&self, x: &'a [f32], scratch: &'a mut Scratch) -> &'a [f32] {
        let plane = self.size[0] * self.size[1] * LANES;
        if self.is_plain || plane == 0 {
            return x;
        }
        let copies = scratch.floats(self.copies(x.len() / plane));
        copies
            .par_chunks_mut(self.plane())
            .zip(x.par_chunks(plane))
            .for_each(|(to, plane)| self.fill(plane, to));
        copies
    }

    /// Copies a plane `[H, W, 16]`.
    pub fn fill(&self, plane: &[f32], to: &mut [f32]) {
        let [height, width] = self.size;
        let zero = |to: &mut [f32], rows: Range<usize>| {
            to[rows.start * self.row()..rows.end * self.row()].fill(0.0)
        };
        zero(to, 0..self.padding[0]);
        zero(to, self.padding[0] + height..self.rows);
        let rows = plane.chunks_exact(width * LANES);
        let into = to.chunks_exact_mut(self.row()).skip(self.padding[0]);
        for (from, to) in rows.zip(into) {
            if self.stride == 1 {
                let first = self.padding[1] * LANES;
                to[..first].fill(0.0);
                to[first..first + from.len()].copy_from_slice(from);
                to[first + from.len()..].fill(0.0);
                continue;
            }
            to.fill(0.0);
            for (x, pixel) in from.as_chunks::<LANES>().0.iter().enumerate() {
                let at = self.column(x + self.padding[1]);
                to[at..at + LANES].copy_from_slice(pixel);
            }
        }
    }
}
