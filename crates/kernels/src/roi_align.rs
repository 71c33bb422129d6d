//! RoIAlign: the features under each box, resampled to a fixed grid of bins (He et al. 2017, arXiv:1703.06870).
//!
//! N images, C channels, H x W cells a map, R boxes ('RoIs') of any image in any order, P = bins_y * bins_x.
//!
//! Averaging over samples and bilinear interpolation are both separable, so one box is `Wy * F * Wx^T`. The weights are
//! sparse (a bin touches a few cells), and channels are brought innermost for the arithmetic, whatever the layout of the
//! arguments: each step is then one scaled addition of a long contiguous row. (Summing over both axes at once, with
//! sixteen channels in registers, takes fewer passes but was two to four times slower.)

mod levels;
mod sampling;

use std::mem::MaybeUninit;

use rayon::prelude::*;

use crate::boxes::Xyxy;
use crate::buffer::{self, Fill};
use crate::lanes::{self, LANES};
use crate::simd::{Lanes, Simd, Task};
pub use levels::Levels;
use sampling::Axis;
pub use sampling::RoiAlign;

/// Buffers that a worker reuses from box to box.
#[derive(Default)]
struct Scratch {
    y: Axis,
    x: Axis,
    row: Vec<f32>,
}

/// How the N images (or R boxes) of a buffer lie in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapLayout {
    /// `[N, C, P]`: one after the other.
    Planes,
    /// `[ceil(N / 16), C, P, 16]`: sixteen at a time, innermost; unused lanes are zero.
    Lanes,
}

impl MapLayout {
    /// Floats for `count` items of `size` each.
    fn len(self, count: usize, size: usize) -> usize {
        match self {
            MapLayout::Planes => count * size,
            MapLayout::Lanes => lanes::blocks(count) * LANES * size,
        }
    }

    /// `count` items `[C, P]` of a buffer -> `[count, P, C]`.
    fn channels_last(self, from: &[f32], count: usize, channels: usize, cells: usize) -> Vec<f32> {
        match self {
            MapLayout::Planes => turned(from, count, [channels, cells]),
            MapLayout::Lanes => lanes::unpack_channels_last(from, count, channels, cells),
        }
    }

    /// `[count, P, C]` -> items `[C, P]` of a buffer; unused lanes become zero.
    fn channels_first(self, from: &[f32], count: usize, channels: usize, cells: usize) -> Vec<f32> {
        match self {
            MapLayout::Planes => turned(from, count, [cells, channels]),
            MapLayout::Lanes => lanes::pack_channels_last(from, count, channels, cells),
        }
    }
}

/// `[count, rows, columns]` -> `[count, columns, rows]`.
fn turned(from: &[f32], count: usize, [rows, columns]: [usize; 2]) -> Vec<f32> {
    let mut to = Fill::new(count * rows * columns);
    if count * rows * columns > 0 {
        to.whole()
            .par_chunks_exact_mut(rows * columns)
            .zip(from.par_chunks_exact(rows * columns))
            .for_each(|(to, from)| turn(from, rows, to));
    }
    // SAFETY: every value of every item was written.
    unsafe { to.finish() }
}

/// One item of [`turned`].
fn turn(from: &[f32], rows: usize, to: &mut [MaybeUninit<f32>]) {
    let columns = from.len() / rows;
    for i in 0..rows {
        for j in 0..columns {
            to[j * rows + i].write(from[i * columns + j]);
        }
    }
}

