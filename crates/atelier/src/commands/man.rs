//! `man`: manual pages, one for the program and one for each of its commands.

use std::path::PathBuf;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use measure::files::{FileError, write_output};
use serde_json::json;

use crate::console::Output;
use crate::error::CommandError;
use crate::flags::{self, Flags};

/// What the foot of each page names.
const PROGRAM: &str = concat!("atelier ", env!("CARGO_PKG_VERSION"));

pub struct ManPlan {
    folder: PathBuf,
}

impl ManPlan {
    pub fn of(flags: &flags::Man) -> Self {
        Self {
            folder: flags.folder.clone(),
        }
    }
}

pub fn run(plan: &ManPlan, output: Output) -> Result<(), CommandError> {
    let mut program = Flags::command();
    // Gives commands their full names, as in atelier-data-check.
    program.build();
    let mut pages = Vec::new();
    collect(program, &mut pages);
    let mut files = Vec::new();
    for page in pages {
        let file = plan.folder.join(page.get_filename());
        let mut text = Vec::new();
        page.render(&mut text)
            .map_err(|cause| FileError::new("write", &file, cause))?;
        write_output(&file, text)?;
        files.push(file);
    }
    output.show(&json!({ "files": files }), || {
        format!("{} pages in {}", files.len(), plan.folder.display())
    })
}

/// The pages of a command and of all commands below it.
fn collect(command: Command, pages: &mut Vec<Man>) {
    let below: Vec<Command> = command.get_subcommands().cloned().collect();
    pages.push(Man::new(command).source(PROGRAM));
    for command in below {
        // `atelier help train` prints what the page of `train` says.
        if command.get_name() != "help" {
            collect(command, pages);
        }
    }
}
