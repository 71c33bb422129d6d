//! What a command can fail with, and the exit code that says so.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use data::DataError;
use data::coco::WriteError;
use data::contact::ContactError;
use data::image::ImageError;
use measure::detection::CocoError;
use measure::files::FileError;
use measure::record::RecordError;
use nets::annotate::AnnotateError;
use nets::coco::CocoEvalError;
use nets::device::DeviceError;
use nets::device::guard::Failure;
use nets::explain::ExplainError;
use nets::run::RunError;
use nets::sweep::SweepError;
use nets::training::TrainingError;
use recipe::{RecipeError, ShapeError};

/// An error to show to the user.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Wrong in the command line.
    #[error("{0}")]
    Usage(String),
    /// A recipe.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// A network that does not fit.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Written scenes.
    #[error(transparent)]
    Scenes(#[from] WriteError),
    /// An image file.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// An annotated copy.
    #[error(transparent)]
    Annotate(#[from] AnnotateError),
    /// Pictures of how an answer came about.
    #[error(transparent)]
    Explain(#[from] ExplainError),
    /// A contact sheet.
    #[error(transparent)]
    Contact(#[from] ContactError),
    /// A device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Devices that can't be offered.
    #[cfg(feature = "remote")]
    #[error(transparent)]
    Worker(#[from] nets::device::worker::WorkerError),
    /// A device that failed while it computed, or a mistake in this program.
    #[error("{}{}", .0, advice(.0))]
    Failure(Failure),
    /// A run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A training outside a run.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// A search for settings.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// A record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Boxes that a network detected.
    #[error(transparent)]
    Detections(#[from] CocoError),
    /// Files of `coco-eval`.
    #[error(transparent)]
    Coco(#[from] CocoEvalError),
    /// A folder without images.
    #[error("{}: no PNG or JPEG file in this folder", .0.display())]
    EmptyFolder(PathBuf),
    /// A folder that can't be read.
    #[error("{}: can't read the folder: {cause}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The user asked to stop.
    #[error("stopped; nothing is lost. Go on with:\n  atelier train --resume {}{devices}{then}", run.display())]
    Stopped {
        /// The run's folder.
        run: PathBuf,
        /// The flag for the devices it trained on, where that is not the processor.
        devices: String,
        /// What is left to do after that.
        then: String,
    },
    /// A file of a run in training could not be written.
    #[error(
        "{error}\n  all up to the last checkpoint is kept; mend that, then go on with:\n  atelier train --resume {}",
        run.display()
    )]
    NotWritten {
        /// What was refused.
        error: Box<RunError>,
        /// The run's folder.
        run: PathBuf,
    },
    /// A device failed in training.
    #[error(
        "{error}\n  all up to the last checkpoint is kept; go on with it, or without it:\n  \
         atelier train --resume {} {left}",
        run.display()
    )]
    DeviceFailed {
        /// What it failed with.
        error: Box<RunError>,
        /// The run's folder.
        run: PathBuf,
        /// The flag for what else there is.
        left: String,
    },
    /// The user asked to stop a search.
    #[error("stopped; {done} of {trials} trials are kept in {}. The same command goes on from there", folder.display())]
    SweepStopped {
        /// The sweep's folder.
        folder: PathBuf,
        /// Trials that are over.
        done: usize,
        /// Trials in all.
        trials: usize,
    },
    /// Standard output is closed or full.
    #[error("can't write to standard output: {0}")]
    Output(#[from] io::Error),
}

/// What to do about a failure.
fn advice(failure: &Failure) -> &'static str {
    match failure.is_out_of_memory() {
        true => {
            "\nthe device has not enough memory; try smaller batches (--set training.batch-size=N)"
        }
        false => "\nthe device failed, or atelier did; does the same happen with --device cpu?",
    }
}

impl CommandError {
    /// The same error; one that was asked for by Ctrl-C also says what is left to do.
    pub fn with_next(self, next: &str) -> Self {
        match self {
            Self::Stopped { run, devices, .. } => Self::Stopped {
                run,
                devices,
                then: next.to_string(),
            },
            other => other,
        }
    }

    /// 2 for wrong usage (flags, recipe names and keys), 1 for everything else.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) | Self::Recipe(_) | Self::Device(_) => ExitCode::from(2),
            Self::Sweep(error) if error.is_usage() => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}
