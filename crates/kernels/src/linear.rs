//! Fully connected layers on the lanes layout: three products, each with the tile that needs the least packing.
//!
//! B blocks of sixteen rows (the batch), I inputs, O outputs; `x` is `[B, I, 16]`, `y` and `dy` are `[B, O, 16]`,
//! the weight is `[I, O]`. A tile is held in registers along the contraction. Forward: two rows by six registers of
//! outputs; backward to the data: R inputs by sixteen rows; backward to the weight: R inputs by sixteen outputs.
//! Work is cut into tasks by shape alone and sums are added in a fixed order, so the result's bits do not depend on
//! the number of threads.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors may stay separate functions, without the vector instructions"
)]

use rayon::prelude::*;

use crate::buffer::{Fill, Scratch, Shared};
use crate::lanes::LANES;
use crate::micro::{accumulate_rows, prefetch};
use crate::simd::{Lanes, Simd, Task};

/// Blocks of sixteen rows that one task of `forward` and `backward_data` treats together.
const BLOCKS: usize = 8;
/// Inputs whose weights `forward` packs at once: with 512 outputs 112 KB, and the panel of a tile is 11 KB, a third
/// of the first-level cache. No multiple of 64, so that panels do not fall on the same lines of that cache.
const DEPTH: usize = 56;
/// Tasks that `forward` cuts the inputs into when there are few rows.
const PARTS: usize = 8;
/// Registers of outputs in a tile of `forward`, at most. With two rows that is twelve sums, two of x and one of the
/// weights; four rows by three registers need one more than AVX2 has as soon as the compiler loads ahead.
const REGISTERS: usize = 6;
/// Inputs in a task of `backward_data`; a multiple of both tile heights, as is [`ROWS_OF_WEIGHT`].
const ROWS_OF_DATA: usize = 96;
/// Outputs that `backward_data` contracts at once: sixteen rows of them, 16 KB, stay in the first-level cache.
const OUTPUTS_OF_DATA: usize = 256;
/// Inputs in a task of `backward_weights`.
const ROWS_OF_WEIGHT: usize = 48;
/// Blocks that `backward_weights` contracts at once: a panel of 8 KB, and 24 KB of inputs.
const BLOCKS_OF_WEIGHT: usize = 8;

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
    let bias = bias.map_or_else(|| vec![0.0; outputs], <[f32]>::to_vec);
    assert_eq!(bias.len(), outputs, "linear::forward: bias");
    let mut y = Fill::new(blocks * outputs * LANES);
    if blocks * outputs == 0 {
        // SAFETY: there is nothing to write.
        return unsafe { y.finish() };
    }

    // Few rows: the inputs are cut too, for enough tasks; many rows: they need not be.
    let row_tasks = blocks.div_ceil(BLOCKS);
    let parts = (PARTS / row_tasks).clamp(1, (inputs / (2 * DEPTH)).max(1));
    let depth = inputs.div_ceil(parts).next_multiple_of(DEPTH);
    let parts = inputs.div_ceil(depth);
    let columns = outputs.next_multiple_of(LANES);
    let mut partial = Fill::new(parts * blocks * LANES * columns);
    let simd = Simd::current();
    let plan = Forward {
        x,
        weight,
        inputs,
        outputs,
        columns,
        blocks,
        partial: partial.shared(),
    };
    (0..row_tasks * parts)
        .into_par_iter()
        .with_max_len(1)
        .for_each(|task| {
            let (first, part) = (task / parts * BLOCKS, task % parts);
            simd.run(Part {
                plan: &plan,
                part,
                blocks: first..(first + BLOCKS).min(blocks),
                contraction: part * depth..((part + 1) * depth).min(inputs),
            });
        });
    let sum = Sum {
        partial: plan.partial,
        parts,
        part: blocks * LANES * columns,
        columns,
        bias: &bias,
        relu,
        outputs,
        y: y.shared(),
    };
    let groups = columns / LANES;
    (0..blocks * groups)
        .into_par_iter()
        .with_min_len(4)
        .for_each(|task| sum.tile(task / groups, task % groups * LANES));
    // SAFETY: the tiles cover every block and every output.
    unsafe { y.finish() }
}

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

