//! Vectors that parallel tasks fill without a first pass of zeros, and safe reads and writes of sixteen floats.

use std::mem::MaybeUninit;

use crate::lanes::LANES;
use crate::simd::Lanes;

/// A vector to be: tasks write disjoint parts, then it becomes a `Vec`.
///
/// Zeroing a weight matrix first would cost as much as the memory traffic of the product that fills it.
pub(crate) struct Fill<T> {
    values: Vec<T>,
    start: *mut MaybeUninit<T>,
    len: usize,
}

// SAFETY: the pointer is to the vector's own buffer, and `part` obliges its callers to disjoint ranges.
unsafe impl<T: Send> Sync for Fill<T> {}

impl<T: Copy> Fill<T> {
    /// Room for `len` values, none of them written.
    pub fn new(len: usize) -> Self {
        let mut values: Vec<T> = Vec::with_capacity(len);
        let start = values.as_mut_ptr().cast();
        Fill { values, start, len }
    }

    /// The values `start..start + len`.
    ///
    /// # Safety
    /// No other part that overlaps this one may be in use.
    ///
    /// # Panics
    /// If the range is not inside the vector.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)] // That is the point; the caller answers for it.
    pub unsafe fn part(&self, start: usize, len: usize) -> &mut [MaybeUninit<T>] {
        assert!(start <= self.len && len <= self.len - start);
        // SAFETY: inside the buffer by the assertion; not aliased by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start), len) }
    }

    /// All of it, for splitting it safely.
    pub fn whole(&mut self) -> &mut [MaybeUninit<T>] {
        // SAFETY: the exclusive borrow excludes every other part.
        unsafe { self.part(0, self.len) }
    }

    /// The vector.
    ///
    /// # Safety
    /// Every value must have been written.
    pub unsafe fn finish(mut self) -> Vec<T> {
        // SAFETY: the buffer has this capacity, and the caller wrote every value.
        unsafe { self.values.set_len(self.len) };
        self.values
    }
}

/// Sixteen floats as `L`'s value.
#[inline(always)]
pub(crate) fn read<L: Lanes>(l: L, from: &[f32; LANES]) -> L::V {
    assert!(L::WIDTH == LANES); // Known to the compiler; only arms that are never taken have others.
    // SAFETY: the array holds WIDTH floats.
    unsafe { l.load(from.as_ptr()) }
}

/// Writes `L`'s value as sixteen floats.
#[inline(always)]
pub(crate) fn write<L: Lanes>(l: L, to: &mut [MaybeUninit<f32>; LANES], v: L::V) {
    assert!(L::WIDTH == LANES); // Known to the compiler; only arms that are never taken have others.
    // SAFETY: the array has room for WIDTH floats.
    unsafe { l.store(to.as_mut_ptr().cast(), v) }
}

/// Overwrites sixteen floats with `L`'s value.
#[inline(always)]
pub(crate) fn update<L: Lanes>(l: L, to: &mut [f32; LANES], v: L::V) {
    assert!(L::WIDTH == LANES); // Known to the compiler; only arms that are never taken have others.
    // SAFETY: the array holds WIDTH floats.
    unsafe { l.store(to.as_mut_ptr(), v) }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_the_whole() {
        let fill = Fill::new(10);
        // SAFETY: the two parts are disjoint and cover everything.
        let values = unsafe {
            fill.part(0, 4).iter_mut().for_each(|value| {
                value.write(1u16);
            });
            fill.part(4, 6).iter_mut().for_each(|value| {
                value.write(2);
            });
            fill.finish()
        };
        assert_eq!(values, [1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
    }

    #[test]
    #[should_panic]
    fn a_part_beyond_the_end_is_refused() {
        let fill = Fill::<f32>::new(10);
        // SAFETY: the only part.
        let _ = unsafe { fill.part(8, 3) };
    }
}
