//! `devices`: what can compute.

use nets::device;

use super::{print, print_json};
use crate::error::CommandError;
use crate::flags;

pub fn run(flags: &flags::Devices) -> Result<(), CommandError> {
    let devices = device::list();
    if flags.json {
        return print_json(&devices);
    }
    for found in devices {
        print(&format!("{:6} {}", found.name, found.description))?;
    }
    Ok(())
}
