//! `export`: a run's weights in a form that other programs read.

use serde_json::json;

use crate::console::Output;
use crate::error::CommandError;
use crate::plan::ExportPlan;

pub fn run(plan: &ExportPlan, output: Output) -> Result<(), CommandError> {
    plan.run.export(&plan.file, &plan.computer)?;
    let file = plan.file.display().to_string();
    let run = plan.run.path().display().to_string();
    let document = json!({ "run": run, "format": plan.format, "file": file });
    output.show(&document, || file)
}
