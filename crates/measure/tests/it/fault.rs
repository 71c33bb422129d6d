//! Operations on files that fail on purpose: a disk that is full from some point on, a folder that may not be written any
//! more, a power cut. The tests of `nets` include this file too.

use std::cell::Cell;
use std::io;
use std::marker::PhantomData;

use measure::files::check_before_operations;

thread_local! {
    static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
}

#[derive(Clone, Copy)]
struct Plan {
    left: usize,
    kind: io::ErrorKind,
    met: bool,
}

/// While it lives, the operations of this thread fail.
#[derive(Debug)]
pub struct Failing {
    // The plan is this thread's: whoever made it must end it.
    not_send: PhantomData<*const ()>,
}

/// Lets this number of operations of this thread on files pass, and fails all later ones.
pub fn after(operations: usize, kind: io::ErrorKind) -> Failing {
    PLAN.set(Some(Plan {
        left: operations,
        kind,
        met: false,
    }));
    check_before_operations(Some(check));
    Failing {
        not_send: PhantomData,
    }
}

impl Failing {
    /// Whether an operation has failed.
    pub fn is_met(&self) -> bool {
        PLAN.get().is_some_and(|plan| plan.met)
    }
}

impl Drop for Failing {
    fn drop(&mut self) {
        check_before_operations(None);
        PLAN.set(None);
    }
}

fn check() -> io::Result<()> {
    let Some(mut plan) = PLAN.get() else {
        return Ok(());
    };
    let fails = plan.left == 0;
    plan.left = plan.left.saturating_sub(1);
    plan.met |= fails;
    PLAN.set(Some(plan));
    if fails {
        return Err(plan.kind.into());
    }
    Ok(())
}
