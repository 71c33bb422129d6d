//! Ctrl-C and SIGTERM: the first ends the work after the current step, the second ends the process at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::CommandError;
use crate::progress;

/// Set by the first signal; trainings look at it after every step.
pub static STOP: AtomicBool = AtomicBool::new(false);

/// What a signal does, with `message` at the first.
pub fn stop(message: &str) {
    if STOP.swap(true, Ordering::Relaxed) {
        progress::leave();
        std::process::exit(130);
    }
    if !message.is_empty() {
        note!("{message}");
    }
}

/// Catches signals from now on, SIGHUP among them, with `message` at the first.
pub fn catch(message: &'static str) -> Result<(), CommandError> {
    ctrlc::set_handler(move || stop(message))
        .map_err(|cause| CommandError::Usage(format!("can't catch Ctrl-C: {cause}")))
}

/// Catches signals during a training or a search.
pub fn catch_while_training() -> Result<(), CommandError> {
    catch("\nstopping after this step; press Ctrl-C again to quit immediately")
}
