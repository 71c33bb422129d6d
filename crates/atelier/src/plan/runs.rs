//! The runs that commands read.

use std::path::{Path, PathBuf};

use nets::device::Computer;
use nets::run::{Judged, Run, Trained};

use crate::computer;
use crate::error::CommandError;
use crate::flags::{self, Machine, PictureLimit, RunsFolder};
use crate::names::warn_of_lookalikes;

/// Opens finished runs, each a name under `root` or a path.
pub fn open_finished(names: &[String], root: &Path) -> Result<Vec<Judged>, CommandError> {
    let open = |name: &String| Judged::open(&Run::open(root, name)?);
    let opened: Vec<Judged> = names.iter().map(open).collect::<Result<_, _>>()?;
    warn_of_lookalikes("runs", opened.iter().map(|model| &*model.name));
    Ok(opened)
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

    /// The largest picture that is read, in pixels: as asked for, else as in training.
    pub fn max_pixels(&self, limit: &PictureLimit) -> u64 {
        let trained = self.trained.recipe.data.max_pixels;
        limit.max_pixels.unwrap_or(trained)
    }
}

/// Images to predict.
pub struct PredictPlan {
    pub model: Model,
    /// Files and folders.
    pub images: Vec<PathBuf>,
    /// Of the largest picture that is read.
    pub max_pixels: u64,
    /// Folder of annotated copies.
    pub annotate: Option<PathBuf>,
}

impl PredictPlan {
    pub fn of(flags: &flags::Predict) -> Result<Self, CommandError> {
        let model = Model::open(&flags.run, &flags.folder, &flags.machine)?;
        Ok(Self {
            max_pixels: model.max_pixels(&flags.pictures),
            model,
            images: flags.images.clone(),
            annotate: flags.annotate.clone(),
        })
    }
}
