//! `train`: one recipe from data to an evaluated run.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use data::{self, Split};
use measure::record::{self, Contestant};
use nets::detector::anchor_fit::{AnchorFit, sample_objects};
use nets::device::Computer;
use nets::run::{Finished, Run};
use nets::training;
use recipe::Model;

use super::compare::Verdicts;
use super::report::Style;
use super::{print, print_json};
use crate::computer;
use crate::error::CommandError;
use crate::flags;
use crate::plan::{self, NamedRecipe};
use crate::progress::{self, Progress, Show};
use report::terminal;

/// Set by Ctrl-C; training looks at it after every step.
pub static STOP: AtomicBool = AtomicBool::new(false);

/// Lets Ctrl-C (and SIGTERM) end training after the current step; a second one ends the process at once.
pub fn catch_interrupts() -> Result<(), CommandError> {
    let handler = || {
        if STOP.swap(true, Ordering::Relaxed) {
            progress::leave();
            std::process::exit(130);
        }
        progress::say("\nstopping after this step; press Ctrl-C again to quit at once");
    };
    ctrlc::set_handler(handler)
        .map_err(|cause| CommandError::Usage(format!("can't catch Ctrl-C: {cause}")))
}

/// Objects that a look at the anchors' fit takes before training.
const WARNING_OBJECTS: usize = 2000;
/// With fewer objects well covered by an anchor than this share, training warns.
const WARNING_SHARE: f64 = 0.9;

pub fn run(flags: &flags::Train) -> Result<(), CommandError> {
    let computer = computer::open_all(&flags.experiment)?;
    catch_interrupts()?;
    let root = &flags.experiment.out;
    let (run, named) = match (&flags.resume, &flags.recipe) {
        (Some(name), _) => {
            // Held before the data is read: who can't have it is told at once.
            let run = Run::open(root, name)?.lock()?;
            let named = NamedRecipe {
                name: run.environment()?.recipe.unwrap_or_else(|| run.name()),
                run: run.name(),
                recipe: run.recipe()?,
                init: None,
            };
            (Some(run), named)
        }
        (None, Some(recipe)) => {
            let named = NamedRecipe::load(recipe, &flags.experiment.overrides)?;
            (None, named.starting_from(flags.init.as_deref(), root)?)
        }
        (None, None) => {
            return Err(CommandError::Usage(
                "train needs a RECIPE or --resume RUN".to_string(),
            ));
        }
    };
    let split = data::load(&named.recipe.data, named.recipe.training.seed)?;
    let show = Show {
        plain: flags.experiment.plain,
        part: None,
    };
    let (run, finished) = train(run, &named, &split, root, &computer, show)?;
    write_report(&run, &finished, &split)?;
    let contestant = Contestant {
        run: run.path().display().to_string(),
        evaluation: finished.evaluation,
    };
    if flags.json {
        return print_json(&contestant);
    }
    print(&terminal::evaluation(&contestant.evaluation))?;
    let digest = contestant.evaluation.model_digest.unwrap_or_default();
    print(&format!(
        "\nweights: {digest}\nrun: {}\nreport: {}",
        contestant.run,
        run.path().join(record::REPORT).display()
    ))
}

/// Trains a recipe in a new run, or goes on with `run`.
pub fn train(
    run: Option<Run>,
    named: &NamedRecipe,
    split: &Split,
    root: &Path,
    computer: &Computer,
    show: Show,
) -> Result<(Run, Finished), CommandError> {
    let recipe = &named.recipe;
    // What does not fit is said before a folder is made.
    training::check(recipe, &split.train)?;
    training::check_precision(recipe, computer)?;
    if let Model::FasterRcnn(detector) = &recipe.model {
        let objects = sample_objects(&split.train, WARNING_OBJECTS);
        let fit = AnchorFit::of(detector, split.train.image_shape(), &objects)?;
        if fit.objects > 0 && fit.share_50 < WARNING_SHARE {
            eprintln!(
                "warning: only {:.0} % of the objects have an anchor with an IoU of 0.5 or more; \
                 `atelier data anchors RECIPE` suggests sizes and ratios that fit",
                100.0 * fit.share_50
            );
        }
    }
    let summary = recipe.summary(split.train.image_shape(), split.train.classes.len())?;
    let initial = named.initial(split, computer)?;
    eprintln!("{}\n{summary}", named.run);
    let run = match run {
        Some(run) => run,
        None => {
            let run = Run::create(root, &named.run)?;
            if let Some(weights) = &initial {
                run.start_from(weights)?;
            }
            run.begin(recipe, computer, &plan::origin(&named.name))?;
            run
        }
    };
    if let Some(path) = &named.init {
        eprintln!("starting from {}", path.display());
    }
    let devices = computer.all().map(|one| match &one.listed {
        Some(listed) => format!("{} ({})", one.name, listed.description),
        None => format!("{} ({} threads)", one.name, one.threads),
    });
    eprintln!(
        "training on {} in {}",
        devices.collect::<Vec<_>>().join(", "),
        run.path().display()
    );
    let mut progress = Progress::new(&run.name(), recipe.training.epochs, show);
    let finished = run.train(recipe, split, computer, &STOP, &mut progress);
    drop(progress);
    let finished = finished.map_err(|error| {
        let path = run.path().to_path_buf();
        let left = error.failed_device().map(|name| others(computer, name));
        match (error.is_refused_write(), left) {
            (true, _) => CommandError::NotWritten {
                run: path,
                error: Box::new(error),
            },
            (false, Some(left)) => CommandError::DeviceFailed {
                run: path,
                error: Box::new(error),
                left,
            },
            (false, None) => error.into(),
        }
    })?;
    match finished {
        Some(finished) => Ok((run, finished)),
        None => Err(CommandError::Stopped {
            run: run.path().to_path_buf(),
            devices: match names(computer)[..] {
                ["cpu"] => String::new(),
                ref names => format!(" {}", device_flag(names)),
            },
            then: String::new(),
        }),
    }
}

fn names(computer: &Computer) -> Vec<&str> {
    computer.all().map(|one| one.name.as_str()).collect()
}

/// The flag for the devices that are left where the one of this name failed.
fn others(computer: &Computer, failed: &str) -> String {
    // A worker takes all its devices with it: `...#1` is its second.
    let worker = |name: &str| name.split('#').next().map(str::to_string);
    let mut left = names(computer);
    left.retain(|name| worker(name) != worker(failed));
    match left[..] {
        [] => device_flag(&["cpu"]),
        _ => device_flag(&left),
    }
}

fn device_flag(names: &[&str]) -> String {
    match names {
        [one] => format!("--device {one}"),
        _ => format!("--devices {}", names.join(",")),
    }
}

/// Writes the report of one run into its folder.
pub fn write_report(run: &Run, finished: &Finished, split: &Split) -> Result<(), CommandError> {
    super::report::write(
        &run.path().join(record::REPORT),
        &[(run.clone(), finished.clone())],
        &Verdicts::default(),
        split,
        Style::default(),
    )
}
