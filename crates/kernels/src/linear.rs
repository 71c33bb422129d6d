//! Fully connected layers on the lanes layout: three products that share one idea of a tile.
//!
//! B blocks of sixteen rows (the batch), I inputs, O outputs; `x` is `[B, I, 16]`, `y` and `dy` are `[B, O, 16]`,
//! the weight is `[I, O]`. A tile is R values by sixteen lanes, held in registers along the contraction:
//! forward: R outputs of sixteen rows; backward to the data: R inputs of sixteen rows; backward to the weight: R inputs
//! by sixteen outputs. Work is cut into tasks by shape alone and sums are added in a fixed order, so the result's bits
//! do not depend on the number of threads.

use std::mem::MaybeUninit;

use rayon::prelude::*;

use crate::fill::{Fill, prefetch, read, update, write};
use crate::lanes::LANES;
use crate::simd::{Lanes, Simd, Task};

/// Blocks of sixteen rows that one task of `forward` and `backward_data` treats together.
const BLOCKS: usize = 8;
/// Inputs whose weights `forward` packs at once: with 512 outputs 128 KB, a quarter of the second-level cache.
const DEPTH: usize = 64;
/// Tasks that `forward` cuts the inputs into when there are few rows.
const PARTS: usize = 8;
/// Inputs in a task of `backward_data`; a multiple of both tile heights, as is [`ROWS_OF_WEIGHT`].
const ROWS_OF_DATA: usize = 96;
/// Inputs in a task of `backward_weights`.
const ROWS_OF_WEIGHT: usize = 48;
/// Blocks that `backward_weights` contracts at once: a panel of 16 KB.
const BLOCKS_OF_WEIGHT: usize = 16;

/// Floats in a cache line.
const LINE: usize = 16;

/// `[B, I, 16]` -> `[B, O, 16]`: `y = x weight + bias`, then the greater of that and zero if `relu`.
///
/// `weight` is `[I, O]`, `bias` `[O]`. Lanes without a row get what a row of zeros gets.
///
/// # Panics
/// If a slice's length does not fit `inputs` and `outputs`.
pub fn forward(
    x: &[f32],
    inputs: usize,
    outputs: usize,
    weight: &[f32],
    bias: Option<&[f32]>,
    relu: bool,
) -> Vec<f32> {
    let blocks = blocks_of(x, inputs, "linear::forward: x");
    assert_eq!(weight.len(), inputs * outputs, "linear::forward: weight");
    let bias = match bias {
        Some(bias) => bias.to_vec(),
        None => vec![0.0; outputs],
    };
    assert_eq!(bias.len(), outputs, "linear::forward: bias");
    let mut y = vec![0.0; blocks * outputs * LANES];
    if y.is_empty() {
        return y;
    }

    // Few rows: the inputs are cut too, for enough tasks; many rows: they need not be.
    let row_tasks = blocks.div_ceil(BLOCKS);
    let parts = (PARTS / row_tasks).clamp(1, (inputs / (2 * DEPTH)).max(1));
    let depth = inputs.div_ceil(parts).next_multiple_of(DEPTH);
    let parts = inputs.div_ceil(depth);
    let simd = Simd::current();
    let x = x.as_chunks().0;
    let partial: Vec<Vec<f32>> = (0..row_tasks * parts)
        .into_par_iter()
        .with_max_len(1)
        .map(|task| {
            let (first, start) = (task / parts * BLOCKS, task % parts * depth);
            simd.run(Forward {
                x,
                weight,
                inputs,
                outputs,
                blocks: first..(first + BLOCKS).min(blocks),
                contraction: start..(start + depth).min(inputs),
            })
        })
        .collect();

    const CHUNK: usize = 64;
    let padded = outputs.next_multiple_of(PADDING);
    y.par_chunks_mut(outputs * LANES)
        .enumerate()
        .for_each(|(block, y)| {
            let (task, row) = (block / BLOCKS * parts, block % BLOCKS * padded);
            y.par_chunks_mut(CHUNK * LANES)
                .enumerate()
                .for_each(|(chunk, y)| {
                    let rows = y.as_chunks_mut::<LANES>().0;
                    for (o, y) in (chunk * CHUNK..).zip(rows) {
                        *y = [bias[o]; LANES];
                        for partial in &partial[task..task + parts] {
                            let add = &partial.as_chunks::<LANES>().0[row + o];
                            for (y, add) in y.iter_mut().zip(add) {
                                *y += add;
                            }
                        }
                        if relu {
                            // Not `max`: a NaN stays one.
                            y.iter_mut()
                                .for_each(|y| *y = if *y < 0.0 { 0.0 } else { *y });
                        }
                    }
                });
        });
    y
}

