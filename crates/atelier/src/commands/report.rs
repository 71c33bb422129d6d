//! `report`: the report of finished runs, in a language and a format.

use std::path::PathBuf;

use report::{Format, Language};
use serde_json::json;

use crate::console::Output;
use crate::error::CommandError;
use crate::plan::Entrants;
use crate::{flags, report_files};

/// A report to write.
pub struct ReportPlan {
    pub entrants: Entrants,
    pub format: Format,
    pub language: Language,
    /// `None`: in the folder of the run or the comparison.
    pub file: Option<PathBuf>,
    pub root: PathBuf,
}

impl ReportPlan {
    pub fn of(flags: &flags::Report) -> Result<Self, CommandError> {
        Ok(Self {
            entrants: Entrants::open(&flags.names, &flags.folder, &flags.machine, &flags.onnx)?,
            format: flags.format,
            language: flags.lang,
            file: flags.out.clone(),
            root: flags.folder.runs.clone(),
        })
    }
}

pub fn run(plan: ReportPlan, output: Output) -> Result<(), CommandError> {
    let (runs, split) = plan.entrants.judge()?;
    let verdicts = report_files::verdicts(&runs)?;
    let path = plan.file.clone().unwrap_or_else(|| {
        let folder = match &runs[..] {
            [run] => run.path.clone(),
            runs => plan.root.join(verdicts.name(runs)),
        };
        folder
            .join("report")
            .with_extension(plan.format.extension())
    });
    report_files::write(&path, &runs, &verdicts, &split, plan.language, plan.format)?;
    let file = path.display().to_string();
    output.show(&json!({ "report": file }), || format!("report: {file}"))
}
