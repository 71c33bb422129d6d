//! The folder of a sweep: its plan, its trials, and a lock.

use std::path::{Path, PathBuf};

use measure::files::{self, read_text, write_atomically};
use measure::record::{LOCK, SweepPlan, TrialRecord, read_json, write_json};

use super::SweepError;
use crate::run::Lock;

/// [`SweepPlan`] as JSON.
pub const PLAN: &str = "sweep.json";
/// One [`TrialRecord`] a line, as JSON, by number.
pub const TRIALS: &str = "trials.jsonl";

/// The folder of a sweep. One process at a time holds it, until the value is dropped.
#[derive(Debug)]
pub struct SweepFolder {
    path: PathBuf,
    _lock: Lock,
}

/// The contents of a sweep's folder.
#[derive(Debug)]
pub struct Opened {
    /// The folder.
    pub folder: SweepFolder,
    /// The trials that were made before, by number.
    pub trials: Vec<TrialRecord>,
    /// Says that the last line of the trials is incomplete and not used.
    pub torn: Option<String>,
}

impl SweepFolder {
    /// Opens the folder of a sweep, or creates it.
    ///
    /// # Errors
    /// [`SweepError`] where it holds another sweep or something else, another process uses it, or a file is damaged.
    pub fn open(path: &Path, plan: &SweepPlan) -> Result<Opened, SweepError> {
        let (plan_file, trials_file) = (path.join(PLAN), path.join(TRIALS));
        if !plan_file.is_file() && !is_new(path)? {
            return Err(SweepError::Taken(path.to_path_buf()));
        }
        files::create_folder(path)?;
        let lock = Lock::take(path)?;
        let folder = Self {
            path: path.to_path_buf(),
            _lock: lock,
        };
        if !plan_file.is_file() {
            write_json(&plan_file, plan)?;
            return Ok(Opened {
                folder,
                trials: Vec::new(),
                torn: None,
            });
        }
        let found: SweepPlan = read_json(&plan_file)?;
        if let Some(difference) = difference(&found, plan) {
            return Err(SweepError::Another {
                folder: path.to_path_buf(),
                difference,
            });
        }
        let mut opened = Opened {
            folder,
            trials: Vec::new(),
            torn: None,
        };
        if trials_file.is_file() {
            (opened.trials, opened.torn) = trials(&trials_file)?;
        }
        Ok(opened)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes all trials again: appending could leave half a line.
    ///
    /// # Errors
    /// [`SweepError`] when the file system refuses.
    pub fn keep(&self, trials: &[TrialRecord]) -> Result<(), SweepError> {
        let path = self.path.join(TRIALS);
        let mut text = String::new();
        for trial in trials {
            let line = serde_json::to_string(trial).map_err(|cause| SweepError::Folder {
                path: path.clone(),
                cause: cause.into(),
            })?;
            text.push_str(&line);
            text.push('\n');
        }
        Ok(write_atomically(path, text)?)
    }
}

/// Whether a folder does not exist, or holds only what a process leaves that is killed before it writes its plan.
fn is_new(path: &Path) -> Result<bool, SweepError> {
    if path.exists() && !path.is_dir() {
        return Ok(false);
    }
    let names = files::names(path)?;
    Ok(names
        .iter()
        .all(|name| name == LOCK || files::is_unfinished(name)))
}

/// The trials of a file by number. An incomplete last line (of a copy that was cut off, or a full disk) is reported, and
/// its trial is made again.
fn trials(path: &Path) -> Result<(Vec<TrialRecord>, Option<String>), SweepError> {
    let text = read_text(path)?;
    let last = text.lines().count();
    let mut trials: Vec<TrialRecord> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let damaged = |what: String| SweepError::Damaged {
            path: path.to_path_buf(),
            line: number,
            what,
        };
        match serde_json::from_str::<TrialRecord>(line) {
            Ok(trial) if trials.iter().any(|other| other.trial == trial.trial) => {
                return Err(damaged(format!("trial {} appears twice", trial.trial)));
            }
            Ok(trial) => trials.push(trial),
            Err(_) if number == last => {
                trials.sort_by_key(|trial| trial.trial);
                let what = format!("{}: line {number} is incomplete", path.display());
                return Ok((trials, Some(what)));
            }
            Err(cause) => return Err(damaged(cause.to_string())),
        }
    }
    trials.sort_by_key(|trial| trial.trial);
    Ok((trials, None))
}

/// The first difference between the sweep in the folder and the one asked for; `None` if they are the same.
fn difference(there: &SweepPlan, here: &SweepPlan) -> Option<String> {
    let varied = |plan: &SweepPlan| -> String {
        let all = plan.parameters.iter();
        let all = all.map(|p| format!("--vary {}={}", p.key, p.values));
        all.collect::<Vec<_>>().join(" ")
    };
    let settings = |plan: &SweepPlan| {
        let halving = plan.halving;
        let halving = halving.map_or("none".to_string(), |factor| factor.to_string());
        [
            ("it was begun with", varied(plan)),
            ("--halving is", halving),
            ("the recipe is", plan.recipe.clone()),
            ("--sampler is", plan.sampler.to_string()),
            ("--metric is", plan.metric.to_string()),
            ("--seed is", plan.seed.to_string()),
            (
                "the number of training images is",
                format!(
                    "{} and {} held out",
                    plan.train_images, plan.validation_images
                ),
            ),
        ]
    };
    let mut pairs = settings(there).into_iter().zip(settings(here));
    if let Some(((what, there), (_, here))) = pairs.find(|(there, here)| there != here) {
        return Some(format!("{what} {there} there, {here} here"));
    }
    let mut lines = there.recipe_toml.lines().zip(here.recipe_toml.lines());
    if let Some((there, here)) = lines.find(|(there, here)| there != here) {
        return Some(format!("the recipe has `{there}` there, `{here}` here"));
    }
    (there != here).then(|| "its plan differs".to_string())
}

#[cfg(test)]
mod tests;