struct Forward<'a> {
    x: &'a [f32],
    weight: &'a [f32],
    inputs: usize,
    outputs: usize,
    /// Outputs, rounded up to whole vectors.
    columns: usize,
    blocks: usize,
    /// `[part][block][lane][column]`
    partial: Shared<'a, f32>,
}

/// One part of the contraction for some blocks.
struct Part<'a> {
    plan: &'a Forward<'a>,
    part: usize,
    blocks: std::ops::Range<usize>,
    contraction: std::ops::Range<usize>,
}

impl Task for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let l = l.register();
        let plan = self.plan;
        let width = L::Register::WIDTH;
        let registers = plan.outputs.div_ceil(width);
        let groups = registers.div_ceil(REGISTERS);
        let mut scratch = Scratch::new(DEPTH * registers * width);
        let packed = scratch.start();
        for start in self.contraction.clone().step_by(DEPTH) {
            let depth = DEPTH.min(self.contraction.end - start);
            // SAFETY: rows of the weight; the scratch holds DEPTH rows of all registers.
            unsafe { pack(l, plan, start, depth, packed) };
            // The next rows come from memory while these are multiplied.
            let mut next = plan.weight[start * plan.outputs..].as_ptr();
            next = next.wrapping_add(depth * plan.outputs);
            let lines = (depth * plan.outputs).div_ceil(LINE * groups * self.blocks.len());
            for group in 0..groups {
                let first = group * registers / groups;
                let count = (group + 1) * registers / groups - first;
                let panel = packed.wrapping_add(first * width * DEPTH).cast_const();
                for block in self.blocks.clone() {
                    for _ in 0..lines {
                        prefetch(next);
                        next = next.wrapping_add(LINE);
                    }
                    let x = plan.x[(block * plan.inputs + start) * LANES..].as_ptr();
                    let row = (self.part * plan.blocks + block) * LANES;
                    let columns = plan.columns;
                    let add = start > self.contraction.start;
                    // SAFETY: `depth` inputs of this block, the packed panel, and rows of the partial sums that
                    // only this task writes.
                    unsafe {
                        let to = plan.partial.at(row * columns + first * width);
                        match count {
                            1 => tiles::<_, 8, 1>(l, depth, x, panel, to, columns, add),
                            2 => tiles::<_, 4, 2>(l, depth, x, panel, to, columns, add),
                            3 => tiles::<_, 2, 3>(l, depth, x, panel, to, columns, add),
                            4 => tiles::<_, 2, 4>(l, depth, x, panel, to, columns, add),
                            5 => tiles::<_, 2, 5>(l, depth, x, panel, to, columns, add),
                            _ => tiles::<_, 2, 6>(l, depth, x, panel, to, columns, add),
                        }
                    }
                }
            }
        }
    }
}

/// Rows of the weight from `start` on, in panels of one to six registers: `[panel][k][register]`.
///
/// # Safety
/// `to` must be writable for [`DEPTH`] rows of all registers.
#[inline(always)]
unsafe fn pack<L: Lanes>(l: L, plan: &Forward, start: usize, depth: usize, to: *mut f32) {
    let registers = plan.outputs.div_ceil(L::WIDTH);
    let groups = registers.div_ceil(REGISTERS);
    let whole = plan.outputs / L::WIDTH;
    for k in 0..depth {
        let row = plan.weight[(start + k) * plan.outputs..][..plan.outputs].as_ptr();
        for group in 0..groups {
            let first = group * registers / groups;
            let end = (group + 1) * registers / groups;
            // SAFETY: the panel of this group holds DEPTH rows of its registers; whole registers of the row are
            // read as such, the others float by float.
            unsafe {
                let to = to.add((first * DEPTH + k * (end - first)) * L::WIDTH);
                let from = row.add(first * L::WIDTH);
                if end <= whole {
                    for i in 0..end - first {
                        l.store(to.add(i * L::WIDTH), l.load(from.add(i * L::WIDTH)));
                    }
                    continue;
                }
                for i in 0..(end - first) * L::WIDTH {
                    let exists = first * L::WIDTH + i < plan.outputs;
                    *to.add(i) = if exists { *from.add(i) } else { 0.0 };
                }
            }
        }
    }
}

