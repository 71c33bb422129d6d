//! The device to compute on, tried by a process of its own before this one opens it.

use std::process::Command;

use nets::device::{self, Computer, Interface, Listed, probe};

use crate::error::CommandError;

/// Opens a device by name, and says in a line where it is another one.
pub fn open(name: &str) -> Result<Computer, CommandError> {
    let computer = device::open_with(name, &probe)?;
    if let Some(note) = &computer.note {
        eprintln!("{note}");
    }
    Ok(computer)
}

/// What a process of its own finds: `devices --probe`.
pub fn probe(interface: Interface, name: Option<&str>) -> Vec<Listed> {
    // Where the system does not say which program this is, the device is tried here.
    let Ok(program) = std::env::current_exe() else {
        return probe::in_thread(interface, name);
    };
    let mut child = Command::new(program);
    child.args(["devices", "--probe", name.unwrap_or(interface.name())]);
    probe::in_child(interface, child, probe::LIMIT)
}
