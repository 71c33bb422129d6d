//! `data anchors`: how a detector's anchors fit the objects of its data, and which would fit better.

use nets::detector::anchor_fit::{AnchorFit, sample_objects, suggest};
use recipe::{Model, Recipe};
use serde_json::json;

use super::{print, print_json};
use crate::error::CommandError;
use crate::flags;
use report::terminal::{grouped, table};

/// Objects that are looked at.
const OBJECTS: usize = 10_000;
/// Columns of the longest bar of the histogram.
const BAR: usize = 40;

pub fn run(flags: &flags::DataAnchors) -> Result<(), CommandError> {
    let recipe = Recipe::load(&flags.recipe, &flags.sets)?;
    let Model::FasterRcnn(detector) = &recipe.model else {
        return Err(CommandError::Usage(format!(
            "{}: model.kind is {}, which has no anchors; name a recipe of a detector",
            flags.recipe,
            recipe.model.kind()
        )));
    };
    let split = data::load(&recipe.data, recipe.training.seed)?;
    let input = split.train.image_shape();
    let objects = sample_objects(&split.train, OBJECTS);
    let fit = AnchorFit::of(detector, input, &objects)?;
    let better = suggest(detector, &objects)
        .map(|better| AnchorFit::of(&better, input, &objects))
        .transpose()?;
    if flags.json {
        return print_json(&json!({ "recipe": flags.recipe, "fit": fit, "suggestion": better }));
    }
    let fits: Vec<&AnchorFit> = [&fit].into_iter().chain(&better).collect();
    let mut header = vec![
        format!("{} objects", grouped(fit.objects as f64)),
        flags.recipe.clone(),
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
        "objects below {} (no anchor reaches them)",
        detector.rpn.negative_iou
    );
    let rows = vec![
        row("sizes", &|fit| list(&fit.sizes)),
        row("ratios", &|fit| list(&fit.ratios)),
        row("anchors an image", &|fit| grouped(fit.anchors as f64)),
        row("mean best IoU", &|fit| format!("{:.4}", fit.mean_iou)),
        row("best IoU of 0.5 or more", &|fit| percent(fit.share_50)),
        row("best IoU of 0.7 or more", &|fit| percent(fit.share_70)),
        row(&negative, &|fit| fit.unreached.to_string()),
    ];
    print(&table(header, rows))?;
    print(&histogram(&fit))
}

/// The objects by best IoU, a line a tenth.
fn histogram(fit: &AnchorFit) -> String {
    let most = fit.histogram.iter().copied().max().unwrap_or(0).max(1);
    let lines = fit.histogram.iter().enumerate().map(|(tenth, count)| {
        let bar = "#".repeat((count * BAR).div_ceil(most));
        let from = tenth as f64 / 10.0;
        format!("  {from:.1} to {:.1}  {count:6}  {bar}", from + 0.1)
    });
    let lines: Vec<String> = lines.collect();
    format!(
        "objects by the IoU with their best anchor\n{}",
        lines.join("\n")
    )
}
