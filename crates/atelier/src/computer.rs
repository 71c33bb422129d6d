//! The devices to compute on, each tried by a process of its own before this one opens it.

use std::path::Path;
use std::process::Command;

use nets::device::{self, Computer, DeviceInfo, Interface, probe, token};

use crate::error::CommandError;
use crate::flags::{Experiment, Machine};

/// The variable that holds a token. Not a flag: everybody on a machine can read its command lines.
pub const TOKEN: &str = "ATELIER_TOKEN";

/// Opens a device.
pub fn open(machine: &Machine) -> Result<Computer, CommandError> {
    let token = token(machine)?;
    noted(device::open(&machine.device, &probe, token.as_deref())?)
}

/// The processor, for what runs on nothing else.
pub fn open_cpu(machine: &Machine) -> Result<Computer, CommandError> {
    match machine.device.as_str() {
        "auto" | "cpu" => Ok(Computer::cpu()),
        other => Err(CommandError::Usage(format!(
            "ONNX models run on the processor, not on {other}; leave --device out"
        ))),
    }
}

/// Opens the devices of a training.
pub fn open_all(experiment: &Experiment) -> Result<Computer, CommandError> {
    match &experiment.devices {
        Some(devices) => open_list(devices, token(&experiment.machine)?.as_deref()),
        None => open(&experiment.machine),
    }
}

/// Opens the devices of a list.
pub fn open_list(devices: &str, token: Option<&str>) -> Result<Computer, CommandError> {
    noted(device::open_list(devices, &probe, token)?)
}

/// What shows workers that this process may use their devices.
fn token(machine: &Machine) -> Result<Option<String>, CommandError> {
    let token = match &machine.token_file {
        Some(file) => {
            warn_of_readers(file);
            Some(token::read(file).map_err(|error| CommandError::Usage(error.to_string()))?)
        }
        None => std::env::var(TOKEN)
            .ok()
            .map(|token| token.trim().to_string()),
    };
    Ok(token.filter(|token| !token.is_empty()))
}

/// Warns if others on this machine can read or change a key or a token.
pub fn warn_of_readers(file: &Path) {
    if token::is_open_to_others(file) {
        warn!(
            "others on this machine can read or change {0}, which is secret; `chmod 600 {0}` keeps it private",
            file.display()
        );
    }
}

/// Says where a device is not the one that was asked for.
fn noted(computer: Computer) -> Result<Computer, CommandError> {
    for note in computer.all().filter_map(|one| one.note.as_ref()) {
        note!("{note}");
    }
    Ok(computer)
}

/// What a process of its own finds: `devices --probe`.
pub fn probe(interface: Interface, name: Option<&str>) -> Vec<DeviceInfo> {
    // Where the system does not say which program this is, the device is tried here.
    let Ok(program) = std::env::current_exe() else {
        return probe::in_thread(interface, name);
    };
    let mut child = Command::new(program);
    child.args(["devices", "--probe", name.unwrap_or(interface.name())]);
    probe::in_child(interface, child, probe::LIMIT)
}
