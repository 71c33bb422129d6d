//! The command line of `sweep`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use measure::record::{Sampler, SweepMetric};
use report::Language;

use super::{Machine, Overrides};

/// Flags of `sweep`.
#[derive(Args, Debug)]
#[command(
    after_help = "VALUES are\n  16,32,64           one of these\n  1..10              a whole number\n  lin:0..0.5         a number, evenly\n  log:1e-4..1e-1     a number, evenly in its logarithm\n  int-log:16..256    a whole number, evenly in its logarithm\nA range followed by /N has N values, evenly spaced: log:1e-4..1e-1/4. A grid needs them.\n\nTrials are judged by held-out training images (data.validation); the test images are never touched. --seed seeds the search and every training.\nThe same command again goes on where it was stopped, and more --trials add to those there are."
)]
pub struct Sweep {
    /// A built-in recipe or a .toml file
    #[arg(value_name = "RECIPE")]
    pub recipe: String,
    /// What to search: a key of the recipe and its values, as in training.optimizer.learning-rate=log:1e-4..1e-1 or
    /// model.layers[0].conv=16,32,64; may be repeated
    #[arg(long = "vary", value_name = "KEY=VALUES", required = true)]
    pub varies: Vec<String>,
    /// Trials in all; default: 20, of a grid all its points
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub trials: Option<u32>,
    /// random, grid, or tpe: near what was good, away from what was bad
    #[arg(long, value_name = "SAMPLER", default_value = "tpe")]
    pub sampler: Sampler,
    /// What trials are judged by: accuracy, ap or loss; default: ap for a detector, accuracy for a classifier
    #[arg(long, value_name = "METRIC")]
    pub metric: Option<SweepMetric>,
    /// After 1, N, N*N, ... epochs only a trial among the best 1/N so far goes on; none: all are trained to the end
    #[arg(long, value_name = "N", default_value = "3")]
    pub halving: HalvingFactor,
    /// Trials at a time, which share the threads. Results do not depend on it, but for tpe
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = jobs)]
    pub jobs: usize,
    #[command(flatten)]
    pub overrides: Overrides,
    /// Folder of the search; default: runs/RECIPE-sweep
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Language of the report: en or fr
    #[arg(long, default_value = "en", value_name = "LANGUAGE")]
    pub lang: Language,
    #[command(flatten)]
    pub machine: Machine,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
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
