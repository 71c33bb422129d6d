//! `devices`: what can compute.

use std::io::Write;

use nets::device::{self, Interface, Listed, probe};

use super::{print, print_json};
use crate::computer;
use crate::error::CommandError;
use crate::flags;

pub fn run(flags: &flags::Devices) -> Result<(), CommandError> {
    if let Some(name) = &flags.probe {
        return tell(name);
    }
    let devices = device::list(&computer::probe);
    if flags.json {
        return print_json(&devices);
    }
    let width = devices.iter().map(|found| found.name.len()).max();
    for found in &devices {
        let name = &found.name;
        print(&format!(
            "{name:width$}  {}",
            line(found),
            width = width.unwrap_or(0)
        ))?;
    }
    Ok(())
}

/// What there is to say of a device.
fn line(found: &Listed) -> String {
    let mut parts = Vec::new();
    if !found.description.is_empty() {
        parts.push(found.description.clone());
    }
    if let Some(mib) = found.memory_mib {
        parts.push(format!("{:.1} GiB", mib as f64 / 1024.0));
    }
    if found.software {
        parts.push("played by the processor: slow, and taken only by its name".to_string());
    }
    if let Some(reason) = &found.unavailable {
        parts.push(format!("can't be used: {reason}"));
    }
    parts.join(", ")
}

/// Tries devices for another process, which reads a line of JSON for each that is found and one more when it is tried.
fn tell(name: &str) -> Result<(), CommandError> {
    let unknown = || CommandError::Usage(format!("no interface to devices begins as '{name}'"));
    let interface = Interface::of(name).ok_or_else(unknown)?;
    let one = (name != interface.name()).then_some(name);
    let mut out = std::io::stdout();
    let mut written = Ok(());
    probe::here(interface, one, &mut |listed| {
        // At once: the driver may not let this process come any further.
        let line = serde_json::to_string(&listed).map_err(std::io::Error::from);
        let result = line.and_then(|line| writeln!(out, "{line}").and_then(|()| out.flush()));
        if written.is_ok() {
            written = result;
        }
    });
    Ok(written?)
}
