//! The runs that commands read.

use std::path::Path;

use nets::device::Computer;
use nets::run::{Finished, Run, Trained};

use crate::computer;
use crate::error::CommandError;
use crate::flags::{Machine, PictureLimit, RunsFolder};
use crate::names::warn_of_lookalikes;

/// Opens finished runs, each a name under `root` or a path.
pub fn open_finished(names: &[String], root: &Path) -> Result<Vec<(Run, Finished)>, CommandError> {
    let open = |name: &String| -> Result<(Run, Finished), CommandError> {
        let run = Run::open(root, name)?;
        let finished = run.finished()?;
        Ok((run, finished))
    };
    let opened: Vec<(Run, Finished)> = names.iter().map(open).collect::<Result<_, _>>()?;
    let names: Vec<String> = opened.iter().map(|(run, _)| run.name()).collect();
    warn_of_lookalikes("runs", names.iter().map(String::as_str));
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
