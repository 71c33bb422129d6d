//! `data anchors`: how well a detector's anchors fit the objects of its data, and which would fit better.

use data::anchor_fit::{AnchorFit, sample_objects, suggest};
use nets::device::Computer;
use nets::training;
use report::terminal::{grouped, table};
use serde_json::json;

use crate::console::Output;
use crate::error::CommandError;
use crate::plan::AnchorsPlan;

/// Largest number of objects that are looked at.
const OBJECTS: usize = 10_000;
/// Columns of the longest bar of the histogram.
const BAR: usize = 40;

pub fn run(plan: &AnchorsPlan, output: Output) -> Result<(), CommandError> {
    let (recipe, detector) = (&plan.recipe, &plan.detector);
    let split = crate::loading::load(&recipe.data, recipe.training.seed)?;
    let input = split.train.image_shape();
    training::check_memory(recipe, &split.train, &Computer::cpu().device)?;
    let objects = sample_objects(&split.train, OBJECTS);
    let fit = AnchorFit::of(detector, input, &objects)?;
    let better = suggest(detector, &objects)
        .map(|better| AnchorFit::of(&better, input, &objects))
        .transpose()?;
    let document = json!({ "recipe": plan.name, "fit": fit, "suggestion": better });
    output.show(&document, || text(plan, &fit, better.as_ref()))
}

fn text(plan: &AnchorsPlan, fit: &AnchorFit, better: Option<&AnchorFit>) -> String {
    let fits: Vec<&AnchorFit> = [fit].into_iter().chain(better).collect();
    let mut header = vec![
        format!("{} objects", grouped(fit.objects as f64)),
        plan.name.clone(),
    ];
    header.extend(better.iter().map(|_| "suggestion".to_string()));
    let list = |values: &[f64]| {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        values.join(", ")
    };
    let row = |name: &str, value: &dyn Fn(&AnchorFit) -> String| {
        let values = fits.iter().map(|fit| value(fit));
        [name.to_string()].into_iter().chain(values).collect()
    };
    let percent = |value: f64| format!("{:.2} %", 100.0 * value);
    let negative = format!(
        "objects below {} (no anchor covers them)",
        plan.detector.rpn.negative_iou
    );
    let rows = vec![
        row("sizes", &|fit| list(&fit.sizes)),
        row("ratios", &|fit| list(&fit.ratios)),
        row("anchors per image", &|fit| grouped(fit.anchors as f64)),
        row("mean best IoU", &|fit| format!("{:.4}", fit.mean_iou)),
        row("best IoU at least 0.5", &|fit| percent(fit.share_50)),
        row("best IoU at least 0.7", &|fit| percent(fit.share_70)),
        row(&negative, &|fit| fit.unreached.to_string()),
    ];
    format!("{}\n{}", table(header, rows), histogram(fit))
}

/// The number of objects by best IoU, a line for each tenth.
fn histogram(fit: &AnchorFit) -> String {
    let most = fit.histogram.iter().copied().max().unwrap_or(0).max(1);
    let lines = fit.histogram.iter().enumerate().map(|(tenth, count)| {
        let bar = "#".repeat((count * BAR).div_ceil(most));
        let from = tenth as f64 / 10.0;
        format!("  {from:.1} to {:.1}  {count:6}  {bar}", from + 0.1)
    });
    let lines: Vec<String> = lines.collect();
    format!(
        "number of objects by the IoU with their best anchor\n{}",
        lines.join("\n")
    )
}
