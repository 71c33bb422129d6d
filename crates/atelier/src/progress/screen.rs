//! The dashboard's hold on the terminal: taken, and given back however training ends.
//!
//! There is one terminal, and a panic, a signal and a thread that draws must agree on whose it is: hence one lock for
//! the process, under which everything is written to standard error.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError, TryLockError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ratatui_core::layout::Size;
use ratatui_core::terminal::Terminal;

use super::ansi::Ansi;
use super::draw::draw;
use super::tty;
use super::view::View;
use crate::console::{printable, write_message};

/// How often the dashboard is drawn.
const FRAME: Duration = Duration::from_millis(250);
/// Smaller terminals get plain lines.
const LEAST: Size = Size::new(40, 10);

/// To the alternate screen, which no terminal wraps anew when it is resized; no cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[2J";
/// Back to what was there before.
const LEAVE: &str = "\x1b[0m\x1b[?25h\x1b[?1049l";

/// Whether the dashboard has the terminal. Held by whoever writes to standard error; taken before [`SHOWN`].
static UP: Mutex<bool> = Mutex::new(false);
/// What is shown. Never held while something is written: a terminal that accepts no output (a connection that hangs)
/// must not stop training.
static SHOWN: Mutex<Option<Shown>> = Mutex::new(None);
/// Set when the user pressed q: plain lines until the process ends.
static DISMISSED: AtomicBool = AtomicBool::new(false);

#[derive(Debug)]
struct Shown {
    view: View,
    /// How many lines were also written to the ordinary screen.
    written: usize,
}

/// A lock, even after a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A lock that this very thread may hold if it panicked at a bad time; then `None`.
fn patiently<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    for _ in 0..100 {
        match mutex.try_lock() {
            Ok(held) => return Some(held),
            Err(TryLockError::Poisoned(held)) => return Some(held.into_inner()),
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(10)),
        }
    }
    None
}

fn to_stderr(text: &str) -> io::Result<()> {
    io::stderr().write_all(text.as_bytes())
}

fn write_line(line: &str) {
    write_message(&format!("{line}\n"));
}

/// Tells the user something: on the dashboard, or as a line on standard error. Control characters are escaped.
pub fn say(text: &str) {
    let text = &printable(text);
    let on_dashboard = || update(|view| view.say(text));
    if on_dashboard() {
        return;
    }
    let _up = lock(&UP);
    // No dashboard can be opened now, but one may have been opened just before.
    if !on_dashboard() {
        write_line(text);
    }
}

/// Changes what the dashboard shows; false where there is none.
pub fn update(change: impl FnOnce(&mut View)) -> bool {
    let mut shown = lock(&SHOWN);
    let shown = shown.as_mut().map(|shown| change(&mut shown.view));
    shown.is_some()
}

/// Writes a part of a frame, unless the terminal was given back in the meantime.
fn write(frame: &str) -> io::Result<()> {
    if *lock(&UP) { to_stderr(frame) } else { Ok(()) }
}

/// Gives the terminal to the dashboard.
fn raise(up: &mut bool) -> io::Result<()> {
    tty::take()?;
    *up = true;
    to_stderr(ENTER)
}

/// Removes the dashboard from the terminal, if it is there, and writes `lines`.
fn lower(up: &mut bool, lines: &[String]) {
    if std::mem::take(up) {
        write_message(LEAVE);
        tty::give_back();
    }
    lines.iter().for_each(|line| write_line(line));
}

/// Removes the dashboard, if any, from the terminal for good.
pub fn leave() {
    let mut held = patiently(&UP);
    let shown = patiently(&SHOWN).and_then(|mut shown| shown.take());
    let lines = shown
        .iter()
        .flat_map(|shown| &shown.view.lines[shown.written..]);
    let lines: Vec<String> = lines.cloned().collect();
    // Without the lock we can't know: assume that the dashboard is there.
    let mut up = true;
    lower(held.as_deref_mut().unwrap_or(&mut up), &lines);
}

/// A training on the terminal, until it is dropped.
#[derive(Debug)]
pub struct Dashboard {
    thread: Option<JoinHandle<()>>,
}

impl Dashboard {
    /// Shows `view`; `None` where plain lines are wanted, or nothing else is possible.
    pub fn open(view: View, plain: bool) -> Option<Self> {
        let plain = plain || DISMISSED.load(Ordering::Relaxed);
        let term = std::env::var("TERM").ok();
        let seen = io::stderr().is_terminal() && tty::in_foreground();
        if plain || !seen || !suits(term.as_deref(), tty::size()) || prepare().is_err() {
            return None;
        }
        let mut up = lock(&UP);
        if raise(&mut up).is_err() {
            lower(&mut up, &[]);
            return None;
        }
        *lock(&SHOWN) = Some(Shown { view, written: 0 });
        drop(up);
        let thread = thread::Builder::new()
            .name("dashboard".to_string())
            .spawn(show);
        // Without a thread there is no drawing; dropping gives the terminal back.
        let opened = Self {
            thread: thread.ok(),
        };
        opened.thread.is_some().then_some(opened)
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        leave();
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic has already been reported.
            let _ = thread.join();
        }
    }
}

/// Whether a terminal of this name and size can show a dashboard.
fn suits(term: Option<&str>, size: Option<Size>) -> bool {
    let knows_sequences = term.is_some_and(|name| !name.is_empty() && name != "dumb");
    let large = |size: Size| size.width >= LEAST.width && size.height >= LEAST.height;
    knows_sequences && size.is_some_and(large)
}

/// Before the first dashboard: makes panics and signals restore the screen first.
fn prepare() -> io::Result<()> {
    static HOOK: Once = Once::new();
    static WATCHED: Mutex<bool> = Mutex::new(false);
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            leave();
            before(panic);
        }));
    });
    let mut watched = lock(&WATCHED);
    if !*watched {
        tty::watch()?;
        *watched = true;
    }
    Ok(())
}

/// Draws until the dashboard is gone.
fn show() {
    let start = Instant::now();
    let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let Ok(mut terminal) = Terminal::new(Ansi::new(colours, write)) else {
        return leave();
    };
    loop {
        let Some(view) = lock(&SHOWN).as_ref().map(|shown| shown.view.clone()) else {
            return;
        };
        let frame = terminal.draw(|frame| draw(frame.buffer_mut(), &view, start.elapsed()));
        if frame.is_err() {
            return leave();
        }
        thread::park_timeout(FRAME);
        if let Some(signal) = tty::asked() {
            suspend(signal);
            // Whatever is on the screen now, draw everything again.
            let _ = terminal.clear();
        }
        for key in tty::keys() {
            match key {
                b'q' | b'Q' => {
                    DISMISSED.store(true, Ordering::Relaxed);
                    return leave();
                }
                // Ctrl-L, as everywhere.
                0x0c => drop(terminal.clear()),
                _ => {}
            }
        }
    }
}

/// Leaves the terminal, lets the signal take effect, and comes back if the terminal still belongs to this process.
fn suspend(signal: i32) {
    let lines = match lock(&SHOWN).as_mut() {
        Some(Shown { view, written }) => {
            let first = std::mem::replace(written, view.lines.len());
            view.lines[first..].to_vec()
        }
        None => return,
    };
    lower(&mut lock(&UP), &lines);
    tty::obey(signal);
    // Not for long: while this thread stood still, training may have ended.
    let mut up = lock(&UP);
    let wanted = lock(&SHOWN).is_some() && tty::in_foreground();
    let raised = wanted && raise(&mut up).is_ok();
    drop(up);
    if !raised {
        leave();
    }
}

#[cfg(test)]
mod tests;
