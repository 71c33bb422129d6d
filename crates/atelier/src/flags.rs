//! The command line as typed. Each command checks it in its plan; nothing else reads it.

mod data;
mod import;
mod init;
mod onnx;
mod predict;
mod runs;
mod serve;
mod shell;
mod training;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
pub use data::{CocoEval, Data, DataAction, DataAnchors, DataCheck, DataScenes, DataShow, IouType};
pub use import::Import;
pub use init::Init;
pub use onnx::{OnnxModel, class_names};
pub use predict::PredictLimits;
pub use runs::{Evaluate, Explain, Export, ExportFormat, Part, Predict, Report, RunOrder, Runs};
pub use serve::{LogKind, Serve};
pub use shell::{Completions, Man};
pub use training::{Bench, Compare, Experiment, RangeTest, Sweep, Train};

/// A deep-learning workshop: define networks by their layers, train them, and find out which is better.
#[derive(Debug, Parser)]
#[command(
    name = "atelier",
    version,
    arg_required_else_help = true,
    after_help = "Start here:\n  atelier compare --quick       train a CNN and a Faster R-CNN on the built-in MNIST and compare them\n  atelier recipes show lab-cnn  see a recipe with every option\n  atelier train lab-cnn         train one recipe\n  atelier init my-pictures      write a recipe for a folder of your own\n\nResults go to standard output, everything else to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage."
)]
pub struct Flags {
    #[command(subcommand)]
    pub command: Command,
    /// Print the result as one JSON document
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train several recipes, evaluate them on the same test images, and say which is better
    Compare(Compare),
    /// Train one recipe
    Train(Train),
    /// Write a recipe that fits a folder or file of pictures, with the reason for each choice
    Init(Init),
    /// Make a run of weights that were trained elsewhere, to predict, evaluate, export or serve with
    Import(Import),
    /// Search for the settings of a recipe that do best on held-out training images
    Sweep(Sweep),
    /// Compute every metric of a trained run
    Evaluate(Evaluate),
    /// Classify images, or detect objects in them
    Predict(Predict),
    /// Draw how a trained network reached its prediction for one image
    Explain(Explain),
    /// Write a trained run for other programs: as an ONNX model, or its weights alone
    Export(Export),
    /// Write the report of finished runs again, in another language or format
    Report(Report),
    /// Measure the speed of a recipe's network on this machine
    Bench(Bench),
    /// Evaluate detections in COCO format, boxes or masks: the twelve figures of pycocotools
    CocoEval(CocoEval),
    /// Check a data set, look at training images, compose scenes of several digits, or check how a detector's anchors fit its data
    Data(Data),
    /// List the built-in recipes, or show one with every option
    Recipes(Recipes),
    /// List runs, filtered and sorted
    Runs(Runs),
    /// List the devices that can compute
    Devices(Devices),
    /// Answer over HTTP: predictions of trained models, until Ctrl-C
    Serve(Serve),
    /// Offer this machine's devices to trainings on other machines, until Ctrl-C
    Worker(Worker),
    /// Print the script by which a shell completes commands and flags
    Completions(Completions),
    /// Write the manual pages
    Man(Man),
}

impl Command {
    /// What to compute on, for a command that computes.
    pub fn machine(&self) -> Option<&Machine> {
        match self {
            Self::Compare(flags) => Some(&flags.experiment.machine),
            Self::Train(flags) => Some(&flags.experiment.machine),
            Self::Sweep(flags) => Some(&flags.machine),
            Self::Evaluate(flags) => Some(&flags.machine),
            Self::Predict(flags) => Some(&flags.machine),
            Self::Explain(flags) => Some(&flags.machine),
            Self::Bench(flags) => Some(&flags.machine),
            Self::Report(flags) => Some(&flags.machine),
            Self::Serve(flags) => Some(&flags.machine),
            Self::Import(flags) => Some(&flags.machine),
            Self::Init(_)
            | Self::Export(_)
            | Self::CocoEval(_)
            | Self::Data(_)
            | Self::Recipes(_)
            | Self::Runs(_)
            | Self::Devices(_)
            | Self::Worker(_)
            | Self::Completions(_)
            | Self::Man(_) => None,
        }
    }

    /// The number of threads asked for.
    pub fn threads(&self) -> Option<usize> {
        match self {
            Self::Worker(flags) => flags.threads,
            other => other.machine().and_then(|machine| machine.threads),
        }
    }
}

