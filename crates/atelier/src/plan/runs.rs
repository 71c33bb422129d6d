//! Plans of commands that read runs.

use std::path::{Path, PathBuf};

use measure::record;
use nets::device::Computer;
use nets::run::{Finished, Run, Trained};
use report::{Format, Language};

use crate::computer;
use crate::error::CommandError;
use crate::flags::{self, Machine, Part, RunOrder, RunsFolder};
use crate::names::output_name;

/// Opens finished runs, each a name under `root` or a path.
pub fn open_finished(names: &[String], root: &Path) -> Result<Vec<(Run, Finished)>, CommandError> {
    let open = |name: &String| {
        let run = Run::open(root, name)?;
        let finished = run.finished()?;
        Ok((run, finished))
    };
    names.iter().map(open).collect()
}

/// A trained network on its device.
pub struct Model {
    pub run: Run,
    pub trained: Trained,
    pub computer: Computer,
}

impl Model {
    fn open(name: &str, folder: &RunsFolder, machine: &Machine) -> Result<Self, CommandError> {
        let run = Run::open(&folder.runs, name)?;
        let computer = computer::open(machine)?;
        let trained = run.trained(&computer)?;
        Ok(Self {
            run,
            trained,
            computer,
        })
    }
}

/// An evaluation on a part of the data.
pub struct EvaluatePlan {
    pub model: Model,
    /// The run's own data, or other data that was asked for.
    pub data: recipe::Data,
    pub part: Part,
}

impl EvaluatePlan {
    pub fn of(flags: &flags::Evaluate) -> Result<Self, CommandError> {
        let model = Model::open(&flags.run, &flags.folder, &flags.machine)?;
        let mut data = model.trained.recipe.data.clone();
        if let Some(other) = &flags.data {
            data.source.clone_from(other);
        }
        Ok(Self {
            model,
            data,
            part: flags.split,
        })
    }
}

/// Images to predict.
pub struct PredictPlan {
    pub model: Model,
    /// Files and folders.
    pub images: Vec<PathBuf>,
    /// Folder of annotated copies.
    pub annotate: Option<PathBuf>,
}

impl PredictPlan {
    pub fn of(flags: &flags::Predict) -> Result<Self, CommandError> {
        Ok(Self {
            model: Model::open(&flags.run, &flags.folder, &flags.machine)?,
            images: flags.images.clone(),
            annotate: flags.annotate.clone(),
        })
    }
}

/// An image to explain.
pub struct ExplainPlan {
    pub model: Model,
    pub image: PathBuf,
    /// Where the pictures go.
    pub folder: PathBuf,
}

impl ExplainPlan {
    pub fn of(flags: &flags::Explain) -> Result<Self, CommandError> {
        let model = Model::open(&flags.run, &flags.folder, &flags.machine)?;
        let default = || {
            let folder = model.run.path().join("explain");
            folder.join(output_name(&flags.image))
        };
        Ok(Self {
            folder: flags.out.clone().unwrap_or_else(default),
            image: flags.image.clone(),
            model,
        })
    }
}

/// Weights to write for other programs.
pub struct ExportPlan {
    pub run: Run,
    pub computer: Computer,
    pub format: String,
    pub file: PathBuf,
}

impl ExportPlan {
    pub fn of(flags: &flags::Export) -> Result<Self, CommandError> {
        let run = Run::open(&flags.folder.runs, &flags.run)?;
        let default = || run.path().join("pytorch.safetensors");
        let file = flags.out.clone().unwrap_or_else(default);
        if file == run.path().join(record::MODEL) {
            return Err(CommandError::Usage(format!(
                "{} is the run's own file; give --out another name",
                file.display()
            )));
        }
        Ok(Self {
            run,
            computer: Computer::cpu(),
            format: flags.format.clone(),
            file,
        })
    }
}

/// A report to write.
pub struct ReportPlan {
    pub runs: Vec<(Run, Finished)>,
    pub format: Format,
    pub language: Language,
    /// `None`: in the folder of the run or the comparison.
    pub file: Option<PathBuf>,
    pub root: PathBuf,
}

impl ReportPlan {
    pub fn of(flags: &flags::Report) -> Result<Self, CommandError> {
        Ok(Self {
            runs: open_finished(&flags.names, &flags.folder.runs)?,
            format: flags.format,
            language: flags.lang,
            file: flags.out.clone(),
            root: flags.folder.runs.clone(),
        })
    }
}

/// Which runs to list.
pub struct RunsPlan {
    pub root: PathBuf,
    pub recipe: Option<String>,
    pub kind: Option<String>,
    pub since: Option<String>,
    pub order: RunOrder,
}

impl RunsPlan {
    pub fn of(flags: &flags::Runs) -> Self {
        Self {
            root: flags.folder.runs.clone(),
            recipe: flags.recipe.clone(),
            kind: flags.kind.clone(),
            since: flags.since.clone(),
            order: flags.sort,
        }
    }
}