/// The outputs of a partial product are padded to a multiple of every tile height.
const PADDING: usize = 12;

/// Blocks in `[blocks, features, 16]`.
fn blocks_of(x: &[f32], features: usize, what: &str) -> usize {
    assert!(features > 0, "{what}: no features");
    assert_eq!(
        x.len() % (features * LANES),
        0,
        "{what}: not [blocks, {features}, 16]"
    );
    x.len() / (features * LANES)
}

/// Calls `$f::<L, R>` with the tile height for the registers: twelve accumulators of AVX-512 hide the latency of a
/// multiply-add, six pairs do for AVX2 (sixteen registers), six quads for NEON (thirty-two).
macro_rules! with_tile_height {
    ($task:ident.$f:ident($l:ident)) => {
        if <L::Register as Lanes>::WIDTH == LANES {
            $task.$f::<L, 12>($l)
        } else {
            $task.$f::<L, 6>($l)
        }
    };
}

/// Part of the contraction for some blocks: `[blocks, O padded, 16]`.
struct Forward<'a> {
    x: &'a [[f32; LANES]],
    weight: &'a [f32],
    inputs: usize,
    outputs: usize,
    blocks: std::ops::Range<usize>,
    contraction: std::ops::Range<usize>,
}

impl Task for Forward<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) -> Vec<f32> {
        with_tile_height!(self.tiles(l))
    }
}

impl Forward<'_> {
    #[inline(always)]
    fn tiles<L: Lanes, const R: usize>(self, l: L) -> Vec<f32> {
        let groups = self.outputs.div_ceil(R);
        let padded = self.outputs.next_multiple_of(PADDING);
        let mut sums = vec![0f32; self.blocks.len() * padded * LANES];
        let mut packed = vec![0f32; groups * DEPTH * R];
        let calls = self.blocks.len() * groups;
        for start in self.contraction.clone().step_by(DEPTH) {
            let depth = DEPTH.min(self.contraction.end - start);
            let rows = &self.weight[start * self.outputs..][..depth * self.outputs];
            pack::<R>(rows, self.outputs, &mut packed);
            // The next rows come from memory while these are multiplied.
            let mut next = rows.as_ptr().wrapping_add(rows.len());
            let lines = rows.len().div_ceil(LINE * calls);
            for (index, block) in self.blocks.clone().enumerate() {
                let x = &self.x[block * self.inputs + start..][..depth];
                let sums = &mut sums.as_chunks_mut::<LANES>().0[index * padded..][..padded];
                let panels = packed.as_chunks::<R>().0.chunks_exact(DEPTH);
                let (sums, rest) = sums.as_chunks_mut::<R>();
                // A padding of 12 is two groups of 6, of which the last may have no output.
                debug_assert!(rest.is_empty() && sums.len() >= groups);
                for (sums, panel) in sums.iter_mut().zip(panels) {
                    for _ in 0..lines {
                        prefetch(next);
                        next = next.wrapping_add(LINE);
                    }
                    let mut tile = [l.zero(); R];
                    for r in 0..R {
                        tile[r] = read(l, &sums[r]);
                    }
                    for (x, w) in x.iter().zip(panel) {
                        let x = read(l, x);
                        for r in 0..R {
                            tile[r] = l.mul_add(l.splat(w[r]), x, tile[r]);
                        }
                    }
                    for r in 0..R {
                        update(l, &mut sums[r], tile[r]);
                    }
                }
            }
        }
        sums
    }
}

/// Rows `[depth, O]` -> panels `[O / R, DEPTH, R]`; what lies beyond the last output or row is left as it is.
#[inline(always)]
fn pack<const R: usize>(rows: &[f32], outputs: usize, packed: &mut [f32]) {
    let packed = packed.as_chunks_mut::<R>().0;
    for (k, row) in rows.chunks_exact(outputs).enumerate() {
        let (whole, rest) = row.as_chunks::<R>();
        for (group, from) in whole.iter().enumerate() {
            packed[group * DEPTH + k] = *from;
        }
        if !rest.is_empty() {
            packed[whole.len() * DEPTH + k][..rest.len()].copy_from_slice(rest);
        }
    }
}

