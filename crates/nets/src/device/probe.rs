//! Trying devices without being taken down: a driver may crash, or never answer.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{Interface, Listed, missing};

/// A device that has not answered after so long can't be used.
pub const LIMIT: Duration = Duration::from_secs(30);
/// What is said of a device before it has answered.
const SILENT: &str = "its driver did not answer";

/// Finds the devices of an interface and tries those of the given name, or all, telling of each twice: before and after.
///
/// In this process and this thread: a driver that crashes takes it down.
pub fn here(interface: Interface, name: Option<&str>, tell: &mut dyn FnMut(Listed)) {
    #[cfg(feature = "any-gpu")]
    super::gpu::probe(interface, name, SILENT, tell);
    #[cfg(not(feature = "any-gpu"))]
    {
        let _ = (interface, name, tell);
    }
}

/// [`here`] in a thread of its own, for at most [`LIMIT`].
pub fn in_thread(interface: Interface, name: Option<&str>) -> Vec<Listed> {
    let (sender, told) = mpsc::channel();
    let name = name.map(str::to_string);
    std::thread::spawn(move || {
        here(interface, name.as_deref(), &mut |listed| {
            // Nobody listens any more after the time limit.
            let _ = sender.send(listed);
        });
    });
    let deadline = Instant::now() + LIMIT;
    let mut found = Vec::new();
    // Ends when the thread does, for it owns the sender.
    while let Ok(listed) = told.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        add(&mut found, listed);
    }
    found
}

/// [`here`] in a process of its own, for at most `limit`: `child` must call it and print what it tells, a line of JSON
/// each.
pub fn in_child(interface: Interface, mut child: Command, limit: Duration) -> Vec<Listed> {
    child.stdin(Stdio::null()).stdout(Stdio::piped());
    // What drivers print of themselves is no matter of the user's.
    child.stderr(Stdio::null());
    let mut child = match child.spawn() {
        Ok(child) => child,
        Err(cause) => return vec![missing(interface, format!("it can't be tried: {cause}"))],
    };
    let mut output = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        if let Some(output) = &mut output {
            let _ = output.read_to_string(&mut text); // what was read before counts
        }
        text
    });
    let ending = wait(&mut child, limit);
    let text = reader.join().unwrap_or_default();
    let mut found = Vec::new();
    for listed in text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
    {
        add(&mut found, listed);
    }
    let reason = match ending {
        Some(status) if status.success() => return found,
        Some(status) => format!("its driver crashed ({status})"),
        None => format!("{SILENT} within {} s", limit.as_secs()),
    };
    match found.last_mut() {
        Some(last) if last.unavailable.as_deref() == Some(SILENT) => {
            last.unavailable = Some(reason);
        }
        Some(_) => {}
        None => found.push(missing(interface, reason)),
    }
    found
}

/// Waits for the child's end; `None` where it had to be killed.
fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(10));
            }
            _ => {
                // Either may fail only where the child has ended by itself.
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

/// What is told later of a device replaces what was told before.
fn add(found: &mut Vec<Listed>, listed: Listed) {
    match found.iter_mut().find(|known| known.name == listed.name) {
        Some(known) => *known = listed,
        None => found.push(listed),
    }
}
