//! A global allocator that keeps big blocks for the next training step.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// Alignment of every block of [`SMALLEST`] bytes or more: two cache lines, so that vector loads
/// never straddle one.
const ALIGN: usize = 128;
/// Smaller blocks are left to the system's allocator, which is good at them.
const SMALLEST: usize = 1 << 12;
/// Larger blocks (256 MiB) are handed back at once.
const LARGEST: usize = 1 << 28;
/// Size classes in one power of two; a block is at most an eighth larger than what was asked for.
const STEPS: usize = 8;
const CLASSES: usize = (LARGEST.ilog2() - SMALLEST.ilog2()) as usize * STEPS + 1;
/// Free blocks that a class keeps.
const SLOTS: usize = 64;
/// Size and alignment from which a block is asked for in huge pages. A 12.8 MB weight matrix is
/// 3,136 small pages, more than the TLB holds.
const HUGE: usize = 1 << 21;
const DEFAULT_LIMIT: usize = 1 << 30;

/// Keeps freed blocks of 4 KiB to 256 MiB by size class, so that a step that allocates what the last
/// step allocated causes no page faults; such blocks are 128-byte aligned.
///
/// Everything else goes to [`System`]. At most 1 GiB (or [`RecyclingAllocator::with_limit`]) are
/// retained in all; when that is full, blocks of sizes that were freed earlier make room. The
/// allocator is lock-free and allocates nothing itself.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: kernels::memory::RecyclingAllocator = kernels::memory::RecyclingAllocator::new();
///
/// let activation = vec![0f32; 1 << 20];
/// assert_eq!(activation.as_ptr() as usize % 128, 0);
/// ```
pub struct RecyclingAllocator {
    /// Free blocks by class; null where a slot is empty. A block is owned by whoever swaps it out.
    free: [[AtomicPtr<u8>; SLOTS]; CLASSES],
    retained: AtomicUsize,
    limit: usize,
    /// The class that makes room next.
    victim: AtomicUsize,
}

impl RecyclingAllocator {
    /// An empty allocator that retains at most 1 GiB.
    pub const fn new() -> Self {
        Self::with_limit(DEFAULT_LIMIT)
    }

    /// An empty allocator that retains at most `limit` bytes of free blocks.
    pub const fn with_limit(limit: usize) -> Self {
        Self {
            free: [const { [const { AtomicPtr::new(null_mut()) }; SLOTS] }; CLASSES],
            retained: AtomicUsize::new(0),
            limit,
            victim: AtomicUsize::new(0),
        }
    }

    /// Bytes of free blocks kept for reuse at this moment.
    pub fn retained_bytes(&self) -> usize {
        self.retained.load(Ordering::Relaxed)
    }

    /// Hands every free block back to the system.
    pub fn release(&self) {
        for class in 0..CLASSES {
            while let Some(block) = self.take(class) {
                give_back(block, class);
            }
        }
    }

    fn take(&self, class: usize) -> Option<*mut u8> {
        for slot in &self.free[class] {
            // The load first: a swap of an empty slot would still own its cache line exclusively.
            if slot.load(Ordering::Relaxed).is_null() {
                continue;
            }
            let block = slot.swap(null_mut(), Ordering::Acquire);
            if !block.is_null() {
                self.retained
                    .fetch_sub(size_of_class(class), Ordering::Relaxed);
                return Some(block);
            }
        }
        None
    }

    /// Whether the block was kept; if not it still belongs to the caller.
    fn keep(&self, block: *mut u8, class: usize) -> bool {
        let size = size_of_class(class);
        if !self.reserve(size, class) {
            return false;
        }
        for slot in &self.free[class] {
            let empty = slot.load(Ordering::Relaxed).is_null();
            if empty
                && slot
                    .compare_exchange(null_mut(), block, Ordering::Release, Ordering::Relaxed)
                    .is_ok()
            {
                return true;
            }
        }
        self.retained.fetch_sub(size, Ordering::Relaxed);
        false
    }

    /// Counts `size` bytes as retained if the limit allows it, after other classes made room if
    /// they had to. The count is raised before a block is kept, so the limit is never exceeded.
    fn reserve(&self, size: usize, class: usize) -> bool {
        if self.count(size) {
            return true;
        }
        if size > self.limit {
            return false;
        }
        // Otherwise the sizes of a phase that is over (an evaluation, say) would fill the limit for
        // good, and the phase that runs would get its pages from the system each step.
        for _ in 0..CLASSES {
            let victim = self.victim.load(Ordering::Relaxed) % CLASSES;
            while victim != class
                && let Some(block) = self.take(victim)
            {
                give_back(block, victim);
                if self.count(size) {
                    return true;
                }
            }
            self.victim.store(victim + 1, Ordering::Relaxed);
        }
        false
    }

    fn count(&self, size: usize) -> bool {
        let within = |retained: usize| Some(retained + size).filter(|&total| total <= self.limit);
        self.retained
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, within)
            .is_ok()
    }
}

impl Default for RecyclingAllocator {
    fn default() -> Self {
        Self::new()
    }
}

/// Who serves a layout. It depends on size and alignment only, so that freeing finds what
/// allocating decided.
#[derive(Clone, Copy, PartialEq)]
enum Source {
    /// The system, with the layout as it was asked for.
    System,
    /// The system, with our alignment.
    Aligned,
    /// The free blocks of a class.
    Class(usize),
}