/// `[B, O, 16]` -> `[B, I, 16]`: the gradient with respect to `x`, `dx = dy weight^T`.
///
/// # Panics
/// If a slice's length does not fit `inputs` and `outputs`.
pub fn backward_data(dy: &[f32], inputs: usize, outputs: usize, weight: &[f32]) -> Vec<f32> {
    let blocks = blocks_of(dy, outputs, "linear::backward_data: dy");
    assert_eq!(
        weight.len(),
        inputs * outputs,
        "linear::backward_data: weight"
    );
    let dx = Fill::new(blocks * inputs * LANES);
    let simd = Simd::current();
    let row_tasks = inputs.div_ceil(ROWS_OF_DATA);
    (0..blocks.div_ceil(BLOCKS) * row_tasks)
        .into_par_iter()
        .for_each(|task| {
            let (first, start) = (task / row_tasks * BLOCKS, task % row_tasks * ROWS_OF_DATA);
            simd.run(BackwardData {
                dy: dy.as_chunks().0,
                weight,
                dx: &dx,
                inputs,
                outputs,
                blocks: first..(first + BLOCKS).min(blocks),
                rows: start..(start + ROWS_OF_DATA).min(inputs),
            });
        });
    // SAFETY: the tasks cover every block and every input.
    unsafe { dx.finish() }
}

struct BackwardData<'a> {
    dy: &'a [[f32; LANES]],
    weight: &'a [f32],
    dx: &'a Fill<f32>,
    inputs: usize,
    outputs: usize,
    blocks: std::ops::Range<usize>,
    rows: std::ops::Range<usize>,
}

impl Task for BackwardData<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        with_tile_height!(self.tiles(l));
    }
}

impl BackwardData<'_> {
    #[inline(always)]
    fn tiles<L: Lanes, const R: usize>(self, l: L) {
        let whole = self.rows.len() / R * R;
        let (start, end) = (self.rows.start, self.rows.end);
        for row in (start..start + whole).step_by(R) {
            self.rows_of_tile::<L, R>(l, row);
        }
        for row in start + whole..end {
            self.rows_of_tile::<L, 1>(l, row);
        }
    }

    /// `dx` of R inputs for every block.
    #[inline(always)]
    fn rows_of_tile<L: Lanes, const R: usize>(&self, l: L, row: usize) {
        let o = self.outputs;
        let weights = &self.weight[row * o..][..R * o];
        // The next R rows come from memory while these are multiplied.
        const STEP: usize = 8;
        let mut next = weights.as_ptr().wrapping_add(weights.len());
        let lines = (R * o).div_ceil(LINE * self.blocks.len() * (o / STEP).max(1));
        for block in self.blocks.clone() {
            let dy = &self.dy[block * o..][..o];
            let mut tile = [l.zero(); R];
            let (steps, rest) = dy.as_chunks::<STEP>();
            for (step, dy) in steps.iter().enumerate() {
                for _ in 0..lines {
                    prefetch(next);
                    next = next.wrapping_add(LINE);
                }
                for (k, dy) in dy.iter().enumerate() {
                    let dy = read(l, dy);
                    for (r, sum) in tile.iter_mut().enumerate() {
                        // SAFETY: step * STEP + k < o and r < R, and `weights` has R * o elements.
                        let w = unsafe { *weights.get_unchecked(r * o + step * STEP + k) };
                        *sum = l.mul_add(l.splat(w), dy, *sum);
                    }
                }
            }
            for (k, dy) in (o - rest.len()..o).zip(rest) {
                let dy = read(l, dy);
                for (r, sum) in tile.iter_mut().enumerate() {
                    *sum = l.mul_add(l.splat(weights[r * o + k]), dy, *sum);
                }
            }
            // SAFETY: this task alone has these inputs of these blocks.
            let dx = unsafe { self.dx.part((block * self.inputs + row) * LANES, R * LANES) };
            for (dx, v) in dx.as_chunks_mut().0.iter_mut().zip(tile) {
                write(l, dx, v);
            }
        }
    }
}

