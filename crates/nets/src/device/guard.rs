//! Failures of a device, caught: Burn tells of them by panicking, wherever the program then stands.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// What a device failed with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", cause(.0))]
pub struct Failure(String);

/// The innermost cause that Burn's chain of errors names.
fn cause(text: &str) -> &str {
    // What Burn says when a remote device does not answer any more.
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
    /// A failure that was noticed in another way.
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// Whether more memory was asked for than the device has.
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
    /// Guards that are up on this thread.
    static GUARDS: Cell<usize> = const { Cell::new(0) };
}

/// Runs `work`; a panic in it becomes an error. On this thread it prints nothing.
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
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        assert_eq!(guarded(|| 7), Ok(7));
        let error =
            guarded(|| -> () { panic!("can't allocate buffer of size: {}\nat 0x1", 1_u64 << 40) });
        let error: Failure = error.expect_err("a panic");
        assert!(error.is_out_of_memory());
        assert_eq!(
            error.to_string(),
            "can't allocate buffer of size: 1099511627776"
        );
        let chain = "An error\nCaused by:\n  An IO error\nCaused by:\n  device lost\nNo backtrace";
        let error = guarded(|| -> () { panic!("{chain}") }).expect_err("a panic");
        assert!(!error.is_out_of_memory());
        assert_eq!(error.to_string(), "device lost");
        let gone = "An error\nCaused by:\n  Failed to read tensor: RecvError(())";
        let error = guarded(|| -> () { panic!("{gone}") }).expect_err("a panic");
        assert!(
            error.to_string().starts_with("its worker has ended"),
            "{error}"
        );
    }
}
