//! What a command can fail with, and the exit code that says so.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use nets::device::guard::Failure;
use nets::run::RunError;

/// An error to show to the user.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Something in the command line is wrong.
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Recipe(#[from] recipe::RecipeError),
    #[error(transparent)]
    Suggest(#[from] recipe::SuggestError),
    #[error(transparent)]
    Shape(#[from] recipe::ShapeError),
    #[error(transparent)]
    Data(#[from] data::DataError),
    #[error(transparent)]
    Scenes(#[from] data::coco::WriteError),
    #[error(transparent)]
    Image(#[from] data::image::ImageError),
    #[error(transparent)]
    Contact(#[from] data::contact::ContactError),
    #[error(transparent)]
    Explain(#[from] nets::explain::ExplainError),
    #[error(transparent)]
    Device(#[from] nets::device::DeviceError),
    #[cfg(feature = "remote")]
    #[error(transparent)]
    Worker(#[from] nets::device::worker::WorkerError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Foreign(#[from] nets::foreign::ForeignError),
    #[error(transparent)]
    Training(#[from] nets::training::TrainingError),
    #[error(transparent)]
    Sweep(#[from] nets::sweep::SweepError),
    #[error(transparent)]
    Record(#[from] measure::record::RecordError),
    #[error(transparent)]
    File(#[from] measure::files::FileError),
    #[error(transparent)]
    Detections(#[from] measure::detection::CocoError),
    #[error(transparent)]
    Coco(#[from] nets::coco::CocoEvalError),
    /// A device failed while it computed, or this program has a bug.
    #[error("{}\n{}", .0, advice(.0))]
    Failure(Failure),
    #[error("{}: no PNG or JPEG file in this folder", .0.display())]
    EmptyFolder(PathBuf),
    #[error("{}: no picture matches this pattern", .0.display())]
    NoMatch(PathBuf),
    #[error(
        "{}: there is no such file, and it is not a valid pattern: {} (character {})",
        pattern.display(), cause.msg, cause.pos
    )]
    Pattern {
        pattern: PathBuf,
        cause: glob::PatternError,
    },
    /// Nothing can be read from standard input.
    #[error("standard input: {0}")]
    Stdin(String),
    #[error("{}: can't read the folder: {cause}", path.display())]
    Folder { path: PathBuf, cause: io::Error },
    /// A checked data set; the result says what is wrong with it.
    #[error("{0} of the findings must be fixed")]
    Unfit(usize),
    /// Each was named by a message.
    #[error("{failed} of {files} inputs could not be used")]
    SomeInputs { failed: usize, files: usize },
    /// The user stopped a training. `devices` is the flag for the devices it used, where that is not the processor.
    #[error("stopped; everything so far is saved. Resume with:\n  atelier train --resume {}{devices}{then}", run.display())]
    Stopped {
        run: PathBuf,
        devices: String,
        then: String,
    },
    /// A file of a run in training could not be written.
    #[error(
        "{error}\n  Everything up to the last checkpoint is saved. Fix the problem, then resume with:\n  atelier train --resume {}",
        run.display()
    )]
    NotWritten { error: Box<RunError>, run: PathBuf },
    /// A device failed in training. `devices` is the flag for those that remain.
    #[error(
        "{error}\n  Everything up to the last checkpoint is saved. Resume with or without this device:\n  \
         atelier train --resume {} {devices}",
        run.display()
    )]
    DeviceFailed {
        error: Box<RunError>,
        run: PathBuf,
        devices: String,
    },
    /// The user stopped a search.
    #[error(
        "stopped; {done} of {trials} trials are saved in {}. Give the same command again to resume",
        folder.display()
    )]
    SweepStopped {
        folder: PathBuf,
        done: usize,
        trials: usize,
    },
    /// The user stopped a range test.
    #[error("stopped after {done} of {steps} steps; nothing was written")]
    RangeTestStopped { done: usize, steps: usize },
    /// Standard output is closed or full.
    #[error("can't write to standard output: {0}")]
    Output(#[from] io::Error),
}

/// What to do about a failure.
fn advice(failure: &Failure) -> &'static str {
    if failure.is_out_of_memory() {
        "the device ran out of memory; try smaller batches (--set training.batch-size=N)"
    } else {
        "the device failed, or atelier did; does the same happen with --device cpu?"
    }
}

impl CommandError {
    /// The same error; if the user stopped a training, with what is left to do after resuming it.
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
