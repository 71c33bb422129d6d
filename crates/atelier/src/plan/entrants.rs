//! What is compared or reported on: finished runs, and models that were not trained here.

use std::path::Path;

use data::Split;
use nets::builtin::BuiltIn;
use nets::run::{Judged, Run};

use super::model::{Model, is_onnx};
use crate::error::CommandError;
use crate::flags::{Machine, OnnxModel, RunsFolder};
use crate::loading;
use crate::names::warn_of_lookalikes;

/// Finished runs, and models that are judged on the runs' data.
pub struct Entrants {
    pub runs: Vec<Judged>,
    pub models: Vec<Model>,
}

/// Whether a name means a model that was trained elsewhere, rather than a run that was trained under `root`: an ONNX file, a
/// built-in model, or an imported run.
pub fn is_model(name: &str, root: &Path) -> bool {
    is_onnx(name)
        || match Run::open(root, name) {
            Ok(run) => run.imported().is_ok_and(|imported| imported.is_some()),
            Err(_) => BuiltIn::find(name).is_some(),
        }
}

impl Entrants {
    /// Opens each: a run's name or path, a built-in model, or an ONNX file.
    pub fn open(
        names: &[String],
        folder: &RunsFolder,
        machine: &Machine,
        given: &OnnxModel,
    ) -> Result<Self, CommandError> {
        let root = &folder.runs;
        let (models, runs): (Vec<&String>, Vec<&String>) =
            names.iter().partition(|name| is_model(name, root));
        let open = |name: &&String| Judged::open(&Run::open(root, name)?);
        let runs: Vec<Judged> = runs.iter().map(open).collect::<Result<_, _>>()?;
        warn_of_lookalikes("runs", runs.iter().map(|model| &*model.name));
        Ok(Self {
            runs,
            models: open_models(&models, folder, machine, given)?,
        })
    }

    /// All of them with their results on the test images of the first run, and these images.
    pub fn judge(self) -> Result<(Vec<Judged>, Split), CommandError> {
        let recipe = self.runs.iter().find_map(|run| run.recipe.as_ref());
        let recipe = recipe.ok_or_else(|| {
            CommandError::Usage(
                "one at least must be a run, which says what data all are judged on; for a model alone there is \
                 `atelier evaluate MODEL --data SOURCE`"
                    .to_string(),
            )
        })?;
        let (data, seed) = (recipe.data.clone(), recipe.training.seed);
        let split = loading::load(&data, seed)?;
        let mut judged = self.runs;
        for model in &self.models {
            judged.push(judge_model(model, &data, seed)?);
        }
        Ok((judged, split))
    }
}

/// Opens built-in models and ONNX files.
pub fn open_models(
    names: &[&String],
    folder: &RunsFolder,
    machine: &Machine,
    given: &OnnxModel,
) -> Result<Vec<Model>, CommandError> {
    let none = OnnxModel::default();
    let open = |name: &&String| {
        // What is said of ONNX files concerns only these.
        let given = if is_onnx(name) { given } else { &none };
        Model::open(name, folder, machine, given)
    };
    names.iter().map(open).collect()
}

/// A model with its results on the test images of `data`, prepared as it needs them.
pub fn judge_model(model: &Model, data: &recipe::Data, seed: u64) -> Result<Judged, CommandError> {
    let data = recipe::Data {
        image: model.preparation(),
        ..data.clone()
    };
    let split = loading::load(&data, seed)?;
    let classes = model.classes_for_data();
    if !classes.is_empty() && classes != split.test.classes {
        return Err(CommandError::Usage(format!(
            "{} knows the classes {}, and {} has {}: they must be the same, in the same order",
            model.name,
            classes.join(", "),
            data.source,
            split.test.classes.join(", ")
        )));
    }
    model.judge(&split, &split.test, &data.source, "test")
}
