//! Convolution of any geometry: for some neighbouring outputs in some blocks of channels, one input value at a time is
//! multiplied with the weights of sixteen output channels.

use std::ops::Range;

use rayon::prelude::*;

use super::padded::Padded;
use super::{blocks, images, whole_blocks};
use crate::buffer::{Fill, Scratch, Shared};
use crate::conv::Conv;
use crate::conv::epilogue::relu;
use crate::lanes::LANES;
use crate::micro::{outer_products, part};
use crate::simd::{Lanes, Simd, Task};

/// Blocks of output channels that share each load of the input.
const GROUP: usize = 4;
/// Bytes of weights that are read again for every strip of outputs: they should stay in the second-level cache.
const WEIGHTS: usize = 256 << 10;
/// Bytes of input rows that a task reads: the tasks for other outputs should find them in a cache.
const ROWS: usize = 512 << 10;
/// Multiply-adds of a task, at least: about ten microseconds.
const LEAST_WORK: usize = 500_000;

/// A convolution's weights in the order in which they are used, and its biases.
#[derive(Debug)]
pub struct Weights {
    /// For each group of outputs `[in block][row][column][in, at most 16][GROUP or fewer][16]`.
    values: Vec<f32>,
    bias: Vec<f32>,
}

/// Whether this layout has kernels for a convolution of images of this size, its gradients included. It has none for padding far
/// beyond the kernel.
pub fn supports(conv: &Conv, size: [usize; 2]) -> bool {
    conv.output(size)
        .is_some_and(|out| Padded::new(conv, size).is_moderate(out))
}

/// The blocks of each group of outputs: fours, then a two, then a one.
fn groups(out_channels: usize) -> Vec<Range<usize>> {
    let mut first = 0;
    let mut groups = Vec::new();
    while first < blocks(out_channels) {
        let left = blocks(out_channels) - first;
        let size = if left >= GROUP { GROUP } else { left.min(2) };
        groups.push(first..first + size);
        first += size;
    }
    groups
}

impl Weights {
    /// Of weights `[out, in, rows, columns]` and biases `[out]`.
    ///
    /// # Panics
    /// If a length does not match.
    pub fn new(conv: &Conv, weights: &[f32], bias: &[f32]) -> Self {
        let taps = conv.kernel[0] * conv.kernel[1];
        let (inputs, outputs) = (conv.in_channels, conv.out_channels);
        assert_eq!(
            weights.len(),
            outputs * inputs * taps,
            "channels::Weights: weights"
        );
        assert_eq!(bias.len(), outputs, "channels::Weights: bias");
        let depth = inputs * taps * LANES;
        let mut values = vec![0.0; blocks(outputs) * depth];
        let mut rest = &mut values[..];
        let mut parts = Vec::new();
        for group in groups(outputs) {
            let (part, others) = rest.split_at_mut(group.len() * depth);
            parts.push((group, part));
            rest = others;
        }
        parts.into_par_iter().for_each(|(group, to)| {
            let mut rows = to.as_chunks_mut::<LANES>().0.iter_mut();
            for block in (0..inputs).step_by(LANES) {
                for tap in 0..taps {
                    for input in block..(block + LANES).min(inputs) {
                        for (out, row) in group.clone().zip(&mut rows) {
                            let some = (outputs - out * LANES).min(LANES);
                            for (lane, value) in row[..some].iter_mut().enumerate() {
                                *value =
                                    weights[((out * LANES + lane) * inputs + input) * taps + tap];
                            }
                        }
                    }
                }
            }
        });
        Self {
            values,
            bias: whole_blocks(bias),
        }
    }
}

