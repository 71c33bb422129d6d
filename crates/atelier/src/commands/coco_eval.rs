//! `coco-eval`: the twelve COCO figures of a results file.

use measure::files::write_output;
use nets::coco::evaluate_files;

use crate::console::Output;
use crate::error::CommandError;
use crate::plan::CocoEvalPlan;

pub fn run(plan: &CocoEvalPlan, output: Output) -> Result<(), CommandError> {
    let (report, warnings) = evaluate_files(&plan.ground_truth, &plan.detections, &plan.options)?;
    for warning in warnings {
        warn!("{warning}");
    }
    if let Some(path) = &plan.curves {
        write_output(path, report.curves_csv())?;
    }
    output.show(&report, || {
        let categories = report.category_table();
        format!(
            "{}\n\n{}",
            report.summary().trim_end(),
            categories.trim_end()
        )
    })
}
