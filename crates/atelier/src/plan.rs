//! The command line, checked: flags as typed become plans, and commands read nothing else.
//!
//! In a plan recipes are loaded with their overrides, runs and devices are open, defaults are filled in. Whatever
//! contradicts itself ends there with exit code 2, before the command begins. A command's plan is in its own file,
//! `commands/NAME.rs`; here is what several of them share.

mod data;
mod entrants;
mod model;
mod named_recipe;

pub use data::{AnchorsPlan, CocoEvalPlan, ContactSheetPlan, ScenesPlan, data_of};
pub use entrants::{Entrants, is_model, judge_model, open_models};
pub use model::{By, Model, is_onnx};
pub use named_recipe::{NamedRecipe, recipe_name};
