//! Results of two models on the same images, side by side.

use std::path::{Path, PathBuf};

use measure::detection::{
    ApDifferences, CocoReport, Detection, Figures, GroundTruth, ImageOutcomes, Shape, Xywh,
    ap_differences,
};
use serde::Serialize;

use super::ids::entry_error;
use super::{CocoEvalError, Evaluation, Request};

/// The same draws of images for every comparison.
const SEED: u64 = 0;

/// How the detections compare with those of another model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The other model's results.
    pub other: PathBuf,
    /// Its figures.
    pub other_figures: Figures,
    /// By how much AP and AP50 differ.
    #[serde(flatten)]
    pub differences: ApDifferences,
}

/// A results file and its evaluation.
pub struct Judged<'a, S = Xywh> {
    pub path: &'a Path,
    pub found: Vec<Detection<S>>,
    pub report: CocoReport,
    pub warnings: Vec<String>,
}

/// Puts the result together; `notes` are about the annotations.
pub fn evaluation<S: Shape>(
    request: &Request,
    truths: &GroundTruth<S>,
    notes: Vec<String>,
    ours: Judged<S>,
    other: Option<Judged<S>>,
) -> Result<Evaluation, CocoEvalError> {
    let mut warnings = notes;
    let mut comparison = None;
    if let Some((other, plan)) = other.as_ref().zip(request.other.as_ref()) {
        let outcomes = |judged: &Judged<S>| {
            ImageOutcomes::of(truths, &judged.found, &request.options).map_err(|cause| {
                let found = (judged.path, &*judged.found);
                entry_error(&request.ground_truth, found, truths, cause)
            })
        };
        let differences =
            ap_differences(&outcomes(&ours)?, &outcomes(other)?, plan.resamples, SEED);
        comparison = Some(Comparison {
            other: other.path.to_path_buf(),
            other_figures: other.report.figures,
            differences: differences
                .ok_or_else(|| CocoEvalError::NothingToCompare(request.ground_truth.clone()))?,
        });
    }
    let of_both = |warning: &String| match &other {
        Some(other) => ours.warnings.contains(warning) && other.warnings.contains(warning),
        None => true,
    };
    warnings.extend(ours.warnings.iter().filter(|one| of_both(one)).cloned());
    for judged in [Some(&ours), other.as_ref()].into_iter().flatten() {
        let of_one = judged.warnings.iter().filter(|one| !of_both(one));
        let named = of_one.map(|warning| format!("{}: {warning}", judged.path.display()));
        warnings.extend(named);
    }
    Ok(Evaluation {
        report: ours.report,
        comparison,
        warnings,
    })
}
