//! The activation layout 'lanes': sixteen images side by side in the innermost dimension.
//!
//! N images of `features` values (for NCHW: C * H * W) become `[ceil(N / 16), features, 16]`. Every operator that
//! treats images alike is then sixteen lanes wide whatever the image's size, with no remainder and no shuffle.
//! In an activation, lanes without an image (in the last block) hold what an image of zeros gives: finite, not
//! always zero. In a gradient they are exactly zero; sums over lanes rely on both.

#![expect(
    clippy::needless_range_loop,
    reason = "tiles of sixteen by sixteen read best by their two indices"
)]

use std::ops::Range;

use rayon::prelude::*;

use crate::buffer::Fill;

/// Images in a block.
pub const LANES: usize = 16;

/// Sixteen values, one a lane.
pub(crate) type Row = [f32; LANES];

/// Values of each image that one task converts: small enough for the first-level cache, sixteen images at a time.
const CHUNK: usize = 256;

/// Blocks that hold `n` images.
pub fn blocks(n: usize) -> usize {
    n.div_ceil(LANES)
}

/// Blocks in `len` values `[blocks, features, 16]`; of planes, `features` is the area.
///
/// # Panics
/// If these are not whole blocks.
pub(crate) fn whole_blocks(len: usize, features: usize, what: &str) -> usize {
    let block = features * LANES;
    let blocks = len.checked_div(block).unwrap_or(0);
    assert_eq!(
        len,
        blocks * block,
        "{what}: {len} values are not whole blocks of {features} x {LANES}"
    );
    blocks
}

/// `[n, features]` row-major -> `[blocks(n), features, 16]`, lanes without an image zero.
///
/// # Panics
/// If `x` does not hold `n * features` values.
pub fn pack(x: &[f32], n: usize, features: usize) -> Vec<f32> {
    assert_eq!(x.len(), n * features, "pack: values for {n} x {features}");
    let mut out = vec![0.0; blocks(n) * features * LANES];
    if out.is_empty() {
        return out;
    }
    out.par_chunks_mut(features * LANES)
        .enumerate()
        .for_each(|(block, out)| {
            let images = (n - block * LANES).min(LANES);
            let x = &x[block * LANES * features..][..images * features];
            out.par_chunks_mut(CHUNK * LANES)
                .enumerate()
                .for_each(|(chunk, out)| {
                    let start = chunk * CHUNK;
                    if images == LANES {
                        let rows: [&[f32]; LANES] = std::array::from_fn(|lane| {
                            &x[lane * features + start..][..out.len() / LANES]
                        });
                        for (i, to) in out.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
                            for lane in 0..LANES {
                                to[lane] = rows[lane][i];
                            }
                        }
                    } else {
                        for (lane, row) in x.chunks_exact(features).enumerate() {
                            for (to, &value) in
                                out.as_chunks_mut::<LANES>().0.iter_mut().zip(&row[start..])
                            {
                                to[lane] = value;
                            }
                        }
                    }
                });
        });
    out
}

/// `[blocks(n), features, 16]` -> `[n, features]` row-major; what the unused lanes hold is dropped.
///
/// # Panics
/// If `x` does not hold `blocks(n) * features * 16` values.
pub fn unpack(x: &[f32], n: usize, features: usize) -> Vec<f32> {
    assert_eq!(
        x.len(),
        blocks(n) * features * LANES,
        "unpack: values for {n} x {features}"
    );
    let mut out = vec![0.0; n * features];
    if out.is_empty() {
        return out;
    }
    out.par_chunks_mut(features)
        .enumerate()
        .for_each(|(image, out)| {
            let block = &x[image / LANES * features * LANES..][..features * LANES];
            let lane = image % LANES;
            for (to, from) in out.iter_mut().zip(block.as_chunks::<LANES>().0) {
                *to = from[lane];
            }
        });
    out
}

/// Cells of [`unpack_channels_last`] that make a task.
const STRIP: usize = 128;

