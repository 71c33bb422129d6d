//! `atelier`: a deep-learning workshop in one binary.

#[macro_use]
mod progress;
mod commands;
mod computer;
mod console;
mod entry;
mod error;
mod flags;
mod interrupts;
mod loading;
mod names;
mod plan;
mod report_files;
mod serve;
mod threads;
mod training;

use std::process::ExitCode;

use clap::Parser;

/// The system's allocator hands a step's large blocks back to the system after each step: docs/decisions/0013-allocator.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Wrong usage ends here with exit code 2.
    let flags = flags::Flags::parse();
    match commands::run(&flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note!("error: {error}");
            error.exit_code()
        }
    }
}
