//! `coco-eval`: the twelve COCO figures of a results file, and how they compare with another's.

use std::path::Path;

use measure::detection::ApDifference;
use measure::files::write_output;
use nets::coco::{Comparison, evaluate_files};

use crate::console::Output;
use crate::error::CommandError;
use crate::plan::CocoEvalPlan;

pub fn run(plan: &CocoEvalPlan, output: Output) -> Result<(), CommandError> {
    let evaluation = evaluate_files(&plan.request)?;
    for warning in &evaluation.warnings {
        warn!("{warning}");
    }
    let report = &evaluation.report;
    if let Some(path) = &plan.curves {
        write_output(path, report.curves_csv())?;
    }
    output.show(&evaluation, || {
        let mut parts = vec![report.summary(), report.category_table()];
        if let Some(comparison) = &evaluation.comparison {
            parts.push(compared(
                &plan.request.detections,
                comparison,
                report.images,
            ));
        }
        let parts: Vec<&str> = parts.iter().map(|part| part.trim_end()).collect();
        parts.join("\n\n")
    })
}

/// The two models side by side, and whether they can be told apart.
fn compared(first: &Path, comparison: &Comparison, images: usize) -> String {
    let Comparison {
        other, differences, ..
    } = comparison;
    let row = |name: &str, figure: &ApDifference| {
        format!(
            "{name:<4}  {:.4}  {:.4}  {:+.4}  {:+.4} to {:+.4}   {}",
            figure.first,
            figure.other,
            figure.difference,
            figure.interval.low,
            figure.interval.high,
            verdict(figure)
        )
    };
    format!(
        "A: {}\nB: {}\n\n{:<4}  {:<6}  {:<6}  {:<7}  95 % interval\n{}\n{}\n\n\
         The interval comes from drawing the {images} images {} times. It covers the choice of images, not other trainings of \
         the same models.",
        first.display(),
        other.display(),
        "",
        "A",
        "B",
        "A - B",
        row("AP", &differences.map),
        row("AP50", &differences.map_50),
        differences.resamples
    )
}

fn verdict(figure: &ApDifference) -> &'static str {
    match (figure.distinguishable, figure.difference > 0.0) {
        (true, true) => "distinguishable: A is better",
        (true, false) => "distinguishable: B is better",
        (false, _) => "not distinguishable: the interval includes 0",
    }
}

#[cfg(test)]
mod tests {
    use measure::detection::{ApDifferences, Figures};
    use measure::significance::Interval;

    use super::*;

    #[test]
    fn a_comparison_as_text() {
        let difference = |first, other, low, high| ApDifference {
            first,
            other,
            difference: first - other,
            interval: Interval { low, high },
            distinguishable: low > 0.0 || high < 0.0,
        };
        let comparison = Comparison {
            other: "b.json".into(),
            other_figures: Figures::default(),
            differences: ApDifferences {
                resamples: 1000,
                map: difference(0.4, 0.375, 0.01, 0.04),
                map_50: difference(0.5, 0.5625, -0.1, 0.02),
            },
        };
        assert_eq!(
            compared(Path::new("a.json"), &comparison, 5000),
            "A: a.json
B: b.json

      A       B       A - B    95 % interval
AP    0.4000  0.3750  +0.0250  +0.0100 to +0.0400   distinguishable: A is better
AP50  0.5000  0.5625  -0.0625  -0.1000 to +0.0200   not distinguishable: the interval includes 0

The interval comes from drawing the 5000 images 1000 times. It covers the choice of images, not other trainings of the same models."
        );
    }
}
