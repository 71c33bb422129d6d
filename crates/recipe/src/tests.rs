//! Recipes as users write them, right and wrong.

mod built_in;
mod data;
mod detectors;
mod errors;
mod freeze;
mod networks;
mod overrides;
mod random;
mod shapes;
mod values;

use super::*;

const SMALL: &str = r#"
[model]
kind = "cnn"
layers = ["flatten", { linear = 10 }]

[training]
epochs = 3
"#;

fn parse(text: &str) -> Result<Recipe, RecipeError> {
    Recipe::parse::<&str>(text, "test.toml", &[])
}

fn set(sets: &[&str]) -> Result<Recipe, RecipeError> {
    Recipe::parse(SMALL, "test.toml", sets)
}

fn message(result: Result<Recipe, RecipeError>) -> String {
    match result {
        Ok(_) => "no error".to_string(),
        Err(error) => error.to_string(),
    }
}
