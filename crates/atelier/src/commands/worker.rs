//! `worker`: offers this machine's devices to trainings on other machines.

use crate::console::Output;
use crate::error::CommandError;
use crate::flags;

/// The devices to offer, and how.
#[cfg(feature = "remote")]
struct WorkerPlan {
    computer: nets::device::Computer,
    settings: nets::device::worker::WorkerSettings,
}

#[cfg(feature = "remote")]
impl WorkerPlan {
    fn of(flags: &flags::Worker) -> Result<Self, CommandError> {
        Ok(Self {
            computer: crate::computer::open_list(&flags.devices, None)?,
            settings: nets::device::worker::WorkerSettings {
                key: flags.key.clone(),
                token: flags.token_file.clone(),
                port: flags.port,
                relays: flags.relays,
            },
        })
    }
}

#[cfg(feature = "remote")]
pub fn run(flags: &flags::Worker, output: Output) -> Result<(), CommandError> {
    use nets::device::worker::Worker;
    use serde_json::json;

    use crate::computer::{TOKEN, warn_of_readers};
    use crate::interrupts::{self, STOP};

    let plan = WorkerPlan::of(flags)?;
    interrupts::catch("")?;
    let worker = Worker::new(&plan.computer, &plan.settings, |line| note!("{line}"))?;
    let token = &plan.settings.token;
    warn_of_readers(&plan.settings.key);
    warn_of_readers(token);
    let (names, addresses) = (plan.computer.names(), worker.addresses());
    output.show(&json!({ "offers": names, "addresses": addresses }), || {
        let line = |(from, devices): &(_, _)| format!("  {from}: --devices '{devices}'\n");
        let lines: String = addresses.iter().map(line).collect();
        format!(
            "offering {names}; train with\n{lines}and the contents of {} in the environment variable {TOKEN}, \
             or a copy of the file: --token-file FILE",
            token.display()
        )
    })?;
    worker.serve(&STOP)?;
    note!("stopped");
    Ok(())
}

#[cfg(not(feature = "remote"))]
pub fn run(_: &flags::Worker, _: Output) -> Result<(), CommandError> {
    Ok(nets::device::check_remote_built("worker")?)
}
