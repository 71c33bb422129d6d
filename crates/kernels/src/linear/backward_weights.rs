//! `dw = x^T dy`: sixteen outputs side by side for every row of the batch.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors may stay separate functions, without the vector instructions"
)]

use rayon::prelude::*;

use crate::buffer::{Fill, Shared};
use crate::lanes::{LANES, whole_blocks};
use crate::micro::{part, with_tile_height};
use crate::simd::{Lanes, Simd, Task};

/// Inputs in a task; a multiple of both tile heights.
const ROWS: usize = 48;
/// Blocks that `backward_weights` contracts at once: a panel of 8 KB, and 24 KB of inputs.
const BLOCKS: usize = 8;

/// `[B, I, 16]`, `[B, O, 16]` -> `[I, O]`: the gradient with respect to the weight, `x^T dy`.
///
/// # Panics
/// If a slice's length does not fit `inputs` and `outputs`, or the two have different numbers of blocks.
pub fn backward_weights(x: &[f32], dy: &[f32], inputs: usize, outputs: usize) -> Vec<f32> {
    let blocks = whole_blocks(x.len(), inputs, "linear::backward_weights: x");
    assert_eq!(
        whole_blocks(dy.len(), outputs, "linear::backward_weights: dy"),
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
    (0..inputs.div_ceil(ROWS)).into_par_iter().for_each(|task| {
        simd.run(BackwardWeights {
            x,
            panels: &panels,
            dw: to,
            inputs,
            outputs,
            blocks,
            rows: part(task, ROWS, inputs),
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
        for first in (0..self.blocks).step_by(BLOCKS) {
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
        let blocks = BLOCKS.min(self.blocks - first);
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