/// y = conv(x) + bias, then ReLU if `relu`: `x` `[n, blocks, H, W, 16]` -> `[n, blocks, OH, OW, 16]`.
///
/// # Panics
/// If the weights belong to another convolution, a length does not match, or the kernel does not fit.
pub fn conv(conv: &Conv, x: &[f32], size: [usize; 2], weights: &Weights, relu: bool) -> Vec<f32> {
    let mut out = conv.checked_output(size);
    let mut size = size;
    let (inputs, outputs) = (blocks(conv.in_channels), blocks(conv.out_channels));
    let taps = conv.kernel[0] * conv.kernel[1];
    assert_eq!(
        weights.bias.len(),
        outputs * LANES,
        "channels::conv: weights"
    );
    assert_eq!(
        weights.values.len(),
        outputs * LANES * conv.in_channels * taps,
        "channels::conv: weights"
    );
    let images = images(
        x.len(),
        inputs * size[0] * size[1] * LANES,
        "channels::conv",
    );
    if taps == 1 && conv.stride == [1, 1] && conv.padding == [0, 0] {
        // Rows end to end are one row.
        size = [1, size[0] * size[1]];
        out = size;
    }
    let mut y = Fill::new(images * outputs * out[0] * out[1] * LANES);
    let padded = Padded::new(conv, size);
    let mut copies = Scratch::new(padded.copies(images * inputs));
    let source = padded.planes(x, &mut copies);
    let input = Input {
        conv,
        padded,
        source,
        out,
        weights,
        relu,
        y: y.shared(),
    };
    // A strip of one long row where rows lie end to end, else whole rows.
    let row_bytes = conv.in_channels.next_multiple_of(LANES) * 4 * conv.stride[0];
    let pieces = if out[0] == 1 {
        Pieces::Columns((ROWS / row_bytes).clamp(48, out[1].max(48)))
    } else {
        Pieces::Rows((ROWS / (row_bytes * size[1]).max(1)).clamp(1, out[0]))
    };
    let groups = groups(conv.out_channels);
    let count = pieces.count(out);
    let pixels = (out[0] * out[1]).div_ceil(count.max(1));
    let work = conv.in_channels * taps * pixels * GROUP * LANES;
    let simd = Simd::current();
    (0..images * count * groups.len())
        .into_par_iter()
        .with_min_len((LEAST_WORK / work.max(1)).max(1))
        .for_each(|task| {
            let (rest, group) = (task / groups.len(), &groups[task % groups.len()]);
            let [rows, columns] = pieces.of(rest % count, out);
            simd.run(Piece {
                input: &input,
                image: rest / count,
                rows,
                columns,
                group: group.clone(),
            });
        });
    // SAFETY: the pieces and groups cover every pixel of every block.
    unsafe { y.finish() }
}

/// How outputs are divided among tasks.
#[derive(Clone, Copy)]
enum Pieces {
    Rows(usize),
    Columns(usize),
}

impl Pieces {
    fn count(self, out: [usize; 2]) -> usize {
        match self {
            Self::Rows(size) => out[0].div_ceil(size),
            Self::Columns(size) => out[1].div_ceil(size),
        }
    }

    fn of(self, index: usize, out: [usize; 2]) -> [Range<usize>; 2] {
        match self {
            Self::Rows(size) => [part(index, size, out[0]), 0..out[1]],
            Self::Columns(size) => [0..out[0], part(index, size, out[1])],
        }
    }
}

/// Everything that the tasks share.
struct Input<'a> {
    conv: &'a Conv,
    padded: Padded,
    /// Planes as `padded` has them.
    source: &'a [f32],
    out: [usize; 2],
    weights: &'a Weights,
    relu: bool,
    y: Shared<'a, f32>,
}

/// Some outputs of a group of blocks of one image.
struct Piece<'a> {
    input: &'a Input<'a>,
    image: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    group: Range<usize>,
}

impl Task for Piece<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        if <L::Register as Lanes>::WIDTH < LANES {
            // Two registers a block: sums of one block at a time fill them all.
            for block in self.group.clone() {
                self.blocks::<L, 1, 6>(l, block);
            }
            return;
        }
        match self.group.len() {
            1 => self.blocks::<L, 1, 12>(l, self.group.start),
            2 => self.blocks::<L, 2, 12>(l, self.group.start),
            _ => self.blocks::<L, GROUP, 6>(l, self.group.start),
        }
    }
}

impl Piece<'_> {
    /// R blocks from `first` on, P outputs at a time.
    #[inline(always)]
    fn blocks<L: Lanes, const R: usize, const P: usize>(&self, l: L, first: usize) {
        let Input {
            conv, padded, out, ..
        } = self.input;
        let taps = conv.kernel[0] * conv.kernel[1];
        let inputs = blocks(conv.in_channels);
        let step = self.group.len() * LANES;
        let of_block = LANES * taps * step;
        let at_once = (WEIGHTS / (of_block * 4)).max(1);
        let weights =
            self.group.start * LANES * conv.in_channels * taps + (first - self.group.start) * LANES;
        let source = self.image * inputs * padded.plane();
        let area = out[0] * out[1] * LANES;
        let y = (self.image * blocks(conv.out_channels) + first) * area;
        let mut from = 0;
        while from < inputs {
            let to = (from + at_once).min(inputs);
            let strip = Strip {
                conv,
                padded: *padded,
                blocks: from..to,
                weights: self.input.weights.values[weights + from * of_block..].as_ptr(),
                step,
                bias: self.input.weights.bias[first * LANES..].as_ptr(),
                area,
                is_first: from == 0,
                relu: self.input.relu && to == inputs,
            };
            for row in self.rows.clone() {
                let x = source + row * conv.stride[0] * padded.row();
                let count = self.columns.len().div_ceil(P);
                for part in 0..count {
                    let [left, right] = [part, part + 1]
                        .map(|i| self.columns.start + i * self.columns.len() / count);
                    let at = (row * out[1] + left) * LANES;
                    // SAFETY: the first input of these outputs, and their place in the first block, which only this task writes.
                    unsafe {
                        let x = self.input.source.as_ptr().add(x + left * LANES);
                        let y = self.input.y.at(y + at);
                        strip.sums_of::<L, R, P>(l, right - left, x, y);
                    }
                }
            }
            from = to;
        }
    }
}

