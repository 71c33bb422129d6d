//! The command line, resolved and checked once: recipes are read, threads are set.

use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use data::Split;
use nets::device::Computer;
use nets::run::{Origin, Run, initial_weights};
use nets::weights::Weights;
use recipe::Recipe;

use crate::error::CommandError;
use crate::flags::Overrides;

/// Starts the threads that compute: so many, or one a core.
pub fn set_threads(threads: Option<usize>) -> Result<(), CommandError> {
    let threads = threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
    if threads == 0 {
        return Err(CommandError::Usage(
            "--threads must be at least 1".to_string(),
        ));
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK)
        .build_global()
        .map_err(|cause| CommandError::Usage(format!("--threads {threads}: {cause}")))
}

/// Runs `work` on one of the threads that compute: so many, or one a core.
///
/// A step hands dozens of pieces of work to these threads; from outside of them each would begin with waking one up.
pub fn with_threads<R: Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> Result<R, CommandError> + Send,
) -> Result<R, CommandError> {
    set_threads(threads)?;
    rayon::scope(|_| work())
}

/// Stack of a thread in bytes, as the main thread has on Linux.
const STACK: usize = 8 << 20;

/// How this process was started, for the record of a run of this recipe.
pub fn origin(recipe: &str) -> Origin {
    Origin {
        recipe: recipe.to_string(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        command: std::env::args().collect(),
    }
}

/// A recipe to train, by name.
#[derive(Clone, Debug)]
pub struct NamedRecipe {
    /// Its name.
    pub name: String,
    /// What its run is called.
    pub run: String,
    /// The recipe, overrides applied.
    pub recipe: Recipe,
    /// The file of weights to start from, where they are not drawn from the seed.
    pub init: Option<PathBuf>,
}

impl NamedRecipe {
    /// Reads a built-in recipe or a file and applies the flags.
    pub fn load(name: &str, overrides: &Overrides) -> Result<Self, CommandError> {
        Ok(Self {
            name: recipe_name(name),
            run: recipe_name(name),
            recipe: Recipe::load(name, &overrides.sets())?,
            init: None,
        })
    }

    /// The same with another seed; its run's name says which.
    pub fn with_seed(&self, seed: u64) -> Self {
        let mut recipe = self.recipe.clone();
        recipe.training.seed = seed;
        Self {
            name: self.name.clone(),
            run: format!("{}-seed-{seed}", self.name),
            recipe,
            init: self.init.clone(),
        }
    }

    /// The same, starting from `weights`: a file, or the name or path of a run under `root`.
    pub fn starting_from(self, weights: Option<&str>, root: &Path) -> Result<Self, CommandError> {
        let file = |weights: &str| match Path::new(weights) {
            file if file.is_file() => Ok(file.to_path_buf()),
            // Not a run either: say what was meant in the first place.
            file if file.extension().is_some() && !file.exists() => Err(CommandError::Usage(
                format!("--init {weights}: there is no such file"),
            )),
            _ => Ok(Run::open(root, weights)?.weights_file()?),
        };
        Ok(Self {
            init: weights.map(file).transpose()?,
            ..self
        })
    }

    /// The weights to start from, held against the network that the recipe makes for `split`.
    pub fn initial(
        &self,
        split: &Split,
        computer: &Computer,
    ) -> Result<Option<Weights>, CommandError> {
        let Some(path) = &self.init else {
            return Ok(None);
        };
        Ok(Some(initial_weights(path, &self.recipe, split, computer)?))
    }
}

/// `lab-cnn` for `lab-cnn` and for `experiments/lab-cnn.toml`.
fn recipe_name(recipe: &str) -> String {
    let stem = Path::new(recipe)
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    stem.unwrap_or_else(|| recipe.to_string())
}