impl RoiAlign {
    /// Pools the features under each box: `features [N, C, H, W]` of `shape`, boxes with the image they lie in ->
    /// `[R, C, bins_y, bins_x]`, both in `layout`; unused lanes become zero.
    ///
    /// # Panics
    /// When `features` does not have `shape` or a box names an image that is not there.
    pub fn forward(
        &self,
        layout: MapLayout,
        features: &[f32],
        shape: [usize; 4],
        rois: &[(usize, Xyxy)],
    ) -> Vec<f32> {
        let [images, channels, height, width] = shape;
        let map = channels * height * width;
        let result = channels * self.output[0] * self.output[1];
        assert_eq!(
            features.len(),
            layout.len(images, map),
            "features of {shape:?}"
        );
        assert_images(rois, images);
        let cells = self.output[0] * self.output[1];
        let len = layout.len(rois.len(), result);
        if len == 0 || map == 0 {
            return vec![0.0; len];
        }
        let simd = Simd::current();
        let inner = layout.channels_last(features, images, channels, height * width);
        let mut out = Fill::new(len);
        out.whole()
            .par_chunks_mut(LANES * result)
            .zip(rois.par_chunks(LANES))
            .for_each_init(Scratch::default, |scratch, (out, rois)| {
                // Of sixteen boxes, `[16, P, C]`.
                let mut bins = buffer::Scratch::new(LANES * result);
                let bins = bins.floats(LANES * result);
                for (&(image, roi), bins) in rois.iter().zip(bins.chunks_exact_mut(result)) {
                    self.axes(roi, [height, width], scratch);
                    simd.run(Pool {
                        output: self.output,
                        width,
                        channels,
                        map: &inner[image * map..][..map],
                        bins,
                        scratch: &mut *scratch,
                    });
                }
                let pooled = &bins[..rois.len() * result];
                match layout {
                    MapLayout::Planes => pooled
                        .chunks_exact(result)
                        .zip(out.chunks_exact_mut(result))
                        .for_each(|(from, to)| turn(from, cells, to)),
                    // SAFETY: a whole block, which this task alone has.
                    MapLayout::Lanes => unsafe {
                        let to = out.as_mut_ptr().cast();
                        lanes::pack_block(pooled, channels, cells, 0..channels, to);
                    },
                }
            });
        // SAFETY: every box was pooled, and every lane of every block written.
        unsafe { out.finish() }
    }

    /// The gradient `[N, C, H, W]` of the features from `grad [R, C, bins_y, bins_x]` of [`forward`](Self::forward),
    /// both in `layout`. What unused lanes of `grad` hold is not read; unused lanes of the result are zero.
    ///
    /// # Panics
    /// When `grad` does not fit `shape` and `rois`, or a box names an image that is not there.
    pub fn backward(
        &self,
        layout: MapLayout,
        grad: &[f32],
        shape: [usize; 4],
        rois: &[(usize, Xyxy)],
    ) -> Vec<f32> {
        let [images, channels, height, width] = shape;
        let map = channels * height * width;
        let result = channels * self.output[0] * self.output[1];
        assert_eq!(
            grad.len(),
            layout.len(rois.len(), result),
            "gradient of {} boxes",
            rois.len()
        );
        assert_images(rois, images);
        if grad.is_empty() || map == 0 {
            return vec![0.0; layout.len(images, map)];
        }
        let simd = Simd::current();
        let cells = self.output[0] * self.output[1];
        let bins = layout.channels_last(grad, rois.len(), channels, cells);
        // Every image adds up its own boxes in their order, so no sum depends on the number of threads.
        let mut of_image = vec![Vec::new(); images];
        for (i, &(image, roi)) in rois.iter().enumerate() {
            of_image[image].push((i, roi));
        }
        let mut inner = vec![0.0; images * map];
        inner
            .par_chunks_exact_mut(map)
            .zip(&of_image)
            .for_each_init(Scratch::default, |scratch, (to, rois)| {
                for &(i, roi) in rois {
                    self.axes(roi, [height, width], scratch);
                    simd.run(Spread {
                        output: self.output,
                        width,
                        channels,
                        map: &mut *to,
                        bins: &bins[i * result..][..result],
                        scratch: &mut *scratch,
                    });
                }
            });
        layout.channels_first(&inner, images, channels, height * width)
    }

