//! Catches failures of a device: Burn reports them by panicking, anywhere in the program.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// What a device failed with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", cause(.0))]
pub struct Failure(String);

/// The innermost cause in Burn's chain of errors.
fn cause(text: &str) -> &str {
    // Burn's messages when a remote device no longer answers.
    let signs = [
        "Failed to read tensor: RecvError",
        "Remote response channel closed",
    ];
    if signs.iter().any(|sign| text.contains(sign)) {
        return "its worker has ended, or the connection to it is lost";
    }
    let innermost = text.rsplit("Caused by:").next().unwrap_or(text);
    let mut lines = innermost.lines().map(str::trim);
    lines.find(|line| !line.is_empty()).unwrap_or_default()
}

impl Failure {
    /// A failure that did not panic.
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// Whether the device has too little memory.
    pub fn is_out_of_memory(&self) -> bool {
        // The texts of CubeCL's errors, and of CUDA's and Vulkan's.
        let signs = [
            "out of device memory",
            "out-of-memory",
            "out of memory",
            "outofmemory",
            "out_of_memory",
            "buffertoobig",
            "can't allocate buffer",
        ];
        let text = self.0.to_lowercase();
        signs.iter().any(|sign| text.contains(sign))
    }
}

thread_local! {
    /// Active guards of this thread.
    static GUARDS: Cell<usize> = const { Cell::new(0) };
}

/// Runs `work` and turns a panic into an error; on this thread the panic prints nothing.
///
/// # Errors
/// [`Failure`] with the panic's text.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Failure> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if GUARDS.get() == 0 {
                before(panic);
            }
        }));
    });
    GUARDS.set(GUARDS.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDS.set(GUARDS.get() - 1);
    result.map_err(|payload| Failure(text(payload.as_ref())))
}

fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("an unknown failure").to_string()
}

#[cfg(test)]
mod tests;
