//! `dx = dy weight^T`: the contraction runs along the rows of the weight, which need no packing.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors may stay separate functions, without the vector instructions"
)]

use rayon::prelude::*;

use crate::buffer::{Fill, Shared};
use crate::lanes::{LANES, whole_blocks};
use crate::micro::{LINE, accumulate_rows, part, prefetch, with_tile_height};
use crate::simd::{Lanes, Simd, Task};

/// Blocks of rows that share each tile's weights.
const BLOCKS: usize = 8;
/// Inputs in a task of `backward_data`; a multiple of both tile heights.
const ROWS: usize = 96;
/// Outputs that `backward_data` contracts at once: sixteen rows of them, 16 KB, stay in the first-level cache.
const OUTPUTS: usize = 256;

/// `[B, O, 16]` -> `[B, I, 16]`: the gradient with respect to `x`, `dx = dy weight^T`.
///
/// # Panics
/// If a slice's length does not fit `inputs` and `outputs`.
pub fn backward_data(dy: &[f32], inputs: usize, outputs: usize, weight: &[f32]) -> Vec<f32> {
    let blocks = whole_blocks(dy.len(), outputs, "linear::backward_data: dy");
    assert_eq!(
        weight.len(),
        inputs * outputs,
        "linear::backward_data: weight"
    );
    let mut dx = Fill::new(blocks * inputs * LANES);
    let to = dx.shared();
    let simd = Simd::current();
    let row_tasks = inputs.div_ceil(ROWS);
    (0..blocks.div_ceil(BLOCKS) * row_tasks)
        .into_par_iter()
        .for_each(|task| {
            simd.run(BackwardData {
                dy,
                weight,
                dx: to,
                inputs,
                outputs,
                blocks: part(task / row_tasks, BLOCKS, blocks),
                rows: part(task % row_tasks, ROWS, inputs),
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
        for first in (0..self.outputs).step_by(OUTPUTS) {
            let count = OUTPUTS.min(self.outputs - first);
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