    fn axes(&self, roi: Xyxy, [height, width]: [usize; 2], scratch: &mut Scratch) {
        self.axis(roi.y1, roi.y2, self.output[0], height, &mut scratch.y);
        self.axis(roi.x1, roi.x2, self.output[1], width, &mut scratch.x);
    }
}

fn assert_images(rois: &[(usize, Xyxy)], images: usize) {
    if let Some((image, _)) = rois.iter().find(|r| r.0 >= images) {
        panic!("a box lies in image {image} of {images}");
    }
}

/// `map [H, W, C]` -> `bins [bins_y, bins_x, C]` with the weights in `scratch`.
struct Pool<'a> {
    output: [usize; 2],
    width: usize,
    channels: usize,
    map: &'a [f32],
    bins: &'a mut [f32],
    scratch: &'a mut Scratch,
}

impl Task for Pool<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let Scratch { y, x, row } = self.scratch;
        let ([bins_y, bins_x], channels) = (self.output, self.channels);
        let (low, high) = x.span();
        row.resize((high - low) * channels, 0.0);
        for bin_y in 0..bins_y {
            let taps = y.range(bin_y);
            let first = taps.start;
            for tap in taps.clone() {
                let from = &self.map[(y.cells[tap] * self.width + low) * channels..];
                put_scaled(row, from, y.weights[tap], tap > first);
            }
            if taps.is_empty() {
                row.fill(0.0);
            }
            for bin_x in 0..bins_x {
                let bin = &mut self.bins[(bin_y * bins_x + bin_x) * channels..][..channels];
                let taps = x.range(bin_x);
                let first = taps.start;
                for tap in taps.clone() {
                    let from = &row[(x.cells[tap] - low) * channels..];
                    put_scaled(bin, from, x.weights[tap], tap > first);
                }
                if taps.is_empty() {
                    bin.fill(0.0);
                }
            }
        }
    }
}

/// The transpose of [`Pool`]: adds `bins` to `map`.
struct Spread<'a> {
    output: [usize; 2],
    width: usize,
    channels: usize,
    map: &'a mut [f32],
    bins: &'a [f32],
    scratch: &'a mut Scratch,
}

impl Task for Spread<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let Scratch { y, x, row } = self.scratch;
        let ([bins_y, bins_x], channels) = (self.output, self.channels);
        let (low, high) = x.span();
        row.resize((high - low) * channels, 0.0);
        for bin_y in 0..bins_y {
            row.fill(0.0);
            for bin_x in 0..bins_x {
                let bin = &self.bins[(bin_y * bins_x + bin_x) * channels..][..channels];
                for tap in x.range(bin_x) {
                    let to = &mut row[(x.cells[tap] - low) * channels..];
                    add_scaled(to, bin, x.weights[tap]);
                }
            }
            for tap in y.range(bin_y) {
                let to = &mut self.map[(y.cells[tap] * self.width + low) * channels..];
                add_scaled(to, row, y.weights[tap]);
            }
        }
    }
}

/// `to = weight * from`, or [`add_scaled`] if `add`; saves filling with zeros first.
#[inline(always)]
fn put_scaled(to: &mut [f32], from: &[f32], weight: f32, add: bool) {
    if add {
        return add_scaled(to, from, weight);
    }
    let len = to.len().min(from.len());
    let (to, from) = (&mut to[..len], &from[..len]);
    for i in 0..len {
        to[i] = weight * from[i];
    }
}

/// `to += weight * from`, up to the shorter length. Plain arithmetic that becomes vector code inside a [`Task`], without
/// fused rounding: the same bits on every processor.
#[inline(always)]
fn add_scaled(to: &mut [f32], from: &[f32], weight: f32) {
    let len = to.len().min(from.len());
    let (to, from) = (&mut to[..len], &from[..len]);
    for i in 0..len {
        to[i] += weight * from[i];
    }
}

#[cfg(test)]
mod tests;
