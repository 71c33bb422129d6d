//! `train`: one recipe from data to an evaluated run.

use std::path::PathBuf;

use measure::record::{self, Contestant};
use nets::device::Computer;
use nets::run::{Judged, Run, Verdicts};
use report::{Format, Language, terminal};

use crate::console::Output;
use crate::error::CommandError;
use crate::names::safe_name;
use crate::plan::NamedRecipe;
use crate::progress::Show;
use crate::training::train;
use crate::{computer, flags, interrupts, loading, report_files};

/// One training.
pub struct TrainPlan {
    /// The run to resume.
    pub resumed: Option<Run>,
    pub recipe: NamedRecipe,
    pub computer: Computer,
    pub root: PathBuf,
    pub show: Show,
}

impl TrainPlan {
    pub fn of(flags: &flags::Train) -> Result<Self, CommandError> {
        let computer = computer::open_all(&flags.experiment)?;
        let root = &flags.experiment.out;
        let (resumed, recipe) = match (&flags.resume, &flags.recipe) {
            (Some(name), _) => {
                // Locked before the data is read: if another process has it, the user hears at once.
                let run = Run::open(root, name)?.lock()?;
                if run.imported()?.is_some() {
                    return Err(CommandError::Usage(format!(
                        "{name} was imported, not trained: nothing of it can be resumed. To train it further: \
                         atelier train RECIPE --init {name}"
                    )));
                }
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
                let recipe = recipe.starting_from(flags.init.as_deref(), flags.by, root)?;
                let run = flags.name.as_deref().map(run_name).transpose()?;
                let run = run.unwrap_or_else(|| recipe.run.clone());
                (None, NamedRecipe { run, ..recipe })
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
            show: Show {
                plain: flags.experiment.plain,
                part: None,
                report: flags.report_progress,
            },
        })
    }
}

/// A name that a run's folder can have on every system.
fn run_name(name: &str) -> Result<String, CommandError> {
    let safe = safe_name(name);
    if safe == name {
        return Ok(safe);
    }
    Err(CommandError::Usage(format!(
        "--name {name}: a folder can't have this name on every system; take {safe}, say"
    )))
}

pub fn run(plan: TrainPlan, output: Output) -> Result<(), CommandError> {
    interrupts::catch_while_training()?;
    let recipe = &plan.recipe.recipe;
    let split = loading::load(&recipe.data, recipe.training.seed)?;
    let (run, finished) = train(
        plan.resumed,
        &plan.recipe,
        &split,
        &plan.root,
        &plan.computer,
        plan.show,
    )?;
    let report = run.path().join(record::REPORT);
    let judged = Judged::new(&run, finished)?;
    report_files::write(
        &report,
        std::slice::from_ref(&judged),
        &Verdicts::default(),
        &split,
        Language::default(),
        Format::default(),
    )?;
    let contestant = Contestant {
        run: judged.path.display().to_string(),
        evaluation: judged.finished.evaluation,
    };
    output.show(&contestant, || {
        let figures = terminal::evaluation(&contestant.evaluation);
        let digest = contestant.evaluation.model_digest.as_deref();
        format!(
            "{figures}\n\nweights: {}\nrun: {}\nreport: {}",
            digest.unwrap_or_default(),
            contestant.run,
            report.display()
        )
    })
}
