//! `report`: the report of finished runs, in a language and a format.

use serde_json::json;

use crate::console::Output;
use crate::error::CommandError;
use crate::plan::ReportPlan;
use crate::report_files;

pub fn run(plan: &ReportPlan, output: Output) -> Result<(), CommandError> {
    let split = report_files::data_of(&plan.runs)?;
    let verdicts = report_files::verdicts(&plan.runs)?;
    let path = plan.file.clone().unwrap_or_else(|| {
        let folder = match &plan.runs[..] {
            [(run, _)] => run.path().to_path_buf(),
            runs => plan.root.join(verdicts.name(runs)),
        };
        folder
            .join("report")
            .with_extension(plan.format.extension())
    });
    report_files::write(
        &path,
        &plan.runs,
        &verdicts,
        &split,
        plan.language,
        plan.format,
    )?;
    let file = path.display().to_string();
    output.show(&json!({ "report": file }), || format!("report: {file}"))
}