fn source(size: usize, align: usize) -> Source {
    if size < SMALLEST || align > ALIGN {
        Source::System
    } else if size > LARGEST {
        Source::Aligned
    } else {
        Source::Class(class_of_size(size))
    }
}

/// The smallest class whose blocks hold `size` bytes, `SMALLEST <= size <= LARGEST`.
fn class_of_size(size: usize) -> usize {
    let exponent = size.ilog2();
    let step = (1usize << exponent) / STEPS;
    let steps = (size - (1 << exponent)).div_ceil(step);
    (exponent - SMALLEST.ilog2()) as usize * STEPS + steps
}

const fn size_of_class(class: usize) -> usize {
    let base = SMALLEST << (class / STEPS);
    base + class % STEPS * (base / STEPS)
}

/// The layout in which the system is asked for a block of a class.
fn layout_of_class(class: usize) -> Layout {
    let size = size_of_class(class);
    let align = if size >= HUGE { HUGE } else { ALIGN };
    // SAFETY: the alignment is a power of two, and no size comes near `isize::MAX`.
    unsafe { Layout::from_size_align_unchecked(size, align) }
}

/// The layout with our alignment, or as it is where rounding its size up would overflow.
fn aligned(layout: Layout) -> Layout {
    layout.align_to(ALIGN).unwrap_or(layout)
}

fn give_back(block: *mut u8, class: usize) {
    // SAFETY: blocks of a class are allocated by `fresh` with this layout, and whoever takes one
    // out of its slot, or was handed it by a caller that frees it, is its only owner.
    unsafe { System.dealloc(block, layout_of_class(class)) }
}

/// A block of a class from the system; null when it has none.
fn fresh(class: usize, zeroed: bool) -> *mut u8 {
    let layout = layout_of_class(class);
    // SAFETY: the layout's size is not zero.
    let block = unsafe {
        if zeroed && layout.align() == ALIGN {
            System.alloc_zeroed(layout)
        } else {
            System.alloc(layout)
        }
    };
    if layout.align() == HUGE && !block.is_null() {
        advise_huge_pages(block, layout.size());
        if zeroed {
            // SAFETY: the block has the layout's size. Zeroed after the advice, which is about
            // pages that are not there yet.
            unsafe { block.write_bytes(0, layout.size()) };
        }
    }
    block
}

#[cfg(target_os = "linux")]
fn advise_huge_pages(block: *mut u8, size: usize) {
    const MADV_HUGEPAGE: i32 = 14;
    unsafe extern "C" {
        fn madvise(address: *mut u8, length: usize, advice: i32) -> i32;
    }
    // SAFETY: the range is page-aligned and inside a block that we own; the advice changes no
    // contents, and where it is refused (no such kernel option) nothing happens.
    unsafe { madvise(block, size / HUGE * HUGE, MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn advise_huge_pages(_block: *mut u8, _size: usize) {}

// SAFETY: a block comes from `System` with a layout that is at least as large and as aligned as the
// one asked for, or from a slot of a class whose blocks are. A slot's pointer is handed out by an
// atomic swap, so to one owner only, with Acquire against the Release of the store that kept it. The
// source of a block is a function of its layout, which the caller passes again to free it. Nothing
// here allocates, panics or blocks.
unsafe impl GlobalAlloc for RecyclingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match source(layout.size(), layout.align()) {
            // SAFETY: the caller's layout, as it is.
            Source::System => unsafe { System.alloc(layout) },
            // SAFETY: a layout whose size is not zero.
            Source::Aligned => unsafe { System.alloc(aligned(layout)) },
            Source::Class(class) => self.take(class).unwrap_or_else(|| fresh(class, false)),
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match source(layout.size(), layout.align()) {
            // SAFETY: the caller's layout, as it is.
            Source::System => unsafe { System.alloc_zeroed(layout) },
            // SAFETY: a layout whose size is not zero.
            Source::Aligned => unsafe { System.alloc_zeroed(aligned(layout)) },
            Source::Class(class) => match self.take(class) {
                Some(block) => {
                    // SAFETY: a block of the class holds at least the layout's size.
                    unsafe { block.write_bytes(0, layout.size()) };
                    block
                }
                None => fresh(class, true),
            },
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match source(layout.size(), layout.align()) {
            // SAFETY: `alloc` served this layout the same way.
            Source::System => unsafe { System.dealloc(block, layout) },
            // SAFETY: as above.
            Source::Aligned => unsafe { System.dealloc(block, aligned(layout)) },
            Source::Class(class) => {
                if !self.keep(block, class) {
                    give_back(block, class);
                }
            }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let (from, to) = (
            source(layout.size(), layout.align()),
            source(size, layout.align()),
        );
        match (from, to) {
            // SAFETY: `System` allocated the block with this layout.
            (Source::System, Source::System) => unsafe { System.realloc(block, layout, size) },
            // SAFETY: as above, with our alignment.
            (Source::Aligned, Source::Aligned) => unsafe {
                System.realloc(block, aligned(layout), size)
            },
            (Source::Class(from), Source::Class(to)) if from == to => block,
            _ => {
                // SAFETY: the caller promises that `size` is not zero and no overflow for this
                // alignment; the two blocks are distinct and both hold the smaller size.
                unsafe {
                    let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
                    if !moved.is_null() {
                        moved.copy_from_nonoverlapping(block, size.min(layout.size()));
                        self.dealloc(block, layout);
                    }
                    moved
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
