//! The innermost loops that all products share, and safe reads and writes of sixteen floats.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors may stay separate functions, without the vector instructions"
)]

use std::hint::black_box;
use std::mem::MaybeUninit;
use std::ops::Range;

use crate::lanes::LANES;
use crate::simd::Lanes;

/// What the task `index` takes where each takes `size` of `len`.
#[inline(always)]
pub(crate) fn part(index: usize, size: usize, len: usize) -> Range<usize> {
    index * size..((index + 1) * size).min(len)
}

/// Output channels that share each load of the input.
pub(crate) const GROUP: usize = 6;

/// Splits channels into groups of at most [`GROUP`], as evenly as possible: 32 are 6, 6, 5, 5, 5, 5, so that no group
/// is too small to keep the multiply-add units busy.
pub(crate) fn channel_groups(channels: usize) -> Vec<Range<usize>> {
    let count = channels.div_ceil(GROUP);
    (0..count)
        .map(|i| i * channels / count..(i + 1) * channels / count)
        .collect()
}

/// Calls `self.f::<L, R>(...)` with R = the length of a group of [`channel_groups`].
macro_rules! with_group_size {
    ($len:expr, $self:ident.$f:ident::<$l:ident>($($argument:expr),+)) => {
        match $len {
            1 => $self.$f::<$l, 1>($($argument),+),
            2 => $self.$f::<$l, 2>($($argument),+),
            3 => $self.$f::<$l, 3>($($argument),+),
            4 => $self.$f::<$l, 4>($($argument),+),
            5 => $self.$f::<$l, 5>($($argument),+),
            _ => $self.$f::<$l, 6>($($argument),+),
        }
    };
}
pub(crate) use with_group_size;

/// Calls `$f::<L, R>` with the tile height for the registers: twelve accumulators hide the latency of a multiply-add
/// with AVX-512, six pairs with AVX2 (sixteen registers), six quads with NEON (thirty-two).
macro_rules! with_tile_height {
    ($task:ident.$f:ident($l:ident)) => {
        if <L::Register as Lanes>::WIDTH == LANES {
            $task.$f::<L, 12>($l)
        } else {
            $task.$f::<L, 6>($l)
        }
    };
}
pub(crate) use with_tile_height;

/// `sums[r] += sum over k of w[k][r] * x[k]`: R channels by sixteen lanes, x read once for R multiply-adds.
///
/// With R = 6 on AVX2 this fills the sixteen registers: twelve sums, two of x, one weight.
/// `x_step` and `w_step` lead from one k to the next, in floats.
///
/// # Safety
/// For each k below `count`, `x + k * x_step` must be readable for sixteen floats and `w + k * w_step` for R.
#[inline(always)]
pub(crate) unsafe fn accumulate<L: Lanes, const R: usize>(
    l: L,
    count: usize,
    x: *const f32,
    x_step: isize,
    w: *const f32,
    w_step: isize,
    sums: &mut [L::V; R],
) {
    let (mut x, mut w) = (x, w);
    for _ in 0..count {
        // SAFETY: the caller's promise for this k.
        unsafe {
            let value = l.load(x);
            for r in 0..R {
                sums[r] = l.mul_add(l.splat(*w.add(r)), value, sums[r]);
            }
        }
        x = x.wrapping_offset(x_step);
        w = w.wrapping_offset(w_step);
    }
}

/// [`accumulate`] with weights that are not packed: row r starts at `w + r * w_row`, k moves along the rows.
///
/// # Safety
/// For each k below `count`, `x + k * 16` must be readable for sixteen floats, and each row of `w` for `count`.
#[inline(always)]
pub(crate) unsafe fn accumulate_rows<L: Lanes, const R: usize>(
    l: L,
    count: usize,
    x: *const f32,
    w: *const f32,
    w_row: usize,
    sums: &mut [L::V; R],
) {
    let mut rows = [w; R];
    for r in 0..R {
        rows[r] = w.wrapping_add(r * w_row);
    }
    // Without this the compiler computes each row's address from the one before, R additions a step, which crowd out
    // the multiply-adds.
    let rows = black_box(rows);
    let whole = count / UNROLL * UNROLL;
    let mut k = 0;
    while k < whole {
        for i in 0..UNROLL {
            // SAFETY: the caller's promise for this k.
            unsafe {
                let value = l.load(x.add((k + i) * 16));
                for r in 0..R {
                    sums[r] = l.mul_add(l.splat(*rows[r].add(k + i)), value, sums[r]);
                }
            }
        }
        k += UNROLL;
    }
    while k < count {
        // SAFETY: the caller's promise for this k.
        unsafe {
            let value = l.load(x.add(k * 16));
            for r in 0..R {
                sums[r] = l.mul_add(l.splat(*rows[r].add(k)), value, sums[r]);
            }
        }
        k += 1;
    }
}