/// Sixteen rows by C registers, R rows at a time: stored to `to`, or added to what is there; rows are `row` floats
/// apart.
///
/// # Safety
/// `x` must be readable for `depth` steps of sixteen floats, `panel` for `depth` rows of C registers, and `to`
/// writable as said.
#[inline(always)]
unsafe fn tiles<L: Lanes, const R: usize, const C: usize>(
    l: L,
    depth: usize,
    x: *const f32,
    panel: *const f32,
    to: *mut f32,
    row: usize,
    add: bool,
) {
    for lane in (0..LANES).step_by(R) {
        let (mut x, mut panel) = (x.wrapping_add(lane), panel);
        let mut sums = [[l.zero(); C]; R];
        for _ in 0..depth {
            // SAFETY: the caller's promise for this step.
            unsafe {
                let mut rows = [l.zero(); R];
                for r in 0..R {
                    rows[r] = l.splat(*x.add(r));
                }
                for c in 0..C {
                    let w = l.load(panel.add(c * L::WIDTH));
                    for r in 0..R {
                        sums[r][c] = l.mul_add(rows[r], w, sums[r][c]);
                    }
                }
            }
            x = x.wrapping_add(LANES);
            panel = panel.wrapping_add(C * L::WIDTH);
        }
        for r in 0..R {
            for c in 0..C {
                // SAFETY: the caller's promise.
                unsafe {
                    let to = to.add((lane + r) * row + c * L::WIDTH);
                    let sum = if add {
                        l.add(l.load(to), sums[r][c])
                    } else {
                        sums[r][c]
                    };
                    l.store(to, sum);
                }
            }
        }
    }
}

/// The last step of `forward`: partial sums, rows by outputs, to outputs by rows.
struct Sum<'a> {
    partial: Shared<'a, f32>,
    parts: usize,
    /// Floats of one part.
    part: usize,
    columns: usize,
    bias: &'a [f32],
    relu: bool,
    outputs: usize,
    y: Shared<'a, f32>,
}

