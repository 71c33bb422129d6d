//! The command line as typed.

mod data;
mod sweep;
mod worker;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
pub use data::{Data, DataAction, DataAnchors, DataScenes, DataShow};
use report::{Format, Language};
pub use sweep::Sweep;
pub use worker::Worker;

/// A deep-learning workshop: define networks by their layers, train them, and find out which is better.
#[derive(Debug, Parser)]
#[command(
    name = "atelier",
    version,
    arg_required_else_help = true,
    after_help = "Start here:\n  atelier compare --quick     train a CNN and a Faster R-CNN on the built-in MNIST and compare them\n  atelier recipes show lab-cnn  see a recipe with every option\n  atelier train lab-cnn       train one\n\nResults go to standard output, everything else to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage."
)]
pub struct Flags {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train several recipes, evaluate them on the same test images, and say which is better
    Compare(Compare),
    /// Train one recipe
    Train(Train),
    /// Search for the settings of a recipe that do best on held-out training images
    Sweep(Sweep),
    /// Compute every metric of a trained run
    Evaluate(Evaluate),
    /// Classify or detect in image files
    Predict(Predict),
    /// Show how a trained network came to its answer on one image, as pictures
    Explain(Explain),
    /// Write a trained run's weights for other programs
    Export(Export),
    /// Write the report of finished runs again, in another language or format
    Report(Report),
    /// Measure the speed of a recipe's network on this machine
    Bench(Bench),
    /// Evaluate detections in COCO's format: the twelve figures of pycocotools
    CocoEval(CocoEval),
    /// Look at training images, compose scenes of several digits, or see how a detector's anchors fit its data
    Data(Data),
    /// List the built-in recipes, or show one with every option
    Recipes(Recipes),
    /// List the runs there are, filtered and sorted
    Runs(Runs),
    /// List the devices that can compute
    Devices(Devices),
    /// Offer this machine's devices to trainings on others, until Ctrl-C
    Worker(Worker),
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
            Self::Report(_)
            | Self::Export(_)
            | Self::CocoEval(_)
            | Self::Data(_)
            | Self::Recipes(_)
            | Self::Runs(_)
            | Self::Devices(_)
            | Self::Worker(_) => None,
        }
    }

    /// How many threads are to compute, where that is said.
    pub fn threads(&self) -> Option<usize> {
        match self {
            Self::Worker(flags) => flags.threads,
            other => other.machine().and_then(|machine| machine.threads),
        }
    }
}

/// Options that every training takes.
#[derive(Args, Debug)]
pub struct Experiment {
    #[command(flatten)]
    pub overrides: Overrides,
    /// Progress as plain lines instead of a dashboard, also on a terminal
    #[arg(long)]
    pub plain: bool,
    /// Share the images of every step among these devices, as in gpu:0,gpu:1 (or 0,1) or cpu,remote:ID@HOST:PORT; the
    /// first holds what is learnt
    #[arg(long, value_name = "DEVICE,...", conflicts_with = "device")]
    pub devices: Option<String>,
    #[command(flatten)]
    pub machine: Machine,
    /// Folder of all runs
    #[arg(long, default_value = "runs", value_name = "DIR")]
    pub out: PathBuf,
}

/// What the command line says instead of the recipe.
#[derive(Args, Debug)]
pub struct Overrides {
    /// Override a key of the recipe, as in training.epochs=1 or model.layers[0].conv=16
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
    /// Epochs, short for --set training.epochs=N
    #[arg(long, value_name = "N")]
    pub epochs: Option<usize>,
    /// Seed, short for --set training.seed=N
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Data, short for --set data.source=SOURCE: mnist, scenes, or a folder of IDX files or of images with COCO JSON
    #[arg(long, value_name = "SOURCE")]
    pub data: Option<String>,
}

impl Overrides {
    /// All of them as `KEY=VALUE`, short forms after `--set`.
    pub fn sets(&self) -> Vec<String> {
        let (epochs, seed, data) = (self.epochs, self.seed, self.data.as_ref());
        let mut sets = self.sets.clone();
        sets.extend(epochs.map(|epochs| format!("training.epochs={epochs}")));
        sets.extend(seed.map(|seed| format!("training.seed={seed}")));
        sets.extend(data.map(|source| format!("data.source={}", serde_json::json!(source))));
        sets
    }
}