/// `[blocks(n), channels, cells, 16]` -> `[n, cells, channels]`; what the unused lanes hold is dropped.
///
/// # Panics
/// If `x` does not hold `blocks(n) * channels * cells * 16` values.
pub fn unpack_channels_last(x: &[f32], n: usize, channels: usize, cells: usize) -> Vec<f32> {
    let item = channels * cells;
    assert_eq!(
        x.len(),
        blocks(n) * item * LANES,
        "unpack_channels_last: values for {n} x {channels} x {cells}"
    );
    let mut out = Fill::new(n * item);
    let shared = out.shared();
    let strips = cells.div_ceil(STRIP);
    (0..blocks(n) * strips).into_par_iter().for_each(|task| {
        let (block, first) = (task / strips, task % strips * STRIP);
        let block_of = &x[block * LANES * item..][..LANES * item];
        let images = LANES.min(n - block * LANES);
        for p in first..(first + STRIP).min(cells) {
            for c in (0..channels).step_by(LANES) {
                let some = LANES.min(channels - c);
                let mut tile = [[0f32; LANES]; LANES];
                for i in 0..some {
                    let row = &block_of[((c + i) * cells + p) * LANES..][..LANES];
                    for lane in 0..LANES {
                        tile[lane][i] = row[lane];
                    }
                }
                for lane in 0..images {
                    let at = (block * LANES + lane) * item + p * channels + c;
                    // SAFETY: `some` floats within the image; this task alone has these cells.
                    unsafe { store(&tile[lane], some, shared.at(at)) };
                }
            }
        }
    });
    // SAFETY: every cell and channel of every image was written.
    unsafe { out.finish() }
}

/// `[n, cells, channels]` -> `[blocks(n), channels, cells, 16]`, lanes without an image zero.
///
/// # Panics
/// If `x` does not hold `n * cells * channels` values.
pub fn pack_channels_last(x: &[f32], n: usize, channels: usize, cells: usize) -> Vec<f32> {
    let item = channels * cells;
    assert_eq!(
        x.len(),
        n * item,
        "pack_channels_last: values for {n} x {cells} x {channels}"
    );
    let mut out = Fill::new(blocks(n) * item * LANES);
    let shared = out.shared();
    // Sixteen channels at a time, so that there are enough tasks even for one block.
    let groups = channels.div_ceil(LANES);
    (0..blocks(n) * groups).into_par_iter().for_each(|task| {
        let (first, group) = (task / groups * LANES, task % groups * LANES);
        let from = &x[first * item..(first + LANES).min(n) * item];
        let of_task = group..(group + LANES).min(channels);
        // SAFETY: this task alone has these channels of this block.
        unsafe { pack_block(from, channels, cells, of_task, shared.at(first * item)) };
    });
    // SAFETY: every lane of every channel and cell was written.
    unsafe { out.finish() }
}

/// Up to sixteen images `[cells, channels]` -> the channels of `range` of a block `[channels, cells, 16]`, lanes
/// without an image zero.
///
/// # Safety
/// `to` must be writable for the block, `range` within its channels, and no other task may use these channels.
pub(crate) unsafe fn pack_block(
    from: &[f32],
    channels: usize,
    cells: usize,
    range: Range<usize>,
    to: *mut f32,
) {
    let item = channels * cells;
    let images = from.len().checked_div(item).unwrap_or(0);
    for p in 0..cells {
        for c in range.clone().step_by(LANES) {
            let some = LANES.min(range.end - c);
            let mut tile = [[0f32; LANES]; LANES];
            for lane in 0..images {
                let row = &from[lane * item + p * channels + c..][..some];
                for i in 0..some {
                    tile[i][lane] = row[i];
                }
            }
            for i in 0..some {
                // SAFETY: a row of this block; the caller's promise.
                unsafe { store(&tile[i], LANES, to.add(((c + i) * cells + p) * LANES)) };
            }
        }
    }
}

/// Stores the first `count` of sixteen floats; all sixteen, the usual case, in one piece.
///
/// # Safety
/// `count` must be at most 16, and `to` writable for `count` floats.
#[inline(always)]
unsafe fn store(from: &[f32; LANES], count: usize, to: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe {
        if count == LANES {
            to.cast::<[f32; LANES]>().write_unaligned(*from);
        } else {
            to.copy_from_nonoverlapping(from.as_ptr(), count);
        }
    }
}

#[cfg(test)]
mod tests;