impl Sum<'_> {
    /// Sixteen rows of sixteen outputs from `first` on.
    fn tile(&self, block: usize, first: usize) {
        let outputs = LANES.min(self.outputs - first);
        let mut sums = [[0f32; LANES]; LANES];
        for part in 0..self.parts {
            for lane in 0..LANES {
                let at = part * self.part + (block * LANES + lane) * self.columns + first;
                for o in 0..outputs {
                    // SAFETY: within the partial sums, of which every output that exists was written.
                    sums[lane][o] += unsafe { *self.partial.at(at + o) };
                }
            }
        }
        for o in 0..outputs {
            let bias = self.bias[first + o];
            let at = (block * self.outputs + first + o) * LANES;
            for lane in 0..LANES {
                let y = sums[lane][o] + bias;
                // Not `max`: a NaN stays one.
                let y = if self.relu && y < 0.0 { 0.0 } else { y };
                // SAFETY: this tile's part of the result.
                unsafe { self.y.at(at + lane).write(y) };
            }
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
    let mut dx = Fill::new(blocks * inputs * LANES);
    let to = dx.shared();
    let simd = Simd::current();
    let row_tasks = inputs.div_ceil(ROWS_OF_DATA);
    (0..blocks.div_ceil(BLOCKS) * row_tasks)
        .into_par_iter()
        .for_each(|task| {
            let (first, start) = (task / row_tasks * BLOCKS, task % row_tasks * ROWS_OF_DATA);
            simd.run(BackwardData {
                dy,
                weight,
                dx: to,
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
    dy: &'a [f32],
    weight: &'a [f32],
    dx: Shared<'a, f32>,
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
        let whole = self.rows.start + self.rows.len() / R * R;
        for first in (0..self.outputs).step_by(OUTPUTS_OF_DATA) {
            let count = OUTPUTS_OF_DATA.min(self.outputs - first);
            // The next rows come from memory while these are multiplied.
            let mut next = self.weight[self.rows.start * self.outputs..].as_ptr();
            next = next.wrapping_add(self.rows.len() * self.outputs);
            let lines = (self.rows.len() * self.outputs)
                .div_ceil(LINE * (self.rows.len().div_ceil(R)) * self.blocks.len());
            for block in self.blocks.clone() {
                for row in (self.rows.start..whole).step_by(R) {
                    if first == 0 {
                        for _ in 0..lines {
                            prefetch(next);
                            next = next.wrapping_add(LINE);
                        }
                    }
                    self.tile::<L, R>(l, block, row, first, count);
                }
                for row in whole..self.rows.end {
                    self.tile::<L, 1>(l, block, row, first, count);
                }
            }
        }
    }

    /// R inputs of one block, over `count` outputs from `first` on.
    #[inline(always)]
    fn tile<L: Lanes, const R: usize>(
        &self,
        l: L,
        block: usize,
        row: usize,
        first: usize,
        count: usize,
    ) {
        let weights = self.weight[row * self.outputs + first..].as_ptr();
        let dy = self.dy[(block * self.outputs + first) * LANES..].as_ptr();
        let mut sums = [l.zero(); R];
        // SAFETY: `count` outputs of this block and of R rows of the weight; this task alone writes these inputs.
        unsafe {
            let to = self.dx.at((block * self.inputs + row) * LANES);
            if first > 0 {
                for r in 0..R {
                    sums[r] = l.load(to.add(r * LANES));
                }
            }
            accumulate_rows::<L, R>(l, count, dy, weights, self.outputs, &mut sums);
            for r in 0..R {
                l.store(to.add(r * LANES), sums[r]);
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
    let mut dw = Fill::new(inputs * outputs);
    let to = dw.shared();
    let simd = Simd::current();
    (0..inputs.div_ceil(ROWS_OF_WEIGHT))
        .into_par_iter()
        .for_each(|task| {
            let start = task * ROWS_OF_WEIGHT;
            simd.run(BackwardWeights {
                x,
                panels: &panels,
                dw: to,
                inputs,
                outputs,
                blocks,
                rows: start..(start + ROWS_OF_WEIGHT).min(inputs),
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
    x: &'a [f32],
    /// `[panel][row of the batch][output]`
    panels: &'a [f32],
    dw: Shared<'a, f32>,
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
    fn tiles<L: Lanes, const R: usize>(self, l: L) {
        let whole = self.rows.start + self.rows.len() / R * R;
        for first in (0..self.blocks).step_by(BLOCKS_OF_WEIGHT) {
            for panel in 0..self.outputs.div_ceil(LANES) {
                for row in (self.rows.start..whole).step_by(R) {
                    self.tile::<L, R>(l, first, panel, row);
                }
                for row in whole..self.rows.end {
                    self.tile::<L, 1>(l, first, panel, row);
                }
            }
        }
    }

    /// Adds the product of some blocks, from `first` on, to R rows and a panel of `dw`; the first blocks are stored.
    #[inline(always)]
    fn tile<L: Lanes, const R: usize>(&self, l: L, first: usize, panel: usize, row: usize) {
        let blocks = BLOCKS_OF_WEIGHT.min(self.blocks - first);
        let mut dy = self.panels[(panel * self.blocks + first) * LANES * LANES..].as_ptr();
        let mut x = self.x[(first * self.inputs + row) * LANES..].as_ptr();
        let mut sums = [l.zero(); R];
        for _ in 0..blocks {
            for lane in 0..LANES {
                // SAFETY: sixteen rows of this block: R inputs, and the outputs of this panel.
                unsafe {
                    let dy = l.load(dy.add(lane * LANES));
                    for r in 0..R {
                        sums[r] = l.mul_add(l.splat(*x.add(r * LANES + lane)), dy, sums[r]);
                    }
                }
            }
            dy = dy.wrapping_add(LANES * LANES);
            x = x.wrapping_add(self.inputs * LANES);
        }
        let width = LANES.min(self.outputs - panel * LANES);
        for r in 0..R {
            // SAFETY: this task alone writes these rows of `dw`; beyond the first blocks they hold sums.
            unsafe {
                let to = self.dw.at((row + r) * self.outputs + panel * LANES);
                if width == LANES {
                    if first > 0 {
                        sums[r] = l.add(l.load(to), sums[r]);
                    }
                    l.store(to, sums[r]);
                } else {
                    let mut values = [0f32; LANES];
                    l.store(values.as_mut_ptr(), sums[r]);
                    for o in 0..width {
                        let sum = if first > 0 { *to.add(o) } else { 0.0 };
                        to.add(o).write(sum + values[o]);
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
