//! `compare`: trains each recipe, evaluates all on the same test images, and says which is better.

use std::path::{Path, PathBuf};

use data::Split;
use measure::record::{COMPARISON_SCHEMA, Comparison, Contestant, write_json};
use nets::device::Computer;
use nets::exchange::Pairing;
use nets::run::{Judged, Run};
use report::{Format, Language, terminal};

use crate::console::Output;
use crate::error::CommandError;
use crate::flags::RunsFolder;
use crate::names::warn_of_lookalikes;
use crate::plan::{Entrants, Model, NamedRecipe, is_model, judge_model, open_models};
use crate::progress::Show;
use crate::training::train;
use crate::{computer, flags, interrupts, loading, report_files};

/// The lab's two models.
const LAB: [&str; 2] = ["lab-cnn", "lab-faster-rcnn"];
/// The same comparison in minutes.
const QUICK: [&str; 2] = ["fast-cnn", "fast-faster-rcnn"];

/// What is left to do when a training was stopped.
const COMPARE_LATER: &str = "\nthen train what is missing and compare without training again:\n  \
    atelier compare --runs RUN RUN";

/// The same where each recipe is trained several times.
const SEEDS_LATER: &str =
    "\nor give the same command again: it keeps what is trained and continues with the rest";

/// Said in place of a verdict.
const NO_TEST: &str = "No significance test: it needs images that show exactly one object each.";

/// A comparison.
pub struct ComparePlan {
    pub contest: Contest,
    pub root: PathBuf,
    pub language: Language,
}

/// What is compared.
pub enum Contest {
    /// Runs that are trained already, and models.
    Finished(Entrants),
    /// Trainings, seed by seed: those that are finished when the user stops can already be compared.
    Trainings {
        trainings: Vec<NamedRecipe>,
        recipes: usize,
        /// Judged on the same images as they are.
        models: Vec<Model>,
        computer: Box<Computer>,
        plain: bool,
    },
}

impl ComparePlan {
    pub fn of(flags: &flags::Compare) -> Result<Self, CommandError> {
        let root = &flags.experiment.out;
        let folder = RunsFolder { runs: root.clone() };
        let machine = &flags.experiment.machine;
        let contest = if flags.runs.is_empty() {
            let given = flags.recipes.iter();
            let (models, recipes): (Vec<&String>, Vec<&String>) =
                given.partition(|name| is_model(name, root));
            let recipes = recipes_to_compare(flags, &recipes, models.len())?;
            Contest::Trainings {
                recipes: recipes.len(),
                models: open_models(&models, &folder, machine, &flags.onnx)?,
                trainings: with_seeds(recipes, flags.seeds),
                computer: Box::new(computer::open_all(&flags.experiment)?),
                plain: flags.experiment.plain,
            }
        } else {
            Contest::Finished(Entrants::open(&flags.runs, &folder, machine, &flags.onnx)?)
        };
        Ok(Self {
            contest,
            root: root.clone(),
            language: flags.lang,
        })
    }
}

