//! The recipes that commands train, with what their runs are called and start from.

use std::path::{Path, PathBuf};

use data::Split;
use nets::device::Computer;
use nets::exchange::{Fitted, Pairing};
use nets::run::{Run, initial_weights};
use nets::training;
use recipe::Recipe;

use crate::error::CommandError;
use crate::names::safe_name;

/// How a setting of the learning rate begins.
const RATE: &str = "training.optimizer.learning-rate=";

/// A recipe to train, and what its run is called.
#[derive(Clone, Debug)]
pub struct NamedRecipe {
    pub name: String,
    pub run: String,
    /// With all overrides.
    pub recipe: Recipe,
    /// The file of weights to start from, where they are not drawn from the seed.
    pub init: Option<Start>,
}

/// Weights that a training starts from.
#[derive(Clone, Debug)]
pub struct Start {
    pub file: PathBuf,
    pub pairing: Pairing,
}

impl NamedRecipe {
    /// Reads a built-in recipe or a file.
    pub fn load(name: &str, sets: &[String]) -> Result<Self, CommandError> {
        let recipe = Recipe::load(name, sets)?;
        if recipe.training.schedule.ignores_base() && sets.iter().any(|set| set.starts_with(RATE)) {
            warn!(
                "training.optimizer.learning-rate has no effect here, because training.schedule sets its own peak; set \
                 training.schedule.peak instead"
            );
        }
        let name = recipe_name(name);
        Ok(Self {
            run: name.clone(),
            name,
            recipe,
            init: None,
        })
    }

    /// Starting from `weights`: a file, or the name or path of a run under `root`.
    pub fn starting_from(
        self,
        weights: Option<&str>,
        pairing: Pairing,
        root: &Path,
    ) -> Result<Self, CommandError> {
        let file = |weights: &str| match Path::new(weights) {
            file if file.is_file() => Ok(file.to_path_buf()),
            // Not a run either: say what was meant in the first place.
            file if file.extension().is_some() && !file.exists() => Err(CommandError::Usage(
                format!("--init {weights}: there is no such file"),
            )),
            _ => Ok(Run::open(root, weights)?.weights_file()?),
        };
        let start = |file| Start { file, pairing };
        let init = weights.map(file).transpose()?.map(start);
        Ok(Self { init, ..self })
    }

    /// The same recipe with another seed, which its run is named after.
    pub fn with_seed(&self, seed: u64) -> Self {
        let mut other = self.clone();
        other.recipe.training.seed = seed;
        other.run = format!("{}-seed-{seed}", self.name);
        other
    }

    /// Checks the recipe against its data and devices. Gives the weights to start from, if any, as far as they fit.
    pub fn check(
        &self,
        split: &Split,
        computer: &Computer,
    ) -> Result<Option<Fitted>, CommandError> {
        training::check_run(&self.recipe, split, computer)?;
        let weights = |Start { file, pairing }: &Start| {
            initial_weights(file, *pairing, &self.recipe, split, computer)
        };
        Ok(self.init.as_ref().map(weights).transpose()?)
    }
}

/// `lab-cnn` for `lab-cnn` and for `experiments/lab-cnn.toml`.
pub fn recipe_name(recipe: &str) -> String {
    let stem = Path::new(recipe).file_stem();
    safe_name(&stem.map_or(recipe.into(), |stem| stem.to_string_lossy()))
}
