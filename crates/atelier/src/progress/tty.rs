//! The terminal on standard error, as the operating system sees it: size, modes, keys and signals.

use std::io::{IsTerminal, stderr, stdin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};

use ratatui_core::layout::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{self, InputModes, LocalModes, OptionalActions, Termios};
use signal_hook::consts::{SIGCONT, SIGQUIT, SIGTSTP};
use signal_hook::{flag, low_level};

/// The terminal's modes before the first dashboard.
static BEFORE: OnceLock<Termios> = OnceLock::new();
/// The last signal that was not handled yet, or 0.
static ASKED: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);
/// While there is no dashboard, signals have their default effect.
static IDLE: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| Arc::new(AtomicBool::new(true)));

/// Columns and rows; `None` if unknown.
pub fn size() -> Option<Size> {
    let size = termios::tcgetwinsize(stderr()).ok()?;
    Some(Size::new(size.ws_col, size.ws_row))
}

/// Whether this process may change the terminal. `atelier train ... &` may not: it would be stopped.
pub fn in_foreground() -> bool {
    termios::tcgetpgrp(stderr()).is_ok_and(|group| group == rustix::process::getpgrp())
}

/// Makes keys arrive one by one, without echo. Ctrl-C and Ctrl-Z still send signals.
pub fn take() -> std::io::Result<()> {
    let now = termios::tcgetattr(stderr())?;
    let mut modes = BEFORE.get_or_init(|| now).clone();
    modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
    // Ctrl-S would freeze the dashboard until Ctrl-Q.
    modes.input_modes -= InputModes::IXON;
    termios::tcsetattr(stderr(), OptionalActions::Now, &modes)?;
    ASKED.store(0, Ordering::Relaxed);
    IDLE.store(false, Ordering::Relaxed);
    Ok(())
}

/// Undoes [`take`].
pub fn give_back() {
    IDLE.store(true, Ordering::Relaxed);
    if let Some(modes) = BEFORE.get().filter(|_| in_foreground()) {
        // If the terminal is gone, there is nothing to restore.
        let _ = termios::tcsetattr(stderr(), OptionalActions::Now, modes);
    }
}

/// The keys pressed since the last call.
pub fn keys() -> Vec<u8> {
    let input = stdin();
    let mut keys = [0; 64];
    if !input.is_terminal() || !in_foreground() {
        return Vec::new();
    }
    let ready = poll(
        &mut [PollFd::new(&input, PollFlags::IN)],
        Some(&Timespec::default()),
    );
    let count = match ready {
        Ok(1..) => rustix::io::read(&input, &mut keys).unwrap_or(0),
        _ => 0,
    };
    keys[..count].to_vec()
}

/// Catches the signals that need the dashboard out of the way first; those that end training have a handler already.
pub fn watch() -> std::io::Result<()> {
    for signal in [SIGTSTP, SIGQUIT] {
        flag::register_conditional_default(signal, IDLE.clone())?;
    }
    for signal in [SIGTSTP, SIGQUIT, SIGCONT] {
        flag::register_usize(signal, ASKED.clone(), signal as usize)?;
    }
    Ok(())
}

/// The signal that waits to be handled, if any.
pub fn asked() -> Option<i32> {
    match ASKED.swap(0, Ordering::Relaxed) {
        0 => None,
        signal => Some(signal as i32),
    }
}

/// Has the signal's default effect: stops here until the process is continued, or ends it.
pub fn obey(signal: i32) {
    // There is nothing to do for SIGCONT, or if the system refuses.
    let _ = low_level::emulate_default_handler(signal);
}
