//! Memory for large images that several threads decode at the same time.

use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};

use crate::memory::{self, NotEnoughMemory};

/// Smaller images are decoded at once: even on many threads they add up to little.
const SMALL: u64 = 16 << 20;
/// All large images together may take one part in this many of the memory that is available at first.
const SHARE: u64 = 2;
/// The same where the system does not say what is available.
const DEFAULT: u64 = 2 << 30;

static IMAGES: LazyLock<Budget> =
    LazyLock::new(|| Budget::new(memory::available().map_or(DEFAULT, |bytes| bytes / SHARE)));

/// Bytes that are shared among threads.
#[derive(Debug)]
struct Budget {
    total: u64,
    taken: Mutex<u64>,
    given_back: Condvar,
}

/// Memory for a large image until this is dropped.
#[derive(Debug)]
pub(super) struct Room {
    budget: &'static Budget,
    bytes: u64,
}

impl Room {
    /// Waits until there is room for an image of `pixels` pixels that decode to `bytes` bytes; `None` for a small image.
    ///
    /// A thread must drop the room that it has before it takes another, or starts parallel work: it could wait for itself.
    ///
    /// # Errors
    /// When it would not fit even if it were the only one.
    pub fn take(bytes: u64, pixels: u64) -> Result<Option<Self>, NotEnoughMemory> {
        let needed = working_memory(bytes, pixels);
        if needed < SMALL {
            return Ok(None);
        }
        IMAGES.take(needed, memory::available()).map(Some)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        *self.budget.taken() -= self.bytes;
        self.budget.given_back.notify_all();
    }
}

/// Bytes for decoding an image and fitting it to a network: its pixels, a copy without transparency, and grey levels in 32
/// bits.
fn working_memory(bytes: u64, pixels: u64) -> u64 {
    bytes
        .saturating_mul(2)
        .saturating_add(pixels.saturating_mul(4))
}

impl Budget {
    fn new(total: u64) -> Self {
        Self {
            total,
            taken: Mutex::new(0),
            given_back: Condvar::new(),
        }
    }

    fn taken(&self) -> MutexGuard<'_, u64> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An image that needs more than the whole budget is decoded alone.
    fn take(&'static self, needed: u64, available: Option<u64>) -> Result<Room, NotEnoughMemory> {
        let mut taken = self.taken();
        // What other images hold will be available again.
        let available = available.map_or(u64::MAX, |bytes| bytes.saturating_add(*taken));
        if needed > available {
            return Err(NotEnoughMemory { needed, available });
        }
        let bytes = needed.min(self.total);
        while *taken > self.total - bytes {
            taken = self
                .given_back
                .wait(taken)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *taken += bytes;
        Ok(Room {
            budget: self,
            bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::*;

    fn budget(total: u64) -> &'static Budget {
        Box::leak(Box::new(Budget::new(total)))
    }

    #[test]
    fn many_threads_never_hold_more_than_the_budget() {
        // 9,900 x 9,900 pixels of red, green, blue and alpha in 16 bits.
        let pixels = 9900 * 9900;
        let photograph = working_memory(8 * pixels, pixels);
        #[rustfmt::skip]
        let cases = [
            ("three fit", 100, 30, 3),
            ("only one fits", 100, 60, 1),
            ("none fits", 100, 300, 1),
            ("98 megapixels and 8 GiB of memory", (8 << 30) / SHARE, photograph, 2),
        ];
        for (name, total, needed, at_once) in cases {
            let budget = budget(total);
            let [held, most] = [0, 0].map(AtomicU64::new);
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        for _ in 0..200 {
                            let _room = budget.take(needed, None).unwrap();
                            let now = 1 + held.fetch_add(1, Ordering::SeqCst);
                            most.fetch_max(now, Ordering::SeqCst);
                            thread::yield_now();
                            held.fetch_sub(1, Ordering::SeqCst);
                        }
                    });
                }
            });
            assert!(most.into_inner() <= at_once, "{name}");
            assert_eq!(*budget.taken(), 0, "{name}");
        }
        assert!(Room::take(1 << 20, 1 << 18).unwrap().is_none());
    }

    #[test]
    fn what_fits_nowhere_is_refused_with_its_size() {
        let budget = budget(100);
        let held = budget.take(80, Some(200)).unwrap();
        let refused = budget.take(201, Some(120)).unwrap_err();
        assert_eq!((refused.needed, refused.available), (201, 200));
        drop(held);
        assert!(budget.take(201, Some(201)).is_ok());
    }
}