/// What replaces values of the recipe.
#[derive(Args, Debug)]
pub struct Overrides {
    /// Override a key of the recipe, as in training.epochs=1 or model.layers[0].conv=16; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
    /// Number of epochs; short for --set training.epochs=N
    #[arg(long, value_name = "N")]
    pub epochs: Option<usize>,
    /// Random seed; short for --set training.seed=N
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Largest picture in pixels, width times height; short for --set data.max-pixels=N [default: 100000000]
    #[arg(long, value_name = "N")]
    pub max_pixels: Option<u64>,
    /// Data, short for --set data.source=SOURCE: mnist, scenes, or a folder of IDX files or of images with COCO JSON
    #[arg(long, value_name = "SOURCE")]
    pub data: Option<String>,
}

impl Overrides {
    /// All of them as `KEY=VALUE`, short forms after `--set`.
    pub fn sets(&self) -> Vec<String> {
        let mut sets = self.sets.clone();
        sets.extend(
            self.epochs
                .map(|epochs| format!("training.epochs={epochs}")),
        );
        sets.extend(self.seed.map(|seed| format!("training.seed={seed}")));
        sets.extend(
            self.max_pixels
                .map(|pixels| format!("data.max-pixels={pixels}")),
        );
        let source = self.data.as_ref();
        sets.extend(source.map(|source| format!("data.source={}", serde_json::json!(source))));
        sets
    }
}

/// Which pictures are too large, for commands without [`Overrides`].
#[derive(Args, Debug)]
pub struct PictureLimit {
    /// Largest picture in pixels, width times height [default: the recipe's data.max-pixels, 100000000 unless set]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_pixels: Option<u64>,
}

/// What to compute on.
#[derive(Args, Clone, Debug)]
pub struct Machine {
    /// auto, cpu, gpu, gpu:N, gpu:software, cuda:N, rocm:N, metal:N or vulkan:N (see `atelier devices`), or
    /// remote:ID@HOST:PORT (see `atelier worker`)
    #[arg(long, default_value = "auto", value_name = "DEVICE")]
    pub device: String,
    /// File with the token of the workers whose devices are used [default: the environment variable ATELIER_TOKEN]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Number of threads [default: one per core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

impl Machine {
    /// The flags that say the same to another command.
    pub fn to_arguments(&self) -> Vec<String> {
        let token_file = self.token_file.as_ref();
        let token_file = token_file.map(|file| format!("--token-file={}", file.display()));
        let threads = self.threads.map(|threads| format!("--threads={threads}"));
        let device = (self.device != "auto").then(|| format!("--device={}", self.device));
        [device, token_file, threads]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Where runs are.
#[derive(Args, Clone, Debug)]
pub struct RunsFolder {
    /// Folder of all runs
    #[arg(long, default_value = "runs", value_name = "DIR")]
    pub runs: PathBuf,
}

#[derive(Args, Debug)]
pub struct Recipes {
    #[command(subcommand)]
    pub action: Option<RecipesAction>,
}

#[derive(Debug, Subcommand)]
pub enum RecipesAction {
    /// Print a recipe with every option
    Show {
        /// A built-in recipe or a .toml file
        #[arg(value_name = "RECIPE")]
        recipe: String,
        /// Override a key of the recipe; may be repeated
        #[arg(long = "set", value_name = "KEY=VALUE")]
        sets: Vec<String>,
        /// Write stages and blocks as the layers that they stand for
        #[arg(long)]
        expand: bool,
    },
}

#[derive(Args, Debug)]
pub struct Devices {
    /// Try one device, or all of one interface, in this process. Other processes start it to survive crashing drivers
    #[arg(long, value_name = "NAME", hide = true)]
    pub probe: Option<String>,
}

#[derive(Args, Debug)]
pub struct Worker {
    /// Devices to offer, as in gpu:0,gpu:1 (see `atelier devices`)
    #[arg(long, value_name = "DEVICE,...", default_value = "auto")]
    pub devices: String,
    /// UDP port to listen on; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 4433)]
    pub port: u16,
    /// The worker's key, by which trainings recognize it; created if missing
    #[arg(long, value_name = "FILE", default_value = "worker.key")]
    pub key: PathBuf,
    /// The token that trainings must present; created if missing
    #[arg(long, value_name = "FILE", default_value = "worker.token")]
    pub token_file: PathBuf,
    /// Let trainings that can't reach this machine directly connect through n0's public relays (which can't read the traffic)
    #[arg(long)]
    pub relays: bool,
    /// Number of threads [default: one per core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}
