//! `report`: the report of finished runs, in a language and a format.

use std::path::PathBuf;

use nets::run::Judged;
use report::{Format, Language};
use serde_json::json;

use crate::console::Output;
use crate::error::CommandError;
use crate::plan::open_finished;
use crate::{flags, report_files};

/// A report to write.
pub struct ReportPlan {
    pub runs: Vec<Judged>,
    pub format: Format,
    pub language: Language,
    /// `None`: in the folder of the run or the comparison.
    pub file: Option<PathBuf>,
    pub root: PathBuf,
}

impl ReportPlan {
    pub fn of(flags: &flags::Report) -> Result<Self, CommandError> {
        Ok(Self {
            runs: open_finished(&flags.names, &flags.folder.runs)?,
            format: flags.format,
            language: flags.lang,
            file: flags.out.clone(),
            root: flags.folder.runs.clone(),
        })
    }
}

pub fn run(plan: &ReportPlan, output: Output) -> Result<(), CommandError> {
    let split = report_files::data_of(&plan.runs)?;
    let verdicts = report_files::verdicts(&plan.runs)?;
    let path = plan.file.clone().unwrap_or_else(|| {
        let folder = match &plan.runs[..] {
            [run] => run.path.clone(),
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