/// What to compute on.
#[derive(Args, Debug)]
pub struct Machine {
    /// auto, cpu, gpu, gpu:N, gpu:software, cuda:N, rocm:N, metal:N or vulkan:N (see `atelier devices`), or
    /// remote:ID@HOST:PORT (see `atelier worker`)
    #[arg(long, default_value = "auto", value_name = "DEVICE")]
    pub device: String,
    /// The file with the token of the workers whose devices are used; default: the variable ATELIER_TOKEN
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Threads to compute with; default: one a core
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// Where to look for runs.
#[derive(Args, Debug)]
pub struct Place {
    /// Folder of all runs
    #[arg(long, default_value = "runs", value_name = "DIR")]
    pub runs: PathBuf,
}

/// Flags of `compare`.
#[derive(Args, Debug)]
pub struct Compare {
    /// Built-in recipes or .toml files; default: lab-cnn and lab-faster-rcnn
    #[arg(value_name = "RECIPE")]
    pub recipes: Vec<String>,
    /// Compare fast-cnn and fast-faster-rcnn: minutes instead of a coffee break
    #[arg(long, conflicts_with = "recipes")]
    pub quick: bool,
    /// Start a recipe's training from these weights, as in mine.toml=weights.pth (see train --init); may be repeated
    #[arg(long = "init", value_name = "RECIPE=WEIGHTS")]
    pub inits: Vec<String>,
    /// Train each recipe so many times, with the seed of the first recipe (or --seed) and those after it, and compare
    /// over them; the same command again goes on where it was stopped
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub seeds: u32,
    /// Compare finished runs instead of training; several seeds of each recipe are compared over them
    #[arg(long, num_args = 2.., value_name = "RUN", conflicts_with_all = ["recipes", "quick", "seeds", "inits", "sets", "epochs", "seed", "data"])]
    pub runs: Vec<String>,
    /// Language of the report: en or fr
    #[arg(long, default_value = "en", value_name = "LANGUAGE")]
    pub lang: Language,
    #[command(flatten)]
    pub experiment: Experiment,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Flags of `report`.
#[derive(Args, Debug)]
pub struct Report {
    /// Runs on one test set, by name or path
    #[arg(value_name = "RUN", required = true)]
    pub names: Vec<String>,
    /// html, md, csv or json
    #[arg(long, default_value = "html", value_name = "FORMAT")]
    pub format: Format,
    /// Language: en or fr
    #[arg(long, default_value = "en", value_name = "LANGUAGE")]
    pub lang: Language,
    /// The file; default: report.FORMAT in the run's folder, or in that of the comparison
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub place: Place,
}

/// Flags of `train`.
#[derive(Args, Debug)]
pub struct Train {
    /// A built-in recipe or a .toml file
    #[arg(value_name = "RECIPE", required_unless_present = "resume")]
    pub recipe: Option<String>,
    /// Go on with a run that was stopped
    #[arg(long, value_name = "RUN", conflicts_with_all = ["recipe", "init", "sets", "epochs", "seed", "data"])]
    pub resume: Option<String>,
    /// Start from these weights: a safetensors file, a state dict of PyTorch (.pth, .pt), or a run
    #[arg(long, value_name = "WEIGHTS")]
    pub init: Option<String>,
    #[command(flatten)]
    pub experiment: Experiment,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Flags of `evaluate`.
#[derive(Args, Debug)]
pub struct Evaluate {
    /// A run's name or path
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Other data than the run's own: mnist, scenes, or a folder of IDX files or of images with COCO JSON
    #[arg(long, value_name = "SOURCE")]
    pub data: Option<String>,
    /// train or test
    #[arg(long, default_value = "test", value_parser = ["train", "test"])]
    pub split: String,
    #[command(flatten)]
    pub machine: Machine,
    #[command(flatten)]
    pub place: Place,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Flags of `predict`.
#[derive(Args, Debug)]
pub struct Predict {
    /// A run's name or path
    #[arg(value_name = "RUN")]
    pub run: String,
    /// PNG or JPEG files, or folders of them
    #[arg(value_name = "IMAGE", required = true)]
    pub images: Vec<PathBuf>,
    /// Write copies of the images with the detections drawn
    #[arg(long, value_name = "DIR")]
    pub annotate: Option<PathBuf>,
    #[command(flatten)]
    pub machine: Machine,
    #[command(flatten)]
    pub place: Place,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Flags of `explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// A run's name or path
    #[arg(value_name = "RUN")]
    pub run: String,
    /// A PNG or JPEG file
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,
    /// Folder for the pictures; default: explain/IMAGE in the run's folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub machine: Machine,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Flags of `export`.
#[derive(Args, Debug)]
pub struct Export {
    /// A run's name or path
    #[arg(value_name = "RUN")]
    pub run: String,
    /// safetensors: weights under PyTorch's and torchvision's names
    #[arg(long, value_name = "FORMAT", value_parser = ["safetensors"])]
    pub format: String,
    /// The file; default: pytorch.safetensors in the run's folder
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub place: Place,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Flags of `bench`.
#[derive(Args, Debug)]
pub struct Bench {
    /// A built-in recipe or a .toml file
    #[arg(value_name = "RECIPE")]
    pub recipe: String,
    /// Images in a training step; default: the recipe's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub batch_size: Option<u32>,
    /// Images that are predicted at a time; default: 500 of MNIST's size, fewer of larger ones
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub inference_batch_size: Option<u32>,
    /// Training steps to time
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub steps: u32,
    /// Override a key of the recipe
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
    #[command(flatten)]
    pub machine: Machine,
    /// Print one row of a Markdown table, under its header
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Flags of `coco-eval`.
#[derive(Args, Debug)]
pub struct CocoEval {
    /// Annotations in COCO's format
    #[arg(value_name = "GROUND_TRUTH")]
    pub ground_truth: PathBuf,
    /// Results in COCO's format
    #[arg(value_name = "DETECTIONS")]
    pub detections: PathBuf,
    /// Repeat pycocotools' mistakes (annotation id 0, silently dropped boxes)
    #[arg(long)]
    pub pycocotools_quirks: bool,
    /// Write precision-recall curves as CSV
    #[arg(long, value_name = "FILE")]
    pub curves: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Flags of `recipes`.
#[derive(Args, Debug)]
pub struct Recipes {
    /// What to do with them; default: list
    #[command(subcommand)]
    pub action: Option<RecipesAction>,
    /// Print one JSON document
    #[arg(long, global = true)]
    pub json: bool,
}

/// What `recipes` can do.
#[derive(Debug, Subcommand)]
pub enum RecipesAction {
    /// Print a recipe with every option stated
    Show {
        /// A built-in recipe or a .toml file
        #[arg(value_name = "RECIPE")]
        recipe: String,
        /// Override a key of the recipe
        #[arg(long = "set", value_name = "KEY=VALUE")]
        sets: Vec<String>,
    },
}

/// Flags of `runs`.
#[derive(Args, Debug)]
pub struct Runs {
    /// Only runs of this recipe
    #[arg(long, value_name = "NAME")]
    pub recipe: Option<String>,
    /// Only models of this kind: cnn or faster-rcnn
    #[arg(long, value_name = "KIND", value_parser = ["cnn", "faster-rcnn"])]
    pub kind: Option<String>,
    /// Only runs begun on this day or later (UTC), as in 2026-01-31
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub since: Option<String>,
    /// What comes first: by name, the newest (date), or the best by this figure
    #[arg(long, value_name = "BY", value_enum, default_value_t)]
    pub sort: RunOrder,
    #[command(flatten)]
    pub place: Place,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// In which order `runs` lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RunOrder {
    /// By name.
    #[default]
    Name,
    /// The newest first.
    Date,
    /// The most accurate first.
    Accuracy,
    /// The lowest test loss first.
    Loss,
    /// The highest average precision first.
    Ap,
    /// The shortest training first.
    Time,
}

/// A day, or the start of a later moment of it, as runs record them.
fn day(text: &str) -> Result<String, String> {
    const SHAPE: &str = "0000-00-00T00:00:00Z";
    let fits = |(found, wanted): (char, char)| match wanted {
        '0' => found.is_ascii_digit(),
        mark => found == mark,
    };
    match text.len() >= 10 && text.len() <= SHAPE.len() && text.chars().zip(SHAPE.chars()).all(fits)
    {
        true => Ok(text.to_string()),
        false => Err("expected a day, as in 2026-01-31".to_string()),
    }
}

/// Flags of `devices`.
#[derive(Args, Debug)]
pub struct Devices {
    /// Try the devices of an interface, or one, in this process: what other processes start to be safe from drivers
    #[arg(long, value_name = "NAME", hide = true)]
    pub probe: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}
