//! The folder of a sweep: its plan, its trials, and who works on it.

use std::path::{Path, PathBuf};

use measure::files::{self, read_text, write_atomically};
use measure::record::{LOCK, SweepPlan, TrialRecord, read_json, write_json};

use super::SweepError;
use crate::run::Lock;

/// [`SweepPlan`] as JSON.
pub const PLAN: &str = "sweep.json";
/// One [`TrialRecord`] a line, as JSON, by number.
pub const TRIALS: &str = "trials.jsonl";

/// The folder of a sweep. Only one process holds it at a time, until the value is dropped.
#[derive(Debug)]
pub struct SweepFolder {
    path: PathBuf,
    _lock: Lock,
}

/// What was found in a folder.
#[derive(Debug)]
pub struct Opened {
    /// The folder.
    pub folder: SweepFolder,
    /// The trials that were made before, by number.
    pub trials: Vec<TrialRecord>,
    /// What is wrong with the last line of the trials, which is then not used.
    pub torn: Option<String>,
}

impl SweepFolder {
    /// Opens the folder of a sweep, or makes it.
    ///
    /// # Errors
    /// [`SweepError`] where it holds another sweep or something else, another process works on it, or a file is damaged.
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
        let (trials, torn) = match trials_file.is_file() {
            true => trials(&trials_file)?,
            false => (Vec::new(), None),
        };
        Ok(Opened {
            folder,
            trials,
            torn,
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the trials anew, as a whole: appending could leave half a line.
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

/// Whether a folder is not there, or empty but for what a process leaves that is killed before it wrote its plan.
fn is_new(path: &Path) -> Result<bool, SweepError> {
    if path.exists() && !path.is_dir() {
        return Ok(false);
    }
    let names = files::names(path)?;
    Ok(names
        .iter()
        .all(|name| name == LOCK || files::is_unfinished(name)))
}

/// The trials of a file; a last line that is no whole record (a copy that was cut off, a disk that was full) is told, and
/// its trial is made again.
fn trials(path: &Path) -> Result<(Vec<TrialRecord>, Option<String>), SweepError> {
    let text = read_text(path)?;
    let lines: Vec<&str> = text.lines().collect();
    let mut trials: Vec<TrialRecord> = Vec::with_capacity(lines.len());
    let mut torn = None;
    for (place, line) in lines.iter().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<TrialRecord>(line) {
            Ok(trial) if trials.iter().any(|other| other.trial == trial.trial) => {
                return Err(SweepError::Damaged {
                    path: path.to_path_buf(),
                    line: place + 1,
                    what: format!("trial {} is there twice", trial.trial),
                });
            }
            Ok(trial) => trials.push(trial),
            Err(_) if place + 1 == lines.len() => {
                torn = Some(format!(
                    "{}: line {} is no whole record",
                    path.display(),
                    place + 1
                ));
            }
            Err(cause) => {
                return Err(SweepError::Damaged {
                    path: path.to_path_buf(),
                    line: place + 1,
                    what: cause.to_string(),
                });
            }
        }
    }
    trials.sort_by_key(|trial| trial.trial);
    Ok((trials, torn))
}

/// What differs between two sweeps; `None`: they are the same.
fn difference(there: &SweepPlan, here: &SweepPlan) -> Option<String> {
    let varied = |plan: &SweepPlan| -> String {
        let all = plan
            .parameters
            .iter()
            .map(|p| format!("--vary {}={}", p.key, p.values));
        all.collect::<Vec<_>>().join(" ")
    };
    let halving = |plan: &SweepPlan| match plan.halving {
        Some(factor) => factor.to_string(),
        None => "none".to_string(),
    };
    type Told = (&'static str, fn(&SweepPlan) -> String);
    let told: [Told; 5] = [
        ("the recipe is", |plan| plan.recipe.clone()),
        ("--sampler is", |plan| plan.sampler.to_string()),
        ("--metric is", |plan| plan.metric.to_string()),
        ("--seed is", |plan| plan.seed.to_string()),
        ("the number of training images is", |plan| {
            format!(
                "{} and {} held out",
                plan.train_images, plan.validation_images
            )
        }),
    ];
    if there.parameters != here.parameters {
        return Some(format!(
            "it was begun with {}, this is {}",
            varied(there),
            varied(here)
        ));
    }
    if there.halving != here.halving {
        return Some(format!(
            "--halving is {} there, {} here",
            halving(there),
            halving(here)
        ));
    }
    for (what, of) in told {
        let (there, here) = (of(there), of(here));
        if there != here {
            return Some(format!("{what} {there} there, {here} here"));
        }
    }
    if there.recipe_toml != here.recipe_toml {
        let mut lines = there.recipe_toml.lines().zip(here.recipe_toml.lines());
        let (there, here) = lines
            .find(|(there, here)| there != here)
            .unwrap_or_default();
        return Some(format!("the recipe says `{there}` there, `{here}` here"));
    }
    (there != here).then(|| "its plan is another".to_string())
}

#[cfg(test)]
mod tests;
