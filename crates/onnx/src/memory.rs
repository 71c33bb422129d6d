//! How much memory a model may take while it runs: no more than is free, whatever the file says.

use std::sync::atomic::{AtomicU64, Ordering};

use super::shape;

/// Bytes that are allocated without asking the system, because asking takes tens of microseconds.
const UNCHECKED: u64 = 64 << 20;

/// Bytes that were allowed since the system was last asked.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    unchecked: AtomicU64,
}

impl Memory {
    /// Whether a tensor of this shape fits; its number of values.
    ///
    /// Every value is taken to need eight bytes, the most that any number does.
    pub(crate) fn room(&self, shape: &[usize]) -> Result<usize, String> {
        let too_large = || format!("a tensor of shape {shape:?} is too large");
        let count = shape::count(shape).ok_or_else(too_large)?;
        let bytes = (count as u64).checked_mul(8).ok_or_else(too_large)?;
        // Without a wrap-around: what would not fit into 64 bits fits no machine.
        let before = self.unchecked.load(Ordering::Relaxed);
        let sum = before.saturating_add(bytes);
        if sum > UNCHECKED {
            data::memory::check(sum)
                .map_err(|error| format!("a tensor of shape {shape:?} {error}"))?;
            self.unchecked.store(0, Ordering::Relaxed);
        } else {
            self.unchecked.store(sum, Ordering::Relaxed);
        }
        Ok(count)
    }
}
