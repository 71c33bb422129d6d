//! Memory for kernels: outputs that are written once, scratch memory that each thread keeps, and pointers shared by tasks.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// A pointer for tasks that run at the same time; each writes its own range.
pub(crate) struct Shared<'a, T>(*mut T, PhantomData<&'a mut [T]>);

impl<T> Clone for Shared<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Shared<'_, T> {}

// SAFETY: only a pointer is sent; every use of it is unsafe and states which range it touches.
unsafe impl<T: Send> Send for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    /// A pointer into `values`, which stay borrowed.
    pub(crate) fn new(values: &'a mut [T]) -> Self {
        Shared(values.as_mut_ptr(), PhantomData)
    }

    /// # Safety
    /// `index` must lie within the memory (or one past its end).
    #[inline(always)]
    pub(crate) unsafe fn at(self, index: usize) -> *mut T {
        // SAFETY: the caller's promise.
        unsafe { self.0.add(index) }
    }
}

/// A result under construction: tasks write disjoint parts, each once, then it becomes a `Vec`.
///
/// Zeroing a weight matrix first would cost as much as the memory traffic of the product that fills it.
pub(crate) struct Fill<T> {
    values: Vec<T>,
    start: *mut MaybeUninit<T>,
    len: usize,
}

// SAFETY: the pointer is to the vector's own buffer, and the callers of `part` promise disjoint ranges.
unsafe impl<T: Send> Sync for Fill<T> {}

impl<T: Copy> Fill<T> {
    /// Room for `len` values, none of them written.
    pub(crate) fn new(len: usize) -> Self {
        let mut values: Vec<T> = Vec::with_capacity(len);
        let start = values.as_mut_ptr().cast();
        Fill { values, start, len }
    }

    /// Where tasks write, for kernels whose parts are not contiguous.
    pub(crate) fn shared(&mut self) -> Shared<'_, T> {
        Shared(self.start.cast(), PhantomData)
    }

    /// The values `start..start + len`.
    ///
    /// # Safety
    /// No other part that overlaps this one may be in use.
    ///
    /// # Panics
    /// If the range is not inside the vector.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)] // Intended; the caller promises disjoint parts.
    pub(crate) unsafe fn part(&self, start: usize, len: usize) -> &mut [MaybeUninit<T>] {
        assert!(start <= self.len && len <= self.len - start);
        // SAFETY: inside the buffer by the assertion; not aliased by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start), len) }
    }

    /// The whole result, which safe code can split.
    pub(crate) fn whole(&mut self) -> &mut [MaybeUninit<T>] {
        // SAFETY: the exclusive borrow excludes every other part.
        unsafe { self.part(0, self.len) }
    }

    /// The vector.
    ///
    /// # Safety
    /// Every value must have been written.
    pub(crate) unsafe fn finish(mut self) -> Vec<T> {
        // SAFETY: the buffer has this capacity, and the caller wrote every value.
        unsafe { self.values.set_len(self.len) };
        self.values
    }
}

/// A cache line of floats: scratch consists of these, so that it is aligned.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[allow(dead_code)] [f32; 16]);

thread_local! {
    static KEPT: RefCell<Vec<Vec<Line>>> = const { RefCell::new(Vec::new()) };
}

/// Aligned scratch memory of this thread with unspecified (but initialised) contents; returned to the thread when dropped.
pub(crate) struct Scratch(Vec<Line>);

impl Scratch {
    /// At least `len` floats.
    pub(crate) fn new(len: usize) -> Self {
        let mut lines = KEPT.with_borrow_mut(|kept| kept.pop()).unwrap_or_default();
        let wanted = len.div_ceil(16).max((2 << 20) / 64);
        if lines.len() < wanted {
            lines.resize(wanted, Line([0.0; 16]));
        }
        Scratch(lines)
    }

    /// The first `len` floats.
    pub(crate) fn floats(&mut self, len: usize) -> &mut [f32] {
        assert!(
            len <= self.0.len() * 16,
            "scratch of {} lines",
            self.0.len()
        );
        // SAFETY: lines are sixteen floats without padding, and there are enough.
        unsafe { std::slice::from_raw_parts_mut(self.start(), len) }
    }

    /// The first float, aligned to a cache line.
    pub(crate) fn start(&mut self) -> *mut f32 {
        self.0.as_mut_ptr().cast()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let lines = std::mem::take(&mut self.0);
        KEPT.with_borrow_mut(|kept| kept.push(lines));
    }
}

#[cfg(test)]
mod tests;
