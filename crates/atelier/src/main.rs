//! `atelier`: a deep-learning workshop in one binary.

#[macro_use]
mod progress;
mod commands;
mod computer;
mod console;
mod error;
mod flags;
mod interrupts;
mod names;
mod plan;
mod report_files;
mod threads;
mod training;

use std::process::ExitCode;

use clap::Parser;

/// Keeps a training step's large blocks instead of giving them back to the system between steps.
#[global_allocator]
static ALLOCATOR: kernels::memory::RecyclingAllocator = kernels::memory::RecyclingAllocator::new();

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
