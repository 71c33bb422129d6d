//! `recipes`: what there is, and what is in it.

use recipe::{Recipe, built_in, names};
use serde_json::json;

use super::{print, print_json};
use crate::error::CommandError;
use crate::flags::{self, RecipesAction};

pub fn run(flags: &flags::Recipes) -> Result<(), CommandError> {
    if let Some(RecipesAction::Show { recipe, sets }) = &flags.action {
        let recipe = Recipe::load(recipe, sets)?;
        return if flags.json {
            print_json(&recipe)
        } else {
            print(recipe.to_toml()?.trim_end())
        };
    }
    let list: Vec<_> = names()
        .into_iter()
        .filter_map(built_in)
        .map(|recipe| (recipe.name, recipe.about()))
        .collect();
    if flags.json {
        let list: Vec<_> = list
            .iter()
            .map(|(name, about)| json!({ "name": name, "about": about }))
            .collect();
        return print_json(&list);
    }
    let width = list.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, about) in list {
        print(&format!("{name:width$}  {about}"))?;
    }
    print(
        "\natelier recipes show NAME prints one with every option; save it as a .toml file to change it",
    )
}
