//! Plans of commands that train.

use std::path::{Path, PathBuf};

use data::Split;
use nets::bench;
use nets::device::Computer;
use nets::run::{Finished, Run, initial_weights};
use nets::sweep::{Request, space};
use nets::training;
use nets::weights::Weights;
use recipe::Recipe;
use report::Language;

use super::runs::open_finished;
use crate::computer;
use crate::error::CommandError;
use crate::flags;
use crate::names::{safe_name, warn_of_lookalikes};

/// The lab's two models.
const LAB: [&str; 2] = ["lab-cnn", "lab-faster-rcnn"];
/// The same comparison in minutes.
const QUICK: [&str; 2] = ["fast-cnn", "fast-faster-rcnn"];

/// A recipe to train, and what its run is called.
#[derive(Clone, Debug)]
pub struct NamedRecipe {
    pub name: String,
    pub run: String,
    /// With all overrides.
    pub recipe: Recipe,
    /// The file of weights to start from, where they are not drawn from the seed.
    pub init: Option<PathBuf>,
}

impl NamedRecipe {
    /// Reads a built-in recipe or a file.
    fn load(name: &str, sets: &[String]) -> Result<Self, CommandError> {
        let recipe = Recipe::load(name, sets)?;
        let name = recipe_name(name);
        Ok(Self {
            run: name.clone(),
            name,
            recipe,
            init: None,
        })
    }

    /// Starting from `weights`: a file, or the name or path of a run under `root`.
    fn starting_from(self, weights: Option<&str>, root: &Path) -> Result<Self, CommandError> {
        let file = |weights: &str| match Path::new(weights) {
            file if file.is_file() => Ok(file.to_path_buf()),
            // Not a run either: say what was meant in the first place.
            file if file.extension().is_some() && !file.exists() => Err(CommandError::Usage(
                format!("--init {weights}: there is no such file"),
            )),
            _ => Ok(Run::open(root, weights)?.weights_file()?),
        };
        let init = weights.map(file).transpose()?;
        Ok(Self { init, ..self })
    }

    /// The same recipe with another seed, which its run is named after.
    fn with_seed(&self, seed: u64) -> Self {
        let mut other = self.clone();
        other.recipe.training.seed = seed;
        other.run = format!("{}-seed-{seed}", self.name);
        other
    }

    /// Checks the recipe against its data and devices; the weights to start from, if any, fit its network.
    pub fn check(
        &self,
        split: &Split,
        computer: &Computer,
    ) -> Result<Option<Weights>, CommandError> {
        training::check_run(&self.recipe, split, computer)?;
        let weights = |path: &PathBuf| initial_weights(path, &self.recipe, split, computer);
        Ok(self.init.as_ref().map(weights).transpose()?)
    }
}

/// `lab-cnn` for `lab-cnn` and for `experiments/lab-cnn.toml`.
fn recipe_name(recipe: &str) -> String {
    let stem = Path::new(recipe).file_stem();
    safe_name(&stem.map_or(recipe.into(), |stem| stem.to_string_lossy()))
}

/// One training.
pub struct TrainPlan {
    /// The run to resume.
    pub resumed: Option<Run>,
    pub recipe: NamedRecipe,
    pub computer: Computer,
    pub root: PathBuf,
    pub plain: bool,
}

impl TrainPlan {
    pub fn of(flags: &flags::Train) -> Result<Self, CommandError> {
        let computer = computer::open_all(&flags.experiment)?;
        let root = &flags.experiment.out;
        let (resumed, recipe) = match (&flags.resume, &flags.recipe) {
            (Some(name), _) => {
                // Locked before the data is read: if another process has it, the user hears at once.
                let run = Run::open(root, name)?.lock()?;
                let recipe = NamedRecipe {
                    name: run.environment()?.recipe.unwrap_or_else(|| run.name()),
                    run: run.name(),
                    recipe: run.recipe()?,
                    init: None,
                };
                (Some(run), recipe)
            }
            (None, Some(name)) => {
                let recipe = NamedRecipe::load(name, &flags.experiment.overrides.sets())?;
                (None, recipe.starting_from(flags.init.as_deref(), root)?)
            }
            (None, None) => {
                let what = "train needs a RECIPE or --resume RUN".to_string();
                return Err(CommandError::Usage(what));
            }
        };
        Ok(Self {
            resumed,
            recipe,
            computer,
            root: root.clone(),
            plain: flags.experiment.plain,
        })
    }
}

/// A comparison.
pub struct ComparePlan {
    pub contest: Contest,
    pub root: PathBuf,
    pub language: Language,
}

/// What is compared.
pub enum Contest {
    /// Runs that are trained already.
    Finished(Vec<(Run, Finished)>),
    /// Trainings, seed by seed: those that are finished when the user stops can already be compared.
    Trainings {
        trainings: Vec<NamedRecipe>,
        recipes: usize,
        computer: Box<Computer>,
        plain: bool,
    },
}

impl ComparePlan {
    pub fn of(flags: &flags::Compare) -> Result<Self, CommandError> {
        let root = &flags.experiment.out;
        let contest = if flags.runs.is_empty() {
            let recipes = recipes_to_compare(flags)?;
            Contest::Trainings {
                recipes: recipes.len(),
                trainings: with_seeds(recipes, flags.seeds),
                computer: Box::new(computer::open_all(&flags.experiment)?),
                plain: flags.experiment.plain,
            }
        } else {
            Contest::Finished(open_finished(&flags.runs, root)?)
        };
        Ok(Self {
            contest,
            root: root.clone(),
            language: flags.lang,
        })
    }
}

