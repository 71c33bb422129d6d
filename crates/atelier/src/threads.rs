//! The threads that compute.

use std::thread::available_parallelism;

use crate::error::CommandError;

/// Stack of a thread in bytes, as the main thread has on Linux.
const STACK: usize = 8 << 20;

/// Starts this many threads, or one per core.
pub fn start(threads: Option<usize>) -> Result<(), CommandError> {
    let threads = threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
    if threads == 0 {
        let what = "--threads must be at least 1".to_string();
        return Err(CommandError::Usage(what));
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK)
        .build_global()
        .map_err(|cause| CommandError::Usage(format!("--threads {threads}: {cause}")))
}
