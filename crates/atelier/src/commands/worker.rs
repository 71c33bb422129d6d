//! `worker`: this machine's devices for trainings on others.

use crate::error::CommandError;
use crate::flags;

#[cfg(feature = "remote")]
pub fn run(flags: &flags::Worker) -> Result<(), CommandError> {
    use std::sync::atomic::{AtomicBool, Ordering};

    use nets::device;
    use nets::device::worker::{Settings, Worker};

    use super::print;
    use crate::computer;

    static STOP: AtomicBool = AtomicBool::new(false);
    let handler = || {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(handler)
        .map_err(|cause| CommandError::Usage(format!("can't catch Ctrl-C: {cause}")))?;
    let computer = device::open_list(&flags.devices, &computer::probe, None)?;
    for note in computer.all().filter_map(|one| one.note.as_ref()) {
        eprintln!("{note}");
    }
    let settings = Settings {
        key: flags.key.clone(),
        token: flags.token_file.clone(),
        port: flags.port,
        relays: flags.relays,
    };
    let worker = Worker::new(&computer, &settings, |line| eprintln!("{line}"))?;
    computer::warn_of_readers(&flags.token_file);
    print(&format!("offering {}; train with", computer.names()))?;
    for (from, devices) in worker.addresses() {
        print(&format!("  {from}: --devices '{devices}'"))?;
    }
    print(&format!(
        "and the text of {} in the variable {}, or a copy of it: --token-file FILE",
        flags.token_file.display(),
        computer::TOKEN
    ))?;
    worker.serve(&STOP)?;
    eprintln!("stopped");
    Ok(())
}

#[cfg(not(feature = "remote"))]
pub fn run(_: &flags::Worker) -> Result<(), CommandError> {
    Ok(nets::device::check_remote_built("worker")?)
}
