//! Memory for kernels: outputs that are written once, scratch that is kept by thread, and pointers that tasks share.

use std::cell::RefCell;
use std::marker::PhantomData;

/// A pointer that tasks running at the same time may hold; each writes a range of its own.
pub(crate) struct Shared<'a, T>(*mut T, PhantomData<&'a mut [T]>);

impl<T> Clone for Shared<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Shared<'_, T> {}

// SAFETY: only a pointer is sent; every use of it is unsafe and names the disjoint range that it touches.
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

/// A result whose elements start unwritten, so that the memory is touched once.
pub(crate) struct Output<T> {
    values: Vec<T>,
    len: usize,
}

impl<T: Copy> Output<T> {
    pub(crate) fn new(len: usize) -> Self {
        Output {
            values: Vec::with_capacity(len),
            len,
        }
    }

    /// Where tasks write.
    pub(crate) fn shared(&mut self) -> Shared<'_, T> {
        Shared(self.values.as_mut_ptr(), PhantomData)
    }

    /// # Safety
    /// All `len` elements must have been written.
    pub(crate) unsafe fn written(mut self) -> Vec<T> {
        // SAFETY: the capacity is at least `len`, and the caller wrote every element.
        unsafe { self.values.set_len(self.len) };
        self.values
    }
}

/// A cache line of floats: what scratch is made of, for its alignment.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[allow(dead_code)] [f32; 16]);

thread_local! {
    static KEPT: RefCell<Vec<Vec<Line>>> = const { RefCell::new(Vec::new()) };
}

/// Aligned scratch memory of this thread with unspecified (but initialised) contents; given back when dropped.
pub(crate) struct Scratch(Vec<Line>);

impl Scratch {
    /// At least `len` floats.
    pub(crate) fn new(len: usize) -> Self {
        let mut lines = KEPT.with_borrow_mut(|kept| kept.pop()).unwrap_or_default();
        let wanted = len.div_ceil(16);
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