/// What strips of one pass over some input blocks share.
struct Strip<'a> {
    conv: &'a Conv,
    padded: Padded,
    blocks: Range<usize>,
    weights: *const f32,
    /// Floats of weights from one input to the next.
    step: usize,
    bias: *const f32,
    /// Floats of an output plane.
    area: usize,
    /// Whether the sums begin with the bias, and not with what was stored before.
    is_first: bool,
    relu: bool,
}

impl Strip<'_> {
    /// [`Strip::sums`] of `count` outputs, 1 to P.
    ///
    /// # Safety
    /// As for [`Strip::sums`].
    #[inline(always)]
    unsafe fn sums_of<L: Lanes, const R: usize, const P: usize>(
        &self,
        l: L,
        count: usize,
        x: *const f32,
        y: *mut f32,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            if P > 6 {
                match count {
                    12 => return self.sums::<L, R, 12>(l, x, y),
                    11 => return self.sums::<L, R, 11>(l, x, y),
                    10 => return self.sums::<L, R, 10>(l, x, y),
                    9 => return self.sums::<L, R, 9>(l, x, y),
                    8 => return self.sums::<L, R, 8>(l, x, y),
                    7 => return self.sums::<L, R, 7>(l, x, y),
                    _ => {}
                }
            }
            match count {
                6 => self.sums::<L, R, 6>(l, x, y),
                5 => self.sums::<L, R, 5>(l, x, y),
                4 => self.sums::<L, R, 4>(l, x, y),
                3 => self.sums::<L, R, 3>(l, x, y),
                2 => self.sums::<L, R, 2>(l, x, y),
                _ => self.sums::<L, R, 1>(l, x, y),
            }
        }
    }

    /// Adds the products of these input blocks to P outputs of R blocks.
    ///
    /// # Safety
    /// `x` must lead to the first input of the first output in the image's first padded plane, `y` to the first output in the
    /// first block; the outputs belong to the calling task.
    #[inline(always)]
    unsafe fn sums<L: Lanes, const R: usize, const P: usize>(
        &self,
        l: L,
        x: *const f32,
        y: *mut f32,
    ) {
        let mut sums = [[l.zero(); P]; R];
        for r in 0..R {
            for p in 0..P {
                // SAFETY: a whole block of biases, or outputs that this task stored.
                sums[r][p] = unsafe {
                    if self.is_first {
                        l.load(self.bias.add(r * LANES))
                    } else {
                        l.load(y.add(r * self.area + p * LANES))
                    }
                };
            }
        }
        let mut w = self.weights;
        let [rows, columns] = self.conv.kernel;
        let [down, right] = self.conv.dilation;
        for block in self.blocks.clone() {
            let channels = (self.conv.in_channels - block * LANES).min(LANES);
            for row in 0..rows {
                for column in 0..columns {
                    let tap = block * self.padded.plane()
                        + row * down * self.padded.row()
                        + self.padded.column(column * right);
                    // SAFETY: P pixels of the padded plane, side by side, and the weights of this tap.
                    unsafe {
                        let x = x.add(tap);
                        let (of_w, of_x) = ([LANES, self.step], [LANES, 1]);
                        if channels == LANES {
                            outer_products::<L, R, P>(l, LANES, w, of_w, x, of_x, &mut sums);
                        } else {
                            outer_products::<L, R, P>(l, channels, w, of_w, x, of_x, &mut sums);
                        }
                        w = w.wrapping_add(channels * self.step);
                    }
                }
            }
        }
        for r in 0..R {
            for p in 0..P {
                let sum = sums[r][p];
                let sum = if self.relu { relu(l, sum) } else { sum };
                // SAFETY: the caller's promise.
                unsafe { l.store(y.add(r * self.area + p * LANES), sum) };
            }
        }
    }
}
