//! A bound on the memory that an input may take.

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Bytes that any input may take: tables of decoders, threads, buffers of files.
const LEAST: usize = 16 << 20;
/// Bytes for each byte of the input. A row of two bytes in a table can become a message of some hundred bytes, and a value
/// of one byte in a nested list of a Parquet file two vectors; vectors grow by doubling, with the old half beside the new.
const EACH: usize = 1024;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Runs `work`; the process ends with a backtrace if it holds more memory at a time than an input of `size` bytes may take.
/// The size is that of the content: what a ZIP archive unpacks to, or the pixels of an image.
pub fn bounded<T>(size: usize, work: impl FnOnce() -> T) -> T {
    let most = LEAST.saturating_add(size.saturating_mul(EACH));
    MOST.store(LIVE.load(Relaxed).saturating_add(most), Relaxed);
    let result = work();
    MOST.store(usize::MAX, Relaxed);
    result
}

/// The system's allocator with a count of the bytes in use.
struct Counted;

#[global_allocator]
static ALLOCATOR: Counted = Counted;

// SAFETY: memory comes from the system's allocator as it is.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller keeps the rules of this function, which are the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // While it grows, the old and the new block may both exist.
        count(size);
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn count(size: usize) {
    let live = LIVE.fetch_add(size, Relaxed).saturating_add(size);
    if live > MOST.load(Relaxed) {
        // What follows allocates, too.
        MOST.store(usize::MAX, Relaxed);
        eprintln!(
            "An allocation of {size} bytes makes {live} in all, more than such an input may take.\n{}",
            Backtrace::force_capture()
        );
        std::process::abort();
    }
}
