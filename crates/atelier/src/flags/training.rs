//! The flags of commands that train.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, value_parser};
use measure::record::{Sampler, SweepMetric};
use nets::exchange::Pairing;
use report::Language;

use super::{Machine, OnnxModel, Overrides};

/// Options of `compare` and `train`.
#[derive(Args, Debug)]
pub struct Experiment {
    #[command(flatten)]
    pub overrides: Overrides,
    /// Show progress as plain lines instead of a dashboard
    #[arg(long)]
    pub plain: bool,
    /// Share the images of every step among these devices, as in gpu:0,gpu:1 (or 0,1) or cpu,remote:ID@HOST:PORT; the
    /// first one holds the weights
    #[arg(long, value_name = "DEVICE,...", conflicts_with = "device")]
    pub devices: Option<String>,
    #[command(flatten)]
    pub machine: Machine,
    /// Folder of all runs
    #[arg(long, default_value = "runs", value_name = "DIR")]
    pub out: PathBuf,
}

#[derive(Args, Debug)]
pub struct Compare {
    /// Built-in recipes or .toml files to train; and, as they are, digits-cnn, digits-detector and .onnx files
    /// [default: lab-cnn lab-faster-rcnn]
    #[arg(value_name = "RECIPE")]
    pub recipes: Vec<String>,
    /// Compare fast-cnn and fast-faster-rcnn, which train in minutes
    #[arg(long, conflicts_with = "recipes")]
    pub quick: bool,
    /// Start a recipe's training from these weights, as in mine.toml=weights.pth (see train --init); may be repeated
    #[arg(long = "init", value_name = "RECIPE=WEIGHTS")]
    pub inits: Vec<String>,
    /// Train each recipe with N seeds (at most 1000), counting up from the first recipe's (or --seed), and compare over all of them.
    /// Interrupted: give the same command again to resume
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..=1000))]
    pub seeds: u32,
    /// Compare finished runs, and models as above, instead of training; recipes trained with several seeds are compared over
    /// them
    #[arg(long, num_args = 2.., value_name = "RUN", conflicts_with_all = ["recipes", "quick", "seeds", "inits", "sets", "epochs", "seed", "max_pixels", "data"])]
    pub runs: Vec<String>,
    /// Language of the report: en or fr
    #[arg(long, default_value = "en", value_name = "LANGUAGE")]
    pub lang: Language,
    #[command(flatten)]
    pub experiment: Experiment,
    #[command(flatten)]
    pub onnx: OnnxModel,
}

#[derive(Args, Debug)]
pub struct Train {
    /// A built-in recipe or a .toml file
    #[arg(value_name = "RECIPE", required_unless_present = "resume")]
    pub recipe: Option<String>,
    /// Resume an interrupted run from its last checkpoint
    #[arg(long, value_name = "RUN", conflicts_with_all = ["recipe", "init", "sets", "epochs", "seed", "max_pixels", "data"])]
    pub resume: Option<String>,
    /// Start from these weights: a safetensors file, a PyTorch state dict (.pth, .pt), or a run. What fits is loaded, the
    /// rest is listed
    #[arg(long, value_name = "WEIGHTS")]
    pub init: Option<String>,
    /// How --init pairs tensors: name, or order, which takes those of a .pth file one after the other whatever their names are
    #[arg(long, value_name = "WAY", default_value = "name", requires = "init")]
    pub by: Pairing,
    /// What the run is called; a number is added where a run has this name [default: the recipe's name]
    #[arg(long, value_name = "NAME", conflicts_with = "resume")]
    pub name: Option<String>,
    /// Write where the training stands to standard error, a JSON object a line, a few times a second
    #[arg(long, hide = true)]
    pub report_progress: bool,
    #[command(flatten)]
    pub experiment: Experiment,
}

#[derive(Args, Debug)]
pub struct Bench {
    /// A built-in recipe or a .toml file
    #[arg(value_name = "RECIPE")]
    pub recipe: String,
    /// Mini-batch size of training [default: the recipe's]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub batch_size: Option<u32>,
    /// Batch size of inference [default: 500 images of MNIST's size, fewer of larger ones]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub inference_batch_size: Option<u32>,
    /// Number of training steps to time
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = value_parser!(u32).range(1..))]
    pub steps: u32,
    /// Override a key of the recipe; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
    #[command(flatten)]
    pub machine: Machine,
    /// Print a Markdown table with one row
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
}

