//! Trying devices safely: a driver may crash, or never answer.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{DeviceInfo, Interface, unavailable};

/// A device that takes longer than this to answer can't be used.
pub const LIMIT: Duration = Duration::from_secs(30);
/// The reason given for a device before it has answered.
const SILENT: &str = "its driver did not answer";

/// Finds the devices of an interface and tries the one of the given name, or all; tells each twice, before and after.
///
/// In this process and this thread: a driver that crashes takes it down.
pub fn here(interface: Interface, name: Option<&str>, tell: &mut dyn FnMut(DeviceInfo)) {
    #[cfg(feature = "any-gpu")]
    super::gpu::probe(interface, name, SILENT, tell);
    #[cfg(not(feature = "any-gpu"))]
    {
        let _ = (interface, name, tell);
    }
}

/// [`here`] in a thread of its own, for at most [`LIMIT`].
pub fn in_thread(interface: Interface, name: Option<&str>) -> Vec<DeviceInfo> {
    let (sender, received) = mpsc::channel();
    let name = name.map(str::to_string);
    std::thread::spawn(move || {
        here(interface, name.as_deref(), &mut |info| {
            // After the time limit the other end is closed.
            let _ = sender.send(info);
        });
    });
    let deadline = Instant::now() + LIMIT;
    let mut found = Vec::new();
    // Ends when the thread does, because it owns the sender.
    while let Ok(info) = received.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        add(&mut found, info);
    }
    found
}

/// [`here`] in a process of its own, for at most `limit`: `child` must call it and print a line of JSON for
/// each device that it tells.
pub fn in_child(interface: Interface, mut child: Command, limit: Duration) -> Vec<DeviceInfo> {
    child.stdin(Stdio::null()).stdout(Stdio::piped());
    // What drivers print does not concern the user.
    child.stderr(Stdio::null());
    let mut child = match child.spawn() {
        Ok(child) => child,
        Err(cause) => {
            return vec![unavailable(
                interface,
                format!("it can't be tested: {cause}"),
            )];
        }
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
    for info in text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
    {
        add(&mut found, info);
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
        None => found.push(unavailable(interface, reason)),
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

/// Later news of a device replace earlier ones.
fn add(found: &mut Vec<DeviceInfo>, info: DeviceInfo) {
    match found.iter_mut().find(|known| known.name == info.name) {
        Some(known) => *known = info,
        None => found.push(info),
    }
}
