//! The command line, resolved and checked once: recipes are read, threads are set.

use std::path::Path;
use std::thread::available_parallelism;

use nets::recipe::Recipe;
use nets::run::Origin;

use crate::error::CommandError;
use crate::flags::Experiment;

/// Runs `work` on one of the threads that compute: so many, or one a core.
///
/// A step hands dozens of pieces of work to these threads; from outside of them each would begin with waking one up.
pub fn with_threads<R: Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> Result<R, CommandError> + Send,
) -> Result<R, CommandError> {
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
        .map_err(|cause| CommandError::Usage(format!("--threads {threads}: {cause}")))?;
    rayon::scope(|_| work())
}

/// Stack of a thread in bytes, as the main thread has on Linux.
const STACK: usize = 8 << 20;

/// How this process was started, for a run's record.
pub fn origin() -> Origin {
    Origin {
        version: env!("CARGO_PKG_VERSION").to_string(),
        command: std::env::args().collect(),
    }
}

/// A recipe to train, by name.
#[derive(Debug)]
pub struct NamedRecipe {
    /// What its run is called.
    pub name: String,
    /// The recipe, overrides applied.
    pub recipe: Recipe,
}

impl NamedRecipe {
    /// Reads a built-in recipe or a file and applies the flags.
    pub fn load(name: &str, experiment: &Experiment) -> Result<Self, CommandError> {
        let mut sets = experiment.sets.clone();
        sets.extend(
            experiment
                .epochs
                .map(|epochs| format!("training.epochs={epochs}")),
        );
        sets.extend(experiment.seed.map(|seed| format!("training.seed={seed}")));
        sets.extend(
            experiment
                .data
                .as_ref()
                .map(|source| format!("data.source={}", serde_json::json!(source))),
        );
        Ok(Self {
            name: run_name(name),
            recipe: Recipe::load(name, &sets)?,
        })
    }
}

/// `lab-cnn` for `lab-cnn` and for `experiments/lab-cnn.toml`.
fn run_name(recipe: &str) -> String {
    let stem = Path::new(recipe)
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    stem.unwrap_or_else(|| recipe.to_string())
}
