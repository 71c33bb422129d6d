//! One file a command, each from flags to output.

mod bench;
mod coco_eval;
mod compare;
mod data_anchors;
mod data_scenes;
mod data_show;
mod devices;
mod evaluate;
mod explain;
mod export;
mod predict;
mod recipes;
mod report;
mod runs;
mod sweep;
pub mod train;
mod worker;

use std::io::Write;

use nets::device::{self, guard::guarded};
use serde::Serialize;

use crate::error::CommandError;
use crate::flags::{Command, DataAction};
use crate::plan;

/// Runs a command.
pub fn run(command: &Command) -> Result<(), CommandError> {
    if let Command::Worker(flags) = command {
        // Waits on no thread that computes.
        plan::set_threads(command.threads())?;
        return worker::run(flags);
    }
    plan::with_threads(command.threads(), || {
        // GPUs and remote devices tell of their failures by panics.
        let computes = command.machine().is_some();
        match computes && device::can_panic() {
            true => guarded(|| run_here(command)).map_err(CommandError::Failure)?,
            false => run_here(command),
        }
    })
}

fn run_here(command: &Command) -> Result<(), CommandError> {
    match command {
        Command::Compare(flags) => compare::run(flags),
        Command::Train(flags) => train::run(flags),
        Command::Sweep(flags) => sweep::run(flags),
        Command::Evaluate(flags) => evaluate::run(flags),
        Command::Predict(flags) => predict::run(flags),
        Command::Explain(flags) => explain::run(flags),
        Command::Report(flags) => report::run(flags),
        Command::Export(flags) => export::run(flags),
        Command::Bench(flags) => bench::run(flags),
        Command::CocoEval(flags) => coco_eval::run(flags),
        Command::Data(flags) => match &flags.action {
            DataAction::Scenes(flags) => data_scenes::run(flags),
            DataAction::Anchors(flags) => data_anchors::run(flags),
            DataAction::Show(flags) => data_show::run(flags),
        },
        Command::Recipes(flags) => recipes::run(flags),
        Command::Runs(flags) => runs::run(flags),
        Command::Devices(flags) => devices::run(flags),
        Command::Worker(flags) => worker::run(flags),
    }
}

/// Writes a text to standard output; a reader that has gone away (`| head`) is no error.
fn print(text: &str) -> Result<(), CommandError> {
    let mut out = std::io::stdout().lock();
    match out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush())
    {
        Err(cause) if cause.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// Writes one JSON document to standard output.
fn print_json(value: &impl Serialize) -> Result<(), CommandError> {
    let text = serde_json::to_string_pretty(value).map_err(std::io::Error::from)?;
    print(&text)
}