/// `[B, I, 16]`, `[B, O, 16]` -> `[I, O]`: the gradient with respect to the weight, `x^T dy`.
///
/// # Panics
/// If a slice's length does not fit `inputs` and `outputs`, or the two have different numbers of blocks.
pub fn backward_weights(x: &[f32], dy: &[f32], inputs: usize, outputs: usize) -> Vec<f32> {
    let blocks = blocks_of(x, inputs, "linear::backward_weights: x");
    assert_eq!(
        blocks_of(dy, outputs, "linear::backward_weights: dy"),
        blocks,
        "linear::backward_weights: blocks"
    );
    if blocks == 0 {
        return vec![0.0; inputs * outputs];
    }
    let panels = rows_in_panels(dy, blocks, outputs);
    let dw = Fill::new(inputs * outputs);
    let simd = Simd::current();
    (0..inputs.div_ceil(ROWS_OF_WEIGHT))
        .into_par_iter()
        .for_each(|task| {
            let start = task * ROWS_OF_WEIGHT;
            let end = (start + ROWS_OF_WEIGHT).min(inputs);
            // SAFETY: this task alone has these inputs.
            let dw = unsafe { dw.part(start * outputs, (end - start) * outputs) };
            simd.run(BackwardWeights {
                x: x.as_chunks().0,
                panels: panels.as_chunks().0,
                dw,
                inputs,
                outputs,
                blocks,
                rows: start..end,
            });
        });
    // SAFETY: the tasks cover every input, and each writes all outputs.
    unsafe { dw.finish() }
}

/// `[B, O, 16]` -> `[O / 16, 16 B, 16]`: sixteen outputs side by side for every row, outputs beyond the last zero.
fn rows_in_panels(dy: &[f32], blocks: usize, outputs: usize) -> Vec<f32> {
    let mut panels = vec![0f32; outputs.next_multiple_of(LANES) * blocks * LANES];
    let dy = dy.as_chunks::<LANES>().0;
    panels
        .par_chunks_mut(blocks * LANES * LANES)
        .enumerate()
        .for_each(|(panel, to)| {
            let first = panel * LANES;
            let count = LANES.min(outputs - first);
            let to = to.as_chunks_mut::<LANES>().0.as_chunks_mut::<LANES>().0;
            for (block, to) in to.iter_mut().enumerate() {
                let from = &dy[block * outputs + first..][..count];
                for (o, from) in from.iter().enumerate() {
                    for lane in 0..LANES {
                        to[lane][o] = from[lane];
                    }
                }
            }
        });
    panels
}

struct BackwardWeights<'a> {
    x: &'a [[f32; LANES]],
    panels: &'a [[f32; LANES]],
    /// The rows of this task, `[rows, O]`.
    dw: &'a mut [MaybeUninit<f32>],
    inputs: usize,
    outputs: usize,
    blocks: usize,
    rows: std::ops::Range<usize>,
}

impl Task for BackwardWeights<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        with_tile_height!(self.tiles(l));
    }
}