#[derive(Args, Debug)]
#[command(
    after_help = "VALUES are\n  16,32,64           one of these\n  1..10              a whole number\n  lin:0..0.5         a number, uniform\n  log:1e-4..1e-1     a number, uniform on a log scale\n  int-log:16..256    a whole number, uniform on a log scale\nA range followed by /N has N values, evenly spaced: log:1e-4..1e-1/4. A grid needs that.\n\nTrials are judged on held-out training images (data.validation); the test images are never used. --seed seeds the search and every training.\nGive the same command again to resume an interrupted search; a larger --trials adds trials."
)]
pub struct Sweep {
    /// A built-in recipe or a .toml file
    #[arg(value_name = "RECIPE")]
    pub recipe: String,
    /// What to search: a key of the recipe and its values, as in training.optimizer.learning-rate=log:1e-4..1e-1 or
    /// model.layers[0].conv=16,32,64; may be repeated
    #[arg(
        long = "vary",
        value_name = "KEY=VALUES",
        required_unless_present = "range_test"
    )]
    pub varies: Vec<String>,
    #[command(flatten)]
    pub range: RangeTest,
    /// Number of trials [default: 20; for a grid, every point]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub trials: Option<u32>,
    /// tpe (looks near the best trials so far), random or grid
    #[arg(long, value_name = "SAMPLER", default_value = "tpe")]
    pub sampler: Sampler,
    /// What trials are judged by: accuracy, ap or loss [default: accuracy; for a detector, ap]
    #[arg(long, value_name = "METRIC")]
    pub metric: Option<SweepMetric>,
    /// Successive halving: after 1, N, N*N, ... epochs only the best 1/N of the trials continue; none turns it off
    #[arg(long, value_name = "N", default_value = "3")]
    pub halving: HalvingFactor,
    /// Number of trials to run at a time, sharing the threads; it changes the results with tpe only
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = jobs)]
    pub jobs: usize,
    #[command(flatten)]
    pub overrides: Overrides,
    /// Folder of the search [default: runs/RECIPE-sweep; of a range test runs/RECIPE-range-test]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Language of the report: en or fr
    #[arg(long, default_value = "en", value_name = "LANGUAGE")]
    pub lang: Language,
    #[command(flatten)]
    pub machine: Machine,
}

/// What makes a sweep a range test.
#[derive(Args, Debug)]
pub struct RangeTest {
    /// Instead of a search, find a learning rate: one short training whose rate rises exponentially until the loss diverges
    #[arg(long, conflicts_with_all = ["varies", "trials", "sampler", "metric", "halving", "jobs"])]
    pub range_test: bool,
    /// The first learning rate of a range test
    #[arg(long, value_name = "RATE", default_value_t = 1e-6, value_parser = rate, requires = "range_test")]
    pub from: f64,
    /// The last learning rate of a range test
    #[arg(long, value_name = "RATE", default_value_t = 1.0, value_parser = rate, requires = "range_test")]
    pub to: f64,
    /// Steps of a range test [default: one epoch, but at least 100 and at most 200]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(20..=100_000), requires = "range_test")]
    pub steps: Option<u32>,
    /// Weights that a range test starts from (see train --init)
    #[arg(long, value_name = "WEIGHTS", requires = "range_test")]
    pub init: Option<String>,
    /// How --init pairs tensors: name or order
    #[arg(long, value_name = "WAY", default_value = "name", requires = "init")]
    pub by: Pairing,
}

/// A learning rate.
fn rate(text: &str) -> Result<f64, String> {
    let rate = text
        .parse()
        .ok()
        .filter(|rate| (1e-30..=1e30).contains(rate));
    rate.ok_or_else(|| "expected a number greater than 0, as in 1e-4".to_string())
}

/// `none`, or 2 and more.
#[derive(Clone, Copy, Debug)]
pub struct HalvingFactor(pub Option<usize>);

impl FromStr for HalvingFactor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("none", _) => Ok(Self(None)),
            (_, Ok(factor)) if factor >= 2 => Ok(Self(Some(factor))),
            _ => Err("expected none, or a whole number from 2".to_string()),
        }
    }
}

/// At least one.
fn jobs(text: &str) -> Result<usize, String> {
    let jobs = text.parse().ok().filter(|jobs| *jobs >= 1);
    jobs.ok_or_else(|| "expected a whole number from 1".to_string())
}
