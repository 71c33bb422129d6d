//! `atelier`: a deep-learning workshop in one binary.

mod commands;
mod computer;
mod error;
mod flags;
mod plan;
mod progress;

use std::process::ExitCode;

use clap::Parser;

/// Keeps a training step's large blocks instead of giving them back to the system between steps.
#[global_allocator]
static ALLOCATOR: kernels::memory::RecyclingAllocator = kernels::memory::RecyclingAllocator::new();

fn main() -> ExitCode {
    // Wrong usage ends here with exit code 2.
    let flags = flags::Flags::parse();
    match commands::run(&flags.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            error.exit_code()
        }
    }
}
