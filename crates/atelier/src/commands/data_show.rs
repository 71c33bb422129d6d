//! `data show`: a contact sheet of training images, as they are or as augmentation changes them.

use data::contact::{augmented_sheet, contact_sheet};
use measure::files::write_output;
use serde_json::json;

use crate::console::Output;
use crate::error::CommandError;
use crate::plan::ContactSheetPlan;

pub fn run(plan: &ContactSheetPlan, output: Output) -> Result<(), CommandError> {
    let recipe = &plan.recipe;
    let seed = recipe.training.seed;
    let split = crate::loading::load(&recipe.data, seed)?;
    let (train, _) = split.hold_out(recipe.data.validation, seed)?;
    let count = plan.images.min(train.count);
    let draw = if plan.augment {
        augmented_sheet
    } else {
        contact_sheet
    };
    write_output(&plan.file, draw(recipe, &train, count)?)?;
    let out = plan.file.display().to_string();
    let document = json!({
        "recipe": plan.name,
        "out": out,
        "images": count,
        "augmented": plan.augment,
    });
    output.show(&document, || format!("{out}: {count} training images"))
}
