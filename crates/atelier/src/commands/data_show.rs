//! `data show`: a contact sheet of training images, as they are or with their random changes.

use data::contact::{augmented_sheet, contact_sheet};
use measure::files::write_atomically;
use recipe::Recipe;
use serde_json::json;

use super::{print, print_json};
use crate::error::CommandError;
use crate::flags;

/// Images where nothing else is asked for.
const IMAGES: u32 = 30;
/// The same with random changes, where each image has a row.
const ROWS: u32 = 8;

pub fn run(flags: &flags::DataShow) -> Result<(), CommandError> {
    let recipe = Recipe::load(&flags.recipe, &flags.sets)?;
    if flags.augment && recipe.data.augment.is_none() {
        return Err(CommandError::Usage(format!(
            "{}: all of data.augment is off, so there are no random changes to show; \
             turn some on, as in --set data.augment.rotate=10 --set data.augment.elastic=1",
            flags.recipe
        )));
    }
    let seed = recipe.training.seed;
    let split = data::load(&recipe.data, seed)?;
    let (train, _) = split.train.hold_out(recipe.data.validation, seed)?;
    let count = flags
        .count
        .unwrap_or(if flags.augment { ROWS } else { IMAGES });
    let count = (count as usize).min(train.count);
    let draw = if flags.augment {
        augmented_sheet
    } else {
        contact_sheet
    };
    write_atomically(&flags.out, draw(&recipe, &train, count)?)?;
    let out = flags.out.display().to_string();
    if flags.json {
        return print_json(&json!({
            "recipe": flags.recipe,
            "out": out,
            "images": count,
            "augmented": flags.augment,
        }));
    }
    print(&format!("{out}: {count} training images"))
}
