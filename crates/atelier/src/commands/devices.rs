//! `devices`: the devices that can compute.

use std::io::Write;

use nets::device::{self, DeviceInfo, Interface, probe};

use crate::computer;
use crate::console::Output;
use crate::error::CommandError;
use crate::flags;

/// What `devices` does.
pub enum DevicesPlan {
    List,
    /// Tries the devices of an interface, or the one of this name, for another process.
    Probe(Interface, Option<String>),
}

impl DevicesPlan {
    pub fn of(flags: &flags::Devices) -> Result<Self, CommandError> {
        let Some(name) = &flags.probe else {
            return Ok(Self::List);
        };
        let unknown = || CommandError::Usage(format!("no device interface is called '{name}'"));
        let interface = Interface::of(name).ok_or_else(unknown)?;
        let one = (name != interface.name()).then(|| name.clone());
        Ok(Self::Probe(interface, one))
    }
}

pub fn run(plan: DevicesPlan, output: Output) -> Result<(), CommandError> {
    if let DevicesPlan::Probe(interface, one) = plan {
        return report_to_parent(interface, one.as_deref());
    }
    let devices = device::list(&computer::probe);
    let width = devices.iter().map(|found| found.name.len()).max();
    let width = width.unwrap_or(0);
    let line = |found: &DeviceInfo| format!("{:width$}  {}", found.name, description(found));
    output.show(&devices, || {
        devices.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}

/// The description of a device.
fn description(found: &DeviceInfo) -> String {
    let mut parts = Vec::new();
    if !found.description.is_empty() {
        parts.push(found.description.clone());
    }
    if let Some(mib) = found.memory_mib {
        parts.push(format!("{:.1} GiB", mib as f64 / 1024.0));
    }
    if found.software {
        parts.push("emulated on the processor: slow, used only when named".to_string());
    }
    if let Some(reason) = &found.unavailable {
        parts.push(format!("can't be used: {reason}"));
    }
    parts.join(", ")
}

/// Tries devices for another process, which reads a line of JSON for each that is found and one more when it is tried.
fn report_to_parent(interface: Interface, one: Option<&str>) -> Result<(), CommandError> {
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
