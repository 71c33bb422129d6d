//! The runs that commands read.

use std::path::{Path, PathBuf};

use nets::device::Computer;
use nets::run::{Finished, Run, Trained};

use crate::computer;
use crate::error::CommandError;
use crate::flags::{self, Machine, RunsFolder};

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
    pub fn open(name: &str, folder: &RunsFolder, machine: &Machine) -> Result<Self, CommandError> {
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