/// All recipes, read and checked before any is trained.
fn recipes_to_compare(flags: &flags::Compare) -> Result<Vec<NamedRecipe>, CommandError> {
    let given: Vec<&str> = flags.recipes.iter().map(String::as_str).collect();
    let names = match given[..] {
        _ if flags.quick => &QUICK[..],
        [] => &LAB,
        [only] => {
            return Err(CommandError::Usage(format!(
                "compare needs at least two recipes, found only '{only}'; to train one: atelier train {only}"
            )));
        }
        _ => &given,
    };
    let inits = initial_weights_of(&flags.inits, names)?;
    let sets = flags.experiment.overrides.sets();
    let load = |(name, init): (&&str, Option<&str>)| {
        NamedRecipe::load(name, &sets)?.starting_from(init, &flags.experiment.out)
    };
    let recipes: Vec<NamedRecipe> = names
        .iter()
        .zip(inits)
        .map(load)
        .collect::<Result<_, _>>()?;
    let first = &recipes[0].recipe.data;
    let differs = |named: &&NamedRecipe| !named.recipe.data.same_test_images(first);
    if let Some(other) = recipes.iter().find(differs) {
        let data = &other.recipe.data;
        let difference = if data.source == first.source {
            "another [data.scenes]".to_string()
        } else {
            format!("data.source = {:?}", data.source)
        };
        return Err(CommandError::Usage(format!(
            "a comparison needs the same test images, but {} has data.source = {:?} and {} has {difference}",
            recipes[0].name, first.source, other.name
        )));
    }
    warn_of_lookalikes("recipes", recipes.iter().map(|named| named.name.as_str()));
    Ok(recipes)
}

/// What `--init RECIPE=WEIGHTS` says for each recipe.
fn initial_weights_of<'a>(
    inits: &'a [String],
    recipes: &[&str],
) -> Result<Vec<Option<&'a str>>, CommandError> {
    fn weights<'a>(init: &'a str, recipe: &str) -> Option<&'a str> {
        init.strip_prefix(recipe)?.strip_prefix('=')
    }
    let is_stray = |init: &&String| recipes.iter().all(|name| weights(init, name).is_none());
    if let Some(stray) = inits.iter().find(is_stray) {
        return Err(CommandError::Usage(format!(
            "--init {stray}: expected RECIPE=WEIGHTS with one of {}",
            recipes.join(", ")
        )));
    }
    let of = |name: &&str| inits.iter().find_map(|init| weights(init, name));
    Ok(recipes.iter().map(of).collect())
}

/// Each recipe with its own seed, or all with the first one's and those that follow it.
fn with_seeds(recipes: Vec<NamedRecipe>, seeds: u32) -> Vec<NamedRecipe> {
    if seeds == 1 {
        return recipes;
    }
    let first = recipes[0].recipe.training.seed;
    let seeds = (0..u64::from(seeds)).map(|place| first.wrapping_add(place));
    seeds
        .flat_map(|seed| recipes.iter().map(move |named| named.with_seed(seed)))
        .collect()
}

/// A search for settings.
pub struct SweepPlan {
    pub request: Request,
    pub trials: Option<usize>,
    pub jobs: usize,
    pub computer: Computer,
    pub folder: PathBuf,
    pub language: Language,
}

impl SweepPlan {
    pub fn of(flags: &flags::Sweep) -> Result<Self, CommandError> {
        let computer = computer::open(&flags.machine)?;
        if flags.jobs > computer.threads {
            return Err(CommandError::Usage(format!(
                "--jobs {}: each trial needs a thread of its own, and there are {}; see --threads",
                flags.jobs, computer.threads
            )));
        }
        let parameters = flags.varies.iter().map(|vary| space::parameter(vary));
        let default_folder = || format!("runs/{}-sweep", recipe_name(&flags.recipe)).into();
        Ok(Self {
            request: Request {
                recipe: flags.recipe.clone(),
                sets: flags.overrides.sets(),
                parameters: parameters.collect::<Result<_, _>>()?,
                sampler: flags.sampler,
                metric: flags.metric,
                halving: flags.halving.0,
            },
            trials: flags.trials.map(|trials| trials as usize),
            jobs: flags.jobs,
            computer,
            folder: flags.out.clone().unwrap_or_else(default_folder),
            language: flags.lang,
        })
    }
}

/// A measurement of speed.
pub struct BenchPlan {
    pub recipe: Recipe,
    pub settings: bench::BenchSettings,
    pub computer: Computer,
    /// Whether to print a table for the documentation.
    pub markdown: bool,
}

impl BenchPlan {
    pub fn of(flags: &flags::Bench) -> Result<Self, CommandError> {
        let mut recipe = Recipe::load(&flags.recipe, &flags.sets)?;
        if let Some(batch_size) = flags.batch_size {
            recipe.training.batch_size = batch_size as usize;
        }
        Ok(Self {
            recipe,
            settings: bench::BenchSettings {
                name: flags.recipe.clone(),
                steps: flags.steps as usize,
                inference_batch: flags.inference_batch_size.map(|size| size as usize),
            },
            computer: computer::open(&flags.machine)?,
            markdown: flags.markdown,
        })
    }
}