/// All recipes, read and checked before any is trained.
fn recipes_to_compare(
    flags: &flags::Compare,
    given: &[&String],
    models: usize,
) -> Result<Vec<NamedRecipe>, CommandError> {
    let given: Vec<&str> = given.iter().map(|name| name.as_str()).collect();
    let names = match given[..] {
        _ if flags.quick => &QUICK[..],
        [] if models > 0 => {
            return Err(CommandError::Usage(
                "compare needs a recipe, which says what data all are judged on; for a model alone there is \
                 `atelier evaluate MODEL --data SOURCE`"
                    .to_string(),
            ));
        }
        [] => &LAB,
        [only] if models == 0 => {
            return Err(CommandError::Usage(format!(
                "compare needs at least two recipes, found only '{only}'; to train one: atelier train {only}"
            )));
        }
        _ => &given,
    };
    let inits = initial_weights_of(&flags.inits, names)?;
    let sets = flags.experiment.overrides.sets();
    let load = |(name, init): (&&str, Option<&str>)| {
        NamedRecipe::load(name, &sets)?.starting_from(
            init,
            Pairing::default(),
            &flags.experiment.out,
        )
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

pub fn run(plan: ComparePlan, output: Output) -> Result<(), CommandError> {
    let root = &plan.root;
    let (runs, split) = match plan.contest {
        Contest::Finished(entrants) => entrants.judge()?,
        Contest::Trainings {
            trainings,
            recipes,
            models,
            computer,
            plain,
        } => {
            let (mut runs, split) = train_all(&trainings, recipes, root, &computer, plain)?;
            let first = &trainings[0].recipe;
            for model in &models {
                runs.push(judge_model(model, &first.data, first.training.seed)?);
            }
            (runs, split)
        }
    };
    let verdicts = report_files::verdicts(&runs)?;
    let folder = Run::create(root, &verdicts.name(&runs))?;
    let page = folder.path().join("report.html");
    report_files::write(&page, &runs, &verdicts, &split, plan.language, Format::Html)?;
    let contestants = runs.into_iter().map(|model| Contestant {
        run: model.path.display().to_string(),
        evaluation: model.finished.evaluation,
    });
    let comparison = Comparison {
        schema: COMPARISON_SCHEMA.to_string(),
        contestants: contestants.collect(),
        verdict: verdicts.of_runs,
        seeds: verdicts.over_seeds,
    };
    write_json(folder.path().join("comparison.json"), &comparison)?;

    output.show(&comparison, || {
        let tables = terminal::comparison(&comparison).join("\n");
        let sentence = comparison.sentence().unwrap_or(NO_TEST);
        format!("{tables}\n\n{sentence}\nreport: {}", page.display())
    })
}

/// Trains all in their order, each in a run of its own; returns the runs recipe by recipe.
fn train_all(
    trainings: &[NamedRecipe],
    recipes: usize,
    root: &Path,
    computer: &Computer,
    plain: bool,
) -> Result<(Vec<Judged>, Split), CommandError> {
    interrupts::catch_while_training()?;
    let load = |named: &NamedRecipe| loading::load(&named.recipe.data, named.recipe.training.seed);
    let mut loaded = &trainings[0];
    let mut split = load(&trainings[0])?;
    for named in &trainings[..recipes] {
        if !named.recipe.data.prepares_as(&loaded.recipe.data) {
            split = load(named)?;
            loaded = named;
        }
        named.check(&split, computer)?;
    }
    let several = trainings.len() > recipes;
    let mut runs = Vec::with_capacity(trainings.len());
    for (before, named) in trainings.iter().enumerate() {
        let data = &named.recipe.data;
        // The test scenes are the same, the training scenes follow the recipe and its seed.
        if data.source == recipe::SCENES || !data.prepares_as(&loaded.recipe.data) {
            split = load(named)?;
            loaded = named;
        }
        // Weights to start from are not part of the recipe, and may be others now.
        let known = (several && named.init.is_none())
            .then(|| Run::find(root, &named.run, &named.recipe))
            .flatten();
        if let Some(run) = known.as_ref().filter(|run| run.is_finished()) {
            note!("{} is already trained and is kept", run.path().display());
            runs.push(Judged::open(run)?);
            continue;
        }
        let show = Show {
            plain,
            part: Some([before + 1, trainings.len()]),
            report: false,
        };
        // Each contestant's peak memory is its own.
        measure::cost::reset_peak_rss();
        let later = if several { SEEDS_LATER } else { COMPARE_LATER };
        let trained = train(known, named, &split, root, computer, show);
        let (run, finished) = trained.map_err(|error| error.with_next(later))?;
        runs.push(Judged::new(&run, finished)?);
    }
    let by_recipe = (0..recipes).flat_map(|at| (at..runs.len()).step_by(recipes));
    let runs = by_recipe.map(|at| runs[at].clone()).collect();
    Ok((runs, split))
}