impl BackwardWeights<'_> {
    #[inline(always)]
    fn tiles<L: Lanes, const R: usize>(mut self, l: L) {
        let whole = self.rows.len() / R * R;
        for first in (0..self.blocks).step_by(BLOCKS_OF_WEIGHT) {
            for row in (0..whole).step_by(R) {
                self.tiles_of_rows::<L, R>(l, first, row);
            }
            for row in whole..self.rows.len() {
                self.tiles_of_rows::<L, 1>(l, first, row);
            }
        }
    }

    /// Adds the product of some blocks, from `first` on, to R rows of `dw` (`row` counts from the task's first).
    #[inline(always)]
    fn tiles_of_rows<L: Lanes, const R: usize>(&mut self, l: L, first: usize, row: usize) {
        let blocks = BLOCKS_OF_WEIGHT.min(self.blocks - first);
        let o = self.outputs;
        for panel in 0..o.div_ceil(LANES) {
            let dy = &self.panels[(panel * self.blocks + first) * LANES..][..blocks * LANES];
            let mut tile = [l.zero(); R];
            for (block, dy) in dy.as_chunks::<LANES>().0.iter().enumerate() {
                let x = &self.x[(first + block) * self.inputs + self.rows.start + row..][..R];
                for lane in 0..LANES {
                    let dy = read(l, &dy[lane]);
                    for r in 0..R {
                        tile[r] = l.mul_add(l.splat(x[r][lane]), dy, tile[r]);
                    }
                }
            }
            let width = LANES.min(o - panel * LANES);
            for (r, tile) in tile.into_iter().enumerate() {
                let dw = &mut self.dw[(row + r) * o + panel * LANES..][..width];
                let mut sums = [0f32; LANES];
                if first > 0 {
                    for (sum, dw) in sums.iter_mut().zip(&*dw) {
                        // SAFETY: the first blocks wrote every value of these rows.
                        *sum = unsafe { dw.assume_init() };
                    }
                }
                let sum = l.add(read(l, &sums), tile);
                match dw.as_chunks_mut::<LANES>().0 {
                    [dw] => write(l, dw, sum),
                    _ => {
                        update(l, &mut sums, sum);
                        dw.iter_mut().zip(sums).for_each(|(dw, sum)| {
                            dw.write(sum);
                        });
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lanes::{pack, unpack};
    use crate::reference;
    use crate::testing::{assert_close, everywhere, random, unpack_with_zeros, wide};

    fn check(n: usize, inputs: usize, outputs: usize, relu: bool) {
        let (x, dy) = (random(1, n * inputs), random(2, n * outputs));
        let (weight, bias) = (random(3, inputs * outputs), random(4, outputs));
        let (xl, dyl) = (pack(&x, n, inputs), pack(&dy, n, outputs));
        let [x, dy, wide_weight, wide_bias] = [&x, &dy, &weight, &bias].map(|x| wide(x));
        let what = format!("{n} x {inputs} x {outputs}");
        let mut y = reference::linear(&x, &wide_weight, &wide_bias, n);
        if relu {
            y.iter_mut().for_each(|y| *y = y.max(0.0));
        }
        for got in everywhere(|| forward(&xl, inputs, outputs, &weight, Some(&bias), relu)) {
            assert_close(
                &unpack(&got, n, outputs),
                &y,
                1e-5,
                &format!("forward {what}"),
            );
        }
        let dx = reference::linear_backward_data(&dy, &wide_weight, n, outputs);
        for got in everywhere(|| backward_data(&dyl, inputs, outputs, &weight)) {
            assert_close(
                &unpack_with_zeros(&got, n),
                &dx,
                1e-5,
                &format!("data {what}"),
            );
        }
        let dw = reference::linear_backward_weights(&x, &dy, n, inputs);
        for got in everywhere(|| backward_weights(&xl, &dyl, inputs, outputs)) {
            assert_close(&got, &dw, 1e-5, &format!("weights {what}"));
        }
    }

    #[test]
    fn shapes_at_the_seams_of_tiles_and_tasks() {
        for (n, inputs, outputs) in [
            (1, 1, 1),
            (16, 6, 6),
            (17, 7, 13),
            (64, 512, 10),
            (5, 300, 100),
            (130, 65, 17),
            (257, 97, 33),
            (300, 130, 6),
            (64, 1100, 48),
        ] {
            check(n, inputs, outputs, n % 2 == 0);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn agrees_with_the_obvious_loops(n in 1..70usize, inputs in 1..150usize, outputs in 1..60usize, relu: bool) {
            check(n, inputs, outputs, relu);
        }
    }

    #[test]
    fn no_rows_give_nothing_and_no_gradient() {
        assert!(forward(&[], 3, 2, &[0.0; 6], None, false).is_empty());
        assert!(backward_data(&[], 3, 2, &[0.0; 6]).is_empty());
        assert_eq!(backward_weights(&[], &[], 3, 2), [0.0; 6]);
    }

    #[test]
    fn no_bias_is_a_bias_of_zero_and_nan_survives_the_relu() {
        let x = pack(&[1.0, f32::NAN], 2, 1);
        let y = forward(&x, 1, 2, &[2.0, -2.0], None, true);
        let rows = unpack(&y, 2, 2);
        assert_eq!(rows[..2], [2.0, 0.0]);
        assert!(rows[2].is_nan() && rows[3].is_nan());
    }

    #[test]
    fn the_reference_gradients_are_slopes() {
        let [x, dy, weight, bias] =
            [(1, 12), (2, 15), (3, 20), (4, 5)].map(|(s, n)| wide(&random(s, n)));
        let dx = reference::gradient(&x, &dy, |x| reference::linear(x, &weight, &bias, 3));
        let dw = reference::gradient(&weight, &dy, |weight| {
            reference::linear(&x, weight, &bias, 3)
        });
        let narrow = |x: Vec<f64>| -> Vec<f32> { x.iter().map(|&x| x as f32).collect() };
        assert_close(
            &narrow(dx),
            &reference::linear_backward_data(&dy, &weight, 3, 5),
            1e-6,
            "dx",
        );
        assert_close(
            &narrow(dw),
            &reference::linear_backward_weights(&x, &dy, 3, 4),
            1e-6,
            "dw",
        );
    }
}
