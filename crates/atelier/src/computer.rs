//! The device to compute on, tried by a process of its own before this one opens it.

use std::path::Path;
use std::process::Command;

use nets::device::{self, Computer, Interface, Listed, probe, token};

use crate::error::CommandError;
use crate::flags::{Experiment, Machine};

/// The variable that holds a token. Not a flag: everybody on a machine can read its command lines.
pub const TOKEN: &str = "ATELIER_TOKEN";

/// Opens a device, and says in a line where it is another one than was asked for.
pub fn open(machine: &Machine) -> Result<Computer, CommandError> {
    let token = token(machine)?;
    noted(device::open_one(&machine.device, &probe, token.as_deref())?)
}

/// Opens the devices of a training.
pub fn open_all(experiment: &Experiment) -> Result<Computer, CommandError> {
    let Some(devices) = &experiment.devices else {
        return open(&experiment.machine);
    };
    let token = token(&experiment.machine)?;
    noted(device::open_list(devices, &probe, token.as_deref())?)
}

/// What shows workers that one may use their devices.
fn token(machine: &Machine) -> Result<Option<String>, CommandError> {
    let token = match &machine.token_file {
        Some(file) => {
            warn_of_readers(file);
            Some(token::read(file).map_err(|error| CommandError::Usage(error.to_string()))?)
        }
        None => std::env::var(TOKEN).ok(),
    };
    Ok(token.filter(|token| !token.is_empty()))
}

/// Says in a line that others on this machine can read a token, if they can.
pub fn warn_of_readers(file: &Path) {
    if token::others_can_read(file) {
        eprintln!(
            "warning: others on this machine can read the token in {0}; `chmod 600 {0}` keeps it to you",
            file.display()
        );
    }
}

fn noted(computer: Computer) -> Result<Computer, CommandError> {
    for note in computer.all().filter_map(|one| one.note.as_ref()) {
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
