//! Trains one recipe in one run, with progress on the terminal and advice when it ends early.

use std::path::Path;

use data::Split;
use data::anchor_fit::{AnchorFit, sample_objects};
use nets::device::Computer;
use nets::run::{Finished, Origin, Run, RunError};
use nets::warnings::warnings;
use recipe::{FasterRcnn, Model};

use crate::error::CommandError;
use crate::interrupts::STOP;
use crate::names::{look_alike, warn_of_lookalikes};
use crate::plan::NamedRecipe;
use crate::progress::{Progress, Show};

/// How many objects are held against the anchors before training.
const SAMPLED_OBJECTS: usize = 2000;
/// Training warns if a smaller share of the objects is well covered by an anchor.
const COVERED_SHARE: f64 = 0.9;

/// Trains a recipe in a new run under `root`, or resumes a run.
pub fn train(
    resumed: Option<Run>,
    named: &NamedRecipe,
    split: &Split,
    root: &Path,
    computer: &Computer,
    show: Show,
) -> Result<(Run, Finished), CommandError> {
    let recipe = &named.recipe;
    // Whatever does not fit is refused before a folder is made.
    let initial = named.check(split, computer)?;
    let summary = recipe.summary(split.train.image_shape(), split.train.classes.len())?;
    for warning in warnings(recipe, &split.train)? {
        warn!("{warning}");
    }
    if let Model::FasterRcnn(detector) = &recipe.model {
        warn_of_uncovered_objects(detector, split)?;
    }
    let memory = summary.memory(&recipe.training, split.train.count);
    note!("{}\n{summary}\ntraining needs {memory}", named.run);
    let run = match resumed {
        Some(run) => run,
        None => {
            let run = Run::create(root, &named.run)?;
            if let Some(fitted) = &initial {
                run.start_from(&fitted.weights)?;
            }
            run.begin(recipe, computer, &origin(&named.name))?;
            warn_of_similar_runs(root, &run.name());
            run
        }
    };
    if let Some((start, fitted)) = named.init.as_ref().zip(initial) {
        note!(
            "starting from {}: {}",
            start.file.display(),
            fitted.in_short()
        );
        if fitted.is_doubtful() {
            warn!(
                "most of the network keeps its initial weights: {} may belong to another network",
                start.file.display()
            );
        }
    }
    let devices = computer.all().map(|one| match &one.info {
        Some(info) => format!("{} ({})", one.name, info.description),
        None => format!("{} ({} threads)", one.name, one.threads),
    });
    let devices: Vec<String> = devices.collect();
    note!(
        "training on {} in {}",
        devices.join(", "),
        run.path().display()
    );
    let mut progress = Progress::new(&run.name(), recipe.training.epochs, show);
    let finished = run.train(recipe, split, computer, &STOP, &mut progress);
    drop(progress);
    match finished {
        Ok(Some(finished)) => Ok((run, finished)),
        Ok(None) => Err(CommandError::Stopped {
            run: run.path().to_path_buf(),
            devices: match names(computer)[..] {
                ["cpu"] => String::new(),
                ref names => format!(" {}", device_flag(names)),
            },
            then: String::new(),
        }),
        Err(error) => Err(with_advice(error, &run, computer)),
    }
}

/// How this process was started, for the record of a run of this recipe.
pub fn origin(recipe: &str) -> Origin {
    Origin {
        recipe: recipe.to_string(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        command: std::env::args().collect(),
    }
}

fn warn_of_uncovered_objects(detector: &FasterRcnn, split: &Split) -> Result<(), CommandError> {
    let objects = sample_objects(&split.train, SAMPLED_OBJECTS);
    let fit = AnchorFit::of(detector, split.train.image_shape(), &objects)?;
    if fit.objects > 0 && fit.share_50 < COVERED_SHARE {
        warn!(
            "only {:.0} % of the objects have an anchor with an IoU of at least 0.5; \
             `atelier data anchors RECIPE` suggests sizes and ratios that fit",
            100.0 * fit.share_50
        );
    }
    Ok(())
}

/// Some file systems take names that differ in case for the same.
fn warn_of_similar_runs(root: &Path, name: &str) {
    let similar = |run: &Run| look_alike(&run.name(), name);
    let runs: Vec<String> = Run::list(root)
        .iter()
        .filter(|run| similar(run))
        .map(Run::name)
        .collect();
    warn_of_lookalikes("runs", runs.iter().map(String::as_str));
}

/// What to do when a training failed whose checkpoints are fine.
fn with_advice(error: RunError, run: &Run, computer: &Computer) -> CommandError {
    let path = run.path().to_path_buf();
    if error.is_refused_write() {
        return CommandError::NotWritten {
            run: path,
            error: Box::new(error),
        };
    }
    match error.failed_device().map(|name| remaining(computer, name)) {
        Some(devices) => CommandError::DeviceFailed {
            run: path,
            error: Box::new(error),
            devices,
        },
        None => error.into(),
    }
}

fn names(computer: &Computer) -> Vec<&str> {
    computer.all().map(|one| one.name.as_str()).collect()
}

/// The flag for the devices that remain when the one of this name failed.
fn remaining(computer: &Computer, failed: &str) -> String {
    // A worker takes all its devices with it: `...#1` is its second.
    let worker = |name: &str| name.split('#').next().map(str::to_string);
    let mut others = names(computer);
    others.retain(|name| worker(name) != worker(failed));
    if others.is_empty() {
        others.push("cpu");
    }
    device_flag(&others)
}

fn device_flag(names: &[&str]) -> String {
    match names {
        [one] => format!("--device {one}"),
        _ => format!("--devices {}", names.join(",")),
    }
}
