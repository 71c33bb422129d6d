//! `completions`: the script by which a shell completes commands and flags.

use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;

use crate::console::Output;
use crate::error::CommandError;
use crate::flags::{self, Flags};

pub struct CompletionsPlan {
    shell: Shell,
}

impl CompletionsPlan {
    pub fn of(flags: &flags::Completions) -> Self {
        Self { shell: flags.shell }
    }
}

pub fn run(plan: &CompletionsPlan, output: Output) -> Result<(), CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(plan.shell, &mut Flags::command(), "atelier", &mut script);
    let script = String::from_utf8_lossy(&script);
    let document = json!({ "shell": plan.shell.to_string(), "script": script });
    output.show(&document, || script.trim_end().to_string())
}
