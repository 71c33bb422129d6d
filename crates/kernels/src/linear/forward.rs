//! `y = x weight + bias`: rows of the weight are packed in panels that fit the first-level cache.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors may stay separate functions, without the vector instructions"
)]

use rayon::prelude::*;

use crate::buffer::{Fill, Scratch, Shared};
use crate::lanes::{LANES, whole_blocks};
use crate::micro::{LINE, part, prefetch, relu};
use crate::simd::{Lanes, Simd, Task};

/// Inputs whose weights `forward` packs at once: with 512 outputs 112 KB, and the panel of a tile is 11 KB, a third
/// of the first-level cache. Not a multiple of 64, so that panels do not share lines of that cache.
const DEPTH: usize = 56;
/// Blocks of rows that share each packed panel: with half as many, packing takes a tenth of the total time.
const BLOCKS: usize = 16;
/// Tasks that `forward` cuts the inputs into when there are few rows.
const PARTS: usize = 8;
/// Registers of outputs in a tile of `forward`, at most. With two rows that is twelve sums, two of x and one of the
/// weights; four rows by three registers need one more than AVX2 has as soon as the compiler loads ahead.
const REGISTERS: usize = 6;

/// `[B, I, 16]` -> `[B, O, 16]`: `y = x weight + bias`, then ReLU if `relu`.
///
/// `weight` is `[I, O]`, `bias` `[O]`. Lanes without a row hold the result for a row of zeros.
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
    let blocks = whole_blocks(x.len(), inputs, "linear::forward: x");
    assert_eq!(weight.len(), inputs * outputs, "linear::forward: weight");
    let bias = bias.map_or_else(|| vec![0.0; outputs], <[f32]>::to_vec);
    assert_eq!(bias.len(), outputs, "linear::forward: bias");
    let mut y = Fill::new(blocks * outputs * LANES);
    if blocks * outputs == 0 {
        // SAFETY: there is nothing to write.
        return unsafe { y.finish() };
    }

    // With few rows the inputs are split too, so that there are enough tasks.
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
            let share = task % parts;
            simd.run(Part {
                plan: &plan,
                part: share,
                blocks: part(task / parts, BLOCKS, blocks),
                contraction: part(share, depth, inputs),
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
            // read as such, the rest float by float.
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
/// writable accordingly.
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
                let y = if self.relu { relu(y) } else { y };
                // SAFETY: this tile's part of the result.
                unsafe { self.y.at(at + lane).write(y) };
            }
        }
    }
}
