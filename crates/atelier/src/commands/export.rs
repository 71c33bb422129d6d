//! `export`: a run's weights in a form that other programs read.

use std::path::PathBuf;

use measure::record;
use nets::device::Computer;
use nets::run::Run;
use serde_json::json;

use crate::console::Output;
use crate::error::CommandError;
use crate::flags;

/// Weights to write for other programs.
pub struct ExportPlan {
    pub run: Run,
    pub computer: Computer,
    pub format: String,
    pub file: PathBuf,
}

impl ExportPlan {
    pub fn of(flags: &flags::Export) -> Result<Self, CommandError> {
        let run = Run::open(&flags.folder.runs, &flags.run)?;
        let default = || run.path().join("pytorch.safetensors");
        let file = flags.out.clone().unwrap_or_else(default);
        if file == run.path().join(record::MODEL) {
            return Err(CommandError::Usage(format!(
                "{} is the run's own file; give --out another name",
                file.display()
            )));
        }
        Ok(Self {
            run,
            computer: Computer::cpu(),
            format: flags.format.clone(),
            file,
        })
    }
}

pub fn run(plan: &ExportPlan, output: Output) -> Result<(), CommandError> {
    plan.run.export(&plan.file, &plan.computer)?;
    let file = plan.file.display().to_string();
    let run = plan.run.path().display().to_string();
    let document = json!({ "run": run, "format": plan.format, "file": file });
    output.show(&document, || file)
}
