//! `coco-eval`: the twelve COCO figures of a results file.

use measure::detection::Options;
use measure::files::write_atomically;
use nets::coco::evaluate_files;

use super::{print, print_json};
use crate::error::CommandError;
use crate::flags;

pub fn run(flags: &flags::CocoEval) -> Result<(), CommandError> {
    let options = Options {
        pycocotools_quirks: flags.pycocotools_quirks,
        ..Options::default()
    };
    let report = evaluate_files(&flags.ground_truth, &flags.detections, &options)?;
    if let Some(path) = &flags.curves {
        write_atomically(path, report.curves_csv())?;
    }
    if flags.json {
        return print_json(&report);
    }
    print(report.summary().trim_end())?;
    print(&format!("\n{}", report.category_table().trim_end()))
}
