//! `recipes`: the built-in recipes, or one of any with every option.

use recipe::{BuiltIn, Colour, Recipe, built_in, names};
use serde_json::json;

use crate::console::Output;
use crate::error::CommandError;
use crate::flags::{self, RecipesAction};

/// What `recipes` does.
pub enum RecipesPlan {
    List,
    Show(Box<Recipe>),
}

impl RecipesPlan {
    pub fn of(flags: &flags::Recipes) -> Result<Self, CommandError> {
        Ok(match &flags.action {
            None => Self::List,
            Some(RecipesAction::Show {
                recipe,
                sets,
                expand,
            }) => {
                let recipe = Recipe::load(recipe, sets)?;
                let channels = match recipe.data.image.colour {
                    Some(Colour::Rgb) => 3,
                    Some(Colour::Grey) | None => 1,
                };
                Self::Show(Box::new(if *expand {
                    recipe.expanded(channels)
                } else {
                    recipe
                }))
            }
        })
    }
}

pub fn run(plan: RecipesPlan, output: Output) -> Result<(), CommandError> {
    if let RecipesPlan::Show(recipe) = plan {
        let toml = recipe.to_toml()?;
        return output.show(&recipe, || toml.trim_end().to_string());
    }
    let recipes: Vec<&BuiltIn> = names().into_iter().filter_map(built_in).collect();
    let entry = |recipe: &&BuiltIn| json!({ "name": recipe.name, "about": recipe.about() });
    output.show(&recipes.iter().map(entry).collect::<Vec<_>>(), || {
        let width = recipes.iter().map(|recipe| recipe.name.len()).max().unwrap_or(0);
        let line = |recipe: &&BuiltIn| format!("{:width$}  {}\n", recipe.name, recipe.about());
        let lines: String = recipes.iter().map(line).collect();
        lines + "\natelier recipes show NAME prints one with every option; save it as a .toml file to change it"
    })
}