/// `sums[r][p] += w[k][r] * x[k][p]` over `count` steps k: R vectors by P single values, each of which is spread over all lanes.
///
/// With R = 4 and P = 6 on AVX-512 ten loads feed 24 multiply-adds. `apart` floats lie between the vectors, or the values, of one
/// step, `step` floats between one step and the next.
///
/// # Safety
/// For each k below `count`, `w + k * w_step + r * w_apart` must be readable for a vector, and `x + k * x_step + p * x_apart` for a
/// float.
#[inline(always)]
pub(crate) unsafe fn outer_products<L: Lanes, const R: usize, const P: usize>(
    l: L,
    count: usize,
    w: *const f32,
    [w_apart, w_step]: [usize; 2],
    x: *const f32,
    [x_apart, x_step]: [usize; 2],
    sums: &mut [[L::V; P]; R],
) {
    let (mut w, mut x) = (w, x);
    for _ in 0..count {
        // SAFETY: the caller's promise for this k.
        unsafe {
            let mut vectors = [l.zero(); R];
            for r in 0..R {
                vectors[r] = l.load(w.add(r * w_apart));
            }
            for p in 0..P {
                let value = l.splat(*x.add(p * x_apart));
                for r in 0..R {
                    sums[r][p] = l.mul_add(value, vectors[r], sums[r][p]);
                }
            }
        }
        w = w.wrapping_add(w_step);
        x = x.wrapping_add(x_step);
    }
}

/// Steps of [`accumulate_rows`] that share their address arithmetic.
const UNROLL: usize = 4;

/// Rows of the first operand in [`dots`].
pub(crate) const DOT_ROWS: usize = 4;
/// Rows of the second operand in [`dots`].
pub(crate) const DOT_COLUMNS: usize = 3;

/// Products of rows along their whole length: `sums[r][c] += a[r] * b[c]` lane by lane.
///
/// Each sum is one register, so that 4 x 3 of them, three of `b` and one of `a` fill sixteen registers.
/// `l` must be the one-register form. `count` vectors are read from each row.
///
/// # Safety
/// Every row must be readable for `count * L::WIDTH` floats.
#[inline(always)]
pub(crate) unsafe fn dots<L: Lanes>(
    l: L,
    count: usize,
    a: [*const f32; DOT_ROWS],
    b: [*const f32; DOT_COLUMNS],
    sums: &mut [[L::V; DOT_COLUMNS]; DOT_ROWS],
) {
    for i in 0..count {
        let at = i * L::WIDTH;
        // SAFETY: the caller's promise for this vector of each row.
        unsafe {
            let columns = [
                l.load(b[0].add(at)),
                l.load(b[1].add(at)),
                l.load(b[2].add(at)),
            ];
            for r in 0..DOT_ROWS {
                let row = l.load(a[r].add(at));
                for c in 0..DOT_COLUMNS {
                    sums[r][c] = l.mul_add(row, columns[c], sums[r][c]);
                }
            }
        }
    }
}

/// Sixteen floats as `L`'s value.
#[inline(always)]
pub(crate) fn read<L: Lanes>(l: L, from: &[f32; LANES]) -> L::V {
    assert!(L::WIDTH == LANES); // A constant; other widths occur only in code that never runs.
    // SAFETY: the array holds WIDTH floats.
    unsafe { l.load(from.as_ptr()) }
}

/// Writes `L`'s value as sixteen floats.
#[inline(always)]
pub(crate) fn write<L: Lanes>(l: L, to: &mut [MaybeUninit<f32>; LANES], v: L::V) {
    assert!(L::WIDTH == LANES); // A constant; other widths occur only in code that never runs.
    // SAFETY: the array has room for WIDTH floats.
    unsafe { l.store(to.as_mut_ptr().cast(), v) }
}

/// Overwrites sixteen floats with `L`'s value.
#[inline(always)]
pub(crate) fn update<L: Lanes>(l: L, to: &mut [f32; LANES], v: L::V) {
    assert!(L::WIDTH == LANES); // A constant; other widths occur only in code that never runs.
    // SAFETY: the array holds WIDTH floats.
    unsafe { l.store(to.as_mut_ptr(), v) }
}

/// max(0, x), NaN kept.
#[inline(always)]
pub(crate) fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// Floats in a cache line.
pub(crate) const LINE: usize = 16;

/// Asks for the cache line at `at` to be brought to the second-level cache; `at` may be any address.
#[inline(always)]
pub(crate) fn prefetch(at: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing and never faults; SSE is part of x86_64.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}
