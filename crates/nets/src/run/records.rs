//! The records of a run, held against each other: what was edited, cut, lost or copied from another run is named.

use std::collections::BTreeMap;

use measure::digest::blake3;
use measure::files::read_bytes;
use measure::record::{self, Environment, Evaluation, read_json, write_json};
use serde::{Deserialize, Serialize};

use super::{Imported, Run, RunError};
use crate::weights::{self, Weights};
use data::Split;
use recipe::Recipe;

/// Keys that change nothing in the weights: the data is known by its digest.
const MAY_CHANGE: [&str; 3] = [
    "data.source",
    "training.checkpoints",
    "training.tensorboard",
];

/// `environment.json`: the circumstances, and the recipe that the run began with.
#[derive(Serialize, Deserialize)]
pub(super) struct Begun {
    #[serde(flatten)]
    pub environment: Environment,
    pub recipe_toml: String,
    /// Where its weights come from, if it was not trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
}

/// `evaluation.json`: the figures, and the digests of the files that they belong to.
#[derive(Serialize, Deserialize)]
struct Ended {
    #[serde(flatten)]
    evaluation: Evaluation,
    files: BTreeMap<String, String>,
}

impl Run {
    /// Writes `evaluation.json`, which says that everything else is there.
    pub(super) fn end(&self, evaluation: &Evaluation) -> Result<(), RunError> {
        let predictions = match evaluation.classification {
            Some(_) => record::PREDICTIONS,
            None => record::DETECTIONS,
        };
        let files = [record::HISTORY, predictions].map(|name| {
            let bytes = read_bytes(self.path.join(name))?;
            Ok((name.to_string(), blake3([&bytes[..]])))
        });
        let ended = Ended {
            evaluation: evaluation.clone(),
            files: files.into_iter().collect::<Result<_, RunError>>()?,
        };
        Ok(write_json(self.path.join(record::EVALUATION), &ended)?)
    }

    /// The figures of a finished run.
    ///
    /// # Errors
    /// [`RunError::Damaged`] where a file that they belong to is missing or was changed.
    pub(super) fn ended(&self) -> Result<Evaluation, RunError> {
        let ended: Ended = read_json(self.path.join(record::EVALUATION))?;
        for (name, digest) in &ended.files {
            // A record names files of its own folder only.
            if ![record::HISTORY, record::PREDICTIONS, record::DETECTIONS].contains(&name.as_str())
            {
                continue;
            }
            let path = self.path.join(name);
            if blake3([&read_bytes(&path)?[..]]) != *digest {
                return Err(RunError::Damaged {
                    path,
                    reason: format!(
                        "it is not the file that {} was made with: one of the two was changed, cut, or copied from \
                         another run",
                        record::EVALUATION
                    ),
                });
            }
        }
        Ok(ended.evaluation)
    }

    /// Makes sure that weights are those that a finished run was evaluated with.
    pub(super) fn check_weights(&self, weights: &Weights) -> Result<(), RunError> {
        if !self.is_finished() {
            return Ok(());
        }
        let evaluation: Evaluation = read_json(self.path.join(record::EVALUATION))?;
        match evaluation.model_digest {
            Some(digest) if digest != weights::digest(weights) => Err(RunError::Damaged {
                path: self.path.join(record::MODEL),
                reason: format!(
                    "its weights are not those of {}: one of the two files was changed, or copied from another run",
                    record::EVALUATION
                ),
            }),
            _ => Ok(()),
        }
    }

    /// Makes sure that the recipe is the one that the run began with.
    pub(super) fn check_recipe(&self, recipe: &Recipe) -> Result<(), RunError> {
        let path = self.path.join(record::ENVIRONMENT);
        let begun: Begun = read_json(&path)?;
        let table = |text: &str| text.parse::<toml::Table>();
        let begun = table(&begun.recipe_toml).map_err(|cause| RunError::Damaged {
            path,
            reason: format!("its recipe_toml is not a recipe: {}", cause.message()),
        })?;
        let now = table(&recipe.to_toml()?).unwrap_or_default();
        let mut changes = Vec::new();
        compare("", &begun, &now, &mut changes);
        if changes.is_empty() {
            return Ok(());
        }
        Err(RunError::OtherRecipe {
            path: self.path.clone(),
            changes,
        })
    }

    /// Notes which data the run is made from, or makes sure that it is still the same.
    pub(super) fn identify(&self, split: &Split) -> Result<(), RunError> {
        let path = self.path.join(record::ENVIRONMENT);
        let mut begun: Begun = read_json(&path)?;
        let now = split.digest();
        match begun.environment.data.digest {
            Some(begun) if begun == now => Ok(()),
            Some(begun) => Err(RunError::OtherData {
                path: self.path.clone(),
                begun,
                now,
            }),
            None => {
                begun.environment.data.digest = Some(now);
                Ok(write_json(path, &begun)?)
            }
        }
    }
}

/// Adds what differs between two tables, as `key (was VALUE, now VALUE)`.
fn compare(within: &str, begun: &toml::Table, now: &toml::Table, changes: &mut Vec<String>) {
    let mut keys: Vec<&String> = begun.keys().chain(now.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let full = format!("{within}{key}");
        if MAY_CHANGE.contains(&full.as_str()) {
            continue;
        }
        match (begun.get(key), now.get(key)) {
            (Some(toml::Value::Table(begun)), Some(toml::Value::Table(now))) => {
                compare(&format!("{full}."), begun, now, changes);
            }
            (begun, now) if begun == now => {}
            (begun, now) => {
                changes.push(format!("{full} (was {}, now {})", short(begun), short(now)))
            }
        }
    }
}

/// A value, if a line has room for it.
fn short(value: Option<&toml::Value>) -> String {
    match value {
        None => "not set".to_string(),
        Some(toml::Value::Array(list)) => format!("a list of {}", list.len()),
        Some(toml::Value::Table(_)) => "a table".to_string(),
        Some(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests;
